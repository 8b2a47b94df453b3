"""Walking the hidden units in blocks: for few inputs, one wide hidden layer and few outputs.

A block's weights stay in the first cache while all samples pass over it, and what lies between is computed
anew on the way back instead of being stored: there is never an array of samples × hidden units. Each thread
has its share of the hidden units; they meet once an update, when every share of yhat is known.
"""

from __future__ import annotations

import math
from typing import Any

from chalknet.engine.fused_cpu.barrier import barrier
from chalknet.engine.fused_cpu.chain import (
    BACKWARD,
    BIAS_AT,
    FORWARD,
    IN,
    IN_AT,
    IS_RELU,
    OUT,
    OUT_AT,
    OUT_STRIDE,
    TRAIN_BIAS,
    TRAIN_WEIGHT,
    WEIGHT_AT,
    WEIGHT_STRIDE,
)
from chalknet.engine.fused_cpu.formulas import call_at
from chalknet.engine.fused_cpu.losses import CROSS_ENTROPY
from chalknet.engine.fused_cpu.optimizers import NUMBERS, improve, prepare
from chalknet.engine.fused_cpu.relu_vectors import SAMPLES, UNITS, relu_back, relu_forth
from chalknet.engine.fused_cpu.scalars import STAMP, copy, fill, kernel, like, part
from chalknet.engine.fused_cpu.steps import apply, apply_back
from chalknet.engine.fused_cpu.tiles import gather, loss_of
from chalknet.engine.fused_cpu.vectors import VECTOR_BYTES

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

BLOCK = 256  # hidden units at a time
GROUP = 4  # samples at a time
RELU_BLOCK = 1024  # on the way forth, where a block is weights alone
SHARE = 64  # a thread's share of the hidden units is a multiple of this


@part
def block_z(steps, values, low, width, x, at, z):
    """Write z = W x + b of one sample for a block of hidden units."""
    step = steps[0]
    if step[BIAS_AT] >= 0:
        copy(values[step[BIAS_AT] + low : step[BIAS_AT] + low + width], z)
    else:
        fill(z, like(0.0, z[0]))
    for i in range(step[IN]):
        a = step[WEIGHT_AT] + i * step[WEIGHT_STRIDE] + low
        w, scale = values[a : a + width], x[at + i]
        for j in range(width):
            z[j] += scale * w[j]


@part
def block_forth(steps, values, low, width, x, at, rows, yhat, room):
    """Add what a block of hidden units gives to yhat `(rows, outputs)`."""
    inputs, out = steps[0, IN], steps[2]
    for row in range(0, rows, GROUP):
        some = min(GROUP, rows - row)
        z, h = room[: some * width], room[GROUP * BLOCK : GROUP * BLOCK + some * width]
        for s in range(some):
            block_z(steps, values, low, width, x, at + (row + s) * inputs, z[s * width : (s + 1) * width])
        call_at(steps[1, FORWARD], z, h, len(h))
        for s in range(some):
            for o in range(out[OUT]):
                a = out[WEIGHT_AT] + o * out[WEIGHT_STRIDE] + low
                v, total = values[a : a + width], like(0.0, h[0])
                for j in range(width):
                    total += v[j] * h[s * width + j]
                yhat[(row + s) * out[OUT] + o] += total


@part
def block_back(steps, values, low, width, x, at, rows, e, room, g):
    """Write the gradients of a block: its biases, its weights by input, its weights by output."""
    inputs, out = steps[0, IN], steps[2]
    fill(g, like(0.0, g[0]))
    for row in range(0, rows, GROUP):
        some = min(GROUP, rows - row)
        z, h = room[: some * width], room[GROUP * BLOCK : GROUP * BLOCK + some * width]
        back = room[2 * GROUP * BLOCK : 2 * GROUP * BLOCK + some * width]
        for s in range(some):
            block_z(steps, values, low, width, x, at + (row + s) * inputs, z[s * width : (s + 1) * width])
        call_at(steps[1, FORWARD], z, h, len(h))
        fill(back, like(0.0, g[0]))
        for s in range(some):
            hidden, dz = h[s * width : (s + 1) * width], back[s * width : (s + 1) * width]
            for o in range(out[OUT]):
                a = out[WEIGHT_AT] + o * out[WEIGHT_STRIDE] + low
                v, scale = values[a : a + width], e[(row + s) * out[OUT] + o]
                sums = g[(1 + inputs + o) * BLOCK : (1 + inputs + o) * BLOCK + width]
                for j in range(width):
                    dz[j] += scale * v[j]
                    sums[j] += scale * hidden[j]
        call_at(steps[1, BACKWARD], z, h, back, len(back))
        for s in range(some):
            dz, ones = back[s * width : (s + 1) * width], g[:width]
            for j in range(width):
                ones[j] += dz[j]
            for i in range(inputs):
                scale, sums = x[at + (row + s) * inputs + i], g[(1 + i) * BLOCK : (1 + i) * BLOCK + width]
                for j in range(width):
                    sums[j] += scale * dz[j]


