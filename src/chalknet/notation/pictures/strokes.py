"""Lines that are traced, where they run alone, and arrowheads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found, thickness
from chalknet.notation.pictures.pairs import Joint, length

_MOST_TRACED = 400
_SCRAPS = 0.12  # loose lines for each that joins two shapes that an unsteady hand leaves behind
_LOOP = 0.6  # units that a line has to leave a shape to which it comes back; else it is a part of its rim
_SLIM = 3.2  # times longer than half of it is wide, at most, is a head
_APART = 24.0  # degrees between lines whose heads can be told apart


@dataclass(frozen=True)
class TracedLine:
    """A line that was traced.

    Args:
        points: along it.
        start_head, end_head: whether it is wide at an end, as an arrowhead is.
        trust: how sure it is that it is one line.
        ends: the numbers of the shapes that it joins, where that is known.
    """

    points: tuple[tuple[float, float], ...]
    start_head: bool
    end_head: bool
    trust: float
    ends: tuple[int, int] | None = None


def left_over(
    canvas: InkedPicture, shapes: Sequence[Found], joints: Sequence[Joint], words: Sequence[Lettering]
) -> Pixels:
    """Return where ink is left when shapes, words and the lines between shapes are taken away."""
    left = canvas.mask.astype(np.uint8)
    for shape in shapes:
        half = (shape.width / 2 + 2, shape.height / 2 + 2)
        if shape.is_round:
            axes = (round(half[0]), round(half[1]))
            cv2.ellipse(left, (round(shape.x), round(shape.y)), axes, shape.angle, 0, 360, 0, -1)
        else:
            box = cv2.boxPoints(((shape.x, shape.y), (2 * half[0], 2 * half[1]), shape.angle))
            cv2.fillPoly(left, [box.astype(np.int32)], 0)
    for one in words:
        box = cv2.boxPoints(((one.x, one.y), (one.width + 2, one.height + 2), one.angle))
        cv2.fillPoly(left, [box.astype(np.int32)], 0)
    wide = round(1.3 * thickness(canvas)) + 8
    for joint in joints:
        cv2.polylines(left, [np.round(joint.points).astype(np.int32)], False, 0, wide)
    return left


def traced(left: Pixels, shapes: Sequence[Found]) -> list[TracedLine]:
    """Return the lines that are left over beside shapes, words and the lines that are known."""
    unit = float(np.median([shape.size for shape in shapes])) if shapes else 20.0
    return _lines_of(left, max(10.0, 0.35 * unit))


def joining(
    lines: Sequence[TracedLine], shapes: Sequence[Found], joints: Sequence[Joint]
) -> tuple[list[TracedLine], list[TracedLine]]:
    """Return the lines that lead from a shape to a shape, and those between shapes that end nowhere.

    What hands in or out of the network, and scraps, join nothing. A line between two columns that ends
    nowhere says that something there was not understood.

    Args:
        lines: that were traced.
        shapes: the units.
        joints: the lines between them that are known.
    """
    if not shapes:
        return [], []
    size = float(np.median([shape.size for shape in shapes]))
    joined = {number for joint in joints for number in (joint.one, joint.other)}
    x = [shapes[number].x for number in joined] or [0.0]
    y = [shapes[number].y for number in joined] or [0.0]

    def at(point: tuple[float, float]) -> int | None:
        near = [
            (far, number)
            for number, shape in enumerate(shapes)
            if (far := math.hypot((point[0] - shape.x) / (shape.width / 2 + 0.35 * size),
                                  (point[1] - shape.y) / (shape.height / 2 + 0.35 * size))) < 1
        ]  # fmt: skip
        return min(near)[1] if near else None

    def inside(point: tuple[float, float]) -> bool:
        return min(x) < point[0] < max(x) and min(y) < point[1] < max(y)

    kept, loose = [], []
    for line in lines:
        start, end = at(line.points[0]), at(line.points[-1])
        is_loop = start == end and start is not None and _reach(line, shapes[start]) > _LOOP * size
        if start is not None and end is not None and (start != end or is_loop):
            kept.append(replace(line, ends=(start, end)))
        elif (
            (start is None) != (end is None)
            and all(inside(point) for point in line.points)
            and math.dist(line.points[0], line.points[-1]) > 1.2 * size
        ):
            loose.append(line)
    return kept, loose if len(loose) > _SCRAPS * len(joints) else []


def _reach(line: TracedLine, shape: Found) -> float:
    """Return how far a line goes from the rim of a shape."""
    return max(math.hypot(x - shape.x, y - shape.y) for x, y in line.points) - shape.size / 2


def _lines_of(left: Pixels, least: float) -> list[TracedLine]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=8)
    order = sorted(range(1, count), key=lambda number: -max(stats[number, 2], stats[number, 3]))
    found = []
    for number in order[:_MOST_TRACED]:
        x, y, width, height, _ = map(int, stats[number])
        if max(width, height) < least:
            break
        down, across = np.nonzero(labels[y : y + height, x : x + width] == number)
        line = _followed(across.astype(np.float32) + x, down.astype(np.float32) + y)
        if line is not None:
            found.append(line)
    return found


def _followed(x: Pixels, y: Pixels) -> TracedLine | None:
    """Return the line that pixels are, where at each step along it they lie together."""
    points = np.stack([x, y], axis=1)
    middle = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - middle, full_matrices=False) if len(points) < 4000 else _axes(points)
    along = (points - middle) @ axes[0]
    aside = (points - middle) @ axes[1]
    long = float(along.max() - along.min())
    steps = int(np.clip(long / 4, 3, 40))
    place = np.minimum(((along - along.min()) / (long + 1e-6) * steps).astype(int), steps - 1)
    number = np.bincount(place, minlength=steps)
    if number.min() == 0:
        return None
    mean = np.bincount(place, aside, steps) / number
    spread = np.sqrt(np.maximum(np.bincount(place, aside**2, steps) / number - mean**2, 0)) * math.sqrt(12)
    thick = float(np.median(spread))
    inner = spread[1:-1] if steps > 4 else spread
    body = np.sort(inner)[: max(1, int(0.8 * len(inner)))]
    if thick > 0.3 * long or float(body.max()) > 2.5 * thick + 3:
        return None  # several lines, or a spot
    along_mean = np.bincount(place, along, steps) / number
    along_mean[0], along_mean[-1] = along.min(), along.max()
    curve = middle + along_mean[:, None] * axes[0] + mean[:, None] * axes[1]
    start, end = _is_headed(spread, thick), _is_headed(spread[::-1], thick)
    straight = float(np.abs(mean - np.linspace(mean[0], mean[-1], steps)).max()) < max(2.5, 0.02 * long)
    kept = curve[[0, -1]] if straight else curve[:: max(1, steps // 12)]
    if not straight:
        kept = np.vstack([kept, curve[-1:]])
    trust = 0.7 if straight else 0.55
    return TracedLine(tuple((float(px), float(py)) for px, py in kept), start, end, trust)


def _axes(points: Pixels) -> tuple[None, None, Pixels]:
    _, _, axes = np.linalg.svd(np.cov((points - points.mean(axis=0)).T))
    return None, None, axes


def _is_headed(spread: Pixels, thick: float) -> bool:
    near = spread[: max(2, len(spread) // 4)]
    return float(near.max()) > 1.8 * thick + 2


class Barb(NamedTuple):
    """One side of what may be a head: how long it is and how wide, in pixels."""

    long: float
    wide: float


@dataclass(frozen=True)
class Heads:
    """Whether there are arrowheads at the two ends of a line; None where that cannot be seen.

    Args:
        start, end: whether the ink is wider there than along the line, as it is too where lines meet.
        start_barbs, end_barbs: the sides on which it is wider step by step, and then no longer.
    """

    start: bool | None
    end: bool | None
    start_barbs: tuple[Barb, ...] = ()
    end_barbs: tuple[Barb, ...] = ()


class _Free(NamedTuple):
    """Whether no other line is near, clockwise and counter-clockwise."""

    after: bool
    before: bool


def heads_of(
    canvas: InkedPicture, hidden: Pixels, shapes: Sequence[Found], joints: Sequence[Joint]
) -> list[Heads]:
    """Return which ends of lines have heads: there the ink is wider than along the line.

    Only the sides are looked at on which no other line leaves the same shape nearby; an end without one
    is unknown.

    Args:
        canvas: the picture.
        hidden: where shapes or words hide what there is.
        shapes: those that the lines join.
        joints: the lines.
    """
    if not joints:
        return []
    unit = float(np.median([shape.size for shape in shapes]))
    away = cv2.dilate(hidden, np.ones((5, 5), np.uint8))
    canvas = replace(canvas, ink=np.where(away > 0, 0, canvas.ink))
    free = _free_sides(shapes, joints)
    return [_widened(canvas, joint, unit, free[number]) for number, joint in enumerate(joints)]


def _free_sides(shapes: Sequence[Found], joints: Sequence[Joint]) -> list[tuple[_Free, _Free]]:
    """Return for both ends of each line the sides, clockwise and not, on which no other line is near."""
    at: dict[int, list[float]] = {}
    ways = []
    for joint in joints:
        one, other = shapes[joint.one], shapes[joint.other]
        turn = math.degrees(math.atan2(other.y - one.y, other.x - one.x))
        ways.append((turn, (turn + 360) % 360 - 180))
        at.setdefault(joint.one, []).append(ways[-1][0])
        at.setdefault(joint.other, []).append(ways[-1][1])

    def free(number: int, turn: float) -> _Free:
        off = [(each - turn + 180) % 360 - 180 for each in at[number]]
        after = min((each for each in off if each > 0.01), default=360.0)
        before = min((-each for each in off if each < -0.01), default=360.0)
        return _Free(after > _APART, before > _APART)

    return [
        (free(joint.one, start), free(joint.other, end))
        for joint, (start, end) in zip(joints, ways, strict=True)
    ]


def _widened(canvas: InkedPicture, joint: Joint, unit: float, free: tuple[_Free, _Free]) -> Heads:
    """Return whether a line is wider near its two ends than in between."""
    long = length(joint)
    if long < 8:
        return Heads(None, None)
    (x0, y0), (x1, y1) = joint.start, joint.end
    way = ((x1 - x0) / long, (y1 - y0) / long)
    reach = min(0.35 * long, max(8.0, 0.6 * unit), 30.0)
    far = min(0.6 * long, max(12.0, 0.8 * unit), 60.0)  # to where a head may reach
    half = math.ceil(min(24.0, max(6.0, 0.35 * unit)))
    aside = np.arange(-half, half + 1, dtype=np.float32)
    middle = np.linspace(0.35 * long, 0.65 * long, 24, dtype=np.float32)
    near = np.arange(0.5, far, 1.0, dtype=np.float32)
    count = math.ceil(reach - 0.5)
    usual = np.median(_sides(canvas, (x0, y0), way, middle, aside), axis=1)
    found: list[bool | None] = []
    barbs: list[tuple[Barb, ...]] = []
    for from_end in (False, True):
        sides = _sides(canvas, (x0, y0), way, long - near if from_end else near, aside)
        open_sides = (free[1].before, free[1].after) if from_end else (free[0].after, free[0].before)
        asked = [n for n in (0, 1) if open_sides[n]]
        found.append(all(_swells(sides[n, :count], float(usual[n])) for n in asked) if asked else None)
        both = (_barb(sides[n], float(usual[n])) for n in (0, 1))
        barbs.append(tuple(barb for barb in both if barb is not None))
    return Heads(found[0], found[1], barbs[0], barbs[1])


def _swells(side: Pixels, body: float) -> bool:
    """Return whether a side of a line reaches out near its end and comes back to the line: a barb."""
    wide = float(np.sort(side)[-2:].mean())
    at = int(side.argmax())
    back = side[at:]
    return wide > body + 1.6 and float(back.min()) < 0.5 * (wide + body)


def _barb(side: Pixels, body: float) -> Barb | None:
    """Return the side of a head that a side of a line is: wider step by step, and then the line again.

    Lines that meet at a shape are widest there; one that crosses is met all at once.
    """
    steps = np.diff(side)
    first = int((side > 0).argmax()) + 1
    breaks = np.flatnonzero((steps[first:] < -1) | (steps[first:] > 3))
    last = first + int(breaks[0]) if len(breaks) else len(side)
    if last - first < 3 or last >= len(side) - 1:
        return None
    peak, low = float(side[last]), float(side[first : first + 2].min())
    after = float(side[last + 1 : last + 6].min())
    is_head = peak > body + 1.6 and peak > 1.5 * low and after < body + 0.45 * (peak - body)
    is_head = is_head and last - first < _SLIM * peak
    return Barb(float(last), peak) if is_head else None


def _sides(
    canvas: InkedPicture, start: tuple[float, float], way: tuple[float, float], along: Pixels, aside: Pixels
) -> Pixels:
    """Return how far ink reaches to either side of a line at places along it, (2, places)."""
    x = (start[0] + along[:, None] * way[0] - aside * way[1]).astype(np.float32)
    y = (start[1] + along[:, None] * way[1] + aside * way[0]).astype(np.float32)
    ink = cv2.remap(canvas.ink, x, y, cv2.INTER_LINEAR, borderValue=0)
    bar = max(canvas.least, 0.35 * float(np.median(ink[:, len(aside) // 2])))
    dark = ink > bar
    half = len(aside) // 2
    right, left = dark[:, half:], dark[:, half::-1]
    return np.stack([_run(right), _run(left)]).astype(np.float32)


def _run(rows: Pixels) -> Pixels:
    """Return how many samples of each row are dark from the first one on."""
    stop = ~rows
    stop = np.hstack([stop, np.ones((len(rows), 1), bool)])
    found: Pixels = stop.argmax(axis=1)
    return found
