"""Arrowheads that are drawn as marks of their own, given to the strokes at whose ends they stand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import NamedTuple

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.mark import Point, ShapeMark, StrokeMark, Tidied
from chalknet.notation.marks.nearby import BoxIndex, median
from chalknet.notation.marks.outlines import corners_of, length_of, place_of

_MOST_RULES = 4  # lines of a page, longer than those between shapes
_STRAIGHT, _BOWED = 0.97, 0.9  # from end to end, of the length: a line, and one side of a head by hand
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
    unit = _usual_shape(found)
    usual = _usual_length(found, lengths, unit, spend)
    only_heads = all(shape.kind in _HEADS for shape in found.shapes)
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
        small = size < (0.35 * usual if only_heads and shape.kind != "diamond" else 0.7 * unit)
        if shape.kind in _HEADS and small and not shape.key and len(shape.corners) <= 8:
            corners = shape.corners or _of_diamond(shape)
            heads.append(_Head(_middle_of(corners), size, corners, shape, False))
        else:
            shapes.append(shape)
    if not heads:
        return
    left = _attached(shafts, heads, spend)
    kept = {id(head) for head in left}
    found.unused += [(head.mark, "an arrowhead") for head in heads if id(head) not in kept]
    shapes += [head.mark for head in left if isinstance(head.mark, ShapeMark)]
    shafts += [head.mark for head in left if isinstance(head.mark, StrokeMark)]
    found.shapes = sorted(shapes, key=lambda shape: shape.at)
    found.strokes = sorted(shafts, key=lambda stroke: stroke.at)


def _usual_length(
    found: Tidied, lengths: Sequence[float], unit: float, spend: Callable[[int], None]
) -> float:
    """Return the usual length of shafts, though most strokes may be halves of heads.

    The longest do not count where they end at no shape, as the rule at the foot of a slide.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    units = [shape.place for shape in found.shapes if max(shape.place.width, shape.place.height) < 4 * unit]
    for _ in range(_MOST_RULES):
        if len(order) < 3:
            break
        points = found.strokes[order[-1]].points
        spend(2 * len(units))
        if any(
            abs(x - place.x) < (place.width + unit) / 2 and abs(y - place.y) < (place.height + unit) / 2
            for x, y in (points[0], points[-1])
            for place in units
        ):
            break
        order.pop()
    return lengths[order[int(0.9 * len(order))]] if order else 0.0


def _middle_of(corners: Sequence[Point]) -> Point:
    return (fmean(x for x, _ in corners), fmean(y for _, y in corners))


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
    if (
        long > 0.7 * usual
        or stroke.start_head
        or stroke.end_head
        or stroke.key
        or stroke.source
        or stroke.target
    ):
        return None
    straight = math.dist(stroke.points[0], stroke.points[-1]) / (long or 1.0)
    corners = [] if straight > _STRAIGHT else corners_of(stroke.points, long, closed=False)
    if len(corners) == 3:
        first, tip, last = corners
        sides = math.dist(first, tip), math.dist(tip, last)
        if abs(sides[0] - sides[1]) < 0.35 * max(sides) and math.dist(first, last) < 1.7 * max(sides):
            return _Head(_middle_of(corners), max(sides), tuple(corners), stroke, True)
    if straight > _BOWED and long < 0.35 * usual and (long < 0.7 * unit or not unit):
        place = place_of(stroke.points)
        return _Head((place.x, place.y), long, (stroke.points[0], stroke.points[-1]), stroke, True)
    return None


class _End(NamedTuple):
    """An end of a stroke: where it is, where it would go on, and how long the stroke is."""

    number: int
    at_end: bool
    at: Point
    towards: Point
    long: float


def _attached(shafts: list[StrokeMark], heads: list[_Head], spend: Callable[[int], None]) -> list[_Head]:
    """Give the heads to the strokes in place, and return those that fit none."""
    ends = []
    for number, stroke in enumerate(shafts):
        long = length_of(stroke.points)
        for at_end in (False, True):
            at = stroke.points[-1 if at_end else 0]
            ends.append(_End(number, at_end, at, outward(stroke.points, at_end), long))
    found = _fitting(ends, heads, _drawn_together(ends, shafts, heads), spend)
    for each, place in found.items():
        end, head = ends[place], heads[each]
        stroke = shafts[end.number]
        tip = end.at if len(head.corners) == 2 else _tip(end, head)
        points = stroke.points
        if tip != end.at:
            points = (*points, tip) if end.at_end else (tip, *points)
        shafts[end.number] = stroke._replace(
            points=points,
            start_head=stroke.start_head or not end.at_end,
            end_head=stroke.end_head or end.at_end,
        )
    return [head for number, head in enumerate(heads) if number not in found]


