"""The CPU time of a whole command that is to answer at once."""

from __future__ import annotations

import resource
import subprocess
import sys

from benchmarks.sections import Asked, Found, table
from chalknet.measure import Timing
from chalknet.units import show_seconds

REPEATS = 7
LIGHT_S = 0.4
COMMANDS = {"--help": ["--help"], "count": ["count", "784 -> 32 relu -> 1 sigmoid"]}


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
    head = table("command", "CPU time", "spread", "", rows=rows)
    return Found(
        [f"CPU time of a whole command, to be under {LIGHT_S} s; medians of {REPEATS} runs.", *head], raw
    )


def _cpu_s(words: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "chalknet", *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
