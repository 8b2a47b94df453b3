"""The linear map, u = X W' + b."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chalknet.errors import InvalidValue
from chalknet.network.shape import Shape, Size, as_size, size_of
from chalknet.network.step import Arguments, LayerCall, Step, StepKind, TorchLayer
from chalknet.tables import Shown


@dataclass(frozen=True, repr=False)
class Linear(Shown, Step):
    """Map the last axis linearly to `out_features` values.

    The input width is not stored: `Network.walk` computes it, so that the two cannot disagree.

    Args:
        out_features: width after the map, a whole number or a symbol.
        bias: whether a constant is added to each value.

    Example:
        >>> import chalknet as cn
        >>> cn.Network((3,), (cn.Linear(2, bias=False),)).output_shape
        (2,)
    """

    out_features: Size
    bias: bool = True
    trainable: ClassVar[bool] = True
    sizes: ClassVar[tuple[str, ...]] = ("out_features",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "out_features", as_size(self.out_features, "Linear out_features"))
        if not isinstance(self.bias, bool):
            raise InvalidValue(
                where="Linear bias",
                got=repr(self.bias),
                wanted="True or False",
                remedy="bias=False leaves the constant out.",
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input shape with `out_features` as its last size."""
        return (*input_shape[:-1], self.out_features)

    def parameters(self, input_shape: Shape) -> int | None:
        """Return in_features * out_features, and out_features more with a bias."""
        in_features, out_features = input_shape[-1], self.out_features
        if isinstance(in_features, str) or isinstance(out_features, str):
            return None
        return in_features * out_features + self.bias * out_features

    def multiply_adds(self, input_shape: Shape) -> int | None:
        """Return one multiply-add for each weight and each position of the other axes."""
        values = size_of(input_shape)
        return None if values is None or isinstance(self.out_features, str) else values * self.out_features


def _read(given: Arguments) -> Linear:
    return Linear(given["out_features"], bias=bool(given.get("bias", True)))


def _call(step: Linear, input_shape: Shape) -> LayerCall:
    widths = {"in_features": input_shape[-1], "out_features": step.out_features}
    return LayerCall("Linear", widths if step.bias else {**widths, "bias": False})


_PARAMETERS = ("in_features", "out_features", "bias", "device", "dtype")
LINEAR = StepKind(
    step=Linear,
    layers=lambda: (
        TorchLayer("Linear", _PARAMETERS, _read, widths=_PARAMETERS[:2], takes="in_features"),
        TorchLayer("LazyLinear", _PARAMETERS[1:], _read, widths=("out_features",)),
    ),
    call=_call,
    words=("l", "ℓ", "ell", "lin", "linr", "linear", "fc", "dense", "affine", "w"),
)
