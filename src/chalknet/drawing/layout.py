"""The layout: columns side by side, labels where there is room, frames around columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from chalknet.drawing.diagram import Diagram, Frame, Node
from chalknet.drawing.edge_labels import place_labels
from chalknet.drawing.edges import lines_of_edges
from chalknet.drawing.placed import DiagramLayout, Rect
from chalknet.drawing.scene import Box, Label, Mark, bounds_of
from chalknet.drawing.style import Style
from chalknet.drawing.text import height_of, plain, width_of
from chalknet.drawing.weight_tables import table_marks, tables_of
from chalknet.errors import CannotExpress

_TRIES = 14
_STEP = 1.2  # of the font's size, by which the next wider of the layers with dots is taller
_STEEPEST = 0.22  # the distance between two columns, of the taller one's height
_DOTS = 2.8  # of the font's size, from one sign of dots to the next


def place(diagram: Diagram, style: Style) -> DiagramLayout:
    """Return the layout in which no label meets another one or a node.

    Raises:
        CannotExpress: when there are more labels between two columns than a reader could distinguish.
    """
    tables, in_tables = tables_of(diagram)
    for attempt in range(_TRIES):
        layout = DiagramLayout(diagram, style, 1.22**attempt, in_tables)
        spans = _place_nodes(layout)
        _align(layout)
        layout.nodes = {key: layout.turned(rect) for key, rect in layout.nodes.items()}
        placed = zip(diagram.frames, spans, strict=True)
        layout.frames = [_frame_rect(layout, frame, span) for frame, span in placed]
        if place_labels(layout):
            layout.tables = tables
            return layout
    raise CannotExpress(
        where="drawing",
        got="labels on more edges than there is room for",
        wanted="fewer of them",
        remedy='Take weights="colour", or a smaller max_nodes.',
    )


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
    marks += lines_of_edges(layout)
    for node in layout.diagram.nodes:
        marks += _node_marks(layout, node)
    marks += layout.labels
    return [*marks, *table_marks(layout, layout.tables, bounds_of(marks))]


def _place_nodes(layout: DiagramLayout) -> list[tuple[float, float]]:
    """Place the columns one after the other, x along the flow; return where each frame begins and ends."""
    spans: list[tuple[float, float]] = []
    size, columns = layout.size, layout.diagram.columns
    starts = {frame.first: frame for frame in layout.diagram.frames}
    ends = {frame.last: frame for frame in layout.diagram.frames}
    pad, cursor, opened = 0.9 * size, 0.0, 0.0
    for place, (column, extents) in enumerate(zip(columns, _extents(layout), strict=True)):
        if column[0].tall:
            extents[0] = replace(
                extents[0], height=max(extents[0].height, _height(layout, columns[place - 1]))
            )
        along = max(rect.width for rect in extents)
        if place:
            cursor += _gap(layout, place, sum(rect.height for rect in extents))
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


def _extents(layout: DiagramLayout) -> list[list[Rect]]:
    """Return the sizes of the nodes; dots are so long that a wider layer is not lower than a narrower one."""
    columns = layout.diagram.columns
    extents = [[_extent(layout, node) for node in column] for column in columns]
    heights = [sum(rect.height for rect in each) + _row_gap(layout) * (len(each) - 1) for each in extents]
    dots = [
        next((at for at, node in enumerate(column) if node.width is not None), None) for column in columns
    ]
    least = max((height for height, at in zip(heights, dots, strict=True) if at is None), default=0.0)
    cut = [(columns[place][at].width, place, at) for place, at in enumerate(dots) if at is not None]
    widths = sorted({width for width, *_ in cut if isinstance(width, int)})
    for width, place, at in cut:
        rank = widths.index(width) if isinstance(width, int) else 0
        missing = least + rank * _STEP * layout.size - heights[place]
        extents[place][at] = replace(extents[place][at], height=extents[place][at].height + max(0.0, missing))
    return extents


def _row_gap(layout: DiagramLayout) -> float:
    """Return the distance between the nodes of a column."""
    return 0.8 * layout.size * (1 + (layout.spread - 1) * 0.8)


def _stack(layout: DiagramLayout, column: Sequence[Node], extents: Sequence[Rect], main: float) -> None:
    """Place the nodes of a column about the middle line."""
    gap = _row_gap(layout)
    at = -(sum(rect.height for rect in extents) + gap * (len(extents) - 1)) / 2
    for node, rect in zip(column, extents, strict=True):
        layout.nodes[node.key] = replace(rect, x=main, y=at + rect.height / 2)
        at += rect.height + gap


def _height(layout: DiagramLayout, column: Sequence[Node]) -> float:
    """Return the distance across the flow from one end of a placed column to the other."""
    rects = [layout.nodes[node.key] for node in column]
    return max(rect.y + rect.height / 2 for rect in rects) - min(rect.y - rect.height / 2 for rect in rects)


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


def _gap(layout: DiagramLayout, place: int, height: float) -> float:
    """Return the distance from a column to the one before it."""
    before = {node.key for node in layout.diagram.columns[place - 1]}
    labels = [
        edge.label
        for edge in layout.diagram.edges
        if edge.label and edge.source in before and edge not in layout.in_tables
    ]
    size = layout.size * 0.9
    if not labels:
        steep = _STEEPEST * max(_height(layout, layout.diagram.columns[place - 1]), height)
        return max(3.2 * layout.size, steep) * (layout.spread if len(layout.diagram.columns) < 30 else 1)
    extent = width_of if layout.right else height_of
    widest = max(extent(label, size) for label in labels)
    return (widest + 2.4 * layout.size) * layout.spread


def _node_marks(layout: DiagramLayout, node: Node) -> list[Mark]:
    rect = layout.nodes[node.key]
    if node.kind == "dots":
        return list(_dots(layout, node, rect))
    label = Label(rect.x, rect.y, node.label, layout.size, "label", f"{node.key}-label")
    if node.kind == "text":
        return [label]
    return [_box(rect, node.kind, node.key, node.title or plain(node.label), node.kind != "block"), label]


def _dots(layout: DiagramLayout, node: Node, rect: Rect) -> Iterator[Label]:
    """Yield the signs for what is left out, as many as there is room for."""
    size, long = layout.size, rect.height if layout.right else rect.width
    signs = max(1, round(long / (_DOTS * size)))
    for number in range(signs):
        shift = (number - (signs - 1) / 2) * long / signs
        x, y = (rect.x, rect.y + shift) if layout.right else (rect.x + shift, rect.y)
        key = node.key if number == 0 else f"{node.key}-{number}"
        yield Label(x, y, "⋮" if layout.right else "⋯", size * 1.2, "dots", key)


def _box(rect: Rect, kind: str, key: str, title: str, is_round: bool = False) -> Box:
    left, top = rect.x - rect.width / 2, rect.y - rect.height / 2
    return Box(left, top, rect.width, rect.height, kind, key, title, is_round)
