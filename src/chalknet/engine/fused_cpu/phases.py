"""How an update is cut into pieces: by the shape alone, so that the numbers are the same on any machine.

Small weights under many rows: each piece takes its rows forward and backward, and sums the gradients of all
weights in a buffer of its own. Else: pieces take rows (or where the weights are large, columns of a layer)
forward and backward, then pieces take lines of the weights, whose gradient they sum over all rows and which
they update at once. A batch that is too large for the arena is walked in chunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

import numpy as np

from chalknet.engine.fused_cpu import step_table as kinds
from chalknet.engine.fused_cpu.names import Array
from chalknet.engine.fused_cpu.step_table import MemoryLayout

ROWS, FORWARD_COLUMNS, BACKWARD_COLUMNS, WEIGHTS, NOTHING = range(5)

_WHOLE_NUMBERS = (
    "kind", "waits_for", "ends",  # all: pieces done before it may begin; whether it writes the loss
    "first", "low", "high",  # rows before its chunk; its rows in it, or lines or columns
    "forward_low", "forward_high", "backward_low", "backward_high",  # steps
    "tile", "slot", "sums", "gather", "loss", "part",  # of rows
    "step", "step_low", "at", "bias", "updates", "shards",  # of weights: several steps whole, or lines of one
    "measures", "summed",  # where the squares of its gradient go, from 1 on; whether it is summed
)  # fmt: skip
PIECE = np.dtype([(name, np.int64) for name in _WHOLE_NUMBERS])
PieceTable: TypeAlias = Annotated[Array, PIECE]
APART = 16  # numbers between what two threads write, so that they do not share a cache line
TAKEN, DONE, LAST = 0, APART, 2 * APART  # what `Shared.counter` has

MOST_PIECES = 16  # of a phase
_PIECE_WORK = 100_000  # multiply-adds at least: a piece costs 0.1 µs to take
_ROWS_TOGETHER = 16  # a product over fewer rows is slower
_LINES_TOGETHER = 16
_MOST_LINE_NUMBERS = 64 << 10  # of a piece of weights: its gradient stays in the core's own cache
_SHARD_ROWS, _SHARD_WEIGHTS = 64, 32 << 10  # rows at least and weights at most for a buffer of its own
_TILE_BYTES = 512 << 10  # half of a core's own cache
_ARENA_BYTES, _CHUNK_ROWS = 8 << 20, 512  # gradients of large weights are read and written for each chunk
_OPTIMIZER_WORK = 8  # multiply-adds that updating a weight is worth
_COLUMN_WORK, _LARGE_COLUMN_WORK = 4_000_000, 1_000_000  # multiply-adds at least of a layer cut into columns
_READING_ROWS = 4  # fewer rows wait for the weights to arrive
_LARGE_WEIGHT_BYTES, _FEW_ROWS = 512 << 10, 128
_MANY_WEIGHTS_BYTES = 2560 << 10  # of all layers: pieces of a few rows would have all of them arrive again
_FEWEST_PANELS = 4
_COLUMNS_TOGETHER = 256  # bytes of them: four vectors
_GATHER_WORK, _ELEMENT_WORK = (
    8,
    16,
)  # multiply-adds that copying a number of x is worth; a number of another step


@dataclass(frozen=True)
class Pieces:
    """The pieces of an update.

    Args:
        table: `PIECE` each, in the order in which they are taken.
        tile: rows that an arena has room for.
        arenas: how many arenas there are.
        gradients: how many buffers for the gradient of all weights.
        room: numbers of a thread for a piece's gradient, where a piece sums and applies it. Where this is
            0 too, gradients go to the weights themselves.
        parts: how many pieces give a part of the loss.
        most: pieces of the widest phase: more threads have nothing to do.
        squares: how many pieces give a part of the squared norm of all gradients.
    """

    table: PieceTable
    tile: int
    arenas: int
    gradients: int
    room: int
    parts: int
    most: int
    squares: int = 0


def pieces_of(
    layout: MemoryLayout, rows: int, itemsize: int, plain_sgd: bool, by_norm: bool = False
) -> Pieces:
    """Return the pieces of an update.

    Args:
        layout: of the network.
        rows: samples in a whole batch.
        itemsize: bytes of a number.
        plain_sgd: whether gradients may be added to the weights themselves.
        by_norm: whether weights wait for the norm of all gradients.
    """
    return _Cut(layout, rows, itemsize, plain_sgd, by_norm).pieces()


def evaluation_pieces(layout: MemoryLayout, rows: int, itemsize: int) -> Pieces:
    """Return the pieces that compute the loss of some rows, and update nothing."""
    return _Cut(layout, rows, itemsize, False, False).forward_alone()


class _Cut:
    def __init__(
        self, layout: MemoryLayout, rows: int, itemsize: int, plain_sgd: bool, by_norm: bool
    ) -> None:
        self._layout, self._rows, self._itemsize, self._plain = layout, rows, itemsize, plain_sgd
        self._by_norm = by_norm
        self._steps = layout.steps
        self._weighted = [int(k) for k in np.flatnonzero(self._steps["weight_at"] != kinds.ABSENT)]
        self._first = self._weighted[0]
        self._whole_batch = bool((self._steps["kind"] == kinds.BATCH_NORM).any())
        self._phases: list[list[dict[str, int]]] = []
        self._parts = self._room = self._squares = 0

    def pieces(self) -> Pieces:
        """Return the pieces, in shards or in phases."""
        shards = min(
            MOST_PIECES, self._rows // _SHARD_ROWS, self._work(self._all) * self._rows // _PIECE_WORK
        )
        if shards > 1 and not self._whole_batch and self._layout.weights <= _SHARD_WEIGHTS:
            return self._in_shards(shards)
        return self._in_chunks()

    @property
    def _all(self) -> range:
        return range(len(self._steps))

    def _work(self, steps: range) -> int:
        """Return the multiply-adds of one sample, forward through some steps."""
        some = self._steps[steps.start : steps.stop]
        linear = some[np.isin(some["kind"], (kinds.LINEAR, kinds.NARROW))]
        return int((linear["inputs"] * linear["outputs"] * linear["positions"]).sum())

    def _elements(self, steps: range) -> int:
        """Return the numbers of one sample that some steps map one by one, or row by row."""
        some = self._steps[steps.start : steps.stop]
        other = some[~np.isin(some["kind"], (kinds.LINEAR, kinds.NARROW))]
        return int((other["outputs"] * other["positions"]).sum())

    def forward_alone(self) -> Pieces:
        """Return pieces of rows forward, each with an arena, and one behind them that writes the loss."""
        work = self._work(self._all) * self._rows // _PIECE_WORK
        each = -(-self._rows // max(1, min(MOST_PIECES, self._rows // _SHARD_ROWS, work)))
        tile = self._tile(each)
        lows = range(0, self._rows, each)
        self._phases = [
            [
                self._row_piece(self._all, low, min(low + each, self._rows), range(0))
                | {"slot": slot, "tile": tile, "sums": 1, "part": slot}
                for slot, low in enumerate(lows)
            ],
            [{"kind": NOTHING}],
        ]
        self._parts = len(lows)
        return self._table(tile, len(lows), 0)

    def _tile(self, rows: int) -> int:
        """Return how many rows of a piece go through the steps at a time."""
        tile = max(1, min(rows, _TILE_BYTES // (self._layout.row * self._itemsize)))
        return tile // _ROWS_TOGETHER * _ROWS_TOGETHER or tile

    def _in_shards(self, shards: int) -> Pieces:
        each = -(-self._rows // shards)
        tile = self._tile(each)
        self._phases.append(
            [
                self._row_piece(self._all, low, min(low + each, self._rows))
                | {"slot": slot, "tile": tile, "sums": 1, "backward_low": self._first, "part": slot}
                for slot, low in enumerate(range(0, self._rows, each))
            ]
        )
        slots = self._parts = len(self._phases[0])
        self._phases.append(self._weight_pieces(0))
        for piece in self._phases[-1]:
            piece.update(updates=1, sums=1, shards=slots)
        self._wait_for_the_norm()
        return self._table(tile, slots, slots)

    def _wait_for_the_norm(self) -> None:
        """Let the last phase measure the gradients alone, and update the weights in one behind it."""
        if not self._by_norm:
            return
        measuring = self._phases[-1]
        self._phases.append([{**piece, "sums": 1, "shards": 1, "summed": 1} for piece in measuring])
        for number, piece in enumerate(measuring, start=1):
            piece.update(updates=0, measures=number)
        self._squares = len(measuring)

    def _in_chunks(self) -> Pieces:
        row_bytes = self._layout.row * self._itemsize
        most = max(
            16 * _ROWS_TOGETHER, min(_CHUNK_ROWS, 4 * _ARENA_BYTES // row_bytes), _ARENA_BYTES // row_bytes
        )
        chunk = -(-self._rows // -(-self._rows // most))  # as large as the others
        chunk = min(self._rows, -(-chunk // _ROWS_TOGETHER) * _ROWS_TOGETHER)
        chunk = self._rows if self._whole_batch else chunk
        chunks = range(0, self._rows, chunk)
        for first in chunks:
            self._forward_and_backward(first, min(chunk, self._rows - first))
            weights = self._weight_pieces(chunk)
            for piece in weights:
                piece.update(first=first, updates=int(first == chunks[-1]))
            self._phases.append(weights)
        self._wait_for_the_norm()
        if len(chunks) > 1 or self._by_norm:
            return self._table(chunk, 1, 1)
        return self._table(chunk, 1, 0, 0 if self._plain else self._room)

    def _forward_and_backward(self, first: int, rows: int) -> None:
        """Add the phases of a chunk up to the gradients of all layers."""
        done = 0
        forward = [k for k in self._all if self._columns(k, "outputs", rows)]
        backward = [k for k in self._all[self._first + 1 :] if self._columns(k, "inputs", rows)]
        for k in forward:
            self._rows_phase(first, rows, range(done, k), gather=done == 0)
            behind = self._elementwise(k + 1, 1)
            self._columns_phase(FORWARD_COLUMNS, first, k, "outputs", {"forward_high": behind})
            done = behind
        stop = len(self._steps)
        low = backward[-1] + 1 if backward else self._first + 1
        self._rows_phase(first, rows, range(done, stop), range(low, stop), gather=done == 0, loss=True)
        for k, after in zip(backward[::-1], [self._first, *backward][: len(backward)][::-1], strict=True):
            before = self._elementwise(k - 1, -1) + 1
            self._columns_phase(BACKWARD_COLUMNS, first, k, "inputs", {"backward_low": before})
            self._rows_phase(first, rows, range(0), range(after + 1, before))

    def _elementwise(self, k: int, by: int) -> int:
        """Return the first step from k on, in a direction, that is no activation by elements."""
        while 0 <= k < len(self._steps) and self._steps["kind"][k] == kinds.ACTIVATION:
            k += by
        return k

    def _columns(self, k: int, side: str, rows: int) -> bool:
        """Return whether a layer is cut into columns: large weights under few rows, or sums over a batch."""
        step = self._steps[k]
        if step["kind"] == kinds.BATCH_NORM:
            return True
        if step["kind"] != kinds.LINEAR or (side == "inputs" and not step["input_gradient"]):
            return False
        panels = int(step[side]) * self._itemsize // _COLUMNS_TOGETHER
        weights = int(step["inputs"] * step["outputs"])
        lines = rows * int(step["positions"])
        by_rows = max(1, rows // _ROWS_TOGETHER)
        if panels < _FEWEST_PANELS:
            return False
        every = (self._layout.weights + self._layout.transposed) * self._itemsize
        large = weights * self._itemsize > _LARGE_WEIGHT_BYTES or every > _MANY_WEIGHTS_BYTES
        if large and rows < MOST_PIECES * _FEW_ROWS:
            return max(lines, _READING_ROWS) * weights >= _LARGE_COLUMN_WORK
        return lines * weights >= _COLUMN_WORK and panels >= 2 * by_rows

    def _columns_phase(self, kind: int, first: int, k: int, side: str, more: dict[str, int]) -> None:
        width, unit = int(self._steps[k][side]), _COLUMNS_TOGETHER // self._itemsize
        each = -(-width // (unit * MOST_PIECES)) * unit
        vector = self._layout.fill
        self._phases.append(
            [
                {
                    "kind": kind,
                    "first": first,
                    "step": k,
                    "low": low,
                    "high": min(low + each, -(-width // vector) * vector),
                }
                | more
                for low in range(0, width, each)
            ]
        )

    def _rows_phase(
        self,
        first: int,
        rows: int,
        forward: range,
        backward: range = range(0),
        gather: bool = False,
        loss: bool = False,
    ) -> None:
        if not (forward or backward or gather or loss):
            return
        products = self._work(forward) + self._work(backward)
        work = rows * (products + gather * _GATHER_WORK * int(self._steps["inputs"][0]))
        work += rows * _ELEMENT_WORK * (self._elements(forward) + self._elements(backward))
        work += rows * _ELEMENT_WORK * loss * int(self._steps["outputs"][-1])
        kinds_here = (
            *self._steps["kind"][forward.start : forward.stop],
            *self._steps["kind"][backward.start : backward.stop],
        )
        together = _ROWS_TOGETHER if kinds.LINEAR in kinds_here else 1
        pieces = max(1, min(MOST_PIECES, work // _PIECE_WORK, rows // together))
        row_bytes = self._layout.row * self._itemsize
        if pieces > 1 and together > 1:
            pieces = max(pieces, min(rows // _ROWS_TOGETHER, -(-rows * row_bytes // _TILE_BYTES)))
        each = -(-rows // pieces)
        each = -(-each // together) * together if pieces > 1 else each
        found = []
        for low in range(0, rows, each):
            piece = self._row_piece(forward, low, min(low + each, rows), backward) | {
                "tile": each,
                "first": first,
            }
            piece |= {"gather": int(gather), "loss": int(loss)}
            if loss:
                piece["part"], self._parts = self._parts, self._parts + 1
            found.append(piece)
        self._phases.append(found)

    def _row_piece(
        self, forward: range, low: int, high: int, backward: range | None = None
    ) -> dict[str, int]:
        back = forward if backward is None else backward
        return {
            "kind": ROWS, "low": low, "high": high,
            "forward_low": forward.start, "forward_high": forward.stop,
            "backward_low": back.start, "backward_high": back.stop,
            "gather": 1, "loss": 1,
        }  # fmt: skip

    def _weight_pieces(self, rows: int) -> list[dict[str, int]]:
        """Return the pieces of all weights, the last step first; so many rows give their gradient."""
        found: list[dict[str, int]] = []
        together = 0  # work of the last piece, while it can take further steps
        for k in reversed(self._weighted):
            step = self._steps[k]
            narrow, lines = step["kind"] == kinds.NARROW, int(step["lines"])
            numbers = int(step["outputs"] if narrow else step["weight_stride"])  # of a line
            work = max(rows * int(step["positions"]), _OPTIMIZER_WORK) * lines * numbers
            pieces = max(min(MOST_PIECES, work // _PIECE_WORK), lines * numbers // _MOST_LINE_NUMBERS, 1)
            if pieces == 1 and together and together + work < _PIECE_WORK:
                found[-1].update(step_low=k, at=int(step["weight_at"]))
            else:
                together = 0
                found += self._cut_lines(k, lines, pieces) if pieces > 1 else [self._lines(k)]
            together = together + work if pieces == 1 else 0
        for piece in found:
            self._room = max(self._room, self._extent(piece))
        return found

    def _lines(self, k: int, low: int = 0, high: int = 0) -> dict[str, int]:
        """Return a piece of some lines of a step; of all of them without any."""
        step = self._steps[k]
        stride = 1 if step["kind"] == kinds.NARROW else int(step["weight_stride"])
        at = int(step["weight_at"]) + low * stride
        return {"kind": WEIGHTS, "step": k, "step_low": k, "low": low, "high": high, "at": at, "shards": 1}

    def _cut_lines(self, k: int, lines: int, pieces: int) -> list[dict[str, int]]:
        each = -(-lines // (_LINES_TOGETHER * pieces)) * _LINES_TOGETHER
        found = [self._lines(k, low, min(low + each, lines)) for low in range(0, lines, each)]
        found[-1]["bias"] = int(self._steps["bias_at"][k] != kinds.ABSENT)
        return found

    def _extent(self, piece: dict[str, int]) -> int:
        """Return how many numbers lie between the first and the last weight of a piece."""
        step = self._steps[piece["step"]]
        whole = step["kind"] == kinds.NARROW or not piece["high"]
        extent = step["extent"] if whole else step["weight_stride"] * piece["high"]
        ends = int(step["weight_at"] + extent)
        return ends + int(step["out_stride"]) - piece["at"]

    def _table(self, tile: int, arenas: int, gradients: int, room: int = 0) -> Pieces:
        table: Array = np.zeros(sum(map(len, self._phases)), dtype=PIECE)
        at = 0
        for phase in self._phases:
            begins = at
            for piece in phase:
                for name, value in piece.items():
                    table[at][name] = value
                table["waits_for"][at] = begins
                at += 1
        table["ends"][at - len(self._phases[-1])] = 1
        most = max(map(len, self._phases))
        return Pieces(table, tile, arenas, gradients, room, self._parts, most, self._squares)
