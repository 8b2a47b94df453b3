"""Batches: in which order samples are seen, how many at a time, from 1 to all, and reading ahead."""

from __future__ import annotations

import operator
import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from math import prod
from operator import itemgetter
from queue import SimpleQueue
from time import perf_counter, thread_time
from typing import Any, NamedTuple, TypeVar

import numpy as np

from chalknet.data.sources import Sample, Source, permutation
from chalknet.errors import DataError, invalid
from chalknet.lazy import torch
from chalknet.system import cores, times_waited

T = TypeVar("T")
Count = TypeVar("Count", int, np.ndarray[Any, Any])

# Rows are taken in blocks of several batches, which are then split into views: measured on 784 features,
# a shuffled batch of one costs 2 µs so and 6 µs alone. A larger block falls out of the cache.
_BATCHES_AT_A_TIME = 256
_BLOCK_BYTES = 2 << 20
_SHUFFLED_BLOCK_BYTES = 16 << 20  # of rows read from files: the more at a time, the closer they stand
_ALIGNED_BYTES = 64  # where torch's allocator begins every tensor
_WAITS_IN_A_ROW = 2  # one alone may be chance
_WAIT_S = 1e-3


class MicroBatch(NamedTuple):
    """Some samples of an update, and how many the whole update has."""

    x: torch.Tensor
    y: torch.Tensor
    of: int


@dataclass(frozen=True)
class Shard:
    """Which rows of each batch a process computes, and how many at a time.

    Args:
        micro_batch: rows of a micro-batch at the most; None for all at once.
        rank: of `size` equal shards of a batch, the one that is computed.
        size: how many shards a batch has; with more of them than rows some are empty.
    """

    micro_batch: int | None = None
    rank: int = 0
    size: int = 1

    def micro_batches(self, first: int, stop: int) -> Iterator[slice]:
        """Yield the rows of each micro-batch of a batch of rows first to stop: at least one, be it empty."""
        rows = stop - first
        low, high = first + rows * self.rank // self.size, first + rows * (self.rank + 1) // self.size
        step = self.micro_batch or max(1, high - low)
        for at in range(low, max(high, low + 1), step):
            yield slice(at, min(at + step, high))


