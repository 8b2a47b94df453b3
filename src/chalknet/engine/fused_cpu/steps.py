"""One step of a network on a tile of rows, forth and back, as compiled code."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from chalknet.engine.fused_cpu.chain import (
    ACTIVATION,
    BACKWARD,
    BIAS_AT,
    DROPOUT,
    FLATTEN,
    FORWARD,
    IN,
    IN_STRIDE,
    INPUT_GRADIENT,
    KIND,
    LINEAR,
    LOG_SOFTMAX,
    NARROW,
    OUT,
    OUT_STRIDE,
    POSITIONS,
    SOFTMAX,
    THRESHOLD,
    TURNED_AT,
    TURNED_STRIDE,
    WEIGHT_AT,
    WEIGHT_STRIDE,
)
from chalknet.engine.fused_cpu.formulas import call_at
from chalknet.engine.fused_cpu.names import Array
from chalknet.engine.fused_cpu.nonzero import picked_back, picked_forth
from chalknet.engine.fused_cpu.products import add_four_scaled, add_scaled, dot, product
from chalknet.engine.fused_cpu.scalars import copy, exponential, fill, like, part, scalar
from chalknet.engine.fused_cpu.vectors import VECTOR_BYTES

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"


class Weights(NamedTuple):
    """The weights and what comes back to them.

    Args:
        values: all weights.
        turned: copies of the weights with rows and columns exchanged.
        zeros: as many zeros as the widest row has numbers.
        gradients: where the gradients are summed; for the plainest SGD the weights themselves.
    """

    values: Array
    turned: Array
    zeros: Array
    gradients: Array


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


@scalar
def drop(z, h, mask, key, threshold, scale):
    """Zero values by chance; the chance of a value depends on the key and its place alone."""
    zero = like(0.0, scale)
    for i in range(len(h)):
        kept = np.uint64(mixed(np.uint32(i) * np.uint32(0x9E3779B9) + key)) >= np.uint64(threshold)
        mask[i] = scale if kept else zero
        h[i] = z[i] * mask[i]


@part
def linear(step, rows, source, at, arena, out_at, weights):
    start, start_at = weights.zeros, 0
    if step[BIAS_AT] >= 0:
        start, start_at = weights.values, step[BIAS_AT]
    filled = weights_columns(step[OUT], arena)
    product(rows, filled, step[IN], source, at, step[IN_STRIDE], 1, weights.values, step[WEIGHT_AT], step[WEIGHT_STRIDE], start, start_at, 0, arena, out_at, step[OUT_STRIDE])  # fmt: skip # noqa: E501


@part
def picked_linear(step, source, at, picks, count, arena, out_at, weights):
    start, start_at = weights.zeros, 0
    if step[BIAS_AT] >= 0:
        start, start_at = weights.values, step[BIAS_AT]
    columns = weights_columns(step[OUT], arena)
    picked_forth(source, at, picks, count, columns, weights.values, step[WEIGHT_AT], step[WEIGHT_STRIDE], start, start_at, arena, out_at)  # fmt: skip # noqa: E501


@part
def picked_linear_back(step, source, at, picks, count, arena, g_at, weights):
    """Add the gradient of a Linear's weight and bias to the weights themselves."""
    columns = weights_columns(step[OUT], arena)
    picked_back(source, at, picks, count, columns, arena, g_at, weights.gradients, step[WEIGHT_AT], step[WEIGHT_STRIDE])  # fmt: skip # noqa: E501
    if step[BIAS_AT] >= 0:
        bias_back(step, 1, arena, g_at, weights, 0, False)


@part
def weights_columns(width, arena):
    """Return a width filled up to whole vectors."""
    wide = VECTOR_BYTES // arena.itemsize
    return (width + wide - 1) // wide * wide


@part
def narrow(step, rows, source, at, arena, out_at, weights):
    values, width = weights.values, step[IN]
    for row in range(rows):
        x = source[at + row * step[IN_STRIDE] : at + row * step[IN_STRIDE] + width]
        for out in range(step[OUT]):
            place = step[WEIGHT_AT] + out * step[WEIGHT_STRIDE]
            total = dot(x, values[place : place + width])
            if step[BIAS_AT] >= 0:
                total += values[step[BIAS_AT] + out]
            arena[out_at + row * step[OUT_STRIDE] + out] = total


