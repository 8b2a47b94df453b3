"""What a recipe can ask for besides, in fused_cuda's kernels: whole fits in the emulator, beside eager's."""

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.engine.cuda_emulator.machine import Emulator
from tests.engine.cuda_fits import (
    CLUSTER,
    GRID,
    MEETINGS,
    NETWORKS,
    ONE_BLOCK,
    assert_same,
    both,
    emulated,
    made,
    opened,
    recipe_for,
)
from tests.engine.test_fused_cpu import samples
from tests.engine.test_training_options import assert_close, cases, fit
from tests.house.plugin_rows import LOG_COSH, SNAKE

import chalknet as cn
from chalknet.data import load
from chalknet.module import build
from chalknet.network import ACTIVATIONS, Activation, Network
from chalknet.planning import LOSSES

pytestmark = pytest.mark.timeout(300)
ALTERS = {"clip_norm": 0.05, "clip_value": 0.02, "l1": 0.01, "l2": 0.02}


@given(case=cases(), meet=st.sampled_from([ONE_BLOCK, CLUSTER, GRID]))
@settings(max_examples=14, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
def test_all_options_at_once(emulator, case, meet):
    with emulated(emulator(meet)):
        ours = fit(*case, "fused_cuda", device="cpu")
    assert ours.plan.engine == "fused_cuda"
    assert_close(ours, fit(*case, "eager"))


@pytest.mark.parametrize("meet", MEETINGS)
@pytest.mark.parametrize("name", ["chain", "wide"])
def test_gradients_are_altered_alike_however_the_blocks_meet_and_no_race_shows(emulator, name, meet):
    recipe = recipe_for("mse", **ALTERS)
    eager, ours = both(NETWORKS[name], recipe, 40, emulator(MEETINGS[meet]))
    assert_same(eager, ours)
    again = both(NETWORKS[name], recipe, 40, emulator(MEETINGS[meet], seed=3))[1]
    assert again.losses == ours.losses
    assert all(map(np.array_equal, again.weights, ours.weights))


@pytest.mark.parametrize("option", ALTERS)
def test_gradients_are_altered_by_each_option_alone(emulator, option):
    recipe = recipe_for("mse", "sgd", lr=0.1, **{option: ALTERS[option]})
    plain = made(opened(NETWORKS["thin"], recipe_for("mse", "sgd", lr=0.1),
                        samples("mse", 30, NETWORKS["thin"], torch.float64)), [9])  # fmt: skip
    eager, ours = both(NETWORKS["thin"], recipe, 30, emulator(CLUSTER))
    assert plain.losses[-1] != eager.losses[-1]
    assert_same(eager, ours)


def test_frozen_weights_have_no_part_in_norms_and_penalties(emulator):
    network, results = NETWORKS["thin"], []
    for machine in (None, emulator(GRID)):
        module = build(network, seed=1).double()
        module[0].weight.requires_grad_(False)
        module[2].bias.requires_grad_(False)
        whole = samples("mse", 20, network, torch.float64)
        results.append(made(opened(network, recipe_for("mse", **ALTERS), whole, machine, module=module), [9]))
    assert_same(*results)


@pytest.mark.parametrize("meet", MEETINGS)
@pytest.mark.parametrize("hidden", [(70,), (9, 6)])  # by hidden units, and by phases
def test_samples_and_classes_weigh(emulator, hidden, meet):
    asked = {
        "loss": "focal_cross_entropy(1.5)", "optimizer": "nadam", "lr": 0.02, "weight": -1,
        "class_weight": [1.0, 3.0], "batch_size": 7, "shuffle": True, "updates": 9, "seed": 5,
    }  # fmt: skip
    with emulated(emulator(MEETINGS[meet])):
        ours = fit(asked, hidden, "fused_cuda", device="cpu")
    assert_close(ours, fit(asked, hidden, "eager"))


# Early stopping, a plateau and a schedule with a warm-up; the weights given are those of the best evaluation.
LONG = {
    "early stopping": {"patience": 2, "evaluate_every": 3, "lr": 0.3},
    "plateau": {"schedule": "plateau(patience=1)", "evaluate_every": 2, "lr": 0.3},
    "one cycle": {"schedule": "one_cycle", "warmup": 5, "lr": 0.02},
}


@pytest.mark.parametrize("name", LONG)
def test_a_fit_is_watched_as_by_every_engine(emulator, name):
    options = {"updates": 40, "dtype": "float64", "held_out": 0.2, **LONG[name]}
    network, fits = cn.read("3 -> 70 tanh -> 1"), []
    data = samples("mse", 30, network, torch.float64)
    for engine in ("eager", "fused_cuda"):
        with emulated(emulator()):
            fits.append(
                cn.fit(network, data, loss="mse", optimizer="adam", engine=engine, device="cpu", **options)
            )
    eager, ours = fits
    assert ours.outcome == eager.outcome and ours.history.updates == eager.history.updates
    assert_close(ours, eager)


def test_a_stopped_fit_goes_on_bit_for_bit_and_by_eager_too(emulator):
    network = NETWORKS["thin"]
    recipe = recipe_for("mse", "nadam", {"weight_decay": 0.02}, schedule="cosine", warmup=3, clip_norm=0.5)
    whole_data = samples("mse", 40, network, torch.float64)
    whole = opened(network, recipe, whole_data, emulator())
    whole.advance(4)
    state = whole.state()
    wanted = made(whole, [5])
    again, eager = opened(network, recipe, whole_data, emulator()), opened(network, recipe, whole_data)
    again.restore(state), eager.restore(state)
    found = made(again, [2, 3])
    assert found.losses == wanted.losses
    assert all(map(np.array_equal, found.weights, wanted.weights))
    assert_same(made(eager, [5]), wanted)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("form", ["5 -> 6 tanh -> 1", "5 -> 70 relu -> 1"])
def test_data_that_stay_in_their_file_give_the_same_bits(emulator, monkeypatch, tmp_path, form, shuffle):
    monkeypatch.setattr("chalknet.data.batches._BLOCK_BYTES", 1000)
    monkeypatch.setattr("chalknet.data.batches._SHUFFLED_BLOCK_BYTES", 1000)
    random = np.random.default_rng(0)
    pair = tmp_path / "x.npy", tmp_path / "y.npy"
    np.save(pair[0], random.standard_normal((101, 5)).astype(np.float32))
    np.save(pair[1], random.random(101).astype(np.float32))
    fits = []
    for in_memory in (True, False):
        with emulated(emulator()):
            fits.append(
                cn.fit(
                    form, load(pair, in_memory=in_memory), loss="mse", lr=0.01, batch_size=16, updates=20,
                    shuffle=shuffle, engine="fused_cuda", device="cpu",
                )
            )  # fmt: skip
    assert [fitted.plan.data.streamed for fitted in fits] == [False, True]
    assert fits[0].history.loss == fits[1].history.loss
    assert all(map(torch.equal, fits[0].module.parameters(), fits[1].module.parameters()))


@pytest.mark.parametrize("name", ["hidden units", "thin"])
def test_a_loss_and_an_activation_from_outside_run_by_their_formulas(emulator, monkeypatch, name):
    monkeypatch.setitem(ACTIVATIONS, "snake", SNAKE)
    monkeypatch.setitem(LOSSES, "log_cosh", LOG_COSH)
    steps = [Activation("snake", {"steepness": 1.5}) if step == Activation("tanh") else step
             for step in NETWORKS[name].steps]  # fmt: skip
    network = Network(NETWORKS[name].input_shape, tuple(steps))
    assert_same(*both(network, recipe_for("log_cosh"), 20, emulator()))


def test_options_that_are_numbers_are_compiled_once(emulator, tmp_path):
    machine = Emulator(tmp_path)
    for lr, clip_norm in ((0.01, 0.5), (0.02, 0.1)):
        recipe = recipe_for("mse", lr=lr, clip_norm=clip_norm, schedule="cosine")
        both(NETWORKS["thin"], recipe, 20, machine)
    assert len(list(tmp_path.glob("*.so"))) == 1
