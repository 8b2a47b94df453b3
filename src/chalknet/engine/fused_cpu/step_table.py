"""The network as a table of whole numbers that compiled code walks: one row a step, one column a fact.

One compiled kernel serves every network: widths, places in memory and kinds are data, not code.
Weights lie in one vector. A Linear is stored the way its products run along it: `(in, out)` with the rows
filled up to whole vectors, or for few outputs `(out, in)`. What fills up is zero and stays zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from chalknet.engine.fused_cpu.formulas import backward_address, forward_address
from chalknet.engine.fused_cpu.names import NARROW_OUTPUTS, ROW_WISE, Array
from chalknet.network import Activation, Dropout, Flatten, Linear, Network, Visit

LINEAR, NARROW, ACTIVATION, DROPOUT, SOFTMAX, LOG_SOFTMAX, FLATTEN = range(7)

(KIND, POSITIONS, IN, OUT, IN_STRIDE, OUT_STRIDE, IN_AT, OUT_AT, MASK_AT) = range(9)
(WEIGHT_AT, WEIGHT_STRIDE, BIAS_AT, TRANSPOSED_AT, TRANSPOSED_STRIDE) = range(9, 14)
(TRAIN_WEIGHT, TRAIN_BIAS, INPUT_GRADIENT, THRESHOLD) = range(14, 18)
(FORWARD, BACKWARD, IS_RELU, FIELDS) = range(18, 22)  # of an activation: the addresses of its loops
ABSENT = -1
_PAGE_BYTES = 4096


class StepTable(NamedTuple):
    """What the kernels read of a network.

    Args:
        steps: `(steps, FIELDS)`; places inside the arena are for one row of a tile.
        scales: `(steps,)`: what Dropout multiplies kept values by.
    """

    steps: Array
    scales: Array


@dataclass(frozen=True)
class MemoryLayout:
    """The table, and how much memory it speaks of.

    Args:
        table: the table.
        weights: numbers in the vector of weights.
        transposed: numbers in the transposed copies of weights that the backward pass reads.
        row: numbers of the arena for one row of a tile, gathered x and gradients included.
        x_at: where the gathered x lies, for one row.
        gradient_at: where the two gradients lie, for one row.
    """

    table: StepTable
    weights: int
    transposed: int
    row: int
    x_at: int
    gradient_at: tuple[int, int]


def lay_out(network: Network, dtype: np.dtype[Any], fill: int) -> MemoryLayout:
    """Return the table of a network whose steps are all known to the kernels.

    Args:
        network: the network.
        dtype: of weights and data.
        fill: rows are filled up to a multiple of so many numbers.
    """
    builder = _Builder(network, dtype, fill)
    for visit in network.walk():
        builder.add(visit)
    return builder.layout()


class _Builder:
    """Gives every step its place."""

    def __init__(self, network: Network, dtype: np.dtype[Any], fill: int) -> None:
        self._dtype, self._fill = dtype, fill
        width = _number(network.input_shape[-1])
        self._positions = prod(_number(size) for size in network.input_shape[:-1])
        self._width, self._stride, self._at = width, width, 0
        self._row = self._filled(self._positions * width)  # x comes first
        self._largest = self._row
        self._weights = self._transposed = 0
        self._trainable_before = False
        self._steps: list[list[int]] = []
        self._scales: list[float] = []

    def add(self, visit: Visit) -> None:
        step = visit.step
        row = [0] * FIELDS
        row[POSITIONS], row[IN], row[OUT] = self._positions, self._width, self._width
        row[IN_STRIDE], row[OUT_STRIDE], row[IN_AT] = self._stride, self._stride, self._at
        row[BIAS_AT] = row[TRANSPOSED_AT] = row[MASK_AT] = ABSENT
        row[INPUT_GRADIENT] = int(self._trainable_before)
        scale = 0.0
        if isinstance(step, Linear):
            self._linear(step, row)
        elif isinstance(step, Activation):
            self._activation(step, row)
        elif isinstance(step, Dropout):
            row[KIND], row[THRESHOLD] = DROPOUT, round(step.p * 2**32)
            row[MASK_AT] = self._room(self._positions * self._stride)
            scale = 0.0 if step.p == 1 else 1 / (1 - step.p)
        elif isinstance(step, Flatten):
            row[KIND], row[OUT] = FLATTEN, self._positions * self._width
            row[OUT_STRIDE] = self._filled(row[OUT])
            self._positions_behind = 1
        positions = 1 if isinstance(step, Flatten) else self._positions
        row[OUT_AT] = self._room(positions * row[OUT_STRIDE])
        self._positions, self._width, self._stride, self._at = (
            positions, row[OUT], row[OUT_STRIDE], row[OUT_AT],
        )  # fmt: skip
        self._largest = max(self._largest, positions * row[OUT_STRIDE])
        self._steps.append(row)
        self._scales.append(scale)

    def _linear(self, step: Linear, row: list[int]) -> None:
        out = _number(step.out_features)
        narrow = out <= NARROW_OUTPUTS
        row[KIND], row[OUT], row[OUT_STRIDE] = NARROW if narrow else LINEAR, out, self._spread(out)
        row[TRAIN_WEIGHT] = row[TRAIN_BIAS] = 1
        row[WEIGHT_STRIDE] = self._filled(self._width) if narrow else row[OUT_STRIDE]
        row[WEIGHT_AT] = self._weights
        self._weights += row[WEIGHT_STRIDE] * (out if narrow else self._width)
        if step.bias:
            row[BIAS_AT] = self._weights
            self._weights += row[OUT_STRIDE]
        if row[INPUT_GRADIENT] and not narrow:
            row[TRANSPOSED_AT], row[TRANSPOSED_STRIDE] = self._transposed, self._spread(self._width)
            self._transposed += row[TRANSPOSED_STRIDE] * out
        self._trainable_before = True

    def _activation(self, step: Activation, row: list[int]) -> None:
        if step.kind in ROW_WISE:
            row[KIND] = SOFTMAX if step.kind == "softmax" else LOG_SOFTMAX
            return
        row[KIND], row[IS_RELU] = ACTIVATION, int(step.kind == "relu")
        row[FORWARD] = forward_address(step, self._dtype.name)
        row[BACKWARD] = backward_address(step, self._dtype.name)

    def _filled(self, width: int) -> int:
        return -(-width // self._fill) * self._fill

    def _spread(self, width: int) -> int:
        """Return the width filled up, off the powers of two whose rows fight for one place in the cache."""
        filled = self._filled(width)
        return filled + self._fill * (filled * self._dtype.itemsize % (_PAGE_BYTES // 2) == 0)

    def _room(self, numbers: int) -> int:
        at, self._row = self._row, self._row + self._filled(numbers)
        return at

    def layout(self) -> MemoryLayout:
        gradient_at = (self._room(self._largest), self._room(self._largest))
        table = StepTable(np.array(self._steps, dtype=np.int64), np.array(self._scales, dtype=self._dtype))
        return MemoryLayout(table, self._weights, self._transposed, self._row, 0, gradient_at)


def _number(size: int | str) -> int:
    assert isinstance(size, int)
    return size


def linears_of(module: nn.Module) -> list[nn.Linear]:
    """Return the Linear modules in their order; a Network's table holds no other weights."""
    return [child for child in module.modules() if isinstance(child, nn.Linear)]


