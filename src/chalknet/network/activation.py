"""The activations, one row each, and the step that applies one."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from chalknet.errors import InvalidValue, unknown_name
from chalknet.network.spelling import name_of_row
from chalknet.network.step import Step, is_number

Option: TypeAlias = float | str


class Range(NamedTuple):
    """The numbers between two bounds, which belong to them."""

    low: float = -math.inf
    high: float = math.inf


_ALL = Range()


@dataclass(frozen=True)
class ActivationKind:
    """One activation function: all that reading, building, fitting, drawing and exporting know of it.

    Args:
        name: the name used everywhere in chalknet.
        aliases: other spellings that are read as this one.
        symbol: what a formula writes over the arrow.
        torch_class: the class of `torch.nn`, or `module.Class` for one from elsewhere; empty where it is not
            known which function it is.
        formula: h(z) as a Python expression in `z`, the options, and the names of `FORMULA_FUNCTIONS`.
        derivative: dh/dz in the same language, in `h` too; of a vector function, d h_i / d z_j.
        options: the options of the torch class that change the function, with torch's defaults.
        choices: for an option that is a word, the words.
        elementwise: whether each value is mapped alone (softmax is not).
        inplace: whether the torch class also takes `inplace`.
        onnx: the ONNX operation that computes it; empty where there is none.
        onnx_options: the operation's attribute of an option, by attribute; both sides have the same defaults.
        lowest: the lower bound of its values, as an expression in the options.
        highest: the upper bound, likewise.
    """

    name: str
    aliases: tuple[str, ...]
    symbol: str
    torch_class: str
    formula: str
    derivative: str
    options: Mapping[str, Option] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    elementwise: bool = True
    inplace: bool = False
    onnx: str = ""
    onnx_options: Mapping[str, str] = field(default_factory=dict)
    lowest: str = "-inf"
    highest: str = "inf"

    @property
    def settled(self) -> bool:
        """Return whether it is known which function this is."""
        return bool(self.torch_class)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return what the torch class takes, in torch's order."""
        extra = (("inplace", self.inplace), ("dim", not self.elementwise))
        return (*self.options, *(name for name, takes in extra if takes))


# What a formula may call, for one number each; the variables and options come on top.
FORMULA_FUNCTIONS: Mapping[str, Any] = {
    **{name: getattr(math, name) for name in ("exp", "expm1", "log", "log1p", "tanh", "erf", "sqrt", "pi")},
    **{"abs": abs, "min": min, "max": max},
}


def unknown_in_formula(formula: str, variables: Iterable[str]) -> tuple[str, ...]:
    """Return the names in a formula that are neither variables nor functions of `FORMULA_FUNCTIONS`."""
    return tuple(sorted(_names_in(formula) - set(variables) - set(FORMULA_FUNCTIONS)))


@lru_cache(1024)  # each fit asks again: parsing took a tenth of the preparation of a small one
def _names_in(formula: str) -> frozenset[str]:
    tree = ast.parse(formula, mode="eval")
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