@dataclass(frozen=True)
class Batches:
    """The samples of a source cut into batches, epoch after epoch.

    All of them at once (gradient descent), one at a time and anything between differ in one number. The
    order of an epoch is one number too, or None for the source's own order; it is drawn
    as `DataLoader` draws it, so a fit sees the batches that the usual script sees.

    Args:
        source: where samples come from.
        batch_size: samples in a batch; None for all of them.
        shuffle: whether each epoch has an order of its own.
        drop_last: whether a short last batch is left out.

    Raises:
        InvalidValue: for a batch size that is not a whole number from 1 to the number of samples.
    """

    source: Source
    batch_size: int | None = None
    shuffle: bool = False
    drop_last: bool = False

    def __post_init__(self) -> None:
        if len(self.source) < 1:
            raise DataError(
                where=self.source.name, got="no rows", wanted="at least one", remedy="Give it observations."
            )
        if self.batch_size is not None:
            object.__setattr__(self, "batch_size", _as_batch_size(self.batch_size, len(self.source)))

    @cached_property
    def size(self) -> int:
        """Return the number of samples in a whole batch."""
        return len(self.source) if self.batch_size is None else self.batch_size

    @cached_property
    def samples_per_epoch(self) -> int:
        """Return the number of samples seen in an epoch; a last batch that is dropped is not seen."""
        n = len(self.source)
        return n - n % self.size if self.drop_last else n

    @cached_property
    def updates_per_epoch(self) -> int:
        """Return the number of batches in an epoch."""
        return -(-self.samples_per_epoch // self.size)

    def samples_in(self, updates: Count) -> Count:
        """Return the number of samples seen in so many updates from the start, short batches as they are.

        Args:
            updates: a number, or an array of them.
        """
        epochs, more = divmod(updates, self.updates_per_epoch)
        seen: Count = epochs * self.samples_per_epoch + more * self.size  # only the last batch may be short
        return seen

    def updates_for(self, samples: int) -> int:
        """Return the smallest number of updates that sees at least so many samples."""
        epochs, more = divmod(samples, self.samples_per_epoch)
        return epochs * self.updates_per_epoch - (-more // self.size)

    def draw_order(self, generator: torch.Generator | None = None) -> int | None:
        """Draw what `DataLoader` draws as an epoch starts.

        That is a base seed, which nothing here needs, and when shuffled the sampler's seed. For all
        samples in order nothing is drawn, as the usual script then has no loader.

        Args:
            generator: None for torch's default generator, as a `DataLoader` has it.

        Returns:
            The seed of the epoch's order; None for the source's own order.
        """
        if self.batch_size is None and not self.shuffle:
            return None
        return self.draw_orders(1, generator)[0]

    def draw_orders(self, epochs: int, generator: torch.Generator | None = None) -> list[int | None]:
        """Return what `draw_order` draws as each of some epochs starts.

        Args:
            epochs: how many.
            generator: as in `draw_order`.
        """
        if self.batch_size is None and not self.shuffle:
            return [None] * epochs
        drawn = torch.empty((epochs, 1 + self.shuffle), dtype=torch.int64, device="cpu")
        numbers = drawn.random_(generator=generator).tolist()
        return [seeds[1] if self.shuffle else None for seeds in numbers]

    def epoch(self, order: int | None, start: int = 0) -> Iterator[Sample]:
        """Yield the batches of one epoch.

        Args:
            order: what `draw_order` gave.
            start: number of the first batch to yield, counted from 0.
        """
        for x, y in self.blocks(order, start):
            if x.shape[0] <= self.size:  # nothing to split, which takes 5 µs
                yield Sample(_aligned(x), y)
                continue
            yield from map(Sample, map(_aligned, torch.split(x, self.size)), torch.split(y, self.size))

    def blocks(self, order: int | None, start: int = 0) -> Iterator[Sample]:
        """Yield the samples of one epoch, some whole batches at a time; the last one may be short.

        Args:
            order: what `draw_order` gave.
            start: number of the first batch to yield, counted from 0.
        """
        return self._ahead(self._blocks(self._rows(order), start * self.size))

    def updates(self, order: int | None, start: int, shard: Shard) -> Iterator[Iterator[MicroBatch]]:
        """Yield the micro-batches of each update of one epoch; take all of one update before the next.

        Args:
            order: what `draw_order` gave.
            start: number of the first update, counted from 0.
            shard: which rows of each batch, and how many at a time.
        """
        if shard == Shard():
            for x, y in self.epoch(order, start):
                yield iter((MicroBatch(x, y, x.shape[0]),))
            return
        micro_batches = self._ahead(self._micro_batches(self._rows(order), start * self.size, shard))
        for _, of_update in groupby(micro_batches, key=itemgetter(0)):
            yield (micro_batch for _, micro_batch in of_update)

    def _blocks(self, order: torch.Tensor | None, start: int) -> Iterator[Sample]:
        """Yield an epoch's samples from a position in its order on, some batches at a time."""
        n, size = self.samples_per_epoch, self.size
        most = _SHUFFLED_BLOCK_BYTES if self.source.reads_ahead and order is not None else _BLOCK_BYTES
        block = size * max(1, min(_BATCHES_AT_A_TIME, most // (size * self._row_bytes)))
        for first in range(start, n, block):
            yield self._take(order, slice(first, min(first + block, n)))

    def _micro_batches(
        self, order: torch.Tensor | None, start: int, shard: Shard
    ) -> Iterator[tuple[int, MicroBatch]]:
        """Yield the micro-batches of all updates from a position on, each with where its update begins."""
        for first in range(start, self.samples_per_epoch, self.size):
            stop = min(first + self.size, self.samples_per_epoch)
            for rows in shard.micro_batches(first, stop):
                x, y = self._take(order, rows)
                yield first, MicroBatch(_aligned(x), y, stop - first)

    def _ahead(self, items: Iterator[T]) -> Iterator[T]:
        """Yield items, read ahead where the source may be and where it pays."""
        if not self.source.reads_ahead:
            return items
        return read_ahead_where_it_pays(items, spare_cpu=cores() > torch.get_num_threads())

    def _rows(self, order: int | None) -> torch.Tensor | None:
        """Return the rows of an epoch in their order, 4 bytes each; None for the source's own order."""
        return None if order is None else permutation(len(self.source), order)

    def _take(self, rows_in_order: torch.Tensor | None, rows: slice) -> Sample:
        return self.source.take(rows if rows_in_order is None else rows_in_order[rows].long())

    @cached_property
    def _row_bytes(self) -> int:
        return 8 * (prod(self.source.x_shape) + prod(self.source.y_shape))


def _aligned(x: torch.Tensor) -> torch.Tensor:
    """Return x at an address where a tensor of its own begins: BLAS rounds otherwise at another one."""
    return x.clone() if x.data_ptr() % _ALIGNED_BYTES else x


def _as_batch_size(value: object, n: int) -> int:
    with suppress(TypeError):
        size = 0 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
        if 1 <= size <= n:
            return size
    wanted = f"a whole number from 1 to {n}, the number of samples"
    raise invalid("batch_size", value, wanted, "Leave it out (None) for all samples: gradient descent.")


def read_ahead_where_it_pays(items: Iterator[T], *, spare_cpu: bool) -> Iterator[T]:
    """Yield the items of an iterator, drawn ahead where a thread would not take time from the computing one.

    It does not where a CPU is idle, or where drawing mostly waits for a disk or a network. With every CPU
    computing and the file in the page cache a thread slows the fit: measured on two
    cores, S3's network streamed in order took 1.7 times as long as in memory with it, 1.3 times without.

    Args:
        items: drawn from by one thread at a time.
        spare_cpu: whether a CPU is idle beside those that compute.
    """
    waits = _WAITS_IN_A_ROW if spare_cpu else 0
    while waits < _WAITS_IN_A_ROW:
        wall_s, busy_s, waited = perf_counter(), thread_time(), times_waited()
        try:
            item = next(items)
        except StopIteration:
            return
        wall_s, busy_s = perf_counter() - wall_s, thread_time() - busy_s
        waiting = busy_s < wall_s / 2 and wall_s > _WAIT_S and times_waited() > waited
        waits = waits + 1 if waiting else 0
        yield item
    yield from read_ahead(items)


def read_ahead(items: Iterator[T], depth: int = 2) -> Generator[T, None, None]:
    """Yield the items of an iterator in their order, drawn by a thread of its own.

    Args:
        items: drawn from by the thread alone.
        depth: how many items may be drawn or be under way at most; with the one in hand that makes a ring of
            `depth + 1`.

    Raises:
        BaseException: what drawing an item raised, once the items before it were yielded.
    """
    free = threading.Semaphore(depth)
    drawn: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
    over = threading.Event()

    def draw() -> None:
        problem: BaseException | None = StopIteration()
        try:
            while free.acquire() and not over.is_set():
                drawn.put((next(items), None))
        except BaseException as raised:  # raised again where the item is awaited
            problem = raised
        drawn.put((None, problem))

    thread = threading.Thread(target=draw, name="chalknet-read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, problem = drawn.get()
            if isinstance(problem, StopIteration):
                return
            if problem is not None:
                raise problem
            yield item  # type: ignore[misc]
            del item
            free.release()
    finally:
        over.set()
        free.release()
        thread.join()
