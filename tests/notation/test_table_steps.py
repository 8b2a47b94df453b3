"""PReLU, norms and residual blocks in every form: written and read back, and as people write them."""

import random
from itertools import pairwise

import pytest
from tests.table_networks import random_network

import chalknet as cn
from chalknet.errors import CannotExpress, InvalidValue, ShapeMismatch
from chalknet.network import (
    Activation,
    BatchNorm,
    Dropout,
    Embed,
    LayerNorm,
    Linear,
    Network,
    PReLU,
    Residual,
)
from chalknet.notation import NOTATIONS

LOSSLESS = [row.name for row in NOTATIONS.values() if row.lossless]
RELU, BLOCK = Activation("relu"), Residual((Linear(32), Activation("relu"), Linear(8)))


@pytest.mark.parametrize("seed", range(25))
def test_a_random_network_is_read_back_from_every_notation(seed):
    network = random_network(random.Random(seed), dropout=True)
    for notation in LOSSLESS:
        assert cn.read(cn.write(network, notation)) == network


def layered(rng):
    """Return a network as it is drawn: behind each linear map a norm, an activation or a block, a Dropout."""
    steps = []
    for _ in range(rng.randint(1, 3)):
        width = rng.choice([3, 8, 17, 64])
        norm = rng.choice(
            [[], [LayerNorm()], [LayerNorm(0.1, bias=False)], [BatchNorm()], [BatchNorm(affine=False)]]
        )
        block = Residual((*norm, Linear(5), Activation("mish"), Linear(width, bias=False)))
        last = rng.choice([RELU, Activation("hardswish"), PReLU(), PReLU(True, 0.5), block])
        steps += [Linear(width), *norm, last, *rng.choice([[], [Dropout(0.25)]])]
    return Network(rng.choice([2, 6, 30]), (*steps, Linear(2)))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("dialect", ["nodes", "blocks", "states"])
def test_a_drawing_is_read_back_with_its_norms_slopes_and_blocks(seed, dialect):
    network = layered(random.Random(seed))
    for suffix in (".dot", ".mmd", ".svg"):
        assert cn.read(cn.draw(network, dialect).text(suffix)).steps == network.steps


DIALECTS = ["nodes", "blocks", "states", "features", "layers", "features-as-nodes", "input-hidden-output"]


@pytest.mark.parametrize("seed", range(8))
def test_a_drawing_is_read_back_with_its_embeddings(seed):
    rng = random.Random(seed)
    names = rng.sample(["city", "my town", "", "관", "relu", "width 7"], rng.randint(1, 3))
    embeds = [Embed(rng.choice([2, 46, 300]), rng.choice([1, 3, 8]), name) for name in names]
    behind = rng.choice([[], [], [LayerNorm()]])
    steps = (*embeds, *behind, *layered(rng).steps)
    network = Network(len(embeds) + rng.choice([0, 1, 4, 20]), steps)
    for dialect in rng.sample(DIALECTS, 2):
        assert cn.read(cn.draw(network, dialect).text((".dot", ".mmd")[seed % 2])) == network


