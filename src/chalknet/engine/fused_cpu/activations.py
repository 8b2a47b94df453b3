"""The activations as compiled code: one row each, a value and a slope.

Source: the formulas of `chalknet.network.ACTIVATIONS`; a and b are the row's options in their order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chalknet.engine.fused_cpu.scalars import (
    exponential,
    exponential_less_one,
    like,
    scalar,
    sigmoid_of,
    tanh_of,
)

_ROOT_HALF, _ROOT_2_PI = math.sqrt(0.5), math.sqrt(2 / math.pi)
_DENSITY = 1 / math.sqrt(2 * math.pi)

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"


@scalar
def relu(z, a, b):
    return like(0.0, z) if z <= like(0.0, z) else z  # so written, no number stays no number


@scalar
def relu_slope(z, h, a, b):
    return like(1.0, z) if z > like(0.0, z) else like(0.0, z)


@scalar
def sigmoid(z, a, b):
    return sigmoid_of(z)


@scalar
def sigmoid_slope(z, h, a, b):
    return h * (like(1.0, z) - h)


@scalar
def tanh(z, a, b):
    return tanh_of(z)


@scalar
def tanh_slope(z, h, a, b):
    return like(1.0, z) - h * h


@scalar
def leaky_relu(z, a, b):
    return z if z > like(0.0, z) else a * z


@scalar
def leaky_relu_slope(z, h, a, b):
    return like(1.0, z) if z > like(0.0, z) else a


@scalar
def elu(z, a, b):
    low = like(0.0, z) if z > like(0.0, z) else z
    return z if z > like(0.0, z) else a * exponential_less_one(low)


@scalar
def elu_slope(z, h, a, b):
    return like(1.0, z) if z > like(0.0, z) else a * exponential(z)


@scalar
def _erf(z):
    return like(math.erf(z), z)


@scalar
def gelu(z, a, b):
    return like(0.5, z) * z * (like(1.0, z) + _erf(z * like(_ROOT_HALF, z)))


@scalar
def gelu_slope(z, h, a, b):
    share = like(0.5, z) * (like(1.0, z) + _erf(z * like(_ROOT_HALF, z)))
    return share + z * like(_DENSITY, z) * exponential(like(-0.5, z) * z * z)


@scalar
def gelu_tanh(z, a, b):
    inner = like(_ROOT_2_PI, z) * (z + like(0.044715, z) * z * z * z)
    return like(0.5, z) * z * (like(1.0, z) + tanh_of(inner))


@scalar
def gelu_tanh_slope(z, h, a, b):
    bend = tanh_of(like(_ROOT_2_PI, z) * (z + like(0.044715, z) * z * z * z))
    inner = like(_ROOT_2_PI, z) * (like(1.0, z) + like(0.134145, z) * z * z)
    half, one = like(0.5, z), like(1.0, z)
    return half * (one + bend) + half * z * (one - bend * bend) * inner


@scalar
def silu(z, a, b):
    return z * sigmoid_of(z)


@scalar
def silu_slope(z, h, a, b):
    share = sigmoid_of(z)
    return share * (like(1.0, z) + z * (like(1.0, z) - share))


@scalar
def softplus(z, a, b):
    low = b if z * a > b else z * a
    return z if z * a > b else like(math.log1p(exponential(low)), z) / a


@scalar
def softplus_slope(z, h, a, b):
    return like(1.0, z) if z * a > b else sigmoid_of(z * a)


@scalar
def identity(z, a, b):
    return z


@scalar
def identity_slope(z, h, a, b):
    return like(1.0, z)


# A row: the kind, or the kind and the word it is told apart by; its value; its slope.
ROWS: dict[str, tuple[Any, Any]] = {
    "relu": (relu, relu_slope),
    "sigmoid": (sigmoid, sigmoid_slope),
    "tanh": (tanh, tanh_slope),
    "leaky_relu": (leaky_relu, leaky_relu_slope),
    "elu": (elu, elu_slope),
    "gelu none": (gelu, gelu_slope),
    "gelu tanh": (gelu_tanh, gelu_tanh_slope),
    "silu": (silu, silu_slope),
    "softplus": (softplus, softplus_slope),
    "identity": (identity, identity_slope),
}


def _value_link(code: int, value: Any, otherwise: Any) -> Callable[..., None]:
    @scalar
    def activate(wanted, z, h, a, b):
        if wanted == code:
            for i in range(len(h)):
                h[i] = value(z[i], a, b)
        else:
            otherwise(wanted, z, h, a, b)

    return activate  # type: ignore[no-any-return]


def _slope_link(code: int, slope: Any, otherwise: Any) -> Callable[..., None]:
    @scalar
    def steepen(wanted, z, h, g, a, b):
        if wanted == code:
            for i in range(len(g)):
                g[i] *= slope(z[i], h[i], a, b)
        else:
            otherwise(wanted, z, h, g, a, b)

    return steepen  # type: ignore[no-any-return]


@scalar
def _no_value(wanted, z, h, a, b):
    pass


@scalar
def _no_slope(wanted, z, h, g, a, b):
    pass


def _chained() -> tuple[Any, Any]:
    """Return the two functions that find a row by its number and apply it to a stretch of numbers."""
    activate, steepen = _no_value, _no_slope
    for code, (value, slope) in reversed(list(enumerate(ROWS.values()))):
        activate, steepen = _value_link(code, value, activate), _slope_link(code, slope, steepen)
    return activate, steepen


activate, steepen = _chained()
