"""What needs no numba: what can be compiled, and by which rules a fit is cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, TypeAlias

import numpy as np

from chalknet.network import Activation, Linear, Network, Residual, Step, unknown_in_formula
from chalknet.planning import OWN, Loss, Recipe

Array: TypeAlias = np.ndarray[Any, Any]  # of a kernel's arguments: of the type of the weights and data
WholeNumbers: TypeAlias = Annotated[Array, "int64"]
Doubles: TypeAlias = Annotated[Array, "float64"]
Keys: TypeAlias = Annotated[Array, "uint32"]

ROW_WISE = ("softmax", "log_softmax")  # activations of whole rows
CLASS_LOSSES = {"cross_entropy": 0, "nll": 1, "focal_cross_entropy": 2}  # of class numbers

NARROW_OUTPUTS, _NARROW_RATIO = 4, 16  # at most so many outputs, and so many inputs for each
BLOCK = 256  # hidden units at a time
GROUP = 12  # samples at a time on their way through the activation: a block of them stays in the first cache
SAMPLES = 8  # samples that go forward at a time where there is one input or one output
SHARE = 64  # a share of the hidden units is a multiple of this
MOST_SHARES = 8  # of an update, for threads
WORTH_A_THREAD = 60_000  # multiply-adds of an update for each thread: below, waiting costs more
KEPT_BYTES = 4 << 20  # up to so many, hidden values and derivatives are kept for the backward pass
_FEW_INPUTS, _MANY_UNITS = 8, 64  # what the walk over blocks of hidden units is for


def table_steps(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield the step of each row of the table: a Residual before and behind those in it."""
    for step in steps:
        yield step
        if isinstance(step, Residual):
            yield from table_steps(step.steps)
            yield step


def is_narrow(inputs: int, outputs: int) -> bool:
    """Return whether the products of a Linear run along its inputs: many of them, for few outputs."""
    return outputs <= NARROW_OUTPUTS and inputs >= _NARROW_RATIO * outputs


def walks_blocks(network: Network, recipe: Recipe) -> bool:
    """Return whether it is a network of one wide hidden layer between few inputs and few outputs.

    What is done to gradients takes all of them at once, which that walk never has.
    """
    if recipe.alters_gradients:
        return False
    kinds = [type(step) for step in network.steps]
    if kinds[:3] != [Linear, Activation, Linear] or set(kinds[3:]) - {Activation}:
        return False
    hidden = network.steps[1]
    assert isinstance(hidden, Activation)
    shapes = [visit.output_shape for visit in network.walk()]
    if len(network.input_shape) != 1 or not hidden.row.elementwise:
        return False
    inputs, units, outputs = (int(shape[0]) for shape in (network.input_shape, shapes[0], shapes[2]))
    return inputs <= _FEW_INPUTS and units >= _MANY_UNITS and outputs <= NARROW_OUTPUTS


def keeps_hidden(units: int, rows: int, itemsize: int) -> bool:
    """Return whether the walk over blocks keeps the hidden values of a batch for its backward pass."""
    return 2 * units * rows * itemsize <= KEPT_BYTES


def activation_reason(step: Activation) -> str:
    """Return why an activation cannot be compiled; empty when it can."""
    row = step.row
    if step.kind in ROW_WISE:
        return ""
    if not row.elementwise:
        return "which maps whole rows"
    if not row.settled:
        return "which can be any function"
    return _unknown(row.formula, ("z", *row.options)) or _unknown(row.derivative, ("z", "h", *row.options))


def loss_reason(loss: Loss) -> str:
    """Return why a loss cannot be compiled; empty when it can."""
    if loss.name in CLASS_LOSSES:
        return ""
    if loss.name.startswith(OWN):
        return "which is a function of Python"
    if loss.target == "class":
        return "which is one of class numbers"
    names = ("yhat", "y", *loss.settings, *(["spread"] if loss.spread_gradient else []))
    formulas = (loss.formula, loss.gradient, loss.spread_gradient or "0")
    return next(filter(None, (_unknown(formula, names) for formula in formulas)), "")


def _unknown(formula: str, variables: tuple[str, ...]) -> str:
    names = unknown_in_formula(formula, variables)
    return f"whose formula {formula!r} calls {names[0]}" if names else ""
