"""The nodes of a sketch sorted: units in their levels, and what is drawn beside them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from chalknet.errors import ChalknetError
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.sketch import Drawn, Link, Sketch
from chalknet.notation.drawings.vocabulary import (
    is_bias,
    is_dots,
    is_loss,
    left_out,
    said,
    trailing_index,
    without_more,
)
from chalknet.notation.drawings.words import pattern
from chalknet.notation.limits import check_limit

_NEIGHBOURS = {"1": {"0", "2"}, "b": {"a", "A"}, "B": {"a", "A"}}
LOOSE = ("plaintext", "none", "note", "plain", "text", "tab", "comment")


@dataclass
class Level:
    """Units side by side.

    Args:
        units: in the order of the text.
        links: those that lead here from the level before.
        dots: whether dots stand among them.
        left_out: how many units the dots say they stand for.
        texts: titles and captions that speak of this level alone.
        biases: links from bias nodes.
    """

    units: list[Drawn] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    dots: bool = False
    left_out: int = 0
    texts: list[str] = field(default_factory=list)
    biases: list[Link] = field(default_factory=list)


@dataclass
class Sorted:
    """What a sketch shows.

    Args:
        levels: from X to yhat.
        captions: texts that speak of the whole.
        notes: what had to be assumed.
    """

    levels: list[Level]
    captions: list[str]
    notes: list[str]


def sort_out(sketch: Sketch) -> Sorted:
    """Return the levels of a sketch.

    Raises:
        NotationError: for a sketch without units or edges, or of several networks.
        CannotExpress: for a cycle or a connection that skips a level, naming the nodes.
    """
    roles = _Roles(sketch)
    units, links = roles.units, roles.links
    if not units or not links:
        got = "nothing that leads from one node to another" if sketch.nodes else "an empty drawing"
        raise sketch.source.refuse(0, got=got, wanted="the nodes of a network and the edges between them")
    depth = _depths(sketch, units, links)
    depth = _one_network(sketch, units, links, depth, roles)
    check_limit(sketch.source, 0, "levels", max(depth.values()) + 1)
    levels = [Level() for _ in range(max(depth.values()) + 1)]
    for key, level in depth.items():
        levels[level].units.append(units[key])
    for link in links:
        if link.source in depth and link.target in depth:
            _refuse_skip(sketch, link, depth)
            levels[depth[link.target]].links.append(link)
    for each in levels:
        each.units.sort(key=lambda unit: unit.at)
    roles.place(levels, depth)
    return Sorted(levels, roles.captions, roles.notes)


class _Roles:
    """Which nodes are units, and which are dots, biases, losses and captions."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch
        self.notes: list[str] = []
        self.rows = False
        visible = _without_junctions(sketch, [link for link in sketch.links if link.visible])
        into = Counter(link.target for link in visible)
        out_of = Counter(link.source for link in visible)
        kinds = {key: self._kind(node, into[key], out_of[key]) for key, node in sketch.nodes.items()}
        self._unbias_names(kinds)
        self.units = {key: sketch.nodes[key] for key, kind in kinds.items() if kind == "unit"}
        self._of = kinds
        self._drop_losses(visible)
        self.links = self._deduplicated(visible)
        self.captions = [sketch.caption] if sketch.caption else []

    def _kind(self, node: Drawn, into: int, out_of: int) -> str:
        text, alone = plain(node.text), not into and not out_of
        if node.shape == "invisible":
            return "nothing"
        if is_dots(node.text):
            return "dots"
        if not into and is_bias(node.text) and (out_of or alone):
            return "bias"
        if alone and (node.shape in LOOSE or len(text) > 14 or "\n" in text or said(node.text).role):
            return "caption"
        if alone and not text:
            return "nothing" if not node.group and not node.rank else "unit"
        return "unit"

    def _unbias_names(self, kinds: dict[str, str]) -> None:
        """Take back a bias whose name goes on in its neighbours: `1` beside `2`, `b` beside `a`."""
        texts = {plain(self._sketch.nodes[key].text) for key, kind in kinds.items() if kind == "unit"}
        zero_based = any(
            re.fullmatch(r"[^\W\d_]{1,4}_?0", plain(node.text)) and kinds[key] == "unit"
            for key, node in self._sketch.nodes.items()
        )
        for key, kind in kinds.items():
            if kind != "bias":
                continue
            text = plain(self._sketch.nodes[key].text)
            if texts & _NEIGHBOURS.get(text, set()) or (zero_based and re.fullmatch(r"[a-z]_?0", text)):
                kinds[key] = "unit"
            elif re.fullmatch(r"[a-z]_?0.*", text):
                self.notes.append(f"{text} is read as the bias, since its index is 0 and nothing leads to it")

    def _drop_losses(self, visible: list[Link]) -> None:
        """Take out what comes behind the network: losses, and the targets that are compared."""
        losses = [
            key
            for key, node in self.units.items()
            if is_loss(node.text) and not said(node.text).role and not said(node.text).operation
        ]
        while len(self.units) > 2:
            self._sketch.spend(len(visible))
            links = [link for link in visible if link.source in self.units and link.target in self.units]
            within = {link.source for link in links} & {link.target for link in links}
            ends = [key for key in losses if key in self.units and key not in within]
            if not ends:
                return
            for key in ends:
                del self.units[key]
                self._of[key] = "loss"

    def _deduplicated(self, visible: list[Link]) -> list[Link]:
        seen: dict[tuple[str, str], Link] = {}
        for link in visible:
            if link.source in self.units and link.target in self.units:
                kept = seen.setdefault((link.source, link.target), link)
                kept.label = kept.label or link.label
        return list(seen.values())

    def place(self, levels: list[Level], depth: dict[str, int]) -> None:
        """Give levels their dots, biases, titles and captions."""
        groups: dict[str, set[int]] = defaultdict(set)
        ranks: dict[str, set[int]] = defaultdict(set)
        parents = {group.key: group.parent for group in self._sketch.groups.values()}
        for key, level in depth.items():
            node = self._sketch.nodes[key]
            group, hops = node.group, 0
            while group and hops < 60:
                groups[group].add(level)
                group, hops = parents.get(group, ""), hops + 1
            if node.rank:
                ranks[node.rank].add(level)
        for link in self._sketch.links:
            if self._of.get(link.source) == "bias" and link.target in depth:
                levels[depth[link.target]].biases.append(link)
        for key, kind in self._of.items():
            if key in depth:
                continue
            node = self._sketch.nodes[key]
            self._sketch.spend(len(self._sketch.links) + len(depth))
            near = groups.get(node.group, set()) if node.group else ranks.get(node.rank, set())
            near = near or ranks.get(node.rank, set()) or self._linked(key, depth)
            if not near and kind == "dots":  # only its place in the text is left
                earlier = [other for other in depth if self._sketch.nodes[other].at < node.at]
                nearest = max(earlier, key=lambda other: self._sketch.nodes[other].at, default=None)
                near = set() if nearest is None else {depth[nearest]}
            if kind == "dots" and near:
                gaps = [level for level in near if index_gap(levels[level].units, dots=True)[1]]
                if gaps or not self.rows:  # the dots of the observations are none of a layer
                    levels[min(gaps or near)].dots = True
                    levels[min(gaps or near)].left_out += left_out(node.text)
            elif kind == "unit" and near:
                levels[min(near)].units.append(node)
            elif kind == "caption":
                if len(near) == 1 and (node.group or node.rank):
                    _entitle(levels, near, node.text)
                else:
                    self.captions.append(node.text)
            elif kind == "bias" and not any(link.source == key for link in self._sketch.links):
                self.captions.append("bias=True")
        for frame in self._sketch.groups.values():
            here = groups.get(frame.key, set())
            if frame.title and here and max(here) - min(here) == len(here) - 1:
                if len(here) == 1 or (len(here) == 2 and 0 not in here):
                    _entitle(levels, here, frame.title)
                else:
                    self.captions.append(frame.title)

    def _linked(self, key: str, depth: dict[str, int]) -> set[int]:
        """Return the levels that a node without a place of its own may stand in, by its links.

        A link that is seen leads to the next level; an unseen one may also hold two nodes side by side.
        """
        found: set[int] = set()
        for link in self._sketch.links:
            if link.source == key and link.target in depth:
                found |= {depth[link.target] - 1} | (set() if link.visible else {depth[link.target]})
            if link.target == key and link.source in depth:
                found |= {depth[link.source] + 1} | (set() if link.visible else {depth[link.source]})
        return found & set(depth.values())


