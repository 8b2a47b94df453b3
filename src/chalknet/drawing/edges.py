"""Where edges begin and end, how thick they are, and whether their heads can be seen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from chalknet.drawing.diagram import Edge
from chalknet.drawing.placed import DiagramLayout, Point, Rect
from chalknet.drawing.scene import Line
from chalknet.drawing.style import LINES_A_FONT_SIZE

_FULL = 0.2  # the share of the room between two columns up to which edges are drawn in full
_PALEST = 0.2  # the opacity of edges, however many
_BEND = 0.5  # of the way, at which a curve's inner points lie
_MOST_HEADS = 3  # at one node, which are seen wherever they are
_HEADS_APART = 0.36  # of the font's size, between the ends of two edges whose heads can be told apart


def ends_of(layout: DiagramLayout, edge: Edge) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where an edge leaves the one node and enters the other, nearly between their centres."""
    source, target = (layout.turned(layout.nodes[key]) for key in (edge.source, edge.target))
    if edge.source in layout.tall:  # as straight as it goes out of it, and into it
        source = replace(source, y=_within(source, target.y, layout.size))
    if edge.target in layout.tall:
        target = replace(target, y=_within(target, source.y, layout.size))
    across, down = target.x - source.x, target.y - source.y
    first = _rim(source, across, down, edge.source in layout.round)
    last = _rim(target, -across, -down, edge.target in layout.round)
    return (first, last) if layout.right else (first[::-1], last[::-1])


def _within(tall: Rect, y: float, margin: float) -> float:
    """Return the place at a tall node's side that is nearest to a height."""
    reach = max(0.0, tall.height / 2 - margin)
    return min(max(y, tall.y - reach), tall.y + reach)


def _rim(rect: Rect, across: float, down: float, is_round: bool) -> Point:
    """Return where an edge meets an ellipse, turned by half its angle; of a box, the middle of a side.

    Half of it keeps steep edges off the neighbours of the node.
    """
    side = math.copysign(rect.width / 2, across)
    if not is_round:
        return rect.x + side, rect.y
    angle = math.atan2(down, abs(across)) / 2
    return rect.x + side * math.cos(angle), rect.y + rect.height / 2 * math.sin(angle)


def lines_of_edges(layout: DiagramLayout) -> Iterator[Line]:
    """Yield the lines of the edges."""
    weights = [abs(edge.weight) for edge in layout.diagram.edges if edge.weight is not None]
    strongest = max(weights, default=0.0)
    coloured = layout.style.weights == "colour" and strongest > 0
    ends = {(edge.source, edge.target): ends_of(layout, edge) for edge in layout.diagram.edges}
    crowded, paleness = _crowded(layout, ends), _paleness(layout, ends)
    for edge in layout.diagram.edges:
        (x1, y1), (x2, y2) = ends[edge.source, edge.target]
        kind, width, title = "line", 1.0, f"{edge.source} → {edge.target}"
        if edge.weight is not None:
            title += f": {edge.weight:.6g}"
        if coloured and edge.weight is not None:
            kind = "negative" if edge.weight < 0 else "positive"
            width = 0.3 + 3.2 * abs(edge.weight) / strongest
        width *= layout.size / LINES_A_FONT_SIZE
        arrow = not coloured and edge.target not in crowded
        look = title, arrow, width, paleness[edge.source], _controls(layout, edge, (x1, y1), (x2, y2))
        yield Line(x1, y1, x2, y2, kind, f"{edge.source}--{edge.target}", *look)


def _controls(layout: DiagramLayout, edge: Edge, first: Point, last: Point) -> tuple[Point, Point] | None:
    """Return the inner points of a curve that leaves and enters along the flow; a label stands at a line."""
    if layout.style.edges == "straight" or (edge.label and edge not in layout.in_tables):
        return None
    (x1, y1), (x2, y2) = first, last
    if layout.right:
        return (x1 + (x2 - x1) * _BEND, y1), (x2 - (x2 - x1) * _BEND, y2)
    return (x1, y1 + (y2 - y1) * _BEND), (x2, y2 - (y2 - y1) * _BEND)


def _paleness(layout: DiagramLayout, ends: Mapping[tuple[str, str], tuple[Point, Point]]) -> dict[str, float]:
    """Return the opacity of the edges that leave each node: the denser edges stand, the paler they are."""
    column = {node.key: at for at, nodes in enumerate(layout.diagram.columns) for node in nodes}
    behind: dict[int, list[tuple[Point, Point]]] = {}
    for (source, _), pair in ends.items():
        behind.setdefault(column[source], []).append(pair)
    found = dict.fromkeys(column.values(), 1.0)
    for at, pairs in behind.items():
        ink = sum(math.dist(*pair) for pair in pairs) * layout.size / LINES_A_FONT_SIZE
        across, down = zip(*(point for pair in pairs for point in pair), strict=True)
        room = max(max(across) - min(across), layout.size) * max(max(down) - min(down), layout.size)
        if len(pairs) > _MOST_HEADS:
            found[at] = round(min(1.0, max(_PALEST, _FULL * room / ink)), 2)
    return {key: found[at] for key, at in column.items()}


def _crowded(layout: DiagramLayout, ends: Mapping[tuple[str, str], tuple[Point, Point]]) -> set[str]:
    """Return the nodes of the columns at which heads would lie over each other."""
    at: dict[str, list[Point]] = {}
    for (_, target), (_, point) in ends.items():
        at.setdefault(target, []).append(point)
    melted = {
        target
        for target, points in at.items()
        if len(points) > _MOST_HEADS
        and target not in layout.tall
        and any(math.dist(one, two) < _HEADS_APART * layout.size for one, two in pairwise(sorted(points)))
    }
    columns = [{node.key for node in column} for column in layout.diagram.columns]
    return set().union(*(column for column in columns if column & melted))
