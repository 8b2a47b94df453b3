"""What auto tries, remembers and says, with costs made by hand; and that what it chose is what is run."""

import random
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch
from torch import nn

import chalknet as cn
from chalknet.data import ArraySource, Batches
from chalknet.engine import ENGINES, Advance
from chalknet.errors import Refused
from chalknet.planning import Placement, Recipe
from chalknet.training.choice.autotune import Candidates, autotune
from chalknet.training.choice.cost_model import Candidate, Cost
from chalknet.training.choice.timing_cache import TimingCache
from chalknet.training.choice.trial_run import run_trial

NET = cn.read("1 -> 500 relu -> 1")
X = torch.linspace(0, 1, 100).reshape(-1, 1)
DATA = X, 0.01 * torch.sin(9 * X)
EAGER, ALONE, FUSED = (
    Candidate("cpu", "eager", 2),
    Candidate("cpu", "eager", 1),
    Candidate("cpu", "fused_cpu", 2),
)
GPU = Candidate("cuda:0", "eager", 2)
EVERY_CANDIDATE = Candidates("auto", ("cpu",), ("fused_cpu", "eager"), (2, 1))


class Trials:
    """Costs by hand in place of the stopwatch, and who asked for them."""

    def __init__(self, costs):
        self.costs, self.tried, self.shares = costs, [], []

    def __call__(self, plan, share):
        candidate = Candidate(plan.placement.device, plan.engine, plan.placement.threads)
        self.tried.append(candidate)
        self.shares.append(share)
        cost = self.costs[candidate]
        if isinstance(cost, Exception):
            raise cost
        return cost


@pytest.fixture(autouse=True)
def _kernels_are_kept_on_disk_but_not_loaded(monkeypatch):
    engine = import_module("chalknet.engine.fused_cpu.engine")
    monkeypatch.setattr(engine, "_code_is", lambda where, network, dtype: where == "at_hand")
    monkeypatch.setattr(engine, "_LOADING_S", 1.1)  # so that it matters


@pytest.fixture
def memory(tmp_path):
    return TimingCache(tmp_path / "deep" / "measured.json", now=lambda: 1e9)


def draft(updates=100_000, network=NET, **options):
    options = {"loss": "mse", "optimizer": "adam", "updates": updates, **options}
    plan = cn.plan(network, DATA, Recipe(**options), engine="eager", threads=2)
    return replace(plan, reasons=())


def test_the_first_to_be_tried_is_at_home_and_the_cheapest_with_its_start_wins(memory):
    trials = Trials({EAGER: Cost(310e-6), ALONE: Cost(305e-6), FUSED: Cost(8e-6, 1.1)})
    choice = autotune(draft(), EVERY_CANDIDATE, trials, memory)
    assert trials.tried == [EAGER, ALONE, FUSED]
    assert choice.candidate == FUSED
    assert choice.reasons[0] == (
        "measured: eager 2 threads 310 µs an update, eager 1 thread 305 µs, "
        "fused_cpu 2 threads 8 µs + 1.1 s to start: 100,000 updates take 31 s or 30.5 s or 1.9 s"
    )
    assert 'engine="eager"' in choice.reasons[1]


def test_nobody_is_started_who_cannot_pay(memory):
    trials = Trials({EAGER: Cost(100e-6), ALONE: Cost(99e-6)})
    choice = autotune(draft(20_000), EVERY_CANDIDATE, trials, memory)
    assert choice.candidate == EAGER
    assert any(
        reason.startswith("fused_cpu 2 threads was not tried: its start takes about 1.1 s")
        for reason in choice.reasons
    )


def test_one_thread_wins_where_two_get_into_each_others_way(memory):
    trials = Trials({EAGER: Cost(200e-6), ALONE: Cost(50e-6)})
    assert autotune(draft(20_000), EVERY_CANDIDATE, trials, memory).candidate == ALONE


@pytest.mark.parametrize("length", [{"updates": 1}, {"updates": 700}, {"updates": None, "seconds": 1.5}])
def test_a_short_fit_is_not_measured_and_runs_eager(memory, length):
    trials = Trials({})
    choice = autotune(draft(**length), EVERY_CANDIDATE, trials, memory)
    assert choice.candidate == EAGER
    assert "nothing was measured: a fit of less than about 2 s" in choice.reasons[0]
    assert not trials.tried
    assert not memory.path.exists()


def test_whether_a_fit_is_short_is_counted_so_wide_networks_are_measured_sooner(memory):
    trials = Trials({EAGER: Cost(0.1), FUSED: Cost(2e-3, 1.1)})
    choice = autotune(draft(100, cn.read("1 -> 200000 relu -> 1")), EVERY_CANDIDATE, trials, memory)
    assert (trials.tried, choice.candidate) == ([EAGER, FUSED], FUSED)  # one thread is no question here
    assert trials.shares[0] == pytest.approx(2.5)