def _drawn_together(ends: list[_End], shafts: list[StrokeMark], heads: list[_Head]) -> dict[int, int]:
    """Return the ends at which heads stand that are drawn right after, or right before, their stroke."""
    order = sorted([*((stroke.at, 0, number) for number, stroke in enumerate(shafts)),
                    *((head.mark.at, 1, number) for number, head in enumerate(heads))])  # fmt: skip
    found = {}
    for place, (_, is_head, number) in enumerate(order):
        if not is_head or len(heads[number].corners) == 2:
            continue
        beside = [order[near] for near in (place - 1, place + 1) if 0 <= near < len(order)]
        places = [2 * stroke + side for _, kind, stroke in beside if not kind for side in (0, 1)]
        fits = [
            (off, each) for each in places if (off := _how_far_off(ends[each], heads[number])) is not None
        ]
        if fits and min(fits)[0] < 0.15 * heads[number].size:
            found[number] = min(fits)[1]
    return found


def _fitting(
    ends: list[_End], heads: list[_Head], found: dict[int, int], spend: Callable[[int], None]
) -> dict[int, int]:
    """Return for each head the end that it fits best, given those that are known already."""
    index = BoxIndex(spend)
    taken = Counter(place for place in found.values() for _ in range(2))
    copies: dict[tuple[Point, ...], list[int]] = {}  # heads that are drawn one over the other
    for number, head in enumerate(heads):
        if number not in found:
            copies.setdefault(head.corners, []).append(number)
    piles = list(copies.values())
    for each, pile in enumerate(piles):
        index.add(each, Place(*heads[pile[0]].middle), 1.3 * heads[pile[0]].size)
    fits: list[tuple[float, int, int]] = []
    for place, end in enumerate(ends):
        if not taken[place]:
            (x, y), (ux, uy) = end.at, end.towards
            for each in index.at(x, y):
                head = heads[piles[each][0]]
                (mx, my), far = head.middle, (0.32 if len(head.corners) == 2 else 0.2) * head.size
                if not -far < (mx - x) * uy - (my - y) * ux < far:  # most of a pile of heads
                    continue
                spend(5)
                off = _how_far_off(end, head)
                if off is not None:
                    fits.append((off, each, place))
    fits.sort()
    for _, each, place in fits:  # the best first, an end with one head
        pile = piles[each]
        parts = 1 if pile and len(heads[pile[-1]].corners) == 2 else 2
        if pile and taken[place] + parts <= 2:
            found[pile.pop()] = place
            taken[place] += parts
    for _, each, place in fits:  # then those that are left over
        while piles[each]:
            found[piles[each].pop()] = place
    return found


def outward(points: tuple[Point, ...], at_end: bool) -> Point:
    """Return the direction in which a stroke would go on at an end, of length 1."""
    ordered = points if at_end else points[::-1]
    (x, y) = ordered[-1]
    for before in reversed(ordered[:-1]):
        far = math.hypot(x - before[0], y - before[1])
        if far > 0:
            return ((x - before[0]) / far, (y - before[1]) / far)
    return (0.0, 0.0)


def _tip(end: _End, head: _Head) -> Point:
    ux, uy = end.towards
    return max(head.corners, key=lambda corner: corner[0] * ux + corner[1] * uy)


def _how_far_off(end: _End, head: _Head) -> float | None:
    """Return how badly a head fits the end of a stroke; None where it does not."""
    if head.size > 0.8 * end.long:
        return None
    if len(head.corners) == 2:
        return _off_of_barb(end, head)
    (x, y), (ux, uy) = end.at, end.towards
    size = head.size
    along, across = [], []
    for px, py in head.corners:
        dx, dy = px - x, py - y
        along.append(dx * ux + dy * uy)
        across.append(dx * uy - dy * ux)
    tip = max(along)
    aside = across[along.index(tip)]
    back = min(along)
    if abs(aside) > 0.3 * size or tip < -0.3 * size or back > 0.4 * size:
        return None
    sides = [each - aside for each in across]
    uneven = abs(sum(sides))
    if uneven >= 0.6 * sum(map(abs, sides)):
        return None
    return abs(aside) - min(tip, 0.0) + max(back, 0.0) + 0.2 * uneven


def _off_of_barb(end: _End, head: _Head) -> float | None:
    """Return how badly a single line fits as one side of a head: it starts at the end and leads back."""
    near, far = sorted(head.corners, key=lambda corner: math.dist(corner, end.at))
    off = math.dist(near, end.at)
    along = ((far[0] - near[0]) * end.towards[0] + (far[1] - near[1]) * end.towards[1]) / (head.size or 1.0)
    if off >= 0.25 * head.size or not -0.98 < along < -0.4:
        return None
    return off + 0.6 * abs(along + 0.9) * head.size
