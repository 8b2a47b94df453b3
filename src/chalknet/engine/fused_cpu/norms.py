"""LayerNorm and BatchNorm as compiled code.

A BatchNorm takes the rows of a whole batch at once, some columns at a time; by its running averages
(`FIXED_NORM`) it takes rows like the others.
"""

from __future__ import annotations

import math

from chalknet.engine.fused_cpu import step_table as kinds
from chalknet.engine.fused_cpu.linear import lines_of
from chalknet.engine.fused_cpu.scalars import copy, fill, inlined, like, part

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

RUNNING_MEAN, RUNNING_VAR, MEAN, SCALE, SUM, PRODUCT = range(kinds.RUNNING_LINES)


@inlined
def row_of(matrix, row, width):
    """Return the numbers of a row."""
    at = matrix.offset + row * matrix.row_stride
    return matrix.values[at : at + width]


@inlined
def running_line(tile, weights, line):
    """Return a line of what a BatchNorm keeps beside its weights."""
    at = tile.step.running_at + line * tile.step.out_stride
    return weights.running[at : at + tile.step.outputs]


@part
def scaled(z, h, mean, scale, step, weights):
    """Write (z - mean) * scale, by the factors and shifts of a norm that has them."""
    if step.weight_at >= 0:
        factors = weights.values[step.weight_at : step.weight_at + len(z)]
        for i in range(len(z)):
            h[i] = (z[i] - mean) * scale * factors[i]
    else:
        for i in range(len(z)):
            h[i] = (z[i] - mean) * scale
    shift(h, step, weights)


@part
def shift(h, step, weights):
    if step.bias_at >= 0:
        shifts = weights.values[step.bias_at : step.bias_at + len(h)]
        for i in range(len(h)):
            h[i] += shifts[i]


@part
def layer_norm_forward(tile, weights):
    step, kept = tile.step, tile.h.values
    share, eps = like(1.0 / step.inputs, kept[0]), like(step.eps, kept[0])
    for row in range(lines_of(tile)):
        z = row_of(tile.x, row, step.inputs)
        total, squares = like(0.0, kept[0]), like(0.0, kept[0])
        for i in range(len(z)):
            total += z[i]
        mean = total * share
        for i in range(len(z)):
            squares += (z[i] - mean) * (z[i] - mean)
        scale = like(1.0, kept[0]) / math.sqrt(squares * share + eps)
        kept[tile.mask + 2 * row], kept[tile.mask + 2 * row + 1] = mean, scale
        scaled(z, row_of(tile.h, row, step.inputs), mean, scale, step, weights)


@part
def layer_norm_backward(tile, g, to, weights):
    step, kept = tile.step, tile.h.values
    share, zero = like(1.0 / step.inputs, kept[0]), like(0.0, kept[0])
    for row in range(lines_of(tile)):
        z, gradient = row_of(tile.x, row, step.inputs), row_of(g, row, step.inputs)
        target = row_of(to, row, step.inputs)
        mean, scale = kept[tile.mask + 2 * row], kept[tile.mask + 2 * row + 1]
        times_factors(gradient, target, step, weights)
        total, product = zero, zero
        for i in range(len(z)):
            total += target[i]
            product += target[i] * (z[i] - mean)
        total, product = total * share, product * scale * scale * share
        for i in range(len(z)):
            target[i] = scale * (target[i] - total - (z[i] - mean) * product)


@part
def times_factors(gradient, target, step, weights):
    """Write a gradient times the factors of a norm."""
    if step.weight_at >= 0:
        factors = weights.values[step.weight_at : step.weight_at + len(target)]
        for i in range(len(target)):
            target[i] = gradient[i] * factors[i]
    else:
        copy(gradient, target)


@part
def layer_norm_gradient(tile, g, target):
    step, kept = tile.step, tile.h.values
    for row in range(lines_of(tile)):
        z, gradient = row_of(tile.x, row, step.inputs), row_of(g, row, step.inputs)
        mean, scale = kept[tile.mask + 2 * row], kept[tile.mask + 2 * row + 1]
        for i in range(len(z)):
            target[i] += gradient[i] * ((z[i] - mean) * scale)


@part
def batch_norm_forward(tile, weights, low, high):
    """Run a BatchNorm on some features of a whole batch, and move its running averages."""
    step, rows, one = tile.step, tile.rows, like(1.0, weights.values[0])
    high = min(high, step.outputs)
    mean, scale = running_line(tile, weights, MEAN), running_line(tile, weights, SCALE)
    share, eps = like(1.0 / rows, one), like(step.eps, one)
    fill(mean[low:high], like(0.0, one))
    fill(scale[low:high], like(0.0, one))
    for row in range(rows):
        z = row_of(tile.x, row, step.inputs)
        for i in range(low, high):
            mean[i] += z[i]
    for i in range(low, high):
        mean[i] *= share
    for row in range(rows):
        z = row_of(tile.x, row, step.inputs)
        for i in range(low, high):
            scale[i] += (z[i] - mean[i]) * (z[i] - mean[i])
    average(tile, weights, low, high, like(step.scale, one), one / like(max(rows - 1, 1), one))
    for i in range(low, high):
        scale[i] = one / math.sqrt(scale[i] * share + eps)
    for row in range(rows):
        normalise(tile, weights, row, low, high)


