"""Draws from tables, and a memory of what was drawn."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Random choices by seed; those of a named dimension are kept as kinds, "order: shuffled"."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.chosen: dict[str, str] = {}

    def pick(self, dimension: str, weights: Mapping[str, float], without: Iterable[str] = ()) -> str:
        """Draw an option of a dimension by its weight, some left out, and keep it."""
        left = {option: weight for option, weight in weights.items() if option not in set(without)}
        option = self.rng.choices(list(left), list(left.values()))[0]
        return self.keep(dimension, option)

    def keep(self, dimension: str, option: str) -> str:
        """Keep an option that was not drawn but follows."""
        self.chosen[dimension] = option
        return option

    def one(self, options: Sequence[T]) -> T:
        """Draw a detail that is no kind of its own."""
        return self.rng.choice(options)

    def chance(self, share: float) -> bool:
        """Draw whether."""
        return self.rng.random() < share

    def shuffled(self, things: Iterable[T]) -> list[T]:
        """Return the things in a random order."""
        order = list(things)
        self.rng.shuffle(order)
        return order

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return all that was chosen, in the order of the dimensions."""
        return tuple(f"{dimension}: {option}" for dimension, option in sorted(self.chosen.items()))
