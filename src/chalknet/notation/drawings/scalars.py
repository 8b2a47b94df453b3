"""Graphs of numbers, as micrograd draws them, brought to units: the sums of products that they compute."""

from __future__ import annotations

import re

from chalknet.network import activation_name
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.sketch import Link, Sketch
from chalknet.notation.drawings.words import pattern

_SIGNS = {**dict.fromkeys("*×·⋅∙", "*"), "+": "+", "Σ": "+"}
_VALUE = pattern(r"\bdata\b|\bvalue\b|\bgrad\b|=\s*-?\d")
_WEIGHT = pattern(r"w", re.I)
_MOST_TERMS = 100_000


def from_scalars(sketch: Sketch) -> bool:
    """Put a unit in the place of each sum of products of numbers; return whether there were any."""
    graph = _ScalarGraph(sketch)
    if not graph.is_one:
        return False
    units = graph.units()
    if not units:
        return False
    links: list[Link] = []
    for unit, terms in units.items():
        for source in graph.arriving(terms):
            sketch.spend(1)
            links.append(Link(source, unit, at=sketch.nodes[unit].at))
    kept = {end for link in links for end in (link.source, link.target)}
    for key in kept:
        node = sketch.nodes[key]
        name = graph.operations.get(key)
        node.label = "Σ" if name in ("+", "*") else name or _name(node.text)
        node.shape = "circle"
    sketch.links, sketch.nodes = links, {key: node for key, node in sketch.nodes.items() if key in kept}
    return True


class _ScalarGraph:
    """A graph in which boxes of numbers stand between signs."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch
        first = {key: plain(node.text).split("\n")[0].strip() for key, node in sketch.nodes.items()}
        self.operations: dict[str, str] = {}
        for key, text in first.items():
            found = _SIGNS.get(text) or (activation_name(text.lower()) if len(text) > 1 else None)
            if found:
                self.operations[key] = found
        self._into: dict[str, list[str]] = {key: [] for key in sketch.nodes}
        self._out: dict[str, list[str]] = {key: [] for key in sketch.nodes}
        for link in sketch.links:
            if link.source in self._out and link.target in self._into:
                self._into[link.target].append(link.source)
                self._out[link.source].append(link.target)
        self._values = [key for key in sketch.nodes if key not in self.operations]

    @property
    def is_one(self) -> bool:
        """Return whether every box holds a number, and every sign joins as many as it must."""
        products = [key for key, name in self.operations.items() if name == "*"]
        said = sum(bool(_VALUE.search(plain(self._sketch.nodes[key].text))) for key in self._values)
        arity = all(
            len(self._into[key]) == 2 if name == "*" else len(self._into[key]) >= 1 if name == "+" else
            len(self._into[key]) == 1
            for key, name in self.operations.items()
        )  # fmt: skip
        single = all(len(self._into[key]) <= 1 for key in self._values)
        return (
            bool(products)
            and len(products) < len(self.operations)
            and arity
            and single
            and 2 * said > len(self._values)
        )

    def _root(self, key: str) -> str:
        """Return the sign that a box holds the result of; itself where it is a number of its own."""
        for _ in range(len(self._sketch.nodes)):
            if key in self.operations or not self._into[key]:
                break
            self._sketch.spend(1)
            key = self._into[key][0]
        return key

    def units(self) -> dict[str, list[str]]:
        """Return the terms of each unit: of every function, and of every sum that is weighted or the last."""
        functions = [key for key, name in self.operations.items() if name not in "*+"]
        ends = [self._root(key) for key in self._sketch.nodes if not self._out[key]]
        weighted = [self._root(source) for key, name in self.operations.items() if name == "*"
                    for source in self._into[key]]  # fmt: skip
        sums = [key for key in (*ends, *weighted) if self.operations.get(key) in ("+", "*")]
        found: dict[str, list[str]] = {}
        for key in dict.fromkeys((*functions, *sums)):
            start = self._root(self._into[key][0]) if key in functions else key
            terms = self._terms(start)
            if not terms or not all(
                self.operations.get(term) == "*" or self._is_leaf(term) for term in terms
            ):
                return {}
            if not any(self.operations.get(term) == "*" for term in terms):
                return {}
            found[key] = terms
        return found

    def _terms(self, key: str) -> list[str]:
        waiting = [key]
        found: list[str] = []
        while waiting and len(found) < _MOST_TERMS:
            one = waiting.pop()
            self._sketch.spend(1)
            if self.operations.get(one) == "+":
                waiting += [self._root(source) for source in reversed(self._into[one])]
            else:
                found.append(one)
        return found

    def _is_leaf(self, key: str) -> bool:
        return key not in self.operations and not self._into[key]

    def arriving(self, terms: list[str]) -> list[str]:
        """Return what leads into a unit: of each product what is no weight, and the bias."""
        found: list[str] = []
        for term in terms:
            if self._is_leaf(term):
                found.append(term)
                continue
            one, other = (self._root(source) for source in self._into[term])
            found.append(other if self._is_weight(one, other) else one)
        return found

    def _is_weight(self, one: str, other: str) -> bool:
        """Return whether the first of two factors is the weight of the second."""
        if not (self._is_leaf(one) and self._is_leaf(other)):
            return self._is_leaf(one)
        named = [bool(_WEIGHT.match(_name(self._sketch.nodes[key].text))) for key in (one, other)]
        if named[0] != named[1]:
            return named[0]
        return len(self._out[one]) < len(self._out[other])


def _name(text: str) -> str:
    """Return what a box of a number is called: `{ x1 | data 2.0 | grad -1.5 }` -> x1."""
    return plain(text).strip(" {}").split("|")[0].split("\n")[0].split("=")[0].strip()
