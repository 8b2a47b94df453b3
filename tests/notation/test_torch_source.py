"""PyTorch code: what people write is followed to its network, and none of it is run."""

import re
from contextlib import suppress

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.notation.formulas import NETWORKS
from tests.strategies import networks

import chalknet as cn
from chalknet.errors import (
    CannotExpress,
    ChalknetError,
    InvalidValue,
    NotationError,
    ShapeMismatch,
    UnknownName,
)
from chalknet.module import build, read_module
from chalknet.network import Activation, Dropout, Flatten, Linear, Network
from chalknet.notation.torch_source import TORCH, read_torch

RELU, SIG = Activation("relu"), Activation("sigmoid")
F2 = Network(1, (Linear(2), RELU, Linear(1), SIG))
F4 = Network(784, (Linear(32), RELU, Linear(1), SIG))
DEEP = Network(784, (Linear(128), RELU, Linear(64), RELU, Linear(10)))


@given(networks(symbolic=True))
def test_what_is_written_is_read_back(network):
    again = read_torch(TORCH.write(network))
    assert again == network
    assert again.name == "net"


@given(networks())
def test_what_is_written_is_run_by_torch_and_gives_the_module_that_build_gives(network):
    names: dict[str, object] = {}
    exec(TORCH.write(network), names)
    assert str(names["net"]) == str(build(network))


@given(networks())
def test_what_torch_prints_is_read_back_with_a_warning_that_names_its_notation(network):
    with pytest.warns(DeprecationWarning, match='is now notation="printed"') as warned:
        found = cn.read(str(build(network)), notation="torch")
    assert found == read_module(build(network))
    assert warned[0].filename == __file__


@pytest.mark.parametrize("formula", NETWORKS)
def test_a2_the_lectures_formulas_are_written_as_code_and_read_back(formula):
    assert read_torch(TORCH.write(NETWORKS[formula])) == NETWORKS[formula]


