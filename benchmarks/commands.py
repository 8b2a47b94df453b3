"""The CPU time of a whole command that is to answer at once."""

from __future__ import annotations

import resource
import subprocess
import sys

from benchmarks.sections import Asked, Found, table
from chalknet.measure import Timing
from chalknet.units import show_seconds

REPEATS = 7
LIGHT_S, FIRST_UPDATE_S = 0.4, 1.5
COMMANDS = {"--help": ["--help"], "count": ["count", "784 -> 32 relu -> 1 sigmoid"]}

_FIRST_UPDATE = """
import time, torch
x = torch.rand(100, 16)
started = time.perf_counter()
import chalknet as cn
cn.fit(cn.read("16 -> 64 tanh -> 1"), (x, x[:, :1]), loss="mse", updates=1, engine="fused_cpu", progress=False)
print(time.perf_counter() - started)
"""


def measured(asked: Asked) -> Found:
    """Run each command in a process of its own and add up its CPU time."""
    rows, raw = [], {}
    for name, words in COMMANDS.items():
        if not asked.wants(name):
            continue
        timing = Timing(tuple(_cpu_s(words) for _ in range(1 if asked.quick else REPEATS)))
        verdict = "reached" if timing.median_s < LIGHT_S else "MISSED"
        spread = f"± {50 * timing.spread:.0f} %"
        rows.append(f"| `chalknet {name}` | {show_seconds(timing.median_s)} | {spread} | {verdict} |")
        raw[name] = timing.elapsed_s
    lines = [f"CPU time of a whole command, to be under {LIGHT_S} s; medians of {REPEATS} runs."]
    lines += table("command", "CPU time", "spread", "", rows=rows)
    if asked.wants("first update"):
        first = [_first_update_s() for _ in range(2 if asked.quick else REPEATS)]
        timing = Timing(tuple(first[1:]))  # the first process may have had to compile
        raw["first update"] = timing.elapsed_s
        verdict = "reached" if timing.median_s < FIRST_UPDATE_S else "MISSED"
        cells = ("`fused_cpu`", show_seconds(timing.median_s), f"± {50 * timing.spread:.0f} %", verdict)
        lines += ["", f"From torch's import to the end of the first update, in a process of its own whose kernels an "
                  f"earlier one compiled; to be under {FIRST_UPDATE_S} s."]  # fmt: skip
        lines += table("engine", "time", "spread", "", rows=[f"| {' | '.join(cells)} |"])
    return Found(lines, raw)


def _first_update_s() -> float:
    done = subprocess.run([sys.executable, "-c", _FIRST_UPDATE], check=True, capture_output=True, text=True)
    return float(done.stdout)


def _cpu_s(words: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "chalknet", *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
