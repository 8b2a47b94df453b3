"""The network as a structured array that compiled code walks: one record a step, one field a fact.

One compiled kernel serves every network: widths, places in memory and kinds are data, not code.
Weights lie in one vector, in lines filled up to whole vectors. A Linear is stored the way its products run
along it: `(in, out)`, or for few outputs `(out, in)`; the factors of a norm and the slopes of PReLU are one
line. What fills up is zero and stays zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import numpy as np

from chalknet.engine.fused_cpu.names import ROW_WISE, Array, is_narrow
from chalknet.network import (
    Activation,
    BatchNorm,
    Dropout,
    Embed,
    Flatten,
    LayerNorm,
    Linear,
    Network,
    PReLU,
    Residual,
    Step,
)

if TYPE_CHECKING:
    import torch
    from torch import nn

LINEAR, NARROW, ACTIVATION, DROPOUT, SOFTMAX, LOG_SOFTMAX, FLATTEN = range(7)
# FIXED_NORM is a BatchNorm by its running averages; a Residual begins with SKIP and ends with ADD.
PRELU, LAYER_NORM, BATCH_NORM, FIXED_NORM, EMBED, SKIP, ADD = range(7, 14)

_WHOLE_NUMBERS = (
    "kind", "positions", "inputs", "outputs", "in_stride", "out_stride", "in_at", "out_at",
    "mask_at", "mask_stride",  # what a step keeps of each row for the backward pass
    "weight_at", "weight_stride", "bias_at", "transposed_at", "transposed_stride",
    "lines", "line", "extent",  # of weights: lines that a piece takes some of, numbers of one, of all
    "penalised",  # whether penalties are taken of them
    "running_at",  # of a BatchNorm: what it keeps beside its weights, a line each
    "train_weight", "train_bias", "input_gradient", "gradient_at", "threshold",
    "forward", "backward", "is_relu",  # of an activation: the addresses of its loops
    "options",  # and of its options
)  # fmt: skip
# What the kernels read of a step; `scale` is what Dropout multiplies kept values by, or a norm's momentum.
_NUMBERS = ("scale", "eps")
STEP = np.dtype([*((n, np.int64) for n in _WHOLE_NUMBERS), *((n, np.float64) for n in _NUMBERS)])
Steps: TypeAlias = Annotated[Array, STEP]
ABSENT = -1
RUNNING_LINES = 6
_PAGE_BYTES = 4096
_FEW_LINES, _LARGE_BYTES = 4, 512 << 10  # for these, writing a transposed copy takes longer than it saves


@dataclass(frozen=True)
class MemoryLayout:
    """The table, and the memory that it needs.

    Args:
        steps: the table, `STEP` each; places inside the arena are for one row of a tile.
        weights: numbers in the vector of weights.
        transposed: numbers in the transposed copies of weights that the backward pass reads.
        running: numbers beside the weights that are averaged and not fitted.
        row: numbers of the arena for one row, gathered x, gathered y and gradients included.
        x_at: where the gathered x lies, for one row.
        y_at: where the gathered y lies, for one row.
        weights_at: where what it weighs lies, for one row.
        fill: rows are filled up to a multiple of so many numbers.
    """

    steps: Array
    weights: int
    transposed: int
    running: int
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
    for step in network.steps:
        builder.add(step)
    return builder.layout(weighs)


class _Builder:
    """Gives every step its place."""

    def __init__(self, network: Network, dtype: np.dtype[Any], fill: int, rows: int) -> None:
        self._dtype, self._fill, self._rows = dtype, fill, rows
        width = _number(network.input_shape[-1])
        self._positions = prod(_number(size) for size in network.input_shape[:-1])
        self._width, self._stride, self._at = width, width, 0
        self._row = self._filled(self._positions * width)  # x comes first
        self._weights = self._transposed = self._running = 0
        self._trainable_before = False
        self._steps: list[dict[str, Any]] = []
        self._sums: list[
            tuple[dict[str, Any], dict[str, Any]]
        ] = []  # of residual blocks, with their beginnings

    def add(self, step: Step) -> None:
        """Add the row of a step; of a Residual the rows of its steps too, and the sum."""
        row = self._begun()
        _ADDERS[type(step)](self, step, row)
        self._end(row)
        if isinstance(step, Residual):
            for inner in step.steps:
                self.add(inner)
            total = self._begun()
            total["kind"], total["mask_at"], total["mask_stride"] = ADD, row["out_at"], row["out_stride"]
            self._end(total)
            self._sums.append((row, total))

    def _begun(self) -> dict[str, Any]:
        row: dict[str, Any] = {**dict.fromkeys(_WHOLE_NUMBERS, 0), **dict.fromkeys(_NUMBERS, 0.0)}
        row["positions"], row["inputs"], row["outputs"] = self._positions, self._width, self._width
        row["in_stride"], row["out_stride"], row["in_at"] = self._stride, self._stride, self._at
        row |= dict.fromkeys(("weight_at", "bias_at", "transposed_at", "mask_at", "running_at"), ABSENT)
        row["input_gradient"] = int(self._trainable_before)
        return row

    def _end(self, row: dict[str, Any]) -> None:
        positions = 1 if row["kind"] == FLATTEN else self._positions
        row["out_at"] = self._room(positions * row["out_stride"])
        self._positions, self._width, self._stride, self._at = (
            positions, row["outputs"], row["out_stride"], row["out_at"],
        )  # fmt: skip
        self._trainable_before |= row["weight_at"] != ABSENT
        self._steps.append(row)

    def _weight(self, row: dict[str, Any], line: int, *, bias: bool) -> None:
        """Give a step one line of weights, and a bias behind it."""
        row["train_weight"] = row["train_bias"] = row["lines"] = 1
        row["line"], row["weight_at"], row["weight_stride"] = line, self._weights, self._filled(line)
        row["extent"] = row["weight_stride"]
        self._weights += row["extent"]
        if bias:
            row["bias_at"] = self._weights
            self._weights += self._filled(row["out_stride"])

    def _dropout(self, step: Dropout, row: dict[str, Any]) -> None:
        row["kind"], row["threshold"] = DROPOUT, round(step.p * 2**32)
        row["mask_at"], row["mask_stride"] = self._room(self._positions * self._stride), self._stride
        row["scale"] = 0.0 if step.p == 1 else 1 / (1 - step.p)

    def _flatten(self, step: Flatten, row: dict[str, Any]) -> None:
        row["kind"], row["outputs"] = FLATTEN, self._positions * self._width
        row["out_stride"] = self._filled(row["outputs"])

    def _prelu(self, step: PReLU, row: dict[str, Any]) -> None:
        row["kind"] = PRELU
        self._weight(row, self._width if step.per_feature else 1, bias=False)

    def _layer_norm(self, step: LayerNorm, row: dict[str, Any]) -> None:
        row["kind"], row["eps"], row["mask_stride"] = LAYER_NORM, step.eps, 2  # mean and 1 / deviation
        row["mask_at"] = self._room(self._positions * row["mask_stride"])
        if step.affine:
            self._weight(row, self._width, bias=step.bias)

    def _batch_norm(self, step: BatchNorm, row: dict[str, Any]) -> None:
        row["kind"], row["eps"], row["scale"] = BATCH_NORM, step.eps, step.momentum
        row["running_at"] = self._running
        self._running += RUNNING_LINES * row["out_stride"]
        if step.affine:
            self._weight(row, self._width, bias=step.bias)

    def _embed(self, step: Embed, row: dict[str, Any]) -> None:
        categories, width = _number(step.categories), _number(step.width)
        row["kind"], row["outputs"] = EMBED, self._width - 1 + width
        row["out_stride"], row["penalised"] = self._filled(row["outputs"]), 1
        row["train_weight"], row["lines"], row["line"] = 1, categories, width
        row["weight_at"], row["weight_stride"] = self._weights, self._filled(width)
        row["extent"] = row["weight_stride"] * categories
        self._weights += row["extent"]

    def _residual(self, step: Residual, row: dict[str, Any]) -> None:
        row["kind"] = SKIP

    def _linear(self, step: Linear, row: dict[str, Any]) -> None:
        out = _number(step.out_features)
        narrow = is_narrow(self._width, out)
        row["kind"], row["outputs"], row["out_stride"] = NARROW if narrow else LINEAR, out, self._spread(out)
        row["train_weight"] = row["train_bias"] = 1
        row["weight_stride"] = self._filled(self._width) if narrow else row["out_stride"]
        row["lines"] = row["weight_stride"] if narrow else self._width
        row["line"], row["weight_at"], row["penalised"] = out, self._weights, 1
        row["extent"] = row["weight_stride"] * (out if narrow else self._width)
        self._weights += row["extent"]
        if step.bias:
            row["bias_at"] = self._weights
            self._weights += row["out_stride"]
        few = self._rows * self._positions <= _FEW_LINES
        large = row["weight_stride"] * self._width * self._dtype.itemsize > _LARGE_BYTES
        # A step right behind x has rows as wide as those of x, into which no whole vectors are written.
        filled = self._stride == self._filled(self._stride)
        if row["input_gradient"] and not narrow and filled and not (few and large):
            row["transposed_at"], row["transposed_stride"] = self._transposed, self._spread(self._width)
            self._transposed += row["transposed_stride"] * out

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
        sizes = self._weights, self._transposed, self._running, self._row
        return MemoryLayout(steps, *sizes, 0, y_at, weights_at, self._fill)

    def _place_gradients(self) -> None:
        """Give each step's output a place for its gradient; a step that changes it in place shares it."""
        at = ABSENT
        for step, after in zip(reversed(self._steps), [None, *reversed(self._steps)], strict=False):
            if after is None or after["kind"] in _MOVING:
                positions = 1 if step["kind"] == FLATTEN else step["positions"]
                at = self._room(positions * step["out_stride"])
            step["gradient_at"] = at
        for skip, total in self._sums:
            skip["mask_at"], skip["mask_stride"] = total["gradient_at"], total["out_stride"]


