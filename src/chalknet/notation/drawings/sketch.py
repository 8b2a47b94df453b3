"""A drawing as it was read: nodes, links and groups, before anybody knows what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    """A cluster or a subgraph with a frame.

    Args:
        key: its id.
        title: what is written at it.
        parent: the group around it; empty for none.
        at: where it is written.
        place: where its frame is drawn, where a reader tells.
    """

    key: str
    title: str = ""
    parent: str = ""
    at: int = 0
    place: Place | None = None


def _at_border(members: list[str] | None, passed: Mapping[str, set[str]], key: str) -> list[str]:
    """Return the members of a frame that no link within it passes; the node itself for a node."""
    if not members:
        return [key]
    return [member for member in members if member not in passed[key]] or members


@dataclass
class Sketch:
    """Everything that is drawn.

    Args:
        source: the text it was read from.
        nodes, links, groups: by their ids, in the order of the text.
        frame_links: the links that end at a frame, one each; an end is the key of a node or of a group.
        caption: what stands over or under it.
        spent: the steps that reading it took so far.
        unused: what is drawn and is none of these.
        unread: what of the drawing could not be followed, a sentence each.
        reached: whether `links` holds what the links of frames lead to; see `reach_frames`.
    """

    source: SourceText
    nodes: dict[str, Drawn] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    frame_links: list[Link] = field(default_factory=list)
    caption: str = ""
    spent: int = 0
    unused: list[PutAside] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    reached: bool = False

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
        self.groups[key] = Group(key, title, parent, at)
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
        """Draw a link from each of the sources to each of the targets, like the one given.

        An end that is no node but a group is the frame of that group.
        """
        sources, targets = list(sources), list(targets)
        if self.groups and any(map(self._is_frame, (*sources, *targets))):
            self._connect_frames(sources, targets, link)
            return
        look = (link.label, link.visible, link.at, link.style, link.directed)
        for source in sources:
            check_limit(self.source, link.at, "edges", len(self.links) + len(targets))
            self.links += [Link(source, target, *look) for target in targets]

    def _connect_frames(self, sources: list[str], targets: list[str], link: Link) -> None:
        """Draw links of which an end is a frame, one each."""
        self.spend(len(sources) * len(targets), link.at)
        check_limit(self.source, link.at, "edges", len(self.frame_links) + len(sources) * len(targets))
        for source in sources:
            for target in targets:
                if not (self._is_frame(source) or self._is_frame(target)):
                    self.connect([source], [target], link)
                else:
                    self.frame_links.append(replace(link, source=source, target=target))

    def _is_frame(self, key: str) -> bool:
        return key in self.groups and key not in self.nodes

    def reach_frames(self) -> None:
        """Let each link of a frame lead to what stands at the border of that frame, as people mean it.

        A link into a frame reaches the nodes in it to which nothing within the frame leads; a link out of it
        begins at those that lead to nothing in it. Around the units of one layer these are all of them,
        around a whole network its inputs or its outputs. A dashed line at a whole network, or one without a
        head, says something of it and reaches none. An empty frame that is linked is a box.
        """
        ends = {key for link in self.frame_links for key in (link.source, link.target)}
        wanted = {key for key in ends if self._is_frame(key)}
        if self.reached or not wanted:
            return
        self.reached = True
        around = {key: self._frames_around(key) & wanted for key in self.groups}
        members: dict[str, list[str]] = {key: [] for key in wanted}
        for node in self.nodes.values():
            for key in around.get(node.group, ()):
                members[key].append(node.key)
        entered: dict[str, set[str]] = {key: set() for key in wanted}
        left: dict[str, set[str]] = {key: set() for key in wanted}
        for link in self.links:
            one, other = self.nodes.get(link.source), self.nodes.get(link.target)
            if one is not None and other is not None and link.visible:
                shared = around.get(one.group, set()) & around.get(other.group, set())
                self.spend(len(shared))
                for key in shared:
                    left[key].add(link.source)
                    entered[key].add(link.target)
        for key in wanted:
            if not members[key]:
                self._frame_as_node(key)
        links = {(link.source, link.target): link for link in reversed(self.frame_links)}
        for link in reversed(links.values()):  # two frames are joined once, however many arrows are drawn
            sources = _at_border(members.get(link.source), left, link.source)
            targets = _at_border(members.get(link.target), entered, link.target)
            self.spend(len(sources) * len(targets), link.at)
            held = [set(members.get(key, (key,))) for key in (link.source, link.target)]
            tells = any(left.get(key) for key in (link.source, link.target)) and (
                link.style in ("dashed", "dotted") or not link.directed
            )
            if held[0].isdisjoint(held[1]) and not tells:  # a frame and what it holds are joined already
                self.connect(sources, targets, link)

    def _frames_around(self, key: str) -> set[str]:
        """Return a group and all groups around it."""
        found: set[str] = set()
        while key in self.groups and key not in found:
            found.add(key)
            key = self.groups[key].parent
        self.spend(len(found))
        return found

    def _frame_as_node(self, key: str) -> None:
        """Draw a frame around nothing as a box with its title."""
        frame = self.groups.pop(key)
        node = self.node(key, frame.at)
        node.label, node.shape, node.group = frame.title, "box", frame.parent
        node.place = frame.place

    def not_a_chain(self, at: int, *, got: str, wanted: str) -> ChalknetError:
        """Return the error for a network in which the layers do not stand one behind the other."""
        remedy = "A network of this kind can be fitted as a module, not drawn as a chain."
        return self.source.refuse(at, kind=CannotExpress, got=got, wanted=wanted, remedy=remedy)
