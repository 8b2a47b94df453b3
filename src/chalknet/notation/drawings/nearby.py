"""In which column a node stands that no link or frame holds: by its place, its id or its turn in the text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from chalknet.notation.drawings.facts import Facts
from chalknet.notation.drawings.sketch import Drawn

_PARTS = re.compile(r"(\d{1,18})")
_LETTERS = re.compile(r"[A-Z]{1,3}")


@dataclass(frozen=True, eq=False)
class Nearby:
    """The columns of the linked nodes, and in which orders these follow one another.

    Args:
        facts: what is drawn.
        column: of each linked node, by id.
    """

    facts: Facts
    column: Mapping[str, int]

    def of(self, node: Drawn) -> set[int]:
        """Return the column that a node stands in; empty where nothing says it."""
        found = self._by_place(node)
        if found is None and _form(node.key) in self._forms:
            found = self._by_order(node, _number)
        if found is None and self._follows_a_declaration(node):
            found = self._by_order(node, _turn)
        return set() if found is None else {found}

    def _follows_a_declaration(self, node: Drawn) -> bool:
        """Return whether the linked node before it is declared there, and not first named in a link."""
        before = bisect_left(self._turns, node.at) - 1
        if before < 0:
            return False
        at = self._turns[before]
        first, last = bisect_left(self._written, at), bisect_left(self._written, node.at)
        around = self._written[max(first - 1, 0) : first + 1]
        return first == last and not any(self._in_one_statement(at, link) for link in around)

    def _in_one_statement(self, one: int, other: int) -> bool:
        between = self.facts.sketch.source.text[min(one, other) : max(one, other)]
        return not re.search(r"[;\n]", between)

    @cached_property
    def _turns(self) -> list[int]:
        return sorted(self.facts.nodes[key].node.at for key in self.column)

    @cached_property
    def _written(self) -> list[int]:
        return sorted({link.at for link in self.facts.links})

    @cached_property
    def _forms(self) -> frozenset[str]:
        return frozenset(_form(key) for key in self.column)

    def _by_order(self, node: Drawn, key: Callable[[Drawn], tuple[object, ...]]) -> int | None:
        """Return the column of the node before it in an order in which the columns follow one another."""
        row = self._rows.get(key)
        if row is None:
            ordered = sorted(self.column, key=lambda one: key(self.facts.nodes[one].node))
            columns = [self.column[one] for one in ordered]
            follows = columns == sorted(columns) and len(set(columns)) > 1
            row = ([key(self.facts.nodes[one].node) for one in ordered], columns) if follows else ([], [])
            self._rows[key] = row
        at = bisect_left(row[0], key(node)) - 1
        return row[1][at] if row[0] and at >= 0 else None

    @cached_property
    def _rows(
        self,
    ) -> dict[Callable[[Drawn], tuple[object, ...]], tuple[list[tuple[object, ...]], list[int]]]:
        return {}

    @cached_property
    def _middles(self) -> tuple[str, dict[int, float]]:
        """Return the axis along which the columns stand, and where each is; an empty axis for none."""
        for axis in ("x", "y"):
            spots: dict[int, list[float]] = defaultdict(list)
            for key, column in self.column.items():
                if (place := self.facts.nodes[key].node.place) is None:
                    return "", {}
                spots[column].append(getattr(place, axis))
            middles = {column: sum(values) / len(values) for column, values in spots.items()}
            ordered = sorted(middles.values())
            gap = min((b - a for a, b in pairwise(ordered)), default=0.0)
            spread = max(max(values) - min(values) for values in spots.values())
            if gap > 0 and spread < gap / 2:
                return axis, middles
        return "", {}

    def _by_place(self, node: Drawn) -> int | None:
        axis, middles = self._middles
        if not axis or node.place is None:
            return None
        here, ordered = getattr(node.place, axis), sorted(middles.values())
        gap = min(b - a for a, b in pairwise(ordered))
        nearest = min(middles, key=lambda column: abs(middles[column] - here))
        return nearest if abs(middles[nearest] - here) < gap / 2 else None


def _form(key: str) -> str:
    """Return an id without its numbers: ids of one form are numbered together."""
    return "A" if _LETTERS.fullmatch(key) else _PARTS.sub("0", key)


def _number(node: Drawn) -> tuple[object, ...]:
    """Return what ids are ordered by: `n9` before `n10`, `Z` before `AA`."""
    if _LETTERS.fullmatch(node.key):
        return (("", len(node.key)), (node.key, 0))
    parts = _PARTS.split(node.key)
    return tuple(("", int(part)) if odd % 2 else (part, 0) for odd, part in enumerate(parts))


def _turn(node: Drawn) -> tuple[object, ...]:
    return (node.at,)
