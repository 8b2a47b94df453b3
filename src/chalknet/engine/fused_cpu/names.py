"""What needs no numba: what can be compiled, and by which rules a fit is cut."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import numpy as np

from chalknet.network import Activation, Linear, Network, unknown_in_formula
from chalknet.planning import Loss

Array: TypeAlias = np.ndarray[Any, Any]  # of a kernel's arguments: of the type of the weights and data
WholeNumbers: TypeAlias = Annotated[Array, "int64"]
Doubles: TypeAlias = Annotated[Array, "float64"]
Keys: TypeAlias = Annotated[Array, "uint32"]

ROW_WISE = ("softmax", "log_softmax")  # activations of whole rows
CLASS_LOSS = "cross_entropy"  # the loss of whole rows

NARROW_OUTPUTS, _NARROW_RATIO = 4, 16  # at most so many outputs, and so many inputs for each
BLOCK = 256  # hidden units at a time
GROUP = 12  # samples at a time on their way through the activation: a block of them stays in the first cache
SAMPLES = 8  # samples that go forward at a time where there is one input or one output
SHARE = 64  # a share of the hidden units is a multiple of this
MOST_SHARES = 8  # of an update, for threads
WORTH_A_THREAD = 60_000  # multiply-adds of an update for each thread: below, waiting costs more
KEPT_BYTES = 4 << 20  # up to so many, hidden values and derivatives are kept for the backward pass
_FEW_INPUTS, _MANY_UNITS = 8, 64  # what the walk over blocks of hidden units is for


def is_narrow(inputs: int, outputs: int) -> bool:
    """Return whether the products of a Linear run along its inputs: many of them, for few outputs."""
    return outputs <= NARROW_OUTPUTS and inputs >= _NARROW_RATIO * outputs


def walks_blocks(network: Network) -> bool:
    """Return whether a network is one wide hidden layer between few inputs and few outputs."""
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
    if loss.name == CLASS_LOSS:
        return ""
    if loss.target == "class":
        return "which is one of class numbers"
    return _unknown(loss.formula, ("yhat", "y")) or _unknown(loss.gradient, ("yhat", "y"))


def _unknown(formula: str, variables: tuple[str, ...]) -> str:
    names = unknown_in_formula(formula, variables)
    return f"whose formula {formula!r} calls {names[0]}" if names else ""
