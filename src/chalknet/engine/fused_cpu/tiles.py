"""Some rows of a batch, forward and backward: in an arena that stays in the core's own cache."""

from __future__ import annotations

import math

import numpy as np

from chalknet.engine.fused_cpu import step_table as kinds
from chalknet.engine.fused_cpu.formulas import call_at
from chalknet.engine.fused_cpu.memory import BatchRows
from chalknet.engine.fused_cpu.names import CLASS_LOSSES
from chalknet.engine.fused_cpu.optimizer_rows import LR
from chalknet.engine.fused_cpu.products import Vector, rows_at
from chalknet.engine.fused_cpu.scalars import copy, fill, inlined, like, part
from chalknet.engine.fused_cpu.steps import TileStep, mixed
from chalknet.engine.fused_cpu.whole_rows import cross_entropy_gradient, highest_of

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

CROSS_ENTROPY, NLL, FOCAL = (
    CLASS_LOSSES["cross_entropy"],
    CLASS_LOSSES["nll"],
    CLASS_LOSSES["focal_cross_entropy"],
)
LAST_CLASS_LOSS = max(CLASS_LOSSES.values())


@part
def rows_of_batch(fit, turn, made):
    """Return the samples of an update, counted from where the order begins."""
    batch = fit.batch
    epoch, index = divmod(turn.ahead + made, batch.per_epoch)
    size = min(batch.size, batch.samples - index * batch.size)
    start = index * batch.size + (epoch * batch.source if len(fit.data.order) else 0)
    rate = fit.shared.rates[made] if made < len(fit.shared.rates) else fit.rule.numbers[LR]
    return BatchRows(start, size, turn.done + made + 1, rate)


@part
def gather(fit, first, rows, arena):
    """Copy the x of some rows next to each other, to where an arena has the x of its first rows."""
    gather_to(fit, first, rows, arena[fit.places.x :])


@part
def gather_to(fit, first, rows, target):
    """Copy the x of some rows next to each other."""
    width, data = fit.batch.features, fit.data
    for row in range(rows):
        a = data.order[first + row] * width
        copy(data.x[a : a + width], target[row * width : (row + 1) * width])


@part
def parts_of_loss(fit, rows):
    """Return what the summed loss of so many rows is divided by."""
    if fit.rule.mean == 0:
        return 1
    return rows if fit.rule.loss <= LAST_CLASS_LOSS else rows * fit.batch.targets


@part
def loss_of(fit, tile):
    """Return the summed loss of a tile and write its gradient."""
    last, arena = fit.steps[len(fit.steps) - 1], tile.arena
    width, stride, lines = last.outputs, last.out_stride, tile.rows * positions_out(last)
    shift = tile.shift * positions_out(last) * stride
    yhat_at, g_at = last.out_at * fit.batch.tile + shift, last.gradient_at * fit.batch.tile + shift
    yhat, g = arena[yhat_at : yhat_at + lines * stride], arena[g_at : g_at + lines * stride]
    if fit.rule.loss <= LAST_CLASS_LOSS:
        return loss_of_classes(fit, tile, yhat, g, width, stride)
    if stride > width:
        fill(g, like(0.0, tile.scale))
    y = y_of(fit, tile)
    weights, each = weights_of(fit, tile)
    return call_at(
        fit.rule.loss, yhat, y.values[y.offset :], weights.values[weights.offset :], g, tile.scale, lines,
        width, stride, each, fit.rule.options,
    )  # fmt: skip


