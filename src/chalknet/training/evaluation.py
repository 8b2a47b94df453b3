"""An evaluation over whole data sets, the trivial predictor beside it, and which evaluation is the best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chalknet.planning import WATCHED, Recipe
from chalknet.tables import Shown
from chalknet.training.metrics.table import METRICS


@dataclass(frozen=True)
class Evaluation:
    """The metric over whole data sets, after an update.

    Args:
        updates: updates made before it.
        samples: samples seen before it.
        seconds: training time before it; the evaluation's own time is not counted.
        train: the metric over all training samples, Dropout off; NaN where what is watched alone was
            evaluated.
        held_out: the same over the held-out samples; None when there are none, or likewise.
        train_loss: the mean loss over all training samples.
        held_out_loss: the same over the held-out samples.
        metrics: the metrics that were asked for, as `train_mae` and `held_out_mae`; of single classes and
            columns `train_f1(cat)`. NaN where one could not be computed.
    """

    updates: int
    samples: int
    seconds: float
    train: float
    held_out: float | None
    train_loss: float = math.nan
    held_out_loss: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def values(self) -> tuple[float, ...]:
        """Return the numbers that every evaluation has; NaN for what was not held out."""
        numbers = (*vars(self).values(),)[:-1]
        return tuple(math.nan if each is None else each for each in numbers)


@dataclass(frozen=True, repr=False)
class Baseline(Shown):
    """The trivial predictor, which says the same for every row, beside which a fit is to be seen.

    Args:
        says: what it says, such as "the mean of y" or "class 0".
        train: the metric of the evaluations, of what it says, over the training samples.
        held_out: the same over the held-out samples; None when there are none.
    """

    says: str
    train: float
    held_out: float | None = None


def watched(evaluation: Evaluation, name: str) -> float:
    """Return the value of an evaluation that a fit goes by; NaN where it could not be computed.

    Args:
        evaluation: which.
        name: of the value: one of `WATCHED`, or of a metric, such as held_out_mae.
    """
    value: float | None = vars(evaluation).get(name, evaluation.metrics.get(name))
    return math.nan if value is None else value


def is_higher_better(name: str, metric: str) -> bool:
    """Return whether more of a watched value is better: of an accuracy it is, of losses and errors it is not.

    Of a metric it is as its row says.

    Args:
        name: of the value.
        metric: what the evaluations measure.
    """
    row = METRICS.get(name.removeprefix("train_").removeprefix("held_out_"))
    if name not in WATCHED and row is not None:
        return row.higher
    return metric == "accuracy" and not name.endswith("loss")


def best_evaluation(evaluations: Sequence[Evaluation], recipe: Recipe, metric: str) -> Evaluation | None:
    """Return the evaluation whose weights a fit that stops early gives; None where none can be told."""
    best: Evaluation | None = None
    for evaluation in evaluations:
        value = watched(evaluation, recipe.watch)
        if math.isnan(value):
            continue
        before = math.nan if best is None else watched(best, recipe.watch)
        higher = is_higher_better(recipe.watch, metric)
        if best is None or (
            value > before + recipe.min_delta if higher else value < before - recipe.min_delta
        ):
            best = evaluation
    return best
