"""The lecture's race: time of an update over the width, and where the lead changes on this machine."""

from __future__ import annotations

import sys

import chalknet as cn
from benchmarks.sections import ROOT, Asked, Found, table

INTRODUCTION = """`cn.race()`: 1→width→1, ReLU, mse, Adam, 100 samples; an update's time is the median of at least three calls, all
contestants of a width in turn. What it means stands in [race.md](race.md), whose figures are these.

![The race](pictures/race.svg)"""
PAGE, BEGIN, END = ROOT / "docs" / "race.md", "<!-- measured -->", "<!-- end -->"


def measured(asked: Asked) -> Found:
    """Run the race, draw it, put its table into docs/race.md as it is printed, and return it."""
    options = {"widths": [10, 500], "seconds": 1.0} if asked.quick else {}
    race = cn.race(**options, on_row=lambda row: print(row, file=sys.stderr, flush=True))
    race.plot().save(asked.pictures / "race.svg")
    if not asked.quick:
        _write_page(race)
    found = race.table
    rows = [f"| {' | '.join(line)} |" for line in found.texts]
    notes = [note for note in found.notes if note.startswith(("lead", "why", "start", "ceilings"))]
    lines = [*INTRODUCTION.splitlines(), *table(*found.columns, rows=rows), "", *(f"- {n}" for n in notes)]
    return Found(lines, race.as_dict())


def rows(asked: Asked | None = None) -> tuple[list[str], dict[str, object]]:
    """Return the lines of the section and the raw numbers."""
    found = measured(asked or Asked())
    return found.lines, found.raw


def _write_page(race: cn.Race) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, behind = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n```\n{race.table.text()}\n```\n{END}{behind}", encoding="utf-8")


if __name__ == "__main__":
    measured(Asked())