@part
def loss_of_classes(fit, tile, yhat, g, width, stride):
    """Return the summed loss of a tile whose targets are class numbers, and write its gradient."""
    data, loss, total, none = fit.data, fit.rule.loss, 0.0, like(0.0, tile.scale)
    if loss == NLL:
        fill(g, none)
    elif loss == CROSS_ENTROPY and not len(data.weights):
        total = cross_entropy_gradient(yhat, g, width, stride, tile.scale)
    else:
        cross_entropy_gradient(yhat, g, width, stride, like(1.0, tile.scale))
    for row in range(tile.rows):
        at = data.order[tile.first + row] if len(data.order) else tile.first + row
        here = row * stride + data.classes[at]
        if loss == CROSS_ENTROPY and not len(data.weights):
            total -= yhat[here]
            g[here] -= tile.scale
            continue
        weight = data.weights[at] if len(data.weights) else like(1.0, tile.scale)
        if loss == NLL:
            total -= weight * yhat[here]
            g[here] = -weight * tile.scale
            continue
        total += weight * weigh_row(
            fit,
            g[row * stride : row * stride + width],
            g[here],
            here - row * stride,
            weight * tile.scale,
            yhat[row * stride : row * stride + width],
        )
    return total


@part
def weigh_row(fit, g, p, label, scale, yhat):
    """Make the gradient of a row of its softmax, and return its loss."""
    logarithm = yhat[label] - log_sum_of(yhat)
    g[label] -= like(1.0, scale)
    loss, factor = -logarithm, 1.0
    if fit.rule.loss == FOCAL:
        missed = max(-math.expm1(logarithm), 1e-30)
        before = missed ** (fit.rule.gamma - 1.0)
        factor = before * (missed - fit.rule.gamma * p * logarithm)
        loss = -logarithm * before * missed
    share = like(scale * factor, scale)
    for i in range(len(g)):
        g[i] *= share
    return loss


@part
def log_sum_of(row):
    """Return the logarithm of the sum of the exponentials of a row."""
    highest, total = highest_of(row), 0.0
    for i in range(len(row)):
        total += math.exp(row[i] - highest)
    return highest + math.log(total)


@part
def weights_of(fit, tile):
    """Return where the weights of a tile are, and how many numbers of y have one; of no weights 0."""
    data = fit.data
    if not len(data.weights):
        return Vector(data.weights, 0), 0
    if not len(data.order):
        return Vector(data.weights, tile.first), fit.batch.targets
    at = fit.places.weights + tile.shift
    for row in range(tile.rows):
        tile.arena[at + row] = data.weights[data.order[tile.first + row]]
    return Vector(tile.arena, at), fit.batch.targets


@part
def y_of(fit, tile):
    """Return where the y of a tile is: gathered where there is an order."""
    data, numbers = fit.data, fit.batch.targets
    if not len(data.order):
        return Vector(data.y, tile.first * numbers)
    at = fit.places.y + tile.shift * numbers
    for row in range(tile.rows):
        a = data.order[tile.first + row] * numbers
        for i in range(numbers):
            tile.arena[at + row * numbers + i] = data.y[a + i]
    return Vector(tile.arena, at)


@part
def x_of(fit, tile):
    """Return where the x of a tile is: gathered where there is an order and a batch of more than one row."""
    data, features = fit.data, fit.batch.features
    if not len(data.order):
        return Vector(data.x, tile.first * features)
    if fit.batch.tile == 1:
        return Vector(data.x, data.order[tile.first] * features)
    return Vector(tile.arena, fit.places.x + tile.shift * features)


@inlined
def step_of(fit, tile, k, x):
    """Return step k on a tile."""
    step, size, before = fit.steps[k], fit.batch.tile, tile.shift * fit.steps[k].positions
    at = step.in_at * size + before * step.in_stride
    values, offset = (x.values, x.offset) if k == 0 else (tile.arena, at)
    arriving = rows_at(values, offset, step.in_stride)
    behind = tile.shift * positions_out(step) * step.out_stride
    h = rows_at(tile.arena, step.out_at * size + behind, step.out_stride)
    return TileStep(step, k, tile.rows, arriving, h, step.mask_at * size + before * step.mask_stride)


@part
def positions_out(step):
    """Return how many rows a sample has behind a step."""
    return 1 if step.kind == kinds.FLATTEN else step.positions


@inlined
def gradient_of(fit, tile, k):
    """Return the gradient of what step k gives on a tile."""
    step = fit.steps[k]
    shift = tile.shift * positions_out(step) * step.out_stride
    return rows_at(tile.arena, step.gradient_at * fit.batch.tile + shift, step.out_stride)


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
