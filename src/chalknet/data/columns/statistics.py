"""What is learned of columns from their training rows: means, deviations, medians, the words that occur."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.columns.options import FILLS, LoadOptions, positions
from chalknet.data.columns.preparation import Preparation, PreparedColumn
from chalknet.data.formats import ColumnNames
from chalknet.errors import DataError, InvalidValue, unknown_name

Array = npt.NDArray[Any]


@dataclass
class _Moments:
    """Count, mean and sum of squared deviations of columns, NaN left out, over blocks of rows.

    Source: Chan, Golub, LeVeque, Updating formulae and a pairwise algorithm for computing sample variances
    (1979).
    """

    count: Array
    mean: Array
    squares: Array

    @classmethod
    def none(cls, columns: int) -> _Moments:
        return cls(*(np.zeros(columns) for _ in range(3)))

    def add(self, block: Array) -> None:
        values = block.astype(np.float64)
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
    imputed, standard = imputed_values(options, names), _standard(options, names)
    both = options.standardise == "both" and not options.classes
    needed = standard or both or names.words.keys() & set(names.x) or set(imputed.values()) & set(FILLS)
    x, y, seen, medians = _learned(names, imputed, blocks if needed else ())
    columns = []
    for i, name in enumerate(names.x):
        fill = imputed.get(name)
        if name in names.words:
            more = () if fill is None else (str(fill),)  # a word of its own may stand for what is missing
            words = sorted_words([*(names.words[name][number] for number in seen[i]), *more])
            columns.append(PreparedColumn(name, fill=next(iter(more), None), words=words))
            continue
        number = None if fill is None else _imputed_number(name, fill, x, medians, i)
        if number is not None and name in standard:
            x.impute(i, rows, number)
        mean, std = x.scale(i) if name in standard else (0.0, 1.0)
        columns.append(PreparedColumn(name, mean, std, number))
    targets = tuple(
        PreparedColumn(
            name,
            *(y.scale(i) if both else (0.0, 1.0)),
            words=sorted_words(names.words[name]) if options.classes else None,
        )
        for i, name in enumerate(names.y)
    )
    return Preparation(
        tuple(columns), targets, options.dtype, names.named, options.classes, names.default_target
    )


def _learned(
    names: ColumnNames, imputed: Mapping[str, str | float], blocks: Iterable[tuple[Array, Array]]
) -> tuple[_Moments, _Moments, dict[int, set[int]], dict[int, float]]:
    """Return the moments of x and of y, the words that occur in columns of words, and the medians."""
    x_moments, y_moments = _Moments.none(len(names.x)), _Moments.none(len(names.y))
    seen: dict[int, set[int]] = {i: set() for i, name in enumerate(names.x) if name in names.words}
    middle = [i for i, name in enumerate(names.x) if imputed.get(name) == "median"]
    kept: list[Array] = []
    for x, y in blocks:
        x_moments.add(x)
        y_moments.add(y.reshape(len(y), -1))
        for i, numbers in seen.items():
            numbers.update(np.unique(x[~np.isnan(x[:, i]), i]).astype(int).tolist())
        kept += [x[:, middle]] if middle else []
    medians = {}
    for column, values in zip(middle, np.concatenate(kept).T if kept else (), strict=False):
        there = values[~np.isnan(values)]
        medians[column] = float(np.median(there)) if len(there) else np.nan
    return x_moments, y_moments, seen, medians


def _imputed_number(name: str, fill: str | float, x: _Moments, medians: Mapping[int, float], i: int) -> float:
    if fill not in FILLS:
        return float(fill)
    if not x.count[i]:
        raise DataError(
            where=f"column {name!r}",
            got="not a single value in the training rows",
            wanted="values to take the mean or median of",
            remedy="Leave the column out of x, or fill it with a number.",
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
        return {name: options.fill for name in names.x if name not in names.words}
    imputed = {}
    for column, fill in options.fill.items():
        name = names.x[positions((column,), names.x, "fill")[0]]
        if name not in names.words and isinstance(fill, str) and fill not in FILLS:
            raise unknown_name(f"fill of column {name!r}", "way to fill gaps", fill, (*FILLS, "a number"))
        imputed[name] = fill
    return imputed


def _standard(options: LoadOptions, names: ColumnNames) -> set[str]:
    if not options.standardise:
        return set()
    if options.standardise in (True, "both"):
        return {name for name in names.x if name not in names.words}
    chosen = {names.x[i] for i in positions(options.standardise, names.x, "standardise")}
    words = [name for name in names.x if name in chosen and name in names.words]
    if words:
        raise InvalidValue(
            where="standardise",
            got=f"column {words[0]!r}, which becomes columns of 0 and 1",
            wanted="columns of numbers",
            remedy="Leave it out of standardise, or out of one_hot.",
        )
    return chosen