def test_few_and_long_updates_are_estimated_where_one_on_trial_would_cost_too_much(memory):
    trials = Trials({FUSED: Cost(0.2, 1.1)})
    choice = autotune(draft(10, cn.read("1 -> 20000000 relu -> 1")), EVERY_CANDIDATE, trials, memory)
    assert (trials.tried, choice.candidate) == ([FUSED], FUSED)
    assert "eager 2 threads was not tried but estimated: the updates are few and long" in choice.reasons
    key = next(iter(memory._entries()))
    assert list(memory.recall(key)) == [FUSED]  # an estimate is nothing to remember


def test_a_budget_in_seconds_is_as_many_updates_as_are_made_in_it_at_home(memory):
    trials = Trials({EAGER: Cost(1e-3), ALONE: Cost(1e-3), FUSED: Cost(1e-5, 1.0)})
    choice = autotune(draft(updates=None, seconds=60.0), EVERY_CANDIDATE, trials, memory)
    assert choice.candidate == FUSED
    assert "60,000 updates take 1 min 0 s or 1 min 0 s or 1.6 s" in choice.reasons[0]


def test_what_was_measured_is_remembered_and_says_so(memory):
    costs = {EAGER: Cost(310e-6), ALONE: Cost(305e-6), FUSED: Cost(8e-6, 1.3)}
    first = autotune(draft(), EVERY_CANDIDATE, Trials(costs), memory)
    again = Trials({})
    second = autotune(draft(300_000), EVERY_CANDIDATE, again, memory)
    assert (again.tried, second.candidate) == ([], first.candidate)
    assert second.reasons[0].startswith("remembered from an earlier fit: eager 2 threads 310 µs an update")
    assert "fused_cpu 2 threads 8 µs + 1.3 s to start" in second.reasons[0]


def test_a_longer_fit_tries_whom_a_shorter_one_left_out(memory):
    costs = {EAGER: Cost(100e-6), ALONE: Cost(100e-6), FUSED: Cost(5e-6, 1.0)}
    autotune(draft(20_000), EVERY_CANDIDATE, Trials(costs), memory)
    later = Trials(costs)
    assert autotune(draft(1_000_000), EVERY_CANDIDATE, later, memory).candidate == FUSED
    assert later.tried == [FUSED]


@pytest.mark.parametrize(
    "other",
    [
        {"optimizer": "sgd"},
        {"loss": "l1"},
        {"batch_size": 10, "updates": 10**6},
        {"target_loss": 1e-9},
        {"shuffle": True},
        {"network": cn.read("1 -> 501 relu -> 1")},
    ],
)
def test_another_recipe_or_shape_is_measured_anew(memory, other):
    costs = {EAGER: Cost(310e-6), ALONE: Cost(305e-6), FUSED: Cost(8e-6, 1.3)}
    autotune(draft(), EVERY_CANDIDATE, Trials(costs), memory)
    trials = Trials(costs)
    autotune(draft(**other), EVERY_CANDIDATE, trials, memory)
    assert trials.tried == [EAGER, ALONE, FUSED]


def test_compiling_once_is_counted_now_and_not_remembered(memory, monkeypatch):
    engine = import_module("chalknet.engine.fused_cpu.engine")
    monkeypatch.setattr(engine, "_code_is", lambda where, network, dtype: False)
    costs = {EAGER: Cost(310e-6), ALONE: Cost(310e-6), FUSED: Cost(8e-6, 30.0)}
    first = autotune(draft(10**6), EVERY_CANDIDATE, Trials(costs), memory)
    assert "8 µs + 30 s to start" in first.reasons[0]
    monkeypatch.setattr(engine, "_code_is", lambda where, network, dtype: where == "at_hand")
    assert "8 µs + 1.1 s to start" in autotune(draft(10**6), EVERY_CANDIDATE, Trials({}), memory).reasons[0]


def test_an_engine_that_fails_on_trial_is_named_and_passed_over(memory):
    trials = Trials({EAGER: Cost(1e-3), ALONE: Cost(1e-3), FUSED: RuntimeError("no kernel\nbehind it")})
    choice = autotune(draft(), EVERY_CANDIDATE, trials, memory)
    assert choice.candidate == EAGER
    assert "fused_cpu 2 threads failed on trial: no kernel" in choice.reasons


def test_when_nobody_runs_on_trial_it_is_left_to_the_fit_to_say_why(memory):
    bad = ValueError("bad data")
    choice = autotune(draft(), EVERY_CANDIDATE, Trials({EAGER: bad, ALONE: bad, FUSED: bad}), memory)
    assert choice.candidate == EAGER
    assert choice.reasons[0] == "eager 2 threads failed on trial: bad data"
    assert not memory.path.exists()


