"""The steps besides linear maps and activations that change a row of numbers, as compiled code.

`other_forward` and `other_backward` choose by the kind of the step; those without a file of their own, PReLU,
embeddings and residual sums, stand below them.
"""

from __future__ import annotations

import numpy as np

from chalknet.engine.fused_cpu import step_table as kinds
from chalknet.engine.fused_cpu.linear import lines_of, weight_place
from chalknet.engine.fused_cpu.norms import (
    batch_norm_gradient,
    fixed_norm_backward,
    fixed_norm_forward,
    fixed_norm_gradient,
    layer_norm_backward,
    layer_norm_forward,
    layer_norm_gradient,
    row_of,
)
from chalknet.engine.fused_cpu.scalars import copy, fill, like, part

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"


@part
def other_forward(tile, weights):
    """Run one of these steps on a tile."""
    kind = tile.step.kind
    if kind == kinds.PRELU:
        prelu_forward(tile, weights)
    elif kind == kinds.LAYER_NORM:
        layer_norm_forward(tile, weights)
    elif kind == kinds.FIXED_NORM:
        fixed_norm_forward(tile, weights)
    elif kind == kinds.EMBED:
        embed_forward(tile, weights)
    elif kind == kinds.SKIP:
        skip_forward(tile)
    elif kind == kinds.ADD:
        add_forward(tile)


@part
def other_backward(tile, g, to, weights):
    """Take the gradient g of what one of these steps gives back to what arrives, in the matrix `to`."""
    kind, width = tile.step.kind, tile.step.inputs
    if kind == kinds.PRELU:
        prelu_backward(tile, g, to, weights)
    elif kind == kinds.LAYER_NORM:
        layer_norm_backward(tile, g, to, weights)
    elif kind == kinds.FIXED_NORM:
        fixed_norm_backward(tile, g, to, weights)
    elif kind == kinds.EMBED:
        embed_backward(tile, g, to)
    elif kind == kinds.SKIP:
        skip_backward(tile, g, to)
    elif kind == kinds.ADD:
        for row in range(lines_of(tile)):
            copy(row_of(g, row, width), row_of(to, row, width))
    for row in range(lines_of(tile)):  # what fills a row up
        at = to.offset + row * to.row_stride
        fill(to.values[at + width : at + to.row_stride], like(0.0, to.values[0]))


@part
def other_gradient(tile, g, weights, lines):
    """Add the gradient of the weight of one of these steps, over the rows of a tile."""
    step = tile.step
    low, high = weight_place(step, lines.low), weight_place(step, lines.high)
    target = weights.gradients[lines.offset + low : lines.offset + high]
    if lines.fresh:
        fill(target, like(0.0, weights.gradients[0]))
    if step.kind == kinds.PRELU:
        slope_gradient(tile, g, target)
    elif step.kind == kinds.LAYER_NORM:
        layer_norm_gradient(tile, g, target)
    elif step.kind == kinds.BATCH_NORM:
        batch_norm_gradient(tile, g, target, weights)
    elif step.kind == kinds.FIXED_NORM:
        fixed_norm_gradient(tile, g, target, weights)
    else:
        embed_gradient(tile, g, target, lines.low, lines.high)


@part
def prelu_forward(tile, weights):
    step, zero = tile.step, like(0.0, weights.values[0])
    slopes = weights.values[step.weight_at : step.weight_at + step.line]
    for row in range(lines_of(tile)):
        z, h = row_of(tile.x, row, step.inputs), row_of(tile.h, row, step.inputs)
        if step.line == step.inputs:
            for i in range(len(h)):
                h[i] = z[i] if z[i] > zero else slopes[i] * z[i]
        else:
            slope = slopes[0]
            for i in range(len(h)):
                h[i] = z[i] if z[i] > zero else slope * z[i]


@part
def prelu_backward(tile, g, to, weights):
    step, zero = tile.step, like(0.0, weights.values[0])
    slopes = weights.values[step.weight_at : step.weight_at + step.line]
    for row in range(lines_of(tile)):
        z, gradient = row_of(tile.x, row, step.inputs), row_of(g, row, step.inputs)
        target = row_of(to, row, step.inputs)
        if step.line == step.inputs:
            for i in range(len(z)):
                target[i] = gradient[i] if z[i] > zero else slopes[i] * gradient[i]
        else:
            slope = slopes[0]
            for i in range(len(z)):
                target[i] = gradient[i] if z[i] > zero else slope * gradient[i]


@part
def slope_gradient(tile, g, target):
    step, zero = tile.step, like(0.0, target[0])
    for row in range(lines_of(tile)):
        z, gradient = row_of(tile.x, row, step.inputs), row_of(g, row, step.inputs)
        if step.line == step.inputs:
            for i in range(len(z)):
                target[i] += zero if z[i] > zero else z[i] * gradient[i]
        else:
            total = zero
            for i in range(len(z)):
                total += zero if z[i] > zero else z[i] * gradient[i]
            target[0] += total


@part
def category(step, x, row):
    """Return which category the first number of a row is; one that is out of range is never read."""
    number = x.values[x.offset + row * x.row_stride]
    return np.int64(number) if number >= 0 and number < step.lines else np.int64(0)


@part
def embed_forward(tile, weights):
    """Write a row without its first number, and the line of weights that this number names behind it."""
    step, others = tile.step, tile.step.inputs - 1
    for row in range(lines_of(tile)):
        h = row_of(tile.h, row, step.outputs)
        copy(row_of(tile.x, row, step.inputs)[1:], h[:others])
        at = weight_place(step, category(step, tile.x, row))
        copy(weights.values[at : at + step.line], h[others:])


@part
def embed_backward(tile, g, to):
    step, others = tile.step, tile.step.inputs - 1
    for row in range(lines_of(tile)):
        target = row_of(to, row, step.inputs)
        target[0] = like(0.0, to.values[0])
        copy(row_of(g, row, others), target[1:])


@part
def embed_gradient(tile, g, target, low, high):
    step, others = tile.step, tile.step.inputs - 1
    for row in range(lines_of(tile)):
        line = category(step, tile.x, row)
        if low <= line and line < high:
            at = (line - low) * step.weight_stride
            gradient, here = row_of(g, row, step.outputs)[others:], target[at : at + step.line]
            for i in range(len(here)):
                here[i] += gradient[i]


@part
def skip_forward(tile):
    """Hand on what arrives at a residual block; the sum behind the block takes it from here."""
    for row in range(lines_of(tile)):
        copy(row_of(tile.x, row, tile.step.inputs), row_of(tile.h, row, tile.step.outputs))


@part
def skip_backward(tile, g, to):
    """Add the gradient of the sum, which is where `tile.mask` says, to the one through the block."""
    step, kept = tile.step, tile.h.values
    for row in range(lines_of(tile)):
        gradient, target = row_of(g, row, step.outputs), row_of(to, row, step.inputs)
        at = tile.mask + row * step.mask_stride
        around = kept[at : at + step.inputs]
        for i in range(len(target)):
            target[i] = gradient[i] + around[i]


@part
def add_forward(tile):
    """Add what arrived at the block, which is where `tile.mask` says."""
    step, kept = tile.step, tile.h.values
    for row in range(lines_of(tile)):
        z, h = row_of(tile.x, row, step.inputs), row_of(tile.h, row, step.outputs)
        at = tile.mask + row * step.mask_stride
        around = kept[at : at + step.outputs]
        for i in range(len(h)):
            h[i] = z[i] + around[i]
