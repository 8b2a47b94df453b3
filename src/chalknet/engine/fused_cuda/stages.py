"""A network as stages: a Linear or a softmax, and what is applied to its values one by one behind it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from chalknet.engine.fused_cpu.names import ROW_WISE
from chalknet.network import Activation, Dropout, Linear, Network, Step, numbers

LINEAR, POINT = "LINEAR", "POINT"


@dataclass(frozen=True)
class Behind:
    """An activation or a Dropout behind a stage, and its number among the network's steps."""

    number: int
    step: Step


@dataclass(frozen=True)
class Stage:
    """A stage of a network.

    Args:
        kind: LINEAR, SOFTMAX, LOG_SOFTMAX, or POINT where a network begins with something else.
        inputs: of a line.
        outputs: of a line.
        bias: of a Linear, whether it has one.
        positions: lines of a sample.
        behind: what is applied to its values, one by one.
    """

    kind: str
    inputs: int
    outputs: int
    bias: bool
    positions: int
    behind: tuple[Behind, ...] = ()

    @property
    def weights(self) -> int:
        """Return how many weights it has."""
        return (self.inputs + self.bias) * self.outputs if self.kind == LINEAR else 0

    @property
    def values(self) -> int:
        """Return how many numbers it hands on for a sample."""
        return self.positions * self.outputs


def stages_of(network: Network) -> list[Stage]:
    """Return the stages of a network whose widths are numbers."""
    stages: list[Stage] = []
    behind: list[list[Behind]] = []
    shape = numbers(network.input_shape)

    def begin(kind: str, outputs: int, bias: bool = False) -> None:
        stages.append(Stage(kind, shape[-1], outputs, bias, prod(shape[:-1])))
        behind.append([])

    for number, visit in enumerate(network.walk()):
        step = visit.step
        if isinstance(step, Linear):
            begin(LINEAR, numbers(visit.output_shape)[-1], step.bias)
        elif isinstance(step, Activation) and step.kind in ROW_WISE:
            if not stages:
                begin(POINT, shape[-1])
            begin(step.kind.upper(), shape[-1])
        elif isinstance(step, Activation | Dropout):
            if not stages:
                begin(POINT, shape[-1])
            behind[-1].append(Behind(number, step))
        shape = numbers(visit.output_shape)
    return [
        Stage(s.kind, s.inputs, s.outputs, s.bias, s.positions, tuple(b))
        for s, b in zip(stages, behind, strict=True)
    ]
