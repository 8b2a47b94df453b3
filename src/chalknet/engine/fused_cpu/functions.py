"""The functions that formulas call, for one number each, written so that a loop over numbers vectorises.

A call of the C library would prevent that. Each function is a polynomial or a ratio of two behind a change of
range, without branches, in the type of its argument; its largest error stands in `ERRORS`. The coefficients
were fitted to the smallest largest relative error, but for those of the logarithm.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import types

from chalknet.engine.fused_cpu.scalars import function, intrinsic, is_single, like

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

# The largest error in units in the last place, of float32 and float64: found on every 331st float32 and by
# chance among float64, rounded up. Of a zero the sign is not kept.
ERRORS: dict[str, tuple[float, float]] = {
    "exp": (1.0, 1.0),
    "expm1": (1.5, 2.0),
    "log": (1.0, 1.0),
    "log1p": (1.5, 1.5),
    "tanh": (5.0, 3.0),
    "erf": (6.0, 3.0),
    "sqrt": (0.5, 0.5),
}


def _choice(single: Any, double: Any) -> Any:
    """Return compiled code that gives one number for float32 and another one for float64."""

    @function
    def choice(x):
        return like(single, x) if is_single(x) else like(double, x)

    return choice


def _polynomial(single: tuple[float, ...], double: tuple[float, ...]) -> Any:
    """Return compiled code for a polynomial, its highest coefficient first, by Horner's rule.

    Args:
        single: the coefficients for a float32.
        double: those for a float64.
    """

    @intrinsic
    def value(context, x):
        def write(context, builder, signature, args):
            number = context.get_value_type(x)
            highest, *others = single if x == types.float32 else double
            total: Any = ir.Constant(number, highest)
            for coefficient in others:
                total = builder.fadd(builder.fmul(total, args[0]), ir.Constant(number, coefficient))
            return total

        return x(x), write

    return value


def _on_bits(write_bits: Any) -> Any:
    """Return compiled code that works on a number's bits: `write_bits(builder, bits, integer, single)`."""

    @intrinsic
    def value(context, x):
        def write(context, builder, signature, args):
            number = context.get_value_type(x)
            integer = ir.IntType(32 if x == types.float32 else 64)
            bits = builder.bitcast(args[0], integer)
            return builder.bitcast(write_bits(builder, bits, integer, x == types.float32), number)

        return x(x), write

    return value


# exp(r) for |r| up to ln(2) / 2; without its 1 it is r times the polynomial below
_SINGLE_EXP = (
    0.0013814616490507323,
    0.008368741995125844,
    0.04166838951881243,
    0.1666652043138177,
    0.49999993436770157,
)
_DOUBLE_EXP = (
    2.4997788702756014e-08, 2.7630259271077074e-07, 2.755759366641642e-06, 2.480149308823922e-05,
    1.9841269498338567e-04, 1.3888888943619107e-03, 8.333333333498288e-03, 4.166666666653029e-02,
    1.6666666666666408e-01, 0.5000000000000011,
)  # fmt: skip
_exp_near_zero = _polynomial((*_SINGLE_EXP, 1.0, 1.0), (*_DOUBLE_EXP, 1.0, 1.0))
_quadratic_rest = _polynomial(_SINGLE_EXP, _DOUBLE_EXP)  # of (exp(r) - 1 - r) / r^2

_LOG2_E = 1 / math.log(2)
_LN2_HIGH, _LN2_LOW = 0.693145751953125, 1.42860682030941723212e-6  # the high part has 16 bits
# A number to which n was added has n in its last bits, and with twice the exponent's bias they halve to the
# exponents of two powers whose product is 2^n and of which neither overflows.
_SHIFT = _choice(1.5 * 2.0**23 + 2 * 127, 1.5 * 2.0**52 + 2 * 1023)


def _half(builder, bits, integer):
    return builder.lshr(bits, integer(1))


@_on_bits
def _first_factor(builder, bits, integer, single):
    return builder.shl(_half(builder, bits, integer), integer(23 if single else 52))


@_on_bits
def _second_factor(builder, bits, integer, single):
    return builder.shl(builder.sub(bits, _half(builder, bits, integer)), integer(23 if single else 52))


_LOWEST = _choice(-104.0, -746.0)  # exp is 0 below
_HIGHEST = _choice(89.0, 710.0)  # exp is infinite above


@function
def _between(x, low, high):  # so written, no number stays no number
    x = low if x < low else x
    return high if x > high else x


@function
def _shifted(x):
    """Return x / ln(2), rounded to a whole number n, plus the shift."""
    return x * like(_LOG2_E, x) + _SHIFT(x)


