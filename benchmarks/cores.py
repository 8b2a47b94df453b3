"""Updates by `fused_cpu` on 1, 2, 4, ... threads, and fits by default while other programs keep all cores busy."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from benchmarks.auto import Shape, data_of, fit_of
from benchmarks.sections import Asked, Found, lasting, table
from chalknet.system import cores
from chalknet.units import show_seconds

ROUNDS, BUSY, AIM, TOLERANCE = 5, 4, 2.5, 1.1
_CALL_S, _REST_S = 0.3, 0.2
_SHAPES = (
    Shape("2 -> 3 tanh -> 1", 32, 1),
    Shape("1 -> 500 relu -> 1", None, 1),
    Shape("784 -> 32 relu -> 1 sigmoid", 2048, 1, loss="bce"),
    Shape("784 -> 32 relu -> 1 sigmoid", 1, 1, loss="bce"),
    Shape("16 -> 64 tanh -> 64 tanh -> 1", 32, 1),
    Shape("784 -> 128 relu -> 64 relu -> 10", 128, 1, loss="cross_entropy"),
    Shape("10 -> 1024 relu -> 1024 relu -> 1", 256, 1),
    Shape("1 -> 50000 relu -> 1", None, 1),
    Shape("20 -> " + "100 gelu -> " * 6 + "1", 500, 1, options={"dtype": "float64"}),
)
_EAGER = Shape("10 -> 32 relu -> 1", 64, 1, options={"amsgrad": True})
_BURN = "while True:\n    pass"
_THREADS = f"""Microseconds of an update by `fused_cpu` where at most so many threads may be used, {ROUNDS} rounds in turn,
medians. More threads are never to be slower than fewer: the last column is the largest ratio of a number to a smaller
one, the aim is {TOLERANCE} × (the spread)."""
_LOADED = f"""The time of the updates of a fit by default, alone and while {BUSY} other processes keep the cores busy, in turn,
{ROUNDS} rounds; the ratio is their median. The aim on two cores is {AIM} ×: a thread among {BUSY} busy processes has
{2 / (BUSY + 1):.0%} of a core, two have {4 / (BUSY + 2):.0%} of one together."""


def measured(asked: Asked) -> Found:
    """Time each shape on each number of threads, and by default on a busy machine."""
    sizes = [1 << power for power in range(cores().bit_length()) if 1 << power <= cores()]
    shapes, rounds = (_SHAPES[:2], 1) if asked.quick else (_SHAPES, ROUNDS)
    rows: list[str] = []
    raw: dict[str, Any] = {}
    for shape in shapes:
        call = _update_s(shape, "fused_cpu")
        times = {size: [0.0] * 0 for size in sizes}
        for _ in range(rounds):
            for size in sizes:
                times[size].append(call(threads=size))
        medians = [statistics.median(times[size]) for size in sizes]
        worst = max([times_more / min(medians[:i]) for i, times_more in enumerate(medians) if i], default=1.0)
        cells = [show_seconds(each) for each in medians]
        rows.append(_row(_name(shape), *cells, f"{worst:.2f} ×", _verdict(worst, TOLERANCE)))
        raw[_name(shape)] = times
        print(rows[-1], file=sys.stderr, flush=True)
    lines = [*_THREADS.splitlines(), *table("update", *map(str, sizes), "more against fewer", "", rows=rows)]
    rows = []
    for shape in (*shapes, _EAGER):
        call = _update_s(shape, "auto")
        quiet, busy = [], []
        for _ in range(rounds):
            quiet.append(call())
            with _busy(BUSY):
                busy.append(call())
        ratio = statistics.median(theirs / mine for mine, theirs in zip(quiet, busy, strict=True))
        shown = (show_seconds(statistics.median(quiet)), show_seconds(statistics.median(busy)))
        rows.append(_row(_name(shape), *shown, f"{ratio:.2f} ×", _verdict(ratio, AIM)))
        raw[f"{_name(shape)}, busy"] = {"alone": quiet, "busy": busy}
        print(rows[-1], file=sys.stderr, flush=True)
    lines += ["", *_LOADED.splitlines(), *table("update", "alone", "busy", "ratio", "", rows=rows)]
    return Found(lines, raw)


def _update_s(shape: Shape, engine: str) -> Callable[..., float]:
    """Return a call that gives the seconds of an update, over as many as last long enough."""
    data = data_of(shape)

    def seconds(updates: int, **options: Any) -> float:
        time.sleep(_REST_S)
        asked = replace(shape, updates=updates, options={**shape.options, **options})
        return float(fit_of(asked, data, engine)[1].history.seconds[-1])

    updates = lasting(seconds, _CALL_S)
    return lambda **options: seconds(updates, **options) / updates


@contextmanager
def _busy(processes: int) -> Iterator[None]:
    running = [subprocess.Popen([sys.executable, "-c", _BURN]) for _ in range(processes)]
    try:
        time.sleep(_REST_S)
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def _name(shape: Shape) -> str:
    return str(shape).rpartition(", ")[0]


def _verdict(ratio: float, aim: float) -> str:
    return "reached" if ratio <= aim else "MISSED"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
