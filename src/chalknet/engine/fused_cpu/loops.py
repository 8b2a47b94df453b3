"""The formulas of activations and losses as loops, which the kernels call by their address.

A kernel is compiled once for all networks. A row of a table costs a loop of its own for each dtype. One call
takes a whole stretch of numbers. The options of an activation are constants of its loop where they are
torch's defaults, else an argument of another one: so the loops of all networks are known beforehand.
"""

from __future__ import annotations

import ast
import zlib
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from chalknet.engine.fused_cpu.names import Array, activation_reason, loss_reason, walks_blocks
from chalknet.engine.fused_cpu.object_file import Loop, Unit
from chalknet.network import ACTIVATIONS, FORMULA_FUNCTIONS, Activation, Network
from chalknet.planning import LOSSES, Loss

CROSS_ENTROPY = 0  # the loss of class numbers: stands in the place of an address

_FORWARD = """
def {name}(zs, hs, numbers, options):
    for i in range(numbers):
        z = zs[i]
        hs[i] = {value}
    return 0.0
"""
_BACKWARD = """
def {name}(zs, hs, gs, numbers, options):
    for i in range(numbers):
        z, h = zs[i], hs[i]
        gs[i] *= {value}
    return 0.0
"""
_WITH_DERIVATIVE = """
def {name}(zs, hs, numbers, options):
    for i in range(numbers):
        z = zs[i]
        h = {value}
        hs[i] = h
        zs[i] = {derivative}
    return 0.0
"""
# In stretches, beside the arrays: a sum, and rows that are filled up, would prevent vectorised code.
_LOSS = """
def {name}(yhats, ys, gs, scale, rows, width, stride):
    total, numbers = 0.0, rows * width
    values, gradients, yhat_room, y_room = room(scale), room(scale), room(scale), room(scale)
    for first in range(0, numbers, ROOM):
        count = ROOM if numbers - first > ROOM else numbers - first
        gather_rows(yhats, yhat_room, first, count, width, stride)
        filled = fill_up(ys, y_room, yhat_room, first, count)
        for i in range(filled):
            yhat, y = yhat_room[i], y_room[i]
            values[i] = {value}
            gradients[i] = scale * ({gradient})
        total += sum_of(values, count)
        scatter_rows(gradients, gs, first, count, width, stride)
    return total
"""


def forward_address(step: Activation, dtype: str) -> int:
    """Return the address of the loop `(z, h, numbers, options)` that writes h."""
    return _address(forward_loop(step, dtype))


def backward_address(step: Activation, dtype: str) -> int:
    """Return the address of the loop `(z, h, g, numbers, options)` that multiplies g by the derivative."""
    return _address(backward_loop(step, dtype))


def derivative_address(step: Activation, dtype: str) -> int:
    """Return the address of the loop `(z, h, numbers, options)` that writes h, and its derivative over z."""
    return _address(derivative_loop(step, dtype))


def link_loops(steps: Array, network: Network, dtype: str) -> None:
    """Write the addresses of the loops of a network's activations into its table of steps."""
    hidden = 1 if walks_blocks(network) else None  # the walk over blocks keeps derivatives there
    for k, step in enumerate(network.steps):
        if isinstance(step, Activation) and step.row.elementwise:
            backward = derivative_address if k == hidden else backward_address
            steps["forward"][k], steps["backward"][k] = forward_address(step, dtype), backward(step, dtype)
            steps["options"][k] = options_address(step)


def options_address(step: Activation) -> int:
    """Return the address of the options that the loops of an activation read; 0 where they read none."""
    values = tuple(float(value) for value in _given(step).values())
    return int(_options(values).ctypes.data) if values else 0


def loss_address(loss: Loss, dtype: str) -> int:
    """Return the address of the loop `(yhat, y, g, scale, rows, width, stride)`.

    It returns the summed loss and writes its gradient, times scale. A row of yhat and g has `stride` numbers.
    """
    return _address(loss_loop(loss, dtype))


def forward_loop(step: Activation, dtype: str) -> Loop:
    """Return the loop that computes an activation."""
    value = _typed(step.row.formula, step, "z")
    return _loop(_FORWARD, ("array", "array", "int", "options"), dtype, value=value)


def backward_loop(step: Activation, dtype: str) -> Loop:
    """Return the loop that multiplies by the derivative of an activation."""
    value = _typed(step.row.derivative, step, "z")
    return _loop(_BACKWARD, ("array", "array", "array", "int", "options"), dtype, value=value)


def derivative_loop(step: Activation, dtype: str) -> Loop:
    """Return the loop that computes an activation and its derivative."""
    value, derivative = (_typed(text, step, "z") for text in (step.row.formula, step.row.derivative))
    return _loop(
        _WITH_DERIVATIVE, ("array", "array", "int", "options"), dtype, value=value, derivative=derivative
    )


_MAKERS = (forward_loop, backward_loop, derivative_loop)


