"""A network as stages: what has a pass of its own, and what is applied to its values behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, TypeAlias

from torch import nn

from chalknet.engine.fused_cpu.names import ROW_WISE
from chalknet.engine.fused_cpu.step_table import averaging_of
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
    numbers,
)

# What a stage is: call.cuh has the same words. FIXED_NORM is a BatchNorm by its running averages; a Residual
# begins with SKIP and ends with ADD; POINT is in front of a network that begins with what has no stage.
LINEAR, SOFTMAX, LOG_SOFTMAX, POINT = "LINEAR", "SOFTMAX", "LOG_SOFTMAX", "POINT"
PRELU, LAYER_NORM, BATCH_NORM, FIXED_NORM = "PRELU", "LAYER_NORM", "BATCH_NORM", "FIXED_NORM"
EMBED, SKIP, ADD = "EMBED", "SKIP", "ADD"
NORMS = (LAYER_NORM, BATCH_NORM, FIXED_NORM)
MATRICES = (LINEAR, EMBED)  # whose weights have two axes: penalties are taken of them
_AVERAGES = {BATCH_NORM: 4, FIXED_NORM: 2}  # lines beside the weights: batch_norm.cuh says of what


@dataclass(frozen=True)
class Behind:
    """An activation or a Dropout behind a stage, and its number among the network's steps.

    Counted as `fused_cpu` counts them: a Residual is a step before and one behind those in it.
    """

    number: int
    step: Step


@dataclass(frozen=True)
class Stage:
    """A stage of a network.

    Args:
        kind: one of the words above.
        inputs: of a line.
        outputs: of a line.
        positions: lines of a sample.
        lines: of its weights, without the bias.
        line: numbers of such a line.
        bias: whether one more line is added to the outputs.
        eps: of a norm.
        momentum: of a BatchNorm.
        other: of ADD the stage that the block begins with, of SKIP the one that it ends with.
        behind: what is applied to its values, one by one.
    """

    kind: str
    inputs: int
    outputs: int
    positions: int
    lines: int = 0
    line: int = 0
    bias: bool = False
    eps: float = 0.0
    momentum: float = 0.0
    other: int = 0
    behind: tuple[Behind, ...] = ()

    @property
    def weights(self) -> int:
        """Return how many weights it has."""
        return (self.lines + self.bias) * self.line

    @property
    def values(self) -> int:
        """Return how many numbers it hands on for a sample."""
        return self.positions * self.outputs

    @property
    def kept(self) -> int:
        """Return how many numbers it keeps of a line for the way back, besides its values."""
        return self.outputs if self.kind in (SOFTMAX, LOG_SOFTMAX) else 2 * (self.kind == LAYER_NORM)

    @property
    def averages(self) -> int:
        """Return how many numbers it keeps of the batches."""
        return _AVERAGES.get(self.kind, 0) * self.outputs


def stages_of(network: Network) -> list[Stage]:
    """Return the stages of a network whose widths are numbers."""
    builder = _Builder(numbers(network.input_shape))
    for step in network.steps:
        builder.add(step)
    return builder.stages


def in_evaluation(stages: list[Stage], module: nn.Module) -> list[Stage]:
    """Return the stages with each BatchNorm of a module that is in evaluation mode by its averages."""
    norms = iter(averaging_of(module))
    return [
        replace(stage, kind=FIXED_NORM) if stage.kind == BATCH_NORM and not next(norms).training else stage
        for stage in stages
    ]


class _Builder:
    """Makes stages of steps, one after the other."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.stages: list[Stage] = []
        self._shape, self._number = shape, 0

    def add(self, step: Step) -> None:
        """Add what a step is: a stage, something behind the last stage, or another shape."""
        if isinstance(step, Residual):
            self._residual(step)
            return
        after = numbers(step.output_shape(self._shape))
        if isinstance(step, Dropout) or (isinstance(step, Activation) and step.kind not in ROW_WISE):
            if not self.stages:
                self._begin(POINT, self._shape)
            last = self.stages[-1]
            self.stages[-1] = replace(last, behind=(*last.behind, Behind(self._number, step)))
        elif not isinstance(step, Flatten):
            kind, facts = _STAGES[type(step)](step, self._shape[-1], after[-1])
            self._begin(kind, after, **facts)
        self._shape, self._number = after, self._number + 1

    def _begin(self, kind: str, after: tuple[int, ...], **facts: Any) -> None:
        self.stages.append(Stage(kind, self._shape[-1], after[-1], prod(self._shape[:-1]), **facts))

    def _residual(self, step: Residual) -> None:
        begin = len(self.stages)
        self._begin(SKIP, self._shape)
        self._number += 1
        for inner in step.steps:
            self.add(inner)
        self.stages[begin] = replace(self.stages[begin], other=len(self.stages))
        self._begin(ADD, self._shape, other=begin)
        self._number += 1


_Facts: TypeAlias = tuple[str, dict[str, Any]]


def _linear(step: Linear, inputs: int, outputs: int) -> _Facts:
    return LINEAR, {"lines": inputs, "line": outputs, "bias": step.bias}


def _softmax(step: Activation, inputs: int, outputs: int) -> _Facts:
    return step.kind.upper(), {}


def _prelu(step: PReLU, inputs: int, outputs: int) -> _Facts:
    return PRELU, {"lines": 1, "line": outputs if step.per_feature else 1}


def _layer_norm(step: LayerNorm, inputs: int, outputs: int) -> _Facts:
    return LAYER_NORM, _factors(step, outputs)


def _batch_norm(step: BatchNorm, inputs: int, outputs: int) -> _Facts:
    return BATCH_NORM, {**_factors(step, outputs), "momentum": step.momentum}


def _factors(step: LayerNorm | BatchNorm, outputs: int) -> dict[str, Any]:
    return {"lines": int(step.affine), "line": outputs * step.affine, "bias": step.bias, "eps": step.eps}


def _embed(step: Embed, inputs: int, outputs: int) -> _Facts:
    assert isinstance(step.categories, int)
    return EMBED, {"lines": step.categories, "line": outputs - inputs + 1}


# What each step with a stage of its own is.
_STAGES: Mapping[type[Step], Callable[[Any, int, int], _Facts]] = {
    Linear: _linear, Activation: _softmax, PReLU: _prelu, LayerNorm: _layer_norm, BatchNorm: _batch_norm,
    Embed: _embed,
}  # fmt: skip
