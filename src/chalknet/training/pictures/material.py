"""What pictures of one fit are drawn from: rows with their targets, and what the fit says of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from chalknet.data import Preparation, Source
from chalknet.errors import InvalidValue
from chalknet.planning import Plan
from chalknet.training.chart import MOST_POINTS
from chalknet.training.history import FitResult
from chalknet.training.metrics.answers import Answers
from chalknet.training.predictions.evaluate import judged, rows_to_judge
from chalknet.training.predictions.predict import FittedForward, fitted_of

Array = npt.NDArray[Any]

MOST_CLASSES = 30


@dataclass(frozen=True)
class Material:
    """One fit and the rows that a picture shows.

    Args:
        kind: of the picture.
        result: the fit.
        fitted: the same, as it predicts.
        source: the rows, treated as the training rows were; those held out where there are any.
        part: what a title calls them.
    """

    kind: str
    result: FitResult
    fitted: FittedForward
    source: Source
    part: str

    @classmethod
    def of(cls, kind: str, result: FitResult, data: object) -> Material:
        """Return the material for a picture, of the data of the fit where none is given."""
        fitted = fitted_of(result, "plot")
        source, _ = rows_to_judge(result, fitted, data, {})
        trained = data is None and result.source is not None and result.source.held_out is None
        part = "training rows" if trained else "held-out rows" if data is None else source.name
        if data is not None and source.held_out is not None:
            source, part = source.held_out, "held-out rows"
        return cls(
            kind,
            result,
            fitted,
            source,
            f"{len(source):,} {part}" if data is None else f"{part}, {len(source):,} rows",
        )

    @property
    def plan(self) -> Plan:
        """Return the plan of the fit."""
        return self.result.plan

    @property
    def preparation(self) -> Preparation | None:
        """Return what turned columns into x and y."""
        return self.result.preparation

    @cached_property
    def answers(self) -> Answers:
        """Return the answers for all of the rows."""
        return judged(self.fitted, self.source)

    @cached_property
    def x(self) -> torch.Tensor:
        """Return x of some of the rows, spread evenly."""
        count = len(self.source)
        return self.source.take(torch.arange(min(count, MOST_POINTS)) * count // min(count, MOST_POINTS)).x

    def names_of_x(self) -> tuple[str, ...]:
        """Return the names of the features: of the columns of x, each word one of its own."""
        found, width = self.preparation, int(np.prod(self.x.shape[1:]))
        if found is None or not found.x:
            return tuple(f"x{i}" for i in range(width))
        return tuple(
            name
            for column in found.x
            for name in (
                [column.name] if column.words is None else [f"{column.name}={w}" for w in column.words]
            )
        )

    def wants(self, *tasks: str) -> None:
        """Refuse the picture for a fit of another task.

        Raises:
            InvalidValue: naming the kinds that fit.
        """
        task = self.answers.task
        if task not in tasks:
            other = "predicted" if task == "values" else "confusion" if task == "classes" else "calibration"
            what = {
                "values": "a fit of numbers",
                "classes": "a fit of classes",
                "labels": "a fit of several questions",
            }
            raise InvalidValue(
                where=f"plot kind={self.kind!r}",
                got=what[task],
                wanted=" or ".join(what[each] for each in tasks),
                remedy=f"Say kind={other!r} (--kind {other}).",
            )


def refused(kind: str, got: str, wanted: str, other: str) -> InvalidValue:
    """Return the error for a picture that makes no sense for a fit.

    Args:
        kind: of the picture.
        got: what the fit has.
        wanted: what the picture takes.
        other: a kind that it can be drawn as.
    """
    return InvalidValue(
        where=f"plot kind={kind!r}", got=got, wanted=wanted, remedy=f"Say kind={other!r} (--kind {other})."
    )