def loss_loop(loss: Loss, dtype: str) -> Loop:
    """Return the loop that computes a loss and its gradient."""
    value, gradient = (_typed(text, None, "yhat") for text in (loss.formula, loss.gradient))
    arguments = ("array", "array", "array", "number", "int", "int", "int")
    return _loop(_LOSS, arguments, dtype, value=value, gradient=gradient)


def functions_unit(names: Collection[str], dtype: str) -> Unit:
    """Return loops `(z, h, numbers, options)` of nothing but a function, with names as `only_exp`."""
    arguments = ("array", "array", "int", "options")
    texts = {f"only_{name}": f"{name}(z)" for name in names}
    loops = [Loop(n, dtype, arguments, _FORWARD.format(name=n, value=v)) for n, v in texts.items()]
    return Unit(f"functions-{dtype}", loops=tuple(loops))


def loops_unit(dtype: str) -> Unit:
    """Return the loops of chalknet's own activations and losses, whatever their options."""
    return Unit(f"loops-{dtype}", tables=dtype)


def loops_of_tables(dtype: str) -> tuple[Loop, ...]:
    """Return the loops of every activation and loss of the tables, whatever their options."""
    steps = [step for kind in ACTIVATIONS for step in _variants(kind)]
    loops = [make(step, dtype) for step in steps for make in _MAKERS]
    losses = [loss for loss in LOSSES.values() if loss.target != "class" and not loss_reason(loss)]
    loops += [loss_loop(loss, dtype) for loss in losses]
    return tuple({loop.name: loop for loop in loops}.values())


def units_beside(network: Network, loss: Loss, dtype: str, known: Collection[str]) -> tuple[Unit, ...]:
    """Return the loops that a fit calls and that are not known, each to be compiled alone."""
    steps = [step for step in network.steps if isinstance(step, Activation) and step.row.elementwise]
    loops = [make(step, dtype) for step in steps for make in _MAKERS]
    loops += [loss_loop(loss, dtype)] if loss.target != "class" else []
    return tuple(dict.fromkeys(_alone(loop) for loop in loops if loop.name not in known))


def _alone(loop: Loop) -> Unit:
    return Unit(loop.name, loops=(loop,))


def _variants(kind: str) -> Iterator[Activation]:
    """Yield an activation with each choice of words, with torch's numbers and with others."""
    row = ACTIVATIONS[kind]
    if not row.elementwise or activation_reason(Activation(kind)):
        return
    for words in product(*row.choices.values()):
        chosen = dict(zip(row.choices, words, strict=True))
        yield Activation(kind, chosen)
        others = {name: value + 1 for name, value in row.options.items() if not isinstance(value, str)}
        if others:
            yield Activation(kind, {**chosen, **others})


def _given(step: Activation) -> dict[str, float]:
    """Return the options that are arguments: all numbers, where one of them is not torch's default."""
    numbers = {name: value for name, value in step.all_options.items() if not isinstance(value, str)}
    return {} if all(step.row.options[name] == value for name, value in numbers.items()) else numbers


@cache
def _options(values: tuple[float, ...]) -> Array:
    """Return options in memory that stays where it is."""
    return np.array(values)


def _address(loop: Loop) -> int:
    """Return the address of a loop: among those of the tables, or compiled alone."""
    from chalknet.engine.fused_cpu.objects import address_in  # what compiles a loop needs nothing of it

    return address_in((loops_unit(loop.dtype), _alone(loop)), loop.name)


class _Typed(ast.NodeTransformer):
    """Makes compiled code of a formula: a constant becomes a number of the variable's own type.

    Args:
        constants: names with their values.
        given: names of the options that the loop is called with, in their order.
        variable: the name whose type numbers take.
    """

    def __init__(self, constants: Mapping[str, object], given: tuple[str, ...], variable: str) -> None:
        self._constants, self._given, self._variable = dict(constants), given, variable

    def visit(self, node: ast.AST) -> Any:
        value = self._constant(node) if isinstance(node, ast.expr) else None
        return super().visit(node) if value is None else _parsed(f"like({float(value)!r}, {self._variable})")

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._given:
            return node
        return _parsed(f"like(options[{self._given.index(node.id)}], {self._variable})")

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


def _typed(formula: str, step: Activation | None, variable: str) -> str:
    options, given = (step.all_options, tuple(_given(step))) if step else ({}, ())
    constants = tuple((name, value) for name, value in options.items() if name not in given)
    return _translated(formula, constants, given, variable)


@cache
def _translated(
    formula: str, constants: tuple[tuple[str, object], ...], given: tuple[str, ...], variable: str
) -> str:
    known = {**FORMULA_FUNCTIONS, **dict(constants)}
    return ast.unparse(_Typed(known, given, variable).visit(_parsed(formula)))


def _loop(template: str, arguments: tuple[str, ...], dtype: str, **formulas: str) -> Loop:
    text = template.format(name="{name}", **formulas)
    name = f"loop_{zlib.crc32(f'{dtype} {text}'.encode()):08x}"
    return Loop(name, dtype, arguments, text.replace("{name}", name))
