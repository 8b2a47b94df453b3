"""What a metric judges: the answers of a network beside the true ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

TASKS = {"values": "numbers", "classes": "one class a row", "labels": "several questions a row"}


@dataclass(frozen=True)
class Answers:
    """The answers of a network for some rows, and the true ones.

    Args:
        task: "values" (a regression), "classes" (one class a row) or "labels" (each output is a question of
            its own, answered by 0 or 1).
        y: the truth: numbers in the target's own unit `(n, outputs)`, class numbers `(n,)`, or 0 and 1
            `(n, outputs)`.
        yhat: what the network says, in the same form.
        probabilities: of each class `(n, classes)`, or of a 1 `(n, outputs)`; None for values.
        names: the classes, or the target's columns.
        weights: how much each row counts `(n,)`; None for all alike.
    """

    task: str
    y: Array
    yhat: Array
    probabilities: Array | None = None
    names: tuple[str, ...] = ()
    weights: Array | None = None

    @property
    def odds(self) -> Array:
        """Return the probabilities; Undefined where there are none."""
        if self.probabilities is None:
            raise Undefined("there are no probabilities")
        return self.probabilities

    @property
    def is_finite(self) -> bool:
        """Return whether every answer is a finite number."""
        found = self.yhat if self.probabilities is None else self.probabilities
        return bool(np.isfinite(found).all())

    def questions(self) -> Iterator[tuple[str, Answers]]:
        """Yield each output of labels as a task of two classes, with its name."""
        odds = self.odds
        for i in range(self.y.shape[1]):
            name = self.names[i] if i < len(self.names) else str(i)
            both = np.stack([1 - odds[:, i], odds[:, i]], axis=1)
            yield name, replace(
                self, task="classes", y=self.y[:, i], yhat=self.yhat[:, i], probabilities=both,
                names=("0", "1"),
            )  # fmt: skip


@dataclass(frozen=True)
class Score:
    """What a metric gives.

    Args:
        value: the number; NaN where it could not be computed.
        by: the numbers of single classes or columns, by their names.
        reason: why it could not be computed, or what was assumed.
    """

    value: float
    by: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


class Undefined(ValueError):
    """Raised by a metric that these answers do not determine; its text says why."""


def mean(values: Array, weights: Array | None) -> Any:
    """Return the mean over the rows, weighted where weights are given.

    Raises:
        Undefined: where no row counts.
    """
    if not len(values):
        raise Undefined("there are no rows")
    if weights is not None and not weights.sum() > 0:
        raise Undefined("the weights of all rows are 0")
    return np.average(values, axis=0, weights=weights)
