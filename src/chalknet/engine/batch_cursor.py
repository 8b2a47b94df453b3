"""The position of a fit in its epochs, and the samples of its next updates."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import proxy

from chalknet.data import Batches, MicroBatch, Shard


class BatchCursor:
    """Yields the samples of one update after another.

    Args:
        batches: the samples in their order.
        shard: which rows of each batch this process takes, and how many at a time.

    Attributes:
        batches: as given.
        updates: updates made; the session that makes them counts them here.
        order: the number drawn for the order of the current epoch.
        shard: as given; a new one takes effect with `again`.
    """

    def __init__(self, batches: Batches, shard: Shard) -> None:
        self.updates = 0
        self.order: int | None = None
        self.shard = shard
        self.batches = batches
        self._epoch_drawn = -1
        self._ahead = _endless(proxy(self))

    def next(self) -> Iterator[MicroBatch]:
        """Return the micro-batches of the next update; orders are drawn from torch's default generator."""
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
            cursor.order, cursor._epoch_drawn = cursor.batches.draw_order(), epoch
        yield from cursor.batches.updates(cursor.order, start, cursor.shard)
