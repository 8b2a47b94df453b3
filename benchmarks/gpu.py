"""The engines on a GPU: S1, which launches bind, and S2, which memory binds, beside what the memory allows."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import torch

import chalknet as cn
from benchmarks.cases import EAGER, FUSED, Case, cases
from benchmarks.sections import ROOT, Asked, Found, table
from chalknet.measure import measure
from chalknet.units import show_seconds

GRAPH = "graph"
ROUNDS = 7
AIM = 4.0  # times as fast as eager, at S1
_CASES = ("S1", "S2")
_FIT_S = 0.4  # that a fit takes: with its warm-up and rounds, three rivals and two cases, a minute holds it
_FIRST_UPDATES = 40  # of the warm-up, which says how many updates a fit then makes
_RIVALS = {EAGER: "cuda", GRAPH: "cuda", FUSED: "cpu"}
_COPIED_BYTES = 1 << 30
# How often an update of 1→hidden→1 reads or writes a number a sample and hidden unit: forward, the sums write
# and ReLU reads and writes them, and the second layer reads; backward, the gradient of h is written, ReLU reads
# it and h and writes, and three products read.
_PASSES = 11
_PER_WEIGHT = 9  # numbers read or written a weight: forward, its gradient, and Adam's seven
_INTRODUCTION = f"""An update's time is the median of {ROUNDS} fits, the rivals in turn, each fit with its device waited for; capturing and
warming up are shown apart and never counted. The bound is the memory traffic of the kernels that torch runs,
counted, at the speed of a copy on the same device."""
_ELSEWHERE = ROOT / "benchmarks" / "results" / "gpu.md"  # figures of a machine that has a GPU
_HEADS = ("case", "rival", "an update", "spread", "takes, against graph", "capturing", "aim")


@dataclass(frozen=True)
class _Fits:
    """The fits of one rival: seconds an update, one a round, the seconds of capturing, the updates of a fit."""

    update_s: list[float]
    compile_s: float
    updates: int


def measured(asked: Asked) -> Found:
    """Time the engines in turn; without a GPU, return the figures that a machine with one gave."""
    if not torch.cuda.is_available():
        return Found(_ELSEWHERE.read_text(encoding="utf-8").rstrip().splitlines(), {"device": None})
    lines, raw = [], {"device": torch.cuda.get_device_name(), "copied_bytes_a_second": _bandwidth()}
    for case in cases():
        if case.name not in _CASES or not asked.wants(case.name):
            continue
        fits = _fits(case, 1 if asked.quick else ROUNDS, 0.0 if asked.quick else _FIT_S)
        raw[case.name] = {name: taken.update_s for name, taken in fits.items()}
        lines += _rows(case, fits, raw["copied_bytes_a_second"])
        print("\n".join(lines[-len(fits) - 1 :]), file=sys.stderr, flush=True)
    return Found([f"On {raw['device']}. {_INTRODUCTION}", *table(*_HEADS, rows=lines)], raw)


def _fits(case: Case, rounds: int, fit_s: float) -> dict[str, _Fits]:
    """Fit by each rival in turn, round after round, each fit so many updates that it takes so many seconds."""
    fits: dict[str, _Fits] = {}
    for engine in _RIVALS:
        _fit(case, engine, _FIRST_UPDATES)  # the first fit alone compiles what is kept on disk
        first = _fit(case, engine, _FIRST_UPDATES)
        per_update_s = first.history.seconds[-1] / _FIRST_UPDATES
        fits[engine] = _Fits([], first.compile_s, max(_FIRST_UPDATES, int(fit_s / per_update_s)))
    for _ in range(rounds):
        for engine, taken in fits.items():
            result = _fit(case, engine, taken.updates)
            taken.update_s.append(result.history.seconds[-1] / taken.updates)
    return fits


def _fit(case: Case, engine: str, updates: int) -> cn.FitResult:
    return cn.fit(
        cn.read(case.formula), (case.x, case.y), **case.options, updates=updates, engine=engine,
        device=_RIVALS[engine], progress=False,
    )  # fmt: skip


def _rows(case: Case, fits: dict[str, _Fits], bandwidth: float) -> Iterator[str]:
    what = f"{case.name} {case.formula}, batch {case.batch_size}"
    for name, taken in fits.items():
        middle = statistics.median(taken.update_s)
        pairs = zip(taken.update_s, fits[GRAPH].update_s, strict=True)
        ratio = statistics.median(theirs / ours for theirs, ours in pairs)
        spread = 50 * (max(taken.update_s) - min(taken.update_s)) / middle
        aim = ""
        if (case.name, name) == ("S1", EAGER):
            aim = f"{AIM:g} ×: {'reached' if ratio >= AIM else 'MISSED'}"
        shown = "" if name == GRAPH else f"{ratio:.2f} ×"
        compiling = show_seconds(taken.compile_s) if taken.compile_s else ""
        where = f"{name} on {_RIVALS[name]}"
        yield (
            f"| {what} | {where} | {show_seconds(middle)} | ± {spread:.0f} % | {shown} | {compiling} | {aim} |"
        )
    bound_s = _traffic_bytes(case) / bandwidth
    ratio = bound_s / statistics.median(fits[GRAPH].update_s)
    yield f"| {what} | the bound of memory | {show_seconds(bound_s)} | | {ratio:.2f} × | | |"


def _traffic_bytes(case: Case) -> float:
    hidden = int(case.formula.split()[2])
    return 4.0 * hidden * (_PASSES * len(case.x) + _PER_WEIGHT * 3)


def _bandwidth() -> float:
    """Return the bytes a second that a copy reads and writes on the device."""
    there = torch.empty(_COPIED_BYTES, dtype=torch.uint8, device="cuda")
    here = torch.empty_like(there)
    taken = measure({"copy": lambda: here.copy_(there)}, repeats=9)["copy"]
    return 2 * _COPIED_BYTES / min(taken.elapsed_s)
