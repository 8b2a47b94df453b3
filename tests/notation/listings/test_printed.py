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
from chalknet.network import Activation, Dropout, Flatten, Linear, Network
from chalknet.notation import recognise

RELU, TANH, UNKNOWN = Activation("relu"), Activation("tanh"), Activation("?")


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
        (nn.Sequential(nn.InstanceNorm1d(2), nn.Linear(2, 1)), CannotExpress, "InstanceNorm1d"),
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


def test_of_a_class_each_kind_of_step_that_is_made_last_may_stand_anywhere():
    first, last = nn.Linear(4, 3), nn.Linear(3, 1)
    found = read(Net(fc1=first, drop=nn.Dropout(0.2), fc2=last, relu=nn.ReLU()))
    assert found == Network(4, (Linear(3), UNKNOWN, Dropout(0.2), Linear(1), UNKNOWN))
    assert "ReLU may stand anywhere in it and is left out" in found.notes[0]


def test_a_flatten_of_a_shape_that_is_not_said_is_told():
    found = read(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))
    assert found == Network(784, (Flatten(), Linear(10)))
    assert found.notes == ("the print does not say the shape that is flattened: it is read as a row",)


PRINTED_JAX = {
    "M(\n  a=Linear(weight=f32[3,2], bias=f32[3], in_features=2, out_features=3, use_bias=True),\n"
    "  act=<PjitFunction of <function tanh at 0x7f>>,\n  extra=f32[3]\n)": Network(2, (Linear(3), TANH)),
    "Sequential(\n    # attributes\n    layers = [Dense(\n        # attributes\n        features = 3\n"
    "        use_bias = False\n        bias_init = zeros\n    ), <function tanh at 0x7f>]\n)": Network(
        "m", (Linear(3, bias=False), TANH)
    ),
    ">>> MLP(\n  layers=(\n    Linear(weight=f32[1,2])\n  ),\n  activation=<function silu>,\n"
    "  final_activation=<function <lambda>>,\n  in_size=2,\n  out_size='scalar',\n  width_size=3,\n  depth=1\n)": (
        Network(2, (Linear(3), Activation("silu"), Linear(1)))
    ),
}


@pytest.mark.parametrize("text", PRINTED_JAX)
def test_models_of_flax_and_equinox_are_read_as_they_are_printed(text):
    assert recognise(text).name == "printed-jax"
    assert cn.read(text) == PRINTED_JAX[text]


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("A(\n  norm=LayerNorm(weight=f32[2])\n)", CannotExpress, "the layer LayerNorm"),
        ("A(\n  a=Linear(weight=f32[2]", NotationError, "cannot be followed to its last bracket"),
        ("A(\n    # attributes\n    size = 3\n)", NotationError, "A without a layer"),
        ("A(\n  a=" + "B(\n  b=" * 2000 + "f32[1]" + ")" * 2001, NotationError, "cannot be followed"),
    ],
    ids=["norm", "cut", "empty", "deep"],
)
def test_models_of_jax_that_cannot_be_read_are_refused(text, kind, said):
    with pytest.raises(kind, match=said):
        cn.read(text)


def test_a_print_with_steps_for_tables_is_read():
    module = nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.PReLU(8), nn.LayerNorm(8), nn.Mish(), nn.Linear(8, 1)
    )
    assert cn.read(str(module)) == cn.read(module)


def test_a_table_of_layers_with_steps_for_tables_is_read_with_torchs_options():
    network = cn.read(
        "----------------------------------------------------------------\n"
        "        Layer (type)               Output Shape         Param #\n"
        "================================================================\n"
        "            Linear-1                    [-1, 8]              40\n"
        "       BatchNorm1d-2                    [-1, 8]              16\n"
        "             PReLU-3                    [-1, 8]               1\n"
        "            Linear-4                    [-1, 1]               9\n"
        "================================================================\n"
        "Total params: 66\n"
    )
    assert network.steps == cn.read("4 -> 8 batchnorm prelu -> 1").steps
    assert any("no options of BatchNorm1d: torch's are read" in note for note in network.notes)
