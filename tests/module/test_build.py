"""The built module is the one that is written by hand, weight for weight."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import networks
from torch import nn

from chalknet.errors import Unsettled
from chalknet.module import build, read_module
from chalknet.network import Activation, Linear, Network


def test_a2_the_weights_of_a_seed_are_those_of_the_hand_written_sequential():
    torch.manual_seed(7)
    by_hand = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
    network = Network(784, (Linear(32), Activation("relu"), Linear(1), Activation("sig")))
    built = build(network, seed=7)
    assert type(built) is nn.Sequential
    assert [type(layer) for layer in built] == [type(layer) for layer in by_hand]
    for name, weights in by_hand.state_dict().items():
        assert torch.equal(built.state_dict()[name], weights)


def test_b1_the_first_linear_after_manual_seed_43052_has_the_lectures_weights():
    built = build(Network(1, (Linear(1),)), seed=43052)[0]
    assert round(built.weight.item(), 4) == -0.3467
    assert round(built.bias.item(), 4) == -0.8470


@given(networks(), st.integers(-(2**40), 2**40))
def test_building_with_a_seed_leaves_the_callers_random_numbers_as_they_were(network, seed):
    before = torch.get_rng_state()
    build(network, seed=seed)
    assert torch.equal(torch.get_rng_state(), before)


def test_building_without_a_seed_draws_from_the_callers_random_numbers():
    network = Network(2, (Linear(2),))
    torch.manual_seed(3)
    first, second = build(network), build(network)
    torch.manual_seed(3)
    assert torch.equal(build(network)[0].weight, first[0].weight)
    assert not torch.equal(first[0].weight, second[0].weight)


@given(networks())
def test_a_built_module_is_read_back_as_the_network(network):
    assert read_module(build(network), input_shape=network.input_shape) == network


def test_a_symbolic_width_is_named_before_anything_is_built():
    with pytest.raises(Unsettled, match=r"symbolic width m.*network\.bind\(m=32\)"):
        build(Network("m", (Linear(1),)))


@pytest.mark.parametrize("kind", ["h", "?"])
def test_an_activation_that_is_not_known_is_named_with_its_place(kind):
    with pytest.raises(Unsettled, match=r"step 1: .*can be any function"):
        build(Network(3, (Linear(1), Activation(kind))))
