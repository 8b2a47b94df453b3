"""What a sketch states, looked up once: every node with its words and its links, nothing interpreted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.sketch import Drawn, Link, Sketch
from chalknet.notation.drawings.vocabulary import Said, is_dots, said

# Shapes in which tables of data are drawn.
STORES = frozenset(("cylinder", "database", "cyl", "lin-cyl", "disk", "stored_data", "storage", "db"))
# Shapes of what is only written, and of what people draw as a neuron.
LOOSE = frozenset(("plaintext", "none", "note", "plain", "text", "tab", "comment", "underline"))
ROUND = frozenset(
    (
        "circle",
        "ellipse",
        "oval",
        "doublecircle",
        "point",
        "stadium",
        "sm-circ",
        "circ",
        "dbl-circ",
        "mcircle",
    )
)


POINTS = frozenset(
    ("point", "f-circ", "junction", "filled-circle", "small-circle")
)  # as junctions and free ends


@dataclass(frozen=True, eq=False)
class Fact:
    """A node of the sketch.

    Args:
        node: as it was read.
        text: its label in plain words.
        said: what these say of a network.
        into, out_of: the links that are seen, by their other ends.
    """

    node: Drawn
    text: str
    said: Said
    into: list[Link]
    out_of: list[Link]

    @property
    def key(self) -> str:
        """Return its id."""
        return self.node.key

    @property
    def alone(self) -> bool:
        """Return whether no link is seen at it."""
        return not self.into and not self.out_of

    @property
    def is_loose(self) -> bool:
        """Return whether it is only written, without a frame."""
        return self.node.shape in LOOSE

    @property
    def first_line(self) -> str:
        """Return what it is called in a sentence."""
        return self.text.split("\n")[0] or self.key

    @cached_property
    def is_dots(self) -> bool:
        """Return whether it stands for what is left out."""
        return is_dots(self.node.text)


@dataclass(frozen=True, eq=False)
class Facts:
    """All that a sketch states.

    Args:
        sketch: as it was read.
        nodes: by id, in the order of the text.
        links: those that are seen.
        parents: of each group.
    """

    sketch: Sketch
    nodes: Mapping[str, Fact]
    links: tuple[Link, ...]
    parents: Mapping[str, str]

    @classmethod
    def of(cls, sketch: Sketch, links: Iterable[Link], back: Collection[Link] = ()) -> Facts:
        """Return the facts of a sketch.

        Args:
            sketch: as it was read.
            links: those that are seen: through mere points they are joined.
            back: those of them that carry gradients back, and hold no node in its place.
        """
        aside = {id(link) for link in back}
        into: dict[str, list[Link]] = defaultdict(list)
        out_of: dict[str, list[Link]] = defaultdict(list)
        seen = tuple(link for link in links if link.source in sketch.nodes and link.target in sketch.nodes)
        for link in seen:
            if aside and id(link) in aside:
                continue
            into[link.target].append(link)
            out_of[link.source].append(link)
        nodes = {
            key: Fact(node, plain(node.text), said(node.text), into.get(key, []), out_of.get(key, []))
            for key, node in sketch.nodes.items()
        }
        return cls(sketch, nodes, seen, {group.key: group.parent for group in sketch.groups.values()})

    @cached_property
    def remarks(self) -> dict[str, str]:
        """Return what one dashed line without a head ties to a node that arrows join, by its id.

        A line to a frame is one line, although it is kept as one to each node inside.
        """
        often = Counter(
            end
            for end, _ in {
                (end, self.nodes[other].node.group or other)
                for link in self.links
                for end, other in ((link.source, link.target), (link.target, link.source))
            }
        )
        joined = {end for link in self.links if link.directed for end in (link.source, link.target)}
        found = {}
        for link in self.links:
            if not link.directed and link.style in ("dashed", "dotted"):
                for one, other in ((link.source, link.target), (link.target, link.source)):
                    if often[one] == 1 and other in joined:
                        found[one] = other
        return found

    def groups_of(self, key: str) -> list[str]:
        """Return the frames around a node, the innermost first."""
        group = self.nodes[key].node.group
        found: list[str] = []
        while group and len(found) < 60:
            found.append(group)
            group = self.parents.get(group, "")
        return found
