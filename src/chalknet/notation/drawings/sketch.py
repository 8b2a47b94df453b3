"""A drawing as it was read: nodes, links and groups, before anybody knows what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.notation.tokens import SourceText

REMEDY = "Mend the drawing at the caret."
MOST_LINKS = 2_000_000  # more is no drawing, and would not fit in memory


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
    """

    key: str
    at: int
    label: str | None = None
    shape: str = ""
    group: str = ""
    rank: str = ""

    @property
    def text(self) -> str:
        """Return what is written in it."""
        return self.key if self.label is None else self.label


@dataclass
class Link:
    """An edge; an invisible one only holds things in place."""

    source: str
    target: str
    label: str = ""
    visible: bool = True
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
    """

    source: SourceText
    nodes: dict[str, Drawn] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    caption: str = ""

    def node(self, key: str, at: int) -> Drawn:
        """Return the node of this id, new or known."""
        return self.nodes.setdefault(key, Drawn(key, at))

    def connect(self, sources: Iterable[str], targets: Iterable[str], link: Link) -> None:
        """Draw a link from each of the sources to each of the targets, like the one given."""
        targets = list(targets)
        for source in sources:
            if len(self.links) + len(targets) > MOST_LINKS:
                got = f"more than {MOST_LINKS} edges"
                raise self.source.refuse(link.at, got=got, wanted="a drawing of a network")
            self.links += [replace(link, source=source, target=target) for target in targets]

    def not_a_chain(self, at: int, *, got: str, wanted: str) -> ChalknetError:
        """Return the error for a network in which the layers do not stand one behind the other."""
        remedy = "A network of this kind can be fitted as a module, not drawn as a chain."
        return self.source.refuse(at, kind=CannotExpress, got=got, wanted=wanted, remedy=remedy)
