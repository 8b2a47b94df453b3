"""The formulas of activations and losses, Python expressions in the tables, as expressions of CUDA C++."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from functools import reduce

# Functions of the tables, as the kernels call them; of numbers.cuh, where CUDA has none of the kind.
_FUNCTIONS = {name: name for name in ("exp", "expm1", "log", "log1p", "tanh", "erf", "sqrt")}
_FUNCTIONS |= {"abs": "fabs", "min": "smaller", "max": "bigger"}
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.USub: "-", ast.UAdd: "+",
}  # fmt: skip
_TESTS: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.And: "&&", ast.Or: "||",
}  # fmt: skip


def in_cuda(formula: str, options: Mapping[str, float | str] | None = None) -> str:
    """Return a formula of the tables as an expression over numbers of the type REAL.

    Args:
        formula: calls functions of `FORMULA_FUNCTIONS` only.
        options: names that are constants; those that are words decide which branch is meant.

    Raises:
        NotImplementedError: for what has no code; its text is that part of the formula.
    """
    return _Writer({"pi": math.pi, **(options or {})}).text(ast.parse(formula, mode="eval").body)


def formula_reason(formulas: tuple[str, ...], options: Mapping[str, float | str]) -> str:
    """Return why one of some formulas cannot be compiled; empty when all can."""
    for formula in formulas:
        try:
            in_cuda(formula, options)
        except NotImplementedError as problem:
            return f"whose formula {formula!r} has {problem}"
    return ""


class _Writer:
    def __init__(self, constants: Mapping[str, float | str]) -> None:
        self._constants = constants

    def text(self, node: ast.expr) -> str:
        """Return an expression that is a number."""
        match node:
            case ast.Constant(int(value) | float(value)):
                return _number(value)
            case ast.Name(name) if not isinstance(self._constants.get(name), str):
                return _number(self._constants[name]) if name in self._constants else name
            case ast.UnaryOp(operator, operand) if type(operator) in _OPERATORS:
                return f"({_OPERATORS[type(operator)]}{self.text(operand)})"
            case ast.BinOp(left, ast.Pow(), ast.Constant(int(power))) if power > 0:
                return f"({' * '.join([self.text(left)] * power)})"
            case ast.BinOp(left, ast.Pow(), right):
                return f"pow({self.text(left)}, {self.text(right)})"
            case ast.BinOp(left, operator, right) if type(operator) in _OPERATORS:
                return f"({self.text(left)} {_OPERATORS[type(operator)]} {self.text(right)})"
            case ast.IfExp(test, body, otherwise):
                known = self._known(test)
                if known is not None:
                    return self.text(body if known else otherwise)
                return f"({self._test(test)} ? {self.text(body)} : {self.text(otherwise)})"
            case ast.Compare() | ast.BoolOp():
                return f"((REAL){self._test(node)})"
            case ast.Call(ast.Name("min" | "max" as name), [first, *others], []):
                called = _FUNCTIONS[name]
                return reduce(
                    lambda one, other: f"{called}({one}, {self.text(other)})", others, self.text(first)
                )
            case ast.Call(ast.Name(name), [argument], []) if name in _FUNCTIONS:
                return f"{_FUNCTIONS[name]}({self.text(argument)})"
        raise NotImplementedError(ast.unparse(node))

    def _test(self, node: ast.expr) -> str:
        """Return an expression that is true or false."""
        match node:
            case ast.Compare(left, [operator], [right]) if type(operator) in _TESTS:
                return f"({self.text(left)} {_TESTS[type(operator)]} {self.text(right)})"
            case ast.BoolOp(operator, values):
                return f"({f' {_TESTS[type(operator)]} '.join(map(self._test, values))})"
        raise NotImplementedError(ast.unparse(node))

    def _known(self, test: ast.expr) -> bool | None:
        """Return what a comparison of words says; None for one of numbers."""
        match test:
            case ast.Compare(ast.Name(name), [ast.Eq()], [ast.Constant(str(word))]):
                return self._constants.get(name) == word
        return None


def _number(value: object) -> str:
    assert isinstance(value, int | float)
    return f"(REAL){float(value)!r}"
