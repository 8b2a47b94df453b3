"""Some hidden units of one wide layer, block by block: forward over all samples, back, and their step.

A block's weights stay in the first cache while all samples pass over it. What comes
from the inputs and goes to the outputs are products of matrices in register tiles; ReLU between one input and
one output has loops of its own.
"""

from __future__ import annotations

from typing import NamedTuple

from chalknet.engine.fused_cpu.formulas import call_at
from chalknet.engine.fused_cpu.linear import weight_place
from chalknet.engine.fused_cpu.memory import Room
from chalknet.engine.fused_cpu.names import BLOCK, GROUP, SAMPLES, SHARE, Array
from chalknet.engine.fused_cpu.optimizers import optimizer_step, state_of
from chalknet.engine.fused_cpu.products import (
    Size,
    Vector,
    from_place,
    product,
    rows_at,
    transposed,
    vector,
)
from chalknet.engine.fused_cpu.relu_vectors import (
    UNITS,
    ReluSums,
    ReluUnits,
    add_dots,
    relu_backward,
    relu_forward,
)
from chalknet.engine.fused_cpu.scalars import like, part
from chalknet.engine.fused_cpu.vectors import VECTOR_BYTES

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

RELU_BLOCK = 1024  # in the forward pass, where a block is weights alone


class Share(NamedTuple):
    """The first hidden unit of a share and the one behind its last."""

    low: int
    high: int


