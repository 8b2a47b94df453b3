"""What needs no numba: which rows of the tables can be compiled, and the type of arrays."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from chalknet.network import Activation, unknown_in_formula
from chalknet.planning import Loss

Array: TypeAlias = np.ndarray[Any, Any]

ROW_WISE = ("softmax", "log_softmax")  # activations of whole rows
CLASS_LOSS = "cross_entropy"  # the loss of whole rows


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
