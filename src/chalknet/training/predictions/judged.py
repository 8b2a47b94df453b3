"""What a network gave beside the truth, as metrics judge it."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data import Preparation
from chalknet.planning import Loss
from chalknet.training.metrics.answers import Answers
from chalknet.training.predictions.array_forward import activation_of_raw
from chalknet.training.predictions.prediction import predicted

Array = npt.NDArray[Any]

_SHARE = 0.5  # a target above it counts as a 1


def task_of(loss: Loss, outputs: int) -> str:
    """Return what answers a loss makes: "values", "classes" or "labels", see `Answers`.

    Args:
        loss: the row of the loss.
        outputs: of the network.
    """
    if loss.target == "class":
        return "classes"
    if loss.target == "probability":
        return "classes" if outputs == 1 else "labels"
    return "values"


def answers_of(raw: Array, y: Array, loss: Loss, preparation: Preparation | None) -> Answers:
    """Return what a network gave as answers, beside the truth.

    Args:
        raw: what the module gives, `(n, outputs)`.
        y: the targets as the loss takes them, `(n, ...)`.
        loss: of the fit.
        preparation: of the training rows, which knows words and units.
    """
    found = predicted(raw, loss, preparation, activation_of_raw)
    decided = None if found.classes is None else _class_numbers(raw, loss)
    task = task_of(loss, prod(raw.shape[1:]))
    if decided is None:
        assert found.values is not None
        said = found.values.astype(np.float64).reshape(len(raw), -1)
        return Answers(task, _in_unit(y, preparation), said, names=found.names)
    if task == "labels":
        ones = (y.reshape(len(y), -1) > _SHARE).astype(np.int64)
        return Answers(task, ones, decided, found.probabilities, found.names)
    true: Array = y.reshape(-1) if loss.target == "class" else y.reshape(-1) > _SHARE
    return Answers(task, true.astype(np.int64), decided, found.probabilities, found.names)


def _in_unit(values: Array, preparation: Preparation | None) -> Array:
    """Return values in the target's own unit, in float64."""
    wide = values.astype(np.float64)
    whole = wide if preparation is None else preparation.restore(wide)
    return whole.reshape(len(values), -1)


def _class_numbers(raw: Array, loss: Loss) -> Array:
    """Return what is decided for each row, as numbers: of a fit without words the classes are numbers."""
    found = predicted(raw, loss, None, activation_of_raw).classes
    assert found is not None
    return found
