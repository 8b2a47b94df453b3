"""The activations that courses write out: `1 / (1 + np.exp(-z))`, `np.maximum(0, z)`, `z * (z > 0)`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple


class WrittenOut(NamedTuple):
    """An activation, and what it is applied to."""

    kind: str
    x: ast.expr


def function_of(node: ast.AST, is_x: Callable[[ast.expr], bool]) -> WrittenOut | None:
    """Return the activation that an expression writes out, or None.

    Args:
        node: the expression.
        is_x: whether a part of it is what the activation may be applied to.
    """
    match node:
        case ast.BinOp(ast.Constant(1 | 1.0), ast.Div(), ast.BinOp() as below):
            return _sigmoid(below)
        case ast.BinOp(left, ast.Mult(), ast.Compare(x, [ast.Gt() | ast.GtE()], [ast.Constant(0)])) if _same(
            left, x
        ):
            return WrittenOut("relu", left)
        case ast.BinOp(ast.Compare(x, [ast.Gt() | ast.GtE()], [ast.Constant(0)]), ast.Mult(), right) if _same(
            right, x
        ):
            return WrittenOut("relu", right)
        case ast.BinOp(above, ast.Div(), below) if _is_sum_of_exp(above, below):
            inner = next(
                (part for part in ast.walk(above) if isinstance(part, ast.Name) and is_x(part)), None
            )
            return WrittenOut("softmax", inner) if inner is not None else None
        case ast.Call(ast.Attribute(_, "maximum"), [ast.Constant(0 | 0.0), x, *_]):
            return WrittenOut("relu", x)
        case ast.Call(ast.Attribute(_, "maximum"), [x, ast.Constant(0 | 0.0), *_]):
            return WrittenOut("relu", x)
        case ast.Call(ast.Attribute(ast.Name("np" | "numpy" | "jnp"), "tanh"), [x]):
            return WrittenOut("tanh", x)
        case ast.Call(
            ast.Attribute(_, "where"), [ast.Compare(x, [ast.Gt() | ast.GtE()], _), y, ast.Constant(0)]
        ):
            return WrittenOut("relu", y) if _same(x, y) else None
    return None


def _sigmoid(below: ast.BinOp) -> WrittenOut | None:
    for one, other in ((below.left, below.right), (below.right, below.left)):
        match one, other:
            case ast.Constant(1 | 1.0), ast.Call(ast.Attribute(_, "exp"), [ast.UnaryOp(ast.USub(), x)]):
                return WrittenOut("sigmoid", x)
    return None


def _is_sum_of_exp(above: ast.expr, below: ast.expr) -> bool:
    """Return whether one expression is divided by its sum, as in softmax."""
    match below:
        case ast.Call(ast.Attribute(_, "sum"), [inner, *_]) | ast.Call(ast.Attribute(inner, "sum"), _):
            return _same(above, inner)
    return False


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)
