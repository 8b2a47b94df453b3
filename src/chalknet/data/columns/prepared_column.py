"""A PreparedColumn: what is done to one column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class PreparedColumn:
    """What is done to one column.

    Args:
        name: of the column, or its number where columns have no names.
        mean: taken from every number, and then
        std: every number is divided by it.
        fill: number or word that takes the place of a missing one; None where none may be missing.
        words: the categories, in the order of their columns or class numbers; None for numbers.
        average: the mean of the training rows' numbers; None where it was not learned.
        usual: their median, or their most frequent word; None where it was not learned.
        coded: whether the categories become one column of their numbers, counted from 0, for an embedding.
        spare: whether there is a number behind theirs, for words that are none of them.
        span: the least and the largest of the training rows' numbers; None where it was not learned.
    """

    name: str
    mean: float = 0.0
    std: float = 1.0
    fill: float | str | None = None
    words: tuple[str, ...] | None = None
    average: float | None = None
    usual: float | str | None = None
    span: tuple[float, float] | None = field(default=None, compare=False)
    coded: bool = False
    spare: bool = False

    @property
    def categories(self) -> int:
        """Return how many numbers a coded column may have."""
        return len(self.words or ()) + self.spare

    @property
    def is_plain(self) -> bool:
        """Return whether it is a column of numbers that are taken as they stand."""
        return (self.mean, self.std, self.fill, self.words) == (0.0, 1.0, None, None)

    @property
    def width(self) -> int:
        """Return how many columns of x it becomes."""
        return 1 if self.words is None or self.coded else len(self.words)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Return the position of each of its words."""
        return {word: i for i, word in enumerate(self.words or ())}

    def number_of_gap(self, unknown: str) -> float | None:
        """Return the number that takes the place of a missing one; None where it is refused."""
        new = {"missing": self.average, "most-frequent": self.usual}.get(unknown)
        number = new if self.fill is None else self.fill
        return None if number is None else float(number)

    def place_of_gap(self, unknown: str) -> int | None:
        """Return the position of what is missing; -1 for no word at all, None where it is refused."""
        place = None if self.fill is None else self.places.get(str(self.fill))
        return self.place_of_new(unknown) if place is None else place

    def place_of_new(self, unknown: str) -> int | None:
        """Return the position of a word that the training rows did not have, as `place_of_gap` does."""
        if unknown == "refuse" or (unknown == "most-frequent" and self.usual is None):
            return None
        word = self.usual if unknown == "most-frequent" else self.fill
        return -1 if word is None else self.places.get(str(word), -1)