_SIGMOID = "1 / (1 + exp(-z))"
_MISH = "exp(z) * (exp(z) + 2)"  # tanh(log(1 + exp(z))) is this, divided by it and 2; beyond 20 it is 1
_GELU_TANH = "tanh(sqrt(2 / pi) * (z + 0.044715 * z**3))"
_SELU, _SELU_ALPHA = "1.0507009873554805", "1.6732632423543772"  # Klambauer and others, 2017
_SIXTH = "0.1666666716337204"  # in float32, as torch has it there for every dtype
_ROWS = (
    ActivationKind(
        "relu",
        ("렐루",),
        "relu",
        "ReLU",
        "0 if z <= 0 else z",
        "1 if z > 0 else 0",
        inplace=True,
        onnx="Relu",
        lowest="0",
    ),
    ActivationKind(
        "sigmoid",
        ("sig", "logistic", "sigma", "σ", "expit", "시그모이드", "로지스틱"),
        "sig",
        "Sigmoid",
        _SIGMOID,
        "h * (1 - h)",
        onnx="Sigmoid",
        lowest="0",
        highest="1",
    ),
    ActivationKind(
        "tanh",
        ("쌍곡탄젠트", "하이퍼볼릭탄젠트"),
        "tanh",
        "Tanh",
        "tanh(z)",
        "1 - h * h",
        onnx="Tanh",
        lowest="-1",
        highest="1",
    ),
    ActivationKind(
        "leaky_relu",
        ("lrelu", "리키렐루", "누수렐루"),
        "leaky_relu",
        "LeakyReLU",
        "z if z > 0 else negative_slope * z",
        "1 if z > 0 else negative_slope",
        {"negative_slope": 0.01},
        inplace=True,
        onnx="LeakyRelu",
        onnx_options={"alpha": "negative_slope"},
        lowest="-inf if negative_slope > 0 else 0",
    ),
    ActivationKind(
        "elu",
        ("엘루",),
        "elu",
        "ELU",
        "z if z > 0 else alpha * expm1(z)",
        "1 if z > 0 else alpha * exp(z)",
        {"alpha": 1.0},
        inplace=True,
        onnx="Elu",
        onnx_options={"alpha": "alpha"},
        lowest="-max(alpha, 0)",
    ),
    ActivationKind(
        "gelu",
        ("겔루",),
        "gelu",
        "GELU",
        f"z * (1 + erf(z * sqrt(1 / 2))) / 2 if approximate == 'none' else z * (1 + {_GELU_TANH}) / 2",
        "(1 + erf(z * sqrt(1 / 2))) / 2 + z * exp(-(z**2) / 2) / sqrt(2 * pi) if approximate == 'none' "
        f"else (1 + {_GELU_TANH}) / 2 + z * (1 - {_GELU_TANH} ** 2) "
        "* sqrt(2 / pi) * (1 + 0.134145 * z**2) / 2",
        {"approximate": "none"},
        {"approximate": ("none", "tanh")},
        onnx="Gelu",
        onnx_options={"approximate": "approximate"},
        lowest="-0.16998 if approximate == 'none' else -0.17005",
    ),
    ActivationKind(
        "silu",
        ("swish", "실루", "스위시"),
        "silu",
        "SiLU",
        f"z * ({_SIGMOID})",
        f"{_SIGMOID} * (1 + z * (1 - {_SIGMOID}))",
        inplace=True,
        lowest="-0.27847",
    ),
    ActivationKind(
        "softplus",
        ("소프트플러스",),
        "softplus",
        "Softplus",
        "z if beta * z > threshold else log1p(exp(beta * z)) / beta",
        "1 if beta * z > threshold else 1 / (1 + exp(-beta * z))",
        {"beta": 1.0, "threshold": 20.0},
        onnx="Softplus",
        lowest="0 if beta > 0 else -inf",
        highest="inf if beta > 0 else 0",
    ),
    ActivationKind(
        "mish",
        ("미시",),
        "mish",
        "Mish",
        f"z if z > 20 else z * ({_MISH} / ({_MISH} + 2))",
        f"1 if z > 20 else {_MISH} / ({_MISH} + 2) "
        f"+ z * (4 * exp(z) * (exp(z) + 1) / (({_MISH} + 2) * ({_MISH} + 2)))",
        inplace=True,
        onnx="Mish",
        lowest="-0.30885",
    ),
    ActivationKind(
        "hardswish",
        ("hard_silu", "하드스위시"),
        "hardswish",
        "Hardswish",
        "0 if z <= -3 else (z if z >= 3 else z * (z + 3) / 6)",
        "0 if z <= -3 else (1 if z >= 3 else z / 3 + 1 / 2)",
        inplace=True,
        onnx="HardSwish",
        lowest="-0.375",
    ),
    ActivationKind(
        "selu",
        (),
        "selu",
        "SELU",
        f"{_SELU} * (z if z > 0 else {_SELU_ALPHA} * expm1(z))",
        f"{_SELU} * (1 if z > 0 else {_SELU_ALPHA} * exp(z))",
        inplace=True,
        onnx="Selu",
        lowest=f"-{_SELU} * {_SELU_ALPHA}",
    ),
    ActivationKind(
        "relu6",
        (),
        "relu6",
        "ReLU6",
        "0 if z <= 0 else (6 if z >= 6 else z)",
        "0 if z <= 0 or z >= 6 else 1",
        inplace=True,
        lowest="0",
        highest="6",
    ),
    ActivationKind(
        "hardsigmoid",
        ("hard_sigmoid",),
        "hardsigmoid",
        "Hardsigmoid",
        "0 if z <= -3 else (1 if z >= 3 else z / 6 + 1 / 2)",
        f"0 if z <= -3 or z >= 3 else {_SIXTH}",
        inplace=True,
        lowest="0",
        highest="1",
    ),
    ActivationKind(
        "softsign",
        ("soft_sign",),
        "softsign",
        "Softsign",
        "z / (1 + abs(z))",
        "1 / ((1 + abs(z)) * (1 + abs(z)))",
        onnx="Softsign",
        lowest="-1",
        highest="1",
    ),
    ActivationKind(
        "softmax",
        ("소프트맥스",),
        "softmax",
        "Softmax",
        "exp(z_i) / sum(exp(z))",
        "h_i * ((i == j) - h_j)",
        elementwise=False,
        onnx="Softmax",
        lowest="0",
        highest="1",
    ),
    ActivationKind(
        "log_softmax",
        ("로그소프트맥스",),
        "log_softmax",
        "LogSoftmax",
        "z_i - log(sum(exp(z)))",
        "(i == j) - exp(h_j)",
        elementwise=False,
        onnx="LogSoftmax",
        highest="0",
    ),
    ActivationKind("identity", ("id", "none", "항등"), "id", "Identity", "z", "1", onnx="Identity"),
    # The general activation of a formula, and the one that a drawing does not name: neither is built.
    ActivationKind(
        "h", ("g", "phi", "φ", "act", "activation", "활성화", "활성화함수"), "h", "", "h(z)", "h'(z)"
    ),
    ActivationKind("?", ("unknown",), "?", "", "?", "?"),
)

