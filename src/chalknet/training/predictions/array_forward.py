"""The forward pass of a network on arrays, for a process that has no other use for torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.network import ACTIVATIONS, Activation, LayerNorm, Linear, Network, Step, numbers, size_of
from chalknet.planning import Plan
from chalknet.units import DTYPES

Array = npt.NDArray[Any]

_MOST_ROWS = 8192
_MOST_VALUES = 1 << 22  # of the widest step, mapped at a time


@dataclass(frozen=True)
class ArrayForward:
    """A network with its weights, in evaluation mode: Dropout off.

    Args:
        network: whose steps are all rows of the tables below.
        weights: by the names that the module of `build` gives them, in the dtype that was fitted.
    """

    network: Network
    weights: Mapping[str, Array]

    def __call__(self, blocks: Iterable[Array]) -> Array:
        """Return yhat of the rows of some blocks `(n, ...)`, as torch gives it but for rounding."""
        rows = self._rows_at_a_time
        dtype = next(iter(self.weights.values())).dtype
        with np.errstate(all="ignore"):  # overflow is infinity, as in torch
            parts = [
                self._mapped(x[at : at + rows].astype(dtype, copy=False))
                for x in blocks
                for at in range(0, len(x), rows)
            ]
        return np.concatenate(parts)

    def activation(self, kind: str, values: Array) -> Array:
        """Return softmax (over axis 1), sigmoid or exp of what the network gave."""
        return activation_of_raw(kind, values)

    def _mapped(self, values: Array) -> Array:
        for step, weights in self._steps:
            values = _STEPS[type(step).__name__](step, values, weights)
        return values

    @cached_property
    def _steps(self) -> Sequence[tuple[Step, list[Array]]]:
        """Return each step with its weights; walking the network takes longer than mapping a row."""
        return [
            (visit.step, [self.weights[name] for name in names if name in self.weights])
            for visit in self.network.walk()
            for names in [(f"{visit.path}.weight", f"{visit.path}.bias")]
        ]

    @cached_property
    def _rows_at_a_time(self) -> int:
        widest = max(size_of(visit.output_shape) or 1 for visit in self.network.walk())
        return max(1, min(_MOST_ROWS, _MOST_VALUES // widest))


def weight_shapes(plan: Plan) -> Mapping[str, tuple[int, ...]] | None:
    """Return the shapes of a kept network's weights, by name; None where its forward pass takes torch.

    That is a module that no Network describes, or a step or an activation without a row here, such as one
    of the user's own.
    """
    network = plan.network
    if network is None or plan.placement.dtype not in DTYPES or not all(map(_is_known, network.steps)):
        return None
    shapes: dict[str, tuple[int, ...]] = {}
    for visit in network.walk():
        own = _SHAPES.get(type(visit.step).__name__)
        found = {} if own is None else own(visit.step, *numbers(visit.input_shape[-1:]))
        shapes |= {f"{visit.path}.{name}": shape for name, shape in found.items()}
    return shapes


def activation(kind: str, values: Array, options: Mapping[str, Any] | None = None) -> Array:
    """Return an activation of the table of values `(n, ...)`; softmax runs over the last axis.

    Args:
        kind: its name.
        values: what arrives.
        options: those of the torch class; torch's defaults where they are left out.

    Example:
        >>> activation("softmax", np.zeros((1, 4))).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """
    given = {**ACTIVATIONS[kind].options, **(options or {})}
    with np.errstate(all="ignore"):
        found: Array = _ACTIVATIONS[kind](values, **given)
    return found.astype(values.dtype, copy=False)


def activation_of_raw(kind: str, raw: Array) -> Array:
    """Return softmax (over axis 1), sigmoid or exp of what a network gave `(n, outputs)`."""
    if kind == "exp":
        return np.exp(raw)
    if raw.ndim == 2:
        return activation(kind, raw)
    return np.moveaxis(activation(kind, np.moveaxis(raw, 1, -1)), -1, 1)


def _is_known(step: object) -> bool:
    return type(step).__name__ in _STEPS and (not isinstance(step, Activation) or step.kind in _ACTIVATIONS)


def _linear(step: Linear, values: Array, weights: list[Array]) -> Array:
    product: Array = values @ weights[0].T
    if len(weights) > 1:
        product += weights[1]
    return product


def _linear_shapes(step: Linear, width: int) -> dict[str, tuple[int, ...]]:
    outputs = numbers((step.out_features,))
    return {"weight": (*outputs, width), **({"bias": outputs} if step.bias else {})}


def _layer_norm(step: LayerNorm, values: Array, weights: list[Array]) -> Array:
    away = values - values.mean(axis=-1, keepdims=True)
    scaled: Array = away / np.sqrt((away * away).mean(axis=-1, keepdims=True) + away.dtype.type(step.eps))
    for factor in weights[:1]:
        scaled = scaled * factor
    for shift in weights[1:]:
        scaled = scaled + shift
    return scaled


# Step -> the shapes of its weight and bias, for the features that arrive; none for a step that is not here.
_SHAPES: Mapping[str, Callable[[Any, int], dict[str, tuple[int, ...]]]] = {
    "Linear": _linear_shapes,
    "Embed": lambda step, width: {"weight": numbers((step.categories, step.width))},
    "PReLU": lambda step, width: {"weight": (width if step.per_feature else 1,)},
    "LayerNorm": lambda step, width: {
        **({"weight": (width,)} if step.affine else {}),
        **({"bias": (width,)} if step.bias else {}),
    },
}
# Step -> its values for those that arrive, and for its weight and bias.
_STEPS: Mapping[str, Callable[[Any, Array, list[Array]], Array]] = {
    "Linear": _linear,
    "Embed": lambda step, values, weights: np.concatenate(
        [values[:, 1:], weights[0][values[:, 0].astype(np.int64)]], axis=1
    ),
    "PReLU": lambda step, values, weights: np.where(values > 0, values, weights[0] * values),
    "LayerNorm": _layer_norm,
    "Dropout": lambda step, values, weights: values,
    "Flatten": lambda step, values, weights: values.reshape(len(values), -1),
    "Activation": lambda step, values, weights: activation(step.kind, values, dict(step.options)),
}


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _gelu(z: Any, approximate: str) -> Any:
    if approximate == "tanh":
        return z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z * z * z))) / 2
    return z * (1 + _erf(z * math.sqrt(1 / 2))) / 2


def _mish(z: Any) -> Any:
    powers = np.exp(np.minimum(z, 20))
    share = powers * (powers + 2)
    return z * (share / (share + 2))


def _softmax(z: Any) -> Any:
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _log_softmax(z: Any) -> Any:
    below = z - z.max(axis=-1, keepdims=True)
    return below - np.log(np.exp(below).sum(axis=-1, keepdims=True))


_SELU, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
# Activation -> its formula, as the table of activations has it, in arrays.
_ACTIVATIONS: Mapping[str, Callable[..., Array]] = {
    "relu": lambda z: np.maximum(z, 0),
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "leaky_relu": lambda z, negative_slope: np.where(z > 0, z, negative_slope * z),
    "elu": lambda z, alpha: np.where(z > 0, z, alpha * np.expm1(z)),
    "gelu": _gelu,
    "silu": lambda z: z / (1 + np.exp(-z)),
    "softplus": lambda z, beta, threshold: np.where(
        beta * z > threshold, z, np.log1p(np.exp(beta * z)) / beta
    ),
    "mish": _mish,
    "hardswish": lambda z: z * (np.clip(z + 3, 0, 6) / 6),
    "selu": lambda z: _SELU * np.where(z > 0, z, _SELU_ALPHA * np.expm1(z)),
    "relu6": lambda z: np.clip(z, 0, 6),
    "hardsigmoid": lambda z: np.clip(z + 3, 0, 6) / 6,
    "softsign": lambda z: z / (1 + np.abs(z)),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "identity": lambda z: z,
}

_ERF_STEPS, _ERF_END, _ERF_TERMS = 256, 6.0, 7  # places in an interval of 1; erf(6) is 1 in float64


def _erf(z: Array) -> Array:
    """Return the error function, which numpy lacks, with an error below 1e-15."""
    size = np.minimum(np.abs(z), _ERF_END)
    place = np.nan_to_num(np.rint(size * _ERF_STEPS)).astype(np.intp)
    beyond = size - place / _ERF_STEPS
    terms = _erf_terms()
    value = terms[-1][place]
    for term in terms[-2::-1]:
        value = value * beyond + term[place]
    found: Array = np.copysign(value, z).astype(z.dtype)
    return found


@cache
def _erf_terms() -> Array:
    """Return the coefficients `(terms, places)` of erf's Taylor series around each place.

    The derivative of erf, f = 2/sqrt(pi) exp(-x^2), has f' = -2 x f, which gives each from the two before it.
    """
    places = np.arange(int(_ERF_END * _ERF_STEPS) + 1) / _ERF_STEPS
    terms = [np.array([*map(math.erf, places)]), 2 / math.sqrt(math.pi) * np.exp(-(places**2))]
    for n in range(1, _ERF_TERMS - 1):
        before = (n - 1) * terms[n - 1] if n > 1 else 0
        terms.append(-2 * (places * n * terms[n] + before) / (n * (n + 1)))
    return np.array(terms)
