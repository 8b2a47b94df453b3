"""What an update has to do, against counts by hand and torch's own counter."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import chalknet as cn
from chalknet.planning import OPTIMIZERS, Placement, Recipe
from chalknet.training.choice.cost_model import _SLOTS, estimate_cost, usual_update_s

CPU = Placement("cpu", "float32", 2)


def recipe(optimizer="adam", **options):
    return Recipe(loss="mse", optimizer=optimizer, updates=1, optimizer_options=options)


@pytest.mark.parametrize("text", ["3 -> 5", "7 -> 32 relu -> 1 sigmoid", "16 -> 64 tanh -> 64 tanh -> 2"])
def test_the_arithmetic_is_what_torch_counts(text):
    network, rows = cn.read(text), 11
    module = cn.build(network)
    x, y = torch.randn(rows, network.input_shape[0]), torch.randn(rows, network.output_shape[0])
    with FlopCounterMode(display=False) as counter:
        nn.functional.mse_loss(module(x), y).backward()
    assert estimate_cost(network, rows, recipe(), CPU, "eager").flops == counter.get_total_flops()


def test_what_fits_into_a_cache_does_not_go_through_memory():
    assert estimate_cost(cn.read("1 -> 500 relu -> 1"), 100, recipe(), CPU, "eager").bytes == 0


def test_the_wide_network_counted_by_hand():
    network = cn.read("1 -> 200000 relu -> 1")
    weights = 4 * 600_001
    eager = estimate_cost(network, 100, recipe(), CPU, "eager")
    assert eager.bytes == 4 * (2 * 200_000 + 1) * 100 * 4 + weights * (2 * 3 + 2)
    fused = estimate_cost(network, 100, recipe(), CPU, "fused_cpu")
    assert (fused.bytes, fused.flops) == (weights * 6, eager.flops)
    double = estimate_cost(network, 100, recipe(), Placement("cpu", "float64", 2), "eager")
    assert double.bytes == 2 * eager.bytes
    assert estimate_cost(network, 100, recipe("sgd"), CPU, "fused_cpu").bytes == weights * 2
    assert estimate_cost(network, 100, recipe("sgd", momentum=0.9), CPU, "fused_cpu").bytes == weights * 4


def test_every_optimizer_has_its_row():
    assert set(_SLOTS) == set(OPTIMIZERS)


def test_a_guess_grows_with_the_network_and_never_falls_below_the_overhead():
    times = [
        usual_update_s(cn.read(f"1 -> {w} relu -> 1"), 100, recipe(), CPU) for w in (1, 100, 10_000, 10**6)
    ]
    assert times == sorted(times)
    assert usual_update_s(None, 100, recipe(), CPU) == pytest.approx(times[0], rel=1e-3)
