"""What takes whole rows: softmax, log_softmax and cross_entropy.

A row of few numbers is shorter than a vector. So the exponentials of many rows are taken in one loop, with
those of what fills the rows up.
"""

from __future__ import annotations

import math

from chalknet.engine.fused_cpu import step_table as kinds
from chalknet.engine.fused_cpu.functions import exponential
from chalknet.engine.fused_cpu.scalars import ROOM, like, part, room

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

_LANES = 64  # several vectors: their comparisons do not wait for each other


@part
def softmax_forward(step, z, h):
    """Write h, softmax or log_softmax of the rows of z."""
    if step.kind == kinds.LOG_SOFTMAX:
        log_softmax(z, h, step.outputs, step.out_stride)
        return
    width, stride = step.outputs, step.out_stride
    for at in range(0, len(h), stride):
        below_highest(z[at : at + width], h[at : at + stride])
    exponentials(h, h)
    for at in range(0, len(h), stride):
        row = h[at : at + width]
        share = like(1.0, h[0]) / sum_of_row(row)
        for i in range(width):
            row[i] *= share


@part
def log_softmax(z, h, width, stride):
    """Write the logarithms of the softmax of rows, some of them at a time."""
    beside = room(h[0])
    at_once = ROOM // stride * stride
    if not at_once:
        for at in range(0, len(h), stride):
            row, total = h[at : at + width], like(0.0, h[0])
            below_highest(z[at : at + width], h[at : at + stride])
            for i in range(width):
                total += exponential(row[i])
            subtract(row, like(math.log(total), total))
        return
    for first in range(0, len(h), at_once):
        some = h[first : first + at_once]
        for at in range(0, len(some), stride):
            below_highest(z[first + at : first + at + width], some[at : at + stride])
        exponentials(some, beside)
        for at in range(0, len(some), stride):
            total = like(0.0, h[0])
            for i in range(width):
                total += beside[at + i]
            subtract(some[at : at + width], like(math.log(total), total))


@part
def softmax_backward(step, h, g):
    """Take the gradient of rows back through softmax or log_softmax, in its place."""
    width, stride = step.outputs, step.out_stride
    if step.kind == kinds.LOG_SOFTMAX:
        log_softmax_backward(h, g, width, stride)
        return
    for at in range(0, len(h), stride):
        row, gradient, total = h[at : at + width], g[at : at + width], like(0.0, g[0])
        for i in range(width):
            total += gradient[i] * row[i]
        for i in range(width):
            gradient[i] = row[i] * (gradient[i] - total)


@part
def log_softmax_backward(h, g, width, stride):
    """Take the gradient of rows back through log_softmax; the exponentials of some rows at a time."""
    beside = room(g[0])
    at_once = ROOM // stride * stride
    for first in range(0, len(h), at_once if at_once else stride):
        if at_once:
            exponentials(h[first : first + at_once], beside)
        for at in range(first, min(len(h), first + max(at_once, stride)), stride):
            row, gradient = h[at : at + width], g[at : at + width]
            total = sum_of_row(gradient)
            if at_once:
                for i in range(width):
                    gradient[i] -= beside[at - first + i] * total
            else:
                for i in range(width):
                    gradient[i] -= exponential(row[i]) * total


@part
def cross_entropy_gradient(yhat, g, width, stride, scale):
    """Write scale times the softmax of the rows of yhat to g; return the sum of log(sum(exp(yhat))).

    The inner sum is over a row, the outer one over the rows. What fills the rows of g up becomes zero.
    """
    logarithms = 0.0
    for at in range(0, len(g), stride):
        logarithms += below_highest(yhat[at : at + width], g[at : at + stride])
    exponentials(g, g)
    for at in range(0, len(g), stride):
        row = g[at : at + stride]
        total = sum_of_row(row[:width])
        logarithms += math.log(total)
        share = scale / total
        for i in range(width):
            row[i] *= share
        for i in range(width, stride):
            row[i] = like(0.0, scale)
    return logarithms


@part
def below_highest(row, target):
    """Write a row less its highest number, and zeros behind it; return the highest."""
    highest = highest_of(row)
    for i in range(len(row)):
        target[i] = row[i] - highest
    for i in range(len(row), len(target)):
        target[i] = like(0.0, highest)
    return highest


@part
def highest_of(row):
    """Return the highest number of a row: by lanes, which a loop over one number does not become."""
    highest, lanes, whole = row[0], room(row[0]), len(row) // _LANES * _LANES
    if whole:
        for lane in range(_LANES):
            lanes[lane] = row[lane]
        for at in range(_LANES, whole, _LANES):
            some = row[at : at + _LANES]
            for lane in range(_LANES):
                lanes[lane] = some[lane] if some[lane] > lanes[lane] else lanes[lane]
        for lane in range(_LANES):
            highest = lanes[lane] if lanes[lane] > highest else highest
    for i in range(whole, len(row)):
        highest = row[i] if row[i] > highest else highest
    return highest


@part
def exponentials(numbers, target):
    """Write the exponentials of a stretch of numbers."""
    for i in range(len(numbers)):
        target[i] = exponential(numbers[i])


@part
def sum_of_row(row):
    """Return the sum of a stretch of numbers."""
    total = like(0.0, row[0])
    for i in range(len(row)):
        total += row[i]
    return total


@part
def subtract(row, number):
    """Subtract a number from each of a stretch."""
    for i in range(len(row)):
        row[i] -= number
