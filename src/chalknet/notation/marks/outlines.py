"""Which shape a closed outline is, from its points alone: a disc, a box, an arrow drawn as an area."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.mark import Point

_ROUND, _SKETCHY_ROUND = 0.13, 0.4  # how far points of an ellipse may be off its equation
_SLENDER = 4  # how many times longer than wide an arrow is that is drawn as an area
_MANY, _FINE = 100, 0.03  # points of a curve that are made fewer, and how near these stand, by its size
_THIN = 15  # how many times longer than wide an area is that stands for a line


class Outline(NamedTuple):
    """What a closed line is.

    Args:
        kind: the word of a `ShapeMark`.
        place: its middle and size, before it is turned.
        angle: how far it is turned, in degrees.
        corners: those of a triangle or polygon.
    """

    kind: str
    place: Place
    angle: float = 0.0
    corners: tuple[Point, ...] = ()


def place_of(points: Sequence[Point]) -> Place:
    """Return what points cover."""
    across, down = [x for x, _ in points], [y for _, y in points]
    left, right, top, bottom = min(across), max(across), min(down), max(down)
    return Place((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def length_of(points: Sequence[Point]) -> float:
    """Return how long a line is."""
    return sum(math.dist(one, other) for one, other in pairwise(points))


def corners_of(points: Sequence[Point], extent: float, *, closed: bool = True) -> list[Point]:
    """Return the points at which a line turns."""
    kept: list[Point] = []
    near = extent * 1e-3
    for point in points:
        if not kept or math.dist(kept[-1], point) > near:
            kept.append(point)
    if closed and len(kept) > 1 and math.dist(kept[0], kept[-1]) <= near:
        kept.pop()
    if len(kept) < 3:
        return kept
    found = []
    for index, (x, y) in enumerate(kept):
        if not closed and index in (0, len(kept) - 1):
            found.append((x, y))
            continue
        (ax, ay), (bx, by) = kept[index - 1], kept[(index + 1) % len(kept)]
        cross = (x - ax) * (by - ay) - (y - ay) * (bx - ax)
        along = (x - ax) * (bx - x) + (y - ay) * (by - y)
        if abs(cross) > 0.03 * math.hypot(x - ax, y - ay) * math.hypot(bx - x, by - y) or along < 0:
            found.append((x, y))
    return found


def outline_of(points: Sequence[Point]) -> Outline | None:
    """Return what a closed line is; None for what has no area."""
    place = place_of(points)
    extent = max(place.width, place.height)
    if min(place.width, place.height) <= extent * 1e-3:
        return None
    if len(points) > _MANY:
        points = _thinned(points, extent * _FINE)
    corners = corners_of(points, extent)
    if len(corners) < 3:
        return None
    if len(corners) == 4:
        return _of_four(corners, place)
    if len(corners) >= 8 and is_round(corners, place):
        return Outline(_round_kind(place), place)
    if len(corners) > 4 and _is_rounded_box(points, place):
        return Outline("rounded" if len(corners) > 8 else "box", place)
    if len(corners) >= 10 and is_round(corners, place, sketchy=True) and _goes_round(corners, place):
        return Outline(_round_kind(place), place)
    kind = {3: "triangle", 6: "hexagon"}.get(len(corners), "polygon")
    return Outline(kind, place, corners=tuple(corners[:64]))


def _thinned(points: Sequence[Point], near: float) -> list[Point]:
    """Return points of a curve that is given by very many, so that it turns at each of them."""
    kept = [points[0]]
    for point in points:
        if math.dist(kept[-1], point) > near:
            kept.append(point)
    return kept


def _of_four(corners: list[Point], place: Place) -> Outline:
    x, y, width, height = place
    off_corner = max(
        max(abs(abs(px - x) / width - 0.5), abs(abs(py - y) / height - 0.5)) for px, py in corners
    )
    if off_corner < 0.06:
        return Outline("box", place)
    off_middle = max(abs(abs(px - x) / width + abs(py - y) / height - 0.5) for px, py in corners)
    near_middle = max(min(abs(px - x) / width, abs(py - y) / height) for px, py in corners)
    sides = [math.dist(one, other) for one, other in pairwise([*corners, corners[0]])]
    (ax, ay), (bx, by), (cx, cy), _ = corners
    square = (bx - ax) * (cx - bx) + (by - ay) * (cy - by)
    same = abs(sides[0] - sides[2]) + abs(sides[1] - sides[3]) < 0.05 * sum(sides)
    if off_middle < 0.08 and near_middle < 0.08:
        return Outline("diamond", place)
    if same and abs(square) < 0.05 * sides[0] * sides[1]:
        angle = math.degrees(math.atan2(by - ay, bx - ax))
        return Outline("box", Place(x, y, sides[0], sides[1]), angle)
    return Outline("polygon", place, corners=tuple(corners))


def is_round(points: Sequence[Point], place: Place, *, sketchy: bool = False) -> bool:
    """Return whether all points lie on the ellipse that fills a place."""
    x, y, width, height = place
    if not width or not height:
        return False
    tolerance = _SKETCHY_ROUND if sketchy else _ROUND
    return all(
        abs(4 * ((px - x) / width) ** 2 + 4 * ((py - y) / height) ** 2 - 1) < tolerance for px, py in points
    )


def _round_kind(place: Place) -> str:
    return "disc" if abs(place.width - place.height) <= 0.08 * max(place.width, place.height) else "ellipse"


def area_of(points: Sequence[Point]) -> float:
    """Return what a closed line encloses."""
    ends = [*points[1:], points[0]]
    return abs(sum(x * v - u * y for (x, y), (u, v) in zip(points, ends, strict=True))) / 2


def _is_rounded_box(points: Sequence[Point], place: Place) -> bool:
    x, y, width, height = place
    band = 0.3 * min(width, height)
    near = all(min(width / 2 - abs(px - x), height / 2 - abs(py - y)) <= band for px, py in points)
    return near and area_of(points) > 0.86 * width * height


def sketchy_outline(parts: Sequence[Sequence[Point]]) -> Outline | None:
    """Return the shape that several open lines draw together, as drawing by hand is imitated; or None."""
    points = [point for part in parts for point in part]
    if len(parts) > 10 or len(points) > 400:
        return None
    place = place_of(points)
    parts = [_with_points_between(part) for part in parts]
    points = [point for part in parts for point in part]
    x, y, width, height = place
    small = min(width, height)
    if small <= 0.1 * max(width, height) or len(points) < 8:
        return None
    if (
        all(len(part) >= 40 for part in parts)
        and is_round(points, place, sketchy=True)
        and _goes_round(points, place)
    ):
        return Outline(_round_kind(place), place)
    band = 0.12 * small
    sides: set[str] = set()
    for part in parts:
        for px, py in part:
            gaps = {"left": px - x + width / 2, "right": x + width / 2 - px}
            gaps |= {"top": py - y + height / 2, "bottom": y + height / 2 - py}
            nearest = min(gaps, key=gaps.__getitem__)
            if gaps[nearest] > band:
                return _sketchy_diamond(points, place)
            sides.add(nearest)
    return Outline("box", place) if len(sides) == 4 and len(parts) >= 4 else None


def _with_points_between(part: Sequence[Point]) -> list[Point]:
    """Return a line with more points on it."""
    found = [part[0]]
    for (x, y), (u, v) in pairwise(part):
        found += [(x + (u - x) * share, y + (v - y) * share) for share in (0.25, 0.5, 0.75, 1.0)]
    return found


def _sketchy_diamond(points: Sequence[Point], place: Place) -> Outline | None:
    x, y, width, height = place
    off = max(abs(abs(px - x) / width + abs(py - y) / height - 0.5) for px, py in points)
    return Outline("diamond", place) if off < 0.1 and _goes_round(points, place) else None


def _goes_round(points: Sequence[Point], place: Place) -> bool:
    """Return whether points lie in every direction from the middle."""
    eighths = {int(math.atan2(y - place.y, x - place.x) / (math.pi / 4) + 4) % 8 for x, y in points}
    return len(eighths) == 8


class AreaLine(NamedTuple):
    """A line that is drawn as an area.

    Args:
        start, end: the middles of its ends.
        head: whether its end is an arrowhead.
        width: how thick it is.
    """

    start: Point
    end: Point
    head: bool
    width: float


def area_line(outline: Outline, corners: Sequence[Point]) -> AreaLine | None:
    """Return the line that a thin box or a closed arrow stands for; None for any other shape."""
    place = outline.place
    if outline.kind == "box" and max(place.width, place.height) > _THIN * min(place.width, place.height):
        turn = math.radians(outline.angle)
        along = place.width > place.height
        half = max(place.width, place.height) / 2
        dx, dy = (math.cos(turn), math.sin(turn)) if along else (-math.sin(turn), math.cos(turn))
        start, end = (place.x - half * dx, place.y - half * dy), (place.x + half * dx, place.y + half * dy)
        return AreaLine(start, end, False, min(place.width, place.height))
    arrow = _closed_arrow(corners) if len(corners) == 7 else None
    if arrow is None and len(corners) >= 7:
        arrow = _slender_arrow(corners) or _even_arrow(corners)
    return arrow


def _even_arrow(corners: Sequence[Point]) -> AreaLine | None:
    """Return the arrow that a long area with two like sides stands for: its tail is broad, or forked."""
    if len(corners) > _MANY:
        return None
    found = []
    for tip in max(((a, b) for a in corners for b in corners), key=lambda pair: math.dist(*pair)):
        tail, *others = sorted(corners, key=lambda corner: -math.dist(corner, tip))
        long = math.dist(tail, tip)
        other = next((corner for corner in others if math.dist(corner, tail) > 0.04 * long), tail)
        start = ((tail[0] + other[0]) / 2, (tail[1] + other[1]) / 2)
        ux, uy = (tip[0] - start[0]) / long, (tip[1] - start[1]) / long
        spots = [((x - start[0]) * ux + (y - start[1]) * uy, (y - start[1]) * ux - (x - start[0]) * uy)
                 for x, y in corners]  # fmt: skip
        low, high = min(spots, key=lambda spot: spot[1]), max(spots, key=lambda spot: spot[1])
        wide, uneven = high[1] - low[1], abs(high[1] + low[1])
        level = abs(high[0] - low[0]) < 0.1 * long and min(high[0], low[0]) > 0.6 * long
        if level and uneven < 0.2 * wide and wide <= long / _SLENDER:
            width = max(2 * area_of(corners) / long - wide / 2, 0.1 * wide)
            found.append(AreaLine(start, tip, True, width))
    return found[0] if len(found) == 1 else None


def _slender_arrow(corners: Sequence[Point]) -> AreaLine | None:
    """Return the arrow that a long area stands for: its tip is the end at which it is widest, or pointed."""
    if len(corners) > _MANY:
        return None
    one, other = max(((a, b) for a in corners for b in corners), key=lambda pair: math.dist(*pair))
    long = math.dist(one, other)
    ux, uy = (other[0] - one[0]) / long, (other[1] - one[1]) / long
    spots = [
        ((x - one[0]) * ux + (y - one[1]) * uy, (y - one[1]) * ux - (x - one[0]) * uy) for x, y in corners
    ]
    low, high = min(spots, key=lambda spot: spot[1]), max(spots, key=lambda spot: spot[1])
    wide, widest = high[1] - low[1], (low[0] + high[0]) / 2 / long
    if wide > long / _SLENDER:
        return None
    near = min(0.005 * long, 0.1 * wide)
    starts, ends = [y for x, y in spots if x < near], [y for x, y in spots if x > long - near]
    blunt, pointed = sorted((max(starts) - min(starts), max(ends) - min(ends)), reverse=True)
    if blunt >= 0.5 * wide and pointed <= 0.5 * blunt:
        forwards = max(ends) - min(ends) == pointed
    elif abs(low[0] - high[0]) < 0.1 * long and not 0.3 < widest < 0.7:
        forwards = widest > 0.5
    else:
        return None
    width = max(2 * area_of(corners) / long - wide / 2, 0.1 * wide)
    return AreaLine(one, other, True, width) if forwards else AreaLine(other, one, True, width)


def _closed_arrow(corners: Sequence[Point]) -> AreaLine | None:
    """Return the arrow of seven corners: tail, neck and barbs, two of each, and the tip."""
    best: tuple[float, AreaLine] | None = None
    for first in range(7):
        tail, other, neck, barb, tip, other_barb, other_neck = (
            corners[(first + step) % 7] for step in range(7)
        )
        length = math.dist(tail, tip)
        middle = ((tail[0] + other[0]) / 2, (tail[1] + other[1]) / 2)
        uneven = abs(length - math.dist(other, tip)) + abs(math.dist(neck, tip) - math.dist(other_neck, tip))
        uneven += abs(math.dist(barb, tip) - math.dist(other_barb, tip))
        shaft, head = math.dist(tail, other), math.dist(barb, other_barb)
        is_arrow = shaft < head < 1.5 * length and abs(shaft - math.dist(neck, other_neck)) < 0.3 * head
        if is_arrow and length and (best is None or uneven < best[0]):
            best = (uneven, AreaLine(middle, tip, True, shaft))
    if best is None or best[0] > 0.1 * math.dist(best[1].start, best[1].end):
        return None
    return best[1]
