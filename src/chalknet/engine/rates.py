"""The learning rate of each update: the schedule's formula, counted from the fit's first update."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from chalknet.engine.state import copied
from chalknet.planning import Plan, Recipe

Array = npt.NDArray[np.float64]
_BLOCK = 1024  # updates whose rates are computed at a time, whoever asks: the same bits in every engine
_SCALAR = torch.float32  # torch keeps single numbers beside weights in its default dtype
_FUNCTIONS: dict[str, Any] = {
    **{name: getattr(np, name) for name in ("cos", "pi", "floor", "minimum", "maximum", "where")},
    "__builtins__": {},
}


class Rates:
    """The learning rates of a fit.

    Args:
        plan: its recipe has the schedule, and it says how many updates there are.

    Attributes:
        lr: the rate that the schedule begins with; a plateau makes it smaller between two updates.
    """

    def __init__(self, plan: Plan) -> None:
        recipe, chosen = plan.recipe, plan.recipe.chosen_schedule
        self.lr = recipe.lr or 0.0
        self._warmup = recipe.warmup or 0
        length = max(1, (plan.updates or recipe.updates or 1) - self._warmup)
        self._formula = None
        if chosen is not None and not chosen.row.by_evaluations:
            self._formula = compile(chosen.row.formula, chosen.row.name, "eval")
            self._values: dict[str, Any] = {**_FUNCTIONS, **chosen.values(length), "length": length}
        self._block: tuple[int, float, Array] = (-1, math.nan, np.empty(0))

    @property
    def stay(self) -> bool:
        """Return whether every update has the same rate, as long as nothing changes `lr`."""
        return self._formula is None and not self._warmup

    def of(self, done: int) -> float:
        """Return the rate of the update that comes after so many."""
        return self.lr if self.stay else float(self.over(done, 1)[0])

    def over(self, done: int, updates: int) -> Array:
        """Return the rates of some updates that come after so many."""
        first, last = done // _BLOCK, (done + updates - 1) // _BLOCK
        blocks = [self._computed(number) for number in range(first, last + 1)]
        rates = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        return rates[done - first * _BLOCK : done - first * _BLOCK + updates]

    def _computed(self, number: int) -> Array:
        known, lr, rates = self._block
        if (known, lr) != (number, self.lr):
            done = np.arange(number * _BLOCK, (number + 1) * _BLOCK, dtype=np.float64)
            rates = self._scheduled(np.maximum(done - self._warmup, 0))
            if self._warmup:
                rates = np.where(done < self._warmup, self.lr * (done + 1) / self._warmup, rates)
            self._block = number, self.lr, rates
        return rates

    def _scheduled(self, t: Array) -> Array:
        if self._formula is None:
            return np.full(len(t), self.lr)
        found: Array = eval(self._formula, {**self._values, "t": t, "lr": self.lr})
        return found


class Momenta:
    """The products of NAdam's momenta up to each update, in float32, in which torch keeps them.

    Args:
        beta: the momentum that they come to.
        decay: how fast they do.
    """

    def __init__(self, beta: float, decay: float) -> None:
        self._beta, self._decay = beta, decay
        self._known = np.empty(0, np.float32)

    @classmethod
    def of(cls, recipe: Recipe) -> Momenta:
        """Return those of a recipe by NAdam."""
        options: dict[str, Any] = {**recipe.optimizer_row.options, **recipe.optimizer_options}
        return cls(options["betas"][0], options["momentum_decay"])

    def over(self, done: int, updates: int) -> Array:
        """Return the products up to each of some updates that come after so many."""
        wanted, known = done + updates, self._known
        if len(known) < wanted and (not len(known) or known[-1] != 0):
            steps = np.arange(1, 2 * wanted + _BLOCK, dtype=np.float64)
            momenta = self._beta * (1.0 - 0.5 * 0.96 ** (steps * self._decay))
            known = np.cumprod(momenta.astype(np.float32), dtype=np.float32)
            ended = np.flatnonzero(known == 0)
            self._known = known = known[: ended[0] + 1] if len(ended) else known
        found = np.zeros(updates)
        some = known[done:wanted]
        found[: len(some)] = some
        return found


def kept_slots(
    views: Mapping[str, Mapping[str, torch.Tensor]], updates: int, counts_steps: bool, momenta: Momenta | None
) -> dict[str, dict[str, torch.Tensor]]:
    """Return an optimizer's numbers beside each weight as torch keeps them, its counts of updates too.

    Args:
        views: those that a compiled loop changes, by weight and name.
        updates: how many were made; none before the first.
        counts_steps: whether torch's optimizer counts them beside each weight.
        momenta: the products that nadam keeps; None for other optimizers.
    """
    if not updates:
        return {}
    alike = {}
    if counts_steps:
        alike["step"] = torch.tensor(float(updates))
        if momenta is not None:
            alike["mu_product"] = torch.tensor(momenta.over(updates - 1, 1)[0], dtype=_SCALAR)
    return {
        name: {**{slot: copied(view) for slot, view in by.items()}, **alike} for name, by in views.items()
    }
