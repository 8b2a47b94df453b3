"""Measure times: warm up, synchronise, repeat, interleave the callables; median and spread."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter, sleep

import torch

from chalknet.errors import invalid
from chalknet.units import show_seconds


@dataclass(frozen=True)
class Timing:
    """The measured times of one callable.

    Args:
        elapsed_s: a time for each repeat, in order.
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

    @property
    def band(self) -> tuple[float, float]:
        """Return the quartiles in seconds: the middle half of the times lies between them."""
        if len(self.elapsed_s) == 1:
            return self.elapsed_s[0], self.elapsed_s[0]
        low, _, high = statistics.quantiles(self.elapsed_s, n=4, method="inclusive")
        return low, high

    def __str__(self) -> str:
        return f"{show_seconds(self.median_s)} ± {50 * self.spread:.0f} %"


def measure(
    rivals: Mapping[str, Callable[[], object]],
    *,
    repeats: int = 5,
    warm_up: int = 1,
    rest_s: float = 0.0,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, Timing]:
    """Return the times of each rival, taken in turn: a b c, a b c, ...

    A drift of the machine then affects all alike, so the ratios are reliable even where the times are not.

    Args:
        rivals: names and callables; each call is one repeat.
        repeats: how often each is timed.
        warm_up: untimed calls first, for caches, compilation and start-up.
        rest_s: a pause before each timed call, so that idle threads of the previous callable stop spinning.
        clock: returns seconds, ascending.

    Raises:
        InvalidValue: for no repeats.
    """
    if repeats < 1:
        raise invalid("repeats", repeats, "at least 1", "Say repeats=5.")
    for _ in range(warm_up):
        for call in rivals.values():
            call()
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(repeats):
        for name, call in rivals.items():
            synchronise()
            sleep(rest_s)
            start = clock()
            call()
            synchronise()  # a device may still be working when the call returns
            times[name].append(clock() - start)
    return {name: Timing(tuple(taken)) for name, taken in times.items()}


def synchronise() -> None:
    """Wait until every accelerator has finished its work."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        for index in range(torch.cuda.device_count()):
            torch.cuda.synchronize(index)
    if torch.backends.mps.is_available():
        torch.mps.synchronize()
    if torch.xpu.is_available():
        torch.xpu.synchronize()


@dataclass(frozen=True)
class Ceilings:
    """The best rates of a device, measured with torch's own operations.

    Args:
        flops_per_s: multiplications and additions per second in a float32 matrix product.
        bytes_per_s: bytes read and written per second while copying.
    """

    flops_per_s: float
    bytes_per_s: float

    def __str__(self) -> str:
        return f"{self.flops_per_s / 1e9:.0f} GFLOP/s in sgemm, {self.bytes_per_s / 1e9:.1f} GB/s copied"


_SIDE, _COPIED = 1536, 1 << 25  # rows of a square matrix; numbers of an array larger than any cache


def measure_ceilings(device: str = "cpu", *, repeats: int = 5) -> Ceilings:
    """Return the ceilings of a device with torch's current number of threads: the best of some repeats."""
    a, b = torch.ones(2, _SIDE, _SIDE, device=device)
    source = torch.ones(_COPIED, device=device)
    target = torch.empty_like(source)
    calls: dict[str, Callable[[], object]] = {"sgemm": lambda: a @ b, "copy": lambda: target.copy_(source)}
    best = {name: min(timing.elapsed_s) for name, timing in measure(calls, repeats=repeats).items()}
    return Ceilings(2 * _SIDE**3 / best["sgemm"], 2 * source.nbytes / best["copy"])
