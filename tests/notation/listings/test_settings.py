"""Settings of programs, as random networks are written down in YAML, JSON, TOML and INI."""

import json
import random

import pytest

import chalknet as cn
from chalknet.errors import CannotExpress, ChalknetError, UnknownName

KEYS = {
    "input": ["input_dim", "input_size", "in_features", "n_inputs", "inputs", "num_features", "in-dim"],
    "hidden": ["hidden_dims", "hidden_sizes", "hidden_layers", "hidden_units", "hidden", "hiddenLayerSizes"],
    "output": ["output_dim", "out_features", "num_classes", "n_outputs", "output_size", "outputs"],
    "activation": ["activation", "act", "hidden_activation", "activation_fn", "nonlinearity"],
    "output activation": ["output_activation", "final_activation", "out_act", "last_layer_activation"],
    "dropout": ["dropout", "dropout_rate", "p_dropout"],
    "bias": ["bias", "use_bias"],
}
BESIDE = {
    "seed": 17,
    "data": {"batch_size": 1024, "path": "/scratch/x.parquet"},
    "optim": {"name": "adamw", "lr": 0.002},
}


def yaml_of(value, indent=0):
    lines = []
    for key, one in value.items():
        if isinstance(one, dict):
            lines += [f"{' ' * indent}{key}:", yaml_of(one, indent + 2)]
        else:
            shown = json.dumps(one).strip('"') if isinstance(one, str) else json.dumps(one)
            lines.append(f"{' ' * indent}{key}: {shown}   # as before")
    return "\n".join(lines)


def toml_of(value):
    plain = "\n".join(f"{key} = {json.dumps(one)}" for key, one in value.items() if not isinstance(one, dict))
    return "\n".join(
        [plain, *(f"[{key}]\n{toml_of(one)}" for key, one in value.items() if isinstance(one, dict))]
    )


FORMS = {"yaml": yaml_of, "json": json.dumps, "toml": toml_of}


def random_settings(seed):
    chance = random.Random(seed)
    widths = [chance.randint(1, 300) for _ in range(chance.randint(1, 4))]
    taken, out = chance.randint(1, 99), chance.randint(1, 20)
    act, last = chance.choice(["relu", "tanh", "gelu", "silu"]), chance.choice(["", "sigmoid", "softmax"])
    rate = chance.choice([0, 0.1, 0.25])
    biased = chance.random() < 0.8
    said = {"input": taken, "hidden": widths, "output": out, "activation": act}
    said |= {"output activation": last} if last else {}
    said |= {"dropout": rate} if rate or chance.random() < 0.3 else {}
    said |= {"bias": biased} if not biased or chance.random() < 0.3 else {}
    keys = [*said]
    chance.shuffle(keys)
    model = {chance.choice(KEYS[key]): said[key] for key in keys}
    bias, drop = "" if biased else " nobias", f" dropout({rate})" if rate else ""
    hidden = " -> ".join(f"{width}{bias} {act}{drop}" for width in widths)
    beside = {key: BESIDE[key] for key in chance.sample([*BESIDE], chance.randint(0, 3))}
    where = chance.choice(["model", "network", "mlp"])
    return {**beside, where: model}, f"{taken} -> {hidden} -> {out}{bias} {last}".strip()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(40))
def test_settings_are_the_network_they_were_made_of(form, seed):
    settings, wanted = random_settings(seed)
    network = cn.read(FORMS[form](settings))
    assert cn.write(network, "shorthand") == wanted
    assert any("the usual order of layers is assumed" in note for note in network.notes)
    assert any("no activation of the output" in note for note in network.notes) == (
        not any(wanted.endswith(last) for last in ("sigmoid", "softmax"))
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[network]\nn_inputs = 4\nhidden_size = 32\nnum_layers = 3\nn_classes = 3\nactivation = gelu\n",
         "4 -> 32 gelu -> 32 gelu -> 32 gelu -> 3"),
        ("layers:\n  - type: dense\n    units: 32\n    activation: relu\n  - {units: 1, activation: sigmoid}\ninput_size: 10",
         "10 -> 32 relu -> 1 sigmoid"),
        ("layer_sizes: [784, 128, 10]\nactivation: nn.ReLU\n", "784 -> 128 relu -> 10"),
        ("hidden_layer_sizes: 100,50\nactivation: relu\nn_outputs: 2", "? -> 100 relu -> 50 relu -> 2"),
        ("input_dim: 3\nhidden_dims:\n- 8\n- 4\noutput_dim: 1\nactivations: [relu, tanh, sigmoid]",
         "3 -> 8 relu -> 4 tanh -> 1 sigmoid"),
        ("data: {bits: 2048}\nmodel:\n  input_dim: ${data.bits}\n  hidden_dims: ${spec}\n  output_dim: 3\nspec: [64, 32]",
         "2048 -> 64 ? -> 32 ? -> 3"),
        ("model:\n  input_dim: 23\n  layers:\n    - {units: 25, activation: relu, dropout: 0.1}\n"
         "    - {units: 12, activation: tanh}\n  output:\n    units: 1\n    activation: sigmoid\n",
         "23 -> 25 relu dropout(0.1) -> 12 tanh -> 1 sigmoid"),
        ("input: {size: 4}\nhidden_dims: [8]\nactivation: relu\noutput: {units: 3, activation: softmax}",
         "4 -> 8 relu -> 3 softmax"),
        ('{"input_dim": 3, "hidden_dims": [8], "output_dim": 1}', "3 -> 8 ? -> 1"),
    ],
)  # fmt: skip
def test_other_ways_to_say_it(text, wanted):
    assert cn.write(cn.read(text), "shorthand") == wanted


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("model: {type: cnn, hidden: [3], input_dim: 3, activation: relu}", CannotExpress, "cnn"),
        ("model:\n  backbone: resnet50\n  head: {hidden: [64], in_features: 2048, act: relu}", CannotExpress, "resnet"),
        ("actor: {hidden: [64], input_dim: 8}\ncritic: {hidden: [128], input_dim: 8}", ChalknetError, "2 networks"),
        ("input_dim: 4\nhidden_dims: [8, 8]\nactivation: rleu\noutput_dim: 1", UnknownName, "rleu"),
        ("input_dim: 4\nhidden_dims: [8, 8]\nn_layers: 7\nactivation: relu\noutput_dim: 1", ChalknetError, "7 layers"),
        ("input_dim: ${data.dim}\nhidden_dims: [8]\nactivation: relu\noutput_dim: 1", ChalknetError, "data.dim"),
        ("a:\n  input_dim: ${b.x}\n  hidden_dims: [8]\n  output_dim: 1\nb:\n  x: ${a.input_dim}\n", ChalknetError, "b.x"),
        ("input_dim: 4\nhidden_dims: [8]\nactivation: [relu, relu, tanh]\noutput_dim: 1", ChalknetError, "activations"),
    ],
)  # fmt: skip
def test_what_settings_do_not_say_clearly_is_refused(text, error, said):
    with pytest.raises(error, match=said):
        cn.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "name: Bob\nage: 3\nlayers: [1, 2, 3]\n",
        "services:\n  web:\n    image: nginx\n    hidden: [3]\n",
        '{"layers": ["roads", "water"], "sizes": [3, 4]}',
        "[tool.x]\nhidden = [1, 2]\n",
    ],
)
def test_other_settings_are_no_network(text):
    with pytest.raises(ChalknetError):
        cn.read(text)
