"""The memory and the compiled loop of a fit: chosen from counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from chalknet.data import Batches
from chalknet.engine.fused_cpu import step_table as kinds
from chalknet.engine.fused_cpu.kernels import Kernel, run_blocks, run_tiles
from chalknet.engine.fused_cpu.loops import CROSS_ENTROPY, loops_unit, loss_address
from chalknet.engine.fused_cpu.memory import (
    Batch,
    Data,
    Fit,
    OptimizerState,
    Places,
    Shared,
    Turn,
    UpdateRule,
    WeightBuffers,
)
from chalknet.engine.fused_cpu.names import (
    BLOCK,
    CLASS_LOSS,
    GROUP,
    MOST_SHARES,
    SHARE,
    TILE_BYTES,
    WORTH_A_THREAD,
    Array,
    tile_rows,
    walks_blocks,
)
from chalknet.engine.fused_cpu.object_file import Unit, current_level
from chalknet.engine.fused_cpu.optimizer_rows import (
    CODES,
    DECAY,
    MOMENTUM,
    NUMBERS,
    numbers_of,
    slots_of,
)
from chalknet.engine.fused_cpu.step_table import MemoryLayout, lay_out, linear_rows
from chalknet.engine.fused_cpu.thread_team import ThreadTeam, run_together
from chalknet.network import Activation, Network
from chalknet.planning import Recipe

_TILES_IN_A_ROW = 20
_PAST_ALL_BARRIERS = 1 << 62
_LINE = 16  # numbers between what two threads write: a cache line of its own


@dataclass(frozen=True)
class Samples:
    """The samples as flat arrays.

    Args:
        x: all x.
        y: all y; empty for class numbers.
        classes: class numbers; empty for other targets.
        targets: numbers in one y.
    """

    x: Array
    y: Array
    classes: Array
    targets: int


@dataclass(frozen=True)
class Store:
    """The weights of a fit and what its optimizer keeps beside them."""

    values: Array
    transposed: Array
    optimizer_state: OptimizerState


def make_store(layout: MemoryLayout, recipe: Recipe, dtype: np.dtype[Any]) -> Store:
    """Return zeros for the weights and for what the recipe's optimizer keeps of them."""
    state = OptimizerState(*(_zeros(layout.weights if used else 0, dtype) for used in slots_of(recipe)))
    return Store(_zeros(layout.weights, dtype), _zeros(layout.transposed, dtype), state)


class Schedule:
    """The memory and the compiled loop of one fit.

    Args:
        shares: in how many parts an update is split for threads.
        kernel: makes the updates of a `Fit` and a `Turn`.
        fit: the memory; the order and the losses are put in at each run.
    """

    def __init__(self, shares: int, kernel: Callable[[Fit, Turn], int], fit: Fit) -> None:
        self.shares, self._kernel, self._fit = shares, kernel, fit
        self._team = ThreadTeam(shares)

    def run(self, order: Array, ahead: int, done: int, losses: Array) -> int:
        """Make as many updates as losses has room for, fewer after one that is no number; return how many.

        Args:
            order: rows of the epochs ahead; empty for the source's own order.
            ahead: number of the first batch in them.
            done: updates made before.
            losses: is filled.
        """
        data = self._fit.data._replace(order=order)

        def updates(threads: int, losses: Array, made: int) -> int:
            shared = self._fit.shared._replace(counter=_whole_numbers(_LINE), losses=losses)
            fit = self._fit._replace(data=data, shared=shared)

            def work(thread: int) -> int:
                return self._kernel(fit, Turn(thread, threads, self.shares, ahead + made, done + made))

            try:
                return run_together(threads, work)
            except BaseException:  # the other threads wait for this one: let them pass every barrier
                shared.counter[0] = _PAST_ALL_BARRIERS
                raise

        return self._team.make(updates, losses)


@dataclass(frozen=True)
class Task:
    """What a schedule is made for."""

    network: Network
    recipe: Recipe
    layout: MemoryLayout
    store: Store
    samples: Samples
    batches: Batches
    threads: int

    @property
    def rows(self) -> int:
        """Return the number of samples in a whole batch."""
        return min(self.batches.size, len(self.batches.source))

    def batch(self, tile: int) -> Batch:
        """Return how the samples are cut, with tiles of so many rows."""
        batches, n = self.batches, len(self.batches.source)
        features = len(self.samples.x) // n
        return Batch(
            batches.size, batches.samples_per_epoch, n, batches.updates_per_epoch,
            features, self.samples.targets, tile,
        )  # fmt: skip

    def rule(self, direct: bool) -> UpdateRule:
        """Return how the weights are updated."""
        recipe, dtype = self.recipe, self.store.values.dtype.name
        loss = CROSS_ENTROPY if recipe.loss == CLASS_LOSS else loss_address(recipe.loss_row, dtype)
        return UpdateRule(
            loss, int(recipe.reduction == "mean"), CODES[recipe.optimizer], int(direct),
            recipe.seed % 2**63, np.array(numbers_of(recipe)), self.store.optimizer_state,
        )  # fmt: skip

    @property
    def data(self) -> Data:
        """Return the samples, in an order that is still to come."""
        samples = self.samples
        return Data(samples.x, samples.y, samples.classes, _whole_numbers(0))


def choose_schedule(task: Task) -> Schedule:
    """Return the schedule that suits the counts of a task."""
    return block_schedule(task) if walks_blocks(task.network) else tile_schedule(task)


def units_of(network: Network, dtype: str) -> tuple[Unit, Unit]:
    """Return what a fit calls: the kernel of its schedule, and the loops of activations and losses."""
    return kernel_of(network).unit(dtype), loops_unit(dtype)


