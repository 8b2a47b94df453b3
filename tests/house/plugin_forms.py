"""A step, a notation and a dialect from outside: each is one row, and nothing else knows of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from chalknet.drawing import DIALECTS, Dialect
from chalknet.drawing.diagram import Diagram, Node
from chalknet.errors import InvalidValue
from chalknet.network import (
    STEPS,
    Arguments,
    LayerCall,
    Network,
    Shape,
    Step,
    StepKind,
    TorchLayer,
    show_shape,
    size_of,
)
from chalknet.notation import NOTATIONS, Notation, read_step, write_step


@dataclass(frozen=True)
class RMSNorm(Step):
    """Scale the values of a sample to a mean square of 1, then by learned factors."""

    eps: float = 1e-5
    affine: bool = True
    trainable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not isinstance(self.eps, float) or not self.eps > 0:
            raise InvalidValue(
                where="RMSNorm eps",
                got=repr(self.eps),
                wanted="a number above 0",
                remedy="Write 1e-5.",
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input shape."""
        return input_shape

    def parameters(self, input_shape: Shape) -> int | None:
        """Return a factor for each value."""
        size = size_of(input_shape)
        return None if size is None else size * self.affine

    def multiply_adds(self, input_shape: Shape) -> int | None:
        """Return one for each value."""
        return size_of(input_shape)


def _read(given: Arguments) -> RMSNorm:
    return RMSNorm(given.get("eps") or 1e-5, given.get("elementwise_affine", True))


def _call(step: RMSNorm, input_shape: Shape) -> LayerCall:
    shape = input_shape[0] if len(input_shape) == 1 else input_shape
    options = {"eps": step.eps, "elementwise_affine": step.affine}
    return LayerCall("RMSNorm", {"normalized_shape": shape, **options})


_PARAMETERS = ("normalized_shape", "eps", "elementwise_affine", "device", "dtype")
RMS_NORM = StepKind(
    step=RMSNorm,
    layers=lambda: [TorchLayer("RMSNorm", _PARAMETERS, _read, takes="normalized_shape")],
    call=_call,
    words=("rmsnorm", "rms"),
    options=("eps", "affine"),
)


def _write_lines(network: Network) -> str:
    """Return a line for the input and one for each step, a linear map as its width."""
    lines = [show_shape(network.input_shape)]
    for visit in network.walk():
        word = write_step(visit.step, short=False)
        width = f" {visit.output_shape[-1]}" if word.split()[0] == "l0" else ""
        lines.append(word.replace("l0", "linear") + width)
    return "lines of a network\n" + "\n".join(lines)


def _read_lines(text: str, name: str | None) -> Network:
    _, first, *others = text.strip().split("\n")
    shape = tuple(int(size) if size.isdigit() else size for size in re.findall(r"\w+", first)[1:])
    steps = []
    for line in others:
        linear = re.fullmatch(r"(linear.*) (\w+)", line)
        width = linear and (int(linear.group(2)) if linear.group(2).isdigit() else linear.group(2))
        steps.append(read_step(linear.group(1), width) if linear else read_step(line))
    return Network(shape, tuple(steps))


LINES = Notation(
    name="lines",
    suffixes=(".lines",),
    recognise=lambda text: float(text.startswith("lines of a network")),
    read=_read_lines,
    write=_write_lines,
    lossless=True,
)


def _draw_row(network: Network, style: object, weights: object) -> Diagram:
    nodes = [Node("x", "X", "input")]
    nodes += [
        Node(f"step{visit.path}", write_step(visit.step, short=False), "block") for visit in network.walk()
    ]
    return Diagram(tuple((node,) for node in nodes), ())


ROW = Dialect("row", "P1", "the steps in a row", _draw_row)


def install() -> None:
    """Add the rows to the tables."""
    STEPS["RMSNorm"] = RMS_NORM
    NOTATIONS["lines"] = LINES
    DIALECTS["row"] = ROW


def remove() -> None:
    """Take the rows out of the tables again."""
    del STEPS["RMSNorm"], NOTATIONS["lines"], DIALECTS["row"]
