"""The columns of a drawing: units that stand side by side, and what belongs to each."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal, TypeAlias

from chalknet.errors import ChalknetError
from chalknet.notation.drawings.agreement import merged, over, sizes_over, together
from chalknet.notation.drawings.facts import POINTS, Fact, Facts
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.nearby import Nearby
from chalknet.notation.drawings.repetition import TIMES_ALONE
from chalknet.notation.drawings.sides import Sides
from chalknet.notation.drawings.sketch import Drawn, Link
from chalknet.notation.drawings.vocabulary import (
    Said,
    is_weight,
    left_out,
    said,
    trailing_index,
    without_more,
)
from chalknet.notation.drawings.words import NUMBER_BEHIND_LAYER
from chalknet.notation.limits import check_limit

NOT_COUNTED = "dots that stand beside no layer were not counted"
Join: TypeAlias = Literal["first", "all", "each", "one", "some"]


@dataclass(eq=False)
class UnitColumn:
    """Units side by side.

    Args:
        units: in the order of the text.
        links: those that lead here from the column before.
        dots: whether dots stand among them.
        left_out: how many units the dots or a title say they stand for.
        texts: titles and captions that speak of this column alone.
        biases: links from bias nodes.
        weights: what is written in the nodes of weights that lead here.
        join: how it hangs on the column before: "all" units on all, "each" on one opposite, a single "one"
            on a single one, or "some" on some; "first" has none before it.
        vectors: whether sizes on the arrows are those of values, and not of weights.
        number: what stands behind the word layer and numbers no layer, as the 3 of `Dense layer 3`.
    """

    units: list[Drawn] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    dots: bool = False
    left_out: int = 0
    texts: list[str] = field(default_factory=list)
    biases: list[Link] = field(default_factory=list)
    weights: list[str] = field(default_factory=list)
    join: Join = "first"
    vectors: bool = False
    number: int | None = None

    @cached_property
    def said(self) -> Said:
        """Return what its units say together."""
        found = merged(self.units)
        return found if self.number is None or found.width else replace(found, width=self.number)

    @cached_property
    def title(self) -> Said:
        """Return what its titles say."""
        return together([said(text) for text in self.texts])

    @cached_property
    def edge(self) -> Said:
        """Return what stands over the arrows that lead here."""
        labels = {link.label: None for link in self.links if link.label} | dict.fromkeys(self.weights)
        return together([over(label, self.vectors) for label in labels])

    @cached_property
    def is_weighty(self) -> bool:
        """Return whether weights stand on the arrows that lead here."""
        return any(is_weight(link.label) for link in self.links)

    @property
    def is_single(self) -> bool:
        """Return whether it is one node, with no dots beside it."""
        return len(self.units) == 1 and not self.dots and not self.left_out


@dataclass(eq=False)
class Columns:
    """The columns from the first to the last.

    Args:
        all: the columns.
        captions: texts that speak of the whole.
        place: the column of each unit, by id.
        notes: what belongs to no column.
    """

    all: list[UnitColumn]
    captions: list[str]
    place: dict[str, int]
    notes: list[str] = field(default_factory=list)


def columns_of(
    facts: Facts, sides: Sides, links: Collection[Link], rows: bool, depth: dict[str, int]
) -> Columns:
    """Return the columns of the units, with their dots, biases and titles.

    Args:
        facts: what is drawn.
        sides: which nodes are no units.
        links: those between units.
        rows: whether the drawing shows several observations, whose dots are none of a layer.
        depth: the column of each linked unit.
    """
    check_limit(facts.sketch.source, 0, "levels", max(depth.values()) + 1)
    columns = [UnitColumn() for _ in range(max(depth.values()) + 1)]
    for key, level in depth.items():
        columns[level].units.append(facts.nodes[key].node)
    for link in (one for one in links if one.source in depth and one.target in depth):
        columns[depth[link.target]].links.append(link)
    for column in columns:
        column.units.sort(key=lambda unit: unit.at)
    _settle_numbers(columns)
    found = Columns(columns, [facts.sketch.caption] if facts.sketch.caption else [], dict(depth))
    _Placing(facts, sides, rows, found).place()
    for before, column in pairwise(columns):
        column.join = _join(before, column)
    sizes = {size for column in columns for link in column.links if (size := sizes_over(link.label))}
    for column in columns:
        column.vectors = all(1 in size for size in sizes)
    return found


def _settle_numbers(columns: list[UnitColumn]) -> None:
    """Tell the boxes whose number behind the word layer is a width: where the numbers count no layers."""
    found = {
        place: int(match[1])
        for place, column in enumerate(columns)
        if len(column.units) == 1 and (match := NUMBER_BEHIND_LAYER.search(plain(column.units[0].text)))
    }
    counts = all(one[1] < other[1] <= one[1] + other[0] - one[0] for one, other in pairwise(found.items()))
    if counts and all(number <= place + 1 for place, number in list(found.items())[:1]):
        return
    for place, number in found.items():
        columns[place].number = number


def _join(before: UnitColumn, column: UnitColumn) -> Join:
    count, units, sources = len(column.links), len(column.units), len(before.units)
    if units == sources == 1:
        return "one" if column.is_single and before.is_single else "all"
    if count >= units * sources:
        return "all"
    ends = {link.source for link in column.links}, {link.target for link in column.links}
    return "each" if units == sources == count == len(ends[0]) == len(ends[1]) else "some"


@dataclass(eq=False)
class _Placing:
    """Gives the columns what stands beside their units."""

    facts: Facts
    sides: Sides
    rows: bool
    found: Columns

    def place(self) -> None:
        linked = set(self.found.place)
        groups, ranks = self._spans(linked)
        for link in self.facts.links:
            role = self.sides.role(link.source)
            if role in ("bias", "weight") and link.target in linked:
                column = self.found.all[self.found.place[link.target]]
                if role == "bias":
                    column.biases.append(link)
                else:
                    column.weights.append(self.facts.nodes[link.source].node.text)
        loose = []
        for key, fact in self.facts.nodes.items():
            if key not in linked:
                near = self._near(fact, groups, ranks)
                near = near or (self._nearby.of(fact.node) if self.sides.role(key) == "elided" else near)
                if self.sides.role(key) == "elided" and not near:
                    loose.append(fact)
                else:
                    self._node(fact, near)
        self._loose_dots(loose)
        self._loose_counts()
        for frame in self.facts.sketch.groups.values():
            here = groups.get(frame.key, set())
            if frame.title and here and max(here) - min(here) == len(here) - 1:
                alone = TIMES_ALONE.fullmatch(plain(frame.title)) or said(frame.title).repeats != 1
                if len(here) == 1 or (len(here) == 2 and 0 not in here and not alone):
                    self._entitle(here, frame.title)
                else:
                    self.found.captions.append(frame.title)

    def _spans(self, linked: Iterable[str]) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
        """Return the columns that each frame and each rank spans."""
        groups: dict[str, set[int]] = defaultdict(set)
        ranks: dict[str, set[int]] = defaultdict(set)
        for key in linked:
            level = self.found.place[key]
            for group in self.facts.groups_of(key):
                groups[group].add(level)
            if rank := self.facts.nodes[key].node.rank:
                ranks[rank].add(level)
        return groups, ranks

    def _near(self, fact: Fact, groups: dict[str, set[int]], ranks: dict[str, set[int]]) -> set[int]:
        node = fact.node
        near = groups.get(node.group, set()) if node.group else set()
        return near or ranks.get(node.rank, set()) or self._linked[fact.key]

    def _node(self, fact: Fact, near: set[int]) -> None:
        columns, role, node = self.found.all, self.sides.role(fact.key), fact.node
        if role == "elided":
            gaps = [level for level in near if index_gap(columns[level].units, dots=True)[1]]
            if near and (gaps or not self.rows):
                columns[min(gaps or near)].dots = True
                columns[min(gaps or near)].left_out += left_out(node.text)
        elif role == "unit" and near and fact.alone:
            columns[min(near)].units.append(node)
        elif role == "title" and (layer := self.found.place.get(self.facts.remarks[fact.key])) is not None:
            self._entitle({layer}, node.text)
        elif role == "caption":
            if len(near) == 1 and (node.group or node.rank):
                self._entitle(near, node.text)
            else:
                self.found.captions.append(node.text)
        elif role == "bias" and fact.alone:
            self.found.captions.append("bias=True")

    def _loose_dots(self, loose: list[Fact]) -> None:
        """Give dots that nothing holds to the columns that need them, in the order of the text, and say so.

        These are the columns whose indices say that units are left out; or all columns of several units, if
        there are as many dots as such columns. Points in a row are dots once.
        """
        points = [fact for fact in loose if fact.node.shape in POINTS]
        loose = [fact for fact in loose if fact not in points or _turn_of(self.facts, fact) not in points]
        columns = list(enumerate(self.found.all))
        bare = [level for level, column in columns if len(column.units) > 1 and not column.dots]
        gaps = [level for level in bare if index_gap(self.found.all[level].units, dots=True)[1]]
        wanted = next((some for some in (gaps, bare) if len(some) == len(loose)), [])
        for fact, level in zip(loose, wanted, strict=False):
            self._node(fact, {level})
            first = plain(self.found.all[level].units[0].text) or self.found.all[level].units[0].key
            self.found.notes.append(f"{fact.first_line}: taken to stand in the column of {first!r}")
        for fact in loose[len(wanted) :]:
            self.found.notes.append(f"{fact.first_line}: {NOT_COUNTED}")

    def _loose_counts(self) -> None:
        """Give a bare number beside a column with dots, such as that at a brace, to that column."""
        counts = [
            fact
            for fact in self.facts.nodes.values()
            if fact.alone
            and fact.node.place
            and fact.text.isdecimal()
            and self.sides.role(fact.key) == "caption"
        ]
        spots = [
            (node.place, level)
            for key, level in self.found.place.items()
            if counts and (node := self.facts.nodes[key].node).place
        ]
        for fact in counts if spots else []:
            self.facts.sketch.spend(len(spots))
            assert fact.node.place is not None
            x, y = fact.node.place.x, fact.node.place.y
            _, level = min(((place.x - x) ** 2 + (place.y - y) ** 2, level) for place, level in spots)
            column = self.found.all[level]
            if column.dots and int(fact.text) > len(column.units) and fact.text in self.found.captions:
                self.found.captions.remove(fact.text)
                column.texts.append(fact.text)
                self.found.notes.append(f"{fact.text}: taken for the width of the column beside it")

    @cached_property
    def _nearby(self) -> Nearby:
        return Nearby(self.facts, self.found.place)

    @cached_property
    def _linked(self) -> dict[str, set[int]]:
        """Return the columns that a node without a place of its own may stand in, by its links.

        A link that is seen leads to the next column; an unseen one may also hold two nodes side by side.
        """
        found: dict[str, set[int]] = defaultdict(set)
        place, levels = self.found.place, set(self.found.place.values())
        for link in self.facts.sketch.links:
            beside = () if link.visible else (0,)
            if link.target in place and link.source not in place:
                found[link.source] |= {place[link.target] + step for step in (-1, *beside)} & levels
            if link.source in place and link.target not in place:
                found[link.target] |= {place[link.source] + step for step in (1, *beside)} & levels
        return found

    def _entitle(self, here: set[int], title: str) -> None:
        """Give a title to the first of the columns under it, and to each the units it says are left out."""
        columns = self.found.all
        text, more = without_more(title, len(columns[min(here)].units))
        columns[min(here)].texts.append(text)
        for level in here:
            columns[level].left_out += more * (len(columns[level].units) > 1)


def _turn_of(facts: Facts, fact: Fact) -> Fact | None:
    """Return the node that is first named just before another."""
    before = [other for other in facts.nodes.values() if other.node.at < fact.node.at]
    return max(before, key=lambda other: other.node.at, default=None)


def index_gap(units: list[Drawn], dots: bool) -> tuple[int | str | None, bool]:
    """Return the width that the units' indices say, and whether some units are left out.

    `x1, x2, x784` -> 784; `u[:,0], u[:,1], u[:,31]` -> 32; no indices or no gap -> None.
    """
    indices = [trailing_index(unit.text) for unit in units]
    if dots or any(plain(unit.text).endswith("-1") for unit in units):
        indices = _with_letters(units, indices)
    elif len(units) > 2 and (last := _with_letters(units, indices)[-1]) in {*"nmkdpNMKDP"}:  # `x1, x2, xn`
        indices[-1] = last
    numbers = [index for index in indices if isinstance(index, int)]
    symbols = [index for index in indices if isinstance(index, str)]
    if len(symbols) == 1 and (dots or (numbers and min(numbers) <= 1)):
        return symbols[0], True
    if len(numbers) < 2 or len(numbers) != len(units) or len(set(numbers)) != len(numbers):
        return None, False
    first, last = min(numbers), max(numbers)
    if last - first + 1 == len(numbers) or not (dots or first <= 1):
        return None, False
    return (last + 1 if first == 0 else last), True


_STEM = re.compile(r"(.*?[^\W\d])[_ ]?(\d+)")


def _with_letters(units: list[Drawn], indices: list[int | str | None]) -> list[int | str | None]:
    """Return the indices with that of `hm` beside `h1` and `h2`, which ends in a letter."""
    texts = [plain(unit.text).split("\n")[0] for unit in units]
    stems = {match[1] for text in texts if (match := _STEM.fullmatch(text))}
    return [
        text[len(stem) :].strip("_ ")
        if index is None
        and (stem := next((one for one in stems if text.startswith(one)), ""))
        and len(text[len(stem) :].strip("_ ")) in (1, 2)
        else index
        for text, index in zip(texts, indices, strict=True)
    ]


def depths(facts: Facts, units: Collection[str], links: Collection[Link]) -> dict[str, int]:
    """Return the column of each linked unit: the longest way from a source to it.

    Raises:
        CannotExpress: for a cycle.
    """
    nodes = facts.nodes
    targets: dict[str, list[str]] = defaultdict(list)
    waiting: Counter[str] = Counter()
    for link in links:
        if link.source == link.target:
            raise no_way(facts, nodes[link.source], f"{named(nodes[link.source])}, which leads to itself")
        targets[link.source].append(link.target)
        waiting[link.target] += 1
    connected = dict.fromkeys(end for link in links for end in (link.source, link.target))
    depth = {key: 0 for key in units if key in connected and not waiting[key]}
    ready = list(depth)
    while ready:
        key = ready.pop()
        for target in targets[key]:
            depth[target] = max(depth.get(target, 0), depth[key] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    stuck = [nodes[key] for key in connected if waiting[key] > 0]
    if stuck:
        first = min(stuck, key=lambda fact: fact.node.at)
        raise no_way(facts, first, f"a cycle through {named(first)}")
    for key in [key for key, level in depth.items() if level == 0]:
        depth[key] = min((depth[target] for target in targets[key]), default=1) - 1
    return depth


def named(fact: Fact) -> str:
    """Return what a node is called in an error."""
    return repr(fact.first_line)


def no_way(facts: Facts, fact: Fact, got: str) -> ChalknetError:
    """Return the error for what is no way from X to yhat."""
    return facts.sketch.not_a_chain(fact.node.at, got=got, wanted="a way from X to yhat without a return")
