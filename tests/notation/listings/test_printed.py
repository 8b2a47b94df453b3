"""What `print(module)` printed is read: of Sequentials, of classes, nested, with layers of other kinds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import networks
from torch import nn
from torch.nn.utils import parametrizations

import chalknet as cn
from chalknet.errors import CannotExpress, NotationError, ShapeMismatch, UnknownName
from chalknet.module import build, read_module
from chalknet.network import Activation, Dropout, Linear, Network
from chalknet.notation import recognise

RELU, UNKNOWN = Activation("relu"), Activation("?")


class Net(nn.Module):
    """Layers under names of their own; its forward is not printed."""

    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)


def read(module):
    text = str(module)
    assert recognise(text).name == "printed"
    return cn.read(text)


@given(networks(), st.data())
def test_what_torch_prints_is_read_back_however_it_is_nested(network, data):
    module = build(network)
    layers = list(module)
    for _ in range(data.draw(st.integers(0, 3))):
        first = data.draw(st.integers(0, len(layers) - 1))
        last = data.draw(st.integers(first + 1, len(layers)))
        layers[first:last] = [nn.Sequential(*layers[first:last])]
    assert read(nn.Sequential(*layers)) == read_module(module)


@given(networks())
def test_a_class_around_a_sequential_has_its_layers_and_a_note(network):
    found = read(Net(body=build(network)))
    plain = tuple(step for step in found.steps if step != UNKNOWN)
    assert plain == read_module(build(network)).steps
    assert len(plain) >= len(found.steps) - 1  # only behind the last layer may something be that is not shown
    assert "a print does not show the forward of Net" in found.notes[0]


def test_functions_in_a_forward_are_asked_for():
    found = read(Net(fc1=nn.Linear(784, 32), fc2=nn.Linear(32, 1)))
    assert found == Network(784, (Linear(32), UNKNOWN, Linear(1), UNKNOWN))
    assert "--activation relu,linear" in found.notes[0]
    reused = read(Net(fc1=nn.Linear(784, 32), fc2=nn.Linear(32, 1), relu=nn.ReLU(), drop=nn.Dropout()))
    assert reused == found
    assert "ReLU, Dropout may stand anywhere in it" in reused.notes[0]


def test_equal_layers_that_torch_prints_once_are_read_as_many_times():
    module = Net(layers=nn.ModuleList([nn.Linear(3, 3) for _ in range(4)]))
    assert "4 x Linear" in str(module)
    assert read(module) == Network(3, (Linear(3), UNKNOWN) * 4)


def test_losses_are_left_out_with_a_note():
    found = read(Net(net=nn.Sequential(nn.Linear(2, 1)), loss=nn.BCELoss()))
    assert found.steps[0] == Linear(1)
    assert "loss (BCELoss) is no layer of the network" in found.notes[0]


def test_a_print_around_which_other_text_stands_is_read():
    text = f">>> print(net)\n{nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.2))}\n>>> \nand that is all (really"
    assert cn.read(text) == Network(2, (Linear(3), Dropout(0.2)))
    compiled = "OptimizedModule(\n  (_orig_mod): " + str(nn.Sequential(nn.Linear(2, 1))).replace("\n", "\n  ")
    assert cn.read(f"{compiled}\n)") == Network(2, (Linear(1),))
    lazy = read(nn.Sequential(nn.LazyLinear(3), nn.ReLU()))
    assert lazy == Network("m", (Linear(3), RELU))
    assert lazy.notes == ("the print does not say how many features x has: m of them",)


@pytest.mark.parametrize(
    ("module", "kind", "said"),
    [
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(2, 1)), CannotExpress, "Conv2d"),
        (nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1)), CannotExpress, "BatchNorm1d"),
        (nn.Sequential(nn.Linear(2, 3), nn.LSTM(3, 4)), CannotExpress, "LSTM"),
        (Net(a=nn.TransformerEncoderLayer(4, 2)), CannotExpress, "TransformerEncoderLayer"),
        (nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)), ShapeMismatch, "takes 4 features, but 3 arrive"),
        (nn.Sequential(parametrizations.weight_norm(nn.Linear(2, 3))), CannotExpress, "WeightNorm"),
        (nn.Sequential(parametrizations.spectral_norm(nn.Linear(2, 3))), CannotExpress, "SpectralNorm"),
    ],
    ids=lambda value: "" if isinstance(value, nn.Module) else str(value),
)
def test_what_is_no_chain_of_steps_is_refused_by_its_name_and_line(module, kind, said):
    with pytest.raises(kind, match=said) as problem:
        read(module)
    assert "line " in str(problem.value)


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("Net(\n  (a): Linear(in_features=2, out_features=1, bias=True)\n", NotationError, "never closed"),
        ("Net(\n  (a): Linear(in_features=2, out_features=W)\n)", NotationError, "no number in its brackets"),
        ("Net(\n  (a): Liner(in_features=2, out_features=1)\n)", UnknownName, "Did you mean Linear"),
    ],
)
def test_a_print_that_is_damaged_is_refused_with_its_line(text, kind, said):
    with pytest.raises(kind, match=said):
        cn.read(text)
