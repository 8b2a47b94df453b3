"""Scalar functions of compiled code: constants of the data's own type, and exponentials that vectorise.

For a float32 z, numba computes `1 + z` in float64, and it calls the C library for each exp: either prevents
vectorised code. The polynomials here are accurate to two units in the last place.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic as _intrinsic

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

ELEMENTWISE = {"contract", "nsz"}  # no reordering: the exponential's remainder depends on it
SUMS = {"contract", "nsz", "reassoc"}

intrinsic: Any = _intrinsic

# Division by zero gives infinity, as in torch: a check would prevent vectorised code. Nothing is allocated,
# so reference counting is off: it cost 1 µs an update. Nothing is called from Python by numba: the
# wrappers took a sixth of the compile time.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
_BARE = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_njit: Any = njit
scalar: Any = _njit(fastmath=ELEMENTWISE, **_OPTIONS, **_BARE)
part: Any = _njit(fastmath=SUMS, **_OPTIONS, **_BARE)
inlined: Any = _njit(inline="always", **_OPTIONS)  # where a call costs time, or an array is returned
kernel: Any = part


STAMP = 0


@intrinsic
def like(context: Any, value: Any, model: Any) -> Any:
    """Return the value as a number of the model's type."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.cast(builder, args[0], value, signature.return_type)

    return model(value, model), write


@intrinsic
def is_single(context: Any, model: Any) -> Any:
    """Return whether a number is a float32; a constant at compile time."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.get_constant(types.boolean, model == types.float32)

    return types.boolean(model), write


@intrinsic
def power_of_two(context: Any, exponent: Any, model: Any) -> Any:
    """Return 2 to the power of a whole number in the range of the model's type, from its bits."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        single = model == types.float32
        whole = context.get_value_type(types.int32 if single else types.int64)
        number = context.get_value_type(model)
        power = builder.fptosi(args[0], whole)
        biased = builder.add(power, whole(127 if single else 1023))
        return builder.bitcast(builder.shl(biased, whole(23 if single else 52)), number)

    return model(exponent, model), write


@intrinsic
def nearest(context: Any, value: Any) -> Any:
    """Return the nearest whole number, as a number of the same type."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number = context.get_value_type(value)
        suffix = "f32" if value == types.float32 else "f64"
        function = builder.module.globals.get(f"llvm.nearbyint.{suffix}")
        if function is None:
            function = ir.Function(
                builder.module, ir.FunctionType(number, [number]), f"llvm.nearbyint.{suffix}"
            )
        return builder.call(function, args)

    return value(value), write


_LOG2_E = 1 / math.log(2)
_LN2_HIGH, _LN2_LOW = 0.693145751953125, 1.42860682030941723212e-6  # the high part has 16 bits
_INVERSE_FACTORIALS = tuple(1 / math.factorial(k) for k in range(14))
_F = _INVERSE_FACTORIALS


@scalar
def _less_one_near_zero(r):
    """Return exp(r) - 1 for |r| up to ln(2) / 2 by its series."""
    if is_single(r):
        p = like(_F[7], r)
        p = p * r + like(_F[6], r)
    else:
        p = like(_F[13], r)
        p = p * r + like(_F[12], r)
        p = p * r + like(_F[11], r)
        p = p * r + like(_F[10], r)
        p = p * r + like(_F[9], r)
        p = p * r + like(_F[8], r)
        p = p * r + like(_F[7], r)
        p = p * r + like(_F[6], r)
    p = p * r + like(_F[5], r)
    p = p * r + like(_F[4], r)
    p = p * r + like(_F[3], r)
    p = p * r + like(_F[2], r)
    return p * r * r + r


@scalar
def _kept_in_range(x):
    low = like(-104.0, x) if is_single(x) else like(-746.0, x)
    high = like(89.0, x) if is_single(x) else like(710.0, x)
    x = low if x < low else x
    return high if x > high else x


@scalar
def exponential(x):
    """Return exp(x); NaN gives NaN."""
    kept = _kept_in_range(x)
    n = nearest(kept * like(_LOG2_E, x))
    r = kept - n * like(_LN2_HIGH, x) - n * like(_LN2_LOW, x)
    half = nearest(n * like(0.5, x))  # two factors, of which neither overflows
    value = (_less_one_near_zero(r) + like(1.0, x)) * power_of_two(half, x) * power_of_two(n - half, x)
    return value if x == x else x


@scalar
def exponential_less_one(x):
    """Return exp(x) - 1 for x up to 0, accurate near 0; NaN gives NaN."""
    kept = like(-40.0, x) if x < like(-40.0, x) else x  # below, exp(x) is lost beside the 1
    n = nearest(kept * like(_LOG2_E, x))
    r = kept - n * like(_LN2_HIGH, x) - n * like(_LN2_LOW, x)
    power = power_of_two(n, x)
    value = _less_one_near_zero(r) * power + (power - like(1.0, x))
    return value if x == x else x


@scalar
def _exponential_less_one_anywhere(x):
    """Return exp(x) - 1 for any x, accurate near 0."""
    low, high = like(-40.0, x), like(89.0, x) if is_single(x) else like(710.0, x)
    kept = low if x < low else x
    kept = high if kept > high else kept
    n = nearest(kept * like(_LOG2_E, x))
    r = kept - n * like(_LN2_HIGH, x) - n * like(_LN2_LOW, x)
    half, most = nearest(n * like(0.5, x)), like(100.0, x)  # beyond, the 1 is lost beside exp(x)
    less = like(1.0, x) - power_of_two(-n if n < most else -most, x)
    value = (_less_one_near_zero(r) + less) * power_of_two(half, x) * power_of_two(n - half, x)
    return value if x == x else x


@scalar
def tanh_of(z):
    """Return tanh(z), from exp(-2 |z|) - 1."""
    size = -z if z < like(0.0, z) else z
    less = exponential_less_one(like(-2.0, z) * size)
    value = -less / (like(2.0, z) + less)
    return -value if z < like(0.0, z) else value


@part
def fill(target, value):
    """Set all numbers of a stretch."""
    for i in range(len(target)):
        target[i] = value


@part
def copy(source, target):
    """Copy a stretch of numbers to another one of its length."""
    for i in range(len(target)):
        target[i] = source[i]


def _of_its_type(function: Any) -> Any:
    @scalar
    def call(x):
        return like(function(x), x)

    return call


@scalar
def _size(x):
    return -x if x < like(0.0, x) else x


@scalar
def _smaller(x, limit):  # so written, no number stays no number
    return limit if x > limit else x


@scalar
def _larger(x, limit):
    return limit if x < limit else x


# What a formula of the tables calls, under the names of `chalknet.network.FORMULA_FUNCTIONS`.
FUNCTIONS: dict[str, Any] = {
    "exp": exponential,
    "expm1": _exponential_less_one_anywhere,
    "log": _of_its_type(math.log),
    "log1p": _of_its_type(math.log1p),
    "tanh": tanh_of,
    "erf": _of_its_type(math.erf),
    "sqrt": _of_its_type(math.sqrt),
    "abs": _size,
    "min": _smaller,
    "max": _larger,
}
