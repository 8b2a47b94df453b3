"""What a very wide hidden layer costs: memory (S9), and time and memory at twenty million units (S10)."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.sections import Asked, Found, table
from chalknet.units import show_seconds

_CODE = """
import re, sys, torch, chalknet as cn
def resident(): return int(open('/proc/self/statm').read().split()[1]) * 4096 / 1e6
width, updates = map(int, sys.argv[1:])
x = torch.linspace(0, 1, 100).reshape(-1, 1); y = x * 0.01
options = dict(loss='mse', optimizer='adam', engine='fused_cpu', progress=False)
cn.fit(cn.read('1 -> 100 relu -> 1'), (x, y), updates=3, **options)
before = resident()
result = cn.fit(cn.read(f'1 -> {width} relu -> 1'), (x, y), updates=updates, **options)
# not ru_maxrss: that begins with the peak of the process that started this one
peak = int(re.search(r'VmHWM:\\s*(\\d+) kB', open('/proc/self/status').read())[1]) / 1e3
print(resident() - before, peak, result.history.seconds[-1] / updates)
"""


def measured(asked: Asked) -> Found:
    """Fit 1→width→1 at two widths, each in a process of its own."""
    small, large = (20_000, 200_000) if asked.quick else (200_000, 20_000_000)
    growth, _, small_s = _fit(small, 200)
    _, peak, large_s = _fit(large, 10)
    per_node = (large_s / large) / (small_s / small)
    slow = f"S10 1→{large:,}→1, time an update, and per node against S9's"
    rows = [
        f"| S9 1→{small:,}→1, resident growth of a fit | {growth:.0f} MB | 40 MB: {_said(growth <= 40)} |",
        f"| S10 1→{large:,}→1, 10 updates: peak memory | {peak / 1e3:.2f} GB | 2 GB: {_said(peak <= 2e3)} |",
        f"| {slow} | {show_seconds(large_s)}, {per_node:.2f} × | 1.3 ×: {_said(per_node <= 1.3)} |",
    ]
    raw = {"growth_mb": growth, "peak_mb": peak, "update_s": {small: small_s, large: large_s}}
    return Found(
        ["`fused_cpu`, each fit in a process of its own.", *table("what", "found", "to be under", rows=rows)],
        raw,
    )


def _fit(width: int, updates: int) -> tuple[float, ...]:
    """Return the growth of resident memory and its peak in MB, and the seconds of an update."""
    words = [sys.executable, "-c", _CODE, str(width), str(updates)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return tuple(map(float, done.stdout.split()))


def _said(reached: bool) -> str:
    return "reached" if reached else "MISSED"