A2 = {
    "bare names": "Sequential(Linear(1,2), ReLU(), Linear(2,1), Sigmoid())",
    "nn.": "net = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1), nn.Sigmoid())",
    "torch.nn., keywords": "net=torch.nn.Sequential(torch.nn.Linear(in_features=1,out_features=2),torch.nn.ReLU(),"
    "torch.nn.Linear(out_features=1, in_features=2), torch.nn.Sigmoid(),)",
    "arithmetic": "Sequential(Linear(2 - 1, 4 // 2), ReLU(), Linear(1 * 2, (3 - 2) ** 5), Sigmoid())",
    "an alias": "import torch.nn as tn\nm = tn.Sequential(tn.Linear(1, 2), tn.ReLU(), tn.Linear(2, 1), tn.Sigmoid())",
    "names of its own": "from torch.nn import Linear as L, ReLU\nfrom torch import nn as n\n"
    "q = n.Sequential(L(1, 2), ReLU(), L(2, 1), n.Sigmoid())",
    "OrderedDict": "from collections import OrderedDict\nnet = nn.Sequential(OrderedDict([\n"
    "    ('l1', nn.Linear(1, 2)),  # the first map\n    ('a1', nn.ReLU()),\n"
    "    ('l2', nn.Linear(2, 1)),\n    ('a2', nn.Sigmoid()),\n]))",
    "a star": "layers = [nn.Linear(1, 2), nn.ReLU()]\nlayers.append(nn.Linear(2, 1))\nlayers += [nn.Sigmoid()]\n"
    "net = nn.Sequential(*layers)",
    "two stars": "net = nn.Sequential(*[nn.Linear(1, 2), nn.ReLU()], *(nn.Linear(2, 1), nn.Sigmoid()))",
    "nested": "body = nn.Sequential(nn.Linear(1, 2), nn.ReLU())\n"
    "net = nn.Sequential(body, nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())).to(device)",
    "layers by name": "l1 = torch.nn.Linear(1, 2); a1 = torch.nn.ReLU()\nl2 = torch.nn.Linear(2, 1)\n"
    "net = torch.nn.Sequential(l1, a1, l2, torch.nn.Sigmoid())",
    "led by hand": "l1 = torch.nn.Linear(1, 2)\na1 = torch.nn.ReLU()\nl2 = torch.nn.Linear(2, 1)\n"
    "yhat = torch.sigmoid(l2(a1(l1(x))))",
    "grown": "net = nn.Sequential()\nnet.add_module('l1', nn.Linear(1, 2))\nnet.append(nn.ReLU(inplace=True))\n"
    "net.extend([nn.Linear(2, 1), nn.Sigmoid()])\nnet.eval()",
    "prompts": ">>> from torch import nn\n>>> net = nn.Sequential(\n...     nn.Linear(1, 2), nn.ReLU(),\n"
    "...     nn.Linear(2, 1), nn.Sigmoid())\n>>> net(x)\ntensor([[0.5]], grad_fn=<SigmoidBackward0>)",
    "ipython": "In [1]: net = nn.Sequential(nn.Linear(1, 2), nn.ReLU(),\n   ...:     nn.Linear(2, 1), nn.Sigmoid())\n",
    "a page": "The network is\n\n```python\nnet = nn.Sequential(nn.Linear(1, 2), nn.ReLU(),\n"
    "    nn.Linear(2, 1), nn.Sigmoid())\n```\n\nand it has don't-care words around it (really",
    "a cell": "%matplotlib inline\n!pip install torch\nnet = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), "
    "nn.Linear(2, 1), nn.Sigmoid())",
    "a margin": "    # cut out\n    net = nn.Sequential(\n        nn.Linear(1, 2), nn.ReLU(),\n"
    "        nn.Linear(2, 1), nn.Sigmoid(),\n    )\n",
    "a notebook": '{"cells": [{"cell_type": "markdown", "source": ["# the net"]}, {"cell_type": "code", "source": '
    '["l = nn.Linear(1, 2)\\n", "net = nn.Sequential(l, nn.ReLU(), nn.Linear(2, 1), nn.Sigmoid())"]}]}',
    "a function": "def mlp(i=1, h=2, o=1):\n    return nn.Sequential(nn.Linear(i, h), nn.ReLU(), "
    "nn.Linear(h, o), nn.Sigmoid())",
    "a call of a function": "def mlp(i, *hidden, act=nn.Tanh):\n    layers = []\n    for h in hidden:\n"
    "        layers += [nn.Linear(i, h), act()]\n        i = h\n"
    "    return nn.Sequential(*layers, nn.Linear(i, 1), nn.Sigmoid())\nnet = mlp(1, 2, act=nn.ReLU)",
    "functional": "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.fc1, self.fc2 = nn.Linear(1, 2), nn.Linear(2, 1)\n\n    def forward(self, x):\n"
    "        x = F.relu(self.fc1(x))\n        return torch.sigmoid(self.fc2(x))\n",
    "methods": "class Net(nn.Module):\n    def __init__(self, width):\n        super(Net, self).__init__()\n"
    "        self.first = nn.Linear(1, width)\n        self.net = nn.Sequential(nn.Linear(width, 1))\n"
    "    def forward(self, x):\n        h = self.first(x).relu()\n        return self.net(h).sigmoid()\n"
    "model = Net(width=2).cuda()\n",
    "a subclass": "class MLP(nn.Sequential):\n    def __init__(self, a, b=2):\n"
    "        super().__init__(nn.Linear(a, b), nn.ReLU(), nn.Linear(b, 1), nn.Sigmoid())\nnet = MLP(1)\n",
    "a script": "import torch\nx = torch.linspace(-1, 1, 100).reshape(-1, 1)\ntorch.manual_seed(43052)\n"
    "net = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1), torch.nn.Sigmoid())\n"
    "loss_fn = torch.nn.BCELoss()\noptimizr = torch.optim.Adam(net.parameters())\nfor epoc in range(100000):\n"
    "    yhat = net(x)\n    loss = loss_fn(yhat, y)\n    loss.backward()\n    optimizr.step()\n"
    "    optimizr.zero_grad()\n    if epoc % 100 == 0:\n        print(loss.item())\n",
}


@pytest.mark.parametrize("code", A2.values(), ids=A2)
def test_a2_the_same_network_in_every_way_it_is_written(code):
    assert read_torch(code) == F2


