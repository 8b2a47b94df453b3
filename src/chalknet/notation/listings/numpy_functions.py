"""The activations that courses write out: `1 / (1 + np.exp(-z))`, `np.maximum(0, z)`, `z * (z > 0)`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import NamedTuple

from chalknet.network import Activation


class WrittenOut(NamedTuple):
    """An activation, and what it is applied to."""

    step: Activation
    x: ast.expr


def function_of(
    node: ast.AST, is_x: Callable[[ast.expr], bool], numbers: Mapping[str, float] | None = None
) -> WrittenOut | None:
    """Return the activation that an expression writes out, or None.

    Args:
        node: the expression.
        is_x: whether a part of it is what the activation may be applied to.
        numbers: what names in it are, such as the default of a slope.
    """
    return _plain(node, is_x) or _leaky(node, numbers or {})


def written_out(function: ast.FunctionDef) -> Activation | None:
    """Return the activation that the body of a function writes out, or None.

    Args:
        function: one that makes no product of matrices.
    """
    arguments = function.args.args
    defaults = zip(
        arguments[len(arguments) - len(function.args.defaults) :], function.args.defaults, strict=True
    )
    numbers = {
        argument.arg: float(value.value)
        for argument, value in defaults
        if isinstance(value, ast.Constant) and isinstance(value.value, int | float)
    }
    returned = [part.value for part in function.body if isinstance(part, ast.Return) and part.value]
    if not returned:
        return None
    local = {
        target.id: part.value
        for part in ast.walk(function)
        if isinstance(part, ast.Assign)
        for target in part.targets
        if isinstance(target, ast.Name)
    }
    value = returned[-1]
    value = value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value
    value = local.get(value.id, value) if isinstance(value, ast.Name) else value
    names = {argument.arg for argument in arguments}
    found = function_of(value, lambda one: isinstance(one, ast.Name) and one.id in names, numbers)
    return found.step if found else None


def _leaky(node: ast.AST, numbers: Mapping[str, float]) -> WrittenOut | None:
    """Return the leaky ReLU in `np.where(z > 0, z, 0.01 * z)` and `np.maximum(0.01 * z, z)`."""
    match node:
        case ast.Call(
            ast.Attribute(_, "where"), [ast.Compare(x, [ast.Gt() | ast.GtE()], [ast.Constant(0)]), y, z]
        ):
            candidates = [(y, z)] if _same(x, y) else []
        case ast.Call(ast.Attribute(_, "maximum"), [y, z]):
            candidates = [(y, z), (z, y)]
        case _:
            return None
    for x, below in candidates:
        slope = _slope(below, x, numbers)
        if slope is not None and 0 < slope < 1:
            return WrittenOut(Activation("leaky_relu", {"negative_slope": slope}), x)
    return None


def _slope(node: ast.expr, x: ast.expr, numbers: Mapping[str, float]) -> float | None:
    """Return the number in `number * x` or `x * number`; None for any other expression."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
        return None
    number = node.left if _same(node.right, x) else node.right if _same(node.left, x) else None
    if isinstance(number, ast.Name):
        return numbers.get(number.id)
    value = number.value if isinstance(number, ast.Constant) else None
    return float(value) if isinstance(value, int | float) else None


def _plain(node: ast.AST, is_x: Callable[[ast.expr], bool]) -> WrittenOut | None:
    """Return an activation without options that an expression writes out, or None."""
    match node:
        case ast.BinOp(ast.Constant(1 | 1.0), ast.Div(), ast.BinOp() as below):
            return _sigmoid(below)
        case ast.BinOp(
            ast.Call(ast.Attribute(_, "exp"), [x]),
            ast.Div(),
            ast.BinOp(ast.Constant(1), ast.Add(), ast.Call(ast.Attribute(_, "exp"), [y]))
            | ast.BinOp(ast.Call(ast.Attribute(_, "exp"), [y]), ast.Add(), ast.Constant(1)),
        ) if _same(x, y):
            return WrittenOut(Activation("sigmoid"), x)
        case ast.BinOp(left, ast.Mult(), ast.Compare(x, [ast.Gt() | ast.GtE()], [ast.Constant(0)])) if _same(
            left, x
        ):
            return WrittenOut(Activation("relu"), left)
        case ast.BinOp(ast.Compare(x, [ast.Gt() | ast.GtE()], [ast.Constant(0)]), ast.Mult(), right) if _same(
            right, x
        ):
            return WrittenOut(Activation("relu"), right)
        case ast.BinOp(above, ast.Div(), below) if _is_sum_of_exp(above, below):
            inner = next(
                (part for part in ast.walk(above) if isinstance(part, ast.Name) and is_x(part)), None
            )
            return WrittenOut(Activation("softmax"), inner) if inner is not None else None
        case ast.Call(ast.Attribute(_, "maximum"), [ast.Constant(0 | 0.0), x, *_]):
            return WrittenOut(Activation("relu"), x)
        case ast.Call(ast.Attribute(_, "maximum"), [x, ast.Constant(0 | 0.0), *_]):
            return WrittenOut(Activation("relu"), x)
        case ast.Call(ast.Attribute(ast.Name("np" | "numpy" | "jnp"), "tanh"), [x]):
            return WrittenOut(Activation("tanh"), x)
        case ast.Call(
            ast.Attribute(_, "where"), [ast.Compare(x, [ast.Gt() | ast.GtE()], _), y, ast.Constant(0)]
        ):
            return WrittenOut(Activation("relu"), y) if _same(x, y) else None
    return None


def _sigmoid(below: ast.BinOp) -> WrittenOut | None:
    for one, other in ((below.left, below.right), (below.right, below.left)):
        match one, other:
            case ast.Constant(1 | 1.0), ast.Call(ast.Attribute(_, "exp"), [ast.UnaryOp(ast.USub(), x)]):
                return WrittenOut(Activation("sigmoid"), x)
    return None


def _is_sum_of_exp(above: ast.expr, below: ast.expr) -> bool:
    """Return whether one expression is divided by its sum, as in softmax."""
    return is_reduced(above, below, "sum")


def is_reduced(x: ast.expr, node: ast.expr, name: str) -> bool:
    """Return whether an expression is the sum or the largest of another one, `np.sum(x)` or `x.sum()`.

    Args:
        x: the expression that is reduced.
        node: what may be its reduction.
        name: "sum" or "max".
    """
    match node:
        case ast.Call(ast.Attribute(_, found), [inner, *_]) | ast.Call(ast.Attribute(inner, found), _):
            return found in (name, f"a{name}") and _same(x, inner)
    return False


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)
