"""A Preparation: what turns the columns of a file into x and y, learned from the training rows alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import DataError, ShapeMismatch, unknown_name

Array = npt.NDArray[Any]
_NAMES_SHOWN = 20


@dataclass(frozen=True)
class PreparedColumn:
    """What is done to one column.

    Args:
        name: of the column, or its number where columns have no names.
        mean: taken from every number, and then
        std: every number is divided by it.
        fill: number or word that takes the place of a missing one; None where none may be missing.
        words: the categories, in the order of their columns or class numbers; None for numbers.
    """

    name: str
    mean: float = 0.0
    std: float = 1.0
    fill: float | str | None = None
    words: tuple[str, ...] | None = None

    @property
    def width(self) -> int:
        """Return how many columns of x it becomes."""
        return 1 if self.words is None else len(self.words)


@dataclass(frozen=True)
class Preparation:
    """What turns the columns of a file into x and y: kept with a run, so that new data is treated alike.

    Args:
        x: the features, in their order; empty where they are taken as they stand, whatever their number.
        y: the target's columns; empty likewise.
        dtype: of x.
        named: whether the columns have names, by which those of a new file are found; else by position.
        classes: whether y is the class numbers of the words of its column.
        default_target: whether y is the last column because none was named.
        scale: what the features were: "divided" (bytes, divided by 255), "bytes" as they stand, "unit"
            (numbers from 0 to 1); empty for any other numbers.
        reading: options that say how the text of the file was read; a new file is read so too.
        numeric_classes: whether the words of y are numbers in the data.
        unknown: what becomes of a word, or a gap, that the training rows did not have.

    Example:
        >>> age = PreparedColumn("age", mean=40.0, std=10.0)
        >>> preparation = Preparation((age,), (PreparedColumn("price"),))
        >>> preparation.apply(np.array([[50.0]], dtype=np.float32)).tolist()
        [[1.0]]
        >>> Preparation.from_json(preparation.to_json()) == preparation
        True
    """

    x: tuple[PreparedColumn, ...]
    y: tuple[PreparedColumn, ...]
    dtype: str = "float32"
    named: bool = True
    classes: bool = False
    default_target: bool = False
    scale: str = ""
    reading: Mapping[str, Any] = field(default_factory=dict)
    numeric_classes: bool = False
    unknown: str = "refuse"

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the features' columns."""
        return tuple(column.name for column in self.x)

    @property
    def imputed(self) -> tuple[str, ...]:
        """Return the names of the features whose gaps are filled."""
        return tuple(column.name for column in self.x if column.fill is not None)

    @property
    def is_plain(self) -> bool:
        """Return whether every feature is taken as it stands."""
        return all(column == PreparedColumn(column.name) for column in self.x)

    @property
    def width(self) -> int:
        """Return how many columns x has once words are columns of their own."""
        return sum(column.width for column in self.x)

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Preparation:
        """Return what `to_json` wrote.

        Raises:
            ValueError: for a text that it did not write.
        """
        kept = json.loads(text)
        try:
            for side in ("x", "y"):
                kept[side] = tuple(
                    PreparedColumn(**{**column, "words": column["words"] and tuple(column["words"])})
                    for column in kept[side]
                )
            return cls(**kept)
        except (KeyError, TypeError) as problem:
            raise ValueError(f"no preparation: {problem}") from problem

    def check_unnamed(self, columns: int, where: str) -> None:
        """Raise a ShapeMismatch unless columns without names can be those of the training rows.

        Args:
            columns: how many numbers a row has.
            where: what an error calls the rows.
        """
        if (self.x and columns != len(self.x)) or any(column.words is not None for column in self.x):
            raise ShapeMismatch(
                where=where,
                got=f"{columns} numbers a row without names",
                wanted=f"the columns {', '.join(self.names[:_NAMES_SHOWN])}",
                remedy="Give a CSV or Parquet file with these columns, or a dict of them.",
            )

    def apply(
        self,
        raw: Array,
        words: Mapping[str, Sequence[str]] | None = None,
        *,
        strict: bool = True,
        owned: bool = False,
        replaced: Counter[str] | None = None,
    ) -> Array:
        """Return x `(rows, width)` of rows as they stand in a file.

        Args:
            raw: `(rows, columns)`: numbers, NaN where one is missing; for a column of words their numbers.
            words: for each column of words what its numbers stand for; None when they are those of `x`.
            strict: whether a word that the training rows do not have is an error; else all its columns
                are 0.
            owned: whether `raw` may be changed instead of copied.
            replaced: where to add, by column, how many values `unknown` put something else in the place of.
        """
        if all(column.words is None for column in self.x):
            x = raw if owned and raw.dtype == self.dtype else np.array(raw, self.dtype)
            self._impute_and_scale(x, self.x)
            return x
        x = np.zeros((len(raw), self.width), self.dtype)
        numbers = [i for i, column in enumerate(self.x) if column.words is None]
        starts = np.cumsum([0, *(column.width for column in self.x)])
        part = np.array(raw[:, numbers], self.dtype)
        self._impute_and_scale(part, [self.x[i] for i in numbers])
        x[:, starts[numbers]] = part
        for i, column in enumerate(self.x):
            if column.words is not None:
                codes = _codes(column, raw[:, i], (words or {}).get(column.name), strict)
                rows = np.flatnonzero(codes >= 0)
                x[rows, starts[i] + codes[rows]] = 1
        return x

    def apply_target(self, raw: Array, words: Mapping[str, Sequence[str]] | None = None) -> Array:
        """Return y of rows as they stand in a file: class numbers, or numbers standardised where asked."""
        if not self.classes:
            y = np.array(raw)
            if self._scales_target:
                y = y.astype(self.dtype)
                self._impute_and_scale(y.reshape(len(y), -1), self.y)
            return y
        column = self.y[0]
        return _codes(column, raw.reshape(-1), (words or {}).get(column.name), True)

    def restore(self, yhat: Array) -> Array:
        """Return predictions in the target's own unit, where it was standardised."""
        if self.classes or not self._scales_target:
            return yhat
        mean, std = _mean_and_std(self.y, yhat.dtype)
        restored: Array = yhat * std + mean
        return restored

    @property
    def _scales_target(self) -> bool:
        return any(column.std != 1 or column.mean for column in self.y)

    def _impute_and_scale(self, x: Array, columns: Sequence[PreparedColumn]) -> None:
        for i, column in enumerate(columns):
            if isinstance(column.fill, float | int):
                gaps = np.isnan(x[:, i])
                x[gaps, i] = column.fill
        mean, std = _mean_and_std(columns, x.dtype)
        if mean.any():
            x -= mean
        if (std != 1).any():
            x /= std


