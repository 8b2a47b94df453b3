"""The memory and the compiled loop of a fit: chosen from counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from chalknet.data import Batches
from chalknet.engine.fused_cpu.blocks import BLOCK, GROUP, SHARE, run_blocks
from chalknet.engine.fused_cpu.chain import (
    DROPOUT,
    IN,
    IN_STRIDE,
    KIND,
    LINEAR,
    NARROW,
    NARROW_OUTPUTS,
    OUT,
    OUT_STRIDE,
    POSITIONS,
    TRAIN_WEIGHT,
    TURNED_STRIDE,
    Layout,
    lay_out,
)
from chalknet.engine.fused_cpu.formulas import loss_address
from chalknet.engine.fused_cpu.losses import CROSS_ENTROPY
from chalknet.engine.fused_cpu.names import CLASS_LOSS, Array
from chalknet.engine.fused_cpu.optimizers import CODES as OPTIMIZER_CODES
from chalknet.engine.fused_cpu.optimizers import DECAY, MOMENTUM, NUMBERS, numbers_of, slots_of
from chalknet.engine.fused_cpu.products import lanes
from chalknet.engine.fused_cpu.steps import Weights
from chalknet.engine.fused_cpu.thread_team import ThreadTeam, run_together
from chalknet.engine.fused_cpu.tiles import Batch, Data, Method, Places, Shared, run_tiles
from chalknet.engine.fused_cpu.vectors import TILE_ROWS
from chalknet.network import Activation, Linear, Network
from chalknet.planning import Recipe

_TILE_BYTES = 512 << 10  # a tile with all that belongs to it: half of a core's own cache
_LARGEST_TILE = 20 * TILE_ROWS
_MOST_SHARES = 8
_LINE = 16  # numbers between what two threads write: a cache line of its own
_FEW_INPUTS, _MANY_UNITS = 8, 64  # what the walk over blocks of hidden units is for
_WORTH_A_THREAD = 60_000  # multiply-adds of an update for each thread: below, the meetings cost more


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
    turned: Array
    companions: tuple[Array, Array, Array]


def make_store(layout: Layout, recipe: Recipe, dtype: np.dtype[Any]) -> Store:
    """Return zeros for the weights and for the companions that the recipe's optimizer writes."""
    first, second, third = (_zeros(layout.weights if used else 0, dtype) for used in slots_of(recipe))
    return Store(_zeros(layout.weights, dtype), _zeros(layout.turned, dtype), (first, second, third))


class Schedule(Protocol):
    """The memory and the compiled loop of one fit."""

    shares: int

    def run(self, order: Array, ahead: int, done: int, losses: Array) -> int:
        """Make as many updates as losses has room for, fewer after one that is no number; return how many.

        Args:
            order: rows of the epochs ahead; empty for the source's own order.
            ahead: number of the first batch in them.
            done: updates made before.
            losses: is filled.
        """


@dataclass(frozen=True)
class Task:
    """What a schedule is made for."""

    network: Network
    recipe: Recipe
    layout: Layout
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

    def method(self, direct: bool) -> Method:
        """Return how the weights are improved."""
        recipe, dtype = self.recipe, self.store.values.dtype.name
        loss = CROSS_ENTROPY if recipe.loss == CLASS_LOSS else loss_address(recipe.loss_row, dtype)
        return Method(
            loss, int(recipe.reduction == "mean"), OPTIMIZER_CODES[recipe.optimizer],
            int(direct), recipe.seed % 2**63, np.array(numbers_of(recipe)), *self.store.companions,
        )  # fmt: skip


def choose_schedule(task: Task) -> Schedule:
    """Return the schedule that suits the counts of a task."""
    return BlockSchedule(task) if walks_blocks(task.network) else TileSchedule(task)


def is_loaded(network: Network, dtype: str) -> bool:
    """Return whether the network's kernel has been compiled or loaded in this process."""
    kernel = run_blocks if walks_blocks(network) else run_tiles
    return any(dtype in str(signature) for signature in kernel.signatures)


def fill_of(network: Network, dtype: np.dtype[Any]) -> int:
    """Return the multiple up to which rows of weights are filled for the network's schedule."""
    return SHARE if walks_blocks(network) else lanes(dtype.itemsize)


def walks_blocks(network: Network) -> bool:
    """Return whether a network is one wide hidden layer between few inputs and few outputs."""
    steps = network.steps
    kinds = [type(step) for step in steps]
    if kinds[:3] != [Linear, Activation, Linear] or set(kinds[3:]) - {Activation}:
        return False
    hidden = steps[1]
    assert isinstance(hidden, Activation)
    shapes = [visit.output_shape for visit in network.walk()]
    if len(network.input_shape) != 1 or not hidden.row.elementwise:
        return False
    inputs, units, outputs = (int(shape[0]) for shape in (network.input_shape, shapes[0], shapes[2]))
    return inputs <= _FEW_INPUTS and units >= _MANY_UNITS and outputs <= NARROW_OUTPUTS


