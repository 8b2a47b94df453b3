"""The memory and the compiled loop of a fit: chosen from counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from chalknet.data import Batches
from chalknet.engine.fused_cpu import step_table as kinds
from chalknet.engine.fused_cpu.calls import PackedCall
from chalknet.engine.fused_cpu.kernels import Kernel, run_blocks, run_updates
from chalknet.engine.fused_cpu.loops import link_loops, loops_unit, loss_address, loss_options_address
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
    room_for,
)
from chalknet.engine.fused_cpu.names import (
    BLOCK,
    CLASS_LOSSES,
    SAMPLES,
    SHARE,
    Array,
    walks_blocks,
)
from chalknet.engine.fused_cpu.needs import block_shares, piece_threads, update_work, whole_lines
from chalknet.engine.fused_cpu.object_file import Unit, current_level
from chalknet.engine.fused_cpu.optimizer_rows import (
    CODES,
    NUMBERS,
    first_sum,
    is_plain_sgd,
    numbers_of,
    slots_of,
)
from chalknet.engine.fused_cpu.phases import (
    APART,
    FORWARD_COLUMNS,
    LAST,
    WEIGHTS,
    Pieces,
    evaluation_pieces,
    pieces_of,
)
from chalknet.engine.fused_cpu.samples import Samples
from chalknet.engine.fused_cpu.step_table import MemoryLayout, lay_out, weighted_rows
from chalknet.engine.fused_cpu.thread_team import ThreadTeam, run_together
from chalknet.network import Activation, Network, numbers
from chalknet.planning import Recipe

_PAST_ALL = 1 << 62
_LINE = 16  # numbers between what two threads write: a cache line of its own

# Multiply-adds: with fewer of an update a thread, more threads were not faster on 16 cores.
_WORK_OF_A_THREAD = 16_000_000


@dataclass(frozen=True)
class Store:
    """The weights of a fit and what its optimizer keeps beside them."""

    values: Array
    transposed: Array
    running: Array
    optimizer_state: OptimizerState


def make_store(layout: MemoryLayout, recipe: Recipe, dtype: np.dtype[Any]) -> Store:
    """Return zeros for the weights and for what the recipe's optimizer keeps of them."""
    state = OptimizerState(*(_zeros(layout.weights if used else 0, dtype) for used in slots_of(recipe)))
    state.second.fill(first_sum(recipe))
    values, transposed = _zeros(layout.weights, dtype), _zeros(layout.transposed, dtype)
    return Store(values, transposed, _zeros(layout.running, dtype), state)


class PerUpdate(NamedTuple):
    """What each update of a call has of its own; empty where all have the same.

    Args:
        rates: learning rates.
        products: of momenta.
    """

    rates: Array
    products: Array


EVERY_UPDATE_ALIKE = PerUpdate(np.empty(0), np.empty(0))