@part
def share_of_units(steps, shard, shards):
    """Return the hidden units of a share, what fills them up included: its weights are zero and stay zero."""
    parts = (steps[0].outputs + SHARE - 1) // SHARE
    return Share(parts * shard // shards * SHARE, parts * (shard + 1) // shards * SHARE)


class Units(NamedTuple):
    """Some hidden units, the samples that pass over them, and the memory for both.

    Args:
        first: the first unit of the share.
        low: the first unit.
        high: the one behind the last.
        x: the samples, one behind the other.
        rows: how many samples.
        room: how much memory the share has.
        hidden: h of the units, and behind it, from `room.hidden` on, the derivatives.
        gradients: a block's gradients: its biases, its weights by input, its weights by output.
        spare: a block for `GROUP` samples.
        factors: what a sample's derivatives are multiplied by: one number for the bias and one an input.
    """

    first: int
    low: int
    high: int
    x: Vector
    rows: int
    room: Room
    hidden: Array
    gradients: Array
    spare: Array
    factors: Array


@part
def share_at(steps, room, memory, share, x, rows):
    """Return a share of the hidden units; its memory begins with the hidden values."""
    a = 2 * room.hidden
    b = a + (1 + steps[0].inputs + steps[2].outputs) * BLOCK
    c = b + GROUP * BLOCK
    gradients, spare, factors = memory[a:b], memory[b:c], memory[c : room.size]
    return Units(share.low, share.low, share.high, x, rows, room, memory[:a], gradients, spare, factors)


@part
def block_of(units, low, size):
    """Return the units from low on, `size` of them at the most."""
    high = min(units.high, low + size)
    return Units(
        units.first, low, high, units.x, units.rows, units.room, units.hidden, units.gradients, units.spare,
        units.factors,
    )  # fmt: skip


@part
def units_forward(steps, weights, units, yhat):
    """Add what some hidden units give to yhat `(rows, outputs)`."""
    if is_plain(steps):
        for low in range(units.low, units.high, RELU_BLOCK):
            relu_block_forward(steps, weights.values, block_of(units, low, RELU_BLOCK), yhat)
        return
    for low in range(units.low, units.high, BLOCK):
        block_forward(steps, weights, block_of(units, low, BLOCK), yhat)


@part
def units_backward(steps, fit, units, e, numbers):
    """Compute the gradients of some hidden units from the gradient e of yhat, and update their weights."""
    plain = is_plain(steps)
    if not plain:
        set_factors(steps, units, e)
    for low in range(units.low, units.high, BLOCK):
        block = block_of(units, low, BLOCK)
        if plain:
            relu_block_backward(steps, fit.weights.values, block, e)
        else:
            block_backward(steps, fit.weights, block, e)
        step_block(steps, fit, block, numbers)


@part
def is_plain(steps):
    """Return whether it is the case with loops of its own: one input, ReLU, one output."""
    return steps[1].is_relu and steps[0].inputs == 1 and steps[2].outputs == 1 and steps[0].bias_at >= 0


@part
def relu_units(steps, values, low):
    return ReluUnits(
        values,
        steps[0].weight_at + low,
        steps[0].bias_at + low,
        steps[2].weight_at + low,
    )


@part
def relu_block_forward(steps, values, block, yhat):
    """Add what a block gives to yhat; x and yhat have room for whole groups."""
    hidden = relu_units(steps, values, block.low)
    for row in range(0, block.rows, SAMPLES):
        x = Vector(block.x.values, block.x.offset + row)
        relu_forward(hidden, block.high - block.low, x, Vector(yhat, row))


@part
def relu_block_backward(steps, values, block, e):
    """Write a block's gradients from two sums a unit: over e and over e x where z > 0."""
    width, g, all_of_e = block.high - block.low, block.gradients, vector(e, 0)
    for j in range(0, width, UNITS * (VECTOR_BYTES // g.itemsize)):
        hidden = relu_units(steps, values, block.low + j)
        relu_backward(hidden, block.x, all_of_e, block.rows, ReluSums(g, j, BLOCK + j))
    hidden = relu_units(steps, values, block.low)
    w, b = values[hidden.w_at : hidden.w_at + width], values[hidden.b_at : hidden.b_at + width]
    v, ones = values[hidden.v_at : hidden.v_at + width], g[:width]
    xs, outs = g[BLOCK : BLOCK + width], g[2 * BLOCK : 2 * BLOCK + width]
    for j in range(width):
        outs[j] = w[j] * xs[j] + b[j] * ones[j]
        ones[j] *= v[j]
        xs[j] *= v[j]


@part
def multiply(a, b, start, c, size):
    """Let C = S + A B: the one compiled copy of the product here."""
    product(a, b, start, c, size)


@part
def hidden_place(block):
    """Return where h of a block begins: behind the blocks before it, where all are kept."""
    return block.room.rows * (block.low - block.first) if block.room.kept else 0


@part
def compute_hidden(steps, weights, block, row, some, loop):
    """Write h of some samples from a row on, by a loop of the activation; z is in the derivatives' place."""
    width, step, x = block.high - block.low, steps[0], block.x
    w = rows_at(weights.values, step.weight_at + block.low, step.weight_stride)
    start = rows_at(weights.zeros, 0, 0)
    if step.bias_at >= 0:
        start = rows_at(weights.values, step.bias_at + block.low, 0)
    for first in range(0, some, GROUP):
        rows = min(GROUP, some - first)
        at = hidden_place(block) + first * width
        z = rows_at(block.hidden, block.room.hidden + at, width)
        xs = rows_at(x.values, x.offset + (row + first) * step.inputs, step.inputs)
        multiply(xs, w, start, z, Size(rows, step.inputs, width))
        h, zs = block.hidden[at:], block.hidden[block.room.hidden + at :]
        call_at(loop, zs, h, rows * width, steps[1].options)


@part
def block_forward(steps, weights, block, yhat):
    """Add what a block gives to yhat, which has room for whole vectors of samples."""
    out, width, at = steps[2], block.high - block.low, hidden_place(block)
    loop = steps[1].backward if block.room.kept else steps[1].forward
    for row in range(0, block.rows, block.room.rows):
        some = min(block.room.rows, block.rows - row)
        compute_hidden(steps, weights, block, row, some, loop)
        for o in range(out.outputs):
            v = Vector(weights.values, weight_place(out, o) + block.low)
            for first in range(0, some, SAMPLES):
                h = rows_at(block.hidden, at + first * width, width)
                add_dots(h, v, rows_at(yhat, (row + first) * out.outputs + o, out.outputs), width)


@part
def set_factors(steps, units, e):
    """Write for each sample 1 and its x, times its gradient where there is one output."""
    inputs, single = steps[0].inputs, steps[2].outputs == 1
    for row in range(units.rows):
        scale = e[row] if single else like(1.0, e[0])
        at = row * (1 + inputs)
        units.factors[at] = scale
        for i in range(inputs):
            units.factors[at + 1 + i] = scale * units.x.values[units.x.offset + row * inputs + i]


@part
def block_backward(steps, weights, block, e):
    """Write the gradients of a block.

    With v the weights to an output and d the derivatives, the gradient of w is the sum over samples of
    x d (e v). Where there is one output v leaves the sum, and e is in the factors.
    """
    inputs, out, width, at = steps[0].inputs, steps[2], block.high - block.low, hidden_place(block)
    g, single = block.gradients, out.outputs == 1
    for row in range(0, block.rows, block.room.rows):
        some = min(block.room.rows, block.rows - row)
        if not block.room.kept:
            compute_hidden(steps, weights, block, row, some, steps[1].backward)
        h = rows_at(block.hidden, at, width)
        derivatives = rows_at(block.hidden, block.room.hidden + at, width)
        es = rows_at(e, row * out.outputs, out.outputs)
        if not single:
            multiply_by_errors(steps, weights, block, es, derivatives, some)
        factors = rows_at(block.factors, row * (1 + inputs), 1 + inputs)
        into, outs = rows_at(g, 0, BLOCK), rows_at(g, (1 + inputs) * BLOCK, BLOCK)
        zeros = rows_at(weights.zeros, 0, 0)
        multiply(
            transposed(factors), derivatives, into if row else zeros, into, Size(1 + inputs, some, width)
        )
        multiply(transposed(es), h, outs if row else zeros, outs, Size(out.outputs, some, width))
    if single:
        a = weight_place(out, 0) + block.low
        v = weights.values[a : a + width]
        for i in range(1 + inputs):
            sums = g[i * BLOCK : i * BLOCK + width]
            for j in range(width):
                sums[j] *= v[j]


@part
def multiply_by_errors(steps, weights, block, es, derivatives, some):
    """Multiply the derivatives of some samples by the sum over outputs of e v."""
    out, width = steps[2], block.high - block.low
    v = rows_at(weights.values, out.weight_at + block.low, out.weight_stride)
    for first in range(0, some, GROUP):
        rows = min(GROUP, some - first)
        target = rows_at(block.spare, 0, width)
        size = Size(rows, out.outputs, width)
        multiply(from_place(es, first, 0), v, rows_at(weights.zeros, 0, 0), target, size)
        a = derivatives.offset + first * width
        d = derivatives.values[a : a + rows * width]
        for i in range(len(d)):
            d[i] *= block.spare[i]


@part
def step_at(fit, at, g, numbers):
    """Update the weights from a place on by their gradients."""
    stop = at + len(g)
    state = state_of(fit.rule.state, at, stop)
    optimizer_step(fit.rule.optimizer, fit.weights.values[at:stop], g, state, numbers)


@part
def step_block(steps, fit, block, numbers):
    """Update the weights of a block."""
    first, out, g = steps[0], steps[2], block.gradients
    width = min(block.high, first.outputs) - block.low  # without what fills up
    if first.train_bias and first.bias_at >= 0:
        step_at(fit, first.bias_at + block.low, g[:width], numbers)
    if first.train_weight:
        for i in range(first.inputs):
            at = weight_place(first, i) + block.low
            step_at(fit, at, g[(1 + i) * BLOCK : (1 + i) * BLOCK + width], numbers)
    if out.train_weight:
        for o in range(out.outputs):
            at, b = weight_place(out, o) + block.low, (1 + first.inputs + o) * BLOCK
            step_at(fit, at, g[b : b + width], numbers)
