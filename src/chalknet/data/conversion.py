"""Conversion: a table becomes two arrays in files, once, which are found again by the table's content."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.blocks import (
    Conversion,
    ConversionState,
    digit_notes,
    gap_notes,
    note_readings,
    numbers_of,
    refuse_gaps,
    target_dtype,
)
from chalknet.data.cache import CachedTable, TableRequest, open_or_convert
from chalknet.data.columns import (
    ChosenColumns,
    LoadOptions,
    Preparation,
    choose_columns,
    imputed_values,
    standardised,
    words_of,
)
from chalknet.data.formats import ArrayFile, ColumnNames, DataTable, RawRows
from chalknet.files import cache_folder


def convert_table(table: DataTable, options: LoadOptions, like: Preparation | None = None) -> RawRows:
    """Return the rows of a table, converted where that was not done before.

    Args:
        table: the file.
        options: which columns, what becomes of words and gaps, and the folder of all that is converted.
        like: how another table was prepared, for columns of the same names; None for those of the options.

    Raises:
        UnknownName: for a column that is not there.
        DataError: for words, dates, gaps and other values that cannot be fitted, with column and row.
        FileProblem: when the cache cannot be written or is full.
    """
    chosen = choose_columns(table, options, like)
    x: ArrayFile | npt.NDArray[Any]
    y: ArrayFile | npt.NDArray[Any]
    found_damaged: tuple[str, ...] = ()
    if table.path is None:
        conversion = _conversion(table, chosen, words_of(table, chosen, options, like), options, like)
        x, y, state = _in_memory(conversion)
    else:
        found = _from_cache(table, chosen, options, like)
        x, y, state, found_damaged = found.x, found.y, found.state, found.notes
        conversion = _conversion(table, chosen, state.words, options, like)
        refuse_gaps(conversion, state)
    words = {name: tuple(words) for name, words in state.words.items()}
    names = replace(_names(conversion, options), words=words)
    imputed = imputed_values(options, names) if like is None else {c.name: c.fill or "" for c in like.x}
    notes = [
        *found_damaged,
        *table.notes,
        *_unnamed_notes(table, chosen),
        *state.notes,
        *gap_notes(state, imputed),
        *_digit_notes(state, names, options, like),
    ]
    return RawRows(x, y, table.name, names=names, checked=True, notes=tuple(notes))


def _unnamed_notes(table: DataTable, chosen: ChosenColumns) -> list[str]:
    """Return a sentence for each feature without a name, but of texts, whose layout tells it."""
    return [
        f"column {i} has no name and is a feature; drop=[{i}] (--drop {i}) leaves out row numbers"
        for i in chosen.x
        if not table.layout and _UNNAMED.fullmatch(table.columns[i].name)
    ]


_UNNAMED = re.compile(r"\s*|Unnamed: \d+")


def _digit_notes(
    state: ConversionState, names: ColumnNames, options: LoadOptions, like: Preparation | None
) -> list[str]:
    remedies = {"": "standardise=True or dtype='float64'"}
    remedies |= dict.fromkeys(names.y, "standardise='both' or dtype='float64'")
    if (options.dtype if like is None else like.dtype) == "float64":
        safe = {*names.x, *names.y}
    elif like is None:
        safe = standardised(options, names) | set(names.y if options.standardise == "both" else ())
    else:
        safe = {column.name for column in (*like.x, *like.y) if (column.mean, column.std) != (0, 1)}
    return digit_notes(state, safe, remedies)


def _conversion(
    table: DataTable,
    chosen: ChosenColumns,
    words: Collection[str],
    options: LoadOptions,
    like: Preparation | None,
) -> Conversion:
    """Return the conversion of columns, those of these names as words."""
    plain = Conversion(table, *chosen.columns(table, words), frozenset())
    names = _names(plain, options)
    gaps = (
        (names.x if options.unknown != "refuse" else imputed_values(options, names))
        if like is None
        else like.imputed
    )
    return replace(plain, gaps=frozenset(gaps))


def _names(conversion: Conversion, options: LoadOptions) -> ColumnNames:
    columns = (*conversion.x, *conversion.y)
    words: dict[str, tuple[str, ...]] = {each.name: () for each in columns if each.dtype == "words"}
    x, y = (tuple(each.name for each in side) for side in (conversion.x, conversion.y))
    return ColumnNames(x, y, words, default_target=options.y is None)


def _in_memory(conversion: Conversion) -> tuple[npt.NDArray[Any], npt.NDArray[Any], ConversionState]:
    """Return x and y of a container as arrays in memory."""
    state = ConversionState()
    sides: tuple[list[npt.NDArray[Any]], ...] = ([], [])
    for block in conversion.table.blocks([*conversion.x, *conversion.y], 0):
        for side, values in zip(sides, numbers_of(conversion, block, state), strict=True):
            side.append(values)
        state.rows += block.rows
    x, y = (np.concatenate(side) for side in sides)
    y = y.astype(target_dtype(conversion, state))
    note_readings(conversion, state)
    return x, y[:, 0] if len(conversion.y) == 1 else y, state


def _from_cache(
    table: DataTable, chosen: ChosenColumns, options: LoadOptions, like: Preparation | None
) -> CachedTable:
    """Return x and y of a table as arrays in files, made where they are missing."""
    columns = [vars(column) for side in chosen.columns(table, ()) for column in side]
    request = TableRequest(
        table,
        [table.layout, columns, len(chosen.x), chosen.asked],
        conversion=lambda words: _conversion(table, chosen, words, options, like),
        words=lambda: words_of(table, chosen, options, like),
    )
    cache = cache_folder() / "tables" if options.cache is None else Path(options.cache)
    return open_or_convert(request, cache)
