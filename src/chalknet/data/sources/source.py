"""What a source of samples is."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self, runtime_checkable

from chalknet.data.columns import Preparation
from chalknet.lazy import torch


class Sample(NamedTuple):
    """Some observations: x `(batch, ...)` and y `(batch, ...)` of equal length.

    Either may be a view of its source's own tensors: it is to be read, not written to.
    """

    x: torch.Tensor
    y: torch.Tensor


@runtime_checkable
class Source(Protocol):
    """Anything that returns observations by their row numbers, counted from 0.

    `load` returns one, and every function that takes data takes one. A class of your own needs `__len__` and
    `take` alone: `load` adds the other members, and takes those of them that the class has.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> class Parity:
        ...     def __len__(self) -> int:
        ...         return 10
        ...     def take(self, rows: torch.Tensor | slice) -> tuple[torch.Tensor, torch.Tensor]:
        ...         x = torch.arange(10)[rows]  # a slice of step 1, or int64 row numbers `(batch,)`
        ...         return x / 10, (x % 2).float()
        >>> source: cn.Source = cn.load(Parity())
        >>> source.name, len(source), source.x_shape, source.y_shape
        ('Parity', 10, (1,), ())
    """

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

    @property
    def streams(self) -> bool:
        """Return whether it is more than should be taken at once."""

    @property
    def reads_ahead(self) -> bool:
        """Return whether `take` may be called by another thread than the one that made the source."""

    @property
    def is_repeatable(self) -> bool:
        """Return whether `take` leaves the source as it was, so that it may be called for measurements."""

    @property
    def origin(self) -> Mapping[str, object] | None:
        """Return the keywords of `load` that give this very source again; None where none do."""

    @property
    def preparation(self) -> Preparation | None:
        """Return what turned the columns of a file into x and y; None where they stand as they are."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what was assumed in reading and preparing the data, a sentence each."""

    def fingerprint(self) -> str | None:
        """Return a hash of the content; None where it is not known."""

    def __len__(self) -> int: ...

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return these rows, gathered all at once.

        Args:
            rows: int64 row numbers `(batch,)` in any order, or a slice of step 1, for which views will do.
        """

    def replace(self, **changes: object) -> Source:
        """Return the same samples with another `name`, `held_out` or `provenance`."""


@dataclass(frozen=True)
class Provenance:
    """Where a source was loaded from, and how its numbers were made.

    Args:
        origin: the keywords of `load` that give the very same source again, as JSON can hold them; None for
            what was given in memory.
        fingerprint: a hash of the files' content and of what was asked of them.
        preparation: what turned the columns of a file into x and y; None where they stand as they are.
        notes: what was assumed in reading and preparing the data, a sentence each.
        earlier: the fingerprints that earlier versions gave the same data.
    """

    origin: Mapping[str, object] | None = None
    fingerprint: str | None = None
    preparation: Preparation | None = None
    notes: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


class HasProvenance:
    """The members of a `Source` that its provenance gives."""

    provenance: Provenance

    @property
    def origin(self) -> Mapping[str, object] | None:
        """Return the keywords of `load` that give this very source again; None where none do."""
        return self.provenance.origin

    @property
    def preparation(self) -> Preparation | None:
        """Return what turned the columns of a file into x and y; None where they stand as they are."""
        return self.provenance.preparation

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what was assumed in reading and preparing the data, a sentence each."""
        return self.provenance.notes

    def fingerprint(self) -> str | None:
        """Return a hash of the content; None where it is not known."""
        return self.provenance.fingerprint

    def replace(self, **changes: object) -> Self:
        """Return the same samples, neither copied nor checked again, with other fields."""
        other = copy(self)
        vars(other).update(changes)
        return other


class TakesFromAnother(HasProvenance):
    """The members of a `Source` that the source behind it gives."""

    source: Source

    @property
    def streams(self) -> bool:
        """Return whether it is more than should be taken at once."""
        return self.source.streams

    @property
    def reads_ahead(self) -> bool:
        """Return whether another thread may take from it."""
        return self.source.reads_ahead

    @property
    def is_repeatable(self) -> bool:
        """Return whether taking leaves it as it was."""
        return self.source.is_repeatable

    def __len__(self) -> int:
        return len(self.source)
