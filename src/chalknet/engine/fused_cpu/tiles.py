"""The general schedule: each thread takes its rows of a batch in tiles, forth and back, then all improve.

A tile is small enough to stay in the core's own cache from its gathered x to its gradients, so x comes from
memory once an update. The threads meet twice an update: when all gradients are summed, and when all weights
are improved.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from chalknet.engine.fused_cpu.barrier import barrier
from chalknet.engine.fused_cpu.chain import (
    ABSENT,
    BIAS_AT,
    IN,
    IN_AT,
    KIND,
    LINEAR,
    MASK_AT,
    NARROW,
    OUT,
    OUT_AT,
    OUT_STRIDE,
    POSITIONS,
    TRAIN_BIAS,
    TRAIN_WEIGHT,
    TURNED_AT,
    TURNED_STRIDE,
    WEIGHT_AT,
    WEIGHT_STRIDE,
)
from chalknet.engine.fused_cpu.formulas import call_at
from chalknet.engine.fused_cpu.losses import CROSS_ENTROPY, cross_entropy
from chalknet.engine.fused_cpu.names import Array
from chalknet.engine.fused_cpu.nonzero import pick
from chalknet.engine.fused_cpu.optimizers import LR, NUMBERS, improve, prepare
from chalknet.engine.fused_cpu.products import turn
from chalknet.engine.fused_cpu.scalars import STAMP, copy, fill, kernel, like, part
from chalknet.engine.fused_cpu.steps import back, forth, mixed, picked_linear, picked_linear_back

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

_STRETCH = 1024  # weights improved at a time: they and their companions stay in the first cache
_APART = 16  # numbers between what two threads write, so that they do not share a cache line


class Data(NamedTuple):
    """The samples: x and y row after row, class numbers, and the rows of the epochs ahead.

    Args:
        x: all numbers of all x.
        y: all numbers of all y; empty for class numbers.
        classes: class numbers; empty for other targets.
        order: row numbers, epoch after epoch; empty for the source's own order.
    """

    x: Array
    y: Array
    classes: Array
    order: Array


class Batch(NamedTuple):
    """How the samples are cut: all whole numbers.

    Args:
        size: samples in a whole batch.
        samples: samples seen in an epoch.
        source: samples of the source; an epoch's order has so many rows.
        per_epoch: batches in an epoch.
        features: numbers in one x.
        targets: numbers in one y.
        tile: rows of a tile.
    """

    size: int
    samples: int
    source: int
    per_epoch: int
    features: int
    targets: int
    tile: int


class Method(NamedTuple):
    """How the weights are improved.

    Args:
        loss: the address of the loss's loop, or `CROSS_ENTROPY`.
        mean: 1 where the losses of a batch are averaged, 0 where they are added.
        optimizer: the optimizer's number.
        direct: 1 where gradients are summed into the weights themselves.
        seed: of Dropout.
        numbers: the optimizer's numbers of `numbers_of`.
        first: the optimizer's first companion of each weight.
        second: its second.
        third: its third.
    """

    loss: int
    mean: int
    optimizer: int
    direct: int
    seed: int
    numbers: Array
    first: Array
    second: Array
    third: Array


class Places(NamedTuple):
    """Places inside a thread's arena: gathered x, and the two gradients that take turns."""

    x: int
    gradient: int
    other: int
    size: int


class Shared(NamedTuple):
    """What the threads share.

    Args:
        counter: how often a thread has arrived at a meeting.
        parts: each thread's share of the loss.
        losses: the loss of each update.
        keys: each thread's numbers for the rows of Dropout.
        picks: room for the places of the numbers of an x that are not zero; empty where a tile has more rows.
        arenas: each thread's memory for a tile.
        numbers: each thread's numbers of the optimizer at an update.
    """

    counter: Array
    parts: Array
    losses: Array
    keys: Array
    picks: Array
    arenas: Array
    numbers: Array


@part
def gather(data, batch, first, rows, arena, x_at):
    """Copy the x of a tile's rows next to each other."""
    width = batch.features
    for row in range(rows):
        a = data.order[first + row] * width
        copy(data.x[a : a + width], arena[x_at + row * width : x_at + (row + 1) * width])


