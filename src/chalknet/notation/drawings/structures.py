"""From what is drawn to its columns: which nodes and links belong to the network, and in how many networks they fall."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from chalknet.errors import ChalknetError
from chalknet.notation.disjoint_sets import DisjointSets
from chalknet.notation.drawings.beside import beside
from chalknet.notation.drawings.columns import Columns, columns_of, depths, named, no_way
from chalknet.notation.drawings.directions import Directed, directed
from chalknet.notation.drawings.facts import LOOSE, POINTS, ROUND, Fact, Facts
from chalknet.notation.drawings.hanging import ENOUGH, HANGING, Around, Hanging
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.links import comparing, leading_back
from chalknet.notation.drawings.rules import Weighed, weigh
from chalknet.notation.drawings.sides import Sides, sides_of
from chalknet.notation.drawings.sketch import Drawn, Link, Sketch
from chalknet.notation.drawings.words import pattern

_MOST_FLIPS = 4
_ORDER = Weighed("order", 3, "it joins units side by side, while others lead on")
_GRADIENT = Weighed("gradient", 3, "dashed or named so, it leads back")
_COMPARISON = Weighed("loss", 3, "it says a loss, and its ends are joined through others")
_DEFAULT_SHAPES = {"DOT": "ellipse", "Mermaid": "box"}  # what a tool draws where no shape is given


@dataclass(eq=False)
class Structure:
    """What belongs to the network, and its columns.

    Args:
        facts: what is drawn.
        sides: which nodes stand beside the network.
        columns: the units.
        weight: of the evidence for this structure, compared with the likeliest one: 0 for that.
        links: the roles of links that connect nothing, by their ends.
        notes: what had to be assumed.
    """

    facts: Facts
    sides: Sides
    columns: Columns
    weight: float = 0.0
    links: dict[tuple[str, str], Weighed] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @cached_property
    def links_by_role(self) -> tuple[tuple[str, str, str], ...]:
        """Return both ends and the role of each link that is seen: one value for all accounts."""
        roles = {ends: what.role for ends, what in self.links.items()}
        ends = ((link.source, link.target) for link in self.facts.links)
        return tuple((*pair, roles.get(pair, "connection")) for pair in ends)


def structures_of(sketch: Sketch, name: str | None = None) -> list[Structure]:
    """Return the structures of a sketch, the likeliest first; others differ from it in one node whose role was close.

    Args:
        sketch: what is drawn.
        name: which of several networks: the title of its frame, or its number.

    Raises:
        NotationError: for a sketch without units or edges, or of several networks.
        CannotExpress: for a cycle or a connection that skips a column, naming the nodes.
    """
    default = _DEFAULT_SHAPES.get(sketch.source.what, "")
    for node in sketch.nodes.values():
        node.shape = node.shape or default
        if node.shape in POINTS and node.label is None:
            node.label = ""
    for node in _tiny(sketch):
        node.shape = "point"
    links = without_junctions(sketch, [link for link in sketch.links if link.visible])
    problem: ChalknetError | None = None
    for way in directed(sketch, links):
        try:
            return _structures(sketch, way, name)
        except ChalknetError as error:
            problem = problem or error
    assert problem is not None  # there is always one way
    raise problem


def _tiny(sketch: Sketch) -> list[Drawn]:
    """Return nodes without words that are drawn far smaller than others: mere points."""
    framed = (node for node in sketch.nodes.values() if node.shape not in LOOSE)
    sizes = [node.place.width for node in framed if node.place and node.place.width]
    if not sizes:
        return []
    usual = sorted(sizes)[len(sizes) * 3 // 4]
    return [
        node
        for node in sketch.nodes.values()
        if node.place and 0 < node.place.width < usual / 4 and not plain(node.text) and node.shape in ROUND
    ]


def _structures(sketch: Sketch, way: Directed, name: str | None) -> list[Structure]:
    """Return the structure of one way to read the lines, and those with one role flipped."""
    facts = Facts.of(sketch, way.links, way.order)
    compared = comparing(facts, way.order)
    back = leading_back(facts, [*way.order, *compared])
    if back or compared:
        facts = Facts.of(sketch, way.links, [*way.order, *compared, *back])
    aside = {_ends(link): _COMPARISON for link in compared}
    aside |= {_ends(link): _GRADIENT for link in back} | {_ends(link): _ORDER for link in way.order}
    sides = sides_of(facts)
    sides.notes += [way.note] if way.note else []
    for link in compared:
        said = plain(link.label).replace("\n", " ")
        sides.notes.append(f"{said!r} on a line compares its ends: read as a loss, no connection")
    if back:
        arrows = "an arrow that leads" if len(back) == 1 else f"{len(back)} arrows that lead"
        sides.notes.append(f"{arrows} back: read as gradients or updates, no connections")
    found = [_Building(facts, sides, name, aside).structure()]
    for key, close in list(sides.close.items())[:_MOST_FLIPS]:
        roles = dict(sides.roles)
        if roles.pop(key, None) is None:
            roles[key] = close
        try:
            other = _Building(facts, Sides(roles, {}, list(sides.notes)), name, aside).structure()
        except ChalknetError:  # the flipped drawing is no network: no second reading
            continue
        other.weight = -abs(close.weight - 2.0) - 0.5
        found.append(other)
    return found


def _ends(link: Link) -> tuple[str, str]:
    return link.source, link.target


class _Building:
    """Builds the columns for one choice of what stands beside the network."""

    def __init__(
        self, facts: Facts, sides: Sides, name: str | None, aside: Mapping[tuple[str, str], Weighed]
    ) -> None:
        self._facts, self._name = facts, name
        self._sides = Sides(dict(sides.roles), {}, list(sides.notes))
        self._roles_of_links = dict(aside)
        self._notes = [*facts.sketch.unread, *sides.notes]
        self._rows = False

    def structure(self) -> Structure:
        links = self._between_units()
        if not links and not self._single_map():
            sketch = self._facts.sketch
            got = "nothing that leads from one node to another" if sketch.nodes else "an empty drawing"
            raise sketch.source.refuse(0, got=got, wanted="the nodes of a network and the edges between them")
        self._set_aside_links(links)
        links = self._between_units()
        while True:
            depth = depths(self._facts, self._units(), links) or dict.fromkeys(self._single_map(), 0)
            depth = self._one_network(links, depth)
            hanging = self._hanging(links, depth)
            if not hanging:
                break
            for key, what in hanging.items():
                self._sides.roles[key] = what
                text = self._facts.nodes[key].first_line
                self._notes.append(f"{text}: read as a note beside the network ({what.rule})")
            links = self._between_units()
            if not links:
                break
        self._check(links, depth)
        columns = columns_of(self._facts, self._sides, links, self._rows, depth)
        self._notes += columns.notes
        return Structure(self._facts, self._sides, columns, 0.0, self._roles_of_links, self._notes)

    def _units(self) -> list[str]:
        return [key for key in self._facts.nodes if self._sides.role(key) == "unit"]

    def _single_map(self) -> list[str]:
        """Return the only map that says what goes in, where nothing is linked: a whole network."""
        said = {key: fact.said for key, fact in self._facts.nodes.items()}
        maps = [key for key, one in said.items() if one.operation and one.in_width is not None]
        if len(maps) != 1 or self._facts.links:
            return []
        self._sides.roles.pop(maps[0], None)
        return maps

    def _between_units(self) -> list[Link]:
        """Return the links between units, one for each pair of ends, but those that connect nothing."""
        seen: dict[tuple[str, str], Link] = {}
        roles = self._sides.roles
        for link in self._facts.links:
            ends = link.source, link.target
            if link.source in roles or link.target in roles or ends in self._roles_of_links:
                continue
            kept = seen.setdefault(ends, link)
            if not kept.label and link.label:
                seen[ends] = replace(kept, label=link.label)
        return list(seen.values())

    # Links that connect nothing

    def _set_aside_links(self, links: list[Link]) -> None:
        """Give a role to links that only order nodes side by side."""
        for link in self._ordering(links):
            self._roles_of_links[_ends(link)] = _ORDER

    def _ordering(self, links: list[Link]) -> list[Link]:
        """Return links within a frame or rank whose units are all led to, and all lead on, in the same way."""
        within: dict[str, list[Link]] = defaultdict(list)
        led_to, leading = set(), set()
        for link in links:
            here, there = self._home(link.source), self._home(link.target)
            if here and here == there:
                within[here].append(link)
            else:
                leading.add(link.source)
                led_to.add(link.target)
        found = []
        for inside in within.values():
            ends = {end for link in inside for end in (link.source, link.target)}
            ways = {(end in led_to, end in leading) for end in ends}
            if len(ways) == 1 and ways != {(False, False)} and len(inside) <= len(ends):
                found += inside
        return found

    # Notes that are linked to the network

    def _hanging(self, links: list[Link], depth: dict[str, int]) -> dict[str, Weighed]:
        """Return nodes that enter behind the input or end before the output, and are no units by their evidence."""
        view = Around(self._facts, depth)
        sources, sinks = {link.source for link in links}, {link.target for link in links}
        found = {}
        for key, level in depth.items():
            late = key not in sinks and level > 0
            early = key not in sources and level < view.last
            if not (late or early):
                continue
            one = Hanging(self._facts.nodes[key], level, late, view)
            best = max(
                (weigh(rules, one, role) for role, rules in HANGING.items()), key=lambda what: what.weight
            )
            if best.weight >= ENOUGH:
                found[key] = best
        return found if len(found) < len(depth) - 1 else {}

    def _check(self, links: list[Link], depth: dict[str, int]) -> None:
        """Refuse what enters behind the input and what skips a column."""
        facts = self._facts
        sinks = {link.target for link in links}
        peers = {(self._home(key), level) for key, level in depth.items() if key in sinks or level == 0}
        for key, level in depth.items():
            if level > 0 and key not in sinks and (self._home(key), level) not in peers:
                raise no_way(
                    facts, facts.nodes[key], f"{named(facts.nodes[key])}, which enters behind the input"
                )
        for link in links:
            if link.source in depth and link.target in depth and depth[link.target] - depth[link.source] != 1:
                source, target = (named(facts.nodes[key]) for key in (link.source, link.target))
                got = f"a connection from {source} to {target} that skips what lies between"
                raise facts.sketch.not_a_chain(
                    link.at, got=got, wanted="each layer connected to the next one alone"
                )

    def _home(self, key: str) -> str:
        node = self._facts.nodes[key].node
        return node.group or node.rank

    # Several drawings in one

    def _one_network(self, links: list[Link], depth: dict[str, int]) -> dict[str, int]:
        """Return the columns of one component; others of the same build are more observations."""
        parts = _components(links, depth)
        parts = [part for part in parts if not (self._is_legend(part) or self._is_talk(part))] or parts
        if len(parts) == 1:
            return {key: depth[key] for key in parts[0]}
        builds = {tuple(sorted(Counter(depth[key] for key in part).items())) for part in parts}
        if self._name is None and len(builds) == 1 and self._are_rows(parts, depth):
            if not self._rows:
                self._notes.append(
                    f"{len(parts)} rows of the same network are drawn: read as observations of it"
                )
            self._rows = True
            first = min(parts, key=lambda part: min(self._facts.nodes[key].node.at for key in part))
            return {key: depth[key] for key in first}
        return {key: depth[key] for key in self._chosen(parts)}

    def _chosen(self, parts: list[list[str]]) -> list[str]:
        """Return the network that the user named, by the title of its frame or by its number."""
        titles = [self._title_of(part, number) for number, part in enumerate(parts, start=1)]
        for number, (part, title) in enumerate(zip(parts, titles, strict=True), start=1):
            if self._name is not None and self._name.strip().lower() in (title.lower(), str(number)):
                return part
        source = self._facts.sketch.source
        shown = "; ".join(f"{number}: {title}" for number, title in enumerate(titles, start=1))
        raise source.refuse(
            min(self._facts.nodes[key].node.at for key in parts[1]),
            got=f"{len(parts)} drawings that do not hang together ({shown})",
            wanted="one network, or the name of one of them",
            remedy=f'Say which: --name "{titles[0]}", in Python name="{titles[0]}", or its number.',
        )

    def _title_of(self, part: list[str], number: int) -> str:
        frames = [set(self._facts.groups_of(key)) for key in part]
        around = set.intersection(*frames) if frames else set()
        for key in self._facts.groups_of(part[0]):
            if key in around and (title := plain(self._facts.sketch.groups[key].title)):
                return title.split("\n")[0]
        return f"network {number}"

    def _is_legend(self, part: list[str]) -> bool:
        """Return whether a component only explains what the others mean."""
        groups = {group for key in part for group in self._facts.groups_of(key)}
        titles = [
            self._facts.sketch.groups[group].title for group in groups if group in self._facts.sketch.groups
        ]
        legend = any("legend" in beside(title) for title in titles if title)
        if legend and not self._rows:
            self._notes.append(f"{self._facts.nodes[part[0]].first_line}: read as the legend")
        return legend

    def _is_talk(self, part: list[str]) -> bool:
        """Return whether a component is ideas that are linked with one another, and states nothing of a layer."""
        facts = [self._facts.nodes[key] for key in part]
        ideas = [bool(beside(fact.node.text) & {"idea", "training", "legend", "loss"}) for fact in facts]
        plainly = [
            not fact.said.sure and (idea or _is_of_words(fact))
            for fact, idea in zip(facts, ideas, strict=True)
        ]
        talk = any(ideas) and all(plainly)
        if talk and len(part) < 20:
            self._notes.append(
                f"{', '.join(fact.first_line for fact in facts)}: read as notes beside the network"
            )
        return talk

    def _are_rows(self, parts: list[list[str]], depth: dict[str, int]) -> bool:
        """Return whether components say the same but for one index: `x_1` and `x_2`, and no other width."""
        index = pattern(r"_?\(?[\dn]+\)?(?![a-z])|_[a-z]\b")

        def signature(part: list[str]) -> tuple[object, ...]:
            nodes = [self._facts.nodes[key] for key in part]
            nodes.sort(key=lambda fact: (depth[fact.key], fact.node.at, fact.text))
            widths = (fact.said.width if fact.said.sure or fact.said.operation else None for fact in nodes)
            return (*(index.sub("", fact.text) for fact in nodes), *widths)

        return len({signature(part) for part in parts}) == 1


def _is_of_words(fact: Fact) -> bool:
    """Return whether a box holds several words, none of which is of a layer: `Feature extraction`."""
    said = fact.said
    named = said.steps or said.operation or said.state or said.role or said.width is not None
    return not named and len(re.findall(r"[^\W\d_]{3,}", fact.text)) > 1


def _components(links: list[Link], depth: dict[str, int]) -> list[list[str]]:
    """Return the nodes that hang together, in the order in which they are met."""
    parts = DisjointSets(depth)
    for link in links:
        if link.source in parts and link.target in parts:
            parts.join(link.source, link.target)
    return parts.all


def without_junctions(sketch: Sketch, links: list[Link]) -> list[Link]:
    """Return the links with those through mere points joined: `a -> . -> b` is `a -> b`."""
    points = {key for key, node in sketch.nodes.items() if node.shape in POINTS}
    if not points or {end for link in links for end in (link.source, link.target)} <= points:
        return links  # where all that is joined is a point, points are the units
    into, out_of = defaultdict(list), defaultdict(list)
    for link in links:
        into[link.target].append(link)
        out_of[link.source].append(link)
    for point in [key for key in points if into[key] and out_of[key]]:
        sketch.spend(len(links) + len(into[point]) * len(out_of[point]))
        joined = [
            replace(second, source=first.source, target=second.target, label=first.label or second.label)
            for first in into[point]
            for second in out_of[point]
        ]
        links = [link for link in links if point not in (link.source, link.target)] + joined
        sketch.nodes[point].shape = "invisible"
    return links
