"""The general schedule: an update is a table of pieces, which threads take in turn.

The pieces and all their sums follow from the shape: the numbers are the same for any number of threads.
A piece begins when all pieces of the phases before its own are done; a thread that has no core takes none,
and the others do not wait for it.
"""

from __future__ import annotations

import math

from chalknet.engine.fused_cpu import step_table as kinds
from chalknet.engine.fused_cpu.barrier import add, read, take, wait
from chalknet.engine.fused_cpu.linear import (
    Lines,
    columns_activation,
    columns_activation_backward,
    columns_forward,
    columns_input_gradient,
    sparse_linear_backward,
    sparse_linear_forward,
    weight_of,
    weight_place,
)
from chalknet.engine.fused_cpu.memory import Tile
from chalknet.engine.fused_cpu.nonzero import SparseRow, sparse_row
from chalknet.engine.fused_cpu.norms import batch_norm_backward, batch_norm_forward
from chalknet.engine.fused_cpu.optimizer_rows import NUMBERS
from chalknet.engine.fused_cpu.optimizers import optimizer_step, prepare, state_of
from chalknet.engine.fused_cpu.phases import (
    APART,
    BACKWARD_COLUMNS,
    DONE,
    FORWARD_COLUMNS,
    LAST,
    ROWS,
    TAKEN,
    WEIGHTS,
)
from chalknet.engine.fused_cpu.products import rows_at, transpose
from chalknet.engine.fused_cpu.scalars import fill, inlined, kernel, like, part
from chalknet.engine.fused_cpu.steps import backward, forward, weight_gradient
from chalknet.engine.fused_cpu.tiles import (
    gather_to,
    gradient_of,
    loss_of,
    parts_of_loss,
    rows_of_batch,
    set_keys,
    step_of,
    x_of,
)

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

_STRETCH = 1024  # weights updated at a time: they and their optimizer state stay in the first cache


@inlined
def tile_of(fit, rows, first, count, shift, slot):
    """Return some rows of a batch, `first` counted within it, in one of the arenas."""
    arena = fit.shared.arenas[slot * fit.places.size : (slot + 1) * fit.places.size]
    at = slot * fit.batch.tile + shift
    keys = fit.shared.keys[at : at + count] if len(fit.shared.keys) else fit.shared.keys
    parts = parts_of_loss(fit, rows.size)
    scale = like(1.0 / parts if fit.rule.direct == 0 else -rows.rate / parts, arena[0])
    return Tile(rows.start + first, count, shift, arena, keys, scale)


@inlined
def chunk_of(fit, piece, rows):
    """Return all rows that an arena has room for, from the piece's first on."""
    count = max(0, min(fit.batch.tile, rows.size - piece.first))
    return tile_of(fit, rows, piece.first, count, 0, 0)


@inlined
def run_rows(fit, piece, rows):
    """Run steps forward and backward on some rows, a tile at a time."""
    stop, total, fresh = min(piece.first + piece.high, rows.size), 0.0, True
    for first in range(piece.first + piece.low, stop, piece.tile):
        shift = 0 if piece.sums else piece.low
        tile = tile_of(fit, rows, first, min(piece.tile, stop - first), shift, piece.slot)
        total += run_tile(fit, piece, rows, tile, fresh)
        fresh = False
    if piece.sums and fresh:
        every = len(fit.weights.values)
        gradients = fit.weights.gradients[piece.slot * every : (piece.slot + 1) * every]
        fill(gradients, like(0.0, gradients[0]))
    if piece.loss:
        fit.shared.parts[piece.part * APART] = total / parts_of_loss(fit, rows.size)


@inlined
def run_tile(fit, piece, rows, tile, fresh):
    """Run steps forward and backward on a tile; return its summed loss."""
    x, total = x_of(fit, tile), 0.0
    if piece.gather and fit.batch.tile > 1 and len(fit.data.order):
        gather_to(fit, tile.first, tile.rows, tile.arena[x.offset :])
    if piece.gather and len(tile.keys):
        set_keys(tile.keys, fit.rule.seed, rows.update, tile.first - rows.start)
    row = first_row(fit, piece, x)
    for k in range(piece.forward_low, piece.forward_high):
        step = step_of(fit, tile, k, x)
        if k == 0 and is_sparse(row):
            sparse_linear_forward(step, row, fit.weights)
        else:  # one call for all steps: each further one would be compiled anew
            forward(step, fit.weights, tile.keys)
    if piece.loss:
        total = loss_of(fit, tile)
    for k in range(piece.backward_high - 1, piece.backward_low - 1, -1):
        step, g = step_of(fit, tile, k, x), gradient_of(fit, tile, k)
        if piece.sums and has_weights(step.step):
            offset = piece.slot * len(fit.weights.values)
            weight_gradient(step, g, fit.weights, all_lines(step.step, offset, fresh))
        if k > fit.batch.first_linear:
            backward(step, g, gradient_of(fit, tile, k - 1), fit.weights)
    return total


@part
def has_weights(step):
    """Return whether a step has weights."""
    return step.weight_at >= 0


