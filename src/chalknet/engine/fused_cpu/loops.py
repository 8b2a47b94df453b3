"""The formulas of activations and losses as loops, which the kernels call by their address.

A kernel is compiled once for all networks. A row of a table costs a loop of its own for each dtype. One call
takes a whole stretch of numbers. The options of an activation are constants of its loop where they are
torch's defaults, else an argument of another one: so the loops of all networks are known beforehand.
"""

from __future__ import annotations

import ast
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from chalknet.engine.fused_cpu.names import Array, activation_reason, loss_reason, table_steps
from chalknet.engine.fused_cpu.object_file import Loop, Unit
from chalknet.network import ACTIVATIONS, FORMULA_FUNCTIONS, Activation, Network
from chalknet.planning import LOSSES, Loss

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
def {name}(yhats, ys, weights, gs, scale, rows, width, stride, each, options):
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
        if each > 0:
            weigh(values, gradients, weights, first, count, each)
        total += sum_of(values, count)
        scatter_rows(gradients, gs, first, count, width, stride)
    return total
"""


# A row of yhat has the first numbers of all targets, then their second ones.
_PAIRS_LOSS = """
def {name}(yhats, ys, weights, gs, scale, rows, width, stride, each, options):
    total, half = 0.0, width // 2
    for row in range(rows):
        for at in range(half):
            yhat, spread = yhats[row * stride + at], yhats[row * stride + half + at]
            y = ys[row * half + at]
            share = like(1.0, scale) if each == 0 else weights[(row * half + at) // each]
            total += share * ({value})
            gs[row * stride + at] = scale * share * ({gradient})
            gs[row * stride + half + at] = scale * share * ({spread_gradient})
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


def link_loops(steps: Array, network: Network, dtype: str, *, blocks: bool = False) -> None:
    """Write the addresses of the loops of a network's activations into its table of steps.

    Args:
        steps: the table.
        network: what it is of.
        dtype: of weights and data.
        blocks: whether its hidden units are walked in blocks.
    """
    hidden = 1 if blocks else None  # the walk over blocks keeps derivatives there
    for k, step in enumerate(table_steps(network.steps)):
        if isinstance(step, Activation) and step.row.elementwise:
            backward = derivative_address if k == hidden else backward_address
            steps["forward"][k], steps["backward"][k] = forward_address(step, dtype), backward(step, dtype)
            steps["options"][k] = options_address(step)


def options_address(step: Activation) -> int:
    """Return the address of the options that the loops of an activation read; 0 where they read none."""
    return _address_of(_given(step))


def loss_options_address(loss: Loss) -> int:
    """Return the address of the settings that the loop of a loss reads; 0 where it reads none."""
    return _address_of(_given_settings(loss))


def _address_of(options: Mapping[str, float]) -> int:
    values = tuple(map(float, options.values()))
    return int(_options(values).ctypes.data) if values else 0


def loss_address(loss: Loss, dtype: str) -> int:
    """Return the address of the loop `(yhat, y, weights, g, scale, rows, width, stride, each, options)`.

    It returns the summed loss and writes its gradient, times scale. A row of yhat and g has `stride` numbers;
    `each` numbers of y have one weight, all the same one where it is 0.
    """
    return _address(loss_loop(loss, dtype))


def forward_loop(step: Activation, dtype: str) -> Loop:
    """Return the loop that computes an activation."""
    value = _typed_step(step.row.formula, step)
    return _loop(_FORWARD, ("array", "array", "int", "options"), dtype, value=value)


def backward_loop(step: Activation, dtype: str) -> Loop:
    """Return the loop that multiplies by the derivative of an activation."""
    value = _typed_step(step.row.derivative, step)
    return _loop(_BACKWARD, ("array", "array", "array", "int", "options"), dtype, value=value)


def derivative_loop(step: Activation, dtype: str) -> Loop:
    """Return the loop that computes an activation and its derivative."""
    value, derivative = (_typed_step(text, step) for text in (step.row.formula, step.row.derivative))
    return _loop(
        _WITH_DERIVATIVE, ("array", "array", "int", "options"), dtype, value=value, derivative=derivative
    )


_MAKERS = (forward_loop, backward_loop, derivative_loop)


def loss_loop(loss: Loss, dtype: str) -> Loop:
    """Return the loop that computes a loss and its gradient."""
    formulas = {"value": loss.formula, "gradient": loss.gradient}
    if loss.spread_gradient:
        formulas["spread_gradient"] = loss.spread_gradient
    given = _given_settings(loss)
    constants = {} if given else loss.options
    typed = {name: _typed(text, constants, tuple(given), "yhat") for name, text in formulas.items()}
    arguments = ("array", "array", "array", "array", "number", "int", "int", "int", "int", "options")
    return _loop(_PAIRS_LOSS if loss.spread_gradient else _LOSS, arguments, dtype, **typed)


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
    loops += [loss_loop(each, dtype) for loss in losses for each in _with_settings(loss)]
    return tuple({loop.name: loop for loop in loops}.values())


def units_beside(network: Network, loss: Loss, dtype: str, known: Collection[str]) -> tuple[Unit, ...]:
    """Return the loops that a fit calls and that are not known, each to be compiled alone."""
    found = (step for step in table_steps(network.steps) if isinstance(step, Activation))
    steps = [step for step in found if step.row.elementwise]
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


def _with_settings(loss: Loss) -> Iterator[Loss]:
    """Yield a loss with the default settings, and with others."""
    yield loss
    if loss.settings:
        yield replace(loss, options={name: value / 2 + 0.125 for name, value in loss.options.items()})


def _given_settings(loss: Loss) -> dict[str, float]:
    """Return the settings of a loss that are arguments: all, where one of them is not the default."""
    usual = all(loss.options.get(name) == setting.default for name, setting in loss.settings.items())
    return {} if usual else {name: loss.options[name] for name in loss.settings}


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


def _typed_step(formula: str, step: Activation) -> str:
    given = tuple(_given(step))
    constants = {name: value for name, value in step.all_options.items() if name not in given}
    return _typed(formula, constants, given, "z")


def _typed(formula: str, constants: Mapping[str, Any], given: tuple[str, ...], variable: str) -> str:
    return _translated(formula, tuple(constants.items()), given, variable)


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
