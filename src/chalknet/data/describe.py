"""What is in a source or a table, as facts to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from chalknet.data.columns import Preparation
from chalknet.data.formats import NUMBER_KINDS, Column, DataTable, FileOptions, TableColumn, Words, format_of
from chalknet.data.load import file_of, load
from chalknet.data.sources import Source
from chalknet.units import show_count, show_value

_ROWS_AT_A_TIME = 8192
_NAMES_SHOWN = 20
_SCANNED = (*NUMBER_KINDS, "text", "date")
_DIFFERENT = 1000  # words of a column that are told apart


def describe(data: object, **options: Any) -> dict[str, str]:
    """Return facts about data: its name, how many observations, x and y with their ranges, held out.

    Of a table, given by its path and without options, whatever it holds: the kind of each column, its range,
    how many values are missing, and examples.

    Args:
        data: whatever `load` takes.
        options: keywords of `load`; of a source that was loaded from columns, facts say which they are.

    Raises:
        ChalknetError: what `load` raises.

    Example:
        >>> import chalknet as cn
        >>> cn.describe(([0.0, 0.5, 1.0], [0, 1, 1]))["x"]
        '(n,1) float32, 0 to 1'
    """
    path = None if options else file_of(data)
    if path is not None and (file_format := format_of(path)).side is None:
        table = file_format.open(path, FileOptions())
        assert isinstance(table, DataTable)
        return _scan(table)
    return _facts(load(data, **options))


def _facts(source: Source) -> dict[str, str]:
    n = len(source)
    blocks = (source.take(slice(at, min(at + _ROWS_AT_A_TIME, n))) for at in range(0, n, _ROWS_AT_A_TIME))
    ranges = np.array([[(side.min().item(), side.max().item()) for side in block] for block in blocks])
    first = source.take(slice(0, 1))
    return {
        "name": source.name,
        "observations": show_count(n),
        "x": _side(first.x, ranges[:, 0]),
        "y": _side(first.y, ranges[:, 1]),
        "held out": "none" if source.held_out is None else show_count(len(source.held_out)),
        **_columns(source.preparation),
        **({"in memory": "no: batches are read as they are needed"} if source.streams else {}),
    }


def _columns(preparation: Preparation | None) -> dict[str, str]:
    if preparation is None:
        return {}
    if not preparation.x:  # of arrays, whose columns have no names
        words = preparation.y[0].words if preparation.y else None
        return {"classes": ", ".join(words)} if words else {}
    chosen = " (the last column: none was named)" if preparation.default_target else ""
    classes = "" if preparation.y[0].words is None else f", classes {', '.join(preparation.y[0].words)}"
    names = preparation.names
    more = f", ... ({len(names)} in all)" if len(names) > _NAMES_SHOWN else ""
    targets = ", ".join(column.name for column in preparation.y)
    return {"features": ", ".join(names[:_NAMES_SHOWN]) + more, "target": targets + chosen + classes}


def _side(sample: torch.Tensor, ranges: np.ndarray) -> str:
    """Return shape, dtype and range of x or y, from the least and the most of each block `(blocks, 2)`."""
    shape = ",".join(["n", *map(str, sample.shape[1:])])
    dtype = str(sample.dtype).removeprefix("torch.")
    return f"({shape}) {dtype}, {show_value(ranges[:, 0].min())} to {show_value(ranges[:, 1].max())}"


@dataclass
class _Tally:
    """One column as far as it was read."""

    column: Column
    missing: int = 0
    least: float = np.inf
    most: float = -np.inf
    words: set[str] | None = None


def _scan(table: DataTable) -> dict[str, str]:
    """Return the rows of a table, and of each column the kind, the range, gaps and examples; read once."""
    tallies = [_Tally(column) for column in table.columns]
    columns = [
        TableColumn(i, column.name, "float64" if column.kind in NUMBER_KINDS else "words")
        for i, column in enumerate(table.columns)
        if column.kind in _SCANNED
    ]
    rows = 0
    for block in table.blocks(columns, 0):
        rows += block.rows
        for column, values in zip(columns, block.columns, strict=True):
            _count(tallies[column.index], values)
    facts = {"name": table.name, "rows": show_count(rows)}
    return facts | {table.label(i): _summary(tally) for i, tally in enumerate(tallies)}


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


def _summary(tally: _Tally) -> str:
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
