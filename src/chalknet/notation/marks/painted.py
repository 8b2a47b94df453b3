"""Which marks a painted line or area is: a shape, a stroke, or an area that stands for a stroke."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chalknet.notation.marks.mark import AnyMark, Point, ShapeMark, StrokeMark, UnreadMark
from chalknet.notation.marks.outlines import (
    area_line,
    area_of,
    corners_of,
    length_of,
    outline_of,
    sketchy_outline,
)


class Paint(NamedTuple):
    """How something is painted.

    Args:
        fill, line: the colours of its area and of its line; empty for none.
        width: how thick its line is, in units of the drawing.
        style: of its line: "dashed", "dotted" or empty.
        start_head, end_head: whether a line of it begins and ends with an arrowhead.
        at: where it is written.
    """

    fill: str = ""
    line: str = ""
    width: float = 1.0
    style: str = ""
    start_head: bool = False
    end_head: bool = False
    at: int = 0


class PathPart(NamedTuple):
    """A part of a path that is drawn in one go, where it comes to lie."""

    points: list[Point]
    closed: bool


def path_part(points: list[Point], closed: bool) -> PathPart:
    """Return a part of a path; one that ends where it began is closed, whatever its format says."""
    closed = closed or math.dist(points[0], points[-1]) <= 1e-3 * length_of(points)
    return PathPart(points, closed and len(points) > 2)


def path_marks(parts: Sequence[PathPart], paint: Paint) -> Iterator[AnyMark]:
    """Yield what the parts of a path are."""
    if not parts or not (paint.fill or paint.line):
        return
    is_open = bool(paint.line) and not any(part.closed for part in parts)
    drawn = sketchy_outline([part.points for part in parts]) if is_open else None
    if drawn is not None:
        yield shape_mark(ShapeMark(*drawn), paint)
        return
    if is_open and len(parts) == 2 and _is_same_line(parts[0].points, parts[1].points):
        parts = parts[:1]  # a line drawn twice, as by hand
    for index, (points, closed) in enumerate(parts):
        if closed or (not paint.line and area_of(points) > 0):
            yield from area_marks(points, paint)
        elif paint.line:
            yield from stroke_marks(points, paint, first=index == 0, last=index == len(parts) - 1)


def area_marks(points: list[Point], paint: Paint, kind: str = "") -> Iterator[AnyMark]:
    """Yield what a closed line is.

    Args:
        points: on it.
        paint: how it is painted.
        kind: the word of a `ShapeMark`, where the format says it.
    """
    outline = outline_of(points)
    if outline is None:
        yield from stroke_marks(points, paint)
        return
    extent = max(outline.place.width, outline.place.height)
    line = area_line(outline, corners_of(points, 0.01 * extent)) if paint.fill else None
    if line is not None:
        yield StrokeMark((line.start, line.end), False, line.head, "", paint.fill, line.width, at=paint.at)
    elif outline.kind == "polygon" and len(outline.corners) > 8 and not paint.line:
        yield UnreadMark("an area of many corners, such as a letter", outline.place, paint.at)
    elif paint.fill or paint.line:
        yield shape_mark(ShapeMark(*outline)._replace(kind=kind or outline.kind), paint)


def shape_mark(shape: ShapeMark, paint: Paint) -> ShapeMark:
    """Return a shape as it is painted."""
    return shape._replace(fill=paint.fill, outline=paint.line, style=paint.style, at=paint.at)


def stroke_marks(
    points: list[Point], paint: Paint, *, first: bool = True, last: bool = True
) -> Iterator[StrokeMark]:
    """Yield a stroke, where there is one to see.

    Args:
        points: its corners.
        paint: how it is painted.
        first: whether it is the first part of its path, where one head is.
        last: whether it is the last, where the other is.
    """
    if paint.line and not points[0] == points[-1] == points[len(points) // 2]:
        heads = (first and paint.start_head, last and paint.end_head)
        yield StrokeMark(tuple(points), *heads, paint.style, paint.line, paint.width, at=paint.at)


def _is_same_line(one: list[Point], other: list[Point]) -> bool:
    near = 0.1 * length_of(one)
    return math.dist(one[0], other[0]) < near and math.dist(one[-1], other[-1]) < near
