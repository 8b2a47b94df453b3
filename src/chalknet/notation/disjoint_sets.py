"""Things that are found to belong together pair by pair."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Thing = TypeVar("Thing", bound=Hashable)


class DisjointSets(Generic[Thing]):
    """Sets that are joined by their members; each thing is alone at first.

    Args:
        things: all there are.

    Example:
        >>> sets = DisjointSets("abcd")
        >>> sets.join("a", "c")
        >>> sets.all
        [['a', 'c'], ['b'], ['d']]
    """

    def __init__(self, things: Iterable[Thing]) -> None:
        self._above = {thing: thing for thing in things}

    def __contains__(self, thing: object) -> bool:
        return thing in self._above

    def join(self, one: Thing, other: Thing) -> None:
        """Make the sets of two things one."""
        self._above[self.first_of(one)] = self.first_of(other)

    def first_of(self, thing: Thing) -> Thing:
        """Return the member by which the set of a thing is known."""
        above = self._above
        while above[thing] != thing:
            above[thing] = thing = above[above[thing]]
        return thing

    @property
    def all(self) -> list[list[Thing]]:
        """Return the sets, each and all of them in the order of the things."""
        found: dict[Thing, list[Thing]] = {}
        for thing in self._above:
            found.setdefault(self.first_of(thing), []).append(thing)
        return list(found.values())
