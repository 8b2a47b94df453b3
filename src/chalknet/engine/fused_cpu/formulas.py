"""The formulas of activations and losses as compiled loops, which the kernels call by their address.

A kernel is compiled once for all networks. A row of a table costs a loop of its own, compiled for its options
and dtype (0.2 s) and kept on disk as the kernels are. One call takes a whole stretch of numbers.
"""

from __future__ import annotations

import ast
import math
import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from llvmlite import ir
from numba import cfunc, types
from numba.core import cgutils

from chalknet.engine.fused_cpu.functions import FUNCTIONS, exponential
from chalknet.engine.fused_cpu.scalars import ELEMENTWISE, STAMP, intrinsic, like, part
from chalknet.network import FORMULA_FUNCTIONS, Activation
from chalknet.planning import Loss

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

_FORWARD = """
def {name}(zs, hs, numbers):
    for i in range(numbers):
        z = zs[i]
        hs[i] = {value}
    return 0.0
"""
_BACKWARD = """
def {name}(zs, hs, gs, numbers):
    for i in range(numbers):
        z, h = zs[i], hs[i]
        gs[i] *= {value}
    return 0.0
"""
_WITH_DERIVATIVE = """
def {name}(zs, hs, numbers):
    for i in range(numbers):
        z = zs[i]
        h = {value}
        hs[i] = h
        zs[i] = {derivative}
    return 0.0
"""
_LOSS = """
def {name}(yhats, ys, gs, scale, rows, width, stride):
    total = 0.0
    for row in range(rows):
        for i in range(width):
            at = row * stride + i
            yhat, y = yhats[at], ys[row * width + i]
            total += {value}
            gs[at] = scale * ({gradient})
    return total
"""


def forward_address(step: Activation, dtype: str) -> int:
    """Return the address of the loop `(z, h, numbers)` that writes h."""
    value = _typed(step.row.formula, step.all_options, "z")
    return _address(_FORWARD, ("array", "array", "int"), dtype, value=value)


def backward_address(step: Activation, dtype: str) -> int:
    """Return the address of the loop `(z, h, g, numbers)` that multiplies g by the derivative."""
    value = _typed(step.row.derivative, step.all_options, "z")
    return _address(_BACKWARD, ("array", "array", "array", "int"), dtype, value=value)


def derivative_address(step: Activation, dtype: str) -> int:
    """Return the address of the loop `(z, h, numbers)` that writes h, and the derivative in z's place."""
    value, derivative = (
        _typed(text, step.all_options, "z") for text in (step.row.formula, step.row.derivative)
    )
    return _address(_WITH_DERIVATIVE, ("array", "array", "int"), dtype, value=value, derivative=derivative)


def loss_address(loss: Loss, dtype: str) -> int:
    """Return the address of the loop `(yhat, y, g, scale, rows, width, stride)`.

    It returns the summed loss and writes its gradient, times scale. A row of yhat and g has `stride` numbers.
    """
    value, gradient = (_typed(text, {}, "yhat") for text in (loss.formula, loss.gradient))
    arguments = ("array", "array", "array", "number", "int", "int", "int")
    return _address(_LOSS, arguments, dtype, value=value, gradient=gradient)


@intrinsic
def call_at(context, address, *arguments):
    """Call a loop by its address; an array is passed as the address of its first number."""

    def write(context, builder, signature, args):
        values = cgutils.unpack_tuple(builder, args[1])
        for index, kind in enumerate(arguments):
            if isinstance(kind, types.Array):
                values[index] = context.make_array(kind)(context, builder, values[index]).data
        function = ir.FunctionType(ir.DoubleType(), [value.type for value in values])
        return builder.call(builder.inttoptr(args[0], function.as_pointer()), values)

    return types.float64(types.int64, types.Tuple(arguments)), write


CROSS_ENTROPY = 0  # the loss of class numbers: stands in the place of an address


@part
def cross_entropy(yhat, label, g, scale):
    """Return the loss of one sample with its class number; g becomes its gradient."""
    highest = yhat[0]
    for i in range(len(yhat)):
        highest = yhat[i] if yhat[i] > highest else highest
    total = like(0.0, highest)
    for i in range(len(yhat)):
        g[i] = exponential(yhat[i] - highest)
    for i in range(len(yhat)):
        total += g[i]
    for i in range(len(yhat)):
        g[i] = scale * (g[i] / total)
    g[label] -= scale
    return math.log(total) + highest - yhat[label]


class _Typed(ast.NodeTransformer):
    """Makes compiled code of a formula: a constant becomes a number of the variable's own type."""

    def __init__(self, constants: Mapping[str, object], variable: str) -> None:
        self._constants, self._variable = dict(constants), variable

    def visit(self, node: ast.AST) -> Any:
        value = self._constant(node) if isinstance(node, ast.expr) else None
        return super().visit(node) if value is None else _parsed(f"like({float(value)!r}, {self._variable})")

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        return ast.Call(node.func, [self.visit(argument) for argument in node.args], [])

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        decided = self._constant(node.test)  # by an option
        return (
            self.generic_visit(node) if decided is None else self.visit(node.body if decided else node.orelse)
        )

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        if not isinstance(node.op, ast.Pow):
            return self.generic_visit(node)
        exponent, base = int(ast.literal_eval(node.right)), f"({ast.unparse(node.left)})"
        return self.visit(_parsed(" * ".join([base] * exponent)))  # a library's power costs a logarithm

    def _constant(self, node: ast.expr) -> Any:
        try:
            return eval(ast.unparse(node), {"__builtins__": {}}, self._constants)
        except NameError:  # it depends on a variable
            return None


def _parsed(formula: str) -> ast.expr:
    return ast.parse(formula, mode="eval").body


def _typed(formula: str, options: Mapping[str, object], variable: str) -> str:
    return ast.unparse(_Typed({**FORMULA_FUNCTIONS, **options}, variable).visit(_parsed(formula)))


@cache
def _address(template: str, arguments: tuple[str, ...], dtype: str, **formulas: str) -> int:
    text = template.format(name="{name}", **formulas)
    # numba keeps compiled code by file and name
    name = f"loop_{zlib.crc32(f'{STAMP} {dtype} {text}'.encode()):08x}"
    namespace: dict[str, Any] = {"__name__": __name__, "like": like, **FUNCTIONS}
    exec(compile(text.replace("{name}", name), __file__, "exec"), namespace)
    number = types.float32 if dtype == "float32" else types.float64
    kinds = {"array": types.CPointer(number), "number": number, "int": types.int64}
    signature = types.float64(*(kinds[argument] for argument in arguments))
    loop = _cfunc(signature, cache=True, fastmath=ELEMENTWISE, error_model="numpy", _nrt=False)(
        namespace[name]
    )
    _KEPT.append(loop)
    return int(loop.address)


_cfunc: Any = cfunc
_KEPT: list[Any] = []  # the code behind an address lives as long as its object
