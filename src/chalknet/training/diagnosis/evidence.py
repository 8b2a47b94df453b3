"""What is looked at to see what went wrong: the losses of the fit, and what it makes of some rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from chalknet.data import Source
from chalknet.engine import loss_function
from chalknet.module import build, draws_from_default
from chalknet.planning import Plan
from chalknet.training.choice.prepare import PreparedFit
from chalknet.training.diagnosis.baseline import (
    Constant,
    best_constant,
    may_be_looked_at,
    plain_targets,
    rows_of,
)
from chalknet.training.diagnosis.probe import linear_quality, quality_of
from chalknet.training.history import History, Outcome
from chalknet.training.record.module_use import evaluation_mode

Array = npt.NDArray[Any]

_MOST_ROWS, _LEAST_ROWS = 512, 32
_MOST_NUMBERS = 1 << 20  # of x
_FEWEST = 8  # updates, or rows, from which anything can be said
_BOUNDS = {"Sigmoid": (0.0, 1.0), "Tanh": (-1.0, 1.0), "Hardsigmoid": (0.0, 1.0), "Hardtanh": (-1.0, 1.0)}
_NEAR = 0.01  # of the way between the bounds


@dataclass(frozen=True)
class ActivationValues:
    """What an activation between two layers gives for some rows: `(rows, units)`."""

    kind: str
    values: Array

    @property
    def dead(self) -> float:
        """Return the share of units that give 0 for every row."""
        return float((self.values.max(axis=0) <= 0).mean()) if self.kind in ("ReLU", "ReLU6") else 0.0

    @property
    def saturated(self) -> float:
        """Return the share of values at one of the activation's bounds."""
        if self.kind not in _BOUNDS:
            return 0.0
        low, high = _BOUNDS[self.kind]
        near = _NEAR * (high - low)
        return float(((self.values < low + near) | (self.values > high - near)).mean())


@dataclass(frozen=True)
class SeenRows:
    """Some rows, and what a fit makes of them.

    Args:
        x: features `(rows, features)`, in float64.
        y: targets as the loss takes them.
        yhat: what the module gives.
        losses: of each row.
        layers: what the activations between the layers give.
    """

    x: Array
    y: torch.Tensor
    yhat: torch.Tensor
    losses: Array
    layers: tuple[ActivationValues, ...]


