"""Steps for tables in the compiled engine: PReLU, norms, residual blocks and embeddings against eager."""

import random

import numpy as np
import pytest
import torch
from tests.engine.test_fused_cpu import RECIPES, opened, samples
from tests.table_networks import random_network

from chalknet.engine import Eager
from chalknet.engine.fused_cpu import FusedCpu
from chalknet.network import Activation, BatchNorm, LayerNorm, Linear, Network, PReLU
from chalknet.planning import Recipe

pytest.importorskip("numba")
pytestmark = pytest.mark.timeout(900)  # the first run compiles: about 20 s a kernel and dtype


def sessions(network, recipe, data, threads=2, module=lambda: None, stretches=(3, 1, 5)):
    """Return the losses and the state of both engines; the fused one's in several stretches."""
    found = []
    for engine, parts in ((Eager(), [sum(stretches)]), (FusedCpu(), stretches)):
        session = opened(engine, network, recipe, data, threads=threads, module=module())
        losses = [loss for part in parts for loss in session.advance(part).losses]
        found.append((losses, {name: value.numpy() for name, value in session.state().weights.items()}))
    return found


def assert_alike(found):
    (eager, of_eager), (fused, of_fused) = found
    np.testing.assert_allclose(fused, eager, rtol=1e-10, atol=1e-10)
    assert of_eager.keys() == of_fused.keys()
    for name, value in of_eager.items():
        np.testing.assert_allclose(of_fused[name], value, rtol=1e-10, atol=1e-10, err_msg=name)


def drawn(seed, counts=(7, 17, 40, 150, 700), dropout=False):
    """Return a random network of these steps, a recipe and so many data for it."""
    rng = random.Random(seed)
    network, name = random_network(rng, dropout=dropout), rng.choice(list(RECIPES))
    # Before a norm gradients are 0 but for rounding, which adaptive optimizers would divide by itself.
    options = {**RECIPES[name][1], **({} if RECIPES[name][0] == "sgd" else {"eps": 1e-3})}
    # A BatchNorm of two or three samples makes of a rounding of x a difference of 1e-9, in eager alone too.
    n = rng.choice(counts)
    size = rng.choice([None, n, max(5, n // 3)])
    recipe = Recipe(
        rng.choice(["mse", "huber"]), RECIPES[name][0], options, updates=9, lr=1e-3,
        batch_size=size, shuffle=rng.random() < 0.5, drop_last=0 < n % (size or n) < 5, seed=seed,
        clip_norm=rng.choice([None, None, 0.5]), l2=rng.choice([0.0, 0.0, 1e-3]),
    )  # fmt: skip
    return network, recipe, samples(recipe.loss, n, network, torch.float64, seed)


@pytest.mark.parametrize("seed", range(60))
def test_losses_weights_and_averages_are_those_of_eager(seed):
    network, recipe, data = drawn(seed)
    assert_alike(sessions(network, recipe, data, threads=1 + seed % 2))


@pytest.mark.parametrize("slope", [PReLU(), PReLU(init=-0.5), PReLU(per_feature=True)])
@pytest.mark.parametrize("first", [True, False], ids=["first", "behind a linear map"])
def test_a_slope_is_fitted_in_pieces_of_a_wide_layer_and_at_zero(slope, first):
    network = Network(300, (*((slope,) if first else (Linear(700), slope)), Linear(2), Activation("tanh")))
    x, y = samples("mse", 96, network, torch.float64)
    x[:, ::7] = 0
    assert_alike(sessions(network, Recipe("mse", "adam", updates=9, batch_size=32), (x, y)))


def test_penalties_are_of_matrices_alone():
    network = Network(3, (Linear(5), PReLU(per_feature=True), Linear(1)))
    data = samples("mse", 12, network, torch.float64)
    assert_alike(sessions(network, Recipe("mse", "sgd", updates=9, lr=0.01, l1=0.1, l2=0.3), data))


@pytest.mark.parametrize("width", [9, 10, 11, 12, 17, 31])
@pytest.mark.parametrize(
    "first", [BatchNorm(), LayerNorm(), PReLU(per_feature=True)], ids=lambda step: type(step).__name__
)
def test_the_factors_of_a_first_step_are_fitted_at_any_width(first, width):
    network = Network(width, (first, Linear(5), Activation("tanh"), Linear(2)))
    data = samples("mse", 40, network, torch.float64)
    assert_alike(sessions(network, Recipe("mse", "sgd", updates=9, lr=0.1), data))
