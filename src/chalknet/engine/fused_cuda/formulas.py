"""The formulas of activations and losses, Python expressions in the tables, as expressions of CUDA C++."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping

_FUNCTIONS = {"abs": "fabs", "min": "smaller", "max": "bigger"}
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.USub: "-", ast.UAdd: "+",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


def in_cuda(formula: str, options: Mapping[str, float | str] | None = None) -> str:
    """Return a formula of the tables as an expression over numbers of the type REAL.

    Args:
        formula: calls functions of `FORMULA_FUNCTIONS` only.
        options: names that are constants; those that are words decide which branch is meant.
    """
    return _Writer({"pi": math.pi, **(options or {})}).text(ast.parse(formula, mode="eval").body)


class _Writer:
    def __init__(self, constants: Mapping[str, float | str]) -> None:
        self._constants = constants

    def text(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value):
                return _number(value)
            case ast.Name(name):
                return _number(self._constants[name]) if name in self._constants else name
            case ast.UnaryOp(operator, operand):
                return f"({_OPERATORS[type(operator)]}{self.text(operand)})"
            case ast.BinOp(left, ast.Pow(), ast.Constant(int(power))):
                return f"({' * '.join([self.text(left)] * power)})"
            case ast.BinOp(left, ast.Pow(), right):
                return f"pow({self.text(left)}, {self.text(right)})"
            case ast.BinOp(left, operator, right):
                return f"({self.text(left)} {_OPERATORS[type(operator)]} {self.text(right)})"
            case ast.Compare(left, [operator], [right]):
                return f"({self.text(left)} {_OPERATORS[type(operator)]} {self.text(right)})"
            case ast.IfExp(test, body, otherwise):
                known = self._known(test)
                if known is not None:
                    return self.text(body if known else otherwise)
                return f"({self.text(test)} ? {self.text(body)} : {self.text(otherwise)})"
            case ast.Call(ast.Name(name), arguments):
                return f"{_FUNCTIONS.get(name, name)}({', '.join(map(self.text, arguments))})"
        raise NotImplementedError(f"{ast.unparse(node)} in a formula")

    def _known(self, test: ast.expr) -> bool | None:
        """Return what a comparison of words says; None for one of numbers."""
        match test:
            case ast.Compare(ast.Name(name), [ast.Eq()], [ast.Constant(str(word))]):
                return self._constants[name] == word
        return None


def _number(value: object) -> str:
    assert isinstance(value, int | float)
    return f"(REAL){float(value)!r}"
