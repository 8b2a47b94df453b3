"""What memory a fit takes besides the module: from the same tables that the fit itself is laid out by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chalknet.engine.fused_cpu.memory import room_for
from chalknet.engine.fused_cpu.names import MOST_SHARES, SHARE, WORTH_A_THREAD, Array, walks_blocks
from chalknet.engine.fused_cpu.optimizer_rows import is_plain_sgd, slots_of
from chalknet.engine.fused_cpu.phases import APART, Pieces, pieces_of
from chalknet.engine.fused_cpu.step_table import lay_out, multiply_adds
from chalknet.network import Network, numbers
from chalknet.planning import Recipe


@dataclass(frozen=True)
class FusedNeeds:
    """Bytes that a fit takes besides the module.

    Args:
        copies: the weights as the kernels read them, and their transposed copies.
        gradients: where gradients of weights are summed.
        optimizer: what the optimizer keeps of each weight.
        arenas: what lies between two steps.
    """

    copies: int
    gradients: int
    optimizer: int
    arenas: int


def block_shares(counts: tuple[int, int, int], rows: int) -> int:
    """Return in how many parts the hidden units of a wide layer are cut: a power of two, by the shape alone.

    Args:
        counts: inputs, units and outputs.
        rows: samples of a batch.
    """
    inputs, units, outputs = counts
    work = units * (inputs + outputs) * rows * 3
    most = max(1, min(MOST_SHARES, units // (2 * SHARE), work // WORTH_A_THREAD))
    return int(1 << most.bit_length() - 1)


def update_work(steps: Array, rows: int) -> int:
    """Return the multiply-adds of an update, about."""
    return multiply_adds(steps) * rows * 3


def piece_threads(pieces: Pieces, work: int, threads: int) -> int:
    """Return how many threads are of use for the pieces of an update.

    Args:
        pieces: of an update.
        work: its multiply-adds.
        threads: as many as there may be.
    """
    return max(1, min(threads, pieces.most, work // WORTH_A_THREAD))


def whole_lines(room: int) -> int:
    """Return the room for so many numbers of a thread, so that no other thread writes beside them."""
    return -(-room // APART) * APART


def fused_needs(network: Network, recipe: Recipe, rows: int, threads: int, itemsize: int) -> FusedNeeds:
    """Return what a fit takes besides the module.

    Args:
        network: every width a number, and trained as a whole.
        recipe: its optimizer.
        rows: samples in a batch.
        threads: CPU threads.
        itemsize: bytes of one number.
    """
    from chalknet.engine.fused_cpu.object_file import current_level  # which loads llvmlite

    blocks = walks_blocks(network, recipe)
    fill = SHARE if blocks else current_level().lanes(itemsize)
    layout = lay_out(network, np.dtype(f"f{itemsize}"), fill, rows, weighs=recipe.weighs)
    if blocks:
        shapes = [numbers(visit.output_shape)[0] for visit in network.walk()]
        counts = numbers(network.input_shape)[0], shapes[0], shapes[2]
        shares, gradients = block_shares(counts, rows), 0
        arena = 4 * rows * sum(shapes[2:]) + rows * counts[0] + room_for(counts, rows, shares, itemsize).size
        arenas = shares * arena
    else:
        pieces = pieces_of(layout, rows, itemsize, is_plain_sgd(recipe), recipe.clip_norm is not None)
        threads = piece_threads(pieces, update_work(layout.steps, rows), threads)
        gradients = pieces.gradients * layout.weights + threads * whole_lines(pieces.room)
        arenas = pieces.arenas * pieces.tile * layout.row
    copies = layout.weights + layout.transposed
    optimizer = sum(slots_of(recipe)) * layout.weights
    return FusedNeeds(*(itemsize * numbers_ for numbers_ in (copies, gradients, optimizer, arenas)))
