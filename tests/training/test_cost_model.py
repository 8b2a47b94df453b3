"""The rule by which auto decides, as a pure function of what was found."""

from hypothesis import given
from hypothesis import strategies as st

from chalknet.engine import StartupCost
from chalknet.training.choice.cost_model import (
    MARGIN,
    OTHER_DEVICE_MARGIN,
    Candidate,
    Cost,
    cheapest,
    is_worth_starting,
    show_costs,
)

EAGER = Candidate("cpu", "eager", 2)
ALONE = Candidate("cpu", "eager", 1)
FUSED = Candidate("cpu", "fused_cpu", 2)
GPU = Candidate("cuda:0", "eager", 2)
GRAPH = Candidate("cuda:0", "graph", 2)
EVERYBODY = (EAGER, ALONE, FUSED, GPU, GRAPH)

seconds = st.floats(1e-7, 1e3)
updates = st.integers(1, 10**8)
some_costs = st.builds(
    lambda update_s, start_s, others: {EAGER: Cost(update_s), **others},
    seconds,
    seconds,
    st.dictionaries(st.sampled_from(EVERYBODY[1:]), st.builds(Cost, seconds, st.floats(0, 100))),
)


@given(some_costs, updates)
def test_nobody_who_was_measured_is_cheaper_by_more_than_the_margins(costs, updates):
    chosen = cheapest(costs, updates)
    least_s = min(cost.total_s(updates) for cost in costs.values())
    assert costs[chosen].total_s(updates) * (1 - MARGIN) * (1 - OTHER_DEVICE_MARGIN) <= least_s * (1 + 1e-9)


@given(some_costs, updates)
def test_a_gpu_wins_only_by_its_margin_over_every_way_on_the_cpu(costs, updates):
    chosen = cheapest(costs, updates)
    if chosen.device != "cpu":
        on_cpu = [cost.total_s(updates) for candidate, cost in costs.items() if candidate.device == "cpu"]
        assert costs[chosen].total_s(updates) < min(on_cpu) * (1 - OTHER_DEVICE_MARGIN) / (1 - MARGIN)


@given(home_s=seconds, gpu_s=seconds, start_s=st.floats(0, 100), updates=updates)
def test_a_gpu_wins_exactly_when_updates_times_saving_exceed_its_start_by_the_margin(
    home_s, gpu_s, start_s, updates
):
    saved_s = updates * (home_s - gpu_s)
    margin_s = OTHER_DEVICE_MARGIN * updates * home_s
    near = abs(saved_s - start_s - margin_s) <= 1e-9 * (updates * home_s + start_s)
    wins = cheapest({EAGER: Cost(home_s), GPU: Cost(gpu_s, start_s)}, updates) == GPU
    assert near or wins == (saved_s > start_s + margin_s)


@given(home_s=seconds, other_s=seconds, start_s=st.floats(0, 100), updates=updates, more=st.integers(1, 1000))
def test_who_has_won_its_start_back_keeps_the_lead_in_a_longer_fit(home_s, other_s, start_s, updates, more):
    costs = {EAGER: Cost(home_s), FUSED: Cost(other_s, start_s)}
    if cheapest(costs, updates) == FUSED:
        assert cheapest(costs, updates * more) == FUSED


@given(some_costs)
def test_with_no_updates_left_nobody_is_started(costs):
    assert costs[cheapest(costs, 0)].start_s == 0


def test_the_case_of_the_docs_is_decided_as_the_docs_say():
    costs = {EAGER: Cost(310e-6), FUSED: Cost(8e-6, 1.1)}
    assert cheapest(costs, 3_000) == EAGER
    assert cheapest(costs, 100_000) == FUSED
    assert show_costs(costs, (), 100_000) == (
        "measured: eager 2 threads 310 µs an update, fused_cpu 2 threads 8 µs + 1.1 s to start: "
        "100,000 updates take 31 s or 1.9 s"
    )


def test_what_was_remembered_says_so():
    costs = {EAGER: Cost(1e-3), GPU: Cost(1e-4, 2.0)}
    assert show_costs(costs, (EAGER, GPU), 5).startswith("remembered from an earlier fit: eager 2 threads")
    assert "eager on cuda:0 100 µs + 2 s to start: " in show_costs(costs, (EAGER,), 5)
    assert "1 ms an update (remembered), eager on" in show_costs(costs, (EAGER,), 5)


@given(update_s=seconds, start_s=st.floats(0.1, 100), updates=updates)
def test_a_candidate_is_started_when_its_promise_pays_or_its_start_is_small(update_s, start_s, updates):
    startup_cost = StartupCost(start_s, 0.0, times_as_fast=2.0)
    worth = is_worth_starting(FUSED, startup_cost, {EAGER: Cost(update_s)}, updates)
    total_s = updates * update_s
    if start_s > total_s:  # not even an update that takes no time would pay
        assert not worth
    if start_s <= 0.04 * total_s or start_s < 0.44 * total_s:
        assert worth


def test_compiling_counts_as_start():
    costs = {EAGER: Cost(1e-3)}
    assert is_worth_starting(FUSED, StartupCost(1.0, 0.0, 2.0), costs, 10_000)
    assert not is_worth_starting(FUSED, StartupCost(1.0, 30.0, 2.0), costs, 10_000)
    assert is_worth_starting(FUSED, StartupCost(1.0, 30.0, 2.0), costs, 100_000)


def test_a_gpu_is_not_woken_once_the_cpu_is_fast():
    assert is_worth_starting(GPU, StartupCost(2.0), {EAGER: Cost(1e-3)}, 10_000)
    assert not is_worth_starting(GPU, StartupCost(2.0), {EAGER: Cost(1e-3), FUSED: Cost(1e-5)}, 10_000)
