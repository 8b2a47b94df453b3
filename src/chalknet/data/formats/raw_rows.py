"""Rows as they stand in files or arrays, before anything is done to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from chalknet.data.formats.array_file import ArrayFile
from chalknet.data.formats.tensors import as_features, as_targets

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ColumnNames:
    """What the columns of x and y are called, and what the numbers of their words stand for.

    Args:
        x: the features.
        y: the target's columns.
        words: for each column of words, in the order of their numbers.
        named: whether these are names, or only numbers of columns.
        default_target: whether y is the last column because none was named.
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    named: bool = True
    default_target: bool = False


@dataclass(frozen=True, eq=False)
class RawRows:
    """x and y as they stand in files or arrays, row by row.

    Args:
        x: `(n, ...)`; all columns where y is among them.
        y: `(n, ...)`; None where it is among the columns of x.
        name: what messages call the rows.
        x_columns: which columns of x are features; None for all.
        y_columns: which columns of x are the target, where there is no y.
        divisor: what x is divided by, such as 255 for pixels.
        names: of the columns; None where only their numbers tell them apart.
        checked: whether they are known to be finite where no gap is allowed.
        held_out: rows that the same file or dict keeps out of the training.
    """

    x: ArrayFile | Array
    y: ArrayFile | Array | None
    name: str
    x_columns: tuple[int, ...] | None = None
    y_columns: tuple[int, ...] = ()
    divisor: int = 1
    names: ColumnNames | None = None
    checked: bool = False
    held_out: RawRows | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def x_shape(self) -> tuple[int, ...]:
        """Return the shape of one x as it stands; `(1,)` for a single number."""
        return (self.x.shape[1:] or (1,)) if self.x_columns is None else (len(self.x_columns),)

    @property
    def y_shape(self) -> tuple[int, ...]:
        """Return the shape of one y."""
        if self.y is not None:
            return self.y.shape[1:]
        return () if len(self.y_columns) == 1 else (len(self.y_columns),)

    @property
    def x_dtype(self) -> torch.dtype:
        """Return the dtype x has once it is taken: float64, or else float32."""
        return torch.float64 if self.x.dtype.newbyteorder("=") == np.float64 else torch.float32

    @property
    def is_left_in_file(self) -> bool:
        """Return whether the rows are read from their file as they are taken."""
        return isinstance(self.x, ArrayFile)

    @property
    def is_tensors(self) -> bool:
        """Return whether x and y are arrays in memory that a source can take as they are."""
        return isinstance(self.x, np.ndarray) and isinstance(self.y, np.ndarray)

    def read(
        self, rows: slice | npt.NDArray[np.int64], *, pinned: bool = False
    ) -> tuple[torch.Tensor, Array]:
        """Return x `(k, ...)` of its dtype, aligned as torch aligns, and y `(k, ...)` as it stands."""
        count = len(range(*rows.indices(len(self)))) if isinstance(rows, slice) else len(rows)
        straight = self.x_columns is None and self.x.dtype in (np.float32, np.float64)
        tensor = torch.empty((count, *self.x_shape), dtype=self.x_dtype, pin_memory=pinned)
        x = tensor.numpy()
        found = _rows(self.x, rows, x.reshape(count, *self.x.shape[1:]) if straight else None)
        if not straight:
            x[...] = (found if self.x_columns is None else found[:, list(self.x_columns)]).reshape(x.shape)
            if self.divisor != 1:
                x /= self.divisor
        if self.y is not None:
            return tensor, _rows(self.y, rows, None)
        y = found[:, list(self.y_columns)]
        return tensor, y[:, 0].copy() if len(self.y_columns) == 1 else y


def rows_of_arrays(x: object, y: object, name: str, held_out: RawRows | None = None) -> RawRows:
    """Return the rows of anything that holds numbers, neither copied nor checked for NaN.

    Raises:
        DataError: for what holds no real numbers in rows of equal shape.
    """
    sides = as_features(x, f"x of {name}"), as_targets(y, f"y of {name}")
    return RawRows(sides[0].numpy(), sides[1].numpy(), name, held_out=held_out)


def _rows(values: ArrayFile | Array, rows: slice | npt.NDArray[np.int64], out: Array | None) -> Array:
    if isinstance(values, ArrayFile):
        return values.read(rows, out)
    found = values[rows]
    if out is None:
        return np.array(found)
    out[...] = found
    return out
