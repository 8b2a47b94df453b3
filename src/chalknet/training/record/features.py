"""The columns that are features: all of x, but the one that says what each sample weighs."""

from __future__ import annotations

from dataclasses import replace

from chalknet.data import Preparation
from chalknet.planning import Recipe


def features_of(preparation: Preparation | None, recipe: Recipe) -> Preparation | None:
    """Return a preparation of the features alone, without the column of the weights."""
    if preparation is None or not preparation.x or recipe.weight is None:
        return preparation
    names, weight = preparation.names, recipe.weight
    if isinstance(weight, str) and weight not in names:
        return preparation
    place = names.index(weight) if isinstance(weight, str) else weight % len(names)
    return replace(preparation, x=(*preparation.x[:place], *preparation.x[place + 1 :]))
