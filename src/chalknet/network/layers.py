"""The layers: the linear map u = X W' + b, Dropout and Flatten, each with its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chalknet.errors import InvalidValue, invalid
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
            raise invalid("Linear bias", self.bias, "True or False", "bias=False leaves the constant out.")

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input shape with `out_features` as its last size."""
        return (*input_shape[:-1], self.out_features)

    def parameters(self, input_shape: Shape) -> int | None:
        """Return in_features * out_features, and out_features more with a bias."""
        in_features, out_features = input_shape[-1], self.out_features
        if isinstance(in_features, str) or isinstance(out_features, str):
            return None
        return in_features * out_features + self.bias * out_features

    def layers(self, input_shape: Shape) -> tuple[Size, ...]:
        """Return its width."""
        return (self.out_features,)

    def multiply_adds(self, input_shape: Shape) -> int | None:
        """Return one multiply-add for each weight and each position of the other axes."""
        values = size_of(input_shape)
        return None if values is None or isinstance(self.out_features, str) else values * self.out_features


def _read_linear(given: Arguments) -> Linear:
    return Linear(given["out_features"], bias=bool(given.get("bias", True)))


def _call_linear(step: Linear, input_shape: Shape) -> LayerCall:
    widths = {"in_features": input_shape[-1], "out_features": step.out_features}
    return LayerCall("Linear", widths if step.bias else {**widths, "bias": False})


_LINEAR_PARAMETERS = ("in_features", "out_features", "bias", "device", "dtype")
LINEAR = StepKind(
    step=Linear,
    layers=lambda: (
        TorchLayer(
            "Linear", _LINEAR_PARAMETERS, _read_linear, widths=_LINEAR_PARAMETERS[:2], takes="in_features"
        ),
        TorchLayer("LazyLinear", _LINEAR_PARAMETERS[1:], _read_linear, widths=("out_features",)),
    ),
    call=_call_linear,
    words=(
        "l",
        "ℓ",
        "ell",
        "lin",
        "linr",
        "linear",
        "fc",
        "dense",
        "affine",
        "w",
        "선형",
        "선형변환",
        "완전연결",
        "전결합",
    ),
)


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
            remedy = "p is the share of values that are set to zero, torch's default is 0.5."
            raise invalid("Dropout p", self.p, "a probability between 0 and 1", remedy)
        object.__setattr__(self, "p", float(self.p))


DROPOUT = StepKind(
    step=Dropout,
    layers=lambda: [
        TorchLayer("Dropout", ("p", "inplace"), lambda given: Dropout(**given), function="dropout")
    ],
    call=lambda step, input_shape: LayerCall("Dropout", {"p": step.p}),
    words=("dropout", "drop", "드롭아웃"),
    options=("p",),
    is_idle=lambda step, input_shape: step.p == 0,
)


@dataclass(frozen=True)
class Flatten(Step):
    """Lay the values of one sample in one row, the last axis fastest: (28, 28) -> (784,).

    Example:
        >>> import chalknet as cn
        >>> cn.Network((28, 28), (cn.Flatten(), cn.Linear(10))).output_shape
        (10,)
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the number of values as the only size."""
        if len(input_shape) == 1:
            return input_shape
        size = size_of(input_shape)
        if size is None:
            raise InvalidValue(
                where="Flatten",
                got=f"the shape {input_shape}",
                wanted="sizes that are numbers, or a single symbol",
                remedy="Give the symbol a number first: network.bind(m=28).",
            )
        return (size,)


def _read_flatten(given: Arguments) -> Flatten:
    axes = given.get("start_dim", 1), given.get("end_dim", -1)
    if axes != (1, -1):
        raise InvalidValue(
            where="Flatten",
            got=f"start_dim={axes[0]!r}, end_dim={axes[1]!r}",
            wanted="all axes of a sample in one row, start_dim=1 and end_dim=-1",
            remedy="Write Flatten().",
        )
    return Flatten()


FLATTEN = StepKind(
    step=Flatten,
    layers=lambda: [TorchLayer("Flatten", ("start_dim", "end_dim"), _read_flatten, function="flatten")],
    call=lambda step, input_shape: LayerCall("Flatten", {}),
    words=("flatten", "flat", "펴기", "펼치기", "평탄화"),
    is_idle=lambda step, input_shape: len(input_shape) == 1,
)
