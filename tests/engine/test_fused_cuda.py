"""The kernels of fused_cuda in the emulator: the same training as eager's, however the blocks meet."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.cuda_fits import (
    CLUSTER,
    GRID,
    MEETINGS,
    NETWORKS,
    ONE_BLOCK,
    assert_same,
    both,
    made,
    network_for,
    opened,
    recipe_for,
    with_dropout,
)  # fmt: skip
from tests.engine.test_fused_cpu import ACTIVATION_CASES, RECIPES, cases, samples
from tests.engine.test_fused_cpu import opened as opened_on_the_cpu

import chalknet as cn
from chalknet.engine.fused_cpu import FusedCpu
from chalknet.engine.fused_cuda import FusedCuda
from chalknet.module import build
from chalknet.network import Activation, Linear, Network
from chalknet.planning import LOSSES, Placement

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("meet", MEETINGS)
@pytest.mark.parametrize("name", NETWORKS)
def test_each_schedule_gives_what_eager_gives_and_no_race_shows(emulator, name, meet):
    network, recipe = NETWORKS[name], recipe_for("mse")
    eager, ours = both(network, recipe, 40, emulator(MEETINGS[meet]))
    assert_same(eager, ours)
    for seed in (1, 2):  # the threads take turns in another order: not a bit may change
        again = both(network, recipe, 40, emulator(MEETINGS[meet], seed=seed))[1]
        assert again.losses == ours.losses
        assert all(map(np.array_equal, again.weights, ours.weights))


# Every loss beside an optimizer, and every optimizer beside a loss: others in each schedule.
OPTIMIZERS = {
    **RECIPES,
    "adagrad": ("adagrad", {"lr_decay": 0.01, "initial_accumulator_value": 0.1, "weight_decay": 0.02}),
    "nadam": ("nadam", {"weight_decay": 0.02}),
    "nadam apart": ("nadam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    "lion": ("lion", {"weight_decay": 0.1}),
}
LOSS_TEXTS = [*LOSSES, "huber(0.3)", "pinball(0.8)", "focal(gamma=0.5)", "focal_cross_entropy(1.5)"]


@pytest.mark.parametrize("by_hidden_units", [True, False])
@pytest.mark.parametrize("number", range(len(LOSS_TEXTS)))
def test_every_loss_and_every_optimizer(emulator, number, by_hidden_units):
    phases = ("wide", ONE_BLOCK), ("thin", CLUSTER)
    name, meet = ("hidden units", GRID) if by_hidden_units else phases[number % 2]
    loss, shift = LOSS_TEXTS[number], 0 if by_hidden_units else 5
    optimizer, options = list(OPTIMIZERS.values())[(number + shift) % len(OPTIMIZERS)]
    recipe = recipe_for(loss, optimizer, options, lr=1e-3)
    assert_same(*both(network_for(name, loss), recipe, 20, emulator(meet)))


@pytest.mark.parametrize("part", range(3))
def test_every_activation(emulator, part):
    steps = []
    for activation in ACTIVATION_CASES[part::3]:
        steps += [Linear(5), activation]
    assert_same(*both(Network(4, (*steps, Linear(2))), recipe_for("huber", "sgd"), 20, emulator(CLUSTER)))


@given(case=cases(), meet=st.sampled_from([ONE_BLOCK, CLUSTER, GRID]))
@settings(max_examples=10, derandomize=True)
def test_fits_from_the_whole_space(emulator, case, meet):
    assert_same(*both(*case, emulator(meet)))


@pytest.mark.parametrize("name", NETWORKS)
def test_float32_is_eagers_but_for_the_order_of_sums(emulator, name):
    eager, ours = both(NETWORKS[name], recipe_for("mse", "sgd", {"momentum": 0.9}), 40, emulator(), "float32")
    np.testing.assert_allclose(ours.losses, eager.losses, rtol=1e-4)
    for mine, theirs in zip(ours.weights, eager.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop centred"])
@pytest.mark.parametrize("eps", [1e-8, 1e-12])  # roots and quotients by estimates, and by the library
def test_float32_has_roots_and_quotients_as_exact_as_eagers(emulator, optimizer, eps):
    name, options = ("adam", {}) if optimizer == "adam" else ("rmsprop", {"centered": True})
    recipe = recipe_for("mse", name, {**options, "eps": eps}, lr=1e-3)
    eager, ours = both(NETWORKS["thin"], recipe, 40, emulator(CLUSTER), "float32")
    np.testing.assert_allclose(ours.losses, eager.losses, rtol=1e-5)


@pytest.mark.parametrize(("rows", "multiprocessors"), [(300, 2), (700, 5)])
def test_many_rows_are_cut_into_tiles_and_parts(emulator, rows, multiprocessors):
    network = cn.read("40 -> 16 relu -> 1 sigmoid")
    recipe = recipe_for("bce", "sgd", batch_size=rows, shuffle=False)
    machine = emulator(GRID, multiprocessors=multiprocessors)
    eager, ours = both(network, recipe, 1000, machine)
    assert_same(eager, ours)


def test_the_parts_of_gradients_leave_frozen_weights_alone(emulator):
    network, recipe = cn.read("6 -> 4 relu -> 2"), recipe_for("mse", batch_size=400)
    results = []
    for machine in (None, emulator(GRID, multiprocessors=8)):
        module = build(network, seed=1).double()
        module[0].weight.requires_grad_(False)
        module[2].bias.requires_grad_(False)
        data = samples("mse", 500, network, torch.float64)
        results.append(made(opened(network, recipe, data, machine, module=module), [9]))
    assert_same(*results)


@pytest.mark.parametrize("name", ["hidden units", "chain"])
def test_frozen_weights_stay(emulator, name):
    network, recipe = NETWORKS[name], recipe_for("mse")
    results = []
    for machine in (None, emulator()):
        module = build(network, seed=1).double()
        linears = [layer for layer in module if hasattr(layer, "weight")]
        linears[0].bias.requires_grad_(False)
        linears[-1].weight.requires_grad_(False)
        data = samples("mse", 20, network, torch.float64)
        results.append(made(opened(network, recipe, data, machine, module=module), [9]))
    assert_same(*results)


@pytest.mark.parametrize("meet", MEETINGS)
def test_dropout_has_the_bits_of_fused_cpu(emulator, meet):
    network, recipe = with_dropout(), recipe_for("mse")
    data = samples("mse", 40, network, torch.float64)
    cpu = made(opened_on_the_cpu(FusedCpu(), network, recipe, data), [9])
    assert_same(cpu, made(opened(network, recipe, data, emulator(MEETINGS[meet])), [3, 6]))


@pytest.mark.parametrize("name", ["hidden relu", "chain"])
def test_a_state_goes_on_bit_for_bit_and_by_eager_too(emulator, name):
    network, recipe = NETWORKS[name], recipe_for("mse")
    data = samples("mse", 40, network, torch.float64)
    whole = opened(network, recipe, data, emulator())
    whole.advance(4)
    state = whole.state()
    wanted = made(whole, [5])
    again, eager = opened(network, recipe, data, emulator()), opened(network, recipe, data)
    again.restore(state), eager.restore(state)
    found = made(again, [2, 3])
    assert found.losses == wanted.losses
    assert all(map(np.array_equal, found.weights, wanted.weights))
    assert_same(made(eager, [5]), wanted)


@pytest.mark.parametrize("meet", MEETINGS)
@pytest.mark.parametrize("name", ["hidden relu", "chain"])
def test_a_launch_ends_with_the_update_that_reaches_the_target(emulator, name, meet):
    network, recipe = NETWORKS[name], recipe_for("mse", lr=0.1)
    data = samples("mse", 40, network, torch.float64)
    losses = opened(network, recipe, data, emulator(MEETINGS[meet])).advance(9).losses
    target = sorted(losses)[2]
    reached = next(i for i, loss in enumerate(losses) if loss <= target)
    session = opened(network, recipe_for("mse", lr=0.1, target_loss=target), data, emulator(MEETINGS[meet]))
    assert session.advance(9).losses == losses[: reached + 1]
    assert session.state().updates == reached + 1


@pytest.mark.parametrize("name", ["hidden relu", "chain"])
def test_a_launch_ends_with_a_loss_that_is_no_number(emulator, name):
    network, recipe = (
        Network(3, (Linear(70), Activation("relu"), Linear(1))),
        recipe_for("mse", "sgd", lr=1e30),
    )
    network = (
        network if name == "hidden relu" else Network(3, (*network.steps, Activation("relu"), Linear(1)))
    )
    data = samples("mse", 20, network, torch.float32)
    eager = opened(network, recipe, data, dtype="float32").advance(9).losses
    losses = opened(network, recipe, data, emulator(), dtype="float32").advance(9).losses
    assert len(losses) < 9 and not math.isfinite(losses[-1])
    assert [math.isfinite(loss) for loss in losses] == [math.isfinite(loss) for loss in eager[: len(losses)]]


def test_which_kernel_runs_which_network(emulator):
    for name, kernel in {
        "hidden units": "hidden_units.cu",
        "hidden relu": "hidden_units.cu",
        "wide": "chain.cu",
    }.items():
        data = samples("mse", 20, NETWORKS[name], torch.float64)
        for meet in MEETINGS.values():
            session = opened(NETWORKS[name], recipe_for("mse"), data, emulator(meet))
            assert (session.schedule.kernel, session.schedule.launch.meet) == (kernel, meet)
    assert session.schedule.constants["FIRST_ROWS"] == 1  # its first Linear is a phase of its own


def test_a_longer_network_and_one_with_norms_take_longer_to_compile():
    where = Placement("cpu", "float32", 1)
    texts = (
        "3 -> 4 relu -> 1",
        "3 -> 4 relu -> 4 relu -> 1",
        "3 -> 4 layernorm relu -> 4 layernorm relu -> 1",
    )
    costs = [FusedCuda().startup_cost(cn.read(text), recipe_for("mse"), where).once_s for text in texts]
    assert costs == sorted(set(costs))
