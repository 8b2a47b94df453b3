"""A block of a table as the numbers of x and y, and what is noted of it: words, gaps, lost digits."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.columns import AUTO, FILLS, gap_remedy
from chalknet.data.formats import Block, DataTable, TableColumn, Words, leave_out
from chalknet.errors import DataError

_MOST_WORDS = 10_000
_LONGEST_WORD = 1 << 20
_TARGET_GAP = "Leave these rows out of the file: a target is not made up."
_NOTES = 8  # of gaps, a column each


@dataclass
class ConversionState:
    """What is known of a table's rows so far: how many, which words, where values are missing.

    Args:
        position: where the next block begins.
        rows: how many were converted.
        words: for each column of words those met, in the order in which they were met.
        missing: for each column with gaps: how many, and the first row with one.
        whole: whether every target is a whole number.
        markers: for each column with gaps how they are spelled, where that is known, and how often.
        notes: what was assumed of columns, a sentence each.
        merged: for columns with different numbers that float32 does not tell apart, two of them.
    """

    position: int = 0
    rows: int = 0
    words: dict[str, list[str]] = field(default_factory=dict)
    missing: dict[str, list[int]] = field(default_factory=dict)
    whole: bool = True
    markers: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    merged: dict[str, list[float]] = field(default_factory=dict)

    def check(self, columns: Collection[str]) -> None:
        """Raise a ValueError where something cannot be so of a table with these columns."""
        noted = (self.words, self.missing, self.markers, self.merged)
        gaps = self.missing.values()
        if (
            self.rows < 1
            or self.position < 1
            or any(name not in columns for each in noted for name in each)
            or any(
                len(gap) != 2 or not 0 < gap[0] <= self.rows or not 0 <= gap[1] < self.rows for gap in gaps
            )
            or any(len(words) > _MOST_WORDS or len({*words}) < len(words) for words in self.words.values())
            or any(len(numbers) != 2 for numbers in self.merged.values())
        ):
            raise ValueError("facts that no table can have")


@dataclass(frozen=True)
class Conversion:
    """What is converted, and into what.

    Args:
        table: the file.
        x: the columns that are features.
        y: the columns that are the target; may be none.
        gaps: names of the features whose values may be missing.
    """

    table: DataTable
    x: tuple[TableColumn, ...]
    y: tuple[TableColumn, ...]
    gaps: frozenset[str]

    @property
    def x_dtype(self) -> np.dtype[Any]:
        """Return the dtype of x."""
        return np.dtype(next((column.dtype for column in self.x if column.dtype != "words"), "float32"))


def target_dtype(conversion: Conversion, state: ConversionState) -> np.dtype[Any]:
    """Return the dtype of y: a target of whole numbers is int64."""
    return np.dtype(np.int64) if state.whole and len(conversion.y) == 1 else conversion.x_dtype


def numbers_of(
    conversion: Conversion, block: Block, state: ConversionState
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Return a block as x and y (float64); its words, gaps and lost digits are noted in the state."""
    sides = []
    for columns, values, dtype in (
        (conversion.x, block.columns[: len(conversion.x)], conversion.x_dtype),
        (conversion.y, block.columns[len(conversion.x) :], np.dtype(np.float64)),
    ):
        exact = np.empty((len(columns), block.rows))
        for row, column, value in zip(exact, columns, values, strict=True):
            row[:] = _numbered(column, value, state) if isinstance(value, Words) else value
        for i in np.flatnonzero(_may_lose_digits(exact)):
            if not isinstance(values[i], Words):
                note_digits(columns[i].name, exact[i], state)
        with np.errstate(over="ignore", invalid="ignore"):  # told below
            numbers = exact.astype(dtype, copy=False)
            totals = numbers.sum(axis=1, dtype=np.float64)
        for i in np.flatnonzero(~np.isfinite(totals)):
            _note_gaps(columns[i], numbers[i], state, conversion)
        sides.append(np.ascontiguousarray(numbers.T))
    refuse_gaps(conversion, state)
    state.whole = state.whole and bool((sides[1] == np.floor(sides[1])).all())
    return sides[0], sides[1]


_MOST_EXACT = 2.0**53
_LOOKED_AT = 1000


