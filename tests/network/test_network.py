"""A network cannot exist in an invalid state, and its walk is torch's."""

import pytest
import torch
from hypothesis import given
from tests.strategies import networks

from chalknet.errors import InvalidValue, UnknownName
from chalknet.module import build
from chalknet.network import Activation, Dropout, Flatten, Linear, Network, numbers

F4 = Network(784, (Linear(32), Activation("relu"), Linear(1), Activation("sig")))


@given(networks())
def test_the_shapes_of_the_walk_are_those_of_torch(network):
    x = torch.zeros(2, *network.input_shape)
    module = build(network).eval()
    for visit, layer in zip(network.walk(), module, strict=True):
        assert x.shape[1:] == visit.input_shape
        x = layer(x)
        assert x.shape[1:] == visit.output_shape
    assert network.output_shape == x.shape[1:]


@given(networks(symbolic=True, settled=False))
def test_a_network_is_equal_to_itself_under_another_name(network):
    other = Network(network.input_shape, network.steps, name="other", notes=("assumed",))
    assert other == network
    assert hash(other) == hash(network)


def test_the_paths_of_the_walk_are_the_names_in_the_built_module():
    assert [visit.path for visit in F4.walk()] == [name for name, _ in build(F4).named_children()]


def test_a_linear_map_acts_on_the_last_axis_as_in_torch():
    assert Network((28, 28), (Linear(5),)).output_shape == (28, 5)


def test_flatten_lays_all_axes_in_a_row():
    assert Network((3, 28, 28), (Flatten(),)).output_shape == (2352,)


def test_bind_puts_numbers_for_symbols():
    network = Network("m", (Linear("k"), Activation("relu"), Linear(1)))
    assert network.symbols == ("m", "k")
    assert network.bind(m=3, k=4) == Network(3, (Linear(4), Activation("relu"), Linear(1)))
    with pytest.raises(UnknownName, match=r"unknown symbol 'q'.*one of m, k"):
        network.bind(q=1)


def test_the_numbers_of_a_shape_leave_its_symbols_out():
    assert numbers((28, "m", 3)) == (28, 3)
    assert numbers(("m",)) == ()


@pytest.mark.parametrize("size", [0, -1, 1.5, None, True, "3x", ""])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(InvalidValue, match="whole number of at least 1"):
        Linear(size)
    with pytest.raises(InvalidValue, match="whole number of at least 1"):
        Network((3, size), (Linear(1),))


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), "half", True])
def test_a_dropout_share_outside_0_and_1_is_refused(p):
    with pytest.raises(InvalidValue, match="a probability between 0 and 1"):
        Dropout(p)


def test_a_network_without_steps_or_with_something_else_is_refused():
    with pytest.raises(InvalidValue, match="no step at all"):
        Network(3, ())
    with pytest.raises(InvalidValue, match="'relu'"):
        Network(3, (Linear(1), "relu"))
    with pytest.raises(InvalidValue, match="an empty shape"):
        Network((), (Linear(1),))
    with pytest.raises(InvalidValue, match="True or False"):
        Linear(3, bias="yes")


def test_flatten_of_an_image_with_a_symbol_asks_for_the_number():
    with pytest.raises(InvalidValue, match=r"bind\(m=28\)"):
        Network(("m", 28), (Flatten(),))