def test_an_embedding_of_a_strangers_drawing_is_refused():
    with pytest.raises(CannotExpress, match="an embedding"):
        cn.read('flowchart LR\na["Input 10"] --> b["Embedding(1000, 64)"] --> c["Dense 1"]')


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("8 -> 8 prelu", (Linear(8), PReLU())),
        ("8 -> 8 PReLU(per_feature=True)", (Linear(8), PReLU(True))),
        ("8 -> 8 layer_norm relu", (Linear(8), LayerNorm(), RELU)),
        ("8 -> 8 LayerNorm(eps=0.001, bias=False)", (Linear(8), LayerNorm(0.001, bias=False))),
        ("8 -> 8 ln", (Linear(8), LayerNorm())),
        ("8 -> 8 BatchNorm1d -> relu", (Linear(8), BatchNorm(), RELU)),
        ("8 -> 8 bn(momentum=0.5) relu", (Linear(8), BatchNorm(momentum=0.5), RELU)),
        ("8 [32 relu -> 8] + skip -> 1", (BLOCK, Linear(1))),
        ("8 -> [32 relu, 8]+skip -> 1", (BLOCK, Linear(1))),
        ("X(n,8) -[32 relu 8] + skip-> v1(n,8) -l-> u1(n,1)", (BLOCK, Linear(1))),
        ("X(n,8) -[32 relu -> 8] + skip-> v1(n,8) -l-> u1(n,1)", (BLOCK, Linear(1))),
        ("8 [8 nobias [8 bn] + skip dropout(0.2)] + skip relu",
         (Residual((Linear(8, bias=False), Residual((Linear(8), BatchNorm())), Dropout(0.2))), RELU)),
    ],
)  # fmt: skip
def test_a_formula_is_read_as_people_spell_it(text, steps):
    assert cn.read(text).steps == steps


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("8 -> 8 [32 relu -> 4] + skip", ShapeMismatch, "(n,4) behind its steps, and (n,8) before"),
        ("8 -> 8 [l relu] + skip", cn.NotationError, "linear map without a width"),
        ("8 -> 8 [] + skip", InvalidValue, "no step at all"),
        ("8 -> 8 [h] + skip", InvalidValue, "can be any function"),
        ("8 -> 8 prelu(init=x)", InvalidValue, "torch's default is 0.25"),
        ("8 -> 8 bn(momentum=2)", InvalidValue, "above 0 and at most 1"),
        ("28x28 -> 28x8 batchnorm", InvalidValue, "Put a flatten before it"),
        ("28x28 prelu(per_feature=True) -> 28x8", InvalidValue, "features in one row"),
    ],
)
def test_what_cannot_be_is_refused_with_what_helps(text, kind, said):
    with pytest.raises(kind) as refused:
        cn.read(text)
    assert said in str(refused.value)


BODY = (
    "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(8, 32)\n"
    "        self.b = nn.Linear(32, 8)\n        self.c = nn.Linear(8, 1)\n    def forward(self, x):\n        "
)


@pytest.mark.parametrize(
    "forward",
    [
        "return self.c(x + self.b(F.relu(self.a(x))))",
        "return self.c(self.b(F.relu(self.a(x))) + x)",
        "skip = x\n        h = torch.relu(self.a(x))\n        h = self.b(h)\n        h += skip\n        return self.c(h)",
        "x = x + self.b(torch.relu(self.a(x)))\n        return self.c(x)",
    ],
)
def test_code_that_adds_x_to_what_layers_make_of_it_is_a_residual_block(forward):
    assert cn.read(BODY + forward) == Network(8, (BLOCK, Linear(1)))


def test_code_in_which_another_x_is_added_is_refused():
    with pytest.raises(CannotExpress, match=r"self.a\(x\)"):
        cn.read(BODY + "return self.c(self.b(self.a(x)) + self.b(torch.relu(self.a(x))))")
    with pytest.raises(ShapeMismatch, match="before"):
        cn.read(BODY + "return self.c(x + self.a(x))")
    with pytest.raises(CannotExpress, match="same weights"):
        cn.read(BODY.replace("(32, 8)", "(8, 8)") + "x = self.b(x)\n        return self.c(x + self.b(x))")


@pytest.mark.parametrize(
    ("label", "steps"),
    [
        ("BatchNorm", (BatchNorm(),)),
        ("Batch Normalization", (BatchNorm(),)),
        ("BN", (BatchNorm(),)),
        ("Layer Norm", (LayerNorm(),)),
        ("PReLU", (PReLU(),)),
        ("Mish", (Activation("mish"),)),
        ("Hard Swish", (Activation("hardswish"),)),
    ],
)
@pytest.mark.parametrize("dot", [True, False], ids=["dot", "mermaid"])
def test_a_box_of_a_strangers_drawing_is_read_as_the_step_that_it_names(label, steps, dot):
    boxes = ["Input 20", "Dense 64", label, "ReLU", "Dropout 0.2", "Dense 1"]
    if dot:
        text = "digraph {" + "".join(f'b{k} [label="{box}" shape=box];' for k, box in enumerate(boxes))
        text += " -> ".join(f"b{k}" for k in range(len(boxes))) + "}"
    else:
        text = "flowchart LR\n" + "\n".join(f'b{k}["{a}"] --> b{k + 1}["{b}"]' for k, (a, b) in enumerate(
            pairwise(boxes)))  # fmt: skip
    network = cn.read(text)
    assert network.steps == (Linear(64), *steps, RELU, Dropout(0.2), Linear(1))
