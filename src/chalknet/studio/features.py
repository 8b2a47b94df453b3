"""Formulas typed by a user (`x1*x2`, `y > sin(x)`), over columns of numbers: parsed, never executed."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

import chalknet as cn
from chalknet.lang import _

Array: TypeAlias = npt.NDArray[Any]
_NO_SIGN = re.compile(r"(?<![\w.])\d[\d.]*\s*(?!(?:and|or|not|if|in|is|else)\b|e[+-]?\d)(?=[A-Za-z_(])")
Term: TypeAlias = Callable[[Mapping[str, Array]], Array]

_MOST_SIGNS, _MOST_PARTS = 200, 100  # of a formula; both are far more than anyone types
_SPELLINGS = {
    "^": "**",
    "²": "**2",
    "³": "**3",
    "·": "*",
    "×": "*",
    "−": "-",
    "≤": "<=",
    "≥": ">=",
    "π": "pi",
}
_CONSTANTS = {"pi": np.pi, "e": np.e}
_FUNCTIONS: Mapping[str, tuple[int, Callable[..., Any]]] = {
    "sin": (1, np.sin), "cos": (1, np.cos), "tan": (1, np.tan), "tanh": (1, np.tanh), "exp": (1, np.exp),
    "log": (1, np.log), "sqrt": (1, np.sqrt), "abs": (1, np.abs), "sign": (1, np.sign),
    "floor": (1, np.floor), "min": (2, np.minimum), "max": (2, np.maximum),
}  # fmt: skip
_OPERATORS: Mapping[type, Callable[..., Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: np.power,
    ast.Mod: np.mod, ast.USub: np.negative, ast.UAdd: np.positive, ast.Not: np.logical_not,
    ast.And: np.logical_and, ast.Or: np.logical_or, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip


@dataclass(frozen=True)
class Formula:
    """A formula over columns.

    Args:
        text: as typed.
        names: the columns it uses, in the order of the table.
        decides: whether it is boolean, like `y > sin(x)`, rather than a number.
        term: the function that computes it.

    Example:
        >>> from chalknet.studio.features import parse_formula
        >>> double = parse_formula("2*x1", ("x1", "x2"))
        >>> double({"x1": np.array([1.0, 2.0]), "x2": np.zeros(2)}).tolist()
        [2.0, 4.0]
    """

    text: str
    names: tuple[str, ...]
    decides: bool
    term: Term

    def __call__(self, columns: Mapping[str, Array]) -> Array:
        """Return the values, `(rows,)` of float64; infinite or NaN where the formula is undefined.

        Args:
            columns: numbers by name, each `(rows,)`.
        """
        rows = len(next(iter(columns.values())))
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(self.term(columns), np.float64), (rows,))


def parse_formula(text: str, names: Sequence[str], aliases: Mapping[str, str] | None = None) -> Formula:
    """Parse a formula; nothing in it is executed.

    Args:
        text: such as `x1*x2`, `sin(x1)`, `x1^2`, `y > sin(x) and x < 2`.
        names: of the columns.
        aliases: other names for columns, such as `{"x": "x1", "y": "x2"}`.

    Raises:
        InvalidValue: names what is not allowed in a formula, and what is.
    """
    spelled = reduce(lambda done, sign: done.replace(*sign), _SPELLINGS.items(), text.strip())
    if not spelled or len(spelled) > _MOST_SIGNS:
        raise _refused(text, _("{n} signs").format(n=len(spelled)), names)
    if found := _NO_SIGN.search(spelled):
        product = f"{spelled[: found.end()]}*{spelled[found.end() :]}"
        raise _refused(text, _("no sign between a number and a name"), names, product)
    try:
        tree = ast.parse(spelled, mode="eval").body
        parts = list(ast.walk(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refused(text, _("no formula"), names) from None
    if len(parts) > 3 * _MOST_PARTS:
        raise _refused(text, _("a formula of more than {n} parts").format(n=_MOST_PARTS), names)
    columns = {**{name: name for name in names}, **(aliases or {})}
    term = _Reader(text, columns, names).term(tree)
    used = {columns[part.id] for part in parts if isinstance(part, ast.Name) and part.id in columns}
    decides = isinstance(tree, ast.Compare | ast.BoolOp) or _is_not(tree)
    return Formula(text, tuple(name for name in names if name in used), decides, term)


@dataclass(frozen=True)
class _Reader:
    """Turns syntax tree nodes into functions by their type; unknown types are refused."""

    text: str
    columns: Mapping[str, str]
    names: Sequence[str]

    def term(self, part: ast.AST) -> Term:
        kinds: Mapping[type, Callable[[Any], Term]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Call: self._call,
            ast.BinOp: lambda part: self._applied(part.op, part.left, part.right),
            ast.UnaryOp: lambda part: self._applied(part.op, part.operand),
            ast.BoolOp: lambda part: self._chain([(part.op, *pair) for pair in _pairs(part.values)]),
            ast.Compare: self._compared,
        }
        kind = kinds.get(type(part))
        if kind is None:
            raise _refused(self.text, _source(part), self.names)
        return kind(part)

    def _constant(self, part: ast.Constant) -> Term:
        if isinstance(part.value, bool) or not isinstance(part.value, int | float):
            raise _refused(self.text, _source(part), self.names)
        try:
            value = np.asarray(float(part.value))
        except OverflowError:
            raise _refused(
                self.text, _("a number of {n} digits").format(n=len(str(part.value))), self.names
            ) from None
        return lambda columns: value

    def _name(self, part: ast.Name) -> Term:
        if part.id in self.columns:
            column = self.columns[part.id]
            return lambda columns: columns[column]
        if part.id not in _CONSTANTS:
            raise _refused(self.text, part.id, self.names)
        value = np.asarray(_CONSTANTS[part.id])
        return lambda columns: value

    def _call(self, part: ast.Call) -> Term:
        name = part.func.id if isinstance(part.func, ast.Name) else _source(part.func)
        count, function = _FUNCTIONS.get(name, (-1, np.positive))
        if count != len(part.args) or part.keywords:
            raise _refused(self.text, _source(part), self.names)
        terms = [self.term(each) for each in part.args]
        return lambda columns: function(*(term(columns) for term in terms))

    def _applied(self, operator: ast.AST, *parts: ast.AST) -> Term:
        function = _OPERATORS.get(type(operator))
        if function is None:
            raise _refused(self.text, type(operator).__name__, self.names)
        terms = [self.term(each) for each in parts]
        return lambda columns: function(*(term(columns) for term in terms))

    def _compared(self, part: ast.Compare) -> Term:
        sides = _pairs([part.left, *part.comparators])
        return self._chain([(operator, *pair) for operator, pair in zip(part.ops, sides, strict=True)])

    def _chain(self, links: Sequence[tuple[ast.AST, ast.AST, ast.AST]]) -> Term:
        """Return a chain such as `1 < x < 2`, true if all its links are; if joined by `or`, if any is."""
        either = isinstance(links[0][0], ast.Or)
        terms = [self._applied(*link) for link in links]
        join = np.logical_or if either else np.logical_and
        return lambda columns: reduce(join, [term(columns) for term in terms])


def _pairs(parts: Sequence[ast.AST]) -> list[tuple[ast.AST, ast.AST]]:
    return list(itertools.pairwise(parts))


def _is_not(tree: ast.AST) -> bool:
    return isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)


def _source(part: ast.AST) -> str:
    try:
        return ast.unparse(part)
    except (RecursionError, ValueError):
        return type(part).__name__


def _refused(text: str, got: str, names: Sequence[str], instead: str = "") -> cn.InvalidValue:
    shown = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
    first = names[0]
    example = instead or f"{first}**2, sin({first})"
    return cn.InvalidValue(
        where=_("the formula {text}").format(text=text[:60]),
        got=got[:80],
        wanted=_("{names}, numbers, + - * / ** %, comparisons, and, or, not, {functions}").format(
            names=shown, functions=", ".join(_FUNCTIONS)
        ),
        remedy=_("Write for instance {example}.").format(example=example),
    )


@dataclass(frozen=True)
class Features:
    """The inputs of the network, each a formula of the columns.

    Args:
        formulas: in the order of the network's inputs.

    Example:
        >>> from chalknet.studio.features import Features
        >>> features = Features.of(["x1", "x1*x2"], ("x1", "x2"))
        >>> features(np.array([[2.0, 3.0]]), ("x1", "x2")).tolist()
        [[2.0, 6.0]]
    """

    formulas: tuple[Formula, ...]

    @classmethod
    def of(cls, texts: Sequence[str], names: Sequence[str]) -> Features:
        """Return the features of typed formulas.

        Args:
            texts: one formula each.
            names: of the columns.

        Raises:
            InvalidValue: for a text that is not a formula.
        """
        aliases = {"x": names[0], "y": names[1]} if tuple(names) == ("x1", "x2") else {}
        aliases = {"x": names[0]} if tuple(names) == ("x1",) else aliases
        return cls(tuple(parse_formula(text, names, aliases) for text in texts))

    def __call__(self, x: Array, names: Sequence[str]) -> Array:
        """Return the inputs of the network, `(rows, features)` of float32.

        Args:
            x: the columns, `(rows, columns)`.
            names: of the columns.

        Raises:
            DataError: for a formula that is not finite in some row.
        """
        columns = dict(zip(names, x.T.astype(np.float64), strict=True))
        made = np.stack([formula(columns) for formula in self.formulas], axis=1)
        wrong = ~np.isfinite(made) | (np.abs(made) > np.finfo(np.float32).max)
        if wrong.any():
            at = int(wrong.any(axis=0).argmax())
            raise cn.DataError(
                where=_("the feature {text}").format(text=self.formulas[at].text),
                got=_("no finite number in {n} of {rows} rows").format(
                    n=int(wrong[:, at].sum()), rows=len(x)
                ),
                wanted=_("a number for every point"),
                remedy=_("Leave it out, or write for instance log(abs(x1) + 1)."),
            )
        return made.astype(np.float32)
