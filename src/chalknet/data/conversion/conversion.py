"""A conversion of a table: which columns become which numbers, and what is known of the rows so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from chalknet.data.formats import Block, Table, TableColumn, Words
from chalknet.errors import DataError

_MOST_WORDS = 10_000
_GAP_REMEDIES = (  # for a number, for a word, for a target
    "Fill the gaps, fill='mean' or 'median' or a number (--fill mean), or leave the column out.",
    "Name the word that fills the gaps, fill={{{name!r}: 'unknown'}}, or leave the column out.",
    "Leave these rows out of the file: a target is not made up.",
)


@dataclass
class ConversionState:
    """What is known of a table's rows so far: how many, which words, where values are missing.

    Args:
        position: where the next block begins.
        rows: how many were converted.
        words: for each column of words those met, in the order in which they were met.
        missing: for each column with gaps: how many, and the first row with one.
        whole: whether every target is a whole number.
    """

    position: int = 0
    rows: int = 0
    words: dict[str, list[str]] = field(default_factory=dict)
    missing: dict[str, list[int]] = field(default_factory=dict)
    whole: bool = True


@dataclass(frozen=True)
class Conversion:
    """What is converted, and into what.

    Args:
        table: the file.
        x: the columns that are features.
        y: the columns that are the target; may be none.
        gaps: names of the features whose values may be missing.
    """

    table: Table
    x: tuple[TableColumn, ...]
    y: tuple[TableColumn, ...]
    gaps: frozenset[str]

    @property
    def x_dtype(self) -> np.dtype[Any]:
        """Return the dtype of x."""
        return np.dtype(next((column.dtype for column in self.x if column.dtype != "words"), "float32"))


def numbers_of(
    conversion: Conversion, block: Block, state: ConversionState
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Return a block as x and y (float64); its words and gaps are noted in the state."""
    sides = []
    for columns, values, dtype in (
        (conversion.x, block.columns[: len(conversion.x)], conversion.x_dtype),
        (conversion.y, block.columns[len(conversion.x) :], np.dtype(np.float64)),
    ):
        numbers = np.empty((len(columns), block.rows), dtype)  # transposed below: torch does that by tiles
        for row, column, value in zip(numbers, columns, values, strict=True):
            row[:] = _numbered(column, value, state) if isinstance(value, Words) else value
            if not np.isfinite(row.sum(dtype=np.float64)):
                _note_gaps(column, row, state, conversion)
        sides.append(torch.from_numpy(numbers).t().contiguous().numpy())
    refuse_gaps(conversion, state)
    state.whole = state.whole and bool((sides[1] == np.floor(sides[1])).all())
    return sides[0], sides[1]


def _numbered(column: TableColumn, value: Words, state: ConversionState) -> npt.NDArray[np.float64]:
    """Return for each row the number of its word among all met so far; NaN where it is missing."""
    known = state.words.setdefault(column.name, [])
    numbers = {word: number for number, word in enumerate(known)}
    for word in value.words:
        if word not in numbers:
            numbers[word] = len(known)
            known.append(word)
    if len(known) > _MOST_WORDS:
        raise DataError(
            where=f"column {column.name!r}",
            got=f"more than {_MOST_WORDS:,} different values, such as {known[0]!r} and {known[-1]!r}",
            wanted="categories that come again",
            remedy="Leave the column out: it names single rows.",
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
                remedy=_GAP_REMEDIES[2 if target else name in state.words].format(name=name),
            )


def _place(name: str, conversion: Conversion, row: int) -> str:
    return f"column {name!r} of {conversion.table.path.name}, row {row} (counted from 0)"
