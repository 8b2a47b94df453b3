"""Which shapes a stroke joins: those at which it ends, as far as ends miss them in the drawing at hand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.heads import outward
from chalknet.notation.marks.mark import Point, ShapeMark, StrokeMark
from chalknet.notation.marks.nearby import BoxIndex, Rim, median, rim_of, whole_place
from chalknet.notation.marks.outlines import length_of

_REACH = 1.5  # how many sizes of a shape an end may stay away from it
_ASIDE = 0.3  # the same, where its direction passes the shape
_LEAST_TOLERANCE = 0.3


class Near(NamedTuple):
    """The shape that an end comes nearest to, and by how many sizes of it the end misses it."""

    shape: int
    gap: float


class Joined(NamedTuple):
    """What the ends of a stroke are at: numbers of shapes, None for a free end."""

    start: int | None
    end: int | None


class Joints:
    """Finds the shapes at which strokes end.

    Args:
        shapes: all of them.
        frames: the numbers of those that hold others; an end within them is not at them, one at their rim is.
        spend: is told of the steps.
    """

    def __init__(self, shapes: Sequence[ShapeMark], frames: set[int], spend: Callable[[int], None]) -> None:
        self._rims: list[Rim] = [rim_of(shape) for shape in shapes]
        self._keys = {shape.key: number for number, shape in enumerate(shapes) if shape.key}
        self._frames = frames
        self._index = BoxIndex(spend)
        for number, shape in enumerate(shapes):
            reach = 0.0 if number in frames else _REACH * self._rims[number].size
            self._index.add(number, whole_place(shape), reach)
        sizes = [rim.size for number, rim in enumerate(self._rims) if number not in frames]
        self._unit = median(sizes, 1.0)
        self._inside: dict[Point, int | None] = {}  # many strokes end at one point

    def join(self, strokes: Sequence[StrokeMark]) -> list[Joined]:
        """Return what each stroke joins.

        How far ends may miss a shape is learned: most of those that point at one miss it by as much.
        """
        found = []
        for stroke in strokes:
            points = stroke.points
            start = self._near(points[0], outward(points, False), points)
            end = self._near(points[-1], outward(points, True), points)
            found.append((start, end))
        gaps = sorted(near.gap for pair in found for near in pair if near is not None and near.gap > 0)
        all_ends = sum(near is not None for pair in found for near in pair)
        usual = gaps[int(0.7 * len(gaps))] if len(gaps) > 0.5 * all_ends else 0.0
        tolerance = max(_LEAST_TOLERANCE, 2.5 * usual)
        joined = []
        for stroke, (start, end) in zip(strokes, found, strict=True):
            ends = [
                near.shape if near is not None and near.gap <= tolerance else None for near in (start, end)
            ]
            ends = [
                self._keys.get(key, at) for key, at in zip((stroke.source, stroke.target), ends, strict=True)
            ]
            joined.append(Joined(*ends))
        return joined

    def _near(self, at: Point, towards: Point, points: tuple[Point, ...]) -> Near | None:
        """Return the shape around an end; else the first that its direction meets; else one right beside."""
        if at not in self._inside:
            self._inside[at] = self._around(at)
        around = self._inside[at]
        if around is not None:
            return Near(around, 0.0)
        near = self._nearest(at, towards)
        if near is not None and near.gap > _LEAST_TOLERANCE:
            missed = near.gap * self._rims[near.shape].size
            if missed > 0.45 * length_of(points):
                return None
        return near if near is not None else self._passed(at, towards)

    def _around(self, at: Point) -> int | None:
        """Return the smallest shape, but no frame, in which a point lies."""
        around = [
            (self._rims[number].size, number)
            for number in self._index.at(*at)
            if number not in self._frames and self._rims[number].gap(*at) <= 0
        ]
        return min(around)[1] if around else None

    def _nearest(self, at: Point, towards: Point) -> Near | None:
        x, y = at
        best: Near | None = None
        least = math.inf
        for number in self._index.at(x, y):
            rim = self._rims[number]
            gap = rim.gap(x, y)
            if number in self._frames:
                near = abs(gap) / self._unit
                if near < 0.35 and near + 1 < least:  # a unit is more likely than the frame around it
                    least, best = near + 1, Near(number, 0.0)
                continue
            size = min(rim.size, 2 * self._unit) or self._unit
            if gap > _REACH * size:
                continue
            ahead = rim.ahead(x, y, towards)
            if ahead is not None and ahead <= _REACH * size:
                cost = ahead / size
            elif gap <= _ASIDE * size:
                cost = 2 * gap / size + 0.1
            else:
                continue
            if cost < least:
                least, best = cost, Near(number, gap / size)
            if cost < 0.02:
                break  # right at the rim
        return best

    def _passed(self, at: Point, towards: Point) -> Near | None:
        """Return the shape that a stroke runs through just before it ends."""
        back = (-towards[0], -towards[1])
        best: tuple[float, int] | None = None
        for number in self._index.at(*at):
            rim = self._rims[number]
            if number in self._frames or rim.gap(*at) > 0.4 * rim.size:
                continue
            behind = rim.ahead(*at, back)
            if behind is not None and (best is None or behind < best[0]):
                best = (behind, number)
        return None if best is None else Near(best[1], 0.0)


def usual_size(shapes: Sequence[ShapeMark], joined: Sequence[Joined], default: float) -> float:
    """Return the usual size of the shapes that strokes join, each counted as often as it is joined."""
    ends = Counter(end for pair in joined for end in pair if end is not None)
    sizes = [
        (min(shapes[number].place.width, shapes[number].place.height), count)
        for number, count in ends.items()
    ]
    half = sum(ends.values()) / 2
    for size, count in sorted(sizes):
        half -= count
        if half <= 0:
            return size
    return default


def is_mere_ornament(stroke: StrokeMark, joined: Joined, shapes: Sequence[ShapeMark]) -> bool:
    """Return whether a stroke stays within one shape, as the drawing of an activation does."""
    if joined.start is None or joined.start != joined.end:
        return False
    place = whole_place(shapes[joined.start])
    reach = 1.15
    return all(
        abs(x - place.x) <= reach * place.width / 2 and abs(y - place.y) <= reach * place.height / 2
        for x, y in stroke.points
    )


def touching(place: Place, other: Place, gap: float) -> bool:
    """Return whether two boxes are at most a gap apart."""
    return (
        abs(place.x - other.x) <= (place.width + other.width) / 2 + gap
        and abs(place.y - other.y) <= (place.height + other.height) / 2 + gap
    )