@scalar
def softmax(step, rows, z, h):
    width, stride = step[OUT], step[OUT_STRIDE]
    for row in range(rows):
        zz, hh = z[row * stride : row * stride + width], h[row * stride : row * stride + width]
        highest, total = zz[0], like(0.0, zz[0])
        for i in range(width):
            highest = zz[i] if zz[i] > highest else highest
        for i in range(width):
            hh[i] = exponential(zz[i] - highest)
            total += hh[i]
        shift = highest + like(math.log(total), total)
        for i in range(width):
            hh[i] = zz[i] - shift if step[KIND] == LOG_SOFTMAX else hh[i] / total


@scalar
def softmax_back(step, rows, h, g):
    width, stride = step[OUT], step[OUT_STRIDE]
    for row in range(rows):
        hh, gg = h[row * stride : row * stride + width], g[row * stride : row * stride + width]
        total = like(0.0, gg[0])
        for i in range(width):
            total += gg[i] if step[KIND] == LOG_SOFTMAX else gg[i] * hh[i]
        for i in range(width):
            if step[KIND] == LOG_SOFTMAX:
                gg[i] -= exponential(hh[i]) * total
            else:
                gg[i] = hh[i] * (gg[i] - total)


@part
def flatten(step, rows, source, at, target, to):
    """Lay the positions of each row side by side."""
    width = step[IN]
    for row in range(rows):
        for position in range(step[POSITIONS]):
            a = at + (row * step[POSITIONS] + position) * step[IN_STRIDE]
            b = to + row * step[OUT_STRIDE] + position * width
            copy(source[a : a + width], target[b : b + width])


@part
def flatten_back(step, rows, arena, g_at, to):
    width = step[IN]
    fill(arena[to : to + rows * step[POSITIONS] * step[IN_STRIDE]], like(0.0, arena[0]))
    for row in range(rows):
        for position in range(step[POSITIONS]):
            a = g_at + row * step[OUT_STRIDE] + position * width
            b = to + (row * step[POSITIONS] + position) * step[IN_STRIDE]
            copy(arena[a : a + width], arena[b : b + width])


@part
def linear_input_back(step, rows, arena, g_at, to, weights):
    """Write the gradient of a Linear's input."""
    filled = weights_columns(step[IN], arena)
    product(rows, filled, step[OUT], arena, g_at, step[OUT_STRIDE], 1, weights.turned, step[TURNED_AT], step[TURNED_STRIDE], weights.zeros, 0, 0, arena, to, step[IN_STRIDE])  # fmt: skip # noqa: E501


@part
def narrow_input_back(step, rows, arena, g_at, to, weights):
    values, width = weights.values, step[IN]
    for row in range(rows):
        target = arena[to + row * step[IN_STRIDE] : to + (row + 1) * step[IN_STRIDE]]
        fill(target, like(0.0, arena[0]))
        for out in range(step[OUT]):
            place = step[WEIGHT_AT] + out * step[WEIGHT_STRIDE]
            g = arena[g_at + row * step[OUT_STRIDE] + out]
            add_scaled(g, values[place : place + width], target[:width])


@part
def linear_back(step, rows, source, at, arena, g_at, weights, place, fresh):
    """Add the gradient of a Linear's weight and bias to the sums, or begin them."""
    sums, weight_at = weights.gradients, place + step[WEIGHT_AT]
    columns = weights_columns(step[OUT], arena)
    start, start_at, start_row = sums, weight_at, step[WEIGHT_STRIDE]
    if fresh:
        start, start_at, start_row = weights.zeros, 0, 0
    product(step[IN], columns, rows, source, at, 1, step[IN_STRIDE], arena, g_at, step[OUT_STRIDE], start, start_at, start_row, sums, weight_at, step[WEIGHT_STRIDE])  # fmt: skip # noqa: E501


