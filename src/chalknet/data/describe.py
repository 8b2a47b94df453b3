"""What is in a source or a table, as facts to print."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from chalknet.data.columns import LoadOptions, Preparation
from chalknet.data.formats import (
    NUMBER_KINDS,
    Block,
    Column,
    DataTable,
    RawRows,
    TableColumn,
    Words,
    format_of,
)
from chalknet.data.load import file_of, load
from chalknet.data.opened import source_of
from chalknet.data.sources import Source
from chalknet.errors import DataError
from chalknet.lang import speaking
from chalknet.lazy import torch
from chalknet.units import show_count, show_value

_ROWS_AT_A_TIME = 8192
_NAMES_SHOWN = 20
_SCANNED = (*NUMBER_KINDS, "text", "date")
_CLASSES_SHOWN = 20
_DIFFERENT = 1000  # words of a column that are told apart


def describe(data: object, **options: Any) -> dict[str, str]:
    """Return facts about data: its name, how many observations, x and y with their ranges, held out.

    Of a table, given by its path, whatever it holds: the kind of each column, its range, how many values are
    missing, and examples; then what a fit would see with these options, or the problem that it would have. A
    text that cannot be read as it stands is described as its remedy would have it read.

    Args:
        data: whatever `load` takes.
        options: keywords of `load`; of a source that was loaded from columns, facts say which they are.

    Raises:
        ChalknetError: what `load` raises, but a DataError for a table: that is the problem then.

    Example:
        >>> import chalknet as cn
        >>> cn.describe(([0.0, 0.5, 1.0], [0, 1, 1]))["x"]
        '(n,1) float32, 0 to 1'
    """
    asked = LoadOptions(**{name: value for name, value in options.items() if name != "held_out"})
    path = file_of(data, asked)
    if path is None or (file_format := format_of(path)).side is not None:
        return _facts(load(data, **options))
    table, problem = _opened(file_format.open, path, asked)
    if table is None:
        return {"name": path.name, "problem": problem}
    found = _scan(table)
    try:
        seen = {} if problem else _facts(_loaded(table, data, asked, **options))
    except DataError as refusal:
        problem = _english(refusal)
    if problem:
        return found | {"problem": problem}
    renamed = {"x": "x of a fit", "y": "y of a fit"}
    return found | {renamed.get(key, key): fact for key, fact in seen.items() if key != "name"}


def _loaded(
    table: DataTable, data: object, asked: LoadOptions, held_out: object = None, **options: Any
) -> Source:
    """Return what a fit would see; of a table that is open already, where no other file belongs to it."""
    if held_out is None or isinstance(held_out, Real):
        return source_of(table, asked, None if held_out is None else float(held_out))
    return load(data, held_out=held_out, **options)


_REMEDIES = 4  # followed one after the other
_OPTION = re.compile(r"\b(\w+)=('(?:[^'\\]|\\.)*'|\[[^\]]*\]|\d+|True|False)")  # as a remedy names it


def _opened(
    open_: Callable[[Path, LoadOptions], DataTable | RawRows], path: Path, asked: LoadOptions
) -> tuple[DataTable | None, str]:
    """Return a table, and why a fit would not read it; None where no option makes it one.

    Args:
        open_: opens the file.
        path: the file.
        asked: what is said of it.
    """
    first = ""
    for _ in range(_REMEDIES):
        try:
            table = open_(path, asked)
            assert isinstance(table, DataTable)
            next(iter(table.blocks([TableColumn(0, table.label(0), "words")], 0)), None)
            return table, first
        except DataError as problem:
            first = first or _english(problem)
            found = {name: ast.literal_eval(value) for name, value in _OPTION.findall(problem.remedy)}
            named = {name: value for name, value in found.items() if hasattr(asked, name)}
            if not named or all(getattr(asked, name) == value for name, value in named.items()):
                break
            asked = replace(asked, **named)
    return None, first


def _english(problem: DataError) -> str:
    """Return an error as a fact: in English, as the other facts are."""
    with speaking("en"):
        return str(problem)


def _facts(source: Source) -> dict[str, str]:
    n = len(source)
    blocks = (source.take(slice(at, min(at + _ROWS_AT_A_TIME, n))) for at in range(0, n, _ROWS_AT_A_TIME))
    counts = Counter[int]()
    ranges = []
    for block in blocks:
        ranges.append([(side.min().item(), side.max().item()) for side in block])
        if len(counts) <= _CLASSES_SHOWN and block.y.dtype == torch.int64 and block.y.dim() == 1:
            counts.update(block.y.tolist())
    first = source.take(slice(0, 1))
    return {
        "name": source.name,
        "observations": show_count(n),
        "x": _side(first.x, np.array(ranges)[:, 0]),
        "y": _side(first.y, np.array(ranges)[:, 1]),
        "held out": "none" if source.held_out is None else show_count(len(source.held_out)),
        **_columns(source.preparation, counts),
        **({"in memory": "no: batches are read as they are needed"} if source.streams else {}),
        **({"notes": "; ".join(source.notes)} if source.notes else {}),
    }


def _columns(preparation: Preparation | None, counts: Counter[int]) -> dict[str, str]:
    """Return which columns are x and y; how wide words are, what fills gaps, how many rows each class has."""
    if preparation is None:
        return {}
    if not preparation.x:  # of arrays, whose columns have no names
        words = preparation.y[0].words if preparation.y else None
        return {"classes": ", ".join(words)} if words else {}
    chosen = " (the last column: none was named)" if preparation.default_target else ""
    names = preparation.names
    widths = {column.name: column.width for column in preparation.x if column.words is not None}
    more = f", ... ({len(names)} in all)" if len(names) > _NAMES_SHOWN else ""
    fills = {
        column.name: column.fill if isinstance(column.fill, str) else show_value(column.fill)
        for column in preparation.x
        if column.fill is not None
    }
    targets = ", ".join(column.name for column in preparation.y)
    words = preparation.y[0].words
    classes = ", ".join(
        f"{number if words is None else words[number]} {show_count(count)}"
        for number, count in sorted(counts.items())
    )
    return {
        "features": ", ".join(names[:_NAMES_SHOWN]) + more,
        **({"columns of words": ", ".join(f"{n} {width}" for n, width in widths.items())} if widths else {}),
        **({"fills": ", ".join(f"{name} {fill}" for name, fill in fills.items())} if fills else {}),
        "target": targets + chosen,
        **({"classes": classes} if classes and (words or sorted(counts) == [*range(len(counts))]) else {}),
    }


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
    every = range(len(table.columns))
    try:
        table = table.judged(every)
        tallies, rows = _tallied(table)
    except DataError:  # a value far into the file is no number: its column is judged by now
        try:
            table = table.judged(every)
            tallies, rows = _tallied(table)
        except DataError:
            return {"name": table.name, **{table.label(i): table.columns[i].kind for i in every}}
    facts = {"name": table.name, "rows": show_count(rows)}
    return facts | {table.label(i): _summary(tally) for i, tally in enumerate(tallies)}


def _tallied(table: DataTable) -> tuple[list[_Tally], int]:
    tallies = [_Tally(column) for column in table.columns]
    columns = [
        TableColumn(i, column.name, "float64" if _is_numbers(column) else "words")
        for i, column in enumerate(table.columns)
        if column.kind in _SCANNED
    ]
    rows = 0
    for block in table.blocks(columns, 0):
        rows += block.rows
        _count([tallies[column.index] for column in columns], block)
    return tallies, rows


def _is_numbers(column: Column) -> bool:
    return column.kind in NUMBER_KINDS and (column.reading is None or column.reading.problem is None)


def _count(tallies: Sequence[_Tally], block: Block) -> None:
    """Add the columns of a block to their tallies."""
    columns = [each for each in block.columns if not isinstance(each, Words)]
    numbers = np.array(columns, np.float64).reshape(len(columns), block.rows)
    gaps = np.isnan(numbers).sum(axis=1).tolist()
    least = np.fmin.reduce(numbers, axis=1, initial=np.inf).tolist()
    most = np.fmax.reduce(numbers, axis=1, initial=-np.inf).tolist()
    found = iter(zip(gaps, least, most, strict=True))
    for tally, values in zip(tallies, block.columns, strict=True):
        if isinstance(values, Words):
            tally.missing += int((values.numbers < 0).sum())
            tally.words = (tally.words or set()) | set(values.words[:_DIFFERENT])
        else:
            missing, low, high = next(found)
            tally.missing += missing
            tally.least, tally.most = min(tally.least, low), max(tally.most, high)


def _summary(tally: _Tally) -> str:
    is_mixed = tally.column.kind in NUMBER_KINDS and not _is_numbers(tally.column)
    parts = ["numbers and words" if is_mixed else tally.column.kind]
    if tally.least <= tally.most:
        parts.append(f"{show_value(tally.least)} to {show_value(tally.most)}")
    if tally.words is not None:
        count = len(tally.words)
        parts.append(f"{show_count(count)}{' or more' if count >= _DIFFERENT else ''} different")
    if tally.missing:
        reading = tally.column.reading
        gaps = {} if reading is None else reading.gaps if _is_numbers(tally.column) else reading.word_gaps
        spelled = ", ".join(text or "empty" for text in gaps)
        parts.append(f"{show_count(tally.missing)} missing{f' ({spelled})' if spelled else ''}")
    if tally.column.examples:
        parts.append(f"such as {', '.join(tally.column.examples)}")
    return ", ".join(parts)
