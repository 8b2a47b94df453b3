"""What is learned of columns from their training rows: means, deviations, medians, the words that occur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.columns.options import AUTO, FILLS, LoadOptions, positions
from chalknet.data.columns.preparation import Preparation, no_word
from chalknet.data.columns.prepared_column import PreparedColumn
from chalknet.data.formats import ColumnNames, leave_out
from chalknet.errors import DataError, InvalidValue, unknown_name

Array = npt.NDArray[Any]


@dataclass
class _Moments:
    """Count, mean, sum of squared deviations and range of columns, NaN left out, over blocks of rows.

    Source: Chan, Golub, LeVeque, Updating formulae and a pairwise algorithm for computing sample variances
    (1979).
    """

    count: Array
    mean: Array
    squares: Array
    least: Array
    most: Array

    @classmethod
    def none(cls, columns: int) -> _Moments:
        starts = (0.0, 0.0, 0.0, np.inf, -np.inf)
        return cls(*(np.full(columns, start) for start in starts))

    def add(self, block: Array) -> None:
        values = block.astype(np.float64)
        self.least = np.fmin(self.least, np.fmin.reduce(values, axis=0, initial=np.inf))
        self.most = np.fmax(self.most, np.fmax.reduce(values, axis=0, initial=-np.inf))
        gaps = np.isnan(values)
        values[gaps] = 0.0
        count = len(values) - gaps.sum(axis=0)
        mean = values.sum(axis=0) / np.maximum(count, 1)
        values -= mean
        values[gaps] = 0.0
        self.merge(count, mean, np.einsum("ij,ij->j", values, values))

    def impute(self, column: int, rows: int, value: float) -> None:
        """Count a column's gaps as so many values."""
        gaps = np.zeros_like(self.count)
        gaps[column] = rows - self.count[column]
        self.merge(gaps, np.full_like(self.mean, value), np.zeros_like(self.squares))

    def scale(self, column: int) -> tuple[float, float]:
        """Return mean and standard deviation of all rows (not of a sample); 1 for a constant column."""
        count, mean = max(self.count[column], 1), float(self.mean[column])
        variance = self.squares[column] / count
        # what rounding alone may leave of a constant; the bound is scikit-learn's
        rounding = (count * abs(mean) * np.finfo(np.float64).eps) ** 2
        return mean, float(np.sqrt(variance)) if variance > rounding else 1.0

    def merge(self, count: Array, mean: Array, squares: Array) -> None:
        total = np.maximum(self.count + count, 1)
        shift = mean - self.mean
        self.squares += squares + shift**2 * self.count * count / total
        self.mean = self.mean + shift * count / total
        self.count = self.count + count


def learn(
    options: LoadOptions, names: ColumnNames, blocks: Iterable[tuple[Array, Array]], rows: int
) -> Preparation:
    """Return the preparation that the options ask for, learned from blocks of training rows.

    Args:
        options: what is asked.
        names: of the columns.
        blocks: x `(some, columns)` and y `(some, ...)` as they stand in the file, block after block; read
            only where there is something to learn.
        rows: how many rows the blocks have in all.

    Raises:
        InvalidValue, UnknownName: for options that name columns which cannot take them.
        DataError: for a column without any value.
    """
    imputed, standard = imputed_values(options, names), standardised(options, names)
    scaled = set() if options.classes else _standardised_targets(options, names)
    frequent = options.unknown == "most-frequent"
    small = names.named and rows * len(names.x) <= _MOST_VALUES
    needed = standard or scaled or names.words.keys() & set(names.x) or imputed or options.unknown != "refuse"
    middle = range(len(names.x)) if small or frequent else _medians_wanted(names, imputed)
    seen = _learned(names, middle, blocks if needed or small else ())
    coded = 1 if isinstance(options.embed, str | int) else len(dict.fromkeys(options.embed or ()))
    columns = tuple(
        _numbered(_words_learned(name, imputed.get(name), names, seen, rows, i), options, i < coded)
        if name in names.words
        else _numbers_learned(name, imputed.get(name), name in standard, seen, rows, i)
        for i, name in enumerate(names.x)
    )
    targets = tuple(
        PreparedColumn(
            name,
            *(seen.y.scale(i) if name in scaled else (0.0, 1.0)),
            words=sorted_words(names.words[name]) if options.classes else None,
        )
        for i, name in enumerate(names.y)
    )
    return Preparation(
        columns, targets, options.dtype, names.named, options.classes, names.default_target,
        unknown=options.unknown,
    )  # fmt: skip