LOOPS = {
    "zip": "sizes = [784, 128, 64, 10]\nlayers = []\nfor i, o in zip(sizes[:-1], sizes[1:]):\n"
    "    layers += [nn.Linear(i, o), nn.ReLU()]\nnet = nn.Sequential(*layers[:-1])",
    "range": "sizes = (784, 128, 64, 10)\nlayers = []\nfor k in range(len(sizes) - 1):\n"
    "    layers.append(nn.Linear(sizes[k], sizes[k + 1]))\n    if k < len(sizes) - 2:\n        layers.append(nn.ReLU())\n"
    "net = nn.Sequential(*layers)",
    "comprehension": "sizes = [784, 128, 64]\nnet = nn.Sequential(*[layer for i, o in zip(sizes, sizes[1:]) "
    "for layer in (nn.Linear(i, o), nn.ReLU())], nn.Linear(sizes[-1], 10))",
    "while": "width = 128\nnet = nn.Sequential(nn.Linear(784, width), nn.ReLU())\nwhile width > 64:\n"
    "    net.append(nn.Linear(width, width // 2))\n    net.append(nn.ReLU())\n    width //= 2\nnet.append(nn.Linear(64, 10))",
    "enumerate in forward": "class Net(nn.Module):\n    def __init__(self, hidden=[128, 64]):\n        super().__init__()\n"
    "        self.layers = nn.ModuleList()\n        width = 28 * 28\n        for h in [*hidden, 10]:\n"
    "            self.layers.append(nn.Linear(width, h))\n            width = h\n    def forward(self, x):\n"
    "        for i, layer in enumerate(self.layers):\n            x = layer(x)\n"
    "            if i < len(self.layers) - 1:\n                x = F.relu(x)\n        return x\n",
    "a dictionary": "config = {'in': 784, 'hidden': [128, 64], 'out': 10}\nlayers, i = [], config['in']\n"
    "for h in config['hidden']:\n    layers.extend([nn.Linear(i, h), nn.ReLU()])\n    i = h\n"
    "layers.append(nn.Linear(i, config['out']))\nnet = nn.Sequential(*layers)",
}


@pytest.mark.parametrize("code", LOOPS.values(), ids=LOOPS)
def test_loops_are_followed(code):
    assert read_torch(code) == DEEP


def test_options_of_layers_are_read_by_place_and_by_name():
    code = "nn.Sequential(nn.Linear(3, 4, False), nn.LeakyReLU(.2), nn.Dropout(0.1, True), nn.ELU(alpha=2), nn.Softmax(1))"
    wanted = (
        Linear(4, bias=False),
        Activation("leaky_relu", {"negative_slope": 0.2}),
        Dropout(0.1),
        Activation("elu", {"alpha": 2}),
        Activation("softmax"),
    )
    assert read_torch(code).steps == wanted


def test_a_picture_is_flattened_and_its_shape_is_said_in_a_comment():
    code = "net = nn.Sequential(  # input shape: (28, 28)\n    nn.Flatten(), nn.Linear(784, 10))"
    assert read_torch(code) == Network((28, 28), (Flatten(), Linear(10)))
    assert read_torch(code.replace("(28, 28)", "28x28")).input_shape == (28, 28)
    assert read_torch("nn.Sequential(nn.Flatten(), nn.Linear(784, 10))").input_shape == (784,)


@pytest.mark.parametrize(
    "line",
    [
        "x.view(-1, 784)",
        "x.view(x.size(0), -1)",
        "x.reshape((-1, 28 * 28))",
        "torch.flatten(x, 1)",
        "x.flatten(start_dim=1)",
        "nn.Flatten()(x)",
    ],
)
def test_the_ways_to_flatten_in_forward(line):
    code = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.l = nn.Linear(784, 10)\n"
        f"    def forward(self, x):\n        x = {line}\n        return F.log_softmax(self.l(x), dim=-1)\n"
    )
    assert read_torch(code).steps == (Flatten(), Linear(10), Activation("log_softmax"))


def test_names_without_a_value_are_symbols():
    network = read_torch("nn.Sequential(nn.Linear(m, hidden), nn.ReLU(), nn.Linear(hidden, 1))")
    assert network.symbols == ("m", "hidden")


def test_a_width_that_is_not_said_is_a_symbol_and_a_note():
    network = read_torch("nn.Sequential(nn.LazyLinear(32), nn.ReLU(), nn.LazyLinear(1))")
    assert network == Network("m", (Linear(32), RELU, Linear(1)))
    assert network.notes == ("the code does not say how many features x has: m of them",)


