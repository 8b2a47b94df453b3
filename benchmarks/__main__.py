"""Time every cell, print the table, write it to docs/benchmarks.md and the raw times to results/."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
from pathlib import Path

import torch

from benchmarks import drawing, engines, scale
from benchmarks.cells import Cell, cells
from chalknet.measure import Timing, measure
from chalknet.units import show_seconds

ROOT = Path(__file__).parents[1]
RESULTS, DOCS = ROOT / "benchmarks" / "results", ROOT / "docs" / "benchmarks.md"
REPEATS = 7
COMMANDS = (["--help"], ["count", "784 -> 32 relu -> 1 sigmoid"])
LIGHT_S = 0.4


def main() -> None:
    """Run everything and write what was found."""
    machine = _machine()
    rows, raw = [], {}
    for cell in cells():
        losses = {name: call() for name, call in cell.rivals.items()}
        if len(set(losses.values())) != 1:
            sys.exit(f"{cell.name}: the rivals do not end at the same loss: {losses}")
        times = measure(cell.rivals, repeats=REPEATS)
        rows += _rows(cell, times)
        raw[cell.name] = {name: timing.elapsed_s for name, timing in times.items()}
        print("\n".join(rows[-len(times) :]))
    commands = [_command_row(words) for words in COMMANDS]
    print("\n".join(commands))
    engine_rows, engine_raw = engines.rows()
    memory = engines.memory_rows()
    print("\n".join(memory))
    raw |= {f"engines {name}": times for name, times in engine_raw.items()}
    drawings = drawing.rows()
    print("\n".join(drawings))
    sections = (
        _page(machine, rows, commands),
        _DRAWINGS + "\n".join(drawings),
        _ENGINES.format(rounds=engines.ROUNDS) + "\n".join(engine_rows),
        _MEMORY + "\n".join(memory),
        _SCALE + "\n".join(scale.rows()),
    )
    page = "\n".join([*sections, ""])
    DOCS.write_text(page, encoding="utf-8")
    RESULTS.mkdir(exist_ok=True)
    record = {"machine": machine, "commit": _commit(), "elapsed_s": raw}
    (RESULTS / "latest.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"written {DOCS.relative_to(ROOT)}")


def _rows(cell: Cell, times: dict[str, Timing]) -> list[str]:
    first = next(iter(times.values()))
    rows = []
    for name, timing in times.items():
        # the ratio of each pair of neighbours in time, then the median: drift falls on both alike
        pairs = sorted(a / b for a, b in zip(first.elapsed_s, timing.elapsed_s, strict=True))
        ratio = pairs[len(pairs) // 2]
        verdict = ""
        if name == cell.ours:
            verdict = f"aim ≥ {cell.aim:.2f} ×: {'reached' if ratio >= cell.aim else 'MISSED'}"
        per_update = show_seconds(timing.median_s / cell.updates)
        spread = f"± {50 * timing.spread:.0f} %"
        rows.append(
            f"| {cell.name} {cell.what} | {name} | {per_update} | {spread} | {ratio:.2f} × | {verdict} |"
        )
    return rows


def _command_row(words: list[str]) -> str:
    taken = []
    for _ in range(REPEATS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "chalknet", *words], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    timing = Timing(tuple(taken))
    verdict = "reached" if timing.median_s < LIGHT_S else "MISSED"
    shown = f"`chalknet {words[0]}`"
    return f"| {shown} | {show_seconds(timing.median_s)} | ± {50 * timing.spread:.0f} % | {verdict} |"


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    return (
        f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"torch {torch.__version__}, {torch.get_num_threads()} threads"
    )


def _commit() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return asked.stdout.strip() or "unknown"


_INTRODUCTION = """# Benchmarks

Printed by `make bench`. All rivals of a case are timed in turn in one process, after a warm-up; the figures
are medians of {repeats} calls, the spread is half the range. The ratio is the median of the ratios of
neighbouring calls against the first rival. All rivals of a case end at the very same loss, to the last bit.

Machine: {machine}.

| case | rival | an update | spread | times as fast as the first | |
|---|---|---|---|---|---|
"""
_COMMANDS = f"""
CPU time of a whole command, to be under {LIGHT_S} s:

| command | CPU time | spread | |
|---|---|---|---|
"""


_DRAWINGS = """
Drawings:

| what | time | spread | to be under |
|---|---|---|---|
"""


_ENGINES = """
Engines. Every rival does the same training; an update's time is the median of {rounds} calls, the rivals in
turn, each after a rest in which the threads of the one before it come to a stop. The ratio is the median of the
ratios to the `fused_cpu` call of the same round: how many times as long the rival takes. Compiling is never
counted. JAX leaves Dropout out and short last batches; scikit-learn's MLP has other initial weights.

| case | rival | an update | spread | takes, against fused_cpu | aim |
|---|---|---|---|---|---|
"""
_SCALE = """
Cost against scale, seconds an update: 1→width→1 with 100 samples and Adam; 784-32-1 over the batch size; 64 units a
layer over the depth. The yardstick is the larger of the arithmetic at torch's best sgemm and the weights' way
through memory; kernels that multiply faster than torch's, or skip zeros, can be below it.

![Cost against scale](pictures/scale.svg)

| | fused_cpu | eager | sgemm or memory |
|---|---|---|---|
"""
_MEMORY = """
Memory and cost at scale, `fused_cpu`, each in a process of its own:

| what | found | to be under |
|---|---|---|
"""


def _page(machine: str, rows: list[str], commands: list[str]) -> str:
    introduction = _INTRODUCTION.format(machine=machine, repeats=REPEATS)
    return introduction + "\n".join([*rows, _COMMANDS + "\n".join(commands), ""])


if __name__ == "__main__":
    main()