@part
def loss_of(chain, data, batch, method, first, rows, arena, places, scale):
    """Return the summed loss of a tile and write its gradient."""
    last = chain.steps[len(chain.steps) - 1]
    width, stride, lines = last[OUT], last[OUT_STRIDE], rows * last[POSITIONS]
    yhat = arena[last[OUT_AT] * batch.tile : last[OUT_AT] * batch.tile + lines * stride]
    g = arena[places.gradient : places.gradient + lines * stride]
    if stride > width:
        fill(g, like(0.0, scale))
    if method.loss == CROSS_ENTROPY:
        total = 0.0
        for row in range(rows):
            a = row * stride
            label = data.classes[data.order[first + row] if len(data.order) else first + row]
            total += cross_entropy(yhat[a : a + width], label, g[a : a + width], scale)
        return total
    numbers = batch.targets
    if not len(data.order):
        y = data.y[first * numbers : (first + rows) * numbers]
    else:
        y = arena[places.other : places.other + rows * numbers]
        for row in range(rows):
            a = data.order[first + row] * numbers
            for i in range(numbers):
                y[row * numbers + i] = data.y[a + i]
    return call_at(method.loss, yhat, y, g, scale, lines, width, stride)


@part
def tile_update(
    chain, data, batch, method, places, weights, arena, keys, picks, place, first, rows, scale, fresh
):
    """Run a tile forth and back; return its summed loss."""
    source, at, last = data.x, first * batch.features, len(chain.steps) - 1
    if len(data.order):
        if rows == 1:
            at = data.order[first] * batch.features
        else:
            gather(data, batch, first, rows, arena, places.x)
            source, at = arena, places.x
    count = pick(source, at, picks)
    picked = 2 * count < len(picks)
    for k in range(last + 1):
        step = chain.steps[k]
        out_at, mask_at = step[OUT_AT] * batch.tile, step[MASK_AT] * batch.tile
        if k == 0 and picked:
            picked_linear(step, source, at, picks, count, arena, out_at, weights)
            continue
        # one call for all steps: each further one would be compiled anew
        values, values_at = (source, at) if k == 0 else (arena, step[IN_AT] * batch.tile)
        forth(chain, k, rows, values, values_at, arena, out_at, mask_at, weights, keys)
    total = loss_of(chain, data, batch, method, first, rows, arena, places, scale)
    g, other = places.gradient, places.other
    for k in range(last, -1, -1):
        step = chain.steps[k]
        out_at, mask_at = step[OUT_AT] * batch.tile, step[MASK_AT] * batch.tile
        if k == 0 and picked and method.direct:
            picked_linear_back(step, source, at, picks, count, arena, g, weights)
            continue
        values, values_at = (source, at) if k == 0 else (arena, step[IN_AT] * batch.tile)
        if back(chain, k, rows, values, values_at, arena, out_at, mask_at, g, other, weights, place, fresh) != g:  # fmt: skip # noqa: E501
            g, other = other, g
    return total


@part
def improve_stretch(weights, method, a, b, lanes, numbers):
    """Sum the lanes' gradients of a stretch of weights and improve it."""
    every = len(weights.values)
    for start in range(a, b, _STRETCH):
        stop = min(start + _STRETCH, b)
        g = weights.gradients[start:stop]
        for lane in range(1, lanes):
            more = weights.gradients[lane * every + start : lane * every + stop]
            for i in range(len(g)):
                g[i] += more[i]
        improve(method.optimizer, weights.values[start:stop], g, method.first[start:stop], method.second[start:stop], method.third[start:stop], numbers)  # fmt: skip # noqa: E501


