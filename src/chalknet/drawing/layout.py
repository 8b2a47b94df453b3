"""The layout: columns side by side, labels where there is room, frames around columns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product

from chalknet.drawing.diagram import Diagram, Edge, Frame, Node
from chalknet.drawing.scene import Box, Label, Line, Mark
from chalknet.drawing.style import Style
from chalknet.drawing.text import height_of, plain, width_of
from chalknet.errors import CannotExpress

_MOST_LABELS = 60  # labels between two columns that a reader can still distinguish
_TRIES = 14
_ALONG = (0.5, 0.35, 0.65, 0.25, 0.75, 0.43, 0.57, 0.3, 0.7, 0.18, 0.82)


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


@dataclass
class DiagramLayout:
    """The places of a diagram's parts, in points.

    Args:
        diagram: what is placed.
        style: orientation and sizes.
        spread: how much wider than usual columns and rows stand, so that labels have room.
    """

    diagram: Diagram
    style: Style
    spread: float
    nodes: dict[str, Rect] = field(default_factory=dict)
    frames: list[Rect] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)  # of the edges

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


def place(diagram: Diagram, style: Style) -> DiagramLayout:
    """Return the layout in which no label meets another one or a node.

    Raises:
        CannotExpress: when there are more labels between two columns than a reader could distinguish.
    """
    _refuse_crowds(diagram)
    for attempt in range(_TRIES):
        layout = DiagramLayout(diagram, style, spread=1.22**attempt)
        spans = _place_nodes(layout)
        _align(layout)
        layout.nodes = {key: layout.turned(rect) for key, rect in layout.nodes.items()}
        placed = zip(diagram.frames, spans, strict=True)
        layout.frames = [_frame_rect(layout, frame, span) for frame, span in placed]
        if _place_labels(layout):
            return layout
    raise _too_many_labels("numbers on more edges than there is room for", "fewer of them")


def marks_of(layout: DiagramLayout) -> list[Mark]:
    """Return the marks of a layout, the lowest first: frames, edges, nodes, labels."""
    marks: list[Mark] = []
    for frame, rect in zip(layout.diagram.frames, layout.frames, strict=True):
        marks.append(_box(rect, "frame", frame.key, plain(frame.title)))
        width, height = width_of(frame.title, layout.size), height_of(frame.title, layout.size)
        x, y = rect.x, rect.y - rect.height / 2 + height * 0.75
        if not layout.right:  # beside the nodes, where no edge passes
            x, y = rect.x - rect.width / 2 + width / 2 + 0.9 * layout.size, rect.y
        marks.append(Label(x, y, frame.title, layout.size, "title", f"{frame.key}-title"))
    marks += _lines(layout)
    for node in layout.diagram.nodes:
        marks += _node_marks(layout, node)
    return [*marks, *layout.labels]


def _refuse_crowds(diagram: Diagram) -> None:
    column_of = {node.key: place for place, column in enumerate(diagram.columns) for node in column}
    counts = Counter(column_of[edge.source] for edge in diagram.edges if edge.label)
    crowd = max(counts.values(), default=0)
    if crowd > _MOST_LABELS:
        raise _too_many_labels(f"{crowd} labels on the edges between two columns", f"at most {_MOST_LABELS}")


def _too_many_labels(got: str, wanted: str) -> CannotExpress:
    remedy = 'Take weights="colour", or a smaller max_nodes.'
    return CannotExpress(where="drawing", got=got, wanted=wanted, remedy=remedy)


def _place_nodes(layout: DiagramLayout) -> list[tuple[float, float]]:
    """Place the columns one after the other, x along the flow; return where each frame begins and ends."""
    spans: list[tuple[float, float]] = []
    size, columns = layout.size, layout.diagram.columns
    starts = {frame.first: frame for frame in layout.diagram.frames}
    ends = {frame.last: frame for frame in layout.diagram.frames}
    pad, cursor, opened = 0.9 * size, 0.0, 0.0
    for place, column in enumerate(columns):
        extents = [_extent(layout, node) for node in column]
        along = max(rect.width for rect in extents)
        if place:
            cursor += _gap(layout, place)
        if place in starts:
            opened = cursor
            cursor += pad
        _stack(layout, column, extents, cursor + along / 2)
        cursor += along
        if place in ends:
            cursor += pad
            frame = ends[place]
            wanted = width_of(frame.title, size) + 2 * pad
            if layout.right and cursor - opened < wanted:
                extra = wanted - (cursor - opened)
                for node in layout.diagram.inside(frame):
                    rect = layout.nodes[node.key]
                    layout.nodes[node.key] = replace(rect, x=rect.x + extra / 2)
                cursor += extra
            spans.append((opened, cursor))
    return spans


def _stack(layout: DiagramLayout, column: Sequence[Node], extents: Sequence[Rect], main: float) -> None:
    """Place the nodes of a column about the middle line."""
    gap = 0.8 * layout.size * (1 + (layout.spread - 1) * 0.8)
    at = -(sum(rect.height for rect in extents) + gap * (len(extents) - 1)) / 2
    for node, rect in zip(column, extents, strict=True):
        layout.nodes[node.key] = replace(rect, x=main, y=at + rect.height / 2)
        at += rect.height + gap


def _align(layout: DiagramLayout) -> None:
    """Move nodes opposite to where their edges come from, where every row of the drawing is its own."""
    sources: dict[str, list[str]] = {}
    for edge in layout.diagram.edges:
        sources.setdefault(edge.target, []).append(edge.source)
    nodes = layout.nodes
    for column in layout.diagram.columns[1:]:
        wanted: list[float | None] = []
        for node in column:
            before = [nodes[key].y for key in sources.get(node.key, [])]
            wanted.append(sum(before) / len(before) if before else None)
        known = [(at, place) for at, place in enumerate(wanted) if place is not None]
        if known and known[0][0] == 1:  # a bias above its column
            gap = nodes[column[0].key].height / 2 + nodes[column[1].key].height / 2
            wanted[0] = known[0][1] - gap - 0.8 * layout.size
        for (first, low), (second, high) in pairwise(known):
            for at in range(first + 1, second):  # dots between two rows
                wanted[at] = low + (high - low) * (at - first) / (second - first)
        if None in wanted or len(wanted) < 2:
            continue
        places = [place for place in wanted if place is not None]
        gaps = [(nodes[a.key].height + nodes[b.key].height) / 2 for a, b in pairwise(column)]
        if all(high - low > gap for (low, high), gap in zip(pairwise(places), gaps, strict=True)):
            for node, place in zip(column, places, strict=True):
                nodes[node.key] = replace(nodes[node.key], y=place)


def _frame_rect(layout: DiagramLayout, frame: Frame, span: tuple[float, float]) -> Rect:
    rects = [layout.nodes[node.key] for node in layout.diagram.inside(frame)]
    pad = 0.9 * layout.size
    middle, along = (span[0] + span[1]) / 2, span[1] - span[0]
    if layout.right:
        top = min(rect.y - rect.height / 2 for rect in rects) - pad
        top -= height_of(frame.title, layout.size) * 1.2
        bottom = max(rect.y + rect.height / 2 for rect in rects) + pad
        return Rect(middle, (top + bottom) / 2, along, bottom - top)
    left = min(rect.x - rect.width / 2 for rect in rects) - 2 * pad - width_of(frame.title, layout.size)
    right = max(rect.x + rect.width / 2 for rect in rects) + pad
    return Rect((left + right) / 2, middle, right - left, along)


def _extent(layout: DiagramLayout, node: Node) -> Rect:
    """Return the size of a node along the flow and across it."""
    size = layout.size
    if node.kind == "dots":
        return Rect(0, 0, size, size * 1.4)
    width, height = width_of(node.label, size), height_of(node.label, size)
    if node.kind == "block":
        width, height = width + 1.6 * size, height + size
    elif node.kind != "text":  # the text's corners have to lie in the ellipse
        width, height = max(width * 1.24 + 0.9 * size, 2.3 * size), max(height * 1.5, 2.3 * size)
    return layout.turned(Rect(0, 0, width, height))


def _gap(layout: DiagramLayout, place: int) -> float:
    """Return the distance from a column to the one before it."""
    before = {node.key for node in layout.diagram.columns[place - 1]}
    labels = [edge.label for edge in layout.diagram.edges if edge.label and edge.source in before]
    size = layout.size * 0.9
    if not labels:
        return 3.2 * layout.size * (layout.spread if len(layout.diagram.columns) < 30 else 1)
    extent = width_of if layout.right else height_of
    widest = max(extent(label, size) for label in labels)
    return (widest + 2.4 * layout.size) * layout.spread


def _place_labels(layout: DiagramLayout) -> bool:
    """Place every edge's label where it meets no node and no other label; return whether there was room."""
    size = layout.size * 0.9
    around = _Nearby(2 * layout.size)
    for rect in layout.nodes.values():
        around.add(rect)
    for edge in layout.diagram.edges:
        if not edge.label:
            continue
        (x1, y1), (x2, y2) = _ends(layout, edge)
        width, height = width_of(edge.label, size), height_of(edge.label, size)
        flat, steep = abs(y1 - y2) < 1, abs(x1 - x2) < 1
        for along in _ALONG:
            x = x1 + (x2 - x1) * along + (width / 2 + size * 0.4 if steep else 0)
            y = y1 + (y2 - y1) * along - (height * 0.62 if flat else 0)
            rect = Rect(x, y, width, height * 0.9)
            if not around.is_met(rect, 0.08 * size):
                around.add(rect)
                kind = "edge-label" if flat or steep else "line-label"
                key = f"{edge.source}--{edge.target}-label"
                layout.labels.append(Label(x, y, edge.label, size, kind, key))
                break
        else:
            return False
    return True