def _mean_and_std(columns: Sequence[PreparedColumn], dtype: np.dtype[Any]) -> tuple[Array, Array]:
    return np.array([c.mean for c in columns], dtype), np.array([c.std for c in columns], dtype)


def _codes(
    column: PreparedColumn, raw: Array, words: Sequence[str] | None, strict: bool
) -> npt.NDArray[np.int64]:
    """Return for each row the position of its word among the column's; -1 for one that it does not have."""
    known = {word: i for i, word in enumerate(column.words or ())}
    raw_words = column.words if words is None else words
    missing = known.get(str(column.fill), -1) if column.fill is not None else -1
    lookup = np.array([*(known.get(word, -1) for word in raw_words or ()), missing], np.int64)
    if raw.dtype.kind == "f":
        raw = np.where(np.isnan(raw), -1, raw)
    numbers = raw.astype(np.int64)
    codes: npt.NDArray[np.int64] = lookup[numbers]
    if strict and (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0])
        where = f"column {column.name!r}, row {row} of these rows"
        if numbers[row] < 0 or raw_words is None:
            raise DataError(
                where=where,
                got="a missing value",
                wanted="a word",
                remedy="Fill the gap, or leave the row out.",
            )
        raise unknown_name(where, "category", raw_words[int(numbers[row])], column.words or ())
    return codes
