"""One step of a network on a tile of rows, forward and backward, as compiled code.

`forward` and `backward` choose by the kind of the step; the kinds stand below them in turn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chalknet.engine.fused_cpu import step_table as kinds
from chalknet.engine.fused_cpu.formulas import call_at
from chalknet.engine.fused_cpu.linear import (
    bias_gradient,
    linear_forward,
    linear_input_gradient,
    linear_weight_gradient,
    lines_of,
    narrow_forward,
    narrow_input_gradient,
    narrow_weight_gradient,
)
from chalknet.engine.fused_cpu.names import Array
from chalknet.engine.fused_cpu.other_steps import other_backward, other_forward, other_gradient
from chalknet.engine.fused_cpu.products import Matrix
from chalknet.engine.fused_cpu.scalars import copy, fill, inlined, like, part, scalar
from chalknet.engine.fused_cpu.whole_rows import softmax_backward, softmax_forward

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"


class TileStep(NamedTuple):
    """A step and where its values lie for the rows of a tile.

    Args:
        step: its row of the table.
        number: its place in the network.
        rows: samples.
        x: what arrives, `(rows * positions, in)`.
        h: what it gives, `(rows * positions, out)`.
        mask: where a step keeps what its backward pass needs, in the array of h.
    """

    step: Array
    number: int
    rows: int
    x: Matrix
    h: Matrix
    mask: int


@inlined
def forward(tile, weights, keys):
    """Run a step on a tile; keys has one number for each row, from which Dropout's masks follow."""
    kind = tile.step.kind
    if kind == kinds.LINEAR:
        linear_forward(tile, weights)
    elif kind == kinds.NARROW:
        narrow_forward(tile, weights)
    elif kind == kinds.DROPOUT:
        dropout_forward(tile, keys)
    elif kind == kinds.FLATTEN:
        flatten_forward(tile)
    elif kind > kinds.FLATTEN:
        other_forward(tile, weights)
    else:
        lines = lines_of(tile)
        activation_forward(tile.step, numbers_of(tile.x, lines), numbers_of(tile.h, lines))


@inlined
def backward(tile, g, to, weights):
    """Take the gradient g `(lines, out)` back through a step, to the gradient of what arrives.

    That is the matrix `to`, or for a step that changes g in its place, g itself.
    """
    kind = tile.step.kind
    if kind == kinds.LINEAR:
        linear_input_gradient(tile, g, to, weights)
    elif kind == kinds.NARROW:
        narrow_input_gradient(tile, g, to, weights)
    elif kind == kinds.FLATTEN:
        flatten_backward(tile, g, to)
    elif kind == kinds.DROPOUT:
        dropout_backward(tile, g)
    elif kind > kinds.FLATTEN:
        other_backward(tile, g, to, weights)
    else:
        lines = lines_of(tile)
        z, h = numbers_of(tile.x, lines), numbers_of(tile.h, lines)
        activation_backward(tile.step, z, h, numbers_of(g, lines))


@inlined
def weight_gradient(tile, g, weights, lines):
    """Add the gradient of some lines of a step's weight, and of its bias, over the rows of a tile."""
    if tile.step.kind == kinds.LINEAR:
        linear_weight_gradient(tile, g, weights, lines)
    elif tile.step.kind > kinds.FLATTEN:
        other_gradient(tile, g, weights, lines)
    else:
        narrow_weight_gradient(tile, g, weights, lines)
    if lines.bias:
        bias_gradient(tile, g, weights, lines)


@inlined
def numbers_of(matrix, rows):
    """Return the numbers of so many rows in a row, those that fill them up included."""
    return matrix.values[matrix.offset : matrix.offset + rows * matrix.row_stride]


@part
def activation_forward(step, z, h):
    """Run an activation or a softmax."""
    if step.kind == kinds.ACTIVATION:
        call_at(step.forward, z, h, len(h), step.options)
    else:
        softmax_forward(step, z, h)


@part
def activation_backward(step, z, h, g):
    """Take the gradient g back through an activation or a softmax, in its place."""
    if step.kind == kinds.ACTIVATION:
        call_at(step.backward, z, h, g, len(g), step.options)
    else:
        softmax_backward(step, h, g)


@part
def dropout_forward(tile, keys):
    numbers, values = tile.step.positions * tile.h.row_stride, tile.h.values
    for row in range(tile.rows):
        shift = row * numbers
        z = tile.x.values[tile.x.offset + shift : tile.x.offset + shift + numbers]
        h = values[tile.h.offset + shift : tile.h.offset + shift + numbers]
        mask = values[tile.mask + shift : tile.mask + shift + numbers]
        key = mixed(keys[row] + np.uint32(tile.number))
        drop(z, h, mask, key, tile.step.threshold, like(tile.step.scale, values[0]))


@scalar
def drop(z, h, mask, key, threshold, scale):
    """Zero values by chance; the chance of a value depends on the key and its place alone."""
    zero = like(0.0, scale)
    for i in range(len(h)):
        kept = np.uint64(mixed(np.uint32(i) * np.uint32(0x9E3779B9) + key)) >= np.uint64(threshold)
        mask[i] = scale if kept else zero
        h[i] = z[i] * mask[i]


@part
def dropout_backward(tile, g):
    gradient = numbers_of(g, lines_of(tile))
    mask = tile.h.values[tile.mask : tile.mask + len(gradient)]
    for i in range(len(gradient)):
        gradient[i] *= mask[i]


@scalar
def mixed(number):
    """Return 32 well mixed bits of a 32-bit number.

    Source: C. Wellons, Hash function prospector (2018), lowbias32.
    """
    number = np.uint32(number)
    number ^= number >> np.uint32(16)
    number = np.uint32(number * np.uint32(0x7FEB352D))
    number ^= number >> np.uint32(15)
    number = np.uint32(number * np.uint32(0x846CA68B))
    return np.uint32(number ^ (number >> np.uint32(16)))


@part
def flatten_forward(tile):
    """Lay the positions of each row side by side."""
    width, positions, x, h = tile.step.inputs, tile.step.positions, tile.x, tile.h
    for row in range(tile.rows):
        for position in range(positions):
            a = x.offset + (row * positions + position) * x.row_stride
            b = h.offset + row * h.row_stride + position * width
            copy(x.values[a : a + width], h.values[b : b + width])


@part
def flatten_backward(tile, g, to):
    width, positions = tile.step.inputs, tile.step.positions
    fill(numbers_of(to, lines_of(tile)), like(0.0, to.values[0]))
    for row in range(tile.rows):
        for position in range(positions):
            a = g.offset + row * g.row_stride + position * width
            b = to.offset + (row * positions + position) * to.row_stride
            copy(g.values[a : a + width], to.values[b : b + width])
