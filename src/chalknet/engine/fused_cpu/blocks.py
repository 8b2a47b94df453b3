"""Walking the hidden units in blocks: for few inputs, one wide hidden layer and few outputs.

Hidden values and derivatives are kept for the backward pass where all of them fit the cache, and are computed
anew elsewhere: there is never a large array of samples x hidden units. The units are cut into shares by the
shape alone; threads take shares in turn, and wait for each other once an update, when every share of yhat is
known.
"""

from __future__ import annotations

import math

from chalknet.engine.fused_cpu.barrier import barrier
from chalknet.engine.fused_cpu.hidden_units import (
    share_at,
    share_of_units,
    step_at,
    units_backward,
    units_forward,
)
from chalknet.engine.fused_cpu.memory import Tile
from chalknet.engine.fused_cpu.optimizer_rows import NUMBERS
from chalknet.engine.fused_cpu.optimizers import prepare
from chalknet.engine.fused_cpu.products import Vector
from chalknet.engine.fused_cpu.scalars import copy, fill, kernel, like, part
from chalknet.engine.fused_cpu.steps import activation_backward, activation_forward
from chalknet.engine.fused_cpu.tiles import gather, loss_of, parts_of_loss, rows_of_batch

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"


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
    tile = Tile(rows.start, rows.size, 0, arena, fit.shared.keys, like(1.0 / parts, arena[0]))
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
def whole_yhat(parts, part_size, shards, yhat):
    """Add up the shares of yhat in their order."""
    fill(yhat, like(0.0, parts[0]))
    for shard in range(shards):
        more = parts[shard * part_size : shard * part_size + len(yhat)]
        for i in range(len(yhat)):
            yhat[i] += more[i]


@kernel
def run_blocks(steps, room, fit, turn):
    """Make the updates that `shared.losses` has room for, up to a loss that is no number or the target.

    `steps` are Linear, activation, Linear; the fit's own table has the steps behind them, an identity at the
    least, and its tile is a whole batch. The gradients of the weights hold each share's room, and
    `shared.parts` each share's yhat, for two updates in turn. Returns how many updates were made.
    """
    shared, places, thread = fit.shared, fit.places, turn.thread
    arena = shared.arenas[thread * places.size : (thread + 1) * places.size]
    memory, x = fit.weights.gradients, Vector(arena, places.x)
    part_size, outputs = len(shared.parts) // (2 * turn.shards), steps[2].outputs
    arrivals, numbers = 0, shared.numbers[thread * NUMBERS : (thread + 1) * NUMBERS]
    for made in range(len(shared.losses)):
        rows = rows_of_batch(fit, turn, made)
        if len(fit.data.order) or fit.batch.per_epoch > 1 or made == 0:
            copy_x(fit, rows, arena)
        parts = shared.parts[(made % 2) * turn.shards * part_size :]
        for shard in range(thread, turn.shards, turn.threads):
            own = parts[shard * part_size : (shard + 1) * part_size]
            begin_yhat(steps[2], fit.weights.values, rows.size, shard, own)
            share = share_of_units(steps, shard, turn.shards)
            units = share_at(steps, room, memory[shard * room.size :], share, x, rows.size)
            units_forward(steps, fit.weights, units, own)
        if turn.threads > 1:
            arrivals += turn.threads
            barrier(shared.counter, arrivals)
        yhat = arena[places.y : places.y + rows.size * outputs]
        whole_yhat(parts, part_size, turn.shards, yhat)
        loss = tail(fit, rows, yhat, arena)
        if thread == 0:
            shared.losses[made] = loss
        e = arena[places.gradient : places.gradient + len(yhat)]
        prepare(fit, rows.rate, made, rows.update, numbers)
        for shard in range(thread, turn.shards, turn.threads):
            share = share_of_units(steps, shard, turn.shards)
            units = share_at(steps, room, memory[shard * room.size :], share, x, rows.size)
            units_backward(steps, fit, units, e, numbers)
        if thread == 0:
            step_last_bias(steps[2], fit, e, memory[2 * room.hidden :], numbers)
        if not math.isfinite(loss) or loss <= fit.rule.target:
            return made + 1
    return len(shared.losses)
