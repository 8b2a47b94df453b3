"""The network as a structured array that compiled code walks: one record a step, one field a fact.

One compiled kernel serves every network: widths, places in memory and kinds are data, not code.
Weights lie in one vector. A Linear is stored the way its products run along it: `(in, out)` with the rows
filled up to whole vectors, or for few outputs `(out, in)`. What fills up is zero and stays zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import numpy as np

from chalknet.engine.fused_cpu.names import ROW_WISE, Array, is_narrow
from chalknet.network import Activation, Dropout, Flatten, Linear, Network, Visit

if TYPE_CHECKING:
    import torch
    from torch import nn

LINEAR, NARROW, ACTIVATION, DROPOUT, SOFTMAX, LOG_SOFTMAX, FLATTEN = range(7)

_WHOLE_NUMBERS = (
    "kind", "positions", "inputs", "outputs", "in_stride", "out_stride", "in_at", "out_at", "mask_at",
    "weight_at", "weight_stride", "bias_at", "transposed_at", "transposed_stride",
    "train_weight", "train_bias", "input_gradient", "gradient_at", "threshold",
    "forward", "backward", "is_relu",  # of an activation: the addresses of its loops
    "options",  # and of its options
)  # fmt: skip
# What the kernels read of a step; `scale` is what Dropout multiplies kept values by.
STEP = np.dtype([*((name, np.int64) for name in _WHOLE_NUMBERS), ("scale", np.float64)])
Steps: TypeAlias = Annotated[Array, STEP]
ABSENT = -1
_PAGE_BYTES = 4096
_FEW_LINES, _LARGE_BYTES = 4, 512 << 10  # for these, writing a transposed copy takes longer than it saves


@dataclass(frozen=True)
class MemoryLayout:
    """The table, and the memory that it needs.

    Args:
        steps: the table, `STEP` each; places inside the arena are for one row of a tile.
        weights: numbers in the vector of weights.
        transposed: numbers in the transposed copies of weights that the backward pass reads.
        row: numbers of the arena for one row, gathered x, gathered y and gradients included.
        x_at: where the gathered x lies, for one row.
        y_at: where the gathered y lies, for one row.
        weights_at: where what it weighs lies, for one row.
        fill: rows are filled up to a multiple of so many numbers.
    """

    steps: Array
    weights: int
    transposed: int
    row: int
    x_at: int
    y_at: int
    weights_at: int
    fill: int


def lay_out(
    network: Network, dtype: np.dtype[Any], fill: int, rows: int, *, weighs: bool = False
) -> MemoryLayout:
    """Return the table of a network whose steps are all known to the kernels, without addresses of loops.

    Args:
        network: the network.
        dtype: of weights and data.
        fill: rows are filled up to a multiple of so many numbers.
        rows: samples of a batch: few read large weights as they are, and need no transposed copy.
        weighs: whether samples weigh differently.
    """
    builder = _Builder(network, dtype, fill, rows)
    for visit in network.walk():
        builder.add(visit)
    return builder.layout(weighs)


class _Builder:
    """Gives every step its place."""

    def __init__(self, network: Network, dtype: np.dtype[Any], fill: int, rows: int) -> None:
        self._dtype, self._fill, self._rows = dtype, fill, rows
        width = _number(network.input_shape[-1])
        self._positions = prod(_number(size) for size in network.input_shape[:-1])
        self._width, self._stride, self._at = width, width, 0
        self._row = self._filled(self._positions * width)  # x comes first
        self._weights = self._transposed = 0
        self._trainable_before = False
        self._steps: list[dict[str, Any]] = []

    def add(self, visit: Visit) -> None:
        step = visit.step
        row: dict[str, Any] = {**dict.fromkeys(_WHOLE_NUMBERS, 0), "scale": 0.0}
        row["positions"], row["inputs"], row["outputs"] = self._positions, self._width, self._width
        row["in_stride"], row["out_stride"], row["in_at"] = self._stride, self._stride, self._at
        row["bias_at"] = row["transposed_at"] = row["mask_at"] = ABSENT
        row["input_gradient"] = int(self._trainable_before)
        if isinstance(step, Linear):
            self._linear(step, row)
        elif isinstance(step, Activation):
            self._activation(step, row)
        elif isinstance(step, Dropout):
            row["kind"], row["threshold"] = DROPOUT, round(step.p * 2**32)
            row["mask_at"] = self._room(self._positions * self._stride)
            row["scale"] = 0.0 if step.p == 1 else 1 / (1 - step.p)
        elif isinstance(step, Flatten):
            row["kind"], row["outputs"] = FLATTEN, self._positions * self._width
            row["out_stride"] = self._filled(row["outputs"])
            self._positions_behind = 1
        positions = 1 if isinstance(step, Flatten) else self._positions
        row["out_at"] = self._room(positions * row["out_stride"])
        self._positions, self._width, self._stride, self._at = (
            positions, row["outputs"], row["out_stride"], row["out_at"],
        )  # fmt: skip
        self._steps.append(row)

    def _linear(self, step: Linear, row: dict[str, Any]) -> None:
        out = _number(step.out_features)
        narrow = is_narrow(self._width, out)
        row["kind"], row["outputs"], row["out_stride"] = NARROW if narrow else LINEAR, out, self._spread(out)
        row["train_weight"] = row["train_bias"] = 1
        row["weight_stride"] = self._filled(self._width) if narrow else row["out_stride"]
        row["weight_at"] = self._weights
        self._weights += row["weight_stride"] * (out if narrow else self._width)
        if step.bias:
            row["bias_at"] = self._weights
            self._weights += row["out_stride"]
        few = self._rows * self._positions <= _FEW_LINES
        large = row["weight_stride"] * self._width * self._dtype.itemsize > _LARGE_BYTES
        if row["input_gradient"] and not narrow and not (few and large):
            row["transposed_at"], row["transposed_stride"] = self._transposed, self._spread(self._width)
            self._transposed += row["transposed_stride"] * out
        self._trainable_before = True

    def _activation(self, step: Activation, row: dict[str, Any]) -> None:
        if step.kind in ROW_WISE:
            row["kind"] = SOFTMAX if step.kind == "softmax" else LOG_SOFTMAX
            return
        row["kind"], row["is_relu"] = ACTIVATION, int(step.kind == "relu")

    def _filled(self, width: int) -> int:
        return -(-width // self._fill) * self._fill

    def _spread(self, width: int) -> int:
        """Return the width filled up, off the powers of two whose rows fight for one place in the cache."""
        filled = self._filled(width)
        return filled + self._fill * (filled * self._dtype.itemsize % (_PAGE_BYTES // 2) == 0)

    def _room(self, numbers: int) -> int:
        at, self._row = self._row, self._row + self._filled(numbers)
        return at

    def layout(self, weighs: bool) -> MemoryLayout:
        self._place_gradients()
        last = self._steps[-1]
        y_at = self._room(self._positions * last["outputs"])
        weights_at = self._room(1) if weighs else y_at
        steps = np.array([tuple(step.values()) for step in self._steps], dtype=STEP)
        sizes = self._weights, self._transposed, self._row
        return MemoryLayout(steps, *sizes, 0, y_at, weights_at, self._fill)

    def _place_gradients(self) -> None:
        """Give each step's output a place for its gradient; a step that changes it in place shares it."""
        at = ABSENT
        for step, after in zip(reversed(self._steps), [None, *reversed(self._steps)], strict=False):
            if after is None or after["kind"] in _MOVING:
                positions = 1 if step["kind"] == FLATTEN else step["positions"]
                at = self._room(positions * step["out_stride"])
            step["gradient_at"] = at


