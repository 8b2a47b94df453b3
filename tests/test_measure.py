"""Measuring on a clock that is made by hand."""

import pytest

from chalknet.errors import InvalidValue
from chalknet.measure import Timing, measure, measure_ceilings


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_times_are_exact_on_a_fake_clock_and_rivals_take_turns():
    clock, turns = Clock(), []

    def work(name, seconds):
        turns.append(name)
        clock.now += seconds

    times = measure(
        {"a": lambda: work("a", 2.0), "b": lambda: work("b", 0.5)}, repeats=3, warm_up=1, clock=clock
    )
    assert turns == ["a", "b"] * 4
    assert times["a"].elapsed_s == (2.0, 2.0, 2.0)
    assert (times["b"].median_s, times["b"].spread) == (0.5, 0.0)


def test_the_spread_is_the_range_over_the_median():
    clock = Clock()
    steps = iter([1.0, 2.0, 3.0])

    def work():
        clock.now += next(steps)

    timing = measure({"a": work}, repeats=3, warm_up=0, clock=clock)["a"]
    assert (timing.median_s, timing.spread) == (2.0, 1.0)
    assert str(timing) == "2 s ± 50 %"


def test_no_repeats_are_refused():
    with pytest.raises(InvalidValue, match="wanted at least 1"):
        measure({}, repeats=0)


def test_each_call_comes_after_a_rest_that_is_not_timed(monkeypatch):
    clock, rests = Clock(), []

    def rest(seconds):
        rests.append(seconds)
        clock.now += seconds

    monkeypatch.setattr("chalknet.measure.sleep", rest)
    times = measure({"a": lambda: None, "b": lambda: None}, repeats=2, warm_up=1, rest_s=0.5, clock=clock)
    assert rests == [0.5] * 4
    assert times["a"].elapsed_s == (0.0, 0.0)


def test_the_band_is_the_middle_half():
    assert Timing((1.0, 2.0, 3.0, 4.0, 50.0)).band == (2.0, 4.0)
    assert Timing((1.0, 3.0)).band == (1.5, 2.5)
    assert Timing((2.0,)).band == (2.0, 2.0)


def test_the_ceilings_are_counts_over_the_best_of_the_times(monkeypatch):
    monkeypatch.setattr(
        "chalknet.measure.measure",
        lambda calls, repeats: {"sgemm": Timing((2.0, 0.5)), "copy": Timing((0.25, 1.0))},
    )
    found = measure_ceilings("cpu", repeats=2)
    assert (found.flops_per_s, found.bytes_per_s) == (2 * 1536**3 / 0.5, 2 * 4 * 2**25 / 0.25)
    assert str(found) == "14 GFLOP/s in sgemm, 1.1 GB/s copied"
