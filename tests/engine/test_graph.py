"""The graph engine, all but CUDA's own capture, against eager; a strict recorder stands for the device."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.graph_fits import (
    NETWORKS,
    RECIPES,
    arrays,
    assert_same_weights,
    opened,
    weights_of,
)
from tests.engine.strict_recorder import StrictRecorder
from torch import nn

import chalknet as cn
from chalknet.data import ArraySource
from chalknet.engine.graph.updates import CAPTURABLE
from chalknet.planning import Recipe

pytestmark = pytest.mark.usefixtures("one_thread", "rmsprop_counts_its_steps_anywhere")
LOSSES = ("mse", "l1", "huber", "bce", "bce_logits", "cross_entropy")


@given(
    network=st.sampled_from(NETWORKS),
    loss=st.sampled_from(LOSSES),
    recipe=st.sampled_from(list(RECIPES)),
    batch_size=st.sampled_from([None, 1, 4, 7, 23]),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    reduction=st.sampled_from(["mean", "sum"]),
    stretches=st.lists(st.integers(1, 15), min_size=1, max_size=3),
    per_update_s=st.sampled_from([1e-6, 1.5e-3, 3e-3, 1.0]),
    free_bytes=st.sampled_from([0, 1 << 40]),
)
@settings(max_examples=60)
def test_losses_and_weights_equal_those_of_eager(
    network, loss, recipe, batch_size, shuffle, drop_last, reduction, stretches, per_update_s, free_bytes
):
    if loss == "bce":
        network = NETWORKS[2]  # the one that ends with a probability
    name, options = RECIPES[recipe]
    asked = Recipe(
        loss, name, options, lr=0.01, batch_size=batch_size, shuffle=shuffle, drop_last=drop_last,
        reduction=reduction, updates=400, seed=7,
    )  # fmt: skip
    eager = opened("eager", cn.read(network), asked)
    ours = opened("graph", cn.read(network), asked, recorder=StrictRecorder(per_update_s, free_bytes))
    for updates in stretches:
        wanted = eager.advance(updates).losses
        assert list(ours.advance(updates).losses) == pytest.approx(list(wanted), rel=1e-10, abs=1e-10)
    assert_same_weights(ours, eager)
    assert ours.compile_s > 0


@pytest.mark.parametrize("optimizer", CAPTURABLE)
def test_float32_parts_from_eager_by_rounding_only(optimizer):
    x, y = arrays("mse")
    source = ArraySource(x.float(), y.float())
    recipe = Recipe("mse", optimizer, lr=0.01, batch_size=5, shuffle=True, updates=400)
    network = cn.read("3 -> 16 tanh -> 2")
    sessions = [
        opened(engine, network, recipe, source=source, dtype="float32") for engine in ("eager", "graph")
    ]
    wanted, found = (session.advance(100).losses for session in sessions)
    # each update rounds at 6e-8 of a weight; a hundred of them, with Adam's quotients, stay far below this
    assert list(found) == pytest.approx(list(wanted), rel=1e-4)


@pytest.mark.parametrize("batch_size", [None, 1, 4, 23])
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("before", [0, 1, 13])
def test_eager_goes_on_from_a_graph_and_a_graph_from_eager(recipe, before, batch_size):
    name, options = RECIPES[recipe]
    network = cn.read(NETWORKS[1])
    asked = Recipe(
        "mse", name, options, lr=0.01, batch_size=batch_size, shuffle=batch_size == 4, updates=400, seed=7
    )
    whole = opened("eager", network, asked)
    losses = [*whole.advance(before).losses] if before else []
    state = whole.state()
    losses += whole.advance(12).losses
    for first, second in (("eager", "graph"), ("graph", "eager"), ("graph", "graph")):
        started = opened(first, network, asked)
        if before:
            started.advance(before)
        if first == "eager":
            assert all(
                torch.equal(state.weights[key], value) for key, value in started.state().weights.items()
            )
        other = opened(second, network, asked)
        other.advance(3)  # what it did before is forgotten, also by the graphs it has captured
        other.restore(started.state())
        went_on = other.advance(12).losses
        assert list(went_on) == pytest.approx(losses[before:], rel=1e-10, abs=1e-10)
        assert_same_weights(other, whole)


def test_a_graph_goes_on_from_its_own_state_bit_for_bit_through_dropout_and_orders():
    recipe = Recipe("mse", "adam", batch_size=4, shuffle=True, updates=400, seed=5)
    network = cn.read("3 -> 8 relu dropout(0.4) -> 2")
    whole = opened("graph", network, recipe)
    whole.advance(9)
    state = whole.state()
    losses = whole.advance(11).losses
    again = opened("graph", network, recipe)
    again.restore(state)
    assert again.advance(11).losses == losses
    assert_same_weights(again, whole, tolerance=0)


def test_a_state_before_the_first_update_says_that_the_optimizer_has_kept_nothing():
    session = opened("graph", cn.read(NETWORKS[0]), Recipe("mse", "adam", updates=400))
    assert not any(session.state().slots.values())
    session.advance(1)
    assert session.state().slots["0.weight"]["step"].item() == 1


def test_dropout_draws_what_eager_draws_where_nothing_else_is_drawn():
    network, recipe = cn.read("3 -> 64 relu dropout(0.3) -> 2"), Recipe("mse", lr=0.05, updates=400, seed=3)
    wanted = opened("eager", network, recipe).advance(40).losses
    found = opened("graph", network, recipe).advance(40).losses
    assert list(found) == pytest.approx(list(wanted), rel=1e-10)
    assert found == opened("graph", network, recipe).advance(40).losses
    other_seed = Recipe("mse", lr=0.05, updates=400, seed=4)
    assert found != opened("graph", network, other_seed).advance(40).losses


def norm_and_counter():
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros((), dtype=torch.float64), persistent=False)

        def forward(self, x):
            self.seen += len(x)
            return x

    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), Counts(), nn.Linear(4, 2)).double()


def test_warming_up_and_capturing_leave_weights_buffers_and_random_numbers_as_they_were():
    module = norm_and_counter()
    before = {name: value.clone() for name, value in module.named_buffers()} | weights_of(module)
    torch.manual_seed(99)
    random_before = torch.get_rng_state()
    recorder = StrictRecorder()
    session = opened(
        "graph", None, Recipe("mse", batch_size=5, updates=400), module=module, recorder=recorder
    )
    assert session.module is module
    assert recorder.rehearsals >= 3 and recorder.captures == 3
    after = dict(module.named_buffers()) | weights_of(module)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(torch.get_rng_state(), random_before)
    assert all(parameter.grad is None for parameter in module.parameters())


def test_buffers_move_on_as_in_eager():
    recipe = Recipe("mse", batch_size=5, updates=400)
    ours = opened("graph", None, recipe, module=norm_and_counter())
    eager = opened("eager", None, recipe, module=norm_and_counter())
    ours.advance(17), eager.advance(17)
    assert_same_weights(ours, eager)
    assert (
        ours.module[2].seen == eager.module[2].seen == 3 * 23 + 2 * 5
    )  # three epochs of 5 and 2 more updates
    assert ours.module[1].num_batches_tracked == 17


@pytest.mark.parametrize("frozen", [["0.weight"], ["0.weight", "0.bias"], ["2.bias"]])
def test_frozen_parameters_stay(frozen):
    def module():
        torch.manual_seed(1)
        made = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
        for name in frozen:
            made.get_parameter(name).requires_grad_(False)
        return made

    recipe = Recipe("mse", "adam", updates=400)
    ours, eager = (opened(engine, None, recipe, module=module()) for engine in ("graph", "eager"))
    assert list(ours.advance(9).losses) == pytest.approx(list(eager.advance(9).losses), rel=1e-10)
    assert_same_weights(ours, eager)
    assert torch.equal(ours.module.get_parameter(frozen[0]), module().get_parameter(frozen[0]))


@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_divergence_is_found_at_its_update_by_one_look_behind_many(loss):
    class Breaks(nn.Module):
        """Gives NaN once a counter on the device has passed nine."""

        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2).double()
            self.register_buffer("calls", torch.zeros((), dtype=torch.float64))

        def forward(self, x):
            self.calls += 1
            wrong = torch.full_like(self.calls, torch.nan)
            return torch.sigmoid(self.linear(x)) * torch.where(self.calls > 9, wrong, torch.ones_like(wrong))

    recorder = StrictRecorder(per_update_s=1e-6)
    session = opened("graph", None, Recipe(loss, updates=400), module=Breaks(), recorder=recorder)
    losses = session.advance(60).losses
    assert (
        len(losses) == 10
        and losses[-1] != losses[-1]
        and all(map(torch.isfinite, map(torch.tensor, losses[:9])))
    )
    assert recorder.replays < 30


def test_a_whole_fit_runs_by_it_and_is_resumed(graph_on_the_cpu, tmp_path):
    x, y = arrays("mse")
    asked = {
        "loss": "mse", "optimizer": "adam", "batch_size": 4, "shuffle": True, "seed": 2, "dtype": "float64",
        "evaluate_every": 25, "held_out": (x, y), "updates": 90,
    }  # fmt: skip
    wanted = cn.fit(cn.read(NETWORKS[1]), (x, y), **asked, engine="eager")
    found = cn.fit(cn.read(NETWORKS[1]), (x, y), **asked, engine="graph")
    assert found.outcome is wanted.outcome is cn.Outcome.FINISHED
    assert list(found.history.loss) == pytest.approx(list(wanted.history.loss), rel=1e-10)
    assert [e.train for e in found.history.evaluations] == pytest.approx(
        [e.train for e in wanted.history.evaluations], rel=1e-10
    )
    assert found.compile_s > 0
    run = tmp_path / "run"
    cn.fit(
        cn.read(NETWORKS[1]), (x, y), **{**asked, "updates": 53}, engine="graph", out=run, checkpoint_every=20
    )
    resumed = cn.resume(run, data=(x, y), updates=90)
    assert list(resumed.history.loss) == list(found.history.loss)


def test_dropout_leaves_out_its_share_and_another_one_at_each_update():
    """All weights one and no learning: the loss is the mean of what Dropout leaves, which is one."""
    p, width = 0.3, 2_000
    module = nn.Sequential(nn.Linear(1, width, bias=False), nn.Dropout(p)).double()
    nn.init.ones_(module[0].weight)
    x, y = torch.ones(4, 1, dtype=torch.float64), torch.zeros(4, width, dtype=torch.float64)
    recipe = Recipe("l1", lr=0.0, batch_size=2, updates=400)
    session = opened("graph", None, recipe, module=module, source=ArraySource(x, y))
    losses = torch.tensor(session.advance(50).losses, dtype=torch.float64)
    left_s = (p / (1 - p) / (2 * width)) ** 0.5  # the standard deviation of one loss
    assert len(set(losses.tolist())) > 25  # one mask for all replays of ten updates would leave twelve
    assert abs(losses.mean().item() - 1) < 5 * left_s / 50**0.5
    assert losses.std().item() == pytest.approx(left_s, rel=0.5)
