"""The rows of a fit: their order, weights and scaling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data import ArraySource, Preparation, PreparedColumn, Provenance
from chalknet.lazy import torch

Array = npt.NDArray[Any]

_MOST_COPIES = 10  # per row on average: larger whole weights are weights, not copies


@dataclass(frozen=True)
class FitRows:
    """Rows with their targets and weights.

    Args:
        x: features `(n, columns)`.
        y: targets `(n,)` or `(n, targets)`: numbers, or the numbers of classes.
        weight: `(n,)`; None if all are equal.
    """

    x: Array
    y: Array
    weight: Array | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Array) -> FitRows:
        return FitRows(self.x[rows], self.y[rows], None if self.weight is None else self.weight[rows])

    def hashed(self) -> npt.NDArray[np.uint64]:
        """Return a hash of each row; identical rows have equal hashes."""
        return _hashed(self.x, self.y.reshape(len(self), -1))

    def in_fixed_order(self) -> FitRows:
        """Return the rows in an order that depends on their values, not on the order they were given in."""
        return self[np.argsort(self.hashed(), kind="stable")]

    def without_weightless(self) -> FitRows:
        """Return the rows with weights above 0; without weights if all are 1."""
        if self.weight is None:
            return self
        if not self.weight.all():
            return self[self.weight > 0].without_weightless()
        return replace(self, weight=None) if np.all(self.weight == 1) else self

    @property
    def are_counts(self) -> bool:
        """Return whether the weights are whole numbers, to be used as repetitions."""
        if self.weight is None:
            return False
        whole = bool((np.rint(self.weight) == self.weight).all())
        return whole and bool(self.weight.sum() <= _MOST_COPIES * len(self))

    @property
    def weighed_count(self) -> int:
        """Return the number of rows, each counted by its weight."""
        rows = self.without_weightless()
        return int(rows.weight.sum()) if rows.weight is not None and rows.are_counts else len(rows)

    def repeated(self) -> FitRows:
        """Return each row repeated by its weight."""
        assert self.weight is not None
        copies = np.repeat(np.arange(len(self)), self.weight.astype(np.intp))
        return replace(self[copies], weight=None)


def _hashed(*parts: Array) -> npt.NDArray[np.uint64]:
    """Return a hash for each row of some arrays `(n, columns)`; equal rows have equal hashes."""
    found = np.zeros(len(parts[0]), np.uint64)
    for part in parts:
        for column in part.T:
            bits = (column.astype(np.float64) + 0.0).view(np.uint64)  # -0 is 0
            found ^= bits ^ (bits >> np.uint64(32))
            found *= _MULTIPLIER
            found ^= found >> np.uint64(29)
    return found


_MULTIPLIER = np.uint64(0xBF58476D1CE4E5B9)  # of splitmix64 (Steele, Lea, Flood 2014): odd, its bits mixed


def scaled_columns(values: Array, names: list[str], *, scaled: bool) -> tuple[PreparedColumn, ...]:
    """Return the mean and standard deviation of each column; 0 and 1 if it is not scaled.

    Args:
        values: `(n, columns)` of the training rows.
        names: of the columns.
        scaled: whether to standardise them.
    """
    if not scaled:
        return tuple(map(PreparedColumn, names))
    with np.errstate(over="ignore", invalid="ignore"):  # reported where the numbers are scaled
        mean = values.mean(axis=0, dtype=np.float64)
        std = values.std(axis=0, dtype=np.float64)
        rounding = len(values) * np.abs(mean) * np.finfo(np.float64).eps  # at most, in a constant column
        std = np.where(std > rounding, std, 1.0)
    return tuple(map(PreparedColumn, names, mean.tolist(), std.tolist()))


def source_of(rows: FitRows, preparation: Preparation, y: Array, held_out: ArraySource | None) -> ArraySource:
    """Return rows as the source of a fit: scaled features, followed by the weight.

    Args:
        rows: training or held-out ones.
        preparation: of the training rows.
        y: the targets in the form that the loss needs.
        held_out: the held-out rows.
    """
    x = preparation.apply(rows.x)
    if rows.weight is not None:
        x = np.column_stack([x, rows.weight.astype(x.dtype)])
        preparation = replace(preparation, x=(*preparation.x, PreparedColumn(WEIGHT)))
    provenance = Provenance(preparation=preparation)
    return ArraySource(torch.from_numpy(x), torch.from_numpy(y), "X", held_out, provenance=provenance)


WEIGHT = "sample_weight"  # the column after the features
