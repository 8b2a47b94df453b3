"""Ensembles: the mean of the predictions of several fits, and their spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import InvalidValue
from chalknet.tables import Shown
from chalknet.training import AnswersByColumn, FitResult, Prediction, predict
from chalknet.units import one_line, show_count

Array = npt.NDArray[Any]


@dataclass(frozen=True, repr=False, eq=False)
class EnsemblePrediction(AnswersByColumn):
    """The joint prediction of several fits for new rows.

    Args:
        each: the prediction of each fit.
        values: for a regression, the mean in the target's own unit, `(n, outputs)`; None for classes.
        probabilities: the mean of the probabilities, as in `Prediction`; None for a regression.
        classes: the most probable class by that mean; None for a regression.
        spread: the standard deviation of values or probabilities across the fits (`numpy.std`).
        names: as in `Prediction`.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> options = dict(over={"seed": range(3)}, loss="mse", lr=0.5, updates=100)
        >>> found = cn.search("? -> 1", (x, 2 * x), **options).ensemble(3).predict([[0.5]])
        >>> sorted(found.columns)
        ['yhat', 'yhat spread']
    """

    each: tuple[Prediction, ...]
    values: Array | None
    probabilities: Array | None
    classes: Array | None
    spread: Array
    names: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, Array]:
        """Return the columns of a prediction, each number followed by its spread."""
        columns = dict(self.each[0].columns)
        numbers = self.values if self.values is not None else self.probabilities
        assert numbers is not None
        mean, apart = (each.reshape(len(each), -1) for each in (numbers, self.spread))
        found: dict[str, Array] = {}
        at = 0
        of_classes = [] if self.classes is None else list(self.classes.reshape(len(mean), -1).T)
        skipped = len(columns) - mean.shape[1] - len(of_classes)
        for place, (name, column) in enumerate(columns.items()):
            if place < skipped:
                found[name] = column
            elif place < skipped + len(of_classes):
                found[name] = of_classes[place - skipped]
            else:
                found[name], found[f"{name} spread"] = mean[:, at], apart[:, at]
                at += 1
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the assumptions about the new rows, one sentence each."""
        return tuple(dict.fromkeys(note for one in self.each for note in one.notes))

    def __len__(self) -> int:
        return len(self.spread)

    def __repr__(self) -> str:
        return one_line(f"EnsemblePrediction({show_count(len(self))} rows by {len(self.each)} fits)")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        found = self.probabilities if self.values is None else self.values
        return np.array(found, dtype=dtype)


@dataclass(frozen=True, repr=False)
class Ensemble(Shown):
    """Several fits that predict together.

    Args:
        runs: the fits, or the folders of kept ones.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> found = cn.search("? -> 1", (x, 2 * x), over={"seed": [1, 2]}, loss="mse", lr=0.5, updates=90)
        >>> len(found.ensemble(2).runs)
        2
    """

    runs: Sequence[FitResult | Any]

    def __post_init__(self) -> None:
        if not self.runs:
            raise InvalidValue(
                where="ensemble", got="no fit", wanted="at least one", remedy="Say ensemble(5)."
            )

    def predict(self, data: object, **options: Any) -> EnsemblePrediction:
        """Return the mean prediction of the fits for each row, and their spread.

        Args:
            data: features, as in `cn.predict`.
            **options: of `cn.predict`.
        """
        each = tuple(predict(run, data, **options) for run in self.runs)
        first = each[0]
        if first.probabilities is None:
            said = np.stack([np.asarray(one).reshape(len(one), -1) for one in each]).astype(np.float64)
            return EnsemblePrediction(each, said.mean(axis=0), None, None, said.std(axis=0), first.names)
        odds = np.stack([np.asarray(one.probabilities) for one in each]).astype(np.float64)
        mean = odds.mean(axis=0)
        return EnsemblePrediction(each, None, mean, _classes(each, mean), odds.std(axis=0), first.names)

    def __str__(self) -> str:
        return f"{len(self.runs)} fits that predict together"


def _classes(each: Sequence[Prediction], mean: Array) -> Array:
    """Return the classes for mean probabilities, as the names or numbers that the fits use."""
    first = each[0]
    assert first.classes is not None
    if first.classes.ndim != 1:  # each output is a separate yes-or-no label
        return (mean > 0.5).astype(np.int64)
    numbers = mean.argmax(axis=1)
    if np.issubdtype(first.classes.dtype, np.integer) and first.names == tuple(
        map(str, range(len(first.names)))
    ):
        return np.asarray(numbers, first.classes.dtype)
    words = np.array(first.names)[numbers]
    return np.asarray(words if first.classes.dtype.kind == "U" else words.astype(first.classes.dtype))
