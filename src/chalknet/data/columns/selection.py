"""Which columns of a table are x and y: by what was asked, or by those that another table had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from chalknet.data import formats
from chalknet.data.columns.options import LoadOptions, positions, select
from chalknet.data.columns.preparation import PreparedColumn
from chalknet.data.formats import Column, ColumnNames, DataTable, RawRows, TableColumn
from chalknet.errors import DataError, InvalidValue
from chalknet.units import is_number


def select_columns(
    table: DataTable, options: LoadOptions
) -> tuple[tuple[TableColumn, ...], tuple[TableColumn, ...]]:
    """Return the columns of x and of y that are asked for.

    Raises:
        UnknownName: for a column that is not there.
        DataError: for words, dates and other columns of no numbers that nothing is to convert.
    """
    x, y, words = select(options, table.columns, table.name)
    dtypes = dict.fromkeys(x, options.dtype) | dict.fromkeys(y, "float64") | dict.fromkeys(words, "words")
    columns = {i: TableColumn(i, table.label(i), dtype) for i, dtype in dtypes.items()}
    return _checked(table, [columns[i] for i in x]), _checked(table, [columns[i] for i in y], target=True)


def columns_like(
    table: DataTable, columns: Sequence[PreparedColumn], dtype: str, *, target: bool = False
) -> tuple[TableColumn, ...]:
    """Return the columns of a table that another one had under these names, wherever they stand.

    Raises:
        UnknownName: for a column that is missing.
        DataError: for words where the other table had numbers.
    """
    names = [column.name for column in table.columns]
    found = positions([column.name for column in columns], names, f"the columns of {table.name}")
    same = (
        TableColumn(i, column.name, dtype if column.words is None else "words")
        for i, column in zip(found, columns, strict=True)
    )
    return _checked(table, same, target=target)


def select_of_array(raw: RawRows, options: LoadOptions) -> RawRows:
    """Return the rows of an array, whose columns, x and y among them, have no names but their numbers."""
    x, y, words = select(options, [Column(str(i), "number") for i in range(raw.x.shape[1])], raw.name)
    if words:
        raise InvalidValue(
            where=raw.name,
            got="one_hot or classes for an array of numbers",
            wanted="columns of words, as tables have them",
            remedy="Leave them out: whole numbers are class numbers already.",
        )
    features, target = tuple(map(str, x)), tuple(map(str, y))
    names = ColumnNames(features, target, named=False, default_target=options.y is None)
    return replace(raw, x_columns=x, y_columns=y, names=names)


def _checked(
    table: DataTable, chosen: Iterable[TableColumn], *, target: bool = False
) -> tuple[TableColumn, ...]:
    """Return columns of a table, those that are read as numbers checked."""
    columns = tuple(chosen)
    for column in columns:
        if column.dtype != "words":
            _check_numbers(table.columns[column.index], table, target=target)
    return columns


def _check_numbers(column: Column, table: DataTable, *, target: bool) -> None:
    """Raise a DataError for a column that holds no numbers, with the first value that is none."""
    if column.kind in formats.NUMBER_KINDS:
        return
    if column.kind == "binary" and table.layout and table.path:
        raise formats.not_utf8(table.path, 0)
    where = f"column {column.name!r} of {table.name}"
    what = "text" if column.kind == "text" else f"values of the kind {column.kind}"
    example = next(iter(column.examples), "")
    if column.kind == "text":
        row, example = _first_word(table, column, example)
        where = f"{where}, row {row} (counted from 0)"
        remedy = formats.not_a_number(where, example, column.name).remedy
        if target and "one_hot" in remedy:
            remedy = _CLASSES
        raise DataError(where=where, got=f"{example[:40]!r}, {what}", wanted="numbers", remedy=remedy)
    remedy = _OTHER_TARGET if target else _REMEDIES.get(column.kind, _LEAVE_OUT).format(name=column.name)
    raise DataError(where=where, got=f"{what}, such as {example!r}", wanted="numbers", remedy=remedy)


_CLASSES = "If these are classes, say classes=True (--classes); else name another target: y=... (--y)."
_OTHER_TARGET = "Name another target with y=... (--y), or turn it into numbers first."
_LEAVE_OUT = "Leave it out of x, or make columns of numbers of it."
_REMEDIES = {"date": "Make categories of it, one_hot=[{name!r}], or leave it out of x."}


def _first_word(table: DataTable, column: Column, example: str) -> tuple[int, str]:
    """Return the first row of a column whose value is no number, and the value."""
    index = [each.name for each in table.columns].index(column.name)
    block = next(table.blocks([TableColumn(index, column.name, "words")], 0))
    words: Any = block.columns[0]
    for row, number in enumerate(words.numbers.tolist()):
        if number >= 0 and not is_number(words.words[number]):
            return row, words.words[number]
    return 0, example