@part
def relu_walk_forth(steps, values, low, high, x, at, rows, yhat):
    """Add what the ReLU units from low to high give to yhat; x and yhat have room for whole groups."""
    w, b, v = steps[0, WEIGHT_AT], steps[0, BIAS_AT], steps[2, WEIGHT_AT]
    for block in range(low, high, RELU_BLOCK):
        units = min(RELU_BLOCK, high - block)
        for row in range(0, rows, SAMPLES):
            relu_forth(values, w + block, b + block, v + block, units, x, at + row, yhat, row)


@part
def relu_block_back(steps, values, low, width, x, at, rows, e, g):
    """Write a block's gradients from two sums a unit: over e and over e x where it lets pass."""
    w_at, b_at, v_at = steps[0, WEIGHT_AT] + low, steps[0, BIAS_AT] + low, steps[2, WEIGHT_AT] + low
    w, b, v = values[w_at : w_at + width], values[b_at : b_at + width], values[v_at : v_at + width]
    ones, xs, outs = g[:width], g[BLOCK : BLOCK + width], g[2 * BLOCK : 2 * BLOCK + width]
    for j in range(0, width, UNITS * (VECTOR_BYTES // g.itemsize)):
        relu_back(values, w_at + j, b_at + j, x, at, e, 0, rows, g, j, BLOCK + j)
    for j in range(width):
        outs[j] = w[j] * xs[j] + b[j] * ones[j]
        ones[j] *= v[j]
        xs[j] *= v[j]


@part
def improve_at(method, values, a, width, g, numbers):
    improve(method.optimizer, values[a : a + width], g, method.first[a : a + width], method.second[a : a + width], method.third[a : a + width], numbers)  # fmt: skip # noqa: E501


@part
def improve_block(steps, method, values, low, width, g, numbers):
    first, out = steps[0], steps[2]
    if first[TRAIN_BIAS] and first[BIAS_AT] >= 0:
        improve_at(method, values, first[BIAS_AT] + low, width, g[:width], numbers)
    if first[TRAIN_WEIGHT]:
        for i in range(first[IN]):
            a = first[WEIGHT_AT] + i * first[WEIGHT_STRIDE] + low
            improve_at(method, values, a, width, g[(1 + i) * BLOCK : (1 + i) * BLOCK + width], numbers)
    if out[TRAIN_WEIGHT]:
        for o in range(out[OUT]):
            a, b = out[WEIGHT_AT] + o * out[WEIGHT_STRIDE] + low, (1 + first[IN] + o) * BLOCK
            improve_at(method, values, a, width, g[b : b + width], numbers)


@part
def improve_last_bias(steps, method, values, rows, e, g, numbers):
    out = steps[2]
    if not out[TRAIN_BIAS] or out[BIAS_AT] < 0:
        return
    for o in range(out[OUT]):
        g[o] = like(0.0, e[0])
        for row in range(rows):
            g[o] += e[row * out[OUT] + o]
    improve_at(method, values, out[BIAS_AT], out[OUT], g[: out[OUT]], numbers)


@part
def begin_yhat(steps, values, rows, lane, yhat):
    """Let the first share begin with the last bias, the others' with zero."""
    out = steps[2]
    fill(yhat, like(0.0, yhat[0]))
    if lane == 0 and out[BIAS_AT] >= 0:
        for row in range(rows):
            for o in range(out[OUT]):
                yhat[row * out[OUT] + o] = values[out[BIAS_AT] + o]


@part
def tail(chain, data, batch, method, start, rows, yhat, arena, places):
    """Run the steps behind the last Linear forth and back; return the loss, e is in the arena."""
    last = len(chain.steps) - 1
    for k in range(last + 1):
        step, numbers = chain.steps[k], rows * chain.steps[k, OUT_STRIDE]
        z = yhat if k == 0 else arena[step[IN_AT] * batch.tile : step[IN_AT] * batch.tile + numbers]
        apply(chain, k, rows, z, arena[step[OUT_AT] * batch.tile : step[OUT_AT] * batch.tile + numbers])
    parts = 1 if method.mean == 0 else (rows if method.loss == CROSS_ENTROPY else rows * batch.targets)
    scale = like(1.0 / parts, arena[0])
    loss = loss_of(chain, data, batch, method, start, rows, arena, places, scale)
    for k in range(last, 0, -1):
        step, numbers = chain.steps[k], rows * chain.steps[k, OUT_STRIDE]
        z = arena[step[IN_AT] * batch.tile : step[IN_AT] * batch.tile + numbers]
        h = arena[step[OUT_AT] * batch.tile : step[OUT_AT] * batch.tile + numbers]
        apply_back(chain, k, rows, z, h, arena[places.gradient : places.gradient + numbers])
    return loss / parts


@part
def is_plain(steps):
    """Return whether it is the case with loops of its own: one input, ReLU, one output."""
    return steps[1, IS_RELU] and steps[0, IN] == 1 and steps[2, OUT] == 1 and steps[0, BIAS_AT] >= 0


@part
def walk_forth(chain, weights, low, high, x, at, rows, yhat, room):
    if is_plain(chain.steps):
        relu_walk_forth(chain.steps, weights.values, low, high, x, at, rows, yhat)
        return
    for block in range(low, high, BLOCK):
        width = min(BLOCK, high - block)
        block_forth(chain.steps, weights.values, block, width, x, at, rows, yhat, room)


@part
def walk_back(chain, weights, method, low, high, x, at, rows, e, room, g, numbers):
    for block in range(low, high, BLOCK):
        width = min(BLOCK, high - block)
        if is_plain(chain.steps):
            relu_block_back(chain.steps, weights.values, block, width, x, at, rows, e, g)
        else:
            block_back(chain.steps, weights.values, block, width, x, at, rows, e, room, g)
        improve_block(chain.steps, method, weights.values, block, width, g, numbers)


@part
def copy_x(data, batch, start, rows, arena, at):
    """Copy the x of a batch: in the order of its rows, with room behind it for a whole group."""
    if len(data.order):
        gather(data, batch, start, rows, arena, at)
    else:
        numbers = rows * batch.features
        first = start * batch.features
        copy(data.x[first : first + numbers], arena[at : at + numbers])


@part
def share_of_units(steps, lane, lanes):
    """Return where a share of the hidden units begins and ends."""
    units = steps[0, OUT]
    if is_plain(steps):
        units = (units + SHARE - 1) // SHARE * SHARE  # what fills up is zero and stays zero under ReLU
    high = units if lane == lanes - 1 else units * (lane + 1) // lanes // SHARE * SHARE
    return units * lane // lanes // SHARE * SHARE, high


@part
def whole_yhat(parts, part_size, turn, lanes, numbers, yhat):
    """Add the shares of yhat in their order."""
    fill(yhat, like(0.0, parts[0]))
    for lane in range(lanes):
        more = parts[(turn + lane) * part_size : (turn + lane) * part_size + numbers]
        for i in range(numbers):
            yhat[i] += more[i]


def _compiled(stamp: int) -> Any:
    """Return the kernel that makes the updates `shared.losses` has room for, and returns how many it made.

    Its arguments: this thread's number; how many threads run it together; in how many lanes the hidden
    units are shared; the number of the first batch, counted from where `data.order` begins; updates made
    before; the network, whose first three steps are Linear, activation, Linear; the steps behind them, an
    identity at the least; the samples; how they are cut, a tile being a whole batch; how weights are
    improved; places inside an arena; the weights, whose gradients hold each thread's room for a block;
    what the threads share, its parts being each lane's yhat, for two updates in turn.
    """

    @kernel
    def run_blocks(
        thread, threads, lanes, ahead, done, chain, ending, data, batch, method, places, weights, shared
    ):
        steps, values = chain.steps, weights.values
        arena = shared.arenas[thread * places.size : (thread + 1) * places.size]
        block_room = len(weights.gradients) // lanes
        room = weights.gradients[thread * block_room : (thread + 1) * block_room]
        g = room[3 * GROUP * BLOCK :]
        part_size = len(shared.parts) // (2 * lanes)
        meetings, numbers = stamp * 0, shared.numbers[thread * NUMBERS : (thread + 1) * NUMBERS]
        for made in range(len(shared.losses)):
            epoch, index = divmod(ahead + made, batch.per_epoch)
            rows = min(batch.size, batch.samples - index * batch.size)
            start = index * batch.size + (epoch * batch.source if len(data.order) else 0)
            if len(data.order) or batch.per_epoch > 1 or made == 0:
                copy_x(data, batch, start, rows, arena, places.x)
            turn = (made % 2) * lanes
            for lane in range(thread, lanes, threads):
                own = shared.parts[(turn + lane) * part_size : (turn + lane + 1) * part_size]
                begin_yhat(steps, values, rows, lane, own)
                low, high = share_of_units(steps, lane, lanes)
                walk_forth(chain, weights, low, high, arena, places.x, rows, own, room)
            if threads > 1:
                meetings += threads
                barrier(shared.counter, meetings)
            yhat = arena[places.other : places.other + rows * steps[2, OUT]]
            whole_yhat(shared.parts, part_size, turn, lanes, len(yhat), yhat)
            loss = tail(ending, data, batch, method, start, rows, yhat, arena, places)
            if thread == 0:
                shared.losses[made] = loss
            e = arena[places.gradient : places.gradient + len(yhat)]
            prepare(method.numbers, done + made + 1, numbers)
            for lane in range(thread, lanes, threads):
                low, high = share_of_units(steps, lane, lanes)
                walk_back(chain, weights, method, low, high, arena, places.x, rows, e, room, g, numbers)
            if thread == 0:
                improve_last_bias(steps, method, values, rows, e, g, numbers)
            if not math.isfinite(loss):
                return made + 1
        return len(shared.losses)

    return run_blocks


run_blocks = _compiled(STAMP)