TWO = "small = nn.Sequential(nn.Linear(1, 1))\nlarge = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))\n"


def test_of_several_networks_the_named_one_is_read():
    assert read_torch(TWO, "small") == Network(1, (Linear(1),))
    assert read_torch(TWO, "large") == Network(1, (Linear(2), RELU, Linear(1)))
    assert read_torch(TWO, "line 2").name == "large"


def test_several_networks_are_asked_about_with_their_names_and_lines():
    with pytest.raises(NotationError) as problem:
        read_torch(TWO)
    assert "small in line 1, large in line 2" in str(problem.value)
    with pytest.raises(UnknownName, match="Did you mean large"):
        read_torch(TWO, "lrage")


def test_a_name_given_twice_stands_for_the_last_network_and_a_note_says_so():
    network = read_torch("net = nn.Sequential(nn.Linear(1, 1))\nnet = nn.Sequential(nn.Linear(3, 1))\n")
    assert network == Network(3, (Linear(1),))
    assert network.notes == ("net is defined in line 1 too; line 2 was read",)


def test_a_test_that_nobody_can_decide_is_told():
    code = "layers = [nn.Linear(3, 3)]\nif args.deep:\n    layers.append(nn.ReLU())\nnet = nn.Sequential(*layers)\n"
    assert read_torch(code).notes == ("line 2: read as if args.deep were true",)


REFUSED = {
    "nn.Sequential(nn.Linear(784, 32), nn.Relu())": (UnknownName, "Did you mean ReLU?", "nn.Relu()"),
    "nn.Sequential(nn.Linear(784, 32), relu6())": (UnknownName, "relu6", "relu6"),
    "nn.Sequential(nn.Liner(784, 32))": (UnknownName, "Did you mean Linear", "nn.Liner(784, 32)"),
    "nn.Sequential(nn.Conv2d(1, 2, 3))": (
        CannotExpress,
        "no step of a network describes",
        "nn.Conv2d(1, 2, 3)",
    ),
    "nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(16, 1))": (
        ShapeMismatch,
        "Linear(16, 1) takes 16 features, but 32 arrive",
        "nn.Linear(16, 1)",
    ),
    "nn.Sequential(nn.Linear(784))": (NotationError, "got no out_features", "nn.Linear(784)"),
    "nn.Sequential(nn.Linear(784, 1, width=3))": (
        UnknownName,
        "argument 'width'",
        "nn.Linear(784, 1, width=3)",
    ),
    "nn.Sequential(nn.Linear(784, 0))": (InvalidValue, "out_features = 0", "nn.Linear(784, 0)"),
    "nn.Sequential(nn.Linear(784, 3.5))": (InvalidValue, "out_features = 3.5", "nn.Linear(784, 3.5)"),
    "nn.Sequential(nn.Linear(x.shape[1], 3))": (
        NotationError,
        "in_features = x.shape[1], which only running the code would tell",
        "nn.Linear(x.shape[1], 3)",
    ),
    "nn.Sequential(nn.Linear(3, 3), nn.Softmax(dim=0))": (InvalidValue, "got dim=0", "nn.Softmax(dim=0)"),
    "nn.Sequential(nn.Linear(3, 3), nn.Dropout(1.5))": (InvalidValue, "got 1.5", "nn.Dropout(1.5)"),
    "nn.Sequential(nn.Flatten(0), nn.Linear(3, 3))": (InvalidValue, "start_dim=0", "nn.Flatten(0)"),
    "nn.Sequential(nn.Linear(784, 32), nn.ReLU(": (NotationError, "was never closed", "("),
    "nn.Sequential(nn.Linear(784, 32) nn.ReLU())": (NotationError, "syntax error", "nn.Linear(784"),
    "l = nn.Linear(3, 3)\nnet = nn.Sequential(l, nn.ReLU(), l)": (
        CannotExpress,
        "same weights",
        "nn.Linear(3, 3)",
    ),
    "class N(nn.Module):\n  def __init__(self):\n    self.a = nn.Linear(3, 3)\n  def forward(self, x):\n"
    "    return x * self.a(x)": (CannotExpress, "x * self.a(x)", "x * self.a(x)"),
}


