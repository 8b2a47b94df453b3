"""PReLU, norms, residual blocks and embeddings in fused_cuda's kernels: in the emulator, beside eager's."""

import numpy as np
import pytest
import torch
from tests.engine.cuda_fits import (
    GRID,
    MEETINGS,
    ONE_BLOCK,
    STEP_NETWORKS,
    emulated,
    inputs_of,
    opened,
    recipe_for,
    table_data,
)
from tests.engine.test_fused_cpu import opened as opened_on_the_cpu
from tests.engine.test_table_steps import drawn

import chalknet as cn
from chalknet.engine.fused_cpu import FusedCpu
from chalknet.engine.fused_cuda.stages import stages_of
from chalknet.errors import Refused
from chalknet.module import build
from chalknet.network import (
    Activation,
    BatchNorm,
    Dropout,
    Embed,
    LayerNorm,
    Linear,
    Network,
    PReLU,
    Residual,
)

pytestmark = pytest.mark.timeout(300)


def fitted(session, stretches):
    """Return the losses of some stretches, and all that a state has of the weights."""
    losses = [loss for updates in stretches for loss in session.advance(updates).losses]
    return losses, {name: value.numpy() for name, value in session.state().weights.items()}


def assert_alike(ours, eager):
    np.testing.assert_allclose(ours[0], eager[0], rtol=1e-10, atol=1e-10)
    assert ours[1].keys() == eager[1].keys()
    for name, value in eager[1].items():
        np.testing.assert_allclose(ours[1][name], value, rtol=1e-10, atol=1e-10, err_msg=name)


def assert_same_bits(one, other):
    assert one[0] == other[0]
    assert all(np.array_equal(value, other[1][name]) for name, value in one[1].items())


def compared(network, recipe, data, machine, module=lambda: None):
    """Assert that both engines come to the same; return what fused_cuda comes to, in several stretches."""
    eager = fitted(opened(network, recipe, data, module=module()), [9])
    ours = fitted(opened(network, recipe, data, machine, module=module()), [3, 1, 5])
    assert_alike(ours, eager)
    return ours


# Before a norm gradients are 0 but for rounding, which Adam would divide by itself.
def recipe_with_norms(**more):
    return recipe_for("mse", "adam", {"eps": 1e-3}, **more)


@pytest.mark.parametrize("meet", MEETINGS)
@pytest.mark.parametrize("name", STEP_NETWORKS)
def test_each_step_gives_what_eager_gives_and_no_race_shows(emulator, name, meet):
    network, recipe, data = STEP_NETWORKS[name], recipe_with_norms(), table_data(STEP_NETWORKS[name], 40)
    ours = compared(network, recipe, data, emulator(MEETINGS[meet]))
    again = opened(network, recipe, data, emulator(MEETINGS[meet], seed=1))
    assert_same_bits(fitted(again, [9]), ours)


def seeds(among, dropout=False):
    """Return seeds whose networks are compiled in a second or less."""
    return [seed for seed in range(among) if len(stages_of(drawn(seed, dropout=dropout)[0])) <= 14]


@pytest.mark.parametrize("seed", seeds(among=20))
def test_losses_weights_and_averages_are_those_of_eager(emulator, seed):
    network, recipe, data = drawn(seed, counts=(7, 17, 40, 60))
    compared(network, recipe, data, emulator(list(MEETINGS.values())[seed % 3]))


@pytest.mark.parametrize("seed", seeds(among=10, dropout=True))
def test_with_dropout_they_are_those_of_fused_cpu(emulator, seed):
    network, recipe, data = drawn(seed, counts=(7, 17, 40, 60), dropout=True)
    cpu = fitted(opened_on_the_cpu(FusedCpu(), network, recipe, data), [9])
    machine = emulator(list(MEETINGS.values())[seed % 3])
    assert_alike(fitted(opened(network, recipe, data, machine), [3, 1, 5]), cpu)


def test_an_embedding_of_many_weights_is_a_phase_of_its_own(emulator):
    network = Network(3, (Embed(5000, 8), Linear(4), Activation("tanh"), Linear(2)))
    recipe, data = recipe_with_norms(updates=2), table_data(network, 20)
    session = opened(network, recipe, data, emulator(GRID))
    assert session.schedule.constants["FIRST_ROWS"] == 1
    assert_alike(fitted(session, [2]), fitted(opened(network, recipe, data), [2]))


ALL = Network(
    5,
    (BatchNorm(), Linear(9), PReLU(), Residual((LayerNorm(), Dropout(0.3), Linear(9))), Linear(6),
     BatchNorm(momentum=0.7), PReLU(per_feature=True), Linear(2)),
)  # fmt: skip


@pytest.mark.parametrize("meet", MEETINGS)
def test_many_rows_have_parts_of_gradients_and_a_last_batch_of_few(emulator, meet):
    network = Network(5, (BatchNorm(), Linear(9), PReLU(), LayerNorm(), Linear(2)))
    recipe, data = recipe_with_norms(batch_size=200), table_data(network, 411)
    machine = emulator(MEETINGS[meet], multiprocessors=11)
    compared(network, recipe, data, machine)
    splits = opened(network, recipe, data, machine).schedule.constants["SPLITS"]
    assert (splits > 1) == (MEETINGS[meet] != ONE_BLOCK)


