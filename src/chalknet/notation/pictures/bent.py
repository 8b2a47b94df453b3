"""Which shapes are joined by lines that are bent or unsteady: the best way along the ink between two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.outlined import Found
from chalknet.notation.pictures.pairs import Joint, rims_between, sampled

_SAMPLES = 48
_LANES = 41
_TURN = 0.35  # what a change of direction costs, in samples of ink
_HIDDEN = 0.3  # of a way, that may run under words and other shapes
_MISS = -1.6  # what a sample without ink costs, where one with ink counts 1


@dataclass(frozen=True)
class Ways:
    """The best ways along the ink, a row for each pair of shapes.

    Args:
        points: places along it, (pairs, samples, 2).
        inked: which of these have ink, or are hidden, (pairs, samples).
        hidden: which of these are hidden, (pairs, samples).
    """

    points: Pixels
    inked: Pixels
    hidden: Pixels


def bent_joints(
    canvas: InkedPicture,
    hidden: Pixels,
    shapes: Sequence[Found],
    pairs: Sequence[tuple[int, int]],
    reach: float,
) -> list[Joint]:
    """Return the lines between pairs of shapes that may be bent.

    Args:
        canvas: the picture.
        hidden: where shapes or words hide what there is.
        shapes: the units.
        pairs: numbers of those that are asked for.
        reach: how far a line may leave the straight one, as a part of its length.
    """
    if not pairs:
        return []
    numbers = np.array(pairs)
    starts, ends = rims_between(shapes, numbers)
    off = ends - starts
    long = np.maximum(np.hypot(off[:, 0], off[:, 1]), 1e-6)
    size = np.array([shape.size for shape in shapes])
    room = reach * long + 0.35 * np.minimum(size[numbers[:, 0]], size[numbers[:, 1]])
    part = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    normal = np.stack([-off[:, 1], off[:, 0]], axis=1) / long[:, None]
    lanes = np.linspace(-1, 1, _LANES)
    aside = room[:, None] * lanes
    at = (
        starts[:, None, None, :]
        + part[None, :, None, None] * off[:, None, None, :]
        + aside[:, None, :, None] * normal[:, None, None, :]
    )
    flat = at.reshape(len(pairs), -1, 2)
    ink = sampled(canvas.ink, flat).reshape(len(pairs), _SAMPLES, _LANES)
    covered = sampled(hidden, flat).reshape(len(pairs), _SAMPLES, _LANES) > 0.5
    bar = max(canvas.least, 0.3 * canvas.level)
    value = np.where(covered, 0.0, np.where(ink > bar, 1.0, _MISS)).astype(np.float32)
    rim = 0.42 * np.minimum(size[numbers[:, 0]], size[numbers[:, 1]])
    near_middle = np.abs(aside) <= rim[:, None]
    way = _best_ways(value, near_middle)
    rows = np.arange(len(pairs))[:, None]
    steps = np.arange(_SAMPLES)[None, :]
    under = covered[rows, steps, way]
    inked = (ink[rows, steps, way] > bar) | under
    return _as_joints(Ways(at[rows, steps, way], inked, under), numbers, long)


def _best_ways(value: Pixels, at_ends: Pixels) -> Pixels:
    """Return for each pair the lane at each step of the best way: much ink, few turns.

    A state is a lane and whether the last step led to the lane before it, stayed, or led to the next one.
    """
    count, steps, lanes = value.shape
    score = np.where(at_ends[:, None, :], 0.0, -1e6).repeat(3, axis=1) + value[:, 0][:, None, :]
    back = np.zeros((steps, count, 3, lanes), np.int8)
    turn = _TURN * np.abs(np.arange(3)[:, None] - np.arange(3)[None, :])  # (new, old)
    for step in range(1, steps):
        new = np.full_like(score, -1e6)
        for way, move in enumerate((-1, 0, 1)):
            options = score - turn[way][None, :, None]
            best = options.argmax(axis=1)
            reached = np.take_along_axis(options, best[:, None, :], axis=1)[:, 0]
            moved, came = np.full_like(reached, -1e6), np.zeros_like(best)
            if move == 0:
                moved, came = reached, best
            elif move == 1:
                moved[:, 1:], came[:, 1:] = reached[:, :-1], best[:, :-1]
            else:
                moved[:, :-1], came[:, :-1] = reached[:, 1:], best[:, 1:]
            new[:, way] = moved + value[:, step]
            back[step, :, way] = came
        score = new
    score = np.where(at_ends[:, None, :], score, -1e6)
    last = score.reshape(count, -1).argmax(axis=1)
    way, lane = last // lanes, last % lanes
    rows, found = np.arange(count), np.zeros((count, steps), np.int64)
    for step in range(steps - 1, -1, -1):
        found[:, step] = lane
        if step:
            came = back[step, rows, way, lane]
            lane, way = lane - (way - 1), came
    return found


def _as_joints(ways: Ways, numbers: Pixels, long: Pixels) -> list[Joint]:
    found = []
    for row, (one, other) in enumerate(numbers):
        inked = ways.inked[row]
        places = np.flatnonzero(inked)
        if len(places) < 0.6 * len(inked) or ways.hidden[row].mean() > _HIDDEN:
            continue
        first, last = int(places[0]), int(places[-1])
        gaps = np.diff(places) - 1
        step = long[row] / len(inked)
        widest = float(gaps.max()) * step if len(gaps) else 0.0
        cover = len(places) / (last - first + 1)
        missed = (first + len(inked) - 1 - last) / len(inked)
        if cover > 0.92 and widest <= max(5.0, 0.07 * long[row]) and missed < 0.34:
            points = ways.points[row][first : last + 1]
            kept = points[:: max(1, len(points) // 8)]
            middle = tuple((float(x), float(y)) for x, y in [*kept, points[-1]])
            found.append(
                Joint(int(one), int(other), middle[0], middle[-1], float(cover), trust=0.6, way=middle)
            )
    return found