@part
def improve_share(chain, weights, method, lane, lanes, numbers):
    """Improve one lane's share of the weights, and turn it."""
    for k in range(len(chain.steps)):
        step = chain.steps[k]
        if step[KIND] != LINEAR and step[KIND] != NARROW:
            continue
        at, stride = step[WEIGHT_AT], step[WEIGHT_STRIDE]
        lines = step[IN] if step[KIND] == LINEAR else step[OUT]
        low, high = lines * lane // lanes, lines * (lane + 1) // lanes
        if step[TRAIN_WEIGHT] and method.direct == 0:
            improve_stretch(weights, method, at + low * stride, at + high * stride, lanes, numbers)
        bias_too = step[TRAIN_BIAS] and step[BIAS_AT] != ABSENT and lane == lanes - 1
        if bias_too and method.direct == 0:
            a = step[BIAS_AT]
            improve_stretch(weights, method, a, a + step[OUT_STRIDE], lanes, numbers)
        if step[TURNED_AT] != ABSENT:
            turn(weights.values, at, stride, low, high, step[OUT], weights.turned, step[TURNED_AT], step[TURNED_STRIDE])  # fmt: skip # noqa: E501


@part
def set_keys(keys, seed, update, first):
    """Give each row of a tile its number for Dropout.

    Source: G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number generators (2014).
    """
    z = np.uint64(seed) + np.uint64(update) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    base = np.uint32(z ^ (z >> np.uint64(31)))
    for row in range(len(keys)):
        keys[row] = mixed(base + np.uint32(first + row) * np.uint32(0x85EBCA6B))


@part
def share_of_batch(chain, data, batch, method, places, weights, shared, lane, lanes, start, size, update):
    """Run one lane's rows of a batch; return their share of the loss."""
    arena = shared.arenas[lane * places.size : (lane + 1) * places.size]
    keys = shared.keys[lane * batch.tile : (lane + 1) * batch.tile]
    place = lane * len(weights.values)
    low, high = start + size * lane // lanes, start + size * (lane + 1) // lanes
    parts = 1 if method.mean == 0 else (size if method.loss == CROSS_ENTROPY else size * batch.targets)
    scale = like(1.0 / parts if method.direct == 0 else -method.numbers[LR] / parts, arena[0])
    if low == high:
        fill(weights.gradients[place : place + len(weights.values)], like(0.0, arena[0]))
    total, fresh = 0.0, method.direct == 0
    for first in range(low, high, batch.tile):
        rows = min(batch.tile, high - first)
        if len(keys):
            set_keys(keys[:rows], method.seed, update, first - start)
        total += tile_update(chain, data, batch, method, places, weights, arena, keys, shared.picks, place, first, rows, scale, fresh)  # fmt: skip # noqa: E501
        fresh = False
    return total / parts


def _compiled(stamp: int) -> Any:
    """Return the kernel that makes the updates `shared.losses` has room for, and returns how many it made.

    Its arguments: this thread's number; how many threads run it together; in how many lanes the rows and the
    weights are shared; the number of the first batch, counted from where `data.order` begins; updates made
    before; the network; the samples; how they are cut; how weights are improved; places inside an arena; the
    weights; what the threads share.
    """

    @kernel
    def run_tiles(thread, threads, lanes, ahead, done, chain, data, batch, method, places, weights, shared):
        meetings, numbers = stamp * 0, shared.numbers[thread * NUMBERS : (thread + 1) * NUMBERS]
        for made in range(len(shared.losses)):
            epoch, index = divmod(ahead + made, batch.per_epoch)
            size = min(batch.size, batch.samples - index * batch.size)
            start = index * batch.size + (epoch * batch.source if len(data.order) else 0)
            update = done + made + 1
            for lane in range(thread, lanes, threads):
                shared.parts[lane * _APART] = share_of_batch(chain, data, batch, method, places, weights, shared, lane, lanes, start, size, update)  # fmt: skip # noqa: E501
            if threads > 1:
                meetings += threads
                barrier(shared.counter, meetings)
            loss = 0.0
            for lane in range(lanes):
                loss += shared.parts[lane * _APART]
            if thread == 0:
                shared.losses[made] = loss
            prepare(method.numbers, update, numbers)
            for lane in range(thread, lanes, threads):
                improve_share(chain, weights, method, lane, lanes, numbers)
            if threads > 1:
                meetings += threads
                barrier(shared.counter, meetings)
            if not math.isfinite(loss):
                return made + 1
        return len(shared.losses)

    return run_tiles


run_tiles = _compiled(STAMP)
