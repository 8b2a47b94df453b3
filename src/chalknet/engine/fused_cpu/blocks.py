"""Walking the hidden units in blocks: for few inputs, one wide hidden layer and few outputs.

A block's weights stay in the first cache while all samples pass over it, and hidden values are computed anew
in the backward pass instead of being stored: there is never an array of samples x hidden units. Each thread
has its share of the hidden units; they wait for each other once an update, when every share of yhat is known.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from chalknet.engine.fused_cpu.barrier import barrier
from chalknet.engine.fused_cpu.formulas import call_at
from chalknet.engine.fused_cpu.memory import Tile
from chalknet.engine.fused_cpu.names import BLOCK, GROUP, SHARE, Array
from chalknet.engine.fused_cpu.optimizer_rows import NUMBERS
from chalknet.engine.fused_cpu.optimizers import optimizer_step, prepare, state_of
from chalknet.engine.fused_cpu.products import Vector, vector
from chalknet.engine.fused_cpu.relu_vectors import (
    SAMPLES,
    UNITS,
    ReluSums,
    ReluUnits,
    relu_backward,
    relu_forward,
)
from chalknet.engine.fused_cpu.scalars import STAMP, copy, fill, inlined, kernel, like, part
from chalknet.engine.fused_cpu.steps import activation_backward, activation_forward, weight_place
from chalknet.engine.fused_cpu.tiles import gather, loss_of, parts_of_loss, rows_of_batch
from chalknet.engine.fused_cpu.vectors import VECTOR_BYTES

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

RELU_BLOCK = 1024  # in the forward pass, where a block is weights alone


class Units(NamedTuple):
    """Some hidden units, and the samples that pass over them.

    Args:
        low: the first unit.
        high: the one behind the last.
        x: the samples, one behind the other.
        rows: how many samples.
        buffers: z, h and the gradient of z of `GROUP` samples and a block of units each.
        gradients: a block's gradients: its biases, its weights by input, its weights by output.
    """

    low: int
    high: int
    x: Vector
    rows: int
    buffers: Array
    gradients: Array


@part
def block_of(units, low, size):
    """Return the units from low on, `size` of them at the most."""
    high = min(units.high, low + size)
    return Units(low, high, units.x, units.rows, units.buffers, units.gradients)


@part
def units_forward(steps, values, units, yhat):
    """Add what some hidden units give to yhat `(rows, outputs)`."""
    if is_plain(steps):
        for low in range(units.low, units.high, RELU_BLOCK):
            relu_block_forward(steps, values, block_of(units, low, RELU_BLOCK), yhat)
        return
    for low in range(units.low, units.high, BLOCK):
        block_forward(steps, values, block_of(units, low, BLOCK), yhat)


@part
def units_backward(steps, fit, units, e, numbers):
    """Compute the gradients of some hidden units from the gradient e of yhat, and update their weights."""
    for low in range(units.low, units.high, BLOCK):
        block = block_of(units, low, BLOCK)
        if is_plain(steps):
            relu_block_backward(steps, fit.weights.values, block, e)
        else:
            block_backward(steps, fit.weights.values, block, e)
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
def hidden_of(steps, values, block, row, some):
    """Write z = W x + b and h of some samples from a row on; return them, `(some, width)` each."""
    width = block.high - block.low
    z, h = block.buffers[: some * width], block.buffers[GROUP * BLOCK : GROUP * BLOCK + some * width]
    for s in range(some):
        block_z(steps[0], values, block, row + s, z[s * width : (s + 1) * width])
    call_at(steps[1].forward, z, h, len(h), steps[1].options)
    return z, h


@part
def block_z(step, values, block, row, z):
    """Write z = W x + b of one sample."""
    if step.bias_at >= 0:
        copy(values[step.bias_at + block.low : step.bias_at + block.high], z)
    else:
        fill(z, like(0.0, z[0]))
    for i in range(step.inputs):
        a = weight_place(step, i) + block.low
        w, scale = values[a : a + len(z)], block.x.values[block.x.offset + row * step.inputs + i]
        for j in range(len(z)):
            z[j] += scale * w[j]


@part
def block_forward(steps, values, block, yhat):
    width, out = block.high - block.low, steps[2]
    for row in range(0, block.rows, GROUP):
        some = min(GROUP, block.rows - row)
        _, h = hidden_of(steps, values, block, row, some)
        for s in range(some):
            for o in range(out.outputs):
                a = weight_place(out, o) + block.low
                v, total = values[a : a + width], like(0.0, h[0])
                for j in range(width):
                    total += v[j] * h[s * width + j]
                yhat[(row + s) * out.outputs + o] += total


@part
def block_backward(steps, values, block, e):
    """Write the gradients of a block."""
    width, g = block.high - block.low, block.gradients
    fill(g, like(0.0, g[0]))
    for row in range(0, block.rows, GROUP):
        some = min(GROUP, block.rows - row)
        z, h = hidden_of(steps, values, block, row, some)
        dz = block.buffers[2 * GROUP * BLOCK : 2 * GROUP * BLOCK + some * width]
        fill(dz, like(0.0, g[0]))
        for s in range(some):
            a, b = s * width, (s + 1) * width
            output_gradient(steps, values, block, e[(row + s) * steps[2].outputs :], Row(h[a:b], dz[a:b]))
        call_at(steps[1].backward, z, h, dz, len(dz), steps[1].options)
        for s in range(some):
            input_gradient(steps[0], block, row + s, dz[s * width : (s + 1) * width])


class Row(NamedTuple):
    """The hidden values of one sample, and their gradient."""

    h: Array
    gradient: Array


@inlined
def output_gradient(steps, values, block, e, row):
    """Add one sample's gradient of the weights by output, and of h."""
    out, width, g = steps[2], len(row.h), block.gradients
    for o in range(out.outputs):
        a, b = weight_place(out, o) + block.low, (1 + steps[0].inputs + o) * BLOCK
        v, sums, scale = values[a : a + width], g[b : b + width], e[o]
        for j in range(width):
            row.gradient[j] += scale * v[j]
            sums[j] += scale * row.h[j]