def _may_lose_digits(columns: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which of the columns `(columns, rows)` are worth a look, many at once; those with gaps are."""
    if not columns.size:
        return np.zeros(len(columns), bool)
    with np.errstate(over="ignore", invalid="ignore"):
        largest, is_coarse = _largest(columns.min(axis=1), columns.max(axis=1))
        found: npt.NDArray[np.bool_] = is_coarse | ~(largest <= 2.0**24)  # not a number: a gap
        return found


def _largest(least: Any, most: Any) -> tuple[Any, Any]:
    """Return the largest size in a range, and whether float32 steps over a thousandth of the range there."""
    largest = np.maximum(-least, most)
    return largest, largest * 2.0**-24 > 1e-3 * (most - least)


def note_digits(name: str, values: npt.NDArray[np.float64], state: ConversionState) -> None:
    """Note two numbers of a column that differ, and are one number in float32.

    Whole numbers are looked at from 2**24 on, others where float32 resolves less than a thousandth of their
    range: a random float of many digits loses some of them, and nothing by it.
    """
    if name in state.merged or not len(values):
        return
    least, most = values.min(), values.max()
    if not (np.isfinite(least) and np.isfinite(most)):
        there = values[np.isfinite(values)]
        if not len(there):
            return
        least, most = there.min(), there.max()
    largest, is_coarse = _largest(least, most)
    if not is_coarse and (largest <= 2.0**24 or (values[:_LOOKED_AT] != np.floor(values[:_LOOKED_AT])).any()):
        return
    different = np.unique(values[np.isfinite(values)])
    with np.errstate(over="ignore"):
        merged = np.flatnonzero(np.diff(different.astype(np.float32)) == 0)
    if len(merged):
        state.merged[name] = different[merged[0] : merged[0] + 2].tolist()
    elif largest >= _MOST_EXACT and (different == np.floor(different)).all():
        state.merged[name] = [float(largest), float(largest)]


def _numbered(column: TableColumn, value: Words, state: ConversionState) -> npt.NDArray[np.float64]:
    """Return for each row the number of its word among all met so far; NaN where it is missing."""
    known = state.words.setdefault(column.name, [])
    numbers = {word: number for number, word in enumerate(known)}
    for word in value.words:
        if word not in numbers:
            numbers[word] = len(known)
            known.append(word)
    if len(known) > _MOST_WORDS or any(len(word) > _LONGEST_WORD for word in value.words):
        raise DataError(
            where=f"column {column.name!r}",
            got=f"more than {_MOST_WORDS:,} different values, such as {known[0]!r} and {known[-1]!r}",
            wanted="categories that come again",
            remedy=f"It names single rows: {leave_out(column.name)}.",
        )
    lookup = np.array([*(numbers[word] for word in value.words), np.nan])
    return lookup[value.numbers]


def _note_gaps(
    column: TableColumn, values: npt.NDArray[Any], state: ConversionState, conversion: Conversion
) -> None:
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise DataError(
            where=_place(column.name, conversion, state.rows + int(infinite[0])),
            got=f"{values[infinite[0]]}, or a number too large for {conversion.x_dtype}",
            wanted="finite numbers",
            remedy="Drop the row or correct it; dtype='float64' holds numbers up to 1e308.",
        )
    gaps = np.flatnonzero(np.isnan(values))
    if len(gaps):
        noted = state.missing.setdefault(column.name, [0, state.rows + int(gaps[0])])
        noted[0] += len(gaps)


def refuse_gaps(conversion: Conversion, state: ConversionState) -> None:
    """Raise a DataError for missing values where none may be."""
    targets = {column.name for column in conversion.y}
    for name, (count, row) in state.missing.items():
        if name not in conversion.gaps:
            target = name in targets
            raise DataError(
                where=_place(name, conversion, row),
                got=f"a missing value{f' ({count:,} so far)' if count > 1 else ''}",
                wanted="a target in every row" if target else "a value in every row",
                remedy=_TARGET_GAP if target else gap_remedy(name, words=name in state.words),
            )


def _place(name: str, conversion: Conversion, row: int) -> str:
    return f"column {name!r} of {conversion.table.name}, row {row} (counted from 0)"


def note_readings(conversion: Conversion, state: ConversionState) -> None:
    """Note how the columns that were judged by their texts were read."""
    columns = (*conversion.x, *conversion.y)
    found = conversion.table.judged(column.index for column in columns).columns
    for column in columns:
        reading = found[column.index].reading
        if reading is not None:
            words = column.dtype == "words"
            state.notes += reading.word_notes if words else reading.notes
            state.markers[column.name] = dict(reading.word_gaps if words else reading.gaps)


def gap_notes(state: ConversionState, imputed: Mapping[str, str | float]) -> list[str]:
    """Return a sentence for each column with gaps: how many, how they are spelled, what fills them."""
    notes = []
    for name, (count, _) in state.missing.items():
        spelled = ", ".join(text or "empty" for text in list(state.markers.get(name, ()))[:_NOTES])
        fill = imputed.get(name, "")
        if fill == "auto":
            fill = AUTO[name in state.words]
        filled = f", filled with {fill if fill not in FILLS else f'the {fill}'}" if fill != "" else ""
        notes.append(
            f"column {name}: {count:,} of {state.rows:,} values missing"
            f"{f' ({spelled})' if spelled else ''}{filled}"
        )
    more = len(notes) - _NOTES
    return [*notes[:_NOTES], f"{more} more columns have gaps that are filled"] if more > 0 else notes


def digit_notes(state: ConversionState, safe: Container[str], remedies: Mapping[str, str]) -> list[str]:
    """Return a sentence for each column whose different numbers become equal ones in float32.

    Args:
        state: what was noted.
        safe: names of the columns whose digits are kept, or used before they are narrowed.
        remedies: what tells the numbers of some columns apart; under "" for all others.
    """
    notes = []
    for name, (one, other) in state.merged.items():
        if abs(one) >= _MOST_EXACT:
            notes.append(f"column {name}: numbers such as {one:.0f} have more digits than float64 holds")
        elif name not in safe:
            remedy = remedies.get(name, remedies[""])
            notes.append(
                f"column {name}: {one:.17g} and {other:.17g} are one number in float32; "
                f"{remedy} tells them apart"
            )
    return notes