def test_whoever_runs_takes_the_place_of_the_plain_loop_that_does_not(memory):
    problem = MemoryError("no memory for all hidden values")
    trials = Trials({EAGER: problem, ALONE: problem, FUSED: Cost(1.0, 1.1)})
    choice = autotune(draft(100, cn.read("1 -> 1000000 relu -> 1")), EVERY_CANDIDATE, trials, memory)
    assert choice.candidate == FUSED
    assert "eager 2 threads failed on trial: no memory for all hidden values" in choice.reasons


def test_every_engine_that_refuses_is_named(memory):
    trials = Trials({EAGER: Cost(1e-3), ALONE: Cost(1e-3)})
    plan = draft(optimizer_options={"amsgrad": True})
    choice = autotune(plan, EVERY_CANDIDATE, trials, memory)
    assert choice.reasons[0] == "engine fused_cpu cannot run this: it has no amsgrad for adam"
    with pytest.raises(Refused, match=r"engine fused_cpu: got engine fused_cpu cannot run this.*amsgrad"):
        autotune(plan, Candidates("fused_cpu", ("cpu",), ("fused_cpu",), (2,)), trials, memory)


def test_a_gpu_is_woken_when_it_can_pay_and_wins_by_a_margin(memory):
    ways = Candidates("eager", ("cpu", "cuda:0"), ("eager",), (2,))
    for gpu_s, winner in ((90e-6, EAGER), (20e-6, GPU)):
        trials = Trials({EAGER: Cost(100e-6), GPU: Cost(gpu_s, 2.0)})
        place = replace(memory, path=memory.path.with_name(f"{gpu_s}.json"))
        choice = autotune(draft(1_000_000), ways, trials, place)
        assert (trials.tried, choice.candidate) == ([EAGER, GPU], winner)
    assert autotune(draft(15_000), ways, Trials({EAGER: Cost(100e-6)}), memory).candidate == EAGER


def test_data_that_may_change_when_it_is_read_is_not_tried():
    class Counting:
        name, x_shape, y_shape, held_out = "counting", (1,), (1,), None
        taken = 0

        def __len__(self):
            return 100

        def take(self, rows):
            self.taken += 1
            return DATA[0][rows], DATA[1][rows]

    data = Counting()
    plan = cn.plan(NET, data, Recipe(loss="mse", updates=10**7))
    assert (plan.engine, data.taken) == ("eager", 0)
    assert any("data of a class of your own" in reason for reason in plan.reasons)


def test_a_trial_leaves_module_and_random_numbers_as_they_were():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.drop = nn.Linear(1, 1), nn.Dropout(0.5)
            self.register_buffer("seen", torch.zeros(()))

        def forward(self, x):
            self.seen += 1
            return self.drop(self.linear(x)) + random.random() + np.random.rand()

    module = Noisy()
    plan = cn.plan(module, DATA, Recipe(loss="mse", updates=5, batch_size=7, shuffle=True))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    batches = Batches(ArraySource(*DATA), 7, shuffle=True)
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()
    found = run_trial(plan, batches, module, 4)
    assert found.update_s > 0
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert np.array_equal(np.random.get_state()[1], states[2][1])
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_trial_is_made_of_whole_advances_and_stays_near_its_allowance(engine, monkeypatch):
    """On a clock by hand: an update takes 1 ms, the first one 50."""

    made = []

    class Session:
        def advance(self, updates):
            made.append(updates)
            return Advance((0.1,) * updates, 0.05 if len(made) == 1 else 1e-3 * updates)

    monkeypatch.setattr(type(ENGINES[engine]), "open", lambda *_: Session())
    plan = replace(draft(), engine=engine)
    cost = run_trial(plan, None, None, 4, clock=iter([0.0, 2.05]).__next__)
    assert cost == Cost(pytest.approx(1e-3), pytest.approx(2.049))
    assert 3 <= sum(made) <= 1 + 25


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [None, 8])
def test_auto_ends_with_the_very_weights_of_the_engine_that_it_names(batch_size):
    """A real measurement; whatever it chooses."""
    network = cn.read("1 -> 40 relu dropout(0.1) -> 1")
    options = {"loss": "mse", "optimizer": "adam", "batch_size": batch_size, "shuffle": True, "seed": 3}
    random_state = torch.get_rng_state()
    measured = cn.fit(network, DATA, updates=15_000, **options)
    assert torch.equal(torch.get_rng_state(), random_state)
    chosen = measured.plan
    assert any("measured: eager" in reason for reason in chosen.reasons)
    named = cn.fit(
        network,
        DATA,
        updates=15_000,
        engine=chosen.engine,
        device=chosen.placement.device,
        threads=chosen.placement.threads,
        **options,
    )
    assert list(measured.history.loss) == list(named.history.loss)
    for one, other in zip(measured.module.parameters(), named.module.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_engine_by_name_keeps_torchs_number_of_threads():
    plan = cn.plan(NET, DATA, Recipe(loss="mse", updates=10**6), engine="eager")
    assert plan.placement == Placement("cpu", "float32", torch.get_num_threads(), plan.placement.reasons)
    assert not [reason for reason in plan.reasons if "measured" in reason]