class Schedule:
    """The memory and the compiled loop of one fit.

    Args:
        shares: in how many parts an update is split for threads.
        threads: at most so many take part.
        kernel: makes the updates of a `Fit` and a `Turn`.
        before: its arguments before these two.
        fit: the memory; the order and the losses are put in at each run.
        work: multiply-adds of an update.
    """

    def __init__(
        self, shares: int, threads: int, kernel: Kernel, before: tuple[Any, ...], fit: Fit, work: int
    ) -> None:
        self.shares, self._fit = shares, fit
        self._call = PackedCall(kernel, (*before, fit, Turn(0, 1, shares, 0, 0)))
        self._team = ThreadTeam(threads, work // _WORK_OF_A_THREAD)

    def run(
        self,
        order: Array,
        ahead: int,
        done: int,
        losses: Array,
        samples: Samples | None = None,
        per_update: PerUpdate = EVERY_UPDATE_ALIKE,
    ) -> int:
        """Make as many updates as losses has room for, up to no number or the target; return how many.

        Args:
            order: rows of the epochs ahead; empty for the samples' own order.
            ahead: number of the first batch in them.
            done: updates made before.
            losses: is filled.
            samples: some batches that are taken as an epoch; None for those of the task.
            per_update: the numbers of each update.
        """
        changed: dict[str, Array | int] = {"order": order}
        if samples is not None:
            n, size = len(samples.x) // self._fit.batch.features, self._fit.batch.size
            changed |= {"samples": n, "source": n, "per_epoch": -(-n // size)}
            changed |= {name: vars(samples)[name] for name in ("x", "y", "classes", "weights")}

        def updates(threads: int, losses: Array, made: int) -> int:
            counter = _whole_numbers(LAST + 1)
            counter[LAST] = _PAST_ALL
            each = {name: numbers[made:] for name, numbers in per_update._asdict().items()}
            now = {"ahead": ahead + made, "done": done + made, "threads": threads}
            words = self._call.words(**changed, **each, **now, counter=counter, losses=losses)

            def work(thread: int) -> int:
                own = words.copy()
                own[self._call.at("thread")] = thread
                return self._call(own)

            try:
                return min(run_together(threads, work), int(counter[LAST]))
            except BaseException:  # the other threads wait for this one: let them pass every barrier
                counter[0] = _PAST_ALL
                raise

        return self._team.make(updates, losses, self._fit.rule.target)


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

    def batch(self, tile: int, room: int = 0) -> Batch:
        """Return how the samples are cut, with arenas for so many rows, and room for a piece's gradient."""
        batches, n = self.batches, len(self.batches.source)
        features = prod(numbers(self.network.input_shape))
        return Batch(
            batches.size, batches.samples_per_epoch, n, batches.updates_per_epoch,
            features, self.samples.targets, tile, self.first_linear, room,
        )  # fmt: skip

    @property
    def first_linear(self) -> int:
        """Return the first step with weights."""
        return int((self.layout.steps["weight_at"] != kinds.ABSENT).argmax())

    def rule(self, direct: bool) -> UpdateRule:
        """Return how the weights are updated."""
        recipe, dtype = self.recipe, self.store.values.dtype.name
        target = -math.inf if recipe.target_loss is None else float(recipe.target_loss)
        row, code = recipe.loss_row, CLASS_LOSSES.get(recipe.loss_row.name)
        loss = loss_address(row, dtype) if code is None else code
        return UpdateRule(
            loss, loss_options_address(row) if code is None else 0, int(recipe.reduction == "mean"),
            CODES[recipe.optimizer], int(direct), recipe.seed % 2**63, target, row.options.get("gamma", 0.0),
            recipe.l1, recipe.l2, recipe.clip_norm or 0.0, recipe.clip_value or 0.0,
            np.array(numbers_of(recipe)), self.store.optimizer_state,
        )  # fmt: skip

    @property
    def data(self) -> Data:
        """Return the samples, in an order that is still to come."""
        samples = self.samples
        return Data(samples.x, samples.y, samples.classes, _whole_numbers(0), samples.weights)


def choose_schedule(task: Task) -> Schedule:
    """Return the schedule that suits the counts of a task."""
    return block_schedule(task) if walks_blocks(task.network, task.recipe) else piece_schedule(task)


def units_of(network: Network, recipe: Recipe, dtype: str) -> tuple[Unit, Unit]:
    """Return what a fit calls: the kernel of its schedule, and the loops of activations and losses."""
    return _kernel_unit(walks_blocks(network, recipe), dtype), loops_unit(dtype)


@cache
def _kernel_unit(blocks: bool, dtype: str) -> Unit:
    return (run_blocks if blocks else run_updates).unit(dtype)


def layout_of(network: Network, recipe: Recipe, dtype: np.dtype[Any], rows: int) -> MemoryLayout:
    """Return the table of a network, its activations linked, for the schedule of its fit."""
    blocks = walks_blocks(network, recipe)
    fill = SHARE if blocks else current_level().lanes(dtype.itemsize)
    layout = lay_out(network, dtype, fill, rows, weighs=recipe.weighs)
    link_loops(layout.steps, network, dtype.name, blocks=blocks)
    return layout


def block_schedule(task: Task) -> Schedule:
    """Return the schedule by blocks of hidden units, a share of them for each thread."""
    steps, store, rows = task.layout.steps, task.store, task.batches.size
    dtype = store.values.dtype
    inputs, units, outputs = map(int, (*steps[["inputs", "outputs"]][0], steps["outputs"][2]))
    shares = block_shares((inputs, units, outputs), rows)
    behind = Network((outputs,), (Activation("identity"), *task.network.steps[3:]))
    tail = lay_out(behind, dtype, current_level().lanes(dtype.itemsize), rows, weighs=task.recipe.weighs)
    link_loops(tail.steps, behind, dtype.name)
    places = _places(tail, rows, tail.row * rows, tail.row * rows + rows * inputs + _LINE)
    room = room_for((inputs, units, outputs), rows, shares, dtype.itemsize)
    whole = -(-rows // SAMPLES) * SAMPLES
    parts = _zeros(2 * shares * (-(-whole * outputs // _LINE) * _LINE), dtype)
    shared = _shared(task, shares, shares * places.size)._replace(parts=parts)
    gradients = _zeros(shares * room.size, dtype)
    weights = WeightBuffers(store.values, store.transposed, _zeros(BLOCK, dtype), gradients, store.running)
    fit = Fit(tail.steps, task.data, task.batch(rows), task.rule(direct=False), places, weights, shared)
    threads, work = min(shares, task.threads), update_work(steps, rows)
    return Schedule(shares, threads, run_blocks, (steps, room), fit, work)


def piece_schedule(task: Task) -> Schedule:
    """Return the schedule by pieces of an update."""
    layout, store, rows = task.layout, task.store, task.batches.size
    dtype, steps = store.values.dtype, layout.steps
    plain, recipe = is_plain_sgd(task.recipe) and _all_trained(steps), task.recipe
    pieces = _pieces(layout, rows, dtype.itemsize, plain, recipe.clip_norm is not None)
    work = update_work(steps, rows)
    threads = piece_threads(pieces, work, task.threads)
    places = _places(layout, pieces.tile)
    keys = pieces.arenas * pieces.tile if (steps["kind"] == kinds.DROPOUT).any() else 0
    shared = _shared(task, threads, pieces.arenas * places.size)._replace(
        parts=np.zeros((pieces.parts + bool(recipe.l1 or recipe.l2)) * APART),
        squares=np.zeros(pieces.squares * APART),
        keys=np.zeros(keys, dtype=np.uint32),
        nonzero=_whole_numbers(
            1 + steps["inputs"][0] if _takes_sparse_rows(steps, rows, pieces.table) else 0
        ),
    )
    room = whole_lines(pieces.room)
    direct = not pieces.gradients and not room
    gradients = store.values if direct else _zeros(pieces.gradients * layout.weights + threads * room, dtype)
    zeros = _zeros(_widest(steps), dtype)
    weights = WeightBuffers(store.values, store.transposed, zeros, gradients, store.running)
    fit = Fit(steps, task.data, task.batch(pieces.tile, room), task.rule(direct), places, weights, shared)
    return Schedule(1, threads, run_updates, (pieces.table,), fit, work)


def _pieces(layout: MemoryLayout, *asked: Any) -> Pieces:
    """Return the pieces of an update: those of many fits of one network, as a search makes, are cut once."""
    others = tuple(value for name, value in vars(layout).items() if name != "steps")
    return _cut_pieces(layout.steps.tobytes(), layout.steps.dtype, others, asked)


@lru_cache(maxsize=256)
def _cut_pieces(table: bytes, row: np.dtype[Any], others: tuple[int, ...], asked: tuple[Any, ...]) -> Pieces:
    return pieces_of(MemoryLayout(np.frombuffer(table, row), *others), *asked)


def _takes_sparse_rows(steps: Array, rows: int, pieces: Array) -> bool:
    """Return whether zeros of x are skipped: a batch is one sample, and the first step one piece."""
    if rows > 1 or steps["kind"][0] != kinds.LINEAR or steps["positions"][0] != 1:
        return False
    first = pieces[(pieces["step_low"] == 0) & np.isin(pieces["kind"], (FORWARD_COLUMNS, WEIGHTS))]
    return len(first) == 1


def _all_trained(steps: Array) -> bool:
    return bool(weighted_rows(steps)["train_weight"].all())


def _places(layout: MemoryLayout, rows: int, x_at: int | None = None, size: int | None = None) -> Places:
    """Return the places of an arena for so many rows."""
    gradient = int(layout.steps["gradient_at"][-1]) * rows
    return Places(
        layout.x_at * rows if x_at is None else x_at,
        gradient,
        layout.y_at * rows,
        layout.weights_at * rows,
        layout.row * rows if size is None else size,
    )


def _shared(task: Task, shares: int, arena: int) -> Shared:
    """Return what the threads share, as far as both schedules have it; losses are put in at each run."""
    dtype = task.store.values.dtype
    return Shared(
        counter=_whole_numbers(LAST + 1), parts=np.zeros(shares * _LINE), losses=np.empty(0),
        keys=np.zeros(0, dtype=np.uint32), nonzero=_whole_numbers(0), arenas=_zeros(arena, dtype),
        numbers=np.zeros(shares * NUMBERS), rates=np.empty(0), products=np.empty(0), squares=np.empty(0),
    )  # fmt: skip


def _whole_numbers(numbers: int) -> Array:
    return np.zeros(numbers, dtype=np.int64)


def _zeros(numbers: int, dtype: np.dtype[Any]) -> Array:
    """Return zeros that begin at a cache line, so that a vector never lies across two."""
    spare = 64 // dtype.itemsize
    raw = np.zeros(numbers + spare, dtype=dtype)
    skip = -raw.ctypes.data % 64 // dtype.itemsize
    return raw[skip : skip + numbers]


def _widest(steps: Array) -> int:
    return max(int(steps[name].max()) for name in ("in_stride", "out_stride", "transposed_stride")) + _LINE


def evaluation_of(task: Task, samples: Samples) -> Callable[[], float]:
    """Return what computes the mean loss of samples with the weights that a task has at the time.

    It runs the kernel of updates on pieces that go forward alone: no weight is changed.
    """
    layout, steps = task.layout, task.layout.steps.copy()
    steps["threshold"], steps["scale"] = 0, np.where(steps["kind"] == kinds.DROPOUT, 1.0, 0.0)
    steps["kind"][steps["kind"] == kinds.BATCH_NORM] = kinds.FIXED_NORM
    dtype, features = task.store.values.dtype, prod(numbers(task.network.input_shape))
    n = len(samples.x) // features
    pieces = evaluation_pieces(layout, n, dtype.itemsize)
    work = update_work(steps, n) // 3
    threads = piece_threads(pieces, work, task.threads)
    places = _places(layout, pieces.tile)
    keys = pieces.arenas * pieces.tile if (steps["kind"] == kinds.DROPOUT).any() else 0
    losses = np.empty(1)
    shared = _shared(task, threads, pieces.arenas * places.size)._replace(
        parts=np.zeros(pieces.parts * APART), keys=np.zeros(keys, dtype=np.uint32), losses=losses
    )
    batch = Batch(n, n, n, 1, features, samples.targets, pieces.tile, task.first_linear, 0)
    rule = task.rule(direct=False)._replace(l1=0.0, l2=0.0, mean=1, target=-math.inf)
    data = Data(samples.x, samples.y, samples.classes, _whole_numbers(0), samples.weights)
    zeros, store = _zeros(_widest(steps), dtype), task.store
    weights = WeightBuffers(store.values, store.transposed, zeros, _zeros(0, dtype), store.running)
    fit = Fit(steps, data, batch, rule, places, weights, shared)

    call = PackedCall(run_updates, (pieces.table, fit, Turn(0, threads, 1, 0, 0)))
    words = [call.words(thread=thread) for thread in range(threads)]

    def evaluated() -> float:
        shared.counter[:] = 0
        shared.counter[LAST] = _PAST_ALL
        run_together(threads, lambda thread: call(words[thread]))
        return float(losses[0])

    return evaluated
