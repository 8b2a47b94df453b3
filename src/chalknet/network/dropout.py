"""Dropout: in training, each value is zero with probability p."""

from __future__ import annotations

from dataclasses import dataclass

from chalknet.errors import InvalidValue
from chalknet.network.shape import Shape
from chalknet.network.step import LayerCall, Step, StepKind, TorchLayer


@dataclass(frozen=True)
class Dropout(Step):
    """Set each value to zero with probability `p` in training and scale the others by 1 / (1 - p).

    Source: N. Srivastava et al., Dropout, JMLR 15 (2014).

    Example:
        >>> import chalknet as cn
        >>> cn.read("4 -> 2 relu dropout(0.2)").steps[-1] == cn.Dropout(0.2)
        True
    """

    p: float = 0.5

    def __post_init__(self) -> None:
        number = isinstance(self.p, int | float) and not isinstance(self.p, bool)
        if not number or not 0 <= self.p <= 1:
            raise InvalidValue(
                where="Dropout p",
                got=repr(self.p),
                wanted="a probability between 0 and 1",
                remedy="p is the share of values that are set to zero, torch's default is 0.5.",
            )
        object.__setattr__(self, "p", float(self.p))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input shape."""
        return input_shape


DROPOUT = StepKind(
    step=Dropout,
    layers=lambda: [
        TorchLayer(
            "Dropout", ("p", "inplace"), lambda given: Dropout(given.get("p", 0.5)), function="dropout"
        )
    ],
    call=lambda step, input_shape: LayerCall("Dropout", {"p": step.p}),
    words=("dropout", "drop"),
    options=("p",),
    is_idle=lambda step, input_shape: step.p == 0,
)