@dataclass(frozen=True)
class FitEvidence:
    """A fit that has ended, and what can be seen of it; each is computed when a rule asks for it.

    Args:
        plan: what was decided.
        prepared: the samples.
        module: as it was fitted.
        history: what was recorded.
        outcome: how it ended.
    """

    plan: Plan
    prepared: PreparedFit
    module: nn.Module
    history: History
    outcome: Outcome

    @property
    def tells(self) -> bool:
        """Return whether there is enough to see, and it can be looked at again."""
        source = self.prepared.source
        looks = may_be_looked_at(source) and not draws_from_default(self.module)
        row = self.plan.recipe.loss_row  # what is told of y and yhat is of losses that compare the two
        looks = looks and row.target != "any" and not row.link and row.outputs == 1
        ended = self.outcome in (Outcome.FINISHED, Outcome.TARGET_REACHED)
        return looks and ended and min(len(self.history), len(source)) >= _FEWEST

    @cached_property
    def losses(self) -> Array:
        """Return the loss of each recorded update."""
        return np.asarray(self.history.loss, dtype=np.float64)

    @property
    def updates(self) -> int:
        """Return how many updates were made."""
        return int(self.history.updates[-1])

    @cached_property
    def quarters(self) -> Array:
        """Return the mean loss of each quarter of the fit."""
        return np.array([part.mean() for part in np.array_split(self.losses, 4)])

    @cached_property
    def start(self) -> float:
        """Return the loss before the first updates."""
        return float(self.losses[: self._first_rows].mean())

    @cached_property
    def end(self) -> float:
        """Return the loss of the last updates."""
        return float(self.losses[-max(1, min(len(self.losses) // 10, 200)) :].mean())

    @property
    def _first_rows(self) -> int:
        per_epoch = self.plan.updates_per_epoch if not self.whole_batches else 1
        return int(np.clip(min(per_epoch, len(self.losses) // 20), 1, 20))

    @property
    def whole_batches(self) -> bool:
        """Return whether each update saw all samples."""
        size = self.plan.recipe.batch_size
        return size is None or size >= self.plan.data.observations

    @cached_property
    def seen(self) -> SeenRows:
        """Return some training rows, spread evenly over all of them in their order."""
        return self._look(self.prepared.batches.source)

    @cached_property
    def held_out(self) -> SeenRows | None:
        """Return some held-out rows."""
        source = self.prepared.held_out
        return None if source is None or len(source) < _FEWEST else self._look(source)

    @cached_property
    def constant(self) -> Constant | None:
        """Return the best answer that is the same for every row."""
        return best_constant(self.seen.y, self.plan.recipe)

    @cached_property
    def trivial(self) -> float:
        """Return the loss of that answer over the training rows."""
        return 0.0 if self.constant is None else float(self.constant.loss(self.seen.y).mean())

    @cached_property
    def skill(self) -> float:
        """Return which share of the trivial predictor's loss the fit has removed; 1 for all of it."""
        if not self.trivial > 0:
            return 1.0
        return 1 - float(self.seen.losses.mean()) / self.trivial

    @cached_property
    def quality(self) -> float | None:
        """Return R², or the accuracy above that of the most frequent class; None where neither is known.

        With class weights a fit gives up accuracy for the rare classes, so that it is no measure of it.
        """
        if self.plan.recipe.class_weight is not None:
            return None
        return quality_of(self.seen.yhat, self.seen.y, self.plan.recipe.loss_row)

    @cached_property
    def linear(self) -> float | None:
        """Return the same of the best linear map of x, however it was scaled; None where it is not known."""
        return linear_quality(self.seen.x, self.seen.y, self.plan.recipe.loss_row)

    @cached_property
    def is_good(self) -> bool:
        """Return whether the fit is right about nearly all of its training rows."""
        return self.skill > _WELL or (self.quality is not None and self.quality > _WELL)

    @property
    def fails(self) -> bool:
        """Return whether the fit explains almost nothing, or less than a linear map does."""
        if self.is_good:
            return False
        if self.skill < _HARDLY:
            return True
        return self.linear is not None and self.quality is not None and self.quality < self.linear - _CLEARLY

    @cached_property
    def moved(self) -> float | None:
        """Return how far the weights went, by their size at the start; None where that is not known."""
        network = self.plan.network
        weights = sum(each.numel() for each in self.module.parameters())
        if (
            network is None
            or self.prepared.module is not None
            or self.plan.recipe.init
            or weights > _MOST_WEIGHTS
        ):
            return None
        before = build(network, seed=self.plan.recipe.seed)
        pairs = list(zip(before.parameters(), self.module.parameters(), strict=True))
        far = sum(float((new.cpu() - old).detach().double().square().sum()) for old, new in pairs)
        size = sum(float(old.detach().double().square().sum()) for old, _ in pairs)
        return float(np.sqrt(far / size)) if size else None

    def _look(self, source: Source) -> SeenRows:
        most = int(np.clip(_MOST_NUMBERS // prod(source.x_shape or (1,)), _LEAST_ROWS, _MOST_ROWS))
        x, y = source.take(rows_of(source, most))
        y = plain_targets(y, self.plan)
        device = torch.device(self.plan.placement.device)
        error_of = loss_function(self.plan.recipe, reduction="none")
        with evaluation_mode(self.module), _recorded(self.module) as found:
            yhat = self.module(x.to(device))
            losses = error_of(yhat, y.to(device)).double().reshape(len(x), -1).mean(dim=1)
        layers = [layer for layer in found if layer[1] is not yhat]
        flat = x.reshape(len(x), -1).double().numpy()
        values = tuple(
            ActivationValues(kind, each.float().cpu().reshape(len(x), -1).numpy()) for kind, each in layers
        )
        return SeenRows(flat, y, yhat.cpu(), losses.cpu().numpy(), values)


_HARDLY, _WELL = 0.1, 0.95
_MOST_WEIGHTS = 1_000_000  # that are drawn once more: of a larger network a copy would take memory and time
_CLEARLY = 0.07


@contextmanager
def _recorded(module: nn.Module) -> Iterator[list[tuple[str, torch.Tensor]]]:
    """Run the body; yield what the activations of a module give in it."""
    found: list[tuple[str, torch.Tensor]] = []

    def note(layer: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            found.append((type(layer).__name__, output))

    kinds = ("ReLU", "ReLU6", *_BOUNDS)
    hooks = [layer.register_forward_hook(note) for layer in module.modules() if type(layer).__name__ in kinds]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()
