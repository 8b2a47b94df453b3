"""One step of a network on a tile of rows, forward and backward, as compiled code.

`forward` and `backward` choose by the kind of the step; the kinds stand below them in turn.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from chalknet.engine.fused_cpu import step_table as kinds
from chalknet.engine.fused_cpu.formulas import call_at
from chalknet.engine.fused_cpu.names import Array
from chalknet.engine.fused_cpu.nonzero import sparse_backward, sparse_forward
from chalknet.engine.fused_cpu.products import Matrix, Size, add_scaled, dot, product, rows_at, transposed
from chalknet.engine.fused_cpu.scalars import copy, exponential, fill, inlined, like, part, scalar
from chalknet.engine.fused_cpu.vectors import VECTOR_BYTES

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
        mask: where Dropout keeps what it multiplies by, in the array of h.
    """

    step: Array
    number: int
    rows: int
    x: Matrix
    h: Matrix
    mask: int


class GradientSums(NamedTuple):
    """Where gradients of weights are summed: from an offset in `WeightBuffers.gradients` on.

    Args:
        offset: where the sums begin.
        fresh: whether the sums begin anew.
    """

    offset: int
    fresh: bool


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
    else:
        lines = lines_of(tile)
        activation_forward(tile.step, numbers_of(tile.x, lines), numbers_of(tile.h, lines))


@inlined
def backward(tile, g, to, weights, sums):
    """Take the gradient g `(lines, out)` back through a step.

    Returns whether the gradient of its input went to the matrix `to`; otherwise it is where g was.
    """
    kind = tile.step.kind
    if kind in (kinds.ACTIVATION, kinds.SOFTMAX, kinds.LOG_SOFTMAX):
        lines = lines_of(tile)
        z, h = numbers_of(tile.x, lines), numbers_of(tile.h, lines)
        activation_backward(tile.step, z, h, numbers_of(g, lines))
        return False
    if kind == kinds.DROPOUT:
        dropout_backward(tile, g)
        return False
    if kind == kinds.FLATTEN:
        flatten_backward(tile, g, to)
        return True
    if kind == kinds.LINEAR:
        if tile.step.input_gradient:
            linear_input_gradient(tile, g, to, weights)
        linear_weight_gradient(tile, g, weights, sums)
    else:
        if tile.step.input_gradient:
            narrow_input_gradient(tile, g, to, weights)
        narrow_weight_gradient(tile, g, weights, sums)
    if tile.step.bias_at >= 0:
        bias_gradient(tile, g, weights, sums)
    return True


@part
def lines_of(tile):
    """Return the number of rows of x: a sample has one for each position."""
    return tile.rows * tile.step.positions


@inlined
def numbers_of(matrix, rows):
    """Return the numbers of so many rows in a row, those that fill them up included."""
    return matrix.values[matrix.offset : matrix.offset + rows * matrix.row_stride]


@part
def whole_vectors(width, values):
    """Return a width filled up to whole vectors."""
    wide = VECTOR_BYTES // values.itemsize
    return (width + wide - 1) // wide * wide


@part
def weight_of(step, values, offset):
    return rows_at(values, offset + step.weight_at, step.weight_stride)


@part
def weight_place(step, line):
    """Return where a line of a Linear's weight begins, as it is stored."""
    return step.weight_at + line * step.weight_stride


@part
def bias_rows(step, weights):
    """Return the bias as a matrix whose rows are all the same; zeros where there is none."""
    if step.bias_at >= 0:
        return rows_at(weights.values, step.bias_at, 0)
    return rows_at(weights.zeros, 0, 0)


@part
def linear_forward(tile, weights):
    step = tile.step
    size = Size(lines_of(tile), step.inputs, whole_vectors(step.outputs, weights.values))
    product(tile.x, weight_of(step, weights.values, 0), bias_rows(step, weights), tile.h, size)


@part
def linear_input_gradient(tile, g, to, weights):
    step = tile.step
    weight = rows_at(weights.transposed, step.transposed_at, step.transposed_stride)
    size = Size(lines_of(tile), step.outputs, whole_vectors(step.inputs, weights.values))
    product(g, weight, rows_at(weights.zeros, 0, 0), to, size)


@part
def linear_weight_gradient(tile, g, weights, sums):
    step = tile.step
    target = weight_of(step, weights.gradients, sums.offset)
    start = rows_at(weights.zeros, 0, 0) if sums.fresh else target
    size = Size(step.inputs, lines_of(tile), whole_vectors(step.outputs, weights.values))
    product(transposed(tile.x), g, start, target, size)


@part
def sparse_linear_forward(tile, x, weights):
    """Run a Linear on a single row of x."""
    columns = whole_vectors(tile.step.outputs, weights.values)
    weight = weight_of(tile.step, weights.values, 0)
    sparse_forward(x, weight, bias_rows(tile.step, weights), tile.h, columns)


