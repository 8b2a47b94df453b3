"""Honest time: warm up, synchronise, repeat, interleave the rivals, give median and spread."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

import torch

from chalknet.errors import InvalidValue
from chalknet.units import show_seconds


@dataclass(frozen=True)
class Timing:
    """The measured times of one callable.

    Args:
        elapsed_s: one time a repeat, in the order in which they were taken.
    """

    elapsed_s: tuple[float, ...]

    @property
    def median_s(self) -> float:
        """Return the median time in seconds."""
        return statistics.median(self.elapsed_s)

    @property
    def spread(self) -> float:
        """Return (slowest - fastest) / median: 0.1 means that the times lie within a tenth."""
        return (max(self.elapsed_s) - min(self.elapsed_s)) / self.median_s if self.median_s else 0.0

    def __str__(self) -> str:
        return f"{show_seconds(self.median_s)} ± {50 * self.spread:.0f} %"


def measure(
    rivals: Mapping[str, Callable[[], object]],
    *,
    repeats: int = 5,
    warm_up: int = 1,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, Timing]:
    """Return the times of each rival, taken in turn: a b c, a b c, ...

    A drift of the machine then falls on all alike, so that the ratios hold where the times do not.

    Args:
        rivals: names and what is timed; each call is one whole repeat.
        repeats: how often each is timed.
        warm_up: untimed calls before, for caches, compilation and start-up.
        clock: seconds that only go up.

    Raises:
        InvalidValue: for no repeats.
    """
    if repeats < 1:
        raise InvalidValue(
            where="measure", got=f"repeats={repeats}", wanted="at least 1", remedy="Say repeats=5."
        )
    for _ in range(warm_up):
        for call in rivals.values():
            call()
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(repeats):
        for name, call in rivals.items():
            synchronise()
            start = clock()
            call()
            synchronise()  # a device works on after the call came back
            times[name].append(clock() - start)
    return {name: Timing(tuple(taken)) for name, taken in times.items()}


def synchronise() -> None:
    """Wait until every CUDA device that was used has done its work."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