@part
def all_lines(step, offset, fresh):
    """Return all lines of a step's weight, and its bias."""
    return Lines(0, step.lines, step.bias_at >= 0, offset, fresh)


@part
def first_row(fit, piece, x):
    """Return the places of a single x that are not zero; none unless a batch is one sample."""
    room = fit.shared.nonzero
    if len(room) and piece.gather:
        row = sparse_row(x.values, x.offset, room[1:])
        room[0] = row.filled
        return row
    return SparseRow(x.values, x.offset, room[1:], room[0] if len(room) else 0)


@part
def is_sparse(row):
    """Return whether fewer than half of the numbers are not zero; of no numbers they are not."""
    return 2 * row.filled < len(row.places)


@part
def run_columns_forward(fit, piece, rows):
    """Run a Linear or a BatchNorm, and the activation behind it, for some of its outputs on all rows."""
    tile = chunk_of(fit, piece, rows)
    x = x_of(fit, tile)
    first = step_of(fit, tile, piece.step, x)
    if first.step.kind == kinds.BATCH_NORM:
        batch_norm_forward(first, fit.weights, piece.low, piece.high)
    else:
        columns_forward(first, fit.weights, piece.low, piece.high)
    for k in range(piece.step + 1, piece.forward_high):
        columns_activation(step_of(fit, tile, k, x), piece.low, piece.high)


@part
def run_columns_backward(fit, piece, rows):
    """Take the gradient of such a step back to some of its inputs, and through the activation before it."""
    tile, k = chunk_of(fit, piece, rows), piece.step
    x, to = x_of(fit, tile), gradient_of(fit, tile, k - 1)
    g = gradient_of(fit, tile, k)
    behind = step_of(fit, tile, k, x)
    if behind.step.kind == kinds.BATCH_NORM:
        batch_norm_backward(behind, g, to, fit.weights, piece.low, piece.high)
    else:
        columns_input_gradient(behind, g, to, fit.weights, piece.low, piece.high)
    for before in range(k - 1, piece.backward_low - 1, -1):
        columns_activation_backward(step_of(fit, tile, before, x), to, piece.low, piece.high)


@inlined
def run_weights(fit, piece, rows, numbers, thread):
    """Update some weights: lines of one step, or all lines of several steps, the last one first."""
    offset = thread * fit.batch.room - piece.at if fit.batch.room else 0
    for k in range(piece.step, piece.step_low - 1, -1):
        step = fit.steps[k]
        if not has_weights(step):
            continue
        lines = all_lines(step, offset, piece.first == 0 and fit.rule.direct == 0)
        if piece.high:
            lines = Lines(piece.low, piece.high, piece.bias != 0, offset, lines.fresh)
        if not piece.sums:
            sum_gradient(fit, piece, rows, k, lines)
        if piece.updates or piece.measures:
            update_lines(fit, piece, step, lines, numbers)


@inlined
def sum_gradient(fit, piece, rows, k, lines):
    """Sum the gradient of some lines of a weight over the rows of a chunk."""
    tile = chunk_of(fit, piece, rows)
    x = x_of(fit, tile)
    row, g, here = first_row(fit, piece, x), gradient_of(fit, tile, k), step_of(fit, tile, k, x)
    if k == 0 and fit.rule.direct and is_sparse(row):
        sparse_linear_backward(here, row, g, fit.weights, lines)
    else:
        weight_gradient(here, g, fit.weights, lines)


@inlined
def update_lines(fit, piece, step, lines, numbers):
    """Update some lines of a weight by their gradient, and transpose them."""
    if fit.rule.direct == 0:
        step_lines(fit, piece, step, lines, numbers)
    if piece.updates and step.transposed_at != kinds.ABSENT:
        target = rows_at(fit.weights.transposed, step.transposed_at, step.transposed_stride)
        transpose(weight_of(step, fit.weights.values, 0), target, lines.low, lines.high, step.outputs)


@part
def step_lines(fit, piece, step, lines, numbers):
    """Update some lines of a weight, or measure their gradient."""
    if step.train_weight and step.kind != kinds.NARROW:
        low, high = weight_place(step, lines.low), weight_place(step, lines.high)
        step_stretch(fit, piece, low, high, lines.offset, step.penalised, numbers)
    elif step.train_weight:
        for out in range(step.outputs):
            at = weight_place(step, out)
            step_stretch(fit, piece, at + lines.low, at + lines.high, lines.offset, 1, numbers)
    if lines.bias and step.train_bias:
        step_stretch(fit, piece, step.bias_at, step.bias_at + step.out_stride, lines.offset, 0, numbers)


