"""What a section of the page is, and how its part of the page and of the raw figures is replaced."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalknet.system import processor

ROOT = Path(__file__).parents[1]
Call = Callable[[int], float]  # makes so many updates, returns the seconds of them
_MOST_UPDATES = 10**6
INTRODUCTION = """# Benchmarks

Printed by `make bench`; one part alone by `python -m benchmarks engines`, one case of it, printed only, by
`python -m benchmarks engines S6`. Rivals are timed in turn in one process, after a warm-up. The spread is half the
range over the median. Every part says on which machine it was measured, and losing cells are shown too.
"""


@dataclass(frozen=True)
class Asked:
    """What is asked of a section.

    Args:
        only: names of cases; empty for all of them.
        quick: whether the smallest setting is enough, to see that everything works; its figures mean nothing.
        pictures: the folder for pictures, beside the page.
        seeds: of what is drawn at random.
        draws: how many draws for each seed.
    """

    only: tuple[str, ...] = ()
    quick: bool = False
    pictures: Path = ROOT / "docs" / "pictures"
    seeds: tuple[int, ...] = (1,)
    draws: int = 60

    def wants(self, case: str) -> bool:
        """Return whether a case is to be measured."""
        return not self.only or case in self.only


@dataclass(frozen=True)
class Found:
    """What a section found.

    Args:
        lines: what stands below its heading, as Markdown.
        raw: the measured numbers, for the file of results.
    """

    lines: list[str]
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """One part of the page: its heading, and what measures it."""

    heading: str
    measure: Callable[[Asked], Found]


def lasting(call: Call, seconds: float) -> int:
    """Return how many updates a call makes in about so many seconds, at least 2."""
    updates = 2
    while (taken := call(updates)) < seconds / 10 and updates < _MOST_UPDATES:
        updates *= 4
    return max(2, min(_MOST_UPDATES, int(updates * seconds / taken)))


def table(*heads: str, rows: Sequence[str]) -> list[str]:
    """Return a Markdown table of finished rows, an empty line before it."""
    return ["", f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *rows]


def with_section(page: str, heading: str, lines: list[str]) -> str:
    """Return the page with what stands below a heading replaced; at its end if it was not there."""
    text = "\n".join(["", *lines, "", ""])
    before, found, rest = f"\n{page}".partition(f"\n## {heading}\n")
    if not found:
        return f"{page.rstrip()}\n\n## {heading}\n{text}".rstrip() + "\n"
    _, next_heading, behind = rest.partition("\n## ")
    return f"{before[1:]}{found}{text}{next_heading[1:]}{behind}".rstrip() + "\n"


def write(page: Path, results: Path, name: str, section: Section, found: Found) -> None:
    """Put what a section found in its place on the page and in the file of results."""
    told = [f"Machine: {machine()}.", "", *found.lines]
    old = page.read_text(encoding="utf-8") if page.exists() else INTRODUCTION
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(with_section(old, section.heading, told), encoding="utf-8")
    record = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    record[name] = {"machine": machine(), "commit": _commit(), "raw": found.raw}
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def machine() -> str:
    """Return the processor, the system and the versions in one line."""
    import torch

    return (
        f"{processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"torch {torch.__version__}, {torch.get_num_threads()} threads"
    )


def _commit() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return asked.stdout.strip() or "unknown"