_MEDIANS_TOGETHER = 64
_MOST_VALUES = 4_000_000  # of which medians and means are learned though nothing asks for them yet


@dataclass
class _Learned:
    """What was seen of the training rows: moments, how often each word occurs, medians, the first gaps."""

    x: _Moments
    y: _Moments
    counts: dict[int, Counter[int]]
    medians: dict[int, float]
    first_gaps: dict[int, int]


def _medians_wanted(names: ColumnNames, imputed: Mapping[str, str | float]) -> list[int]:
    return [i for i, name in enumerate(names.x) if imputed.get(name) == "median"]


def _words_learned(
    name: str, fill: str | float | None, names: ColumnNames, seen: _Learned, rows: int, i: int
) -> PreparedColumn:
    """Return a column of words: those of the training rows, and one of its own for what is missing."""
    if not all(0 <= number < len(names.words[name]) for number in seen.counts[i]):
        raise no_word(name, names.words[name])
    counts = {names.words[name][number]: count for number, count in seen.counts[i].items()}
    if fill == "auto":
        fill = AUTO[True] if i in seen.first_gaps else None
    _refuse_unfilled(name, fill, seen, rows, i, words=True)
    more = () if fill is None else (str(fill),)
    usual = min(counts, key=lambda word: (-counts[word], word), default=None)
    return PreparedColumn(
        name, fill=next(iter(more), None), words=sorted_words([*counts, *more]), usual=usual
    )


def _numbered(column: PreparedColumn, options: LoadOptions, coded: bool) -> PreparedColumn:
    """Return a column of words as one of their numbers, where that is asked."""
    return replace(column, coded=coded, spare=coded and options.unknown == "missing" and column.fill is None)


def _numbers_learned(
    name: str, fill: str | float | None, standard: bool, seen: _Learned, rows: int, i: int
) -> PreparedColumn:
    """Return a column of numbers: what fills its gaps, its mean and deviation once they are filled."""
    there = seen.x.count[i] > 0
    average, usual = (float(seen.x.mean[i]), seen.medians.get(i)) if there else (None, None)
    number = None if fill is None else _imputed_number(name, fill, seen.x, seen.medians, i)
    _refuse_unfilled(name, fill, seen, rows, i, words=False)
    if number is not None and standard:
        seen.x.impute(i, rows, number)
    mean, std = seen.x.scale(i) if standard else (0.0, 1.0)
    span = (float(seen.x.least[i]), float(seen.x.most[i])) if there else None
    return PreparedColumn(name, mean, std, number, average=average, usual=usual, span=span)


def _refuse_unfilled(name: str, fill: object, seen: _Learned, rows: int, i: int, *, words: bool) -> None:
    """Raise a DataError for gaps of the training rows that nothing fills."""
    if fill is None and i in seen.first_gaps:
        count = rows - int(seen.x.count[i])
        raise DataError(
            where=f"column {name!r}, row {seen.first_gaps[i]} of the training rows (counted from 0)",
            got=f"a missing value{f' ({count:,} in all)' if count > 1 else ''}",
            wanted="a value in every row",
            remedy=gap_remedy(name, words=words),
        )


def gap_remedy(name: str, *, words: bool) -> str:
    """Return what to do about the gaps of a feature."""
    fill = f"fill={{{name!r}: 'unknown'}} or fill='auto'" if words else "fill='mean' or 'median' or a number"
    option = "auto" if words else "mean"
    return f"Fill the gaps, {fill} (--fill {option}), or {leave_out(name)}."


def _learned(names: ColumnNames, middle: Sequence[int], blocks: Iterable[tuple[Array, Array]]) -> _Learned:
    """Return what is learned of blocks of training rows, with the medians of some columns."""
    seen = _Learned(_Moments.none(len(names.x)), _Moments.none(len(names.y)), {}, {}, {})
    seen.counts.update({i: Counter() for i, name in enumerate(names.x) if name in names.words})
    middle = [i for i in middle if i not in seen.counts]
    kept: list[Array] = []
    rows = 0
    for x, y in blocks:
        before = seen.x.count.copy()
        seen.x.add(x)
        seen.y.add(y.reshape(len(y), -1))
        for i in np.flatnonzero(seen.x.count - before < len(x)).tolist():
            seen.first_gaps.setdefault(i, rows + int(np.flatnonzero(np.isnan(x[:, i]))[0]))
        for i, counter in seen.counts.items():
            numbers, counts = np.unique(x[~np.isnan(x[:, i]), i].astype(int), return_counts=True)
            counter.update(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))
        kept += [x[:, middle]] if middle else []
        rows += len(x)
    if kept:
        seen.medians.update(_medians(middle, np.concatenate(kept)))
    return seen


