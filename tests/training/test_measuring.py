"""What auto tries beside a GPU, remembers and says, with costs made by hand; and what a trial run touches."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import chalknet as cn
from chalknet.data import ArraySource, Batches
from chalknet.engine import ENGINES, Advance, StartupCost
from chalknet.planning import Recipe
from chalknet.training.choice.autotune import Candidates, autotune
from chalknet.training.choice.cost_model import Candidate, Cost
from chalknet.training.choice.timing_cache import TimingCache
from chalknet.training.choice.torch_threads import FITS
from chalknet.training.choice.trial_run import run_trial

NET = cn.read("1 -> 500 relu -> 1")
X = torch.linspace(0, 1, 100).reshape(-1, 1)
DATA = X, 0.01 * torch.sin(9 * X)
FUSED, EAGER = Candidate("cpu", "fused_cpu", 2), Candidate("cpu", "eager", 2)
GPU, GRAPH = Candidate("cuda:0", "eager", 2), Candidate("cuda:0", "graph", 2)
BESIDE_A_GPU = Candidates("auto", ("cpu", "cuda:0"), ("fused_cpu", "graph", "eager"), 2, 2)


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
def _a_gpu_by_name(monkeypatch):
    """Engines that say they would run on a GPU, and take half a second to start there."""
    for name, start_s in (("eager", 0.5), ("graph", 1.0)):
        engine = type(ENGINES[name])
        refusals, start = engine.refusals, StartupCost(start_s)
        by_name = {"cuda:0": (), "cpu": None}
        monkeypatch.setattr(
            engine,
            "refusals",
            lambda self, n, r, p, by=by_name, kept=refusals: (
                kept(self, n, r, p) if by[p.device] is None else by[p.device]
            ),
        )
        monkeypatch.setattr(
            engine,
            "startup_cost",
            lambda self, n, r, p, start=start: StartupCost() if p.device == "cpu" else start,
        )
    monkeypatch.setattr(type(ENGINES["fused_cpu"]), "startup_cost", lambda self, n, r, p: StartupCost(0.1))


@pytest.fixture
def memory(tmp_path):
    return TimingCache(tmp_path / "deep" / "measured.json", now=lambda: 1e9)


def draft(updates=100_000, network=NET, **options):
    options = {"loss": "mse", "optimizer": "adam", "updates": updates, **options}
    plan = cn.plan(network, DATA, Recipe(**options), engine="eager", threads=2)
    return replace(plan, reasons=())


def test_a_choice_measured_beside_another_fit_is_not_remembered(memory):
    costs = {FUSED: Cost(310e-6, 0.1), GPU: Cost(305e-6, 2.0), GRAPH: Cost(8e-6, 1.1)}
    beside, alone, recalling = Trials(costs), Trials(costs), Trials(costs)
    with FITS.working():
        choice = autotune(draft(), BESIDE_A_GPU, beside, memory)
    assert any("other fits ran meanwhile" in reason for reason in choice.reasons)
    autotune(draft(), BESIDE_A_GPU, alone, memory)
    assert alone.tried == beside.tried == [FUSED, GPU, GRAPH]
    autotune(draft(), BESIDE_A_GPU, recalling, memory)
    assert recalling.tried == []


def test_beside_a_gpu_the_cpu_is_tried_by_one_engine_and_the_cheapest_wins(memory):
    trials = Trials({FUSED: Cost(310e-6, 0.1), GPU: Cost(305e-6, 2.0), GRAPH: Cost(8e-6, 1.1)})
    choice = autotune(draft(), BESIDE_A_GPU, trials, memory)
    assert trials.tried == [FUSED, GPU, GRAPH]
    assert choice.candidate == GRAPH
    assert choice.reasons[0].startswith("measured: fused_cpu 2 threads 310 µs an update")
    assert choice.reasons[0].endswith("100,000 updates take 31.1 s or 32.5 s or 1.9 s")
    assert choice.reasons[-1].endswith('say engine="eager", device="cpu"')


@pytest.mark.parametrize("length", [{"updates": 1}, {"updates": 700}, {"updates": None, "seconds": 1.5}])
def test_a_short_fit_is_not_measured_and_stays_on_the_cpu(memory, length):
    trials = Trials({})
    choice = autotune(draft(**length), BESIDE_A_GPU, trials, memory)
    assert choice.candidate == FUSED
    assert "nothing was measured: a fit of less than about 2 s" in choice.reasons[0]
    assert not trials.tried
    assert not memory.path.exists()


def test_nobody_is_started_who_cannot_pay(memory):
    choice = autotune(draft(20_000), BESIDE_A_GPU, Trials({FUSED: Cost(20e-6)}), memory)
    assert choice.candidate == FUSED
    assert any(
        reason.startswith("graph on cuda:0 was not tried: its start takes about 1 s")
        for reason in choice.reasons
    )


def test_few_and_long_updates_are_estimated_where_one_on_trial_would_cost_too_much(memory):
    trials = Trials({GPU: Cost(0.02, 1.1)})
    plan = draft(10, cn.read("1 -> 8000000 relu -> 1"))
    choice = autotune(plan, BESIDE_A_GPU, trials, memory)
    assert (trials.tried, choice.candidate) == ([GPU], GPU)
    assert "fused_cpu 2 threads was not tried but estimated: the updates are few and long" in choice.reasons
    key = next(iter(memory._entries()))
    assert list(memory.recall(key)) == [GPU]  # an estimate is nothing to remember


def test_a_budget_in_seconds_is_as_many_updates_as_are_made_in_it_on_the_cpu(memory):
    trials = Trials({FUSED: Cost(1e-3), GPU: Cost(1e-3, 0.5), GRAPH: Cost(1e-5, 1.0)})
    choice = autotune(draft(updates=None, seconds=60.0), BESIDE_A_GPU, trials, memory)
    assert choice.candidate == GRAPH
    assert "60,000 updates take 1 min 0 s or 1 min 0 s or 1.6 s" in choice.reasons[0]


def test_what_was_measured_is_remembered_and_says_so(memory):
    costs = {FUSED: Cost(310e-6), GPU: Cost(305e-6, 0.5), GRAPH: Cost(8e-6, 1.3)}
    first = autotune(draft(), BESIDE_A_GPU, Trials(costs), memory)
    again = Trials({})
    second = autotune(draft(300_000), BESIDE_A_GPU, again, memory)
    assert (again.tried, second.candidate) == ([], first.candidate)
    assert second.reasons[0].startswith(
        "remembered from an earlier fit: fused_cpu 2 threads 310 µs an update"
    )
    assert "graph on cuda:0 8 µs + 1.3 s to start" in second.reasons[0]


def test_a_longer_fit_tries_whom_a_shorter_one_left_out(memory):
    costs = {FUSED: Cost(100e-6), GPU: Cost(90e-6, 0.5), GRAPH: Cost(5e-6, 1.0)}
    autotune(draft(14_000), BESIDE_A_GPU, Trials({FUSED: Cost(10e-6)}), memory)
    later = Trials(costs)
    assert autotune(draft(10_000_000), BESIDE_A_GPU, later, memory).candidate == GRAPH
    assert later.tried == [GPU, GRAPH]


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
    costs = {FUSED: Cost(310e-6), GPU: Cost(305e-6, 0.5), GRAPH: Cost(8e-6, 1.3)}
    autotune(draft(), BESIDE_A_GPU, Trials(costs), memory)
    trials = Trials(costs)
    autotune(draft(**other), BESIDE_A_GPU, trials, memory)
    assert trials.tried == [FUSED, GPU, GRAPH]


def test_an_engine_that_fails_on_trial_is_named_and_passed_over(memory):
    trials = Trials({FUSED: Cost(1e-3), GPU: Cost(1e-3, 0.5), GRAPH: RuntimeError("no graph\nbehind it")})
    choice = autotune(draft(), BESIDE_A_GPU, trials, memory)
    assert choice.candidate == FUSED
    assert "graph on cuda:0 failed on trial: no graph" in choice.reasons


def test_when_nobody_runs_on_trial_it_is_left_to_the_fit_to_say_why(memory):
    bad = ValueError("bad data")
    choice = autotune(draft(), BESIDE_A_GPU, Trials({FUSED: bad, GPU: bad, GRAPH: bad}), memory)
    assert choice.candidate == FUSED
    assert choice.reasons[0] == "fused_cpu 2 threads failed on trial: bad data"
    assert not memory.path.exists()


def test_a_gpu_is_woken_when_it_can_pay_and_wins_by_a_margin(memory):
    ways = Candidates("eager", ("cpu", "cuda:0"), ("eager",), 2, 2)
    for gpu_s, winner in ((90e-6, EAGER), (20e-6, GPU)):
        trials = Trials({EAGER: Cost(100e-6), GPU: Cost(gpu_s, 2.0)})
        place = replace(memory, path=memory.path.with_name(f"{gpu_s}.json"))
        choice = autotune(draft(1_000_000), ways, trials, place)
        assert (trials.tried, choice.candidate) == ([EAGER, GPU], winner)


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
