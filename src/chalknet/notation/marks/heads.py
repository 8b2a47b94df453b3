"""Arrowheads that are drawn as marks of their own, given to the strokes at whose ends they stand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.mark import Point, ShapeMark, StrokeMark, Tidied
from chalknet.notation.marks.nearby import BoxIndex, median
from chalknet.notation.marks.outlines import corners_of, length_of, place_of

_HEADS = ("triangle", "polygon", "diamond")


class _Head(NamedTuple):
    """What may be an arrowhead: where it stands, how large it is, and the mark."""

    middle: Point
    size: float
    corners: tuple[Point, ...]
    mark: ShapeMark | StrokeMark
    is_line: bool


def give_heads(found: Tidied, spend: Callable[[int], None]) -> None:
    """Take small triangles and short lines at the ends of strokes as their heads."""
    lengths = [length_of(stroke.points) for stroke in found.strokes]
    usual = sorted(lengths)[int(0.9 * len(lengths))] if lengths else 0.0  # most may be halves of heads
    unit = _usual_shape(found)
    shafts, heads = [], []
    for stroke, long in zip(found.strokes, lengths, strict=True):
        head = _of_stroke(stroke, long, usual, unit)
        if head is None:
            shafts.append(stroke)
        else:
            heads.append(head)
    shapes = []
    for shape in found.shapes:
        size = max(shape.place.width, shape.place.height)
        if shape.kind in _HEADS and size < 0.7 * unit and not shape.key and len(shape.corners) <= 8:
            corners = shape.corners or _of_diamond(shape)
            heads.append(_Head((shape.place.x, shape.place.y), size, corners, shape, False))
        else:
            shapes.append(shape)
    if not heads:
        return
    left = _attached(shafts, heads, spend)
    found.unused += [(head.mark, "an arrowhead") for head in heads if head not in left]
    shapes += [head.mark for head in left if isinstance(head.mark, ShapeMark)]
    shafts += [head.mark for head in left if isinstance(head.mark, StrokeMark)]
    found.shapes = sorted(shapes, key=lambda shape: shape.at)
    found.strokes = sorted(shafts, key=lambda stroke: stroke.at)


def _usual_shape(found: Tidied) -> float:
    """Return the usual size of shapes that are no heads."""
    others = [
        min(shape.place.width, shape.place.height) for shape in found.shapes if shape.kind not in _HEADS
    ]
    both = [max(shape.place.width, shape.place.height) for shape in found.shapes]
    return median(others, max(both, default=0.0))


def _of_diamond(shape: ShapeMark) -> tuple[Point, ...]:
    x, y, width, height = shape.place
    return ((x - width / 2, y), (x, y - height / 2), (x + width / 2, y), (x, y + height / 2))


def _of_stroke(stroke: StrokeMark, long: float, usual: float, unit: float) -> _Head | None:
    """Return the head that a short line may be: an angle of two lines, or half of one."""
    if long > 0.7 * usual or stroke.start_head or stroke.end_head or stroke.key or stroke.source or stroke.target:
        return None
    if _is_straight(stroke.points, long):
        if long < 0.35 * usual and (long < 0.7 * unit or not unit):
            place = place_of(stroke.points)
            return _Head((place.x, place.y), long, (stroke.points[0], stroke.points[-1]), stroke, True)
        return None
    corners = corners_of(stroke.points, long, closed=False)
    if len(corners) == 3:
        first, tip, last = corners
        sides = math.dist(first, tip), math.dist(tip, last)
        if abs(sides[0] - sides[1]) < 0.35 * max(sides) and math.dist(first, last) < 1.7 * max(sides):
            return _Head(tip, max(sides), tuple(corners), stroke, True)
    return None


def _is_straight(points: tuple[Point, ...], long: float) -> bool:
    """Return whether a line is straight but for an unsteady hand."""
    return math.dist(points[0], points[-1]) > 0.97 * long


def _attached(shafts: list[StrokeMark], heads: list[_Head], spend: Callable[[int], None]) -> list[_Head]:
    """Give the heads to the strokes in place, and return those that fit none."""
    index = BoxIndex(spend)
    for number, head in enumerate(heads):
        index.add(number, Place(*head.middle), 1.1 * head.size)
    fits: list[tuple[float, int, int, bool]] = []
    for number, stroke in enumerate(shafts):
        for at_end in (False, True):
            end = stroke.points[-1 if at_end else 0]
            for each in index.at(*end):
                off = _how_far_off(stroke, at_end, heads[each])
                if off is not None:
                    fits.append((off, each, number, at_end))
    found: dict[int, tuple[int, bool]] = {}
    taken: Counter[tuple[int, bool]] = Counter()
    fits.sort()
    for most in (2, math.inf):  # the best first, an end with one head; then those that are left over
        for _, each, number, at_end in fits:
            parts = 1 if len(heads[each].corners) == 2 else 2
            if each not in found and taken[number, at_end] + parts <= most:
                found[each] = (number, at_end)
                taken[number, at_end] += parts
    for each, (number, at_end) in found.items():
        stroke, head = shafts[number], heads[each]
        end = stroke.points[-1 if at_end else 0]
        tip = end if len(head.corners) == 2 else _tip(stroke, at_end, head)
        points = (*stroke.points, tip) if at_end else (tip, *stroke.points)
        if tip == end:
            points = stroke.points
        shafts[number] = stroke._replace(
            points=points, start_head=stroke.start_head or not at_end, end_head=stroke.end_head or at_end
        )
    return [head for number, head in enumerate(heads) if number not in found]


def outward(points: tuple[Point, ...], at_end: bool) -> Point:
    """Return the direction in which a stroke would go on at an end, of length 1."""
    ordered = points if at_end else points[::-1]
    (x, y) = ordered[-1]
    for before in reversed(ordered[:-1]):
        far = math.hypot(x - before[0], y - before[1])
        if far > 0:
            return ((x - before[0]) / far, (y - before[1]) / far)
    return (0.0, 0.0)


def _tip(stroke: StrokeMark, at_end: bool, head: _Head) -> Point:
    ux, uy = outward(stroke.points, at_end)
    return max(head.corners, key=lambda corner: corner[0] * ux + corner[1] * uy)


def _how_far_off(stroke: StrokeMark, at_end: bool, head: _Head) -> float | None:
    """Return how badly a head fits the end of a stroke; None where it does not."""
    x, y = stroke.points[-1 if at_end else 0]
    ux, uy = outward(stroke.points, at_end)
    long = length_of(stroke.points)
    if head.size > 0.8 * long:
        return None
    if len(head.corners) == 2:
        return _off_of_barb((x, y), (ux, uy), head)
    tip = _tip(stroke, at_end, head)
    across = abs((tip[0] - x) * uy - (tip[1] - y) * ux)
    along = (tip[0] - x) * ux + (tip[1] - y) * uy
    back = min(corner[0] * ux + corner[1] * uy for corner in head.corners) - (x * ux + y * uy)
    if across > 0.3 * head.size or not (-0.3 * head.size <= along and back <= 0.4 * head.size):
        return None
    middle = sum(abs((corner[0] - tip[0]) * uy - (corner[1] - tip[1]) * ux) for corner in head.corners)
    sides = [(corner[0] - tip[0]) * uy - (corner[1] - tip[1]) * ux for corner in head.corners]
    uneven = abs(sum(sides))
    if uneven >= 0.6 * middle:
        return None
    return across + abs(min(along, 0.0)) + abs(max(back, 0.0)) + 0.2 * uneven


def _off_of_barb(end: Point, towards: Point, head: _Head) -> float | None:
    """Return how badly a single line fits as one side of a head: it starts at the end and leads back."""
    near, far = sorted(head.corners, key=lambda corner: math.dist(corner, end))
    off = math.dist(near, end)
    along = ((far[0] - near[0]) * towards[0] + (far[1] - near[1]) * towards[1]) / (head.size or 1.0)
    return off + 0.6 * abs(along + 0.9) * head.size if off < 0.25 * head.size and -0.98 < along < -0.4 else None