# Whose gradient by x lies elsewhere than the one by h.
_MOVING = (LINEAR, NARROW, FLATTEN, PRELU, LAYER_NORM, BATCH_NORM, FIXED_NORM, EMBED, SKIP, ADD)
_ADDERS: Mapping[type[Step], Callable[[_Builder, Any, dict[str, Any]], None]] = {
    Linear: _Builder._linear,
    Activation: _Builder._activation,
    Dropout: _Builder._dropout,
    Flatten: _Builder._flatten,
    PReLU: _Builder._prelu,
    LayerNorm: _Builder._layer_norm,
    BatchNorm: _Builder._batch_norm,
    Embed: _Builder._embed,
    Residual: _Builder._residual,
}
KNOWN_STEPS = tuple(_ADDERS)


def _number(size: int | str) -> int:
    assert isinstance(size, int)
    return size


def owners_of(module: nn.Module) -> list[nn.Module]:
    """Return the modules with parameters of their own, in the order of the table's rows with weights."""
    own = (list(child.parameters(recurse=False)) for child in module.modules())
    return [child for child, found in zip(module.modules(), own, strict=True) if found]


def averaging_of(module: nn.Module) -> list[nn.BatchNorm1d]:
    """Return the BatchNorm modules in their order."""
    from torch import nn  # the table itself needs no torch

    return [child for child in module.modules() if isinstance(child, nn.BatchNorm1d)]


