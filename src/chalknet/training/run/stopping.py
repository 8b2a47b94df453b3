"""Going by what the evaluations find: when to stop, which weights were the best, when a rate is reduced."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch

from chalknet.planning import Recipe
from chalknet.training.evaluation import Evaluation, is_higher_better, watched

_LEAST_CHANGE = 1e-8  # of a rate: torch's own


@dataclass
class Watcher:
    """What has become of the watched value so far: a fold over the evaluations, in their order.

    Args:
        recipe: says what is watched, and for how long nothing better is borne.
        metric: what the evaluations measure.

    Attributes:
        best: the best evaluation; None before the first.
        weights: those that it was made with.
        lr: the learning rate that a plateau has left.
        passed_over: how many evaluations found no number.
    """

    recipe: Recipe
    metric: str
    best: Evaluation | None = None
    weights: Mapping[str, torch.Tensor] = field(default_factory=dict)
    lr: float = 0.0
    passed_over: int = 0
    _waited: int = 0
    _plateau: Plateau | None = None

    def __post_init__(self) -> None:
        chosen = self.recipe.chosen_schedule
        self.lr = self.recipe.lr or 0.0
        if chosen is not None and chosen.row.by_evaluations:
            self._plateau = Plateau(chosen.values(1), higher=self._higher)

    @property
    def _higher(self) -> bool:
        return is_higher_better(self.recipe.watch, self.metric)

    def see_again(self, evaluations: Iterable[Evaluation], every: int) -> None:
        """Take in the evaluations of a fit that goes on, of which those after so many updates each count."""
        for evaluation in evaluations:
            if evaluation.updates % every == 0:
                self.see(evaluation)

    def see(self, evaluation: Evaluation) -> bool:
        """Take in an evaluation; return whether it is the best so far."""
        value = watched(evaluation, self.recipe.watch)
        if math.isnan(value):
            self.passed_over += 1
            return False
        if self._plateau is not None:
            self.lr = self._plateau.next_rate(self.lr, value)
        better = self.best is None or self._is_better(value, watched(self.best, self.recipe.watch))
        self._waited = 0 if better else self._waited + 1
        if better:
            self.best = evaluation
        return better

    @property
    def stops(self) -> bool:
        """Return whether nothing better was found for as long as was asked."""
        return self.recipe.patience is not None and self._waited >= self.recipe.patience

    def _is_better(self, value: float, best: float) -> bool:
        least = self.recipe.min_delta
        return value > best + least if self._higher else value < best - least


@dataclass
class Plateau:
    """Torch's ReduceLROnPlateau, step by step.

    Args:
        settings: of the schedule.
        higher: whether a higher value is better.
    """

    settings: Mapping[str, float]
    higher: bool
    _best: float = math.nan
    _bad: int = 0
    _cooling: int = 0

    def next_rate(self, lr: float, value: float) -> float:
        """Return the learning rate after an evaluation."""
        if math.isnan(self._best) or self._is_better(value):
            self._best, self._bad = value, 0
        else:
            self._bad += 1
        if self._cooling > 0:
            self._cooling, self._bad = self._cooling - 1, 0
        if self._bad > self.settings["patience"]:
            self._cooling, self._bad = int(self.settings["cooldown"]), 0
            smaller = max(lr * self.settings["factor"], self.settings["to"])
            return smaller if lr - smaller > _LEAST_CHANGE else lr
        return lr

    def _is_better(self, value: float) -> bool:
        by = self.settings["threshold"]
        return value > self._best * (1 + by) if self.higher else value < self._best * (1 - by)
