"""The samples as compiled calls take them: all at once, or some batches at a time where a source streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
import torch

from chalknet.data import Batches, Sample
from chalknet.engine.fused_cpu.names import Array
from chalknet.engine.orders import Orders
from chalknet.errors import ShapeMismatch
from chalknet.network import Network, numbers
from chalknet.planning import Loss


@dataclass(frozen=True)
class Samples:
    """Samples as flat arrays: all of a source, or a block of batches.

    Args:
        x: all x.
        y: all y; empty for class numbers.
        classes: class numbers; empty for other targets.
        weights: what each sample weighs; empty where all weigh the same.
        targets: numbers in one y.
    """

    x: Array
    y: Array
    classes: Array
    weights: Array
    targets: int


class Ahead(NamedTuple):
    """What the next call computes.

    Args:
        order: rows of the epochs ahead; empty for the samples' own order.
        first: number of the first batch in them.
        updates: how many there are.
        samples: where they are; None for those of the schedule.
    """

    order: Array
    first: int
    updates: int
    samples: Samples | None = None


@dataclass(frozen=True)
class Flat:
    """Turns samples into flat arrays: views of their tensors where no conversion is needed.

    Args:
        name: of the source.
        network: takes them.
        loss: the row of the loss.
        weighs: whether the last number of y is what a sample weighs.
        dtype: of the weights.
    """

    name: str
    network: Network
    loss: Loss
    weighs: bool
    dtype: torch.dtype

    def __call__(self, sample: Sample) -> Samples:
        """Return samples as flat arrays.

        Raises:
            ShapeMismatch: for other numbers of columns than those of the network.
        """
        n, none = len(sample.x), torch.empty(0, dtype=self.dtype).numpy()
        features, outputs = (
            prod(numbers(shape)) for shape in (self.network.input_shape, self.network.output_shape)
        )
        outputs //= self.loss.outputs
        target, weights = sample.y, none
        if self.weighs:
            target, weights = sample.y[:, :-1], sample.y[:, -1].to(self.dtype).contiguous().numpy()
        x = sample.x.to(self.dtype).contiguous().reshape(-1)
        if x.numel() != n * features:
            raise ShapeMismatch(
                where=f"x of {self.name}",
                got=f"{x.numel() // n} numbers a sample",
                wanted=f"{features}, which the network takes",
                remedy="Give other columns.",
            )
        if self.loss.target == "class":
            classes = target.to(torch.int64).contiguous().reshape(-1)
            return Samples(x.numpy(), none, classes.numpy(), weights, 1)
        y = target.to(self.dtype).contiguous().reshape(-1)
        if y.numel() != n * outputs:
            raise ShapeMismatch(
                where=f"y of {self.name}",
                got=f"{y.numel() // n} numbers a sample",
                wanted=f"{outputs}, as many as yhat has",
                remedy="Let the network end in as many features as y has.",
            )
        return Samples(x.numpy(), y.numpy(), np.empty(0, dtype=np.int64), weights, outputs)


class SamplesInMemory:
    """All samples of a source, taken at once.

    Args:
        batches: the samples in their order.
        orders: of the epochs.
        flat: turns them into arrays.

    Attributes:
        samples: all of them.
    """

    def __init__(self, batches: Batches, orders: Orders, flat: Flat) -> None:
        self._orders = orders
        self.samples = flat(batches.source.take(slice(0, len(batches.source))))

    def ahead(self, done: int, updates: int) -> Ahead:
        """Return what comes after so many updates: at most `updates` more."""
        return Ahead(*self._orders.ahead(done, updates))

    def go_to(self) -> None:
        """Go on where the orders go on."""


class StreamedSamples:
    """The samples of a source that streams, some whole batches at a time.

    A block of batches is computed as an epoch of its own, in the very steps that take all samples: with
    shuffling its rows are given an order, 0, 1, 2 and so on, as rows in memory have one.

    Args:
        batches: the samples in their order.
        orders: of the epochs.
        flat: turns them into arrays.

    Attributes:
        samples: the first one, for its types.
    """

    def __init__(self, batches: Batches, orders: Orders, flat: Flat) -> None:
        self._batches, self._orders, self._flat = batches, orders, flat
        self._blocks: Iterator[Sample] = iter(())
        self._block: Samples | None = None
        self._first, self._after = 0, 0  # the updates of the block in hand: from one, up to another
        self.samples = flat(batches.source.take(slice(0, 1)))

    def ahead(self, done: int, updates: int) -> Ahead:
        """Return what comes after so many updates: at most `updates` more."""
        if not self._first <= done < self._after:
            self._next_block(done)
        order = np.arange(self._rows if self._batches.shuffle else 0)
        some = min(updates, self._after - done)
        return Ahead(order, done - self._first, some, self._block)

    def go_to(self) -> None:
        """Go on where the orders go on."""
        self._first, self._after, self._block, self._blocks = 0, 0, None, iter(())

    def _next_block(self, done: int) -> None:
        epoch, index = divmod(done, self._batches.updates_per_epoch)
        if done != self._after or not index:
            self._blocks = self._batches.blocks(self._orders.of_epoch(epoch), index)
        self._block = None  # it is let go before the next one is read
        sample = next(self._blocks)
        self._rows = len(sample.x)
        self._block = self._flat(sample)
        self._first, self._after = done, done - (-self._rows // self._batches.size)
