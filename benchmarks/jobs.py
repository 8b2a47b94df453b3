"""The whole job of a table, from its CSV file to predictions in another process: chalknet and scikit-learn."""

from __future__ import annotations

import compileall
import os
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.default import packaged
from benchmarks.sections import ROOT, Asked, Found, table
from chalknet.units import show_seconds

ROUNDS, ENOUGH_S, AIM_S = 3, 120, 1.0
_SCRIPTS = Path(__file__).parent / "job_scripts"
_INTRODUCTION = f"""`train.csv`, three quarters of a table that a package ships with the words and gaps that it has, is fitted, a held-out
metric is printed, the fit is kept, and a second process predicts `new.csv`, the other quarter, and writes `predictions.csv`. The
scripts are those of `benchmarks/job_scripts/`. *chalknet*: two commands. *Boosting*: scikit-learn's ColumnTransformer with
OrdinalEncoder, HistGradientBoosting with early stopping, joblib. *Network*: imputers, OneHotEncoder, StandardScaler and
MLPClassifier or MLPRegressor with early stopping, of the sizes that chalknet chooses. None of them is tuned. The modules of chalknet
are compiled to bytecode first, as pip leaves those of the others.

Lines are those of the scripts that are not empty, as ruff formats them, both processes together; a command is a line. Each
process is begun anew, and the three take turns, {ROUNDS} rounds, but none is begun after {ENOUGH_S} s; seconds are of the whole job, of
the clock and of the CPU, each the median. The score is that of `predictions.csv`: accuracy of classes, R² of numbers. The aims are half the lines, and the
time of scikit-learn's job + {AIM_S:g} s: by the clock, and in brackets by the CPU, which other programs disturb less."""


@dataclass(frozen=True)
class Job:
    """A table that a package ships, and what is predicted of it.

    Args:
        name: as the page has it.
        file: the package and the path in it.
        target: the column; rows without it are left out.
        kind: of the target.
    """

    name: str
    file: str
    target: str
    kind: str


JOBS = (
    Job("penguins", "plotnine/data/penguins.csv", "species", "classes"),
    Job("mpg", "plotnine/data/mpg.csv", "hwy", "numbers"),
    Job("txhousing", "plotnine/data/txhousing.csv", "median", "numbers"),
    Job("arrests", "sklego/data/arrests.zip", "released", "classes"),
    Job("diamonds", "plotnine/data/diamonds.csv", "price", "numbers"),
)


@dataclass(frozen=True)
class Taken:
    """What one run of a job took."""

    wall_s: float
    cpu_s: float
    score: float


def measured(asked: Asked) -> Found:
    """Do every job by every rival, in turn."""
    rows: list[str] = []
    raw: dict[str, Any] = {}
    compileall.compile_dir(ROOT / "src" / "chalknet", quiet=1)  # as pip leaves the packages of the rivals
    for job in JOBS[: 1 if asked.quick else None]:
        if asked.wants(job.name):
            taken = _taken(job, 1 if asked.quick else ROUNDS)
            lines = {rival: _line_count(_commands(job, rival)) for rival in _rivals(job)}
            rows += _rows(job, taken, lines)
            raw[job.name] = {"lines": lines} | {
                rival: [vars(each) for each in of] for rival, of in taken.items()
            }
            print(*rows[-len(taken) :], sep="\n", file=sys.stderr, flush=True)
    heads = (
        "table",
        "by",
        "lines",
        "rounds",
        "clock",
        "CPU",
        "score",
        "half the lines",
        f"time + {AIM_S:g} s",
    )
    load = f"Load average of the machine meanwhile: {os.getloadavg()[1]:.1f}."
    return Found([*_INTRODUCTION.splitlines(), "", load, *table(*heads, rows=rows)], raw)


def _rivals(job: Job) -> dict[str, tuple[str, ...]]:
    """Return the scripts of each rival, one a process."""
    return {
        "chalknet": ("chalknet.sh",),
        "boosting": (f"boosting_{job.kind}.py", "predict.py"),
        "network": (f"network_{job.kind}.py", "predict.py"),
    }


def _commands(job: Job, rival: str) -> dict[str, str]:
    """Return the text of each script of a rival for a job."""
    names = _rivals(job)[rival]
    return {
        name: (_SCRIPTS / name).read_text(encoding="utf-8").replace("TARGET", job.target) for name in names
    }


def _line_count(scripts: dict[str, str]) -> int:
    return sum(bool(line.strip()) for text in scripts.values() for line in text.splitlines())


def _taken(job: Job, rounds: int) -> dict[str, list[Taken]]:
    """Return what each rival took, a round each."""
    from sklearn.model_selection import train_test_split

    frame = packaged(job.file).dropna(subset=[job.target])
    train, new = train_test_split(frame, test_size=0.25, random_state=0)
    taken: dict[str, list[Taken]] = {rival: [] for rival in _rivals(job)}
    started = time.perf_counter()
    for done in range(rounds):
        if done and time.perf_counter() - started > ENOUGH_S:
            break
        for rival, found in taken.items():
            with tempfile.TemporaryDirectory() as folder:
                train.to_csv(Path(folder) / "train.csv", index=False)
                new.drop(columns=job.target).to_csv(Path(folder) / "new.csv", index=False)
                wall_s, cpu_s = _run(Path(folder), _commands(job, rival))
                found.append(Taken(wall_s, cpu_s, _score(job, Path(folder), new[job.target])))
    return taken


def _run(folder: Path, scripts: dict[str, str]) -> tuple[float, float]:
    """Return the seconds by the clock and of the CPU that the processes of a job take one after the other."""
    processes: list[list[str]] = []
    for name, text in scripts.items():
        (folder / name).write_text(text, encoding="utf-8")
        commands = [["-m", *shlex.split(line)] for line in text.splitlines()]
        processes += [[name]] if name.endswith(".py") else commands
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    before, started = os.times(), time.perf_counter()
    for words in processes:
        subprocess.run([sys.executable, *words], cwd=folder, env=environment, check=True, capture_output=True)
    wall_s, after = time.perf_counter() - started, os.times()
    return wall_s, after.children_user + after.children_system - before.children_user - before.children_system


def _score(job: Job, folder: Path, truth: Any) -> float:
    import pandas as pd
    from sklearn.metrics import accuracy_score, r2_score

    given = pd.read_csv(folder / "predictions.csv").iloc[:, 0]
    return float((accuracy_score if job.kind == "classes" else r2_score)(truth, given))


def _rows(job: Job, taken: dict[str, list[Taken]], lines: dict[str, int]) -> list[str]:
    ours, rows = taken["chalknet"], list[str]()
    for rival, found in taken.items():
        times = [show_seconds(median(getattr(each, kind) for each in found)) for kind in ("wall_s", "cpu_s")]
        verdicts = ["", ""]
        if rival != "chalknet":
            late = [
                median(
                    getattr(mine, kind) - getattr(each, kind) for mine, each in zip(ours, found, strict=True)
                )
                for kind in ("wall_s", "cpu_s")
            ]
            clock, cpu = ("reached" if each <= AIM_S else f"MISSED by {each - AIM_S:.1f} s" for each in late)
            verdicts = ["reached" if 2 * lines["chalknet"] <= lines[rival] else "MISSED", f"{clock} ({cpu})"]
        score = f"{median(each.score for each in found):.3f}"
        unit = "accuracy" if job.kind == "classes" else "R²"
        cells = (job.name, rival, str(lines[rival]), str(len(found)), *times, f"{unit} {score}", *verdicts)
        rows.append(f"| {' | '.join(cells)} |")
    return rows
