"""Which columns of a table are x and y: by what was asked, or by those that another table had."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from chalknet.data import formats
from chalknet.data.columns.options import LoadOptions, positions, sides, word_columns
from chalknet.data.columns.preparation import Preparation
from chalknet.data.columns.prepared_column import PreparedColumn
from chalknet.data.formats import Column, ColumnNames, DataTable, RawRows, TableColumn, leave_out
from chalknet.errors import DataError, InvalidValue


@dataclass(frozen=True)
class ChosenColumns:
    """The columns of a table that are x and y, and how they are read.

    Args:
        x: numbers of the features' columns.
        y: numbers of the target's.
        dtype: in which the numbers of x are kept.
        asked: all else that decides how they are read, as JSON can hold it.
    """

    x: tuple[int, ...]
    y: tuple[int, ...]
    dtype: str
    asked: tuple[object, ...]

    def columns(
        self, table: DataTable, words: Container[str]
    ) -> tuple[tuple[TableColumn, ...], tuple[TableColumn, ...]]:
        """Return them as they are read, those of these names as words."""
        dtypes = dict.fromkeys(self.x, self.dtype) | dict.fromkeys(self.y, "float64")
        labels = {i: table.label(i) for i in dtypes}
        found = {
            i: TableColumn(i, label, "words" if label in words else dtypes[i]) for i, label in labels.items()
        }
        return tuple(found[i] for i in self.x), tuple(found[i] for i in self.y)


def choose_columns(table: DataTable, options: LoadOptions, like: Preparation | None) -> ChosenColumns:
    """Return the columns that are asked for, or those that another table had, wherever they stand.

    Raises:
        UnknownName: for a column that is not there.
        DataError, InvalidValue: for columns that cannot be x and y.
    """
    told = (options.decimal, *options.missing, *(["embedded", options.embed] if options.embed else []))
    if like is None:
        x, y = sides(options, table.columns, table.name)
        dtype = "float64" if options.needs_digits else options.dtype
        if options.one_hot is True:
            return ChosenColumns(x, y, dtype, ("every text", options.classes, *told))
        words = word_columns(options, table.columns, x, y, table.name)
        return ChosenColumns(x, y, dtype, ([i not in words for i in (*x, *y)], *told))
    names, where = [column.name for column in table.columns], f"the columns of {table.name}"
    x, y = (positions([column.name for column in side], names, where) for side in (like.x, like.y))
    dtype = "float64" if like.needs_digits else like.dtype
    return ChosenColumns(x, y, dtype, ([column.words is None for column in (*like.x, *like.y)], *told))


def words_of(
    table: DataTable, chosen: ChosenColumns, options: LoadOptions, like: Preparation | None
) -> set[str]:
    """Return the names of the columns that are read as words; all others hold numbers.

    Raises:
        DataError: for words, dates and other columns of no numbers that nothing is to convert.
    """
    table = table.judged((*chosen.x, *chosen.y))
    if like is None:
        words = word_columns(options, table.columns, chosen.x, chosen.y, table.name)
    else:
        pairs = zip((*chosen.x, *chosen.y), (*like.x, *like.y), strict=True)
        words = {i for i, column in pairs if column.words is not None}
    for i in (*chosen.x, *chosen.y):
        if i not in words:
            _check_numbers(table.columns[i], table, target=i in chosen.y, like=like is not None)
    return {table.label(i) for i in words}


def columns_like(table: DataTable, columns: Sequence[PreparedColumn], dtype: str) -> tuple[TableColumn, ...]:
    """Return the columns of x that another table had under these names, wherever they stand.

    Raises:
        UnknownName: for a column that is missing.
        DataError: for words where the other table had numbers.
    """
    like, options = Preparation(tuple(columns), (), dtype), LoadOptions()
    chosen = choose_columns(table, options, like)
    return chosen.columns(table, words_of(table, chosen, options, like))[0]


def select_of_array(raw: RawRows, options: LoadOptions) -> RawRows:
    """Return the rows of an array, whose columns, x and y among them, have no names but their numbers."""
    columns = [Column(str(i), "number") for i in range(raw.x.shape[1])]
    x, y = sides(options, columns, raw.name)
    if word_columns(options, columns, x, y, raw.name):
        raise InvalidValue(
            where=raw.name,
            got="one_hot or classes for an array of numbers",
            wanted="columns of words, as tables have them",
            remedy="Leave them out: whole numbers are class numbers already.",
        )
    features, target = tuple(map(str, x)), tuple(map(str, y))
    names = ColumnNames(features, target, named=False, default_target=options.y is None)
    return replace(raw, x_columns=x, y_columns=y, names=names)


def _check_numbers(column: Column, table: DataTable, *, target: bool, like: bool) -> None:
    """Raise a DataError for a column that holds no numbers, with the first value that is none."""
    if column.kind in formats.NUMBER_KINDS and (column.reading is None or column.reading.problem is None):
        return
    if column.kind == "binary" and table.layout and table.path:
        raise formats.not_utf8(table.path, 0)
    where, example = f"column {column.name!r} of {table.name}", next(iter(column.examples), "")
    refusal = None if column.reading is None else column.reading.problem
    if refusal is None:
        got = f"values of the kind {column.kind}, such as {example!r}"
        categories = f"Make categories of it, one_hot=[{column.name!r}], or " * (column.kind == "date")
        remedy = f"{categories}{leave_out(column.name)}."
        refusal = DataError(where=where, got=got, wanted="numbers", remedy=remedy[0].upper() + remedy[1:])
    if like:
        wanted, remedy = "numbers, as in the training rows", _NUMBERS_THERE
        refusal = DataError(where=refusal.where, got=refusal.got, wanted=wanted, remedy=remedy)
    elif target:
        remedy = _CLASSES if column.kind == "text" else _OTHER_TARGET
        if "one_hot" in refusal.remedy:
            refusal = DataError(where=refusal.where, got=refusal.got, wanted="numbers", remedy=remedy)
    raise refusal


_CLASSES = "If these are classes, say classes=True (--classes); else name another target: y=... (--y)."
_NUMBERS_THERE = "Correct it; words that stand for gaps are named with missing=[...] (--missing)."
_OTHER_TARGET = "Name another target with y=... (--y), or turn it into numbers first."
