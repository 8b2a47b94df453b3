"""A drawing before it is written: nodes in columns, links, groups and words, and what it means."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Node:
    """A node as it is seen. Labels hold "\\n" for a new line and <sub>1</sub> for an index."""

    key: str
    label: str
    column: float
    shape: str = "circle"
    group: str | None = None
    role: str = "unit"  # for the colours alone; nothing that is written says it


@dataclass
class Link:
    """A link as it is seen: solid, thick, dashed, dotted or invisible, with an arrow or without."""

    start: str
    end: str
    label: str = ""
    style: str = "solid"
    arrow: bool = True


@dataclass
class Picture:
    """Everything that stands on the paper."""

    nodes: dict[str, Node] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)  # key and title
    title: str = ""
    caption: str = ""

    def add(self, node: Node) -> str:
        """Put a node down and return its key."""
        self.nodes[node.key] = node
        return node.key

    def link(self, start: str, end: str, label: str = "", style: str = "solid", arrow: bool = True) -> None:
        """Draw a link."""
        self.links.append(Link(start, end, label, style, arrow))

    def all_to_all(self, starts: list[str], ends: list[str], label: str = "", style: str = "solid") -> None:
        """Draw a link from each to each."""
        for start in starts:
            for end in ends:
                self.link(start, end, label, style)


@dataclass
class TruthLayer:
    """A layer as a careful person reads it."""

    width: int | str
    activation: str = "?"
    bias: bool | None = None  # None: the drawing says nothing
    dropout: float | None = None

    def text(self) -> str:
        """Return it in the shorthand."""
        words = [str(self.width), "nobias" if self.bias is False else "", self.activation]
        words.append(f"dropout({self.dropout})" if self.dropout else "")
        return " ".join(word for word in words if word)


@dataclass
class Truth:
    """What a careful person reads: a network, several readings to ask about, or nothing ("refuse")."""

    answer: str  # "network", "ask" or "refuse"
    readings: list[list[TruthLayer]] = field(default_factory=list)

    def __str__(self) -> str:
        return " | ".join(shorthand(reading) for reading in self.readings) or self.answer


def shorthand(reading: list[TruthLayer]) -> str:
    """Return a reading as `cn.read` takes it, "784 -> 128 relu -> 10 softmax"."""
    return " -> ".join([str(reading[0].width), *(layer.text() for layer in reading[1:])])