def _medians(columns: Sequence[int], values: Array) -> dict[int, float]:
    """Return by number the medians of columns `(n, columns)`, gaps left out; none of nothing but gaps."""
    with_gaps = np.atleast_1d(np.isnan(values).any(axis=0))
    found: dict[int, float] = {}
    for first in range(0, len(columns), _MEDIANS_TOGETHER):  # some at a time: each takes memory of its own
        some = range(first, min(first + _MEDIANS_TOGETHER, len(columns)))
        whole = [i for i in some if not with_gaps[i]]
        middles = np.median(values[:, whole].astype(np.float64), axis=0)
        found.update(zip((columns[i] for i in whole), middles.tolist(), strict=True))
        for i in (i for i in some if with_gaps[i]):
            there = values[~np.isnan(values[:, i]), i]
            if len(there):
                found[columns[i]] = float(np.median(there.astype(np.float64)))
    return found


def _imputed_number(name: str, fill: str | float, x: _Moments, medians: Mapping[int, float], i: int) -> float:
    if fill not in FILLS:
        return float(fill)
    fill = AUTO[False] if fill == "auto" else fill
    if not x.count[i]:
        raise DataError(
            where=f"column {name!r}",
            got="not a single value in the training rows",
            wanted="values to take the mean or median of",
            remedy=f"Fill it with a number, fill={{{name!r}: 0}} (--fill {name}=0), or {leave_out(name)}.",
        )
    return float(x.mean[i]) if fill == "mean" else medians[i]


def sorted_words(words: Iterable[str]) -> tuple[str, ...]:
    """Return different words in their order: as numbers where all are numbers, else by their letters."""
    different = set(words)
    try:
        return tuple(sorted(different, key=float))
    except ValueError:
        return tuple(sorted(different))


def imputed_values(options: LoadOptions, names: ColumnNames) -> dict[str, str | float]:
    """Return by column what takes the place of its missing values.

    Raises:
        UnknownName: for a column that is not there, or a word for a column of numbers.
    """
    if options.fill is None:
        return {}
    if not isinstance(options.fill, Mapping):
        return {name: options.fill for name in names.x if name not in names.words or options.fill == "auto"}
    imputed = {}
    for column, fill in options.fill.items():
        name = names.x[positions((column,), names.x, "fill")[0]]
        if name not in names.words and isinstance(fill, str) and fill not in FILLS:
            raise unknown_name(f"fill of column {name!r}", "way to fill gaps", fill, (*FILLS, "a number"))
        imputed[name] = fill
    return imputed


def standardised(options: LoadOptions, names: ColumnNames) -> set[str]:
    """Return the names of the features that are standardised.

    Raises:
        UnknownName, InvalidValue: for a column that is not there, or becomes columns of 0 and 1.
    """
    if not options.standardise:
        return set()
    if options.standardise in (True, "both"):
        return {name for name in names.x if name not in names.words}
    listed = options.standardise if isinstance(options.standardise, list | tuple) else (options.standardise,)
    features = [column for column in listed if column not in _standardised_targets(options, names)]
    chosen = {names.x[i] for i in positions(features, names.x, "standardise")}
    words = [name for name in names.x if name in chosen and name in names.words]
    if words:
        raise InvalidValue(
            where="standardise",
            got=f"column {words[0]!r}, which becomes columns of 0 and 1",
            wanted="columns of numbers",
            remedy="Leave it out of standardise, or out of one_hot.",
        )
    return chosen


def _standardised_targets(options: LoadOptions, names: ColumnNames) -> set[str]:
    """Return the names of the target's columns that are standardised: all, or those that a list names."""
    if options.standardise in (True, False, None, "both"):
        return set(names.y) if options.standardise == "both" else set()
    listed = options.standardise if isinstance(options.standardise, list | tuple) else (options.standardise,)
    return {column for column in listed if column in names.y and column not in names.x}
