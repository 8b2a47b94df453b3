"""The engines against the loops people write and the libraries they take: cases S1 to S8."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.cases import EAGER, FUSED, LECTURE, LOOP, Case, cases
from benchmarks.rivals import RIVALS, NotRun, Ready
from benchmarks.sections import Asked, Found, table
from chalknet.units import show_seconds

ROUNDS = 5
_REST_S = 0.4  # before each call: the threads of the one before spin on for 0.2 s
_EXACT = (LECTURE, LOOP, EAGER)  # end at the same loss to the last bit, where chance has no part
_INTRODUCTION = f"""Every rival does the same training; an update's time is the median of {ROUNDS} calls, the rivals in turn, each after
a rest in which the threads of the one before it come to a stop. The ratios are the medians of the ratios to the
`fused_cpu` and `eager` calls of the same round: how many times as long the rival takes. Compiling, or loading what
was compiled before, is shown apart and never counted. The loops and `eager` end at the same loss to the last bit
wherever neither order nor Dropout is left to chance. JAX leaves Dropout out; JAX and torch.compile leave short last
batches out; scikit-learn's MLP has other initial weights."""
_HEADS = (
    "case",
    "rival",
    "an update",
    "spread",
    "takes, against fused_cpu",
    "against eager",
    "compiling",
    "aim",
)

Times = dict[str, list[float]]


def measured(asked: Asked) -> Found:
    """Time all rivals of the cases in turn."""
    rows: list[str] = []
    raw: dict[str, Times] = {}
    for case in cases():
        if not asked.wants(case.name):
            continue
        if asked.quick:
            case = replace(case, updates=(14, 14))
        rivals = {name: rival for name, make in RIVALS.items() if (rival := make(case)) is not None}
        times = _times(
            {name: rival for name, rival in rivals.items() if isinstance(rival, Ready)}, case, asked
        )
        raw[case.name] = times
        rows += _rows(case, rivals, times)
        print("\n".join(rows[-len(rivals) :]), file=sys.stderr, flush=True)  # the table comes later
    return Found([*_INTRODUCTION.splitlines(), *table(*_HEADS, rows=rows)], raw)


def _times(rivals: dict[str, Ready], case: Case, asked: Asked) -> Times:
    """Return the seconds of an update by rival, one a round."""
    losses = {name: rival.call().loss for name, rival in rivals.items()}  # the warm-up
    exact = {name: loss for name, loss in losses.items() if name in _EXACT}
    if len(set(exact.values())) > 1 and not case.left_to_chance:
        sys.exit(f"{case.name}: the rivals do not end at the same loss: {exact}")
    times: Times = {name: [] for name in rivals}
    for _ in range(1 if asked.quick else ROUNDS):
        for name, rival in rivals.items():
            time.sleep(0 if asked.quick else _REST_S)
            times[name].append(rival.call().update_s)
    return times


def _rows(case: Case, rivals: dict[str, Ready | NotRun], times: Times) -> Iterator[str]:
    what = f"{case.name} {case.formula}, batch {case.batch_size}"
    for name, rival in rivals.items():
        if isinstance(rival, NotRun):
            yield f"| {what} | {name} | not run: {rival.reason} | | | | | |"
            continue
        taken = times[name]
        spread = 50 * (max(taken) - min(taken)) / statistics.median(taken)
        ratios = {ours: _ratio(taken, times[ours]) for ours in (FUSED, EAGER) if ours in times}
        shown = ["" if ours == name else f"{ratios[ours]:.2f} ×" for ours in ratios]
        aims = [
            f"{ours} {aim:g} ×: {'reached' if ratios[ours] >= aim else 'MISSED'}"
            for (ours, whom), aim in case.aims.items()
            if whom == name
        ]
        compiling = show_seconds(rival.compile_s) if rival.compile_s else ""
        cells = [what, name, show_seconds(statistics.median(taken)), f"± {spread:.0f} %", *shown, compiling]
        yield f"| {' | '.join(cells)} | {'; '.join(aims)} |"


def _ratio(theirs: list[float], ours: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(theirs, ours, strict=True))