@part
def step_stretch(fit, piece, low, high, offset, penalised, numbers):
    """Add up the shards' gradients of a stretch of weights, and update or measure it."""
    values, gradients = fit.weights.values, fit.weights.gradients
    every = len(values)
    for start in range(low, high, _STRETCH):
        stop = min(start + _STRETCH, high)
        g = gradients[start + offset : stop + offset]
        for shard in range(1, piece.shards):
            more = gradients[shard * every + start : shard * every + stop]
            for i in range(len(g)):
                g[i] += more[i]
        if penalised and not piece.summed and (fit.rule.l1 > 0.0 or fit.rule.l2 > 0.0):
            add_penalties(fit.rule, values[start:stop], g)
        if piece.measures:
            fit.shared.squares[(piece.measures - 1) * APART] += squared(g)
        if piece.updates:
            clip(fit, g)
            state = state_of(fit.rule.state, start, stop)
            optimizer_step(fit.rule.optimizer, values[start:stop], g, state, numbers)


@part
def add_penalties(rule, w, g):
    """Add the derivative of the penalties to the gradient of some weights."""
    signs, sizes, none = like(rule.l1, w[0]), like(2.0 * rule.l2, w[0]), like(0.0, w[0])
    for i in range(len(w)):
        g[i] += sizes * w[i] + (signs if w[i] > none else (-signs if w[i] < none else none))


@part
def squared(values):
    """Return the sum of squares, in float64."""
    total = 0.0
    for i in range(len(values)):
        total += values[i] * values[i]
    return total


@part
def clip(fit, g):
    """Clip a gradient by the norm of all gradients, then by its values, as torch does."""
    if fit.rule.clip_norm > 0.0:
        total = 0.0
        for piece in range(len(fit.shared.squares) // APART):
            total += fit.shared.squares[piece * APART]
        factor = fit.rule.clip_norm / (math.sqrt(total) + 1e-6)
        if not factor >= 1.0:
            share = like(factor, g[0])
            for i in range(len(g)):
                g[i] *= share
    if fit.rule.clip_value > 0.0:
        most = like(fit.rule.clip_value, g[0])
        for i in range(len(g)):
            if g[i] > most:
                g[i] = most
            elif g[i] < -most:
                g[i] = -most


@part
def penalty(fit):
    """Return what the penalties of all weights that are fitted add to the loss."""
    sizes, squares = 0.0, 0.0
    for k in range(len(fit.steps)):
        step = fit.steps[k]
        if step.penalised and step.train_weight:
            w = fit.weights.values[step.weight_at : step.weight_at + step.extent]
            for i in range(len(w)):
                sizes += abs(w[i])
            squares += squared(w)
    return fit.rule.l1 * sizes + fit.rule.l2 * squares


@part
def begin_update(fit):
    """Write the penalties of an update as a part of its loss, before any of its weights has changed."""
    if fit.rule.l1 > 0.0 or fit.rule.l2 > 0.0:
        fit.shared.parts[len(fit.shared.parts) - APART] = penalty(fit)


@part
def end_update(fit, made):
    """Write the loss of an update; none is made behind one that is no number or reaches the target."""
    loss = 0.0
    for piece in range(len(fit.shared.parts) // APART):
        loss += fit.shared.parts[piece * APART]
    fit.shared.losses[made] = loss
    if not math.isfinite(loss) or loss <= fit.rule.target:
        fit.shared.counter[LAST] = made + 1


@part
def next_piece(counter, pieces, updates):
    """Take the next piece, once all that it waits for is done; return its number, over all updates."""
    spins = 0
    while True:
        number = read(counter, TAKEN)
        made = number // len(pieces)
        if made >= updates or made >= read(counter, LAST):
            return updates * len(pieces)
        needed = made * len(pieces) + pieces[number - made * len(pieces)].waits_for
        if read(counter, DONE) < needed:
            spins = wait(spins)
        elif take(counter, TAKEN, number):
            return number


@kernel
def run_updates(pieces, fit, turn):
    """Make the updates that `shared.losses` has room for, up to a loss that is no number or the target.

    Returns how many were made.
    """
    shared, updates, number = fit.shared, len(fit.shared.losses), 0
    counter, current, prepared = shared.counter, -1, -1
    numbers = shared.numbers[turn.thread * NUMBERS : (turn.thread + 1) * NUMBERS]
    rows = rows_of_batch(fit, turn, 0)
    while True:
        if turn.threads > 1:
            number = next_piece(counter, pieces, updates)
        made = number // len(pieces)
        if made >= min(updates, counter[LAST]):
            return min(updates, counter[LAST])
        if made != current:
            current = made
            rows = rows_of_batch(fit, turn, made)
        if number == made * len(pieces):
            begin_update(fit)
        piece = pieces[number - made * len(pieces)]
        if piece.ends:
            end_update(fit, made)
        if piece.kind == ROWS:
            run_rows(fit, piece, rows)
        elif piece.kind == WEIGHTS:
            if prepared != made and fit.rule.direct == 0:
                prepared = made
                prepare(fit, rows.rate, made, rows.update, numbers)
            if piece.measures:
                shared.squares[(piece.measures - 1) * APART] = 0.0
            run_weights(fit, piece, rows, numbers, turn.thread)
        elif piece.kind == FORWARD_COLUMNS:
            run_columns_forward(fit, piece, rows)
        elif piece.kind == BACKWARD_COLUMNS:
            run_columns_backward(fit, piece, rows)
        if turn.threads > 1:
            add(counter, DONE, 1)
        number += 1