@function
def _remainder(x, shifted):
    n = shifted - _SHIFT(x)
    return x - n * like(_LN2_HIGH, x) - n * like(_LN2_LOW, x)


@function
def exponential(x):
    """Return exp(x); NaN gives NaN."""
    kept = _between(x, _LOWEST(x), _HIGHEST(x))
    shifted = _shifted(kept)
    value = _exp_near_zero(_remainder(kept, shifted))
    return value * _first_factor(shifted) * _second_factor(shifted)


@_on_bits
def _inverse_power(builder, bits, integer, single):
    return builder.sub(integer(254 << 23 if single else 2046 << 52), bits)


@function
def exponential_less_one(x):
    """Return exp(x) - 1, accurate near 0; NaN gives NaN."""
    kept = _between(x, like(-40.0, x), _HIGHEST(x))  # below, exp(x) is lost beside the 1
    shifted = _shifted(kept)
    r = _remainder(kept, shifted)
    less = _quadratic_rest(r) * r * r + r
    first, second = _first_factor(shifted), _second_factor(shifted)
    # 2^n (less + 1) - 1 where 2^n, the product of both, may be infinite
    return (less * first + (first - _inverse_power(second))) * second


# log(1 + f) = 2 s + s r(s^2) for s = f / (2 + f): fdlibm's, Sun Microsystems, 1993
_logarithm_rest = _polynomial(
    (0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693, 0.0),
    (
        1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
        2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
        6.666666666666735130e-01, 0.0,
    ),
)  # fmt: skip
_SMALLEST_NORMAL = _choice(2.0**-126, 2.0**-1022)
_SCALE, _SCALE_EXPONENT = _choice(2.0**25, 2.0**54), _choice(25.0, 54.0)
_WHOLE = _choice(1.5 * 2.0**23, 1.5 * 2.0**52)  # a whole number beside it stands in its last bits


def _exponent(builder, bits, integer, single):
    """Return k for which x / 2^k lies between the square roots of a half and of two."""
    root = integer(0x3F3504F3 if single else 0x3FE6A09E667F3BCD)
    return builder.ashr(builder.sub(bits, root), integer(23 if single else 52))


@_on_bits
def _exponent_beside_whole(builder, bits, integer, single):
    return builder.add(
        _exponent(builder, bits, integer, single), integer(0x4B400000 if single else 0x4338 << 48)
    )


@_on_bits
def _mantissa(builder, bits, integer, single):
    exponent = _exponent(builder, bits, integer, single)
    return builder.sub(bits, builder.shl(exponent, integer(23 if single else 52)))


@_on_bits
def _scale_to_mantissa(builder, bits, integer, single):
    exponent, most = _exponent(builder, bits, integer, single), integer(126 if single else 1022)
    kept = builder.select(builder.icmp_signed("<", exponent, most), exponent, most)
    bias = integer(127 if single else 1023)
    return builder.shl(builder.sub(bias, kept), integer(23 if single else 52))


@function
def _logarithm(k, f):
    """Return log(2^k (1 + f))."""
    s = f / (like(2.0, f) + f)
    half = like(0.5, f) * f * f
    rest = s * (half + _logarithm_rest(s * s)) + k * like(_LN2_LOW, f)
    return k * like(_LN2_HIGH, f) - ((half - rest) - f)


@function
def _where_defined(value, x):
    """Return the value where x is positive and finite, else what log(x) is."""
    value = value if x > like(0.0, x) else like(math.nan, x)
    value = like(-math.inf, x) if x == like(0.0, x) else value
    return value if x < like(math.inf, x) else x


@function
def logarithm(x):
    """Return log(x): minus infinity of 0, NaN below it."""
    tiny = x < _SMALLEST_NORMAL(x)
    scaled = x * _SCALE(x) if tiny else x
    k = _exponent_beside_whole(scaled) - _WHOLE(x)
    k = k - _SCALE_EXPONENT(x) if tiny else k
    return _where_defined(_logarithm(k, _mantissa(scaled) - like(1.0, x)), x)


@function
def logarithm_of_one_more(x):
    """Return log(1 + x), accurate near 0."""
    one = like(1.0, x)
    u = one + x
    lost = (x - (u - one)) * _scale_to_mantissa(u)  # to rounding
    return _where_defined(_logarithm(_exponent_beside_whole(u) - _WHOLE(x), (_mantissa(u) - one) + lost), u)


