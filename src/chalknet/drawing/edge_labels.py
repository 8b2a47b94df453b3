"""The labels of edges: along their lines, over no node and no other label."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import product

from chalknet.drawing.diagram import Edge
from chalknet.drawing.edges import ends_of
from chalknet.drawing.placed import DiagramLayout, Point, Rect
from chalknet.drawing.scene import Label
from chalknet.drawing.text import height_of, width_of

_ALONG = (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78)
_AWAY = 0.62  # of a label's height, from its middle to the line that it stands along
_STEEP = 60  # degrees from which on a label stands upright beside its line


def place_labels(layout: DiagramLayout) -> bool:
    """Place the labels of the edges that no table shows; return whether there was room for all.

    Of the places where a label meets no node and no other label, the one that the fewest edges cross.
    """
    around = _Nearby(2 * layout.size)
    for rect in layout.nodes.values():
        around.add([rect])
    lines = [(edge, *ends_of(layout, edge)) for edge in layout.diagram.edges]
    crossing = _Nearby(2 * layout.size)
    for _, first, last in lines:
        crossing.add(_steps(first, last, layout.size))
    for edge, first, last in lines:
        if not edge.label or edge in layout.in_tables:
            continue
        free = [
            (label, covered)
            for label, covered in _choices(layout, edge, first, last)
            if not around.met(covered, 0.08 * layout.size)
        ]
        if not free:
            return False
        label, covered = min(free, key=lambda choice: crossing.met(choice[1], 0.0))
        around.add(covered)
        layout.labels.append(label)
    return True


def _choices(
    layout: DiagramLayout, edge: Edge, first: Point, last: Point
) -> Iterator[tuple[Label, list[Rect]]]:
    """Yield the places of a label, with the squares that cover it there."""
    size = layout.size * 0.9
    (x1, y1), (x2, y2) = first, last
    width, height = width_of(edge.label, size), height_of(edge.label, size)
    angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
    angle = (angle + 90) % 180 - 90  # it is read from the left
    key = f"{edge.source}--{edge.target}-label"
    for along, side in product(_ALONG, (-1, 1)):
        x, y = x1 + (x2 - x1) * along, y1 + (y2 - y1) * along
        if abs(angle) > _STEEP:
            if side < 0:  # there the titles of frames stand
                continue
            x += width / 2 + size * 0.4
            yield Label(x, y, edge.label, size, "edge-label", key), [Rect(x, y, width, height * 0.9)]
            continue
        turned = math.radians(angle)
        x, y = x - math.sin(turned) * side * _AWAY * height, y + math.cos(turned) * side * _AWAY * height
        half = math.cos(turned) * width / 2, math.sin(turned) * width / 2
        covered = [Rect(x, y, width, height * 0.9)]
        if abs(angle) > 1:
            high = height * 0.9 * (math.cos(turned) + abs(math.sin(turned)))  # of a turned square
            covered = _steps((x - half[0], y - half[1]), (x + half[0], y + half[1]), high)
        yield Label(x, y, edge.label, size, "edge-label", key, angle if abs(angle) > 1 else 0.0), covered


def _steps(first: Point, last: Point, size: float) -> list[Rect]:
    """Return squares that cover the line from one point to another."""
    number = 1 + max(1, math.ceil(math.dist(first, last) / size * 1.5))
    parts = [step / (number - 1) for step in range(number)]
    return [
        Rect(first[0] + (last[0] - first[0]) * part, first[1] + (last[1] - first[1]) * part, size, size)
        for part in parts
    ]


class _Nearby:
    """Rectangles in the cells of a grid, so that only neighbours are compared."""

    def __init__(self, cell: float) -> None:
        self._cell = cell
        self._cells: dict[tuple[int, int], list[Rect]] = {}

    def add(self, rects: Iterable[Rect]) -> None:
        """Put rectangles into all the cells they cover."""
        for rect in rects:
            for cell in self._covered(rect):
                self._cells.setdefault(cell, []).append(rect)

    def met(self, rects: Iterable[Rect], gap: float) -> int:
        """Return how many of those in it are nearer than the gap to any of some rectangles."""
        found = set[int]()
        for rect in rects:
            wide = Rect(rect.x, rect.y, rect.width + 2 * gap, rect.height + 2 * gap)
            near = {id(other): other for cell in self._covered(wide) for other in self._cells.get(cell, ())}
            found |= {key for key, other in near.items() if wide.meets(other)}
        return len(found)

    def _covered(self, rect: Rect) -> Iterator[tuple[int, int]]:
        left, right = (math.floor((rect.x + side * rect.width / 2) / self._cell) for side in (-1, 1))
        top, bottom = (math.floor((rect.y + side * rect.height / 2) / self._cell) for side in (-1, 1))
        return product(range(left, right + 1), range(top, bottom + 1))
