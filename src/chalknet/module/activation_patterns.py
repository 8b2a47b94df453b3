"""Activations that a graph writes as several operations, recognised by a normal form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import inf, isclose, isfinite, pi, sqrt
from typing import TypeAlias

from chalknet.network import Activation

# A number; X, the value that arrives; ("*", number, factors); ("+", number, terms); (operation, *arguments).
Expression: TypeAlias = float | tuple[object, ...]

X: Expression = ("x",)
_SAME = 1e-5  # relative: constants are printed with six digits or kept as float32


def activation_of(expression: Expression) -> Activation | None:
    """Return the activation that an expression in `X` is, or None.

    Example:
        >>> activation_of(OPERATIONS["Mul"](X, OPERATIONS["Sigmoid"](X)))
        Activation(kind='silu', options=())
    """
    for form, activation in _FORMS:
        if _same(expression, form):
            return activation
    return _softplus_of(expression)


def _gathered(sign: str, neutral: float, *parts: Expression) -> Expression:
    """Return a product or sum with its numbers in front and its other parts in one order."""
    number, others = neutral, list[Expression]()
    for part in parts:
        match part:
            case (mark, float(own), tuple(inner)) if mark == sign:
                others += inner
            case float(own):
                pass
            case _:
                own = neutral
                others.append(part)
        number = number * own if sign == "*" else number + own
    if not others:
        return number
    if number == neutral and len(others) == 1:
        return others[0]
    return (sign, number, tuple(sorted(others, key=repr)))


_product, _sum = partial(_gathered, "*", 1.0), partial(_gathered, "+", 0.0)


def _quotient(above: Expression, below: Expression) -> Expression | None:
    if isinstance(below, float):
        return _product(above, 1 / below) if below else None
    return ("/", above, below)


def _power(base: Expression, exponent: Expression) -> Expression | None:
    return _product(*[base] * int(exponent)) if isinstance(exponent, float) and exponent in (2, 3) else None


def _call(operation: str) -> Callable[..., Expression]:
    return lambda *arguments: (operation, *arguments)


def _clip(value: Expression, *bounds: float) -> Expression:
    return ("Clip", value, *(bound for bound in bounds if isfinite(bound)))


# What the operations of a graph make of their arguments; None for what no activation needs.
OPERATIONS: Mapping[str, Callable[..., Expression | None]] = {
    "Add": _sum,
    "Mul": _product,
    "Div": _quotient,
    "Pow": _power,
    **{name: _call(name) for name in ("Abs", "Erf", "Tanh", "Sigmoid", "Softplus")},
    **{name: _call(name) for name in ("Greater", "Where", "HardSigmoid")},
    "Clip": _clip,
}
# The attributes that follow the arguments of an operation, with their defaults.
ATTRIBUTES: Mapping[str, Mapping[str, float]] = {
    "HardSigmoid": {"alpha": 0.2, "beta": 0.5},
    "Clip": {"min": -inf, "max": inf},  # before version 11, after which they are inputs
}


def _same(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return isclose(a, b, rel_tol=_SAME)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


def _gelu_tanh(inner: Expression) -> Expression:
    return _product(0.5, X, _sum(1.0, ("Tanh", inner)))


_CUBIC = 0.044715
_FORMS: tuple[tuple[Expression, Activation], ...] = (
    (_product(X, ("Sigmoid", X)), Activation("silu")),
    (_product(X, ("Tanh", ("Softplus", X))), Activation("mish")),
    (_product(X, ("HardSigmoid", X, 1 / 6, 0.5)), Activation("hardswish")),
    (("HardSigmoid", X, 1 / 6, 0.5), Activation("hardsigmoid")),
    (("Clip", X, 0.0, 6.0), Activation("relu6")),
    (("/", X, _sum(1.0, ("Abs", X))), Activation("softsign")),
    (_product(0.5, X, _sum(1.0, ("Erf", _product(sqrt(0.5), X)))), Activation("gelu")),
    *(
        (_gelu_tanh(inner), Activation("gelu", {"approximate": "tanh"}))
        for inner in (
            _product(sqrt(2 / pi), _sum(X, _product(_CUBIC, X, X, X))),
            _product(sqrt(2 / pi), X, _sum(1.0, _product(_CUBIC, X, X))),
        )
    ),
)


def _softplus_of(expression: Expression) -> Activation | None:
    """Return the Softplus whose beta and threshold make this very expression."""
    options: dict[str, float] = {}
    smooth = expression
    match expression:
        case ("Where", ("Greater", _, float(threshold)), _, smooth):  # type: ignore[misc]
            options["threshold"] = threshold
    match smooth:
        case ("*", _, (("Softplus", ("*", float(beta), _)),)):
            options["beta"] = beta
    scaled = _product(options.get("beta", 1.0), X)
    form = _quotient(("Softplus", scaled), options.get("beta", 1.0))
    if form is not None and "threshold" in options:
        form = ("Where", ("Greater", scaled, options["threshold"]), X, form)
    return Activation("softplus", options) if _same(expression, form) else None
