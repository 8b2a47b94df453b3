"""Which way lines without heads lead."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from chalknet.network import Activation
from chalknet.notation.disjoint_sets import DisjointSets
from chalknet.notation.drawings.beside import is_only
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.links import longest, ordering, to_frames
from chalknet.notation.drawings.rules import Role, Rule, weigh
from chalknet.notation.drawings.sketch import Link, Sketch
from chalknet.notation.drawings.vocabulary import Said, is_bias, is_decimal, said
from chalknet.notation.drawings.words import BIAS_WORD

_RIGHT_TO_LEFT = re.compile(r'rankdir\s{0,9}=\s{0,9}"?RL|^\s{0,99}(?:graph|flowchart)[ \t]+RL', re.M)
_INDEX_0 = re.compile(r"[^\W\d_]{1,4}_?\(?0")  # x0 beside x1 is written as the others are
_STEM = re.compile(r"[^\W\d_]+")
_SEVERAL = 3
_OF_A_ROW = frozenset("aA2")  # beside these, `b` and `1` are names of units


class Directed(NamedTuple):
    """One way to read the lines of a drawing.

    Args:
        links: with their sources where the lines begin.
        note: what was assumed; empty where arrows say it.
        order: lines that only hold units side by side; they are among the links.
    """

    links: list[Link]
    note: str = ""
    order: tuple[Link, ...] = ()


def directed(sketch: Sketch, links: list[Link]) -> list[Directed]:
    """Return the ways in which the lines of a drawing may lead, the likeliest first.

    Lines with heads lead one way. Where no line has a head, each may be written from either end: units that
    are joined with the same others stand in one column, and the columns are read as most lines are written.

    Args:
        sketch: what is drawn.
        links: those that are seen.
    """
    links = to_frames(sketch, links)
    order = ordering(links)
    if order:
        aside = {id(link) for link in order}
        return [
            way._replace(links=[*way.links, *order], order=tuple(order))
            for way in _ways(sketch, [one for one in links if id(one) not in aside])
        ]
    return _ways(sketch, links)


def _ways(sketch: Sketch, links: list[Link]) -> list[Directed]:
    if not links or any(link.directed for link in links):
        return [Directed(links)]
    outward = _outward(sketch, links)
    links = [
        _swapped(link) if link.target in outward and link.source not in outward else link for link in links
    ]
    depth = _written(links)
    seen = _by_place(sketch, links, outward)
    if seen and len(set(seen.values())) == 2:
        seen = seen if depth is not None and _splits_alike(seen, depth) else None
    columns = seen or _by_neighbours(sketch, links, outward, strict=depth is not None)
    if columns is not None and (seen or depth is None or _alike(sketch, depth, columns)):
        links = _ordered(links, columns)
    turned = [link if link.source in outward else _swapped(link) for link in links]
    note = "the lines have no arrows: read from {} to {}"
    forward = weigh(_FORWARD["order"], _Row.of(sketch, links, outward), "order").weight
    ways = (links, turned) if forward > 0 else (turned, links)
    return [Directed(one, note.format(*_ends(sketch, one))) for one in ways]


@dataclass(frozen=True, eq=False)
class _Row:
    """The ends of a drawing without arrows, and what is said there.

    Args:
        first, last: the nodes from which lines only lead away, and those to which they only lead.
        from_right: whether lines are written from right to left, as they are seen.
        spreads_down: whether they lead from one node at the top to several at the bottom.
    """

    first: list[Said]
    last: list[Said]
    from_right: bool
    spreads_down: bool

    @classmethod
    def of(cls, sketch: Sketch, links: Sequence[Link], outward: Collection[str]) -> _Row:
        """Return what is said at the ends of lines: by nodes, the frames around them, words in their rank."""
        sources, targets = {link.source for link in links}, {link.target for link in links}
        ends = sources - targets - set(outward), targets - sources
        texts = [
            [sketch.nodes[key].text for key in keys]
            + [
                sketch.groups[group].title
                for group in {sketch.nodes[key].group for key in keys}
                if group in sketch.groups
            ]
            + _beside(sketch, keys, sources | targets)
            for keys in ends
        ]
        first, last = ([said(text) for text in words[:50]] for words in texts)
        return cls(first, last, _from_right(sketch, links), _spreads_down(sketch, *ends))


def _spreads_down(sketch: Sketch, first: Collection[str], last: Collection[str]) -> bool:
    """Return whether one node stands above several: a network has more inputs than outputs."""
    above, below = ([sketch.nodes[key].place for key in keys] for keys in (first, last))
    if len(above) != 1 or len(below) < _SEVERAL:
        return False
    (top,) = above
    return top is not None and all(
        place is not None and place.y - top.y > abs(place.x - top.x) / 2 for place in below
    )


def _beside(sketch: Sketch, keys: Collection[str], linked: Collection[str]) -> list[str]:
    """Return the words that no line joins and that stand in the rank of nodes: titles of their column."""
    ranks = {sketch.nodes[key].rank for key in keys} - {""}
    return [node.text for key, node in sketch.nodes.items() if node.rank in ranks and key not in linked]


def _speak(words: Sequence[Said], role: str, names: re.Pattern[str]) -> bool:
    """Return whether words are those of an end of a network, or all names of its units."""
    return any(one.role == role for one in words) or any(names.fullmatch(one.text) for one in words)


def _is_data(words: Sequence[Said]) -> bool:
    return bool(words) and all(is_only(one.text, "sample") for one in words)


def _activate(words: Sequence[Said]) -> bool:
    return any(isinstance(step, Activation) for one in words for step in one.steps)


_IN = re.compile(r"(?:x|X|in|i)[\W_]{0,3}\d{1,6}[\W_]{0,3}")
_OUT = re.compile(r"(?:y|Y|ŷ|out|o|O)[\W_]{0,3}\d{0,6}[\W_]{0,3}")
_FORWARD: dict[Role, tuple[Rule[_Row], ...]] = {
    "order": (
    Rule("lines are written from the first to the last", "order", 1.5, lambda row: True),
    Rule("they are seen from right to left", "order", -2.5, lambda row: row.from_right),
    Rule("one stands above several", "order", -2, lambda row: row.spreads_down),
    Rule("the first are the inputs", "order", 3, lambda row: _speak(row.first, "input", _IN)),
    Rule("the last are the outputs", "order", 3, lambda row: _speak(row.last, "output", _OUT)),
    Rule("the first are the outputs", "order", -3, lambda row: _speak(row.first, "output", _OUT)),
    Rule("the last are the inputs", "order", -3, lambda row: _speak(row.last, "input", _IN)),
    Rule("the first are data", "order", 3, lambda row: _is_data(row.first)),
    Rule("the last are data", "order", -3, lambda row: _is_data(row.last)),
    Rule("the first have an activation", "order", -2, lambda row: _activate(row.first)),
    Rule("the last have an activation", "order", 2, lambda row: _activate(row.last)),
    )
}  # fmt: skip


def _alike(sketch: Sketch, depth: Mapping[str, int], columns: Mapping[str, int]) -> bool:
    """Return whether nodes of one column that are written at different depths are named alike."""
    members: dict[int, list[str]] = defaultdict(list)
    for key, column in columns.items():
        members[column].append(key)
    names = ({_sign(sketch, key, "name") for key in keys} for keys in members.values())
    return all(
        len({depth[key] for key in keys}) == 1 or (len(stems) == 1 and "" not in stems)
        for keys, stems in zip(members.values(), names, strict=True)
    )


def _ends(sketch: Sketch, links: Sequence[Link]) -> tuple[str, str]:
    """Return what the first and the last node are called."""
    sources, targets = {link.source for link in links}, {link.target for link in links}
    first = next((link.source for link in links if link.source not in targets), links[0].source)
    last = next((link.target for link in links if link.target not in sources), links[-1].target)
    names = [plain(sketch.nodes[key].text).split("\n")[0] or key for key in (first, last)]
    return names[0], names[1]


def _written(links: Sequence[Link]) -> dict[str, int] | None:
    """Return the column of each node where lines as written lead from column to column, else None."""
    depth = longest(links)
    steps = (depth.get(one.target, 0) - depth.get(one.source, 0) for one in links)
    return depth if all(step == 1 for step in steps) else None


def _outward(sketch: Sketch, links: Sequence[Link]) -> frozenset[str]:
    """Return the nodes from which every line leads away: those that are named as biases."""
    texts = {plain(node.text) for node in sketch.nodes.values()}
    values = {"1.0"} if any(is_decimal(text) for text in texts) else set()
    named = {
        key
        for key, node in sketch.nodes.items()
        if BIAS_WORD.search(key)
        or (
            is_bias(node.text)
            and not texts & _OF_A_ROW
            and not (plain(node.text) == "1" and "0" in texts)
            and plain(node.text) not in values
            and not _INDEX_0.match(plain(node.text))
        )
    }
    named -= _in_layers(sketch, links, named)
    return frozenset(named) if len(named) * 2 < len(sketch.nodes) else frozenset()


def _in_layers(sketch: Sketch, links: Sequence[Link], named: Collection[str]) -> set[str]:
    """Return the nodes named as biases that are units: `b1` between `a1` and `c1`, and those joined alike."""
    around: dict[str, set[str]] = {key: set() for key in named}
    for link in links:
        for one, other in ((link.source, link.target), (link.target, link.source)):
            if one in around:
                around[one].add(other)
    alike = Counter(frozenset(others) for others in around.values())
    between = {"a", "c"}
    return {
        key
        for key, others in around.items()
        if not BIAS_WORD.search(f"{key} {sketch.nodes[key].text}")
        and (
            (alike[frozenset(others)] > 1 and len(others) > 1)
            or between <= {_sign(sketch, other, "name") for other in others}
        )
    }


def _swapped(link: Link) -> Link:
    return Link(link.target, link.source, link.label, link.visible, link.at, link.style, link.directed)


def _from_right(sketch: Sketch, links: Sequence[Link]) -> bool:
    """Return whether lines are written from right to left, as they are seen."""
    places = [(sketch.nodes[link.source].place, sketch.nodes[link.target].place) for link in links]
    steps = [(end.x - start.x, end.y - start.y) for start, end in places if start and end]
    across, down = (sum(step[axis] for step in steps) for axis in (0, 1))
    if steps:
        return across < -abs(down)
    return bool(_RIGHT_TO_LEFT.search(sketch.source.text))


def _by_place(sketch: Sketch, links: Sequence[Link], outward: Collection[str]) -> Mapping[str, int] | None:
    """Return the column in which each node is seen, where all lines lead from one column to the next.

    None where places are not known for all, or both axes have such columns.
    """
    inner = [link for link in links if link.source not in outward and link.target not in outward]
    spots = {end: sketch.nodes[end].place for link in inner for end in (link.source, link.target)}
    places = [(key, place) for key, place in spots.items() if place is not None]
    if not places or len(places) < len(spots):
        return None
    found = []
    for axis in ("x", "y"):
        along = {key: float(getattr(place, axis)) for key, place in places}
        ordered = sorted(set(along.values()))
        gaps = [after - before for before, after in pairwise(ordered)]
        wide = max(gaps, default=0.0) / 3
        ends = [ordered[0], *[after for before, after in pairwise(ordered) if after - before > wide]]
        column = {key: bisect_right(ends, value) for key, value in along.items()}
        steps = {abs(column[link.target] - column[link.source]) for link in inner}
        found += [column] if steps == {1} else []
    return found[0] if len(found) == 1 else None


def _splits_alike(seen: Mapping[str, int], depth: Mapping[str, int]) -> bool:
    """Return whether the two columns that are seen are those of the lines as they are written."""
    pairs = {(column, depth.get(key)) for key, column in seen.items()}
    return len(pairs) == 2 == len({written for _, written in pairs})


# Columns by what units are joined with


def _by_neighbours(
    sketch: Sketch, links: Sequence[Link], outward: Collection[str], strict: bool
) -> Mapping[str, int] | None:
    """Return the column of each node, where nodes with the same neighbours, frame or name stand side by side.

    None where these do not form one row of columns.

    Args:
        sketch: what is drawn.
        links: lines in any direction.
        outward: nodes that stand in no column.
        strict: whether all of neighbours, frame and name have to be the same, not one of them.
    """
    inner = [link for link in links if link.source not in outward and link.target not in outward]
    around: dict[str, set[str]] = defaultdict(set)
    for link in inner:
        around[link.source].add(link.target)
        around[link.target].add(link.source)
    classes = DisjointSets(around)
    firsts: dict[object, str] = {}  # of those that share something
    for key, others in around.items():
        what: object = frozenset(others), _sign(sketch, key, "home"), _sign(sketch, key, "name")
        classes.join(key, firsts.setdefault(what, key))
    for sign in ("",) if strict else ("", "home", "name", "neighbours"):
        for key, others in around.items() if sign else ():
            if what := frozenset(others) if sign == "neighbours" else _sign(sketch, key, sign):
                classes.join(key, firsts.setdefault((sign, what), key))
        row = _row({key: classes.first_of(key) for key in around}, inner)
        if row is not None:  # the inputs and the outputs of one hidden layer have the same neighbours
            return row if sign != "neighbours" or max(row.values()) > 1 else None
    return None


def _sign(sketch: Sketch, key: str, sign: str) -> str:
    """Return the frame or rank of a node, or the letters with which its name begins."""
    node = sketch.nodes[key]
    if sign == "home":
        return node.group or node.rank
    match = _STEM.match(plain(node.text))
    return match.group().lower() if match else ""


def _row(classes: Mapping[str, str], links: Sequence[Link]) -> dict[str, int] | None:
    """Return the place of each node's class in a row of classes, each joined with the next, else None."""
    around: dict[str, set[str]] = {one: set() for one in classes.values()}
    for link in links:
        one, other = classes[link.source], classes[link.target]
        if one == other:
            return None
        around[one].add(other)
        around[other].add(one)
    ends = [one for one, others in around.items() if len(others) == 1]
    if len(ends) != 2 or any(len(others) > 2 for others in around.values()):
        return None
    row, before = [ends[0]], ""
    while len(row) < len(around):
        following = around[row[-1]] - {before}
        if not following:
            return None
        before = row[-1]
        row.append(following.pop())
    places = {one: place for place, one in enumerate(row)}
    return {key: places[one] for key, one in classes.items()}


def _ordered(links: Sequence[Link], columns: Mapping[str, int]) -> list[Link]:
    """Return links from column to column, in the direction in which most are written."""
    steps = [
        columns[link.target] - columns[link.source]
        for link in links
        if link.source in columns and link.target in columns
    ]
    sign = -1 if sum(steps) < 0 else 1
    return [
        _swapped(link)
        if (
            link.source in columns
            and link.target in columns
            and (columns[link.target] - columns[link.source]) * sign < 0
        )
        else link
        for link in links
    ]
