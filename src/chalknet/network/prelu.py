"""PReLU: an activation whose slope for negative numbers is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chalknet.errors import InvalidValue, invalid
from chalknet.network.shape import Shape, one_row
from chalknet.network.step import Arguments, LayerCall, Step, StepKind, TorchLayer, is_number


@dataclass(frozen=True)
class PReLU(Step):
    """Leave positive numbers as they are and multiply the others by a slope that is fitted.

    Args:
        per_feature: whether each feature has a slope of its own; else all have the same one.
        init: the slope before the first update.

    Source: K. He et al., Delving Deep into Rectifiers, ICCV (2015).

    Example:
        >>> import chalknet as cn
        >>> cn.count("4 -> 8 prelu(per_feature=True) -> 1").parameters  # 40 + 8 + 9
        57
    """

    per_feature: bool = False
    init: float = 0.25
    trainable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not isinstance(self.per_feature, bool):
            remedy = "per_feature=True gives each feature a slope of its own."
            raise invalid("PReLU per_feature", self.per_feature, "True or False", remedy)
        if not is_number(self.init):
            raise invalid("PReLU init", self.init, "a finite number", "torch's default is 0.25.")
        object.__setattr__(self, "init", float(self.init))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input shape; a slope for each feature takes samples that are rows."""
        return one_row("PReLU with per_feature=True", input_shape) if self.per_feature else input_shape

    def parameters(self, input_shape: Shape) -> int | None:
        """Return 1, or a slope for each feature."""
        width = input_shape[-1] if self.per_feature else 1
        return None if isinstance(width, str) else width


def _read(given: Arguments) -> PReLU:
    slopes = given.get("num_parameters", 1)
    if isinstance(slopes, bool) or not isinstance(slopes, int | str):
        raise InvalidValue(
            where="PReLU",
            got=f"num_parameters={slopes!r}",
            wanted="1, or the number of features",
            remedy="Write PReLU() for one slope.",
        )
    return PReLU(slopes != 1, given.get("init", 0.25))


def _call(step: PReLU, input_shape: Shape) -> LayerCall:
    slopes = {"num_parameters": input_shape[-1]} if step.per_feature else {}
    return LayerCall("PReLU", slopes if step.init == 0.25 else {**slopes, "init": step.init})


PRELU = StepKind(
    step=PReLU,
    layers=lambda: [
        TorchLayer(
            "PReLU",
            ("num_parameters", "init", "device", "dtype"),
            _read,
            takes="num_parameters",
            one_fits_all=True,
        )
    ],
    call=_call,
    words=("prelu", "피렐루"),
    options=("per_feature", "init"),
)
