"""The general schedule: each thread takes its rows of a batch in tiles, forward and backward, then all step.

A tile is small enough to stay in the core's own cache from its gathered x to its gradients, so x comes from
memory once an update. The threads wait for each other twice an update: when all gradients are summed, and
when all weights are updated.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chalknet.engine.fused_cpu import step_table as kinds
from chalknet.engine.fused_cpu.barrier import barrier
from chalknet.engine.fused_cpu.formulas import call_at, cross_entropy
from chalknet.engine.fused_cpu.loops import CROSS_ENTROPY
from chalknet.engine.fused_cpu.memory import BatchRows, Tile
from chalknet.engine.fused_cpu.nonzero import sparse_row
from chalknet.engine.fused_cpu.optimizer_rows import LR, NUMBERS
from chalknet.engine.fused_cpu.optimizers import optimizer_step, prepare, state_of
from chalknet.engine.fused_cpu.products import Vector, rows_at, transpose
from chalknet.engine.fused_cpu.scalars import STAMP, copy, fill, inlined, kernel, like, part
from chalknet.engine.fused_cpu.steps import (
    GradientSums,
    TileStep,
    backward,
    forward,
    mixed,
    sparse_linear_backward,
    sparse_linear_forward,
    weight_of,
)

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

_STRETCH = 1024  # weights updated at a time: they and their optimizer state stay in the first cache
_APART = 16  # numbers between what two threads write, so that they do not share a cache line


@part
def rows_of_batch(batch, has_order, number, update):
    """Return the samples of a batch, counted from where the order begins."""
    epoch, index = divmod(number, batch.per_epoch)
    size = min(batch.size, batch.samples - index * batch.size)
    return BatchRows(index * batch.size + (epoch * batch.source if has_order else 0), size, update)


@part
def gather(fit, first, rows, arena):
    """Copy the x of some rows next to each other."""
    width, data, x_at = fit.batch.features, fit.data, fit.places.x
    for row in range(rows):
        a = data.order[first + row] * width
        copy(data.x[a : a + width], arena[x_at + row * width : x_at + (row + 1) * width])


@part
def parts_of_loss(fit, rows):
    """Return what the summed loss of so many rows is divided by."""
    if fit.rule.mean == 0:
        return 1
    return rows if fit.rule.loss == CROSS_ENTROPY else rows * fit.batch.targets


@part
def loss_of(fit, tile):
    """Return the summed loss of a tile and write its gradient."""
    last, data, arena = fit.steps[len(fit.steps) - 1], fit.data, tile.arena
    width, stride, lines = last.outputs, last.out_stride, tile.rows * last.positions
    yhat_at = last.out_at * fit.batch.tile
    yhat = arena[yhat_at : yhat_at + lines * stride]
    g = arena[fit.places.gradient : fit.places.gradient + lines * stride]
    if stride > width:
        fill(g, like(0.0, tile.scale))
    if fit.rule.loss == CROSS_ENTROPY:
        total = 0.0
        for row in range(tile.rows):
            a, at = row * stride, tile.first + row
            label = data.classes[data.order[at] if len(data.order) else at]
            total += cross_entropy(yhat[a : a + width], label, g[a : a + width], tile.scale)
        return total
    y = y_of(fit, tile)
    return call_at(fit.rule.loss, yhat, y.values[y.offset :], g, tile.scale, lines, width, stride)


@part
def y_of(fit, tile):
    """Return where the y of a tile is: gathered where there is an order."""
    data, numbers, at = fit.data, fit.batch.targets, fit.places.other
    if not len(data.order):
        return Vector(data.y, tile.first * numbers)
    for row in range(tile.rows):
        a = data.order[tile.first + row] * numbers
        for i in range(numbers):
            tile.arena[at + row * numbers + i] = data.y[a + i]
    return Vector(tile.arena, at)


@part
def x_of(fit, tile):
    """Return where the x of a tile is: gathered where there is an order and more than one row."""
    data, features = fit.data, fit.batch.features
    if not len(data.order):
        return Vector(data.x, tile.first * features)
    if tile.rows == 1:
        return Vector(data.x, data.order[tile.first] * features)
    gather(fit, tile.first, tile.rows, tile.arena)
    return Vector(tile.arena, fit.places.x)


@inlined
def step_of(fit, tile, k, x):
    """Return step k on a tile."""
    step, size = fit.steps[k], fit.batch.tile
    values, offset = (x.values, x.offset) if k == 0 else (tile.arena, step.in_at * size)
    arriving = rows_at(values, offset, step.in_stride)
    h = rows_at(tile.arena, step.out_at * size, step.out_stride)
    return TileStep(step, k, tile.rows, arriving, h, step.mask_at * size)


@inlined
def tile_update(fit, tile, sums):
    """Run a tile forward and backward; return its summed loss."""
    x, last = x_of(fit, tile), len(fit.steps) - 1
    row = sparse_row(x.values, x.offset, fit.shared.nonzero)
    sparse = 2 * row.filled < len(row.places)
    for k in range(last + 1):
        step = step_of(fit, tile, k, x)
        if k == 0 and sparse:
            sparse_linear_forward(step, row, fit.weights)
        else:  # one call for all steps: each further one would be compiled anew
            forward(step, fit.weights, tile.keys)
    total = loss_of(fit, tile)
    g_at, to_at = fit.places.gradient, fit.places.other
    for k in range(last, -1, -1):
        step = step_of(fit, tile, k, x)
        g = rows_at(tile.arena, g_at, step.h.row_stride)
        if k == 0 and sparse and fit.rule.direct:
            sparse_linear_backward(step, row, g, fit.weights, sums)
        elif backward(step, g, rows_at(tile.arena, to_at, step.x.row_stride), fit.weights, sums):
            g_at, to_at = to_at, g_at
    return total


@inlined
def shard_of_batch(fit, rows, shard, shards):
    """Run one shard of a batch; return its part of the loss."""
    weights, batch, tile_rows = len(fit.weights.values), fit.batch, fit.batch.tile
    arena = fit.shared.arenas[shard * fit.places.size : (shard + 1) * fit.places.size]
    keys = fit.shared.keys[shard * tile_rows : (shard + 1) * tile_rows]
    low = rows.start + rows.size * shard // shards
    high = rows.start + rows.size * (shard + 1) // shards
    parts, offset = parts_of_loss(fit, rows.size), shard * weights
    scale = like(1.0 / parts if fit.rule.direct == 0 else -fit.rule.numbers[LR] / parts, arena[0])
    if low == high:
        fill(fit.weights.gradients[offset : offset + weights], like(0.0, arena[0]))
    total, fresh = 0.0, fit.rule.direct == 0
    for first in range(low, high, batch.tile):
        tile = Tile(first, min(batch.tile, high - first), arena, keys, scale)
        if len(keys):
            set_keys(keys[: tile.rows], fit.rule.seed, rows.update, first - rows.start)
        total += tile_update(fit, tile, GradientSums(offset, fresh))
        fresh = False
    return total / parts


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
def step_shard(fit, shard, shards, numbers):
    """Update one shard of the weights, and transpose it."""
    rule, weights = fit.rule, fit.weights
    for k in range(len(fit.steps)):
        step = fit.steps[k]
        if step.kind != kinds.LINEAR and step.kind != kinds.NARROW:
            continue
        at, stride = step.weight_at, step.weight_stride
        lines = step.inputs if step.kind == kinds.LINEAR else step.outputs
        low, high = lines * shard // shards, lines * (shard + 1) // shards
        if step.train_weight and rule.direct == 0:
            step_stretch(fit, at + low * stride, at + high * stride, shards, numbers)
        bias_too = step.train_bias and step.bias_at != kinds.ABSENT and shard == shards - 1
        if bias_too and rule.direct == 0:
            step_stretch(fit, step.bias_at, step.bias_at + step.out_stride, shards, numbers)
        if step.transposed_at != kinds.ABSENT:
            target = rows_at(weights.transposed, step.transposed_at, step.transposed_stride)
            transpose(weight_of(step, weights.values, 0), target, low, high, step.outputs)


@part
def step_stretch(fit, low, high, shards, numbers):
    """Sum the shards' gradients of a stretch of weights and update it."""
    values, gradients = fit.weights.values, fit.weights.gradients
    every = len(values)
    for start in range(low, high, _STRETCH):
        stop = min(start + _STRETCH, high)
        g = gradients[start:stop]
        for shard in range(1, shards):
            more = gradients[shard * every + start : shard * every + stop]
            for i in range(len(g)):
                g[i] += more[i]
        state = state_of(fit.rule.state, start, stop)
        optimizer_step(fit.rule.optimizer, values[start:stop], g, state, numbers)


