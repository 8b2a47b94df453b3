"""A survey: what data shows before anything is done to it, from which a default recipe is chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import inf, prod

import numpy as np
import numpy.typing as npt

from chalknet.data.columns import LoadOptions, sides
from chalknet.data.formats import NUMBER_KINDS, DataTable, TableColumn, Words, named
from chalknet.data.load import load, open_data
from chalknet.data.sources import Source, target_blocks
from chalknet.lazy import torch

_DIFFERENT = 1001  # values of a column that are told apart
_ROWS_TRIED = 1024  # of a source of the user's own, whose rows may be dear


@dataclass(frozen=True)
class SeenColumn:
    """What was seen of a column.

    Args:
        name: what messages call it.
        key: what options call it: its name, or its number where another column has that name too.
        kind: number, text, date, or the name of a type that is none of these.
        values: how many rows have one.
        missing: how many have none.
        counts: how often each value is there: a word, or a number of a target; at most 1,001 of them.
        least: the smallest number.
        most: the largest.
        whole: whether all numbers are whole ones.
        counts_rows: whether it goes up by 1 from row to row.
    """

    name: str
    key: str | int
    kind: str = "number"
    values: int = 0
    missing: int = 0
    counts: Counter[str | float] = field(default_factory=Counter)
    least: float = inf
    most: float = -inf
    whole: bool = True
    counts_rows: bool = True

    @property
    def different(self) -> int:
        """Return how many different values it has, as far as they are told apart."""
        return len(self.counts)


@dataclass(frozen=True)
class Survey:
    """What data shows before anything is done to it.

    Args:
        name: what the data is called.
        rows: how many.
        x_shape: of one sample of arrays; of a table, `(columns,)`.
        features: the columns of a table; none of arrays.
        targets: of a table its columns; of arrays those of y.
        table: whether its columns can be chosen.
        prepared: whether its numbers were filled, standardised or coded already.
        pixels: whether its features are pixels.
        whole_type: whether the type of the targets is that of whole numbers.
        brings_held_out: whether it brings rows along that are held out.
        source: where it was opened as a source, this one.
    """

    name: str
    rows: int
    x_shape: tuple[int, ...]
    features: tuple[SeenColumn, ...]
    targets: tuple[SeenColumn, ...]
    table: bool
    prepared: bool = False
    pixels: bool = False
    whole_type: bool = True
    brings_held_out: bool = False
    source: Source | None = None


def survey(data: object, options: LoadOptions) -> Survey:
    """Return what data shows: of a table all its columns, read once; of arrays their shapes and targets.

    Args:
        data: whatever `load` takes.
        options: which columns are x and y, and how a text is read; what else they ask is not done.

    Raises:
        ChalknetError: as `load` does, for what cannot be read.
    """
    opened = open_data(data, options)
    if isinstance(opened, named.TablePair):
        return _of_table(opened.table, replace(options, y=opened.targets))
    if isinstance(opened, DataTable):
        return _of_table(opened, options)
    asked = {name: value for name, value in options.keywords.items() if name in _READ}
    given = opened if isinstance(opened, Source) else None
    return _of_source(load(data if given is None else given, **asked), given)  # type: ignore[arg-type]


_READ = ("x", "y", "classes", "drop", "dtype", "in_memory", "limits", "delimiter", "header")


def _of_table(table: DataTable, options: LoadOptions) -> Survey:
    x, y = sides(options, table.columns, table.name)
    table = table.judged((*x, *y))
    seen, rows = _tallied(table, (*x, *y), frozenset(y))
    return Survey(
        name=table.name,
        rows=rows,
        x_shape=(len(x),),
        features=seen[: len(x)],
        targets=seen[len(x) :],
        table=True,
    )


def _tallied(
    table: DataTable, indexes: tuple[int, ...], targets: frozenset[int]
) -> tuple[tuple[SeenColumn, ...], int]:
    """Return what is seen of columns, and how many rows there are; numbers are counted of targets alone."""
    columns = [
        TableColumn(i, table.label(i), "float64" if _is_number(table, i) else "words") for i in indexes
    ]
    kinds = [
        "number" if column.dtype == "float64" else table.columns[column.index].kind for column in columns
    ]
    keys = [
        column.name if column.name == table.columns[column.index].name else column.index for column in columns
    ]
    seen = [
        SeenColumn(column.name, key, kind) for column, key, kind in zip(columns, keys, kinds, strict=True)
    ]
    rows = 0
    for block in table.blocks(columns, 0):
        for place, values in enumerate(block.columns):
            if isinstance(values, Words):
                seen[place] = _with_words(seen[place], values)
            else:
                seen[place] = _with_numbers(seen[place], values, rows, columns[place].index in targets)
        rows += block.rows
    return tuple(seen), rows


def _is_number(table: DataTable, index: int) -> bool:
    """Return whether a column is read as numbers; one that is refused as such is read as words here."""
    column = table.columns[index]
    return column.kind in NUMBER_KINDS and (column.reading is None or column.reading.problem is None)


def _with_words(seen: SeenColumn, values: Words) -> SeenColumn:
    there = values.numbers[values.numbers >= 0]
    numbers, often = np.unique(there, return_counts=True)
    counts = Counter(seen.counts)
    for number, count in zip(numbers.tolist(), often.tolist(), strict=True):
        if len(counts) < _DIFFERENT or values.words[number] in counts:
            counts[values.words[number]] += count
    missing = seen.missing + len(values.numbers) - len(there)
    return replace(seen, values=seen.values + len(there), missing=missing, counts=counts)


def _with_numbers(seen: SeenColumn, values: npt.NDArray[np.float64], row: int, counted: bool) -> SeenColumn:
    """Return what is seen of a column of numbers with those of a block.

    Args:
        seen: what was seen of it before.
        values: its numbers, NaN where there is none.
        row: the number of the first of them.
        counted: whether different values are counted.
    """
    there = values[~np.isnan(values)]
    counts = Counter(seen.counts)
    if counted and len(counts) < _DIFFERENT:
        numbers, often = np.unique(there, return_counts=True)
        counts.update(dict(zip(numbers.tolist()[:_DIFFERENT], often.tolist(), strict=False)))
    first = values[0] if row == 0 and len(values) else seen.least
    return replace(
        seen,
        values=seen.values + len(there),
        missing=seen.missing + len(values) - len(there),
        counts=counts,
        least=min(seen.least, float(there.min(initial=inf))),
        most=max(seen.most, float(there.max(initial=-inf))),
        whole=seen.whole and bool(np.all(np.mod(there, 1) == 0)),
        counts_rows=seen.counts_rows and bool(np.all(values == first + row + np.arange(len(values)))),
    )


def _of_source(source: Source, given: Source | None) -> Survey:
    """Return what a source shows: its targets are read, but of a user's own source its first rows alone."""
    columns = [SeenColumn(name, name) for name in _target_names(source)]
    whole_type, first = True, 0
    for y in _targets(source):
        whole_type = whole_type and not y.is_floating_point()
        for place, values in enumerate(y.reshape(len(y), -1).double().numpy().T):
            columns[place] = _with_numbers(columns[place], values, first, counted=True)
        first += len(y)
    found = source.preparation
    words = found.y[0].words if found is not None and found.classes else None
    if words is not None:
        counts: Counter[str | float] = Counter(
            {words[int(number)]: often for number, often in columns[0].counts.items()}
        )
        columns = [replace(columns[0], kind="text", counts=counts)]
    return Survey(
        name=source.name,
        rows=len(source),
        x_shape=source.x_shape,
        features=(),
        targets=tuple(columns),
        table=False,
        prepared=found is not None and not found.is_plain,
        pixels=(found is not None and bool(found.scale)) or len(source.x_shape) > 1,
        whole_type=whole_type,
        brings_held_out=source.held_out is not None,
        source=given,
    )


def _target_names(source: Source) -> list[str]:
    """Return what the columns of y are called."""
    width = prod(source.y_shape)
    found = source.preparation
    named_so = [column.name for column in found.y] if found is not None else []
    if len(named_so) == width:
        return named_so
    return ["y"] if width == 1 else [f"y[{i}]" for i in range(width)]


def _targets(source: Source) -> Iterator[torch.Tensor]:
    read = False
    for _, y in target_blocks(source):
        read = True
        yield y
    if not read:
        yield source.take(slice(0, min(len(source), _ROWS_TRIED))).y
