"""The numbers that an optimizer has of its own in each update: one row each, computed before a launch.

`call.cuh` has a branch of the same name, which makes the update by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from chalknet.engine.fused_cpu.optimizer_rows import (
    BETA1,
    BETA2,
    DECAY,
    DECOUPLED,
    FADE,
    LR,
    MULTIPLIES,
    numbers_of,
)
from chalknet.engine.rates import Array, Momenta, Rates
from chalknet.planning import Recipe


class Numbers(NamedTuple):
    """The numbers of each update, in the order in which the kernels read them.

    Args:
        size: what the step is multiplied by.
        root: what the root of the mean of squares is multiplied by.
        kept: what the weights are multiplied by before it: decay that is no part of the gradient.
        move: NAdam's factor of the mean gradient.
    """

    size: Array | float
    root: Array | float = 1.0
    kept: Array | float = 1.0
    move: Array | float = 0.0


class Moment(NamedTuple):
    """What the rows compute from: the recipe's numbers, and those of each update.

    Args:
        o: of the recipe, by the names of `optimizer_rows`; its learning rate is that of each update.
        number: of the update in the fit, counted from 1.
        product: of NAdam's momenta up to it.
    """

    o: list[Array]
    number: Array
    product: Array


def _plain(at: Moment) -> Numbers:
    return Numbers(at.o[LR])


def _root(at: Moment) -> Array:
    root: Array = 1 / np.sqrt(1 - at.o[BETA2] ** at.number)
    return root


def _adam(at: Moment) -> Numbers:
    return Numbers(at.o[LR] / (1 - at.o[BETA1] ** at.number), _root(at))


def _adamw(at: Moment) -> Numbers:
    return _adam(at)._replace(kept=1 - at.o[LR] * at.o[DECAY])


def _adagrad(at: Moment) -> Numbers:
    return Numbers(at.o[LR] / (1 + (at.number - 1) * at.o[FADE]))


def _nadam(at: Moment) -> Numbers:
    o = at.o
    now, after = (o[BETA1] * (1 - 0.5 * 0.96 ** (number * o[FADE])) for number in (at.number, at.number + 1))
    return Numbers(
        o[LR] * (1 - now) / (1 - at.product),
        _root(at),
        1 - o[LR] * o[DECAY] * o[DECOUPLED],
        o[LR] * after / (1 - at.product * after),
    )


def _lion(at: Moment) -> Numbers:
    return Numbers(at.o[LR], kept=1 - at.o[LR] * at.o[DECAY])


RATES: Mapping[str, Callable[[Moment], Numbers]] = {
    "sgd": _plain, "adam": _adam, "adamw": _adamw, "rmsprop": _plain, "adagrad": _adagrad, "nadam": _nadam,
    "lion": _lion,
}  # fmt: skip
_KEEPS_WEIGHTS = ("adamw", "lion")  # whose decay is no part of the gradient


def numbers_of_updates(
    recipe: Recipe, rates: Rates, momenta: Momenta | None, done: int, updates: int
) -> Array:
    """Return the numbers of some updates, a line each.

    Args:
        recipe: names the optimizer.
        rates: the learning rates.
        momenta: of NAdam.
        done: updates made before.
        updates: how many.
    """
    o: list[Array] = [np.asarray(number) for number in numbers_of(recipe)]
    o[LR] = rates.over(done, updates)
    product = momenta.over(done, updates) if momenta else np.zeros(updates)
    row = RATES[recipe.optimizer](Moment(o, np.arange(done + 1.0, done + updates + 1), product))
    return np.stack([np.broadcast_to(number, updates) for number in row], axis=1)


def decay_of_gradient(recipe: Recipe) -> float:
    """Return the share of a weight that is added to its gradient."""
    o = numbers_of(recipe)
    apart = recipe.optimizer in _KEEPS_WEIGHTS or (recipe.optimizer == MULTIPLIES and o[DECOUPLED])
    return 0.0 if apart else o[DECAY]