def _compiled(stamp: int) -> Any:
    """Return the kernel `(fit, turn)`.

    It makes the updates that `shared.losses` has room for, fewer after a loss that is no number, and returns
    how many it made.
    """

    @kernel
    def run_tiles(fit, turn):
        shared, arrivals = fit.shared, stamp * 0
        numbers = shared.numbers[turn.thread * NUMBERS : (turn.thread + 1) * NUMBERS]
        for made in range(len(shared.losses)):
            rows = rows_of_batch(fit.batch, len(fit.data.order) > 0, turn.ahead + made, turn.done + made + 1)
            for shard in range(turn.thread, turn.shards, turn.threads):
                shared.parts[shard * _APART] = shard_of_batch(fit, rows, shard, turn.shards)
            if turn.threads > 1:
                arrivals += turn.threads
                barrier(shared.counter, arrivals)
            loss = 0.0
            for shard in range(turn.shards):
                loss += shared.parts[shard * _APART]
            if turn.thread == 0:
                shared.losses[made] = loss
            prepare(fit.rule.numbers, rows.update, numbers)
            for shard in range(turn.thread, turn.shards, turn.threads):
                step_shard(fit, shard, turn.shards, numbers)
            if turn.threads > 1:
                arrivals += turn.threads
                barrier(shared.counter, arrivals)
            if not math.isfinite(loss):
                return made + 1
        return len(shared.losses)

    return run_tiles


run_tiles = _compiled(STAMP)
