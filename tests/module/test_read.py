"""Modules read back into networks, or refused with the path of the layer."""

from collections import OrderedDict

import pytest
from torch import nn

from chalknet.errors import CannotExpress, InvalidValue, ShapeMismatch
from chalknet.module import read_module
from chalknet.network import Activation, Dropout, Flatten, Linear, Network


def test_a_nested_sequential_is_the_flat_network():
    nested = nn.Sequential(
        OrderedDict(
            body=nn.Sequential(nn.Linear(4, 3, bias=False), nn.LeakyReLU(0.2)),
            drop=nn.Dropout(0.1),
            head=nn.Sequential(nn.Sequential(nn.Linear(3, 2)), nn.LogSoftmax(dim=1)),
        )
    )
    slope = {"negative_slope": 0.2}
    assert read_module(nested) == Network(
        4,
        (
            Linear(3, bias=False),
            Activation("leaky_relu", slope),
            Dropout(0.1),
            Linear(2),
            Activation("log_softmax"),
        ),
    )


def test_a_single_layer_is_a_network():
    assert read_module(nn.Linear(3, 2)) == Network(3, (Linear(2),))


def test_without_a_linear_map_the_width_is_a_symbol():
    assert read_module(nn.Sequential(nn.ReLU())) == Network("m", (Activation("relu"),))


def test_a_leading_flatten_takes_the_width_of_the_first_linear_map():
    assert read_module(nn.Sequential(nn.Flatten(), nn.Linear(784, 2))) == Network(784, (Flatten(), Linear(2)))


def test_widths_that_do_not_meet_are_named_with_both_numbers():
    with pytest.raises(ShapeMismatch, match=r"module 1 .*got 3 features.*wanted 5 features.*Linear\(3, 1\)"):
        read_module(nn.Sequential(nn.Linear(2, 3), nn.Linear(5, 1)))


def test_a_layer_of_another_kind_is_named_with_its_path():
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.InstanceNorm1d(3)))
    with pytest.raises(
        CannotExpress, match=r"module 0\.1 \(InstanceNorm1d\).*one of Linear, Dropout, Flatten"
    ):
        read_module(net)


def test_a_softmax_over_the_batch_is_refused():
    with pytest.raises(InvalidValue, match="dim=0"):
        read_module(nn.Sequential(nn.Linear(2, 3), nn.Softmax(dim=0)))


def test_a_flatten_that_mixes_the_batch_is_refused():
    with pytest.raises(InvalidValue, match="start_dim=0"):
        read_module(nn.Sequential(nn.Flatten(0), nn.Linear(2, 3)))


def test_a_layer_used_twice_is_refused_because_its_weights_are_shared():
    layer = nn.Linear(3, 3)
    with pytest.raises(CannotExpress, match=r"module 2 \(Linear\).*weight of module 0"):
        read_module(nn.Sequential(layer, nn.ReLU(), layer))


def test_an_activation_used_twice_is_read_twice():
    relu = nn.ReLU()
    network = read_module(nn.Sequential(nn.Linear(3, 3), relu, nn.Linear(3, 3), relu))
    assert [type(step) for step in network.steps] == [Linear, Activation, Linear, Activation]