# tanh(x) = x P(x^2) / Q(x^2) up to where it is 1 to the last digit
_SINGLE_TANH = (
    1.3256592223261162e-08,
    2.053847351570808e-05,
    3.4913017264414305e-03,
    0.13377417377407108,
    1.0,
)
_SINGLE_TANH_BELOW = (
    7.736474609346645e-07,
    3.278622237159853e-04,
    2.5860677992700296e-02,
    0.467107320244046,
    1.0,
)
_tanh_above, _tanh_below = (_polynomial(p, p) for p in (_SINGLE_TANH, _SINGLE_TANH_BELOW))


@function
def _within_one(x):
    return _between(x, like(-1.0, x), like(1.0, x))


@function
def _single_tanh(x):
    kept = _between(x, like(-9.4, x), like(9.4, x))  # where the ratio is just above 1
    square = kept * kept
    return _within_one(kept * _tanh_above(square) / _tanh_below(square))


@function
def _double_tanh(x):
    less = exponential_less_one(like(-2.0, x) * abs(x))
    return math.copysign(less / (like(2.0, x) + less), x)


@function
def hyperbolic_tangent(x):
    """Return tanh(x)."""
    return _single_tanh(x) if is_single(x) else _double_tanh(x)


# erf(x) = x P(x^2) / Q(x^2): for float32 up to where it is 1 to the last digit, for float64 up to 1
_SINGLE_ERF = (
    2.046625624347068e-06, 2.8484733017823617e-04, 3.771465418308101e-03, 5.2766052197007814e-02,
    0.19056475095764205, 1.1283791457757149,
)  # fmt: skip
_SINGLE_ERF_BELOW = (
    3.8054153917232446e-05, 1.1636470006703586e-03, 1.4981005400081862e-02, 0.11417126925327982,
    0.502216345253459, 1.0,
)  # fmt: skip
_DOUBLE_ERF = (
    7.373909296941842e-08, 1.9678673508343784e-04, 1.8748471853987593e-03, 4.547443522537217e-02,
    0.14343714590978132, 1.1283791670955126,
)  # fmt: skip
_DOUBLE_ERF_BELOW = (
    2.078411709168201e-05, 6.919221188674779e-04, 1.0687411218036237e-02, 9.37844002993679e-02,
    0.46045119414867763, 1.0,
)  # fmt: skip
_erf_above = _polynomial(_SINGLE_ERF, _DOUBLE_ERF)
_erf_below = _polynomial(_SINGLE_ERF_BELOW, _DOUBLE_ERF_BELOW)
# 1 - erf(x) = exp(-x^2) P(x) / Q(x) from 1 to 6
_REST = (
    8.933135046703723e-03, 8.436837389478137e-02, 0.37366182066666054, 0.9496274771776242, 1.390665116982303,
    0.9999998869039012,
)  # fmt: skip
_REST_BELOW = (
    1.5833691893576047e-02, 0.14953514871277937, 0.6702745769964357, 1.757365071485176, 2.7920692101661624,
    2.519043092524481, 1.0,
)  # fmt: skip
_rest_above, _rest_below = (_polynomial(p, p) for p in (_REST, _REST_BELOW))


@function
def _single_erf(x):
    kept = _between(x, like(-4.15, x), like(4.15, x))  # where the ratio is just above 1
    square = kept * kept
    return _within_one(kept * _erf_above(square) / _erf_below(square))


@function
def _double_erf(x):
    size = abs(x)
    size = like(6.0, x) if size > like(6.0, x) else size
    square, near = size * size, size < like(1.0, x)
    above = _erf_above(square) if near else _rest_above(size)
    ratio = above / (_erf_below(square) if near else _rest_below(size))
    far = like(1.0, x) - exponential(-square) * ratio
    return math.copysign(size * ratio if near else far, x)


@function
def error_function(x):
    """Return erf(x)."""
    return _single_erf(x) if is_single(x) else _double_erf(x)


@function
def _root(x):
    return math.sqrt(x)


@function
def _size(x):
    return abs(x)


@function
def _smaller(x, limit):  # so written, no number stays no number
    return limit if x > limit else x


@function
def _larger(x, limit):
    return limit if x < limit else x


# What a formula of the tables calls, under the names of `chalknet.network.FORMULA_FUNCTIONS`.
FUNCTIONS: dict[str, Any] = {
    "exp": exponential,
    "expm1": exponential_less_one,
    "log": logarithm,
    "log1p": logarithm_of_one_more,
    "tanh": hyperbolic_tangent,
    "erf": error_function,
    "sqrt": _root,
    "abs": _size,
    "min": _smaller,
    "max": _larger,
}
