"""A drawing as it was read: nodes, links and groups, before anybody knows what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.notation.drawings.words import DECIMAL
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText

REMEDY = "Mend the drawing at the caret."


class Place(NamedTuple):
    """Where something is drawn: its middle and its size, `y` growing downwards, in any unit."""

    x: float
    y: float
    width: float = 0.0
    height: float = 0.0


@dataclass
class Drawn:
    """A node.

    Args:
        key: its id.
        label: its text, as written; None where the id is the text.
        shape: its shape, in Graphviz's words.
        group: the cluster it stands in; empty for none.
        rank: what it stands side by side with; empty for nothing.
        at: where it is first named.
        place: where it is drawn, where the drawing says so.
        colour: its filling as written; empty where nothing is said.
    """

    key: str
    at: int
    label: str | None = None
    shape: str = ""
    group: str = ""
    rank: str = ""
    place: Place | None = None
    colour: str = ""

    @property
    def text(self) -> str:
        """Return what is written in it."""
        return self.key if self.label is None else self.label


@dataclass(slots=True)
class Link:
    """An edge.

    Args:
        source, target: the ids at its ends, as written or as its arrow points.
        label: what is written on it.
        visible: an invisible one only holds things in place.
        at: where it is written.
        style: "dashed", "dotted", "bold" or empty for a plain line.
        directed: whether an arrow says which end comes first.
    """

    source: str
    target: str
    label: str = ""
    visible: bool = True
    at: int = 0
    style: str = ""
    directed: bool = True


class PutAside(NamedTuple):
    """Something drawn that is neither a node nor a link, nor written in or on one.

    Args:
        what: what it is.
        why: what it was taken for.
        place: where it is drawn.
        at: where it is written.
    """

    what: str
    why: str
    place: Place
    at: int = 0


@dataclass
class Group:
    """A cluster or a subgraph with a frame."""

    key: str
    title: str = ""
    parent: str = ""


@dataclass
class Sketch:
    """Everything that is drawn.

    Args:
        source: the text it was read from.
        nodes, links, groups: by their ids, in the order of the text.
        caption: what stands over or under it.
        spent: the steps that reading it took so far.
        unused: what is drawn and is none of these.
        unread: what of the drawing could not be followed, a sentence each.
    """

    source: SourceText
    nodes: dict[str, Drawn] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    caption: str = ""
    spent: int = 0
    unused: list[PutAside] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def node(self, key: str, at: int) -> Drawn:
        """Return the node of this id, new or known."""
        node = self.nodes.get(key)
        if node is None:
            check_limit(self.source, at, "characters in a label", len(key))
            check_limit(self.source, at, "nodes", len(self.nodes) + 1)
            node = self.nodes[key] = Drawn(key, at)
        return node

    def group(self, key: str, title: str, parent: str, at: int) -> None:
        """Draw a frame, or give the frame of this id its title and its parent."""
        self.groups[key] = Group(key, title, parent)
        check_limit(self.source, at, "groups", len(self.groups))

    def spend(self, steps: int, at: int | None = None) -> None:
        """Count steps that are more than one for each character, such as a look at every link.

        Raises:
            NotationError: for more of them than any drawing takes.
        """
        self.spent += steps
        check_limit(self.source, at, "steps of reading a drawing", self.spent)

    def check_labels(self) -> None:
        """Refuse labels that are longer than any label, or more than people draw."""
        labels = {node.text: node.at for node in self.nodes.values()}
        labels |= {group.title: 0 for group in self.groups.values()}
        labels |= {link.label: link.at for link in self.links if not DECIMAL.fullmatch(link.label)}
        for label, at in {**labels, self.caption: 0}.items():
            check_limit(self.source, at, "characters in a label", len(label))
        check_limit(self.source, None, "characters in all labels", sum(map(len, labels)) + 20 * len(labels))

    def connect(self, sources: Iterable[str], targets: Iterable[str], link: Link) -> None:
        """Draw a link from each of the sources to each of the targets, like the one given."""
        targets = list(targets)
        look = (link.label, link.visible, link.at, link.style, link.directed)
        for source in sources:
            check_limit(self.source, link.at, "edges", len(self.links) + len(targets))
            self.links += [Link(source, target, *look) for target in targets]

    def not_a_chain(self, at: int, *, got: str, wanted: str) -> ChalknetError:
        """Return the error for a network in which the layers do not stand one behind the other."""
        remedy = "A network of this kind can be fitted as a module, not drawn as a chain."
        return self.source.refuse(at, kind=CannotExpress, got=got, wanted=wanted, remedy=remedy)
