"""The metrics by name, a row each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chalknet.training.metrics import classes, values
from chalknet.training.metrics.answers import Answers, Score


@dataclass(frozen=True)
class Metric:
    """One metric.

    Args:
        name: the name used everywhere in chalknet.
        aliases: other names read as this one, scikit-learn's among them.
        task: what it judges: "values" or "classes" (labels too).
        of: gives it, of answers; raises Undefined where they do not determine it.
        higher: whether more of it is better.
    """

    name: str
    aliases: tuple[str, ...]
    task: str
    of: Callable[[Answers], Score]
    higher: bool = True


_ROWS = (
    Metric("r2", ("r2_score", "r²", "r_squared", "determination"), "values", values.r2),
    Metric("mae", ("mean_absolute_error", "l1"), "values", values.mean_error(np.abs), higher=False),
    Metric(
        "rmse", ("root_mean_squared_error",), "values", values.mean_error(np.square, np.sqrt), higher=False
    ),
    Metric("mse", ("mean_squared_error", "l2"), "values", values.mean_error(np.square), higher=False),
    Metric("max_error", ("largest_error",), "values", values.largest_error, higher=False),
    Metric("accuracy", ("acc", "accuracy_score"), "classes", classes.accuracy),
    Metric(
        "balanced_accuracy", ("balanced_accuracy_score", "bacc"), "classes", classes.balanced_accuracy
    ),
    Metric("log_loss", ("logloss", "cross_entropy", "nll"), "classes", classes.log_loss, higher=False),
    Metric("auc", ("roc_auc", "roc_auc_score", "auroc"), "classes", classes.auc),
    Metric("f1", ("f1_score",), "classes", classes.f1),
    Metric("recall", ("recall_score", "sensitivity"), "classes", classes.recall),
    Metric("precision", ("precision_score",), "classes", classes.precision),
    Metric(
        "ece", ("calibration", "calibration_error", "expected_calibration_error"), "classes",
        classes.calibration_error, higher=False,
    ),
    Metric("confusion", ("confusion_matrix",), "classes", classes.confusion),
)  # fmt: skip

METRICS: dict[str, Metric] = {row.name: row for row in _ROWS}
"""The rows by name. A row that is added here is known everywhere."""


def metric_name(spelling: str) -> str | None:
    """Return the name of the metric that is spelled so, or None."""
    wanted = _folded(spelling)
    return next(
        (row.name for row in METRICS.values() if wanted in map(_folded, (row.name, *row.aliases))), None
    )


def _folded(spelling: str) -> str:
    return re.sub(r"[\s_-]", "", spelling.lower())


def metrics_for(task: str) -> tuple[Metric, ...]:
    """Return all metrics of a task, in their order."""
    kind = "values" if task == "values" else "classes"
    return tuple(row for row in METRICS.values() if row.task == kind and (task, row.name) not in _NOT)


_NOT = {("labels", "confusion")}  # a matrix is of classes that exclude each other
