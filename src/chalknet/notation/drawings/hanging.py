"""Nodes that enter late or end early: which of them are notes, and which are units."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from chalknet.notation.drawings.beside import beside, is_only
from chalknet.notation.drawings.facts import Fact, Facts
from chalknet.notation.drawings.rules import Role, Rule
from chalknet.notation.drawings.sketch import Link


@dataclass(frozen=True, eq=False)
class Around:
    """The units of each column, looked up once."""

    facts: Facts
    depth: dict[str, int]

    @cached_property
    def last(self) -> int:
        """Return the number of the last column."""
        return max(self.depth.values(), default=0)

    @cached_property
    def stems(self) -> Counter[tuple[int, str]]:
        """Return how many units of a column begin with the same letters."""
        return Counter((level, _stem(self.facts.nodes[key])) for key, level in self.depth.items())

    @cached_property
    def shapes(self) -> Counter[tuple[int, str]]:
        """Return how many units of a column have the same shape."""
        return Counter((level, self.facts.nodes[key].node.shape) for key, level in self.depth.items())

    @cached_property
    def groups(self) -> Counter[tuple[int, str]]:
        """Return how many units of a column stand in the same frame."""
        return Counter((level, self.facts.nodes[key].node.group) for key, level in self.depth.items())

    @cached_property
    def sizes(self) -> Counter[int]:
        """Return how many units each column has."""
        return Counter(self.depth.values())


def _stem(fact: Fact) -> str:
    match = re.match(r"[^\W\d_]{1,12}", fact.text or fact.key)
    return match.group().lower() if match else ""


@dataclass(frozen=True, eq=False)
class Hanging:
    """A node that enters late or ends early."""

    fact: Fact
    level: int
    late: bool
    around: Around

    @property
    def links(self) -> Iterator[Link]:
        """Yield the links that hold it."""
        yield from self.fact.into or self.fact.out_of

    def is_one_of(self, counted: Counter[tuple[int, str]], what: str) -> bool:
        """Return whether others of its column share something."""
        return counted[self.level, what] > 1

    @property
    def words(self) -> frozenset[str]:
        """Return what its words speak of."""
        return beside(self.fact.node.text)


ENOUGH = 2.0
HANGING: dict[Role, tuple[Rule[Hanging], ...]] = {
    "idea": (
        Rule("its words are those of an idea, not of a unit", "idea", 2, lambda v: v.words & {"idea", "training", "sample", "legend", "loss", "target"}),
        Rule("it says nothing else", "idea", 1, lambda v: any(is_only(v.fact.node.text, kind) for kind in ("idea", "training", "legend"))),
        Rule("it is only written, without a frame", "idea", 2, lambda v: v.fact.is_loose and v.fact.text),
        Rule("dashed links hold it", "idea", 1.5, lambda v: all(link.style in ("dashed", "dotted") for link in v.links)),
        Rule("it is a sentence", "idea", 1, lambda v: v.fact.text.count(" ") >= 3),
        Rule("others of its column have another shape", "idea", 0.5,
             lambda v: v.around.sizes[v.level] > 1 and not v.is_one_of(v.around.shapes, v.fact.node.shape)),
        Rule("others of its column stand in a frame of theirs", "idea", 0.5,
             lambda v: v.around.sizes[v.level] > 1 and not v.is_one_of(v.around.groups, v.fact.node.group)),
        Rule("it is named as others of its column", "idea", -4, lambda v: v.is_one_of(v.around.stems, _stem(v.fact))),
        Rule("it states a map, an activation or a width", "idea", -4,
             lambda v: v.fact.said.operation or v.fact.said.steps or v.fact.said.sure),
        Rule("it says which layer it is", "idea", -3, lambda v: v.fact.said.role),
    ),
    "weight": (
        Rule("its name is that of a weight matrix", "weight", 4, lambda v: v.late and "weight" in v.words),
        Rule("its name is that of a bias", "weight", 3, lambda v: v.late and "idea" in v.words and "bias" in v.fact.text.lower()),
    ),
}  # fmt: skip