def linear_rows(steps: Array) -> Array:
    """Return the rows of the Linear steps."""
    return steps[np.isin(steps["kind"], (LINEAR, NARROW))]


def weighted_rows(steps: Array) -> Array:
    """Return the rows of the steps with weights."""
    found: Array = steps[steps["weight_at"] != ABSENT]
    return found


def multiply_adds(steps: Array) -> int:
    """Return the multiply-adds of one sample's forward pass."""
    linear = linear_rows(steps)
    return int((linear["inputs"] * linear["outputs"] * linear["positions"]).sum())


def weight_views(steps: Array, vector: torch.Tensor) -> list[dict[str, torch.Tensor]]:
    """Return for each step with weights the places of its weight and bias inside a vector."""
    views = []
    for row in weighted_rows(steps):
        at, stride = row["weight_at"], row["weight_stride"]
        if row["penalised"]:  # a matrix
            sizes = (row["lines"], row["line"]) if row["kind"] == EMBED else (row["outputs"], row["inputs"])
            strides = (1, stride) if row["kind"] == LINEAR else (stride, 1)
            view = {"weight": vector.as_strided(sizes, strides, at)}
        else:
            view = {"weight": vector[at : at + row["line"]]}
        if row["bias_at"] != ABSENT:
            view["bias"] = vector[row["bias_at"] : row["bias_at"] + row["outputs"]]
        views.append(view)
    return views


def running_views(steps: Array, vector: torch.Tensor) -> list[dict[str, torch.Tensor]]:
    """Return for each BatchNorm the places of its running averages inside a vector."""
    rows = steps[steps["running_at"] != ABSENT]
    names = ("running_mean", "running_var")
    return [
        {
            name: vector[start : start + row["outputs"]]
            for name, start in zip(
                names, (row["running_at"], row["running_at"] + row["out_stride"]), strict=True
            )
        }
        for row in rows
    ]


def transposed_views(steps: Array, vector: torch.Tensor) -> list[torch.Tensor | None]:
    """Return for each step with weights the place of its transposed copy `(out, in)`, or None."""
    linears = weighted_rows(steps)
    return [
        None
        if at == ABSENT
        else vector.as_strided((row["outputs"], row["inputs"]), (row["transposed_stride"], 1), at)
        for row, at in zip(linears, linears["transposed_at"], strict=True)
    ]