@pytest.mark.parametrize("altering", [{}, {"l1": 0.1, "l2": 0.3}])
def test_frozen_weights_stay_and_penalties_are_of_matrices_alone(emulator, altering):
    network = Network(4, (Embed(3, 2), *ALL.steps[:3], LayerNorm(), Residual((Linear(9),)), Linear(2)))

    def module():
        found = build(network, seed=1).double()
        for frozen in (found[1].weight, found[3].weight, found[4].bias, found[5].layers[0].weight):
            frozen.requires_grad_(False)
        return found

    recipe = recipe_for("mse", "sgd", lr=0.01, **altering)
    compared(network, recipe, table_data(network, 40), emulator(GRID), module)


@pytest.mark.parametrize("meet", MEETINGS)
def test_a_norm_in_evaluation_mode_keeps_its_averages(emulator, meet):
    network = ALL

    def module():
        found = build(network, seed=1).double()
        with torch.no_grad():
            for k, norm in enumerate(layer for layer in found if isinstance(layer, torch.nn.BatchNorm1d)):
                norm.running_mean.add_(0.5)
                norm.running_var.mul_(2.0)
                norm.train(k == 1)
        found[3].eval()
        return found

    ours = compared(network, recipe_with_norms(), table_data(network, 40), emulator(MEETINGS[meet]), module)
    assert np.all(ours[1]["0.running_mean"] == 0.5) and ours[1]["0.num_batches_tracked"] == 0
    assert ours[1]["5.num_batches_tracked"] == 9


def test_dropout_in_a_block_has_the_bits_of_fused_cpu_and_a_state_goes_on_by_every_engine(emulator):
    recipe, data = recipe_with_norms(), table_data(ALL, 40)
    whole = opened(ALL, recipe, data, emulator())
    first = whole.advance(4).losses
    state = whole.state()
    wanted = fitted(whole, [5])
    again, cpu = opened(ALL, recipe, data, emulator()), opened_on_the_cpu(FusedCpu(), ALL, recipe, data)
    again.restore(state), cpu.restore(state)
    assert_same_bits(fitted(again, [2, 3]), wanted)
    assert_alike(fitted(cpu, [5]), wanted)
    assert_alike(
        fitted(opened_on_the_cpu(FusedCpu(), ALL, recipe, data), [9]), ([*first, *wanted[0]], wanted[1])
    )


def test_positions_have_slopes_norms_and_sums_of_their_own(emulator):
    block = Residual((Linear(4), Activation("tanh"), PReLU(), Linear(3)))
    network = Network((2, 3), (Activation("softmax"), block, LayerNorm(), Linear(2)))
    compared(network, recipe_with_norms(), table_data(network, 40), emulator())


def test_float32_is_eagers_but_for_the_order_of_sums(emulator):
    network = Network(5, tuple(step for step in ALL.steps if not isinstance(step, Residual)))
    data = [values.float() for values in table_data(network, 40)]
    recipe = recipe_for("mse", "sgd", {"momentum": 0.9})
    eager = fitted(opened(network, recipe, data, dtype="float32"), [9])
    ours = fitted(opened(network, recipe, data, emulator(), dtype="float32"), [9])
    np.testing.assert_allclose(ours[0], eager[0], rtol=1e-4)
    for name, value in eager[1].items():
        np.testing.assert_allclose(ours[1][name], value, rtol=1e-3, atol=1e-4, err_msg=name)


def test_a_fit_evaluates_by_the_running_averages(emulator):
    network, fits = cn.read("5 -> 8 batchnorm relu -> [8 relu -> 8] + skip -> 1"), []
    data = inputs_of(network, 60), torch.rand(60, 1, dtype=torch.float64)
    for engine in ("eager", "fused_cuda"):
        with emulated(emulator()):
            fits.append(
                cn.fit(
                    network, data, loss="mse", optimizer="sgd", lr=0.1, batch_size=16, updates=20,
                    held_out=0.2, evaluate_every=5, engine=engine, device="cpu", dtype="float64",
                )
            )  # fmt: skip
    assert fits[1].plan.engine == "fused_cuda"
    for name in ("loss", "held_out"):
        np.testing.assert_allclose(*(one.history.to_dict()[name] for one in fits), rtol=1e-10)


def test_an_embedding_too_large_for_a_batch_is_refused_with_a_remedy(emulator):
    network = Network(2, (Embed(1 << 20, 8), Linear(1)))
    data = torch.zeros(200, 2), torch.zeros(200, 1)
    with emulated(emulator()), pytest.raises(Refused, match=r"embedding.*engine=.eager"):
        cn.fit(network, data, loss="mse", updates=1, engine="fused_cuda", device="cpu")
