"""A Linear on a tile of rows as compiled code: forward, backward, and the gradient of its weights.

`linear_` is for weights stored `(in, out)`, `narrow_` for those of few outputs, stored `(out, in)`;
`columns_` takes some outputs or inputs of all rows, `sparse_` a single row with many zeros.
"""

from __future__ import annotations

from typing import NamedTuple

from chalknet.engine.fused_cpu.formulas import call_at
from chalknet.engine.fused_cpu.nonzero import sparse_backward, sparse_forward
from chalknet.engine.fused_cpu.products import Size, add_scaled, dot, from_place, product, rows_at, transposed
from chalknet.engine.fused_cpu.scalars import fill, like, part
from chalknet.engine.fused_cpu.vectors import VECTOR_BYTES

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"


class Lines(NamedTuple):
    """Some lines of a Linear's weight, and where their gradient is summed.

    Args:
        low: the first line, as the weight is stored: an input, or for few outputs a place along them.
        high: the one behind the last.
        bias: whether the bias comes with them.
        offset: where the sums begin in `WeightBuffers.gradients`.
        fresh: whether the sums begin anew.
    """

    low: int
    high: int
    bias: bool
    offset: int
    fresh: bool


@part
def lines_of(tile):
    """Return the number of rows of x: a sample has one for each position."""
    return tile.rows * tile.step.positions


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
    columns_input_gradient(tile, g, to, weights, 0, whole_vectors(tile.step.inputs, weights.values))


@part
def columns_forward(tile, weights, low, high):
    """Run a Linear for some of its outputs, whole vectors of them."""
    step = tile.step
    weight = from_place(weight_of(step, weights.values, 0), 0, low)
    start = from_place(bias_rows(step, weights), 0, low)
    size = Size(lines_of(tile), step.inputs, high - low)
    product(tile.x, weight, start, from_place(tile.h, 0, low), size)


@part
def columns_input_gradient(tile, g, to, weights, low, high):
    """Take the gradient g of a Linear back to some of its inputs, whole vectors of them."""
    step = tile.step
    if step.transposed_at < 0:
        along_lines(tile, g, to, weights, low, high)
    else:
        weight = from_place(rows_at(weights.transposed, step.transposed_at, step.transposed_stride), 0, low)
        size = Size(lines_of(tile), step.outputs, high - low)
        product(g, weight, rows_at(weights.zeros, 0, 0), from_place(to, 0, low), size)


@part
def along_lines(tile, g, to, weights, low, high):
    """Do so without a transposed copy, for few rows, or into rows that are not filled up to whole vectors."""
    step, values, zero = tile.step, weights.values, like(0.0, weights.values[0])
    for line in range(low, min(high, to.row_stride)):
        w = weight_place(step, min(line, step.inputs - 1))
        for row in range(lines_of(tile)):
            a = g.offset + row * g.row_stride
            total = dot(g.values[a : a + step.outputs], values[w : w + step.outputs])
            to.values[to.offset + row * to.row_stride + line] = total if line < step.inputs else zero


@part
def columns_activation(tile, low, high):
    """Run an activation on some columns."""
    for row in range(lines_of(tile)):
        a, b = tile.x.offset + row * tile.x.row_stride, tile.h.offset + row * tile.h.row_stride
        z, h = tile.x.values[a + low : a + high], tile.h.values[b + low : b + high]
        call_at(tile.step.forward, z, h, high - low, tile.step.options)


@part
def columns_activation_backward(tile, g, low, high):
    """Take the gradient g back through an activation on some columns, in its place."""
    for row in range(lines_of(tile)):
        a, b = tile.x.offset + row * tile.x.row_stride, tile.h.offset + row * tile.h.row_stride
        z, h, c = (
            tile.x.values[a + low : a + high],
            tile.h.values[b + low : b + high],
            g.offset + row * g.row_stride,
        )
        call_at(tile.step.backward, z, h, g.values[c + low : c + high], high - low, tile.step.options)


@part
def linear_weight_gradient(tile, g, weights, lines):
    step = tile.step
    target = from_place(weight_of(step, weights.gradients, lines.offset), lines.low, 0)
    start = rows_at(weights.zeros, 0, 0) if lines.fresh else target
    size = Size(lines.high - lines.low, lines_of(tile), step.weight_stride)  # what fills up becomes zero too
    product(from_place(transposed(tile.x), lines.low, 0), g, start, target, size)


@part
def sparse_linear_forward(tile, x, weights):
    """Run a Linear on a single row of x."""
    columns = whole_vectors(tile.step.outputs, weights.values)
    weight = weight_of(tile.step, weights.values, 0)
    sparse_forward(x, weight, bias_rows(tile.step, weights), tile.h, columns)


@part
def sparse_linear_backward(tile, x, g, weights, lines):
    """Add the gradient of a Linear's weight and bias to the weights themselves."""
    columns = whole_vectors(tile.step.outputs, weights.values)
    sparse_backward(x, g, weight_of(tile.step, weights.gradients, 0), columns)
    if lines.bias:
        bias_gradient(tile, g, weights, lines)


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
def narrow_weight_gradient(tile, g, weights, lines):
    step, x = tile.step, tile.x
    width = min(lines.high, step.inputs) - lines.low
    for out in range(step.outputs):
        a = lines.offset + weight_place(step, out) + lines.low
        target, rows = weights.gradients[a : a + width], lines_of(tile)
        if lines.fresh:
            fill(weights.gradients[a : a + lines.high - lines.low], like(0.0, weights.gradients[0]))
        row = 0
        while row + 4 <= rows:
            add_four_rows(x, g, row, out, lines.low, target)
            row += 4
        while row < rows:
            place = x.offset + row * x.row_stride + lines.low
            scale = g.values[g.offset + row * g.row_stride + out]
            add_scaled(scale, x.values[place : place + width], target)
            row += 1


@part
def add_four_rows(x, g, row, out, low, target):
    """Add four rows of x, each times its gradient: the target is loaded and stored once for four."""
    at, s, width = x.offset + row * x.row_stride + low, x.row_stride, len(target)
    g_at, t = g.offset + row * g.row_stride + out, g.row_stride
    x0, x1 = x.values[at : at + width], x.values[at + s : at + s + width]
    x2, x3 = x.values[at + 2 * s : at + 2 * s + width], x.values[at + 3 * s : at + 3 * s + width]
    g0, g1, g2, g3 = g.values[g_at], g.values[g_at + t], g.values[g_at + 2 * t], g.values[g_at + 3 * t]
    for i in range(width):
        target[i] += (g0 * x0[i] + g1 * x1[i]) + (g2 * x2[i] + g3 * x3[i])


@part
def bias_gradient(tile, g, weights, lines):
    a, width = lines.offset + tile.step.bias_at, tile.step.outputs
    target = weights.gradients[a : a + width]
    if lines.fresh:
        fill(weights.gradients[a : a + tile.step.out_stride], like(0.0, weights.gradients[0]))
    for row in range(lines_of(tile)):
        at = g.offset + row * g.row_stride
        values = g.values[at : at + width]
        for i in range(width):
            target[i] += values[i]
