"""The kernels of fused_cuda on a CUDA device: the same training as eager's on the CPU, and the same bits."""

import numpy as np
import pytest
import torch
from tests.engine.cuda_fits import (
    CLUSTER,
    MEETINGS,
    NETWORKS,
    STEP_NETWORKS,
    assert_same,
    both,
    made,
    network_for,
    opened,
    recipe_for,
    table_data,
    with_dropout,
)  # fmt: skip
from tests.engine.test_fused_cpu import RECIPES, samples

import chalknet as cn
from chalknet.planning import LOSSES

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
]


@pytest.fixture
def machine():
    """Return what makes machines whose launches meet in a way."""
    from chalknet.engine.fused_cuda.cuda import CudaMachine

    def made_for(meet=None):
        found = CudaMachine(torch.device("cuda"))
        if meet == CLUSTER and found.limits.architecture < 90:
            pytest.skip("clusters need compute capability 9.0")
        found.meet = meet
        return found

    return made_for


def fit(network, recipe, n, machine, stretches=(3, 1, 50)):
    return both(network, recipe, n, machine, device="cuda", stretches=stretches)


@pytest.mark.parametrize("meet", MEETINGS)
@pytest.mark.parametrize("name", NETWORKS)
def test_each_schedule_gives_what_eager_gives_and_the_same_bits_again(machine, name, meet):
    eager, ours = fit(NETWORKS[name], recipe_for("mse"), 40, machine(MEETINGS[meet]))
    assert_same(eager, ours)
    again = fit(NETWORKS[name], recipe_for("mse"), 40, machine(MEETINGS[meet]))[1]
    assert again.losses == ours.losses
    assert all(map(np.array_equal, again.weights, ours.weights))


@pytest.mark.parametrize("meet", MEETINGS)
@pytest.mark.parametrize("name", STEP_NETWORKS)
def test_each_step_gives_what_eager_gives_and_the_same_bits_again(machine, name, meet):
    network, recipe = STEP_NETWORKS[name], recipe_for("mse", "adam", {"eps": 1e-3})
    data, found = table_data(network, 40), []
    for where in (None, machine(MEETINGS[meet]), machine(MEETINGS[meet])):
        session = opened(network, recipe, data, where, device="cuda")
        found.append(made(session, [3, 1, 50]))
        found[-1].weights = [value.numpy() for value in session.state().weights.values()]
    assert_same(*found[:2])
    assert found[2].losses == found[1].losses
    assert all(map(np.array_equal, found[2].weights, found[1].weights))


@pytest.mark.parametrize("name", ["hidden relu", "chain"])
@pytest.mark.parametrize("optimizer", RECIPES)
def test_every_optimizer(machine, optimizer, name):
    assert_same(*fit(NETWORKS[name], recipe_for("mse", *RECIPES[optimizer]), 31, machine()))


@pytest.mark.parametrize("name", ["hidden units", "wide"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(machine, loss, name):
    assert_same(*fit(network_for(name, loss), recipe_for(loss, "sgd"), 20, machine()))


@pytest.mark.parametrize("meet", MEETINGS)
@pytest.mark.parametrize("name", ["chain", "wide"])
def test_gradients_are_clipped_and_weights_penalised_alike(machine, name, meet):
    recipe = recipe_for("mse", "nadam", clip_norm=0.05, clip_value=0.02, l1=0.01, l2=0.02, schedule="cosine")
    eager, ours = fit(NETWORKS[name], recipe, 40, machine(MEETINGS[meet]))
    assert_same(eager, ours)


@pytest.mark.parametrize("formula", ["3 -> 70 tanh -> 2", "3 -> 9 tanh -> 6 -> 2"])
def test_samples_weigh_in_a_whole_fit(formula):
    data = samples("cross_entropy", 40, cn.read(formula), torch.float64)
    fits = [
        cn.fit(
            formula, data, loss="cross_entropy", optimizer="adam", class_weight=[1.0, 3.0], updates=50,
            patience=9, evaluate_every=5, engine=engine, device=device, dtype="float64",
        )
        for engine, device in (("eager", "cpu"), ("fused_cuda", "cuda"))
    ]  # fmt: skip
    np.testing.assert_allclose(fits[1].history.loss, fits[0].history.loss, rtol=1e-10)


@pytest.mark.parametrize(
    "formula", ["784 -> 32 relu -> 1 sigmoid", "784 -> 128 relu -> 64 relu -> 1 sigmoid"]
)
@pytest.mark.parametrize("rows", [1, 100, 2000])
def test_sizes_as_in_the_benchmarks(machine, formula, rows):
    recipe = recipe_for("bce", "sgd", batch_size=rows, shuffle=False)
    assert_same(*fit(cn.read(formula), recipe, 5000, machine(), (3, 9)))


def test_dropout_leaves_the_same_bits_again_and_goes_on_from_a_state(machine):
    data = samples("mse", 40, with_dropout(), torch.float64)
    whole = opened(with_dropout(), recipe_for("mse"), data, machine(), device="cuda")
    whole.advance(41)
    state = whole.state()
    wanted = made(whole, [30])
    again = opened(with_dropout(), recipe_for("mse"), data, machine(), device="cuda")
    again.restore(state)
    found = made(again, [10, 20])
    assert found.losses == wanted.losses
    assert all(map(np.array_equal, found.weights, wanted.weights))


@pytest.mark.parametrize("name", ["hidden relu", "chain"])
def test_a_launch_ends_with_the_update_that_reaches_the_target(machine, name):
    data = samples("mse", 40, NETWORKS[name], torch.float64)
    losses = (
        opened(NETWORKS[name], recipe_for("mse", lr=0.1), data, machine(), device="cuda").advance(9).losses
    )
    target = sorted(losses)[2]
    reached = next(i for i, loss in enumerate(losses) if loss <= target)
    recipe = recipe_for("mse", lr=0.1, target_loss=target)
    session = opened(NETWORKS[name], recipe, data, machine(), device="cuda")
    assert session.advance(9).losses == losses[: reached + 1]


def test_a_fit_by_name():
    result = cn.fit(
        "3 -> 64 relu -> 1", (torch.rand(50, 3), torch.rand(50, 1)), loss="mse", optimizer="adam",
        updates=2000, engine="fused_cuda", device="cuda", progress=False,
    )  # fmt: skip
    assert result.history.losses[-1] < result.history.losses[0]
