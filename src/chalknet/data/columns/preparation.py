"""A Preparation: what turns the columns of a file into x and y, learned from the training rows alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.columns.prepared_column import PreparedColumn
from chalknet.data.formats import FileOptions
from chalknet.errors import DataError, ShapeMismatch

Array = npt.NDArray[Any]
_NAMES_SHOWN = 20


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
        unknown: what becomes of a word, or a gap, that the training rows did not have: "refuse"; "missing":
            it is treated as a gap of the training rows was, else as the mean, or as no word at all;
            "most-frequent": it becomes the most frequent word, or the median.

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
        """Return the names of the features that may have gaps."""
        every = self.unknown != "refuse"
        return tuple(column.name for column in self.x if every or column.fill is not None)

    @property
    def needs_digits(self) -> bool:
        """Return whether more is computed of the features than their dtype holds."""
        return any(column.words is None and (column.mean, column.std) != (0, 1) for column in self.x)

    @property
    def may_not_refuse(self) -> bool:
        """Return whether other rows can have nothing new: they are numbers without gaps."""
        return self.unknown == "refuse" and self._numbers_alone

    @cached_property
    def is_plain(self) -> bool:
        """Return whether every feature is taken as it stands."""
        return all(column.is_plain for column in self.x)

    @cached_property
    def _numbers_alone(self) -> bool:
        return all(column.words is None for column in self.x)

    @cached_property
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
                    PreparedColumn(
                        **column
                        | {"words": column["words"] and tuple(column["words"])}
                        | {"span": column.get("span") and tuple(column["span"])}
                    )
                    for column in kept[side]
                )
            FileOptions(**kept.get("reading", {}))  # refuses the name of any other option
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
        owned: bool = False,
        replaced: Counter[str] | None = None,
    ) -> Array:
        """Return x `(rows, width)` of rows as they stand in a file; computed in float64, narrowed last.

        Args:
            raw: `(rows, columns)`: numbers, NaN where one is missing; for a column of words their numbers.
            words: for each column of words what its numbers stand for; None when they are those of `x`.
            owned: whether `raw` may be returned instead of copied.
            replaced: where to add, by column, how many values `unknown` put something else in the place of.

        Raises:
            DataError: for gaps, words that the training rows did not have, where `unknown` is "refuse"; for a
                number that `dtype` cannot hold once it is standardised.
        """
        counts = Counter[str]() if replaced is None else replaced
        if self._numbers_alone:
            return self._numbers(raw, self.x, counts, owned)
        x = np.zeros((len(raw), self.width), self.dtype)
        numbers = [i for i, column in enumerate(self.x) if column.words is None]
        starts = np.cumsum([0, *(column.width for column in self.x)])
        x[:, starts[numbers]] = self._numbers(raw[:, numbers], [self.x[i] for i in numbers], counts, False)
        for i, column in enumerate(self.x):
            if column.words is not None:
                codes = self._codes(column, raw[:, i], (words or {}).get(column.name), counts)
                rows = np.flatnonzero(codes >= 0)
                if column.coded:
                    x[:, starts[i]] = self._numbered(column, codes)
                else:
                    x[rows, starts[i] + codes[rows]] = 1
        return x

    def apply_target(self, raw: Array, words: Mapping[str, Sequence[str]] | None = None) -> Array:
        """Return y of rows as they stand in a file: class numbers, or numbers standardised where asked."""
        if self.classes:
            column, strict = self.y[0], replace(self, unknown="refuse")
            return strict._codes(column, raw.reshape(-1), (words or {}).get(column.name), Counter())
        y = np.array(raw)
        if self.scales_target:
            scaled = np.empty((len(y), len(self.y)), self.dtype)
            _write_scaled(y.reshape(scaled.shape), scaled, self.y, _mean_and_std(self.y))
            return scaled.reshape(y.shape)
        return y.astype(self.dtype) if self.named and y.dtype.kind == "f" else y

    def restore(self, yhat: Array) -> Array:
        """Return predictions in the target's own unit, where it was standardised.

        They are float64 where one of them is beyond the numbers of yhat.
        """
        if self.classes or not self.scales_target:
            return yhat
        mean, std = _mean_and_std(self.y)
        with np.errstate(over="ignore"):
            wide: Array = yhat * std + mean
            narrow = wide.astype(yhat.dtype)
        return narrow if np.isinf(narrow).sum() == np.isinf(yhat).sum() else wide

    @property
    def scales_target(self) -> bool:
        """Return whether a target of numbers is standardised."""
        return any((column.mean, column.std) != (0, 1) for column in self.y)

    def _numbers(
        self, raw: Array, columns: Sequence[PreparedColumn], counts: Counter[str], owned: bool
    ) -> Array:
        """Return columns of numbers with their gaps filled, scaled, in the dtype of x."""
        with np.errstate(invalid="ignore"):  # a minimum is NaN where one number is, and costs least
            gaps = raw.dtype.kind == "f" and np.isnan(raw.min(initial=np.inf))
        plain = self.is_plain if columns is self.x else all(column.is_plain for column in columns)
        if not gaps and plain:
            return raw if owned and raw.dtype == self.dtype else np.array(raw, self.dtype)
        x = raw if owned and raw.dtype == self.dtype else np.empty(raw.shape, self.dtype)
        filled = self._gaps_filled(raw, columns, counts) if gaps else raw
        scale = self._scale if columns is self.x else _mean_and_std(columns)
        step = max(1, _PART_NUMBERS // max(1, raw.shape[1]))
        for first in range(0, len(raw), step):
            part = slice(first, first + step)
            _write_scaled(filled[part], x[part], columns, scale, first)
        return x

    @cached_property
    def _scale(self) -> tuple[Array, Array]:
        return _mean_and_std(self.x)

    def _gaps_filled(self, raw: Array, columns: Sequence[PreparedColumn], counts: Counter[str]) -> Array:
        """Return columns of numbers in float64, with a number in the place of each gap."""
        x = np.array(raw, np.float64)
        for i, column in enumerate(columns):
            rows = np.flatnonzero(np.isnan(x[:, i]))
            if len(rows):
                x[rows, i] = self._filled(column, rows, counts)
        return x

    def _filled(self, column: PreparedColumn, rows: Array, counts: Counter[str]) -> float:
        """Return the number that takes the place of a column's gaps."""
        if column.fill is None:
            counts[column.name] += len(rows)
        number = column.number_of_gap(self.unknown)
        if number is None:
            raise self._unforeseen(column, rows, "a gap", "a number")
        return number

    def _codes(
        self, column: PreparedColumn, raw: Array, words: Sequence[str] | None, counts: Counter[str]
    ) -> npt.NDArray[np.int64]:
        """Return for each row the position of its word among the column's; -1 for none of them."""
        raw_words = (column.words if words is None else words) or ()
        gap = column.places.get(str(column.fill), _NEW) if column.fill is not None else _NEW
        lookup = np.array([*(column.places.get(word, _NEW) for word in raw_words), gap], np.int64)
        if raw.dtype.kind == "f":
            raw = np.where(np.isnan(raw), -1, raw)
        numbers = raw.astype(np.int64)
        if len(numbers) and not -1 <= numbers.min() <= numbers.max() < len(raw_words):
            raise no_word(column.name, raw_words)
        codes: npt.NDArray[np.int64] = lookup[numbers]
        rows = np.flatnonzero(codes == _NEW)
        if len(rows):
            counts[column.name] += len(rows)
            place = column.place_of_new(self.unknown)
            if place is None:
                new = Counter(
                    "a gap" if number < 0 else raw_words[number] for number in numbers[rows].tolist()
                )
                raise self._unforeseen(column, rows, *_told(new, column.words or ()))
            codes[rows] = place
        return codes

    def _numbered(self, column: PreparedColumn, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return numbers of categories, those of words that are none of them behind the others."""
        none = np.flatnonzero(codes < 0)
        if len(none) and not column.spare:
            raise DataError(
                where=f"column {column.name!r}, row {none[0]} of these rows",
                got="a category that the training rows did not have",
                wanted="one of theirs: the embedding was fitted without a row for others",
                remedy="Say unknown='most-frequent' (--unknown most-frequent), or fit anew with "
                "unknown='missing'.",
            )
        return np.where(codes >= 0, codes, len(column.words or ()))

    def _unforeseen(self, column: PreparedColumn, rows: Array, got: str, wanted: str) -> DataError:
        """Return the error for values that the training rows did not have."""
        some = ", ".join(map(str, rows[:_ROWS_NAMED].tolist())) + ", ..." * (len(rows) > _ROWS_NAMED)
        remedy = "Correct them, or say unknown='missing' or 'most-frequent' (--unknown missing)."
        if self.unknown != "refuse":
            remedy = f"Say unknown='missing', or fit anew with unknown={self.unknown!r}: it was not learned."
        if column in self.y:
            remedy = "Correct them, or leave these rows out: a target is not made up."
        return DataError(
            where=f"column {column.name!r}, row{'s' * (len(rows) > 1)} {some} of these rows",
            got=f"{got}, which the training rows did not have",
            wanted=wanted,
            remedy=remedy,
        )


_NEW = -2
_PART_NUMBERS = 1 << 15  # in float64 at a time: what a core's own cache holds
_ROWS_NAMED = 5
_WORDS_NAMED = 10


def no_word(name: str, words: Sequence[str]) -> DataError:
    """Return the error for a number that stands for none of a column's words, which somebody has changed."""
    return DataError(
        where=f"column {name!r}",
        got=f"a number that stands for none of its {len(words):,} words",
        wanted="the converted numbers as chalknet wrote them",
        remedy="Give another folder for them, cache='/folder' (--cache /folder).",
    )


def _told(new: Counter[str], words: Sequence[str]) -> tuple[str, str]:
    """Return what was got and wanted, of words that are not among those of a column."""
    told = ", ".join(word if word == "a gap" else repr(word) for word, _ in new.most_common(_WORDS_NAMED))
    count = f" ({new.total():,} rows)" if new.total() > 1 else ""
    near = [close[0] for word in new if (close := get_close_matches(word, words, 1))][:1]
    likely = f" ({near[0]}?)" if near else ""
    return told + count, f"one of {', '.join(words[:_NAMES_SHOWN])}{likely}"


def _mean_and_std(columns: Sequence[PreparedColumn]) -> tuple[Array, Array]:
    return np.array([c.mean for c in columns]), np.array([c.std for c in columns])


def _write_scaled(
    raw: Array, target: Array, columns: Sequence[PreparedColumn], scale: tuple[Array, Array], first: int = 0
) -> None:
    """Write numbers `(rows, columns)` standardised: computed in float64, narrowed last.

    Raises:
        DataError: for one that the target's dtype cannot hold; rows are counted from the first one on.
    """
    flags: list[str] = []
    with np.errstate(over="call", divide="call", invalid="call", call=lambda kind, _: flags.append(kind)):
        target[...] = _scaled(raw.astype(np.float64), *scale)
    if flags and not np.isfinite(target).all():
        row, at = np.argwhere(~np.isfinite(target))[0].tolist()
        row, column = row + first, columns[at]
        raise DataError(
            where=f"column {column.name!r}, row {row} of these rows",
            got=f"a number that is beyond {target.dtype} once it is standardised: "
            f"less the mean {column.mean:g}, divided by the standard deviation {column.std:g}",
            wanted=f"numbers like those of the training rows, {column.mean:g} ± {column.std:g}",
            remedy="Correct it, or leave the row out; where it is right, fit anew without standardising "
            "this column.",
        )


def _scaled(x: Array, mean: Array, std: Array) -> Array:
    """Return numbers `(rows, columns)` in float64 less their means, divided by their deviations, in place."""
    if mean.any():
        x -= mean
    if (std != 1).any():
        x /= std
    return x
