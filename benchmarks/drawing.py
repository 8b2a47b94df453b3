"""How long it takes to draw and to read drawings, against what is to be reached."""

from __future__ import annotations

from collections.abc import Callable

import chalknet as cn
from benchmarks.sections import Asked, Found, table
from chalknet.measure import measure
from chalknet.units import show_seconds

REPEATS = 5


def measured(asked: Asked) -> Found:
    """Time each case, all in turn."""
    digits, deep = cn.read("784 -> 32 relu -> 1 sigmoid"), cn.read("1000" + " -> 1000 relu" * 50)
    edges = "".join(f"a{i} -> b{j};\n" for i in range(400) for j in range(250))
    dot = f"digraph {{ {edges} }}"
    cases: dict[str, tuple[Callable[[], object], float]] = {
        "draw 784-32-1 in D11, as SVG": (lambda: cn.draw(digits, "D11").svg, 0.020),
        "draw 50 layers of 1,000 nodes in D9, elided": (lambda: cn.draw(deep, "nodes").svg, 0.200),
        "draw 50 layers of 1,000 nodes in D7, elided": (lambda: cn.draw(deep, "features").svg, 0.200),
        "read a DOT file of 100,000 edges": (lambda: cn.read(dot), 5.0),
    }
    times = measure({name: call for name, (call, _) in cases.items()}, repeats=1 if asked.quick else REPEATS)
    rows = [
        f"| {name} | {show_seconds(timing.median_s)} | ± {50 * timing.spread:.0f} % | "
        f"{show_seconds(cases[name][1])}: {'reached' if timing.median_s < cases[name][1] else 'MISSED'} |"
        for name, timing in times.items()
    ]
    raw = {name: timing.elapsed_s for name, timing in times.items()}
    return Found(
        [f"Medians of {REPEATS} calls.", *table("what", "time", "spread", "to be under", rows=rows)], raw
    )
