"""What the kernels read and write, as named tuples that compiled code takes."""

from __future__ import annotations

from typing import NamedTuple

from chalknet.engine.fused_cpu.names import (
    BLOCK,
    GROUP,
    SAMPLES,
    SHARE,
    Array,
    Doubles,
    Keys,
    WholeNumbers,
    keeps_hidden,
)
from chalknet.engine.fused_cpu.step_table import Steps


class OptimizerState(NamedTuple):
    """What an optimizer keeps of each weight: up to three numbers; an array is empty where it keeps fewer."""

    first: Array
    second: Array
    third: Array


class WeightBuffers(NamedTuple):
    """The weights and their gradients.

    Args:
        values: all weights.
        transposed: transposed copies of the weights.
        zeros: as many zeros as the widest row has numbers.
        gradients: where the gradients are summed; for the plainest SGD the weights themselves.
        running: what is averaged over the batches, and not fitted.
    """

    values: Array
    transposed: Array
    zeros: Array
    gradients: Array
    running: Array


class Data(NamedTuple):
    """The samples: x and y row after row, class numbers, and the rows of the epochs ahead.

    Args:
        x: all numbers of all x.
        y: all numbers of all y; empty for class numbers.
        classes: class numbers; empty for other targets.
        order: row numbers, epoch after epoch; empty for the source's own order.
        weights: what each sample weighs; empty where all weigh the same.
    """

    x: Array
    y: Array
    classes: WholeNumbers
    order: WholeNumbers
    weights: Array


class Batch(NamedTuple):
    """How the samples are cut: all whole numbers.

    Args:
        size: samples in a whole batch.
        samples: samples seen in an epoch.
        source: samples of the source; an epoch's order has so many rows.
        per_epoch: batches in an epoch.
        features: numbers in one x.
        targets: numbers in one y.
        tile: rows that an arena has room for.
        first_linear: the first step with weights.
        room: numbers that a thread has for the gradient of a piece; 0 where gradients lie as the weights do.
    """

    size: int
    samples: int
    source: int
    per_epoch: int
    features: int
    targets: int
    tile: int
    first_linear: int
    room: int


class UpdateRule(NamedTuple):
    """How the weights are updated.

    Args:
        loss: the address of the loss's loop, or the number of a loss of class numbers.
        options: the address of the settings that the loop reads.
        mean: 1 where the losses of a batch are averaged, 0 where they are added.
        optimizer: the optimizer's number.
        direct: 1 where gradients are summed into the weights themselves.
        seed: of Dropout.
        target: a loss at which the updates end; below all losses where there is none.
        gamma: the exponent of the focal loss of class numbers.
        l1: times the signs of the weights is added to their gradients.
        l2: times the weights and two, likewise.
        clip_norm: the most that the norm of all gradients may be; 0 for any.
        clip_value: the most that a number of a gradient may be; 0 for any.
        numbers: the optimizer's numbers of `numbers_of`.
        state: what the optimizer keeps of each weight.
    """

    loss: int
    options: int
    mean: int
    optimizer: int
    direct: int
    seed: int
    target: float
    gamma: float
    l1: float
    l2: float
    clip_norm: float
    clip_value: float
    numbers: Doubles
    state: OptimizerState


class Places(NamedTuple):
    """Offsets in an arena: gathered x, the gradient of yhat, gathered y and weights; the arena's size."""

    x: int
    gradient: int
    y: int
    weights: int
    size: int


class Shared(NamedTuple):
    """What the threads share.

    Args:
        counter: of the pieces: those taken, those done, and the update behind which no further one is made.
        parts: each piece's part of the loss.
        losses: the loss of each update.
        keys: each thread's numbers for the rows of Dropout.
        nonzero: room for the places of an x that are not zero, and their number; empty unless a batch is one
            sample.
        arenas: memory for the values of the rows, one arena behind the other.
        numbers: each thread's numbers of the optimizer at an update.
        rates: the learning rate of each update; empty where it stays.
        products: of each update the product of the momenta up to it, for the optimizer that takes it.
        squares: each piece's part of the squared norm of all gradients.
    """

    counter: WholeNumbers
    parts: Doubles
    losses: Doubles
    keys: Keys
    nonzero: WholeNumbers
    arenas: Array
    numbers: Doubles
    rates: Doubles
    products: Doubles
    squares: Doubles


class Fit(NamedTuple):
    """All that the updates of a fit read and write."""

    steps: Steps
    data: Data
    batch: Batch
    rule: UpdateRule
    places: Places
    weights: WeightBuffers
    shared: Shared


class Turn(NamedTuple):
    """Which updates a call makes, and which thread makes them.

    Args:
        thread: this thread's number.
        threads: how many run it together.
        shards: in how many parts an update is split for threads.
        ahead: the number of the first batch, counted from where `data.order` begins.
        done: updates made before.
    """

    thread: int
    threads: int
    shards: int
    ahead: int
    done: int


class BatchRows(NamedTuple):
    """The samples of an update: where they begin in the order, how many; the update's number and rate."""

    start: int
    size: int
    update: int
    rate: float


class Tile(NamedTuple):
    """Some rows of a batch, and the memory for them.

    Args:
        first: where the rows begin in the order.
        rows: how many they are.
        shift: rows of the arena before them.
        arena: holds x, h and the gradients.
        keys: numbers for the rows of Dropout.
        scale: what the gradient of the loss is multiplied by.
    """

    first: int
    rows: int
    shift: int
    arena: Array
    keys: Keys
    scale: float


class Room(NamedTuple):
    """How much memory a share of the hidden units has.

    Args:
        rows: samples whose hidden values it holds at a time.
        hidden: numbers for the hidden values of a block, and as many for their derivatives.
        kept: 1 where it holds those of all samples and units of the share, for the backward pass.
        size: numbers in all.
    """

    rows: int
    hidden: int
    kept: int
    size: int


def room_for(counts: tuple[int, int, int], rows: int, shares: int, itemsize: int) -> Room:
    """Return the room of a share.

    Args:
        counts: inputs, units and outputs.
        rows: samples of a batch.
        shares: in how many parts the units are cut.
        itemsize: bytes of a number.
    """
    inputs, units, outputs = counts
    filled = -(-units // SHARE) * SHARE
    widest = -(-filled // SHARE // shares) * SHARE
    whole = -(-rows // SAMPLES) * SAMPLES
    kept = keeps_hidden(units, rows, itemsize)
    held = whole if kept else min(whole, 4 * GROUP)
    hidden = held * (widest if kept else BLOCK)
    size = 2 * hidden + (1 + inputs + outputs + GROUP) * BLOCK + rows * (1 + inputs)
    return Room(held, hidden, int(kept), -(-size // 16) * 16)