@inlined
def input_gradient(step, block, row, dz):
    """Add one sample's gradient of the biases and of the weights by input."""
    width, g = len(dz), block.gradients
    ones = g[:width]
    for j in range(width):
        ones[j] += dz[j]
    for i in range(step.inputs):
        scale = block.x.values[block.x.offset + row * step.inputs + i]
        sums = g[(1 + i) * BLOCK : (1 + i) * BLOCK + width]
        for j in range(width):
            sums[j] += scale * dz[j]


@part
def step_at(fit, at, g, numbers):
    """Update the weights from a place on by their gradients."""
    stop = at + len(g)
    state = state_of(fit.rule.state, at, stop)
    optimizer_step(fit.rule.optimizer, fit.weights.values[at:stop], g, state, numbers)


@part
def step_block(steps, fit, block, numbers):
    """Update the weights of a block."""
    first, out, g, width = steps[0], steps[2], block.gradients, block.high - block.low
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


@part
def step_last_bias(out, fit, e, g, numbers):
    if not out.train_bias or out.bias_at < 0:
        return
    for o in range(out.outputs):
        g[o] = like(0.0, e[0])
        for row in range(len(e) // out.outputs):
            g[o] += e[row * out.outputs + o]
    step_at(fit, out.bias_at, g[: out.outputs], numbers)


@part
def begin_yhat(out, values, rows, shard, yhat):
    """Let the first share begin with the last bias, the others with zero."""
    fill(yhat, like(0.0, yhat[0]))
    if shard == 0 and out.bias_at >= 0:
        for row in range(rows):
            for o in range(out.outputs):
                yhat[row * out.outputs + o] = values[out.bias_at + o]


@part
def tail(fit, rows, yhat, arena):
    """Run the steps behind the last Linear forward and backward; return the loss, e is in the arena."""
    steps, size, g_at = fit.steps, fit.batch.tile, fit.places.gradient
    last = len(steps) - 1
    for k in range(last + 1):
        step, numbers = steps[k], rows.size * steps[k].out_stride
        z = yhat if k == 0 else arena[step.in_at * size : step.in_at * size + numbers]
        activation_forward(step, z, arena[step.out_at * size : step.out_at * size + numbers])
    parts = parts_of_loss(fit, rows.size)
    tile = Tile(rows.start, rows.size, arena, fit.shared.keys, like(1.0 / parts, arena[0]))
    loss = loss_of(fit, tile)
    for k in range(last, 0, -1):
        step, numbers = steps[k], rows.size * steps[k].out_stride
        z = arena[step.in_at * size : step.in_at * size + numbers]
        h = arena[step.out_at * size : step.out_at * size + numbers]
        activation_backward(step, z, h, arena[g_at : g_at + numbers])
    return loss / parts


@part
def copy_x(fit, rows, arena):
    """Copy the x of a batch: in the order of its rows, with room behind it for a whole group."""
    if len(fit.data.order):
        gather(fit, rows.start, rows.size, arena)
        return
    a, width, at = rows.start * fit.batch.features, rows.size * fit.batch.features, fit.places.x
    copy(fit.data.x[a : a + width], arena[at : at + width])


@part
def share_of_units(steps, shard, shards):
    """Return the first hidden unit of a share and the one behind its last."""
    units = steps[0].outputs
    if is_plain(steps):
        units = (units + SHARE - 1) // SHARE * SHARE  # what fills up is zero and stays zero under ReLU
    high = units if shard == shards - 1 else units * (shard + 1) // shards // SHARE * SHARE
    return units * shard // shards // SHARE * SHARE, high


@part
def whole_yhat(parts, part_size, shards, yhat):
    """Add up the shares of yhat in their order."""
    fill(yhat, like(0.0, parts[0]))
    for shard in range(shards):
        more = parts[shard * part_size : shard * part_size + len(yhat)]
        for i in range(len(yhat)):
            yhat[i] += more[i]


def _compiled(stamp: int) -> Any:
    """Return the kernel `(steps, fit, turn)`.

    It makes the updates that `shared.losses` has room for, fewer after a loss that is no number, and returns
    how many it made. `steps` are Linear, activation, Linear; the fit's own table has the steps behind them,
    an identity at the least, and its tile is a whole batch. The gradients of the weights hold each thread's
    room for a block, `shared.parts` each share's yhat, for two updates in turn.
    """

    @kernel
    def run_blocks(steps, fit, turn):
        shared, places, thread = fit.shared, fit.places, turn.thread
        arena = shared.arenas[thread * places.size : (thread + 1) * places.size]
        room = len(fit.weights.gradients) // turn.shards
        buffers = fit.weights.gradients[thread * room : (thread + 1) * room]
        g, x = buffers[3 * GROUP * BLOCK :], Vector(arena, places.x)
        part_size, outputs = len(shared.parts) // (2 * turn.shards), steps[2].outputs
        arrivals, numbers = stamp * 0, shared.numbers[thread * NUMBERS : (thread + 1) * NUMBERS]
        for made in range(len(shared.losses)):
            rows = rows_of_batch(fit.batch, len(fit.data.order) > 0, turn.ahead + made, turn.done + made + 1)
            if len(fit.data.order) or fit.batch.per_epoch > 1 or made == 0:
                copy_x(fit, rows, arena)
            parts = shared.parts[(made % 2) * turn.shards * part_size :]
            for shard in range(thread, turn.shards, turn.threads):
                own = parts[shard * part_size : (shard + 1) * part_size]
                begin_yhat(steps[2], fit.weights.values, rows.size, shard, own)
                low, high = share_of_units(steps, shard, turn.shards)
                units_forward(steps, fit.weights.values, Units(low, high, x, rows.size, buffers, g), own)
            if turn.threads > 1:
                arrivals += turn.threads
                barrier(shared.counter, arrivals)
            yhat = arena[places.other : places.other + rows.size * outputs]
            whole_yhat(parts, part_size, turn.shards, yhat)
            loss = tail(fit, rows, yhat, arena)
            if thread == 0:
                shared.losses[made] = loss
            e = arena[places.gradient : places.gradient + len(yhat)]
            prepare(fit.rule.numbers, rows.update, numbers)
            for shard in range(thread, turn.shards, turn.threads):
                low, high = share_of_units(steps, shard, turn.shards)
                units_backward(steps, fit, Units(low, high, x, rows.size, buffers, g), e, numbers)
            if thread == 0:
                step_last_bias(steps[2], fit, e, g, numbers)
            if not math.isfinite(loss):
                return made + 1
        return len(shared.losses)

    return run_blocks


run_blocks = _compiled(STAMP)