class BlockSchedule:
    """Blocks of hidden units, a share of them for each thread."""

    def __init__(self, task: Task) -> None:
        chain, store, dtype = task.layout.chain, task.store, task.store.values.dtype
        inputs, units, outputs = (
            int(n) for n in (chain.steps[0, IN], chain.steps[0, OUT], chain.steps[2, OUT])
        )
        work = units * (inputs + outputs) * task.rows * 3
        self.shares = max(1, min(task.threads, _MOST_SHARES, units // (2 * SHARE), work // _WORTH_A_THREAD))
        tail = lay_out(
            Network((outputs,), (Activation("identity"), *task.network.steps[3:])),
            dtype,
            lanes(dtype.itemsize),
        )
        rows = task.rows
        x_at = tail.row * rows
        size = x_at + rows * inputs + _LINE
        gradient, other = (at * rows for at in tail.gradient_at)
        self._places = Places(x_at, gradient, other, size)
        room = 3 * GROUP * BLOCK + (1 + inputs + outputs) * BLOCK
        self._weights = Weights(store.values, store.turned, store.turned, _zeros(self.shares * room, dtype))
        self._arenas = _zeros(self.shares * size, dtype)
        self._numbers = np.zeros(self.shares * NUMBERS)
        self._team = ThreadTeam(self.shares)
        self._parts = _zeros(2 * self.shares * (-(-rows * outputs // _LINE) * _LINE), dtype)
        self._chain, self._ending, self._samples = chain, tail.chain, task.samples
        self._batch, self._method = task.batch(rows), task.method(direct=False)

    def run(self, order: Array, ahead: int, done: int, losses: Array) -> int:
        """Make as many updates as losses has room for, fewer after one that is no number; return how many."""
        samples = self._samples
        data = Data(samples.x, samples.y, samples.classes, order)
        keys, picks = np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.int64)

        def updates(threads: int, losses: Array, made: int) -> int:
            counter = np.zeros(_LINE, dtype=np.int64)
            shared = Shared(counter, self._parts, losses, keys, picks, self._arenas, self._numbers)
            return run_together(
                threads,
                lambda thread: run_blocks(
                    thread, threads, self.shares, ahead + made, done + made, self._chain, self._ending, data,
                    self._batch, self._method, self._places, self._weights, shared,
                ),
            )  # fmt: skip

        return self._team.make(updates, losses)


class TileSchedule:
    """Tiles of rows, a share of each batch for each thread."""

    def __init__(self, task: Task) -> None:
        layout, store, recipe = task.layout, task.store, task.recipe
        dtype, chain, rows = store.values.dtype, layout.chain, task.rows
        work = _multiply_adds(chain.steps) * rows * 3
        self.shares = max(1, min(task.threads, _MOST_SHARES, rows // 2, work // _WORTH_A_THREAD))
        tile = _tile_rows(layout, -(-rows // self.shares), dtype.itemsize)
        numbers = numbers_of(recipe)
        direct = (
            self.shares == 1
            and tile >= rows
            and recipe.optimizer == "sgd"
            and numbers[MOMENTUM] == numbers[DECAY] == 0
            and bool(chain.steps[np.isin(chain.steps[:, KIND], (LINEAR, NARROW)), TRAIN_WEIGHT].all())
        )
        size = layout.row * tile
        gradient, other = (at * tile for at in layout.gradient_at)
        places = Places(layout.x_at * tile, gradient, other, size)
        gradients = store.values if direct else _zeros(self.shares * layout.weights, dtype)
        self._weights = Weights(store.values, store.turned, _zeros(_widest(chain.steps), dtype), gradients)
        self._samples, self._chain, self._places = task.samples, chain, places
        self._batch, self._method = task.batch(tile), task.method(direct)
        keys = self.shares * tile if (chain.steps[:, KIND] == DROPOUT).any() else 0
        self._keys = np.zeros(keys, dtype=np.uint32)
        single = tile == 1 and chain.steps[0, KIND] == LINEAR and chain.steps[0, POSITIONS] == 1
        self._picks = np.zeros(chain.steps[0, IN] if single else 0, dtype=np.int64)
        self._arenas = _zeros(self.shares * size, dtype)
        self._numbers = np.zeros(self.shares * NUMBERS)
        self._team = ThreadTeam(self.shares)

    def run(self, order: Array, ahead: int, done: int, losses: Array) -> int:
        """Make as many updates as losses has room for, fewer after one that is no number; return how many."""
        samples = self._samples
        data = Data(samples.x, samples.y, samples.classes, order)
        parts = np.zeros(self.shares * _LINE)

        def updates(threads: int, losses: Array, made: int) -> int:
            counter = np.zeros(_LINE, dtype=np.int64)
            shared = Shared(counter, parts, losses, self._keys, self._picks, self._arenas, self._numbers)
            return run_together(
                threads,
                lambda thread: run_tiles(
                    thread, threads, self.shares, ahead + made, done + made, self._chain, data, self._batch,
                    self._method, self._places, self._weights, shared,
                ),
            )  # fmt: skip

        return self._team.make(updates, losses)


def _zeros(numbers: int, dtype: np.dtype[Any]) -> Array:
    """Return zeros that begin at a cache line, so that a vector never lies across two."""
    spare = 64 // dtype.itemsize
    raw = np.zeros(numbers + spare, dtype=dtype)
    skip = -raw.ctypes.data % 64 // dtype.itemsize
    return raw[skip : skip + numbers]


def _tile_rows(layout: Layout, rows: int, itemsize: int) -> int:
    fitting = _TILE_BYTES // (layout.row * itemsize) // TILE_ROWS * TILE_ROWS
    return max(1, min(rows, _LARGEST_TILE, max(TILE_ROWS, fitting)))


def _multiply_adds(steps: Array) -> int:
    """Return the multiply-adds of one sample on its way forth."""
    linear = steps[np.isin(steps[:, KIND], (LINEAR, NARROW))]
    return int((linear[:, IN] * linear[:, OUT] * linear[:, POSITIONS]).sum())


def _widest(steps: Array) -> int:
    return int(steps[:, [IN_STRIDE, OUT_STRIDE, TURNED_STRIDE]].max()) + _LINE
