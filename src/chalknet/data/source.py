"""What a source of samples is, and the one that holds its samples in two tensors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple, Protocol, runtime_checkable

import torch

from chalknet.data.arrays import as_features, as_targets
from chalknet.data.check import check_pair
from chalknet.data.preparation import Preparation
from chalknet.data.room import fits_in_memory


class Sample(NamedTuple):
    """Some observations: x `(batch, ...)` and y `(batch, ...)` of equal length.

    Either may be a view of its source's own tensors: it is to be read, not written to.
    """

    x: torch.Tensor
    y: torch.Tensor


@runtime_checkable
class Source(Protocol):
    """Anything that hands out observations by their row numbers, counted from 0."""

    @property
    def name(self) -> str:
        """Return what messages and tables call it."""

    @property
    def x_shape(self) -> tuple[int, ...]:
        """Return the shape of one x, the batch axis left out."""

    @property
    def y_shape(self) -> tuple[int, ...]:
        """Return the shape of one y, the batch axis left out; `()` for a single number."""

    @property
    def held_out(self) -> Source | None:
        """Return the samples kept out of the training, if there are any."""

    def __len__(self) -> int: ...

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return these rows, gathered all at once; for a slice views will do."""


@dataclass(frozen=True)
class Loaded:
    """Where a source was loaded from, and how its numbers were made.

    Args:
        origin: the keywords of `load` that give the very same source again, as JSON can hold them; None for
            what was handed over in memory.
        fingerprint: a hash of the files' content and of what was asked of them.
        preparation: what turned the columns of a file into x and y; None where they stand as they are.
    """

    origin: Mapping[str, object] | None = None
    fingerprint: str | None = None
    preparation: Preparation | None = None


@dataclass(frozen=True, init=False, eq=False)
class ArraySource:
    """All observations in two contiguous tensors in the CPU's memory.

    Tensors and arrays that need no conversion are not copied. A source is equal to itself alone.

    Args:
        x: features `(n, ...)`: a tensor, an array, a list, anything with `__array__`. Kept as float64 or
            else as float32; `(n,)` becomes `(n, 1)`; bytes stay 0 to 255.
        y: targets `(n,)` or `(n, ...)`: floats stay floats, whole numbers and bools become int64.
        name: what messages and tables call it.
        held_out: samples kept out of the training.
        loaded: where it was loaded from.

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
    loaded: Loaded = field(repr=False)

    streams = False

    def __init__(
        self,
        x: object,
        y: object,
        name: str = "data",
        held_out: Source | None = None,
        *,
        loaded: Loaded | None = None,
    ) -> None:
        x, y = as_features(x, f"x of {name}"), as_targets(y, f"y of {name}")
        check_pair(x, y, name)
        fields = {"x": x, "y": y, "name": name, "held_out": held_out, "loaded": loaded or Loaded()}
        for attribute, value in fields.items():
            object.__setattr__(self, attribute, value)

    @property
    def preparation(self) -> Preparation | None:
        """Return what turned the columns of a file into x and y; None where they stand as they are."""
        return self.loaded.preparation

    @property
    def origin(self) -> Mapping[str, object] | None:
        """Return the keywords of `load` that give this very source again; None for arrays in memory."""
        return self.loaded.origin

    def fingerprint(self) -> str:
        """Return a hash of the content: of the files it was loaded from, else of the bytes of x and y."""
        if self.loaded.fingerprint is not None:
            return self.loaded.fingerprint
        found = hashlib.sha256(repr([(side.dtype, tuple(side.shape)) for side in (self.x, self.y)]).encode())
        for side in (self.x, self.y):
            found.update(side.reshape(-1).numpy().data)
        return found.hexdigest()

    def replace(self, **changes: object) -> ArraySource:
        """Return the same samples, neither copied nor checked again, with other fields beside x and y."""
        other = copy(self)
        for attribute, value in changes.items():
            object.__setattr__(other, attribute, value)
        return other

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


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows of another source, gathered as they are taken.

    Args:
        source: the source behind it.
        rows: its rows that belong to the part, int32 or int64 `(n,)`.
        name: what messages and tables call the part.
        held_out: samples kept out of the training.
    """

    source: Source
    rows: torch.Tensor = field(repr=False)
    name: str
    held_out: Source | None = None

    @property
    def x_shape(self) -> tuple[int, ...]:
        """Return the shape of one x."""
        return self.source.x_shape

    @property
    def y_shape(self) -> tuple[int, ...]:
        """Return the shape of one y."""
        return self.source.y_shape

    @property
    def streams(self) -> bool:
        """Return whether the source behind it streams."""
        return streams(self.source)

    @property
    def reads_ahead(self) -> bool:
        """Return whether the source behind it may be read ahead."""
        return reads_ahead(self.source)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return these rows of the part."""
        return self.source.take(self.rows[rows].long())


def streams(source: Source) -> bool:
    """Return whether a source is more than should be taken at once: it says so, or it would not fit."""
    said = getattr(source, "streams", None)
    if said is not None:
        return bool(said)
    return not fits_in_memory(8 * len(source) * (prod(source.x_shape) + prod(source.y_shape)))


def reads_ahead(source: object) -> bool:
    """Return whether a source's `take` may be called by another thread than the one that made it."""
    return bool(getattr(source, "reads_ahead", False))