class _Nearby:
    """Rectangles in the cells of a grid, so that only neighbours are compared."""

    def __init__(self, cell: float) -> None:
        self._cell = cell
        self._cells: dict[tuple[int, int], list[Rect]] = {}

    def add(self, rect: Rect) -> None:
        """Put a rectangle into all the cells it covers."""
        for cell in self._covered(rect):
            self._cells.setdefault(cell, []).append(rect)

    def is_met(self, rect: Rect, gap: float) -> bool:
        """Return whether any rectangle is nearer than the gap."""
        wide = Rect(rect.x, rect.y, rect.width + 2 * gap, rect.height + 2 * gap)
        return any(wide.meets(other) for cell in self._covered(wide) for other in self._cells.get(cell, ()))

    def _covered(self, rect: Rect) -> Iterator[tuple[int, int]]:
        left, right = (math.floor((rect.x + side * rect.width / 2) / self._cell) for side in (-1, 1))
        top, bottom = (math.floor((rect.y + side * rect.height / 2) / self._cell) for side in (-1, 1))
        return product(range(left, right + 1), range(top, bottom + 1))


def _ends(layout: DiagramLayout, edge: Edge) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where an edge leaves the one node and enters the other."""
    source, target = layout.nodes[edge.source], layout.nodes[edge.target]
    if layout.right:
        return (source.x + source.width / 2, source.y), (target.x - target.width / 2, target.y)
    return (source.x, source.y + source.height / 2), (target.x, target.y - target.height / 2)


def _lines(layout: DiagramLayout) -> Iterator[Line]:
    weights = [abs(edge.weight) for edge in layout.diagram.edges if edge.weight is not None]
    strongest = max(weights, default=0.0)
    coloured = layout.style.weights == "colour" and strongest > 0
    for edge in layout.diagram.edges:
        (x1, y1), (x2, y2) = _ends(layout, edge)
        kind, width, title = "line", 1.0, f"{edge.source} → {edge.target}"
        if edge.weight is not None:
            title += f": {edge.weight:.6g}"
        if coloured and edge.weight is not None:
            kind = "negative" if edge.weight < 0 else "positive"
            width = 0.3 + 3.2 * abs(edge.weight) / strongest
        width *= layout.size / 14
        yield Line(x1, y1, x2, y2, kind, f"{edge.source}--{edge.target}", title, not coloured, width)


def _node_marks(layout: DiagramLayout, node: Node) -> list[Mark]:
    rect = layout.nodes[node.key]
    if node.kind == "dots":
        dots = "⋮" if layout.right else "⋯"
        return [Label(rect.x, rect.y, dots, layout.size * 1.2, "dots", node.key)]
    label = Label(rect.x, rect.y, node.label, layout.size, "label", f"{node.key}-label")
    if node.kind == "text":
        return [label]
    return [_box(rect, node.kind, node.key, node.title or plain(node.label), node.kind != "block"), label]


def _box(rect: Rect, kind: str, key: str, title: str, is_round: bool = False) -> Box:
    left, top = rect.x - rect.width / 2, rect.y - rect.height / 2
    return Box(left, top, rect.width, rect.height, kind, key, title, is_round)
