"""The lines of a picture that join no two shapes, or are bent: traced where they run alone; and arrowheads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import Canvas, Pixels
from chalknet.notation.pictures.lettering import Words
from chalknet.notation.pictures.outlined import Found, thickness
from chalknet.notation.pictures.pairs import Joint, length

_MOST_TRACED = 400


@dataclass(frozen=True)
class Traced:
    """A line that was traced.

    Args:
        points: along it.
        start_head, end_head: whether it is wide at an end, as an arrowhead is.
        trust: how sure it is that it is one line.
    """

    points: tuple[tuple[float, float], ...]
    start_head: bool
    end_head: bool
    trust: float


def traced(
    canvas: Canvas, shapes: Sequence[Found], joints: Sequence[Joint], words: Sequence[Words]
) -> list[Traced]:
    """Return the lines that are left when shapes, words and the lines between shapes are taken away."""
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
    unit = float(np.median([shape.size for shape in shapes])) if shapes else 20.0
    return _lines_of(left, max(10.0, 0.35 * unit))


def _lines_of(left: Pixels, least: float) -> list[Traced]:
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


def _followed(x: Pixels, y: Pixels) -> Traced | None:
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
    return Traced(tuple((float(px), float(py)) for px, py in kept), start, end, trust)


def _axes(points: Pixels) -> tuple[None, None, Pixels]:
    _, _, axes = np.linalg.svd(np.cov((points - points.mean(axis=0)).T))
    return None, None, axes


def _is_headed(spread: Pixels, thick: float) -> bool:
    near = spread[: max(2, len(spread) // 4)]
    return float(near.max()) > 1.8 * thick + 2


@dataclass(frozen=True)
class Heads:
    """Whether there are arrowheads at the two ends of a line."""

    start: bool
    end: bool


def heads_of(canvas: Canvas, joints: Sequence[Joint], unit: float) -> list[Heads]:
    """Return which ends of lines have heads: there the ink is wider than along the line, on both sides.

    Where lines end in a bundle their heads pile up: what most lines between the same sides show decides then.
    """
    if not joints:
        return []
    widths = [_widths(canvas, joint, unit) for joint in joints]
    return [Heads(start > 1.0, end > 1.0) for start, end in widths]


def _widths(canvas: Canvas, joint: Joint, unit: float) -> tuple[float, float]:
    """Return how much wider a line is near its two ends than in between, in pixels on the narrower side."""
    long = length(joint)
    if long < 8:
        return 0.0, 0.0
    (x0, y0), (x1, y1) = joint.start, joint.end
    ux, uy = (x1 - x0) / long, (y1 - y0) / long
    reach = min(0.3 * long, max(8.0, 0.5 * unit), 28.0)
    half = math.ceil(min(14.0, max(5.0, 0.25 * unit)))
    aside = np.arange(-half, half + 1, dtype=np.float32)
    near = np.arange(1.0, reach, 1.0, dtype=np.float32)
    middle = np.linspace(0.35 * long, 0.65 * long, 16, dtype=np.float32)
    found = []
    usual = _sides(canvas, (x0, y0), (ux, uy), middle, aside)
    body = float(np.median(usual.min(axis=0)))
    for from_end in (False, True):
        along = long - near if from_end else near
        sides = _sides(canvas, (x0, y0), (ux, uy), along.astype(np.float32), aside)
        narrow = sides.min(axis=0)
        tip, back = narrow[: max(1, len(narrow) // 4)], narrow[len(narrow) // 4 :]
        wide = float(np.sort(narrow)[-max(2, len(narrow) // 6)]) if len(narrow) > 2 else 0.0
        tapers = float(tip.min()) < 0.75 * wide + 0.5 and float(back[-2:].mean() if len(back) > 1 else 0) < wide
        found.append(wide - body - 0.5 if tapers else 0.0)
    return found[0], found[1]


def _sides(
    canvas: Canvas, start: tuple[float, float], way: tuple[float, float], along: Pixels, aside: Pixels
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
    """Return how many samples from the first on are dark, in each row; one that is missing at first is none."""
    stop = ~rows
    stop = np.hstack([stop, np.ones((len(rows), 1), bool)])
    return stop.argmax(axis=1)