@pytest.mark.parametrize("code", REFUSED, ids=lambda code: code.split("\n")[0])
def test_what_is_no_network_is_refused_with_a_caret(code):
    kind, words, place = REFUSED[code]
    with pytest.raises(kind) as problem:
        read_torch(code)
    assert words in str(problem.value)
    excerpt = problem.value.excerpt
    assert excerpt.text[excerpt.position :].startswith(place)


@pytest.mark.parametrize("code", ["import torch\nprint(3)", "nn.Sequential()", "x = 3", "import torch"])
def test_code_without_a_network_is_refused(code):
    with pytest.raises(NotationError, match=r"wanted (?:a Sequential|at least one layer)"):
        read_torch(code)


def test_code_is_never_run(tmp_path):
    trace = tmp_path / "trace"
    code = (
        f"import os\nos.system('touch {trace}')\nopen({str(trace)!r}, 'w')\n__import__('pathlib').Path({str(trace)!r}).touch()\n"
        f"exec('open({str(trace)!r}, \"w\")')\nnet = nn.Sequential(nn.Linear(1, (lambda: open({str(trace)!r}, 'w'))() or 1))"
    )
    with pytest.raises(NotationError):
        read_torch(code)
    assert not trace.exists()


@pytest.mark.parametrize(
    "code",
    [
        "nn.Linear(9**9**9, 1)",
        "n = 10**10\nlayers = [0] * n\nnn.Linear(n, len(layers))",
        "n = 1\nwhile True:\n    n += 1\nnn.Linear(n, 1)",
        "def f(n):\n    return f(n)\nnet = nn.Sequential(f(1))",
        "for a in range(10**9):\n    for b in range(10**9):\n        a += b\nnn.Linear(1, 1)",
        "net = nn.Sequential()\nnet.append(net)",
        "x = [1]\nx.append(x)\nnn.Linear(x, 1)",
        "(" * 500 + ")" * 500,
        "nn.Linear(" + "-" * 5000 + "1, 1)",
        "nn.Linear('a' * 10**12, 1)",
        "net = nn.Sequential(*[nn.ReLU() for i in range(10**9)])",
        "sum(range(10**12))\nlist(range(10**12))\nsorted(range(10**12))",
        "net = nn.Sequential(\0)",
    ],
    ids=lambda code: code[:30].replace("\0", "NUL"),
)
@pytest.mark.timeout(20)
def test_no_text_makes_the_reader_hang_or_break(code):
    with suppress(ChalknetError):
        read_torch(code)


PIECES = [
    "nn.Sequential(",
    "nn.Linear(",
    "1",
    ",",
    ")",
    "nn.ReLU()",
    "=",
    "net",
    "*",
    "[",
    "]",
    "\n",
    "for",
    "in",
    ":",
    "x",
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_whatever_is_typed_gives_a_network_or_an_error_of_ours(text):
    try:
        assert isinstance(read_torch(text), Network)
    except ChalknetError as problem:
        assert problem.wanted and problem.remedy


@pytest.mark.parametrize("kind", ["h", "?"])
def test_an_activation_that_is_not_known_has_no_class_to_write(kind):
    with pytest.raises(
        CannotExpress, match=re.escape(f"1 activation that can be any function: step 0 ({kind})")
    ):
        TORCH.write(Network(3, (Activation(kind),)))


@pytest.mark.parametrize("symbol", ["lambda", "torch", "nn"])
def test_a_symbol_that_python_keeps_for_itself_is_refused(symbol):
    with pytest.raises(CannotExpress, match=symbol):
        TORCH.write(Network(symbol, (Linear(1),)))


def test_the_networks_name_is_the_variable():
    text = TORCH.write(Network(1, (Linear(1),), name="logistic"))
    assert "logistic = torch.nn.Sequential(" in text
    assert read_torch(text).name == "logistic"
    assert "net = " in TORCH.write(Network(1, (Linear(1),), name="my net"))


def test_c6_the_code_written_gives_the_weights_that_build_gives():
    names: dict[str, object] = {}
    torch.manual_seed(1)
    exec(TORCH.write(F4), names)
    for mine, theirs in zip(build(F4, seed=1).parameters(), names["net"].parameters(), strict=True):
        assert torch.equal(mine, theirs)