@part
def sparse_linear_backward(tile, x, g, weights, sums):
    """Add the gradient of a Linear's weight and bias to the weights themselves."""
    columns = whole_vectors(tile.step.outputs, weights.values)
    sparse_backward(x, g, weight_of(tile.step, weights.gradients, 0), columns)
    if tile.step.bias_at >= 0:
        bias_gradient(tile, g, weights, sums)


@part
def narrow_forward(tile, weights):
    """Run a Linear of few outputs, stored `(out, in)`."""
    step, values, x, h = tile.step, weights.values, tile.x, tile.h
    for row in range(lines_of(tile)):
        a = x.offset + row * x.row_stride
        for out in range(step.outputs):
            w = weight_place(step, out)
            total = dot(x.values[a : a + step.inputs], values[w : w + step.inputs])
            if step.bias_at >= 0:
                total += values[step.bias_at + out]
            h.values[h.offset + row * h.row_stride + out] = total


@part
def narrow_input_gradient(tile, g, to, weights):
    step, width = tile.step, tile.step.inputs
    for row in range(lines_of(tile)):
        a = to.offset + row * to.row_stride
        fill(to.values[a : a + to.row_stride], like(0.0, to.values[0]))
        for out in range(step.outputs):
            w = weight_place(step, out)
            scale = g.values[g.offset + row * g.row_stride + out]
            add_scaled(scale, weights.values[w : w + width], to.values[a : a + width])


@part
def narrow_weight_gradient(tile, g, weights, sums):
    step, x, width = tile.step, tile.x, tile.step.inputs
    for out in range(step.outputs):
        a = sums.offset + weight_place(step, out)
        target, rows = weights.gradients[a : a + width], lines_of(tile)
        if sums.fresh:
            fill(weights.gradients[a : a + step.weight_stride], like(0.0, weights.gradients[0]))
        row = 0
        while row + 4 <= rows:
            add_four_rows(x, g, row, out, target)
            row += 4
        while row < rows:
            place = x.offset + row * x.row_stride
            scale = g.values[g.offset + row * g.row_stride + out]
            add_scaled(scale, x.values[place : place + width], target)
            row += 1


@part
def add_four_rows(x, g, row, out, target):
    """Add four rows of x, each times its gradient: the target is loaded and stored once for four."""
    at, s, width = x.offset + row * x.row_stride, x.row_stride, len(target)
    g_at, t = g.offset + row * g.row_stride + out, g.row_stride
    x0, x1 = x.values[at : at + width], x.values[at + s : at + s + width]
    x2, x3 = x.values[at + 2 * s : at + 2 * s + width], x.values[at + 3 * s : at + 3 * s + width]
    g0, g1, g2, g3 = g.values[g_at], g.values[g_at + t], g.values[g_at + 2 * t], g.values[g_at + 3 * t]
    for i in range(width):
        target[i] += (g0 * x0[i] + g1 * x1[i]) + (g2 * x2[i] + g3 * x3[i])


@part
def bias_gradient(tile, g, weights, sums):
    a, width = sums.offset + tile.step.bias_at, tile.step.outputs
    target = weights.gradients[a : a + width]
    if sums.fresh:
        fill(target, like(0.0, weights.gradients[0]))
    for row in range(lines_of(tile)):
        at = g.offset + row * g.row_stride
        values = g.values[at : at + width]
        for i in range(width):
            target[i] += values[i]


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


@scalar
def softmax_forward(step, z, h):
    width, stride = step.outputs, step.out_stride
    for line in range(len(h) // stride):
        zz, hh = z[line * stride : line * stride + width], h[line * stride : line * stride + width]
        highest, total = zz[0], like(0.0, zz[0])
        for i in range(width):
            highest = zz[i] if zz[i] > highest else highest
        for i in range(width):
            hh[i] = exponential(zz[i] - highest)
            total += hh[i]
        shift = highest + like(math.log(total), total)
        for i in range(width):
            hh[i] = zz[i] - shift if step.kind == kinds.LOG_SOFTMAX else hh[i] / total


@scalar
def softmax_backward(step, h, g):
    width, stride = step.outputs, step.out_stride
    for line in range(len(h) // stride):
        hh, gg = h[line * stride : line * stride + width], g[line * stride : line * stride + width]
        total = like(0.0, gg[0])
        for i in range(width):
            total += gg[i] if step.kind == kinds.LOG_SOFTMAX else gg[i] * hh[i]
        for i in range(width):
            if step.kind == kinds.LOG_SOFTMAX:
                gg[i] -= exponential(hh[i]) * total
            else:
                gg[i] = hh[i] * (gg[i] - total)


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
