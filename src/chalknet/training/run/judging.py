"""An evaluation's numbers: the accuracy or the mean loss, and the metrics that were asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

import torch
from torch import nn

from chalknet.data import Preparation, Source
from chalknet.engine import ProcessGroup
from chalknet.errors import InvalidValue
from chalknet.planning import WATCHED, Plan
from chalknet.training.choice.prepare import PreparedFit
from chalknet.training.history import History
from chalknet.training.metrics.asked import AskedMetric, check_task, flattened, scores
from chalknet.training.metrics.table import METRICS
from chalknet.training.predictions.judged import answers_of, task_of
from chalknet.training.record.evaluate import Collected, FoundOver, evaluate

_PARTS = {"train": "the training samples", "held_out": "the held-out samples"}


@dataclass
class Judge:
    """Makes one evaluation.

    Args:
        plan: what was decided.
        metrics: those that were asked for.
        preparation: of the training rows, which knows words and units.
        group: the processes that share the fit.
        found: the metrics by name, once a part was judged.
        reasons: for each metric why it is NaN, or what was assumed.
    """

    plan: Plan
    metrics: Sequence[AskedMetric]
    preparation: Preparation | None
    group: ProcessGroup
    found: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def judged(self, module: nn.Module, source: Source, part: str) -> FoundOver:
        """Return the accuracy or the mean loss over a source, and the loss; keep its metrics.

        Args:
            module: that of the fit.
            source: its samples as the loss takes them.
            part: "train" or "held_out".
        """
        recipe, device = self.plan.recipe, torch.device(self.plan.placement.device)
        collected = Collected() if self.metrics else None
        value = evaluate(module, source, recipe, device, self.group, collected)
        if collected is not None:
            answers = answers_of(collected.raw, collected.y, recipe.loss_row, self.preparation)
            found = scores(answers, self.metrics)
            self.found |= {f"{part}_{name}": number for name, number in flattened(found)}
            self.reasons |= {
                f"{name} of {_PARTS[part]}": _told(score.value, score.reason)
                for name, score in found.items()
                if score.reason
            }
        return value


def _told(value: float, reason: str) -> str:
    return f"could not be computed: {reason}" if math.isnan(value) else reason


def notes_of_metrics(history: History) -> Iterator[str]:
    """Yield a sentence for each metric that could not be computed, or for which something was assumed."""
    yield from (f"metric {name} {reason}" for name, reason in history.reasons.items())


def check_metrics(metrics: Sequence[AskedMetric], prepared: PreparedFit) -> None:
    """Refuse a metric that a fit's answers cannot have, see `check_task`, and one watched that it has not.

    Raises:
        InvalidValue: naming those that it has.
    """
    recipe = prepared.plan.recipe
    loss = recipe.loss_row
    check_task(
        metrics,
        task_of(loss, prod(size for size in prepared.plan.data.y_shape if isinstance(size, int))),
        loss.name,
    )
    if recipe.watches and recipe.watch not in (*WATCHED, *watchable(metrics)):
        raise InvalidValue(
            where="watch",
            got=f"{recipe.watch!r}, which the evaluations of this fit do not have",
            wanted=", ".join((*WATCHED, *watchable(metrics))),
            remedy="Watch one of these, or ask for a metric by its name: metrics=['mae'], "
            "watch='held_out_mae' (--metrics mae --watch held_out_mae); of a function it is not known "
            "whether more is better.",
        )


def watchable(metrics: Sequence[AskedMetric]) -> Iterator[str]:
    """Yield the metrics that a fit may go by: those of the table, of which it is known what is better."""
    for part in _PARTS:
        yield from (f"{part}_{each.name}" for each in metrics if each.name == each.kept_as in METRICS)


def judge_for(prepared: PreparedFit, metrics: Sequence[AskedMetric], group: ProcessGroup) -> Judge:
    """Return what makes one evaluation of a fit."""
    return Judge(prepared.plan, metrics, prepared.preparation, group)
