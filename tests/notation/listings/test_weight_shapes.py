"""Lists of weights with their shapes, made by torch and by hand."""

import itertools
import random

import pytest
from torch import nn

import chalknet as cn
from chalknet.errors import CannotExpress, ChalknetError, ShapeMismatch

SPELLINGS = {
    "size": lambda name, value: f"{name:<30} {value.size()}",
    "colon": lambda name, value: f"{name}: {tuple(value.shape)}",
    "log": lambda name, value: f"[2024-02-07 09:41:13] INFO - {name} | {list(value.shape)} | {value.dtype}",
    "python": lambda name, value: f"  '{name}': {value.size()},",
    "number": lambda name, value: f"{name}\t{tuple(value.shape)}\t{value.numel()}\trequires_grad=True",
    "safetensors": lambda name, value: f'"{name}":{{"dtype":"F32","shape":{list(value.shape)}}},',
}


def random_module(seed):
    chance = random.Random(seed)
    widths = [chance.randint(1, 99) for _ in range(chance.randint(3, 6))]
    layers, steps = [], []
    for number, (taken, out) in enumerate(itertools.pairwise(widths)):
        biased = chance.random() < 0.7
        layers.append(nn.Linear(taken, out, bias=biased))
        norm = (
            chance.choice(["", "", "batchnorm", "layernorm"]) if number < len(widths) - 2 and out > 1 else ""
        )
        if norm:
            layers.append(nn.BatchNorm1d(out) if norm == "batchnorm" else nn.LayerNorm(out))
        layers.append(nn.ReLU())
        steps.append(" ".join(filter(None, [str(out), "" if biased else "nobias", norm, "?"])))
    return nn.Sequential(*layers), f"{widths[0]} -> {' -> '.join(steps)}"


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("seed", range(10))
def test_what_torch_lists_of_a_module_is_its_layers(spelling, seed):
    module, wanted = random_module(seed)
    lines = [SPELLINGS[spelling](name, value) for name, value in module.state_dict(prefix="body.").items()]
    network = cn.read("loading epoch_37.pt\nstate_dict:\n" + "\n".join(lines) + "\nbest_auc = 0.91\n")
    assert cn.write(network, "shorthand") == wanted
    assert "a list of weights says neither the functions" in network.notes[0]
    settled = network.settle(*["relu"] * len(network.unsettled))
    built = [tuple(value.shape) for value in cn.build(settled).state_dict().values()]
    assert built == [tuple(value.shape) for value in module.state_dict().values()]


def test_kernels_of_keras_have_their_inputs_first():
    text = "dense/kernel:0 (784, 32)\ndense/bias:0 (32,)\ndense_1/kernel:0 (32, 10)\ndense_1/bias:0 (10,)\n"
    assert cn.write(cn.read(text), "shorthand") == "784 -> 32 ? -> 10 ?"


@pytest.mark.parametrize(
    ("lines", "error", "said"),
    [
        ("conv1.weight torch.Size([32, 3, 3, 3])\nfc.weight torch.Size([10, 32])\nout.weight torch.Size([2, 10])",
         CannotExpress, "conv1"),
        ("lstm.weight_ih_l0 torch.Size([32, 3])\nfc.weight torch.Size([10, 32])\nout.weight torch.Size([2, 10])",
         CannotExpress, "weight_ih_l0"),
        ("a.weight torch.Size([32, 3])\nb.weight torch.Size([10, 31])", ShapeMismatch, "31 inputs behind 32"),
        ("a.weight (32, 3)\na.bias (31,)\nb.weight (10, 32)", ShapeMismatch, "a: "),
        ("a.weight (32, 3)\nb.weight (10, 32)\na.weight (64, 3)", ChalknetError, "twice"),
        ("a.weight (32, 3)\nnorm.weight (31,)\nnorm.bias (31,)\nb.weight (10, 32)", ShapeMismatch, "norm"),
    ],
)  # fmt: skip
def test_what_is_no_chain_of_linear_layers_is_refused_at_its_name(lines, error, said):
    with pytest.raises(error, match=said):
        cn.read(lines)


def test_code_that_prints_shapes_is_read_as_code():
    code = "import torch.nn as nn\nnet = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))\n"
    code += "# 0.weight torch.Size([3, 4])\n# 2.weight torch.Size([1, 3])\n"
    assert cn.write(cn.read(code), "shorthand") == "4 -> 3 relu -> 1"
