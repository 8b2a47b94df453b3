"""A diagram with its places on the page, in points."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from chalknet.drawing.diagram import Diagram, Edge, Node
from chalknet.drawing.scene import Label
from chalknet.drawing.style import Style

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Rect:
    """A rectangle by its centre."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Rect) -> bool:
        """Return whether the two have a point in common."""
        across, down = abs(self.x - other.x) * 2, abs(self.y - other.y) * 2
        return across < self.width + other.width and down < self.height + other.height


@dataclass(frozen=True)
class WeightTable:
    """The weights between two columns: a row a source, a column a target.

    Args:
        rows, columns: the nodes.
        cells: the edge's label by the keys of its nodes.
    """

    rows: tuple[Node, ...]
    columns: tuple[Node, ...]
    cells: dict[tuple[str, str], str]


@dataclass
class DiagramLayout:
    """The places of a diagram's parts, in points.

    Args:
        diagram: what is placed.
        style: orientation and sizes.
        spread: how much wider than usual columns and rows stand, so that labels have room.
        in_tables: the edges whose weights stand in tables.
    """

    diagram: Diagram
    style: Style
    spread: float
    in_tables: set[Edge] = field(default_factory=set)
    nodes: dict[str, Rect] = field(default_factory=dict)
    frames: list[Rect] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)  # of the edges
    tables: list[WeightTable] = field(default_factory=list)

    @cached_property
    def tall(self) -> set[str]:
        """Return the keys of the nodes that are as tall as a column."""
        return {node.key for node in self.diagram.nodes if node.tall}

    @cached_property
    def round(self) -> set[str]:
        """Return the keys of the nodes that are drawn as ellipses."""
        return {node.key for node in self.diagram.nodes if node.kind not in ("block", "text", "dots")}

    @property
    def size(self) -> float:
        """Return the font size."""
        return self.style.page.font_size

    @property
    def right(self) -> bool:
        """Return whether the data flows to the right; otherwise it flows down."""
        return self.style.orientation == "right"

    def turned(self, rect: Rect) -> Rect:
        """Return a rectangle of the page with x along the flow and y across it, or the other way round."""
        return rect if self.right else Rect(rect.y, rect.x, rect.height, rect.width)
