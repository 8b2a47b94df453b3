"""A source whose rows stay in their file, or anywhere else, and are made ready as they are taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from chalknet.data.arrays import as_targets
from chalknet.data.check import check_numbers
from chalknet.data.preparation import Preparation
from chalknet.data.source import ArraySource, Loaded, Sample, Source
from chalknet.data.stored import StoredArray

Array = npt.NDArray[Any]

_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True, eq=False)
class Raw:
    """x and y as they stand in files or arrays, row by row.

    Args:
        x: `(n, ...)`; all columns where y is among them.
        y: `(n, ...)`; None where it is among the columns of x.
        x_columns: which columns of x are features; None for all.
        y_column: which column of x is the target, where there is no y.
        divisor: what x is divided by, such as 255 for pixels.
        words: for columns of words, what their numbers stand for.
    """

    x: StoredArray | Array
    y: StoredArray | Array | None
    x_columns: tuple[int, ...] | None = None
    y_columns: tuple[int, ...] = ()
    divisor: int = 1
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

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

    def read(
        self, rows: slice | npt.NDArray[np.int64], *, pinned: bool = False
    ) -> tuple[torch.Tensor, Array]:
        """Return x `(k, ...)` of its dtype, aligned as torch aligns, and y `(k, ...)` as it stands."""
        count = len(range(*rows.indices(len(self)))) if isinstance(rows, slice) else len(rows)
        straight = self.x_columns is None and self.x.dtype in (np.float32, np.float64)
        room = torch.empty((count, *self.x_shape), dtype=self.x_dtype, pin_memory=pinned)
        x = room.numpy()
        found = _rows(self.x, rows, x.reshape(count, *self.x.shape[1:]) if straight else None)
        if not straight:
            x[...] = (found if self.x_columns is None else found[:, list(self.x_columns)]).reshape(x.shape)
            if self.divisor != 1:
                x /= self.divisor
        if self.y is not None:
            return room, _rows(self.y, rows, None)
        y = found[:, list(self.y_columns)]
        return room, y[:, 0].copy() if len(self.y_columns) == 1 else y


def _rows(values: StoredArray | Array, rows: slice | npt.NDArray[np.int64], out: Array | None) -> Array:
    if isinstance(values, StoredArray):
        return values.read(rows, out)
    found = values[rows]
    if out is None:
        return np.array(found)
    out[...] = found
    return out


@dataclass(frozen=True, eq=False)
class StreamedSource:
    """Observations that stay where they are: a batch is read, made ready and handed out, never all of them.

    Args:
        raw: the rows as they stand.
        name: what messages and tables call it.
        rows: those that belong to the source, int32 or int64 `(n,)`; None for all.
        held_out: samples kept out of the training.
        loaded: where it was loaded from.
        strict: whether a category that the training rows do not have is an error.
        pinned: whether batches are put where a GPU can fetch them from while it computes.
    """

    raw: Raw = field(repr=False)
    name: str
    rows: torch.Tensor | None = field(default=None, repr=False)
    held_out: Source | None = None
    loaded: Loaded = field(default_factory=lambda: Loaded(), repr=False)
    strict: bool = True
    pinned: bool = False

    streams = True
    reads_ahead = True

    @property
    def preparation(self) -> Preparation | None:
        """Return what is done to the rows as they stand; None for nothing."""
        return self.loaded.preparation

    @property
    def origin(self) -> Mapping[str, object] | None:
        """Return the keywords of `load` that give this very source again."""
        return self.loaded.origin

    @property
    def x_shape(self) -> tuple[int, ...]:
        """Return the shape of one x."""
        if self.preparation is None or self.preparation.width == prod(self.raw.x_shape):
            return self.raw.x_shape
        return (self.preparation.width,)

    @property
    def y_shape(self) -> tuple[int, ...]:
        """Return the shape of one y."""
        return self.raw.y_shape

    @property
    def nbytes(self) -> int:
        """Return the bytes that all of it would take in memory."""
        row = prod(self.x_shape) * self.raw.x_dtype.itemsize + 8 * prod(self.y_shape)
        return len(self) * row + (self.held_out.nbytes if isinstance(self.held_out, StreamedSource) else 0)

    def __len__(self) -> int:
        return len(self.raw) if self.rows is None else len(self.rows)

    def fingerprint(self) -> str | None:
        """Return a hash of the files' content and of what was asked of them."""
        return self.loaded.fingerprint

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return these rows, read in one go."""
        if self.rows is not None:
            rows = self.rows[rows].long()
        numbers = rows if isinstance(rows, slice) else rows.numpy()
        x, y = self.raw.read(numbers, pinned=self.pinned)
        if self.preparation is not None:
            y = self.preparation.apply_target(y, self.raw.words)
            flat = x.numpy().reshape(len(x), -1)
            made = self.preparation.apply(flat, self.raw.words, strict=self.strict, owned=True)
            x = x if made is flat else torch.from_numpy(made)
        return Sample(x.reshape(len(x), *self.x_shape), as_targets(y, f"y of {self.name}"))

    def blocks(self) -> Iterator[tuple[int, Sample]]:
        """Yield all rows in their order, some MB at a time, each block with the number of its first row."""
        rows = max(1, _BLOCK_BYTES // (4 * (prod(self.x_shape) + prod(self.y_shape))))
        for first in range(0, len(self), rows):
            yield first, self.take(slice(first, first + rows))

    def check(self) -> None:
        """Raise a DataError where a row holds NaN or infinity."""
        for first, sample in self.blocks():
            check_numbers(sample.x, f"x of {self.name}", first)
            check_numbers(sample.y, f"y of {self.name}", first)

    def in_memory(self) -> ArraySource:
        """Return the same samples in memory."""
        first = self.take(slice(0, 1))
        x, y = (torch.empty((len(self), *side.shape[1:]), dtype=side.dtype) for side in first)
        for start, sample in self.blocks():
            for whole, part in zip((x, y), sample, strict=True):
                whole[start : start + len(part)] = part
        held_out = self.held_out.in_memory() if isinstance(self.held_out, StreamedSource) else self.held_out
        return ArraySource(x, y, self.name, held_out, loaded=self.loaded)

    def replace(self, **changes: Any) -> StreamedSource:
        """Return the same source with other fields."""
        return replace(self, **changes)


def target_blocks(source: Source) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield a source's targets, each block with its first row's number; none of any other kind of source.

    A source of the user's own may make its rows at a cost that nobody here knows: it is not asked for all of
    them before the fit.
    """
    if isinstance(source, ArraySource):
        yield 0, source.y
    elif isinstance(source, StreamedSource):
        for first, sample in source.blocks():
            yield first, sample.y
