"""The bounds of an activation's values, against torch's own functions."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import activations

from chalknet.module import build
from chalknet.network import ACTIVATIONS, Activation, Network, Range

FAR = torch.cat([torch.linspace(-12, 12, 4801), torch.tensor([-1e6, 1e6])]).double()
SLACK = 2e-5  # the lowest values of gelu and silu are rounded away from zero in their rows


def values(step, z):
    return build(Network(2, (step, step))).double()[0](z)


@given(activations(), st.floats(-4, 4), st.floats(0, 6))
def test_no_value_is_outside_the_bounds(step, low, width):
    z = FAR[(low <= FAR) & (low + width >= FAR)]
    if not step.row.elementwise or not len(z):
        return
    found, bounds = values(step, z), step.image(Range(low, low + width))
    assert bounds.low - 1e-9 <= found.min() and found.max() <= bounds.high + 1e-9


@pytest.mark.parametrize("name", [row.name for row in ACTIVATIONS.values() if row.settled])
def test_the_bounds_of_all_values_are_come_close_to(name):
    step = Activation(name)
    found, bounds = values(step, torch.stack([FAR, -FAR], dim=1)), step.image()
    for bound, nearest in ((bounds.low, found.min()), (bounds.high, found.max())):
        assert abs(nearest) > 1e3 if math.isinf(bound) else nearest.item() == pytest.approx(bound, abs=SLACK)


def test_an_option_moves_a_bound():
    assert Activation("elu", {"alpha": 2.5}).image() == (-2.5, math.inf)
    assert Activation("leaky_relu", {"negative_slope": 0.0}).image() == (0, math.inf)
    assert Activation("relu").image(Range(0, 1)) == (0, 1)
    assert Activation("relu").image(Range(-math.inf, 0)) == (0, 0)
