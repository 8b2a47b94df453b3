"""Measuring on a clock that is made by hand."""

import pytest

from chalknet.errors import InvalidValue
from chalknet.measure import measure


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