def _entitle(levels: list[Level], here: set[int], title: str) -> None:
    """Give a title to the first of the levels under it, and to each the units that it says are left out."""
    text, more = without_more(title, len(levels[min(here)].units))
    levels[min(here)].texts.append(text)
    for level in here:
        levels[level].left_out += more * (len(levels[level].units) > 1)


def _without_junctions(sketch: Sketch, links: list[Link]) -> list[Link]:
    """Return the links with those through mere points joined: `a -> . -> b` is `a -> b`."""
    points = {key for key, node in sketch.nodes.items() if node.shape == "point"}
    if not points or len(points) == len(sketch.nodes):
        return links
    into, out_of = defaultdict(list), defaultdict(list)
    for link in links:
        into[link.target].append(link)
        out_of[link.source].append(link)
    for point in [key for key in points if into[key] and out_of[key]]:
        sketch.spend(len(links) + len(into[point]) * len(out_of[point]))
        joined = [
            Link(first.source, second.target, first.label or second.label, True, second.at)
            for first in into[point]
            for second in out_of[point]
        ]
        links = [link for link in links if point not in (link.source, link.target)] + joined
        sketch.nodes[point].shape = "invisible"
    return links


def _depths(sketch: Sketch, units: dict[str, Drawn], links: list[Link]) -> dict[str, int]:
    """Return the level of each unit: the longest way from a source to it."""
    targets: dict[str, list[str]] = defaultdict(list)
    waiting: Counter[str] = Counter()
    for link in links:
        if link.source == link.target:
            raise _no_way(sketch, units[link.source], f"{_named(units[link.source])}, which leads to itself")
        targets[link.source].append(link.target)
        waiting[link.target] += 1
    connected = {link.source for link in links} | {link.target for link in links}
    depth = {key: 0 for key in units if key in connected and not waiting[key]}
    ready = list(depth)
    while ready:
        key = ready.pop()
        for target in targets[key]:
            depth[target] = max(depth.get(target, 0), depth[key] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    stuck = [units[key] for key in connected if waiting[key] > 0]
    if stuck:
        first = min(stuck, key=lambda unit: unit.at)
        raise _no_way(sketch, first, f"a cycle through {_named(first)}")
    late = [key for key, level in depth.items() if level == 0]
    for key in late:
        depth[key] = min((depth[target] for target in targets[key]), default=1) - 1
    peers = {(units[key].group or units[key].rank, level) for key, level in depth.items() if key not in late}
    for key in late:
        if depth[key] > 0 and ((units[key].group or units[key].rank), depth[key]) not in peers:
            raise _no_way(sketch, units[key], f"{_named(units[key])}, which enters behind the input")
    return depth


def _one_network(
    sketch: Sketch, units: dict[str, Drawn], links: list[Link], depth: dict[str, int], roles: _Roles
) -> dict[str, int]:
    """Return the levels of one component; others of the same build are more observations."""
    parent = {key: key for key in depth}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for link in links:
        parent[root(link.source)] = root(link.target)
    parts: dict[str, list[str]] = defaultdict(list)
    for key in depth:
        parts[root(key)].append(key)
    if len(parts) == 1:
        return depth
    builds = [tuple(sorted(Counter(depth[key] for key in part).items())) for part in parts.values()]
    if len(set(builds)) > 1 or not _are_rows(units, list(parts.values()), depth):
        at = min(units[key].at for key in list(parts.values())[1])
        got = f"{len(parts)} drawings that do not hang together"
        raise sketch.source.refuse(at, got=got, wanted="one network, each drawing in a text of its own")
    first = min(parts.values(), key=lambda part: min(units[key].at for key in part))
    roles.rows = True
    roles.notes.append(f"{len(parts)} rows of the same network are drawn: read as observations of it")
    return {key: depth[key] for key in first}


def _are_rows(units: dict[str, Drawn], parts: list[list[str]], depth: dict[str, int]) -> bool:
    """Return whether components say the same but for one index."""
    index = pattern(r"_?\(?[\dn]+\)?(?![a-z])|_[a-z]\b")

    def signature(part: list[str]) -> list[str]:
        texts = [(depth[key], units[key].at, plain(units[key].text)) for key in part]
        return [index.sub("", text) for _, _, text in sorted(texts)]

    return len({tuple(signature(part)) for part in parts}) == 1


def _refuse_skip(sketch: Sketch, link: Link, depth: dict[str, int]) -> None:
    if depth[link.target] - depth[link.source] != 1:
        source, target = (_named(sketch.nodes[key]) for key in (link.source, link.target))
        got = f"a connection from {source} to {target} that skips what lies between"
        raise sketch.not_a_chain(link.at, got=got, wanted="each layer connected to the next one alone")


def _named(node: Drawn) -> str:
    text = plain(node.text).split("\n")[0]
    return repr(text or node.key)


def _no_way(sketch: Sketch, node: Drawn, got: str) -> ChalknetError:
    return sketch.not_a_chain(node.at, got=got, wanted="a way from X to yhat without a return")


def index_gap(units: list[Drawn], dots: bool) -> tuple[int | str | None, bool]:
    """Return the width that the units' indices say, and whether some units are left out.

    `x1, x2, x784` -> 784; `u[:,0], u[:,1], u[:,31]` -> 32; no indices or no gap -> None.
    """
    indices = [trailing_index(unit.text) for unit in units]
    if dots:
        indices = [
            trailing_index(unit.key) if index is None else index
            for unit, index in zip(units, indices, strict=True)
        ]
    numbers = [index for index in indices if isinstance(index, int)]
    symbols = [index for index in indices if isinstance(index, str)]
    if len(symbols) == 1 and dots:
        return symbols[0], True
    if len(numbers) < 2 or len(numbers) != len(units) or len(set(numbers)) != len(numbers):
        return None, False
    first, last = min(numbers), max(numbers)
    if last - first + 1 == len(numbers) or not (dots or first <= 1):
        return None, False
    return (last + 1 if first == 0 else last), True
