"""How long whole commands take, and a first fit in a fresh process on a machine that has cached nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.sections import Asked, Found, table
from chalknet.measure import Timing
from chalknet.units import show_seconds

REPEATS = 7
_FIT = ["fit", "10 -> 32 relu -> 1", "--data", "table.csv", "--loss", "mse", "--updates", "200"]
_IMPORTED = """
import time, torch
x = torch.rand(1000, 10)
started = time.perf_counter()
import chalknet as cn
cn.fit("10 -> 32 relu -> 1", (x, x[:, :1]), loss="mse", batch_size=64, updates={updates}, progress=False)
print(time.perf_counter() - started)
"""


@dataclass(frozen=True)
class Case:
    """What is timed, and the most that it is to take.

    Args:
        name: as the table has it.
        aim_s: seconds.
        seconds: takes a folder with a table and a kept run, and returns the seconds of one run.
    """

    name: str
    aim_s: float
    seconds: Callable[[Path], float]


def _cpu_s(*words: str) -> Callable[[Path], float]:
    def seconds(folder: Path) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _command(folder, *words)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return seconds


def _whole_s(*words: str) -> Callable[[Path], float]:
    def seconds(folder: Path) -> float:
        started = time.perf_counter()
        _command(folder, *words)
        return time.perf_counter() - started

    return seconds


def _torch_s(folder: Path) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - started


def _first_s(updates: int) -> Callable[[Path], float]:
    def seconds(folder: Path) -> float:
        with tempfile.TemporaryDirectory() as nothing:
            done = subprocess.run(
                [sys.executable, "-c", _IMPORTED.format(updates=updates)],
                check=True, capture_output=True, text=True, env={**os.environ, "XDG_CACHE_HOME": nothing},
            )  # fmt: skip
        return float(done.stdout.split()[-1])

    return seconds


def _command(folder: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "chalknet", *words], check=True, capture_output=True, cwd=folder)


CASES = (
    Case("`chalknet --help`, processor time", 0.4, _cpu_s("--help")),
    Case("`chalknet count`, processor time", 0.4, _cpu_s("count", "784 -> 32 relu -> 1 sigmoid")),
    Case("`chalknet fit` on a table of 1,000 rows, 200 updates", 2.5, _whole_s(*_FIT)),
    Case(
        "`chalknet predict` with a kept run, 1,000 rows",
        0.6,
        _whole_s("predict", "run", "--data", "table.csv"),
    ),
    Case("a first update after torch's import, nothing cached", 3.0, _first_s(1)),
    Case("a thousand small updates after torch's import, nothing cached", 5.0, _first_s(1000)),
)


def measured(asked: Asked) -> Found:
    """Run each case in a process of its own, in turn."""
    cases = [case for case in CASES if asked.wants(case.name)]
    times: dict[str, list[float]] = {case.name: [] for case in cases}
    torch_s: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder)
        for case in cases:
            case.seconds(folder)  # files are read into memory, tables converted
        for _ in range(1 if asked.quick else REPEATS):
            torch_s.append(_torch_s(folder))
            for case in cases:
                times[case.name].append(case.seconds(folder))
    rows = [_row(case, Timing(tuple(times[case.name]))) for case in cases]
    shown = show_seconds(Timing(tuple(torch_s)).median_s)
    lines = [
        f"Whole processes, {REPEATS} runs in turn, medians. For comparison, a process that imports torch and does",
        f"nothing else takes {shown} here.",
        *table("what", "time", "spread", "aim", rows=rows),
    ]
    return Found(lines, {**times, "import torch": torch_s})


def _row(case: Case, timing: Timing) -> str:
    verdict = "reached" if timing.median_s <= case.aim_s else "MISSED"
    spread = f"± {50 * timing.spread:.0f} %"
    return f"| {case.name} | {show_seconds(timing.median_s)} | {spread} | {case.aim_s:g} s: {verdict} |"


def _prepare(folder: Path) -> None:
    chance = np.random.default_rng(0)
    numbers = chance.normal(size=(1000, 11))
    heads = ",".join([*(f"x{i}" for i in range(10)), "y"])
    np.savetxt(folder / "table.csv", numbers, fmt="%.6f", delimiter=",", header=heads, comments="")
    _command(folder, *_FIT, "--out", "run")
