"""What is near a point: an index of boxes, and how far a point is from the rim of a shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.mark import Point, ShapeMark, TextMark

_SMALLEST = 1e-6


class BoxIndex:
    """Boxes by where they are; one of each size stands in at most four cells.

    Args:
        spend: is told how many boxes were looked at.
    """

    def __init__(self, spend: Callable[[int], None]) -> None:
        self._levels: dict[float, dict[tuple[int, int], list[int]]] = {}
        self._spend = spend

    def add(self, item: int, place: Place, margin: float) -> None:
        """Put in a box, made larger by a margin on every side."""
        half_x, half_y = place.width / 2 + margin, place.height / 2 + margin
        cell = 2.0 ** math.ceil(math.log2(max(2 * half_x, 2 * half_y, _SMALLEST)))
        cells = self._levels.setdefault(cell, {})
        left, right = math.floor((place.x - half_x) / cell), math.floor((place.x + half_x) / cell)
        top, bottom = math.floor((place.y - half_y) / cell), math.floor((place.y + half_y) / cell)
        for across in range(left, right + 1):
            for down in range(top, bottom + 1):
                cells.setdefault((across, down), []).append(item)

    def at(self, x: float, y: float) -> Iterator[int]:
        """Yield the boxes that may hold a point."""
        for cell, cells in self._levels.items():
            if found := cells.get((math.floor(x / cell), math.floor(y / cell))):
                self._spend(len(found))
                yield from found


class Rim(NamedTuple):
    """The rim of a shape, to measure from.

    Args:
        kind: "disc", "round" for other ellipses, "diamond" or "box".
        x, y: its middle.
        half_x, half_y: half its size, before it is turned.
        cos, sin: of its angle.
        size: its smaller side.
    """

    kind: str
    x: float
    y: float
    half_x: float
    half_y: float
    cos: float
    sin: float
    size: float

    def _own(self, dx: float, dy: float) -> Point:
        """Return a direction as the shape has it that is not turned."""
        if not self.sin:
            return dx, dy
        return dx * self.cos + dy * self.sin, dy * self.cos - dx * self.sin

    def gap(self, x: float, y: float) -> float:
        """Return how far a point is outside; negative inside."""
        if self.kind == "disc":
            return math.hypot(x - self.x, y - self.y) - self.half_x
        dx, dy = self._own(x - self.x, y - self.y)
        if self.kind == "round":
            far = math.hypot(dx / self.half_x, dy / self.half_y)
            return math.hypot(dx, dy) * (1 - 1 / far) if far > 0.5 else (far - 1) * self.size / 2
        if self.kind == "diamond":
            far = abs(dx) / self.half_x + abs(dy) / self.half_y
            return (far - 1) * self.size / 2
        out_x, out_y = abs(dx) - self.half_x, abs(dy) - self.half_y
        if out_x <= 0 and out_y <= 0:
            return max(out_x, out_y)
        return math.hypot(max(out_x, 0.0), max(out_y, 0.0))

    def ahead(self, x: float, y: float, towards: Point) -> float | None:
        """Return how far a ray runs until it meets the shape; None where it passes by.

        Args:
            x: where the ray begins.
            y: likewise.
            towards: its direction, of length 1.
        """
        dx, dy = self._own(x - self.x, y - self.y)
        ux, uy = self._own(*towards)
        if self.kind in ("disc", "round"):
            return _ahead_of_round(dx / self.half_x, dy / self.half_y, ux / self.half_x, uy / self.half_y)
        near, far = -math.inf, math.inf
        for start, step, half in ((dx, ux, self.half_x), (dy, uy, self.half_y)):
            if abs(step) < 1e-9:
                if abs(start) > half:
                    return None
                continue
            one, other = sorted(((-half - start) / step, (half - start) / step))
            near, far = max(near, one), min(far, other)
        return near if near <= far and far >= 0 else None


def _ahead_of_round(dx: float, dy: float, ux: float, uy: float) -> float | None:
    squared, along = ux * ux + uy * uy, dx * ux + dy * uy
    inside = along * along - squared * (dx * dx + dy * dy - 1)
    if inside < 0:
        return None
    root = math.sqrt(inside)
    return (-along - root) / squared if (-along + root) >= 0 else None


def rim_of(shape: ShapeMark) -> Rim:
    """Return the rim of a shape; what is neither round nor a diamond counts as its box."""
    place = shape.place
    round_kind = "disc" if place.width == place.height else "round"
    kind = {"disc": round_kind, "ellipse": round_kind, "diamond": "diamond"}.get(shape.kind, "box")
    turn = math.radians(shape.angle)
    half_x, half_y = max(place.width / 2, _SMALLEST), max(place.height / 2, _SMALLEST)
    size = min(place.width, place.height)
    return Rim(
        kind, place.x, place.y, half_x, half_y, math.cos(turn), math.sin(turn) if shape.angle else 0.0, size
    )


def whole_place(mark: ShapeMark | TextMark) -> Place:
    """Return the upright box around a shape or a text that may be turned."""
    if not mark.angle:
        return mark.place
    x, y, width, height = mark.place
    cos, sin = abs(math.cos(math.radians(mark.angle))), abs(math.sin(math.radians(mark.angle)))
    return Place(x, y, width * cos + height * sin, width * sin + height * cos)


def median(values: Iterable[float], default: float = 0.0) -> float:
    """Return the middle one of some values, or the default of none."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else default
