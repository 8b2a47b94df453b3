"""A source whose rows stay in their file, or anywhere else, and are prepared as they are taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod

import torch

from chalknet.data.formats import RawRows, as_targets
from chalknet.data.sources.array_source import ArraySource
from chalknet.data.sources.checks import check_numbers
from chalknet.data.sources.source import HasProvenance, Provenance, Sample, Source

_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True, eq=False)
class StreamedSource(HasProvenance):
    """Observations that stay where they are: a batch is read and prepared when it is taken.

    Args:
        raw: the rows as they stand.
        name: what messages and tables call it.
        rows: those that belong to the source, int32 or int64 `(n,)`; None for all.
        held_out: samples kept out of the training.
        provenance: where it was loaded from.
        strict: whether a category that the training rows do not have is an error.
        pinned: whether batches are put where a GPU can fetch them from while it computes.
    """

    raw: RawRows = field(repr=False)
    name: str
    rows: torch.Tensor | None = field(default=None, repr=False)
    held_out: Source | None = None
    provenance: Provenance = field(default=Provenance(), repr=False)
    strict: bool = True
    pinned: bool = False

    streams = True
    reads_ahead = True
    is_repeatable = True

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
        return self.provenance.fingerprint

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
        return ArraySource(x, y, self.name, held_out, provenance=self.provenance)


def target_blocks(source: Source) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield a source's targets, each block with its first row's number; none of any other kind of source.

    What it costs to take all rows of a user's source is unknown, so they are not taken before the fit.
    """
    if isinstance(source, ArraySource):
        yield 0, source.y
    elif isinstance(source, StreamedSource):
        for first, sample in source.blocks():
            yield first, sample.y
