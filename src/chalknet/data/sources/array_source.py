"""A source that holds its samples in two tensors, and whether x and y can be fitted at all."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sized
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.formats import as_features, as_targets
from chalknet.data.sources.source import HasProvenance, Provenance, Sample, Source
from chalknet.errors import DataError
from chalknet.lazy import torch

_ROWS_NAMED = 5


@dataclass(frozen=True, init=False, eq=False)
class ArraySource(HasProvenance):
    """All observations in two contiguous tensors in the CPU's memory.

    Tensors and arrays that need no conversion are not copied. A source is equal to itself alone.

    Args:
        x: features `(n, ...)`: a tensor, an array, a list, anything with `__array__`. Kept as float64 or
            else as float32; `(n,)` becomes `(n, 1)`; bytes stay 0 to 255.
        y: targets `(n,)` or `(n, ...)`: floats stay floats, whole numbers and bools become int64.
        name: what messages and tables call it.
        held_out: samples kept out of the training.
        provenance: where it was loaded from.

    Raises:
        DataError: for x and y of different lengths, no rows, NaN or infinity, or anything but numbers.

    Example:
        >>> source = ArraySource([0.0, 0.1, 0.2], [0, 1, 1])
        >>> len(source), source.x_shape, source.take(slice(0, 2)).y
        (3, (1,), tensor([0, 1]))
    """

    x: torch.Tensor = field(repr=False)
    y: torch.Tensor = field(repr=False)
    name: str
    held_out: Source | None
    provenance: Provenance = field(repr=False)

    streams = False
    reads_ahead = False
    is_repeatable = True

    def __init__(
        self,
        x: object,
        y: object,
        name: str = "data",
        held_out: Source | None = None,
        *,
        provenance: Provenance | None = None,
    ) -> None:
        x, y = as_features(x, f"x of {name}"), as_targets(y, f"y of {name}")
        check_pair(x, y, name)
        provenance = provenance or Provenance()
        vars(self).update(x=x, y=y, name=name, held_out=held_out, provenance=provenance)

    def fingerprint(self) -> str:
        """Return a hash of the content: of the files it was loaded from, else of the bytes of x and y."""
        if self.provenance.fingerprint is not None:
            return self.provenance.fingerprint
        digest = hashlib.sha256(repr([(side.dtype, tuple(side.shape)) for side in (self.x, self.y)]).encode())
        for side in (self.x, self.y):
            digest.update(side.reshape(-1).numpy().data)
        return digest.hexdigest()

    @property
    def x_shape(self) -> tuple[int, ...]:
        """Return the shape of one x."""
        return tuple(self.x.shape[1:])

    @property
    def y_shape(self) -> tuple[int, ...]:
        """Return the shape of one y."""
        return tuple(self.y.shape[1:])

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return these rows: views for a slice, one gather for row numbers."""
        if isinstance(rows, slice):
            return Sample(self.x[rows], self.y[rows])
        return Sample(self.x.index_select(0, rows), self.y.index_select(0, rows))


def check_pair(x: torch.Tensor, y: torch.Tensor, name: str) -> None:
    """Raise a DataError when x and y do not belong together or hold NaN or infinity.

    Args:
        x: features `(n, ...)`.
        y: targets `(n, ...)`.
        name: what an error calls their source.
    """
    check_lengths(x, y, name)
    check_numbers(x, f"x of {name}")
    check_numbers(y, f"y of {name}")


def check_lengths(x: Sized, y: Sized, name: str) -> None:
    """Raise a DataError when x and y have different lengths."""
    if len(x) != len(y):
        raise DataError(
            where=name,
            got=f"{len(x)} rows of x and {len(y)} rows of y",
            wanted="one y for each x",
            remedy="The first axis of both counts the observations; check how they were cut or transposed.",
        )


def check_array(values: npt.NDArray[Any], where: str) -> None:
    """Raise as `check_numbers` does; torch is needed for the error alone."""
    with np.errstate(over="ignore", invalid="ignore"):
        if not values.size or not np.isfinite(values.sum()):
            check_numbers(torch.from_numpy(values), where)


def check_numbers(values: torch.Tensor, where: str, first_row: int = 0) -> None:
    """Raise a DataError when there are no values, or when a row holds NaN or infinity.

    Args:
        values: `(n, ...)`.
        where: what an error calls them.
        first_row: the number of the first row, for an error.
    """
    if not values.numel():
        raise DataError(
            where=where,
            got=f"the shape {tuple(values.shape)}, which holds nothing",
            wanted="at least one row and one column",
            remedy="Look at where the rows were selected or read.",
        )
    # A sum that is finite has no NaN and no infinity in it, and costs a third of isfinite.
    if not values.is_floating_point() or math.isfinite(values.sum()):
        return
    rows = (~values.isfinite()).reshape(len(values), -1).any(dim=1).nonzero().flatten().tolist()
    if not rows:
        return  # only the sum was too large
    place = (~values[rows[0]].isfinite()).nonzero()[0].tolist()
    named = ", ".join(str(first_row + row) for row in rows[:_ROWS_NAMED])
    raise DataError(
        where=f"{where}, row{'s' if len(rows) > 1 else ''} {named}"
        f"{', ...' if len(rows) > _ROWS_NAMED else ''} ({len(rows)} in all, counted from 0)",
        got=f"{values[(rows[0], *place)].item()}{_at(place)}",
        wanted="finite numbers",
        remedy="Drop these rows, or put numbers in their gaps.",
    )


def _at(place: list[int]) -> str:
    if len(place) > 1:
        return f" at {tuple(place)}"
    return f" in column {place[0]}" if place else ""
