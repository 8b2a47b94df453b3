"""LayerNorm and BatchNorm: numbers come to mean 0 and variance 1, then to what is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chalknet.errors import InvalidValue, invalid
from chalknet.network.shape import Shape, one_row, size_of
from chalknet.network.step import Arguments, LayerCall, Step, StepKind, TorchLayer, is_number


@dataclass(frozen=True)
class LayerNorm(Step):
    """Shift and scale the features of each sample to mean 0 and variance 1, then each by what is fitted.

    h = (z - mean) / sqrt(variance + eps) * weight + bias, over the last axis.

    Args:
        eps: is added to the variance.
        affine: whether factors and shifts are fitted.
        bias: whether shifts are fitted beside the factors.

    Source: J. Ba, J. Kiros, G. Hinton, Layer Normalization (2016).

    Example:
        >>> import chalknet as cn
        >>> cn.count("4 -> 8 layernorm relu -> 1").parameters  # 40 + 16 + 9
        65
    """

    eps: float = 1e-5
    affine: bool = True
    bias: bool = True
    trainable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_eps("LayerNorm", self.eps)
        _check_flags(self, "affine", "bias")
        object.__setattr__(self, "eps", float(self.eps))
        object.__setattr__(self, "bias", self.affine and self.bias)

    def parameters(self, input_shape: Shape) -> int | None:
        """Return a factor and a shift for each feature."""
        width = input_shape[-1]
        return None if isinstance(width, str) else width * (self.affine + self.bias)

    def multiply_adds(self, input_shape: Shape) -> int | None:
        """Return one for each value."""
        return size_of(input_shape)


@dataclass(frozen=True)
class BatchNorm(Step):
    """Shift and scale each feature to mean 0 and variance 1 over a batch, then by a shift and a factor.

    In training by the mean and variance of the batch, whose running averages are kept beside the weights; in
    evaluation by these.

    Args:
        eps: is added to the variance.
        momentum: the share of a new batch in the running averages, above 0 and at most 1.
        affine: whether factors and shifts are fitted.
        bias: whether shifts are fitted beside the factors.

    Source: S. Ioffe, C. Szegedy, Batch Normalization, ICML (2015).

    Example:
        >>> import chalknet as cn
        >>> cn.count("4 -> 8 batchnorm relu -> 1").parameters  # 40 + 16 + 9
        65
    """

    eps: float = 1e-5
    momentum: float = 0.1
    affine: bool = True
    bias: bool = True
    trainable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_eps("BatchNorm", self.eps)
        _check_flags(self, "affine", "bias")
        if not is_number(self.momentum) or not 0 < self.momentum <= 1:
            remedy = "torch's default is 0.1, the share of a new batch in the running averages."
            raise invalid("BatchNorm momentum", self.momentum, "a number above 0 and at most 1", remedy)
        object.__setattr__(self, "eps", float(self.eps))
        object.__setattr__(self, "momentum", float(self.momentum))
        object.__setattr__(self, "bias", self.affine and self.bias)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input shape, which is a row of features."""
        return one_row("BatchNorm", input_shape)

    def parameters(self, input_shape: Shape) -> int | None:
        """Return a factor and a shift for each feature."""
        width = input_shape[-1]
        return None if isinstance(width, str) else width * (self.affine + self.bias)

    def mixes_samples(self) -> bool:
        """Return True: mean and variance are those of a batch."""
        return True

    def buffers(self, input_shape: Shape) -> int | None:
        """Return a running mean and variance for each feature, and the number of batches."""
        width = input_shape[-1]
        return None if isinstance(width, str) else 2 * width + 1

    def multiply_adds(self, input_shape: Shape) -> int | None:
        """Return one for each value."""
        return size_of(input_shape)


def _check_eps(where: str, eps: object) -> None:
    if not is_number(eps) or not float(eps) > 0:  # type: ignore[arg-type]
        raise invalid(f"{where} eps", eps, "a number above 0", "torch's default is 1e-5.")


def _check_flags(step: LayerNorm | BatchNorm, *names: str) -> None:
    for name in names:
        if not isinstance(value := getattr(step, name), bool):
            remedy = f"{name}=False leaves them out."
            raise invalid(f"{type(step).__name__} {name}", value, "True or False", remedy)


def _options(step: LayerNorm | BatchNorm, names: dict[str, str]) -> dict[str, object]:
    """Return the arguments of a layer for the fields that differ from their defaults."""
    usual = type(step)()
    return {
        name: getattr(step, field)
        for name, field in names.items()
        if getattr(step, field) != getattr(usual, field) and not (field == "bias" and not step.affine)
    }


def _read_layer_norm(given: Arguments) -> LayerNorm:
    shape = given.get("normalized_shape")
    if isinstance(shape, tuple | list) and len(shape) > 1:
        raise InvalidValue(
            where="LayerNorm",
            got=f"normalized_shape={tuple(shape)}, several axes at once",
            wanted="the features, the last axis",
            remedy="Put a Flatten before it and give their number.",
        )
    flags = (given.get(name, True) for name in ("elementwise_affine", "bias"))
    return LayerNorm(given.get("eps", 1e-5), *flags)


def _call_layer_norm(step: LayerNorm, input_shape: Shape) -> LayerCall:
    options = _options(step, {"eps": "eps", "elementwise_affine": "affine", "bias": "bias"})
    return LayerCall("LayerNorm", {"normalized_shape": input_shape[-1], **options})


def _read_batch_norm(given: Arguments) -> BatchNorm:
    if given.get("track_running_stats", True) is not True:
        raise InvalidValue(
            where="BatchNorm1d",
            got=f"track_running_stats={given['track_running_stats']!r}",
            wanted="running averages, which evaluation takes",
            remedy="Leave it out. A module without them can be fitted as it is.",
        )
    flags = (given.get(name, True) for name in ("affine", "bias"))
    return BatchNorm(given.get("eps", 1e-5), given.get("momentum", 0.1), *flags)


def _call_batch_norm(step: BatchNorm, input_shape: Shape) -> LayerCall:
    options = _options(step, {name: name for name in ("eps", "momentum", "affine", "bias")})
    return LayerCall("BatchNorm1d", {"num_features": input_shape[-1], **options})


LAYER_NORM = StepKind(
    step=LayerNorm,
    layers=lambda: [
        TorchLayer(
            "LayerNorm",
            ("normalized_shape", "eps", "elementwise_affine", "bias", "device", "dtype"),
            _read_layer_norm,
            takes="normalized_shape",
        )
    ],
    call=_call_layer_norm,
    words=("layernorm", "layernormalization", "ln", "층정규화"),
    options=("eps", "affine", "bias"),
)
BATCH_NORM = StepKind(
    step=BatchNorm,
    layers=lambda: [
        TorchLayer(
            "BatchNorm1d",
            ("num_features", "eps", "momentum", "affine", "track_running_stats", "device", "dtype", "bias"),
            _read_batch_norm,
            takes="num_features",
        )
    ],
    call=_call_batch_norm,
    words=("batchnorm", "batchnormalization", "batchnorm1d", "bn", "배치정규화"),
    options=("eps", "momentum", "affine", "bias"),
)