def weight_views(steps: Array, vector: torch.Tensor) -> list[dict[str, torch.Tensor]]:
    """Return for each Linear the places of its weight `(out, in)` and bias `(out,)` inside a vector."""
    views = []
    for row in steps[np.isin(steps[:, KIND], (LINEAR, NARROW))].tolist():
        narrow, at, stride = row[KIND] == NARROW, row[WEIGHT_AT], row[WEIGHT_STRIDE]
        strides = (stride, 1) if narrow else (1, stride)
        view = {"weight": vector.as_strided((row[OUT], row[IN]), strides, at)}
        if row[BIAS_AT] != ABSENT:
            view["bias"] = vector[row[BIAS_AT] : row[BIAS_AT] + row[OUT]]
        views.append(view)
    return views


def transposed_views(steps: Array, vector: torch.Tensor) -> list[torch.Tensor | None]:
    """Return for each Linear the place of its transposed copy `(out, in)`, None where there is none."""
    return [
        None
        if row[TRANSPOSED_AT] == ABSENT
        else vector.as_strided((row[OUT], row[IN]), (row[TRANSPOSED_STRIDE], 1), row[TRANSPOSED_AT])
        for row in steps[np.isin(steps[:, KIND], (LINEAR, NARROW))].tolist()
    ]