ACTIVATIONS: dict[str, ActivationKind] = {row.name: row for row in _ROWS}
"""The rows by name. A row that is added here is known everywhere."""


_FAR, _PLACES = 30.0, 64  # beyond, exp would leave the range of floats; where a function is looked at


def activation_name(spelling: str) -> str | None:
    """Return the name of the activation that is spelled so (`sig`, `LeakyReLU`), or None."""
    return spelling if spelling in ACTIVATIONS else name_of_row(ACTIVATIONS.values(), spelling)


@dataclass(frozen=True)
class Activation(Step):
    """Apply one activation function; the shape stays as it is.

    Args:
        kind: a name or an alias of the table; `"h"` for a general one, `"?"` for an unknown one.
        options: options of the torch class, such as `{"negative_slope": 0.2}`; kept as the pairs that
            differ from torch's defaults, in torch's order.

    Raises:
        UnknownName: for a kind or an option that no row has; the nearest name is offered.
        InvalidValue: for an option that is no finite number, or none of its words.

    Example:
        >>> import chalknet as cn
        >>> cn.Activation("sig") == cn.Activation("Sigmoid")
        True
    """

    kind: str
    options: Mapping[str, Option] | tuple[tuple[str, Option], ...] = ()

    def __post_init__(self) -> None:
        name = activation_name(self.kind)
        if name is None:
            raise unknown_name(
                "activation", "activation", self.kind, ACTIVATIONS,
                spellings=[word for row in ACTIVATIONS.values() for word in row.aliases],
            )  # fmt: skip
        object.__setattr__(self, "kind", name)
        object.__setattr__(self, "options", _settled_options(ACTIVATIONS[name], dict(self.options)))

    @property
    def row(self) -> ActivationKind:
        """Return the row of the table that this step applies."""
        return ACTIVATIONS[self.kind]

    @property
    def all_options(self) -> dict[str, Option]:
        """Return every option with its value, torch's defaults included."""
        return {**self.row.options, **dict(self.options)}

    def image(self, z: Range = _ALL) -> Range:
        """Return between which bounds the values lie, for arguments between the bounds of `z`.

        The bounds are not too narrow; for a function that is not monotone there they may be too wide.
        """
        row, names = self.row, {**FORMULA_FUNCTIONS, "inf": math.inf, **self.all_options}
        own = Range(*(float(eval(bound, {}, names)) for bound in (row.lowest, row.highest)))
        if z == _ALL or not row.elementwise or not row.settled:
            return own
        low, high = max(z.low, -_FAR), min(z.high, _FAR)
        places = (z.low, *(low + (high - low) * index / _PLACES for index in range(_PLACES + 1)), z.high)
        formula = compile(row.formula, row.name, "eval")
        try:
            values = [float(eval(formula, {}, {**names, "z": place})) for place in places]
        except ArithmeticError:
            return own
        if values not in (sorted(values), sorted(values, reverse=True)) or any(map(math.isnan, values)):
            return own
        return Range(max(own.low, min(values)), min(own.high, max(values)))


def _settled_options(row: ActivationKind, options: Mapping[str, Option]) -> tuple[tuple[str, Option], ...]:
    settled: dict[str, Option] = {}
    for name, value in options.items():
        if name not in row.options:
            raise unknown_name(f"activation {row.name}", "option", name, row.options or ("no option at all",))
        words = row.choices.get(name)
        if words is None and is_number(value):
            value = float(value)
        elif words is None or value not in words:
            raise InvalidValue(
                where=f"activation {row.name}",
                got=f"{name}={value!r}",
                wanted=f"one of {', '.join(words)}" if words else "a finite number",
                remedy=f"Leave it out for torch's default, {row.options[name]!r}.",
            )
        if value != row.options[name]:
            settled[name] = value
    return tuple((name, settled[name]) for name in row.options if name in settled)