@part
def narrow_back(step, rows, source, at, arena, g_at, weights, place, fresh):
    width, stride = step[IN], step[IN_STRIDE]
    for out in range(step[OUT]):
        a = place + step[WEIGHT_AT] + out * step[WEIGHT_STRIDE]
        sums = weights.gradients[a : a + width]
        if fresh:
            fill(weights.gradients[a : a + step[WEIGHT_STRIDE]], like(0.0, arena[0]))
        row = 0
        while row + 4 <= rows:
            g, x = g_at + row * step[OUT_STRIDE] + out, at + row * stride
            s = step[OUT_STRIDE]
            add_four_scaled(
                arena[g], source[x : x + width],
                arena[g + s], source[x + stride : x + stride + width],
                arena[g + 2 * s], source[x + 2 * stride : x + 2 * stride + width],
                arena[g + 3 * s], source[x + 3 * stride : x + 3 * stride + width],
                sums,
            )  # fmt: skip
            row += 4
        while row < rows:
            x = at + row * stride
            add_scaled(arena[g_at + row * step[OUT_STRIDE] + out], source[x : x + width], sums)
            row += 1


@part
def bias_back(step, rows, arena, g_at, weights, place, fresh):
    a, width = place + step[BIAS_AT], step[OUT]
    sums = weights.gradients[a : a + width]
    if fresh:
        fill(sums, like(0.0, arena[0]))
    for row in range(rows):
        g = arena[g_at + row * step[OUT_STRIDE] : g_at + row * step[OUT_STRIDE] + width]
        for i in range(width):
            sums[i] += g[i]


@part
def apply(chain, k, lines, z, h):
    """Run an activation or a softmax."""
    step = chain.steps[k]
    if step[KIND] == ACTIVATION:
        call_at(step[FORWARD], z, h, len(h))
    else:
        softmax(step, lines, z, h)


@part
def apply_back(chain, k, lines, z, h, g):
    """Carry the gradient g back through an activation or a softmax, where it stands."""
    step = chain.steps[k]
    if step[KIND] == ACTIVATION:
        call_at(step[BACKWARD], z, h, g, len(g))
    else:
        softmax_back(step, lines, h, g)


@part
def forth(chain, k, rows, source, at, arena, out_at, mask_at, weights, keys):
    """Run step k on a tile; keys has one number for each row of Dropout's chances."""
    step = chain.steps[k]
    kind, lines = step[KIND], rows * step[POSITIONS]
    z = source[at : at + lines * step[IN_STRIDE]]
    if kind == LINEAR:
        linear(step, lines, source, at, arena, out_at, weights)
    elif kind == NARROW:
        narrow(step, lines, source, at, arena, out_at, weights)
    elif kind == DROPOUT:
        numbers = step[POSITIONS] * step[OUT_STRIDE]
        for row in range(rows):
            a = row * numbers
            drop(z[a : a + numbers], arena[out_at + a : out_at + a + numbers], arena[mask_at + a : mask_at + a + numbers], mixed(keys[row] + np.uint32(k)), step[THRESHOLD], chain.scales[k])  # fmt: skip # noqa: E501
    elif kind == FLATTEN:
        flatten(step, rows, source, at, arena, out_at)
    else:
        apply(chain, k, lines, z, arena[out_at : out_at + lines * step[OUT_STRIDE]])


@part
def back(chain, k, rows, source, at, arena, out_at, mask_at, g_at, to, weights, place, fresh):
    """Carry the gradient back through step k; return where the gradient of its input lies."""
    step = chain.steps[k]
    kind, lines = step[KIND], rows * step[POSITIONS]
    z = source[at : at + lines * step[IN_STRIDE]]
    h = arena[out_at : out_at + lines * step[OUT_STRIDE]]
    g = arena[g_at : g_at + lines * step[OUT_STRIDE]]
    if kind == DROPOUT:
        mask = arena[mask_at : mask_at + len(g)]
        for i in range(len(g)):
            g[i] *= mask[i]
        return g_at
    if kind in (ACTIVATION, SOFTMAX, LOG_SOFTMAX):
        apply_back(chain, k, lines, z, h, g)
        return g_at
    if kind == FLATTEN:
        flatten_back(step, rows, arena, g_at, to)
        return to
    if step[INPUT_GRADIENT]:
        if kind == LINEAR:
            linear_input_back(step, lines, arena, g_at, to, weights)
        else:
            narrow_input_back(step, lines, arena, g_at, to, weights)
    if kind == LINEAR:
        linear_back(step, lines, source, at, arena, g_at, weights, place, fresh)
    else:
        narrow_back(step, lines, source, at, arena, g_at, weights, place, fresh)
    if step[BIAS_AT] >= 0:
        bias_back(step, lines, arena, g_at, weights, place, fresh)
    return to
