"""What a table holds, column by column, before anything is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chalknet.data.tables import Column, Wanted, Words, open_table
from chalknet.units import show_count, show_value

_NUMBERS = ("number", "boolean", "empty")
_READ = (*_NUMBERS, "text", "date")
_DIFFERENT = 1000  # words of a column that are told apart


@dataclass
class _Tally:
    """One column as far as it was read."""

    column: Column
    missing: int = 0
    least: float = np.inf
    most: float = -np.inf
    words: set[str] | None = None


def survey(path: Path, delimiter: str | None = None, header: bool | None = None) -> dict[str, str]:
    """Return the facts of a table: its rows, and of each column the kind, the range, gaps and examples.

    Args:
        path: a CSV, Parquet or Arrow file; it is read once, some MB at a time.
        delimiter: of a text; None to find out.
        header: whether a text's first row holds names; None to find out.
    """
    table = open_table(path, delimiter, header)
    tallies = [_Tally(column) for column in table.columns]
    wanted = [
        Wanted(i, column.name, "float64" if column.kind in _NUMBERS else "words")
        for i, column in enumerate(table.columns)
        if column.kind in _READ
    ]
    rows = 0
    for block in table.blocks(wanted, 0):
        rows += block.rows
        for column, values in zip(wanted, block.columns, strict=True):
            _count(tallies[column.index], values)
    facts = {"name": path.name, "rows": show_count(rows)}
    for i, tally in enumerate(tallies):
        twice = [column.name for column in table.columns].count(tally.column.name) > 1
        facts[f"{tally.column.name} (column {i})" if twice else tally.column.name] = _told(tally)
    return facts


def _count(tally: _Tally, values: np.ndarray | Words) -> None:
    if isinstance(values, Words):
        tally.missing += int((values.numbers < 0).sum())
        tally.words = (tally.words or set()) | set(values.words[:_DIFFERENT])
        return
    gaps = np.isnan(values)
    tally.missing += int(gaps.sum())
    if not gaps.all():
        tally.least = min(tally.least, float(np.nanmin(values)))
        tally.most = max(tally.most, float(np.nanmax(values)))


def _told(tally: _Tally) -> str:
    parts = [tally.column.kind]
    if tally.least <= tally.most:
        parts.append(f"{show_value(tally.least)} to {show_value(tally.most)}")
    if tally.words is not None:
        count = len(tally.words)
        parts.append(f"{show_count(count)}{' or more' if count >= _DIFFERENT else ''} different")
    if tally.missing:
        parts.append(f"{show_count(tally.missing)} missing")
    if tally.column.examples:
        parts.append(f"such as {', '.join(tally.column.examples)}")
    return ", ".join(parts)
