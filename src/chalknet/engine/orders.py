"""The position of a fit in its epochs: sample by sample for eager, whole epochs ahead for the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias
from weakref import proxy

import numpy as np
import torch

from chalknet.data import Batches, MicroBatch, Shard
from chalknet.module import RandomStream

Rows: TypeAlias = np.ndarray[Any, Any]

_NO_ROWS = np.empty(0, dtype=np.int64)
_LARGEST_ORDER = 1 << 20  # row numbers held at a time: 8 MB


class Orders:
    """Draws each epoch's order as the eager engine does, once its first batch is due.

    With Dropout and shuffling, the orders differ from the eager engine's from the second epoch on: there,
    Dropout draws from the same stream. Drawing those numbers here too would cost more than the update.

    Args:
        batches: the samples cut into batches.
        stream: the random numbers that follow those of the weights.

    Attributes:
        order: the number drawn for the order of the last epoch.
    """

    def __init__(self, batches: Batches, stream: RandomStream) -> None:
        self._batches, self._stream = batches, stream
        self._drawn = 0  # epochs whose order was drawn
        self._last: Rows | None = None
        self.order: int | None = None

    def go_to(self, updates: int, order: int | None) -> None:
        """Continue after this many updates, in an epoch of this order."""
        epoch, index = divmod(updates, self._batches.updates_per_epoch)
        self.order, self._drawn, self._last = order, epoch + 1 if index else epoch, None

    def of_epoch(self, epoch: int) -> int | None:
        """Return the number of an epoch's order, once it is due; None without shuffling."""
        if self._batches.shuffle and self._drawn <= epoch:
            self._draw_numbers(1)
        return self.order

    def ahead(self, done: int, updates: int) -> tuple[Rows, int, int]:
        """Return the rows of the next epochs, the next batch's number in them, and their number of updates.

        Without shuffling the rows are empty and last for all updates.
        """
        per_epoch = self._batches.updates_per_epoch
        epoch, index = divmod(done, per_epoch)
        if not self._batches.shuffle:
            return _NO_ROWS, index, updates
        n = len(self._batches.source)
        wanted = -(-(index + updates) // per_epoch)
        epochs = max(1, min(wanted, _LARGEST_ORDER // n))
        begun = [self.order] if self._drawn > epoch else []  # the order of an epoch that is under way
        orders = [*begun, *self._draw_numbers(epochs - len(begun))]
        kept = None if self._last is None or not begun else self._last
        ahead = _row_numbers(orders, n, kept)
        self._last = ahead[-n:]
        return ahead, index, min(updates, epochs * per_epoch - index)

    def _draw_numbers(self, epochs: int) -> list[int | None]:
        drawn = self._batches.draw_orders(epochs, self._stream.generator)
        self.order, self._drawn = [self.order, *drawn][-1], self._drawn + epochs
        return drawn


def _row_numbers(orders: list[int | None], n: int, first: Rows | None) -> Rows:
    """Return the rows of some epochs, one behind the other: `randperm` of the number of each order.

    Args:
        orders: of the epochs.
        n: rows an epoch.
        first: the rows of the first order, where they are known.
    """
    rows = torch.empty((len(orders), n), dtype=torch.int64)
    generator = torch.Generator()
    for place, (order, into) in enumerate(zip(orders, rows.unbind(), strict=True)):
        if place == 0 and first is not None:
            into.copy_(torch.from_numpy(first))
            continue
        assert order is not None
        torch.randperm(n, generator=generator.manual_seed(order), out=into)
    numbers: Rows = rows.reshape(-1).numpy()
    return numbers


class BatchCursor:
    """Yields the samples of one update after another.

    Args:
        batches: the samples in their order.
        shard: which rows of each batch this process takes, and how many at a time.
        stream: what the orders are drawn from.

    Attributes:
        batches: as given.
        stream: as given.
        updates: updates made; the session that makes them counts them here.
        order: the number drawn for the order of the current epoch.
        shard: as given; a new one takes effect with `again`.
    """

    def __init__(self, batches: Batches, shard: Shard, stream: RandomStream) -> None:
        self.updates = 0
        self.order: int | None = None
        self.shard = shard
        self.batches = batches
        self.stream = stream
        self._epoch_drawn = -1
        self._ahead = _endless(proxy(self))

    def next(self) -> Iterator[MicroBatch]:
        """Return the micro-batches of the next update."""
        return next(self._ahead)

    def again(self) -> None:
        """Start the current update over: its samples come once more."""
        self._ahead = _endless(proxy(self))

    def go_to(self, updates: int, order: int | None) -> None:
        """Continue after this many updates, in an epoch of this order."""
        epoch, index = divmod(updates, self.batches.updates_per_epoch)
        self.updates, self.order = updates, order
        self._epoch_drawn = epoch if index else epoch - 1
        self.again()


def _endless(cursor: BatchCursor) -> Iterator[Iterator[MicroBatch]]:
    """Yield the samples of one update after another.

    `cursor` is a weak reference: with a reference cycle, the fit's memory and its read-ahead thread would
    outlive the fit until the next garbage collection.
    """
    while True:
        epoch, start = divmod(cursor.updates, cursor.batches.updates_per_epoch)
        if epoch != cursor._epoch_drawn:
            cursor.order, cursor._epoch_drawn = cursor.batches.draw_order(cursor.stream.generator), epoch
        yield from cursor.batches.updates(cursor.order, start, cursor.shard)
