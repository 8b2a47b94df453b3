"""The fastest at each size, and where the lead changes, from medians and bands alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalknet.measure import Timing
from chalknet.training import Candidate
from chalknet.units import show_count

Times = Mapping[Candidate, Timing]


@dataclass(frozen=True)
class Crossover:
    """A change of the lead along a sweep.

    Args:
        axis: what is swept, "width" or "batch size".
        first: the leader below.
        then: the leader above.
        low: the largest size at which the second is clearly behind.
        high: the smallest size at which the first is clearly behind.
        at: where the two are equally fast; None where that is too close to call, or `ended`.
        ended: whether the first was not timed at the upper size.
    """

    axis: str
    first: Candidate
    then: Candidate
    low: int
    high: int
    at: float | None
    ended: bool = False

    def __str__(self) -> str:
        low, high = show_count(self.low), show_count(self.high)
        change = f"the lead goes from {self.first} to {self.then}"
        if self.ended:
            return f"at a {self.axis} of {high} {change}: {self.first} was not timed there"
        if self.at is None:
            return f"{change} at a {self.axis} too close to call between {low} and {high}"
        return f"at a {self.axis} of about {show_count(_rounded(round(self.at)))} {change}"


def leaders(times: Times) -> tuple[Candidate, ...]:
    """Return the fastest, and all whose bands overlap with its band: too close to call."""
    fastest = min(times, key=lambda candidate: times[candidate].median_s)
    high = times[fastest].band[1]
    return (fastest, *(each for each in times if each != fastest and times[each].band[0] <= high))


def lead_changes(axis: str, points: Sequence[tuple[int, Times]]) -> tuple[Crossover, ...]:
    """Return every change of the lead, in order.

    A candidate that stays among the leaders keeps the lead. Where the order of the medians changes between
    two neighbouring sizes and the bands overlap at neither, the size is interpolated on logarithmic scales.

    Args:
        axis: what is swept.
        points: ascending sizes and the times at each; points without times are ignored.
    """
    found: list[Crossover] = []
    points = [(size, times) for size, times in points if times]
    ahead: tuple[Candidate, ...] = ()
    for index, (_, times) in enumerate(points):
        now = leaders(times)
        common = tuple(each for each in ahead if each in now)
        if ahead and not common:
            found.append(_change(axis, points[: index + 1], ahead[0], now[0]))
        ahead = common or now
    return tuple(found)


def _change(axis: str, points: Sequence[tuple[int, Times]], first: Candidate, then: Candidate) -> Crossover:
    high, times = points[-1]
    behind = [index for index, (_, each) in enumerate(points) if _is_behind(each, then, first)]
    start = behind[-1] if behind else 0
    low, before = points[start]
    if first not in times:
        return Crossover(axis, first, then, low, high, None, ended=True)
    at = None
    if behind and start == len(points) - 2:
        at = _crossing((low, before[first], before[then]), (high, times[first], times[then]))
    return Crossover(axis, first, then, low, high, at)


def _is_behind(times: Times, one: Candidate, other: Candidate) -> bool:
    return one in times and other in times and times[one].band[0] > times[other].band[1]


def _crossing(lower: tuple[int, Timing, Timing], upper: tuple[int, Timing, Timing]) -> float:
    """Return the size at which two straight lines on logarithmic scales meet."""
    (low, *before), (high, *after) = lower, upper
    gap_before, gap_after = (
        math.log(one.median_s) - math.log(other.median_s) for one, other in (before, after)
    )
    share = gap_before / (gap_before - gap_after)
    return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))


def _rounded(size: int) -> int:
    """Return a size rounded to two digits, the accuracy of the interpolation."""
    return round(size, 1 - math.floor(math.log10(size))) if size else 1