def kernel_of(network: Network) -> Kernel:
    """Return the compiled loop of the network's schedule."""
    return run_blocks if walks_blocks(network) else run_tiles


def lanes(itemsize: int) -> int:
    """Return how many numbers a vector holds."""
    return current_level().vector_bytes // itemsize


def fill_of(network: Network, dtype: np.dtype[Any]) -> int:
    """Return the multiple up to which rows of weights are filled for the network's schedule."""
    return SHARE if walks_blocks(network) else lanes(dtype.itemsize)


def block_schedule(task: Task) -> Schedule:
    """Return the schedule by blocks of hidden units, a share of them for each thread."""
    steps, store, rows = task.layout.steps, task.store, task.rows
    dtype = store.values.dtype
    inputs, units, outputs = map(int, (*steps[["inputs", "outputs"]][0], steps["outputs"][2]))
    work = units * (inputs + outputs) * rows * 3
    shares = max(1, min(task.threads, MOST_SHARES, units // (2 * SHARE), work // WORTH_A_THREAD))
    behind = Network((outputs,), (Activation("identity"), *task.network.steps[3:]))
    tail = lay_out(behind, dtype, lanes(dtype.itemsize))
    places = _places(tail, rows, tail.row * rows, tail.row * rows + rows * inputs + _LINE)
    room = 3 * GROUP * BLOCK + (1 + inputs + outputs) * BLOCK
    parts = _zeros(2 * shares * (-(-rows * outputs // _LINE) * _LINE), dtype)
    shared = _shared(task, shares, places.size)._replace(parts=parts)
    weights = WeightBuffers(store.values, store.transposed, store.transposed, _zeros(shares * room, dtype))
    fit = Fit(tail.steps, task.data, task.batch(rows), task.rule(direct=False), places, weights, shared)
    return Schedule(shares, partial(run_blocks, steps), fit)


def tile_schedule(task: Task) -> Schedule:
    """Return the schedule by tiles of rows, a share of each batch for each thread."""
    layout, store, rows = task.layout, task.store, task.rows
    dtype, steps = store.values.dtype, layout.steps
    work = _multiply_adds(steps) * rows * 3
    shares = max(1, min(task.threads, MOST_SHARES, rows // 2, work // WORTH_A_THREAD))
    tile = _tile_rows(layout, -(-rows // shares), dtype.itemsize)
    direct = shares == 1 and tile >= rows and _is_plain_sgd(task.recipe) and _all_trained(steps)
    places = _places(layout, tile, layout.x_at * tile, layout.row * tile)
    keys = shares * tile if (steps["kind"] == kinds.DROPOUT).any() else 0
    single = tile == 1 and steps["kind"][0] == kinds.LINEAR and steps["positions"][0] == 1
    shared = _shared(task, shares, places.size)._replace(
        keys=np.zeros(keys, dtype=np.uint32), nonzero=_whole_numbers(steps["inputs"][0] if single else 0)
    )
    gradients = store.values if direct else _zeros(shares * layout.weights, dtype)
    weights = WeightBuffers(store.values, store.transposed, _zeros(_widest(steps), dtype), gradients)
    fit = Fit(layout.steps, task.data, task.batch(tile), task.rule(direct), places, weights, shared)
    return Schedule(shares, run_tiles, fit)


def _is_plain_sgd(recipe: Recipe) -> bool:
    numbers = numbers_of(recipe)
    return recipe.optimizer == "sgd" and numbers[MOMENTUM] == numbers[DECAY] == 0


def _all_trained(steps: Array) -> bool:
    return bool(linear_rows(steps)["train_weight"].all())


def _places(layout: MemoryLayout, rows: int, x: int, size: int) -> Places:
    gradient, other = (at * rows for at in layout.gradient_at)
    return Places(x, gradient, other, size)


def _shared(task: Task, shares: int, arena: int) -> Shared:
    """Return what the threads share, as far as both schedules have it; losses are put in at each run."""
    dtype = task.store.values.dtype
    return Shared(
        counter=_whole_numbers(_LINE), parts=np.zeros(shares * _LINE), losses=np.empty(0),
        keys=np.zeros(0, dtype=np.uint32), nonzero=_whole_numbers(0), arenas=_zeros(shares * arena, dtype),
        numbers=np.zeros(shares * NUMBERS),
    )  # fmt: skip


def _whole_numbers(numbers: int) -> Array:
    return np.zeros(numbers, dtype=np.int64)


def _zeros(numbers: int, dtype: np.dtype[Any]) -> Array:
    """Return zeros that begin at a cache line, so that a vector never lies across two."""
    spare = 64 // dtype.itemsize
    raw = np.zeros(numbers + spare, dtype=dtype)
    skip = -raw.ctypes.data % 64 // dtype.itemsize
    return raw[skip : skip + numbers]


def _tile_rows(layout: MemoryLayout, rows: int, itemsize: int) -> int:
    least = tile_rows(current_level().vector_bytes)
    fitting = TILE_BYTES // (layout.row * itemsize) // least * least
    return max(1, min(rows, _TILES_IN_A_ROW * least, max(least, fitting)))


def _multiply_adds(steps: Array) -> int:
    """Return the multiply-adds of one sample's forward pass."""
    linear = linear_rows(steps)
    return int((linear["inputs"] * linear["outputs"] * linear["positions"]).sum())


def _widest(steps: Array) -> int:
    return max(int(steps[name].max()) for name in ("in_stride", "out_stride", "transposed_stride")) + _LINE