@part
def average(tile, weights, low, high, momentum, share):
    """Move the running averages towards the mean and the variance of a batch, whose sum is in its place."""
    mean, squares = running_line(tile, weights, MEAN), running_line(tile, weights, SCALE)
    means, variances = running_line(tile, weights, RUNNING_MEAN), running_line(tile, weights, RUNNING_VAR)
    kept = like(1.0, momentum) - momentum
    for i in range(low, high):
        means[i] = kept * means[i] + momentum * mean[i]
        variances[i] = kept * variances[i] + momentum * (squares[i] * share)


@part
def normalise(tile, weights, row, low, high):
    """Write some features of a row by the mean and the scale of a batch."""
    step = tile.step
    z, h = row_of(tile.x, row, step.inputs), row_of(tile.h, row, step.outputs)
    mean, scale = running_line(tile, weights, MEAN), running_line(tile, weights, SCALE)
    if step.weight_at < 0:
        for i in range(low, high):
            h[i] = (z[i] - mean[i]) * scale[i]
        return
    factors = weights.values[step.weight_at : step.weight_at + step.outputs]
    for i in range(low, high):
        h[i] = (z[i] - mean[i]) * scale[i] * factors[i]
    if step.bias_at >= 0:
        shifts = weights.values[step.bias_at : step.bias_at + step.outputs]
        for i in range(low, high):
            h[i] += shifts[i]


@part
def batch_norm_backward(tile, g, to, weights, low, high):
    """Take the gradient g of a BatchNorm back to some features of a whole batch."""
    step, rows, zero = tile.step, tile.rows, like(0.0, weights.values[0])
    high = min(high, step.outputs)
    mean, scale = running_line(tile, weights, MEAN), running_line(tile, weights, SCALE)
    total, product = running_line(tile, weights, SUM), running_line(tile, weights, PRODUCT)
    share = like(1.0 / rows, zero)
    fill(total[low:high], zero)
    fill(product[low:high], zero)
    for row in range(rows):
        z, gradient = row_of(tile.x, row, step.inputs), row_of(g, row, step.outputs)
        for i in range(low, high):
            total[i] += gradient[i]
            product[i] += gradient[i] * (z[i] - mean[i])
    for i in range(low, high):
        total[i] *= share
        product[i] *= share * scale[i] * scale[i]
    for row in range(rows):
        z, gradient = row_of(tile.x, row, step.inputs), row_of(g, row, step.outputs)
        target = row_of(to, row, step.inputs)
        for i in range(low, high):
            target[i] = scale[i] * (gradient[i] - total[i] - (z[i] - mean[i]) * product[i])
        if step.weight_at >= 0:
            factors = weights.values[step.weight_at : step.weight_at + step.outputs]
            for i in range(low, high):
                target[i] *= factors[i]


@part
def batch_norm_gradient(tile, g, target, weights):
    step = tile.step
    mean, scale = running_line(tile, weights, MEAN), running_line(tile, weights, SCALE)
    for row in range(tile.rows):
        z, gradient = row_of(tile.x, row, step.inputs), row_of(g, row, step.outputs)
        for i in range(len(z)):
            target[i] += gradient[i] * ((z[i] - mean[i]) * scale[i])


@part
def fixed_norm_forward(tile, weights):
    step, one = tile.step, like(1.0, weights.values[0])
    means, variances = running_line(tile, weights, RUNNING_MEAN), running_line(tile, weights, RUNNING_VAR)
    eps = like(step.eps, one)
    for row in range(lines_of(tile)):
        z, h = row_of(tile.x, row, step.inputs), row_of(tile.h, row, step.outputs)
        for i in range(len(h)):
            h[i] = (z[i] - means[i]) / math.sqrt(variances[i] + eps)
        if step.weight_at >= 0:
            times_factors(h, h, step, weights)
            shift(h, step, weights)


@part
def fixed_norm_backward(tile, g, to, weights):
    step, one = tile.step, like(1.0, weights.values[0])
    variances, eps = running_line(tile, weights, RUNNING_VAR), like(step.eps, one)
    for row in range(lines_of(tile)):
        target = row_of(to, row, step.inputs)
        times_factors(row_of(g, row, step.outputs), target, step, weights)
        for i in range(len(target)):
            target[i] /= math.sqrt(variances[i] + eps)


@part
def fixed_norm_gradient(tile, g, target, weights):
    step, one = tile.step, like(1.0, weights.values[0])
    means, variances = running_line(tile, weights, RUNNING_MEAN), running_line(tile, weights, RUNNING_VAR)
    eps = like(step.eps, one)
    for row in range(lines_of(tile)):
        z, gradient = row_of(tile.x, row, step.inputs), row_of(g, row, step.outputs)
        for i in range(len(z)):
            target[i] += gradient[i] * ((z[i] - means[i]) / math.sqrt(variances[i] + eps))
