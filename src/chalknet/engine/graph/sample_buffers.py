"""The tensors from which captured updates read their samples; they are filled before each replay."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import torch

from chalknet.data import Batches, Sample, Source
from chalknet.engine.graph.programs import LARGEST_PROGRAM

_UPLOAD_BYTES = 64 << 20  # taken from the source at a time
_LARGEST_BLOCK_BYTES = 64 << 20  # of the samples of one replay, unless a single batch is larger


class SampleBuffer:
    """The samples of some consecutive updates, in tensors whose addresses stay the same.

    Args:
        block: the tensors that the updates read.
        most_updates: how many whole batches fit into the block.
        rows: how many samples are filled in before a replay; 0 when all stay where they are.
    """

    def __init__(self, block: Sample, most_updates: int, rows: int) -> None:
        self.most_updates, self.rows = most_updates, rows
        self._block = block

    def begin(self, rows: torch.Tensor) -> None:
        """Set the row numbers, int64 `(rows,)`, to which the positions of `fill` refer."""

    def fill(self, first: int, rows: int) -> None:
        """Fill in this many samples, from a position in the row numbers on."""

    def batches(self, lengths: tuple[int, ...]) -> Iterator[Sample]:
        """Yield the tensors of each batch: consecutive slices of the block."""
        at = 0
        for length in lengths:
            yield Sample(self._block.x[at : at + length], self._block.y[at : at + length])
            at += length


def buffer_for(batches: Batches, device: torch.device, free_bytes: int) -> SampleBuffer:
    """Return a buffer with all data on the device or, where that is too much, one filled block by block.

    Args:
        batches: the samples in their order.
        device: of the updates.
        free_bytes: the device's free memory; the data may take half of it.
    """
    source = batches.source
    if batches.size == len(source) and not batches.shuffle:
        return WholeBuffer(_uploaded(source, device), LARGEST_PROGRAM, 0)
    first = source.take(slice(0, 1))
    row_bytes = sum(part.element_size() * prod(part.shape[1:]) for part in first)
    most = max(1, min(LARGEST_PROGRAM, _LARGEST_BLOCK_BYTES // (batches.size * row_bytes)))
    block = Sample(*(_empty(most * batches.size, part, device) for part in first))
    order_bytes = 8 * len(source)  # the row numbers lie there too
    if 2 * (len(source) * row_bytes + order_bytes) <= free_bytes:
        return ResidentBuffer(_uploaded(source, device), block, most)
    return StreamedBuffer(source, block, most)


class WholeBuffer(SampleBuffer):
    """All samples in order, batch after batch: gradient descent; there is nothing to fill."""

    def batches(self, lengths: tuple[int, ...]) -> Iterator[Sample]:
        """Yield all samples, once for each length."""
        return (self._block for _ in lengths)


class ResidentBuffer(SampleBuffer):
    """All data on the device: the samples of a replay are gathered there in one operation.

    Args:
        data: all samples, on the device.
        block: the tensors that are filled, on the device.
        most_updates: whole batches that fit into the block.
    """

    def __init__(self, data: Sample, block: Sample, most_updates: int) -> None:
        super().__init__(block, most_updates, len(block.x))
        self._data = data
        self._given: torch.Tensor | None = None
        self._rows = torch.empty(0, dtype=torch.int64, device=data.x.device)

    def begin(self, rows: torch.Tensor) -> None:
        """Copy the row numbers to the device, unless they are the same as before."""
        if rows is not self._given:
            self._given, self._rows = rows, rows.to(self._data.x.device)

    def fill(self, first: int, rows: int) -> None:
        """Gather the samples on the device."""
        chosen = self._rows[first : first + rows]
        for part, place in zip(self._data, self._block, strict=True):
            torch.index_select(part, 0, chosen, out=place[:rows])


class StreamedBuffer(SampleBuffer):
    """Data too large for the device: the samples of each replay are copied there.

    Args:
        source: takes rows from memory or from a disk.
        block: the tensors that are filled, on the device.
        most_updates: whole batches that fit into the block.
    """

    def __init__(self, source: Source, block: Sample, most_updates: int) -> None:
        super().__init__(block, most_updates, len(block.x))
        self._source = source
        self._rows = torch.empty(0, dtype=torch.int64)

    def begin(self, rows: torch.Tensor) -> None:
        """Keep the row numbers where they are."""
        self._rows = rows

    def fill(self, first: int, rows: int) -> None:
        """Take the samples from the source and copy them; consecutive rows are taken as a slice."""
        chosen = self._rows[first : first + rows]
        begin = int(chosen[0])
        consecutive = bool((chosen[1:] - chosen[:-1] == 1).all())
        taken = self._source.take(slice(begin, begin + rows) if consecutive else chosen)
        for part, place in zip(taken, self._block, strict=True):
            place[:rows].copy_(part)


def _uploaded(source: Source, device: torch.device) -> Sample:
    """Return all samples on the device; the host never holds all of them at once."""
    n = len(source)
    first = source.take(slice(0, 1))
    data = Sample(*(_empty(n, part, device) for part in first))
    step = max(1, _UPLOAD_BYTES // max(1, sum(part.element_size() * part[0].numel() for part in first)))
    for at in range(0, n, step):
        rows = slice(at, min(at + step, n))
        for place, part in zip(data, source.take(rows), strict=True):
            place[rows].copy_(part)
    return data


def _empty(rows: int, like: torch.Tensor, device: torch.device) -> torch.Tensor:
    return torch.empty((rows, *like.shape[1:]), dtype=like.dtype, device=device)