_MOVING = (LINEAR, NARROW, FLATTEN)  # whose gradient by x lies elsewhere than the one by h


def _number(size: int | str) -> int:
    assert isinstance(size, int)
    return size


def linears_of(module: nn.Module) -> list[nn.Linear]:
    """Return the Linear modules in their order; a Network's table holds no other weights."""
    from torch import nn  # the table itself needs no torch

    return [child for child in module.modules() if isinstance(child, nn.Linear)]


def linear_rows(steps: Array) -> Array:
    """Return the rows of the Linear steps."""
    return steps[np.isin(steps["kind"], (LINEAR, NARROW))]


def multiply_adds(steps: Array) -> int:
    """Return the multiply-adds of one sample's forward pass."""
    linear = linear_rows(steps)
    return int((linear["inputs"] * linear["outputs"] * linear["positions"]).sum())


def weight_views(steps: Array, vector: torch.Tensor) -> list[dict[str, torch.Tensor]]:
    """Return for each Linear the places of its weight `(out, in)` and bias `(out,)` inside a vector."""
    views = []
    for row in linear_rows(steps):
        narrow, at, stride = row["kind"] == NARROW, row["weight_at"], row["weight_stride"]
        strides = (stride, 1) if narrow else (1, stride)
        view = {"weight": vector.as_strided((row["outputs"], row["inputs"]), strides, at)}
        if row["bias_at"] != ABSENT:
            view["bias"] = vector[row["bias_at"] : row["bias_at"] + row["outputs"]]
        views.append(view)
    return views


def transposed_views(steps: Array, vector: torch.Tensor) -> list[torch.Tensor | None]:
    """Return for each Linear the place of its transposed copy `(out, in)`, None where there is none."""
    linears = linear_rows(steps)
    return [
        None
        if at == ABSENT
        else vector.as_strided((row["outputs"], row["inputs"]), (row["transposed_stride"], 1), at)
        for row, at in zip(linears, linears["transposed_at"], strict=True)
    ]
