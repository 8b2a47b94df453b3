"""Which shapes are joined by straight lines: how much of the line between two of them has ink.

Nothing is traced: lines that cross or run together are no obstacle, as each pair is asked by itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found

_SAMPLES = 64
_MOST_PAIRS = 60_000
_THICK = 5  # pixels to either side of a line that are its own, and one more
_DOTS = 7  # of a dotted line
_DOT = 0.5  # of a unit's size is a dot at most
_ASIDE = 2  # pixels by which a line may miss the one that is asked for


@dataclass(frozen=True)
class Joint:
    """A line that joins two shapes.

    Args:
        one, other: their numbers.
        start, end: where the line begins and ends.
        cover: how much of the line has ink, 0 to 1.
        own: how much of what no other line covers has ink; -1 where others cover all of it.
        alone: how much of it no other line covers.
        dashed: whether the ink comes in dashes.
        trust: how sure it is that it was drawn.
        way: places along it, where it is bent; empty for a straight one.
    """

    one: int
    other: int
    start: tuple[float, float]
    end: tuple[float, float]
    cover: float
    own: float = 1.0
    alone: float = 1.0
    dashed: bool = False
    trust: float = 0.9
    way: tuple[tuple[float, float], ...] = ()

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Return places along it, from its start to its end."""
        return self.way or (self.start, self.end)

    @property
    def turned(self) -> Joint:
        """Return the same line from its other end."""
        return replace(self, one=self.other, other=self.one, start=self.end, end=self.start,
                       way=self.way[::-1])  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """Lines that are asked for: the numbers of their shapes and their ends, (count, 2) each."""

    pairs: Pixels
    starts: Pixels
    ends: Pixels


def joints_of(canvas: InkedPicture, hidden: Pixels, shapes: Sequence[Found], pairs: Pixels) -> list[Joint]:
    """Return the straight lines between shapes.

    Args:
        canvas: the picture.
        hidden: where shapes or words hide what there is.
        shapes: the units; no frames around them.
        pairs: the numbers of those that are asked for, (count, 2).
    """
    if not len(pairs):
        return []
    found: dict[tuple[int, int], Joint] = {}
    for anchors in _ANCHORS:
        asked = _asked(shapes, pairs, anchors)
        for joint in _answered(canvas, hidden, asked):
            known = found.get((joint.one, joint.other))
            if known is None or (joint.trust, joint.cover) > (known.trust, known.cover + 0.02):
                found[joint.one, joint.other] = joint
    return list(found.values())


_ANCHORS = ("rims", "sides", "ends")


def hidden_by(canvas: InkedPicture, shapes: Sequence[Found], words: Sequence[Lettering]) -> Pixels:
    """Return where words or shapes hide what there is of lines."""
    hidden = np.zeros(canvas.mask.shape, np.uint8)
    for one in words:
        if one.trust > 0.7 and len(one.text) > 0:
            box = cv2.boxPoints(((one.x, one.y), (one.width, one.height), one.angle))
            cv2.fillPoly(hidden, [box.astype(np.int32)], 1)
    for shape in shapes:
        _paint(hidden, shape, 1, 1.0)
    return hidden


def _paint(mask: Pixels, shape: Found, value: int, grown: float) -> None:
    half = (shape.width / 2 + grown, shape.height / 2 + grown)
    if shape.is_round:
        axes = (round(half[0]), round(half[1]))
        cv2.ellipse(mask, (round(shape.x), round(shape.y)), axes, shape.angle, 0, 360, value, -1)
    else:
        box = cv2.boxPoints(((shape.x, shape.y), (2 * half[0], 2 * half[1]), shape.angle))
        cv2.fillPoly(mask, [box.astype(np.int32)], value)


def free_pairs(shapes: Sequence[Found]) -> Pixels:
    """Return the pairs of shapes between which no third one stands, nearest first where there are many."""
    x = np.array([shape.x for shape in shapes])
    y = np.array([shape.y for shape in shapes])
    size = np.array([shape.size for shape in shapes])
    one, other = np.triu_indices(len(shapes), 1)
    far = np.hypot(x[one] - x[other], y[one] - y[other])
    order = np.argsort(far)[:_MOST_PAIRS]
    one, other, far = one[order], other[order], far[order]
    free = np.ones(len(one), bool)
    for number in range(len(shapes)):
        dx, dy = (x[other] - x[one]) / far, (y[other] - y[one]) / far
        along = (x[number] - x[one]) * dx + (y[number] - y[one]) * dy
        aside = np.abs((x[number] - x[one]) * dy - (y[number] - y[one]) * dx)
        between = (along > 0.1 * far) & (along < 0.9 * far) & (one != number) & (other != number)
        free &= ~(between & (aside < 0.36 * size[number]))
    return np.stack([one[free], other[free]], axis=1)


def _asked(shapes: Sequence[Found], pairs: Pixels, anchors: str) -> _Asked:
    """Return the lines between shapes as they are drawn from middle to middle, or from side to side.

    Dots among units have no sides: lines run to their middle.
    """
    x = np.array([shape.x for shape in shapes])
    y = np.array([shape.y for shape in shapes])
    size = np.array([shape.size for shape in shapes])
    has_sides = size > _DOT * np.median(size)
    half_x = np.array([shape.width for shape in shapes]) / 2 * has_sides
    half_y = np.array([shape.height for shape in shapes]) / 2 * has_sides
    one, other = pairs[:, 0], pairs[:, 1]
    if anchors == "rims":
        return _Asked(pairs, *rims_between(shapes, pairs))
    if anchors == "sides":
        side = np.sign(x[other] - x[one])
        starts = np.stack([x[one] + side * half_x[one], y[one]], axis=1)
        ends = np.stack([x[other] - side * half_x[other], y[other]], axis=1)
    else:
        side = np.sign(y[other] - y[one])
        starts = np.stack([x[one], y[one] + side * half_y[one]], axis=1)
        ends = np.stack([x[other], y[other] - side * half_y[other]], axis=1)
    return _Asked(pairs, starts, ends)


def rims_between(shapes: Sequence[Found], pairs: Pixels) -> tuple[Pixels, Pixels]:
    """Return where the line between the middles of two shapes leaves the one and meets the other.

    Args:
        shapes: all of them.
        pairs: their numbers, (count, 2).
    """
    x = np.array([shape.x for shape in shapes])
    y = np.array([shape.y for shape in shapes])
    half_x = np.array([shape.width for shape in shapes]) / 2
    half_y = np.array([shape.height for shape in shapes]) / 2
    is_round = np.array([shape.is_round for shape in shapes])
    one, other = pairs[:, 0], pairs[:, 1]
    far = np.maximum(np.hypot(x[other] - x[one], y[other] - y[one]), 1e-6)
    ux, uy = (x[other] - x[one]) / far, (y[other] - y[one]) / far
    starts = _rim(x[one], y[one], half_x[one], half_y[one], is_round[one], ux, uy)
    ends = _rim(x[other], y[other], half_x[other], half_y[other], is_round[other], -ux, -uy)
    return starts, ends


def _rim(
    x: Pixels, y: Pixels, half_x: Pixels, half_y: Pixels, is_round: Pixels, ux: Pixels, uy: Pixels
) -> Pixels:
    round_far = 1 / np.maximum(np.hypot(ux / half_x, uy / half_y), 1e-9)
    box_far = np.minimum(half_x / np.maximum(np.abs(ux), 1e-9), half_y / np.maximum(np.abs(uy), 1e-9))
    far = np.where(is_round, round_far, box_far)
    return np.stack([x + ux * far, y + uy * far], axis=1)


def _answered(canvas: InkedPicture, hidden: Pixels, asked: _Asked) -> list[Joint]:
    """Return the lines that have ink from end to end, and more than beside them."""
    off = asked.ends - asked.starts
    long = np.hypot(off[:, 0], off[:, 1])
    use = long > 5
    pairs, starts, off, long = asked.pairs[use], asked.starts[use], off[use], long[use]
    if not len(pairs):
        return []
    part = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    normal = np.stack([-off[:, 1], off[:, 0]], axis=1) / long[:, None]
    at = starts[:, None, :] + part[None, :, None] * off[:, None, :]
    lanes = [sampled(canvas.ink, at + aside * normal[:, None, :]) for aside in range(-_ASIDE, _ASIDE + 1)]
    best = np.maximum.reduce(lanes)
    clear = sampled(hidden, at, cv2.INTER_NEAREST) < 0.5
    level = np.median(np.where(clear, best, np.nan), axis=1) if bool(clear.all()) else _median(best, clear)
    bar = np.maximum(canvas.least, 0.4 * np.minimum(level, canvas.level))
    inked = best > bar[:, None]
    answers = _judged(inked, clear, long)
    found = []
    for number in np.flatnonzero((level > canvas.least) & (answers.is_line | answers.may_be)):
        first, last = answers.first[number], answers.last[number]
        ends = [starts[number] + off[number] * each for each in (first, last)]
        found.append(
            Joint(
                int(pairs[number, 0]),
                int(pairs[number, 1]),
                (float(ends[0][0]), float(ends[0][1])),
                (float(ends[1][0]), float(ends[1][1])),
                float(answers.cover[number]),
                dashed=bool(answers.dashed[number]),
                trust=0.9 if answers.is_line[number] else 0.4,
            )
        )
    return found


def _median(values: Pixels, valid: Pixels) -> Pixels:
    with np.errstate(all="ignore"):
        filled = np.where(valid, values, -1.0)
        ordered = np.sort(filled, axis=1)
        count = valid.sum(axis=1)
        place = values.shape[1] - 1 - count // 2
        return np.where(
            count > 0, ordered[np.arange(len(values)), np.minimum(place, values.shape[1] - 1)], 0.0
        )


def sampled(field: Pixels, at: Pixels, how: int = cv2.INTER_LINEAR) -> Pixels:
    """Return the values of a field at places, (lines, samples, 2)."""
    found = []
    for begin in range(0, len(at), 20_000):  # cv2 takes at most 32,767 rows
        part = at[begin : begin + 20_000].astype(np.float32)
        found.append(cv2.remap(field, part[:, :, 0], part[:, :, 1], how, borderValue=0))
    return np.vstack(found)


@dataclass(frozen=True)
class _Answers:
    is_line: Pixels
    may_be: Pixels
    cover: Pixels
    first: Pixels
    last: Pixels
    dashed: Pixels


def _judged(inked: Pixels, clear: Pixels, long: Pixels) -> _Answers:
    """Return which rows of samples are lines: inked throughout, but for what is hidden and short gaps."""
    count = inked.shape[1]
    good = inked | ~clear
    place = np.arange(count)
    seen = inked & clear
    first = np.where(seen.any(axis=1), seen.argmax(axis=1), count)
    last = np.where(seen.any(axis=1), count - 1 - seen[:, ::-1].argmax(axis=1), -1)
    span = np.maximum(last - first + 1, 1)
    within = (place >= first[:, None]) & (place <= last[:, None])
    gaps = within & ~good
    cover = 1 - gaps.sum(axis=1) / span
    longest = _longest_run(gaps) * long / count
    runs = (gaps[:, 1:] & ~gaps[:, :-1]).sum(axis=1)
    missed = (first + count - 1 - last) / count
    missed_pixels = np.maximum(first, count - 1 - last) * long / count
    whole = (cover > 0.93) & (longest <= np.maximum(4.0, 0.05 * long))
    dashed = (runs >= 4) & (cover > 0.35) & (longest < np.maximum(0.14 * long, 6)) & ~whole
    dotted = (runs >= _DOTS) & (cover > 0.2) & (longest < np.maximum(0.08 * long, 8)) & ~whole
    dotted &= _is_even(gaps)
    dashed |= dotted
    enough = (clear & inked).sum(axis=1) >= np.maximum(3, np.where(dotted, 0.12, 0.25) * count)
    reaches = (missed < 0.34) & ((missed_pixels < 0.24 * long) | (missed_pixels < 6))
    is_line = (whole | dashed) & enough & reaches
    may_be = (cover > 0.75) & (missed < 0.4) & ~is_line
    return _Answers(is_line, may_be, cover, first / count, (last + 1) / count, dashed)


def _is_even(gaps: Pixels) -> Pixels:
    """Return which rows have gaps about as long as the others: dots do, and lines that are crossed do not."""
    longest = _longest_run(gaps)
    runs = np.maximum(1, (gaps[:, 1:] & ~gaps[:, :-1]).sum(axis=1))
    found: Pixels = longest <= 2.2 * gaps.sum(axis=1) / runs + 1
    return found


def _longest_run(mask: Pixels) -> Pixels:
    best = np.zeros(len(mask), np.int32)
    now = np.zeros(len(mask), np.int32)
    for column in mask.T:
        now = np.where(column, now + 1, 0)
        best = np.maximum(best, now)
    return best


def with_own_ink(canvas: InkedPicture, hidden: Pixels, joints: Sequence[Joint]) -> list[Joint]:
    """Return lines with how much ink they have where no other of them runs.

    Args:
        canvas: the picture.
        hidden: where shapes or words hide what there is.
        joints: all lines that may be drawn.
    """
    if not joints:
        return []
    crowd = np.zeros(canvas.mask.shape, np.uint8)
    ways = [_evenly(np.array(joint.points)) for joint in joints]
    for way in ways:
        left, top = np.maximum(way.min(axis=0).astype(int) - _THICK, 0)
        right, bottom = way.max(axis=0).astype(int) + _THICK + 1
        part = crowd[top:bottom, left:right]
        line = np.zeros(part.shape, np.uint8)
        cv2.polylines(line, [np.round(way[::7] - (left, top)).astype(np.int32)], False, 1, _THICK)
        np.add(part, line, out=part, where=part < 255)
    at = np.stack(ways)
    alone = (sampled(crowd, at, cv2.INTER_NEAREST) <= 1) & (sampled(hidden, at, cv2.INTER_NEAREST) < 1)
    off = np.gradient(at, axis=1)
    far = np.maximum(np.hypot(off[:, :, 0], off[:, :, 1]), 1e-6)
    normal = np.stack([-off[:, :, 1], off[:, :, 0]], axis=2) / far[:, :, None]
    lanes = [sampled(canvas.ink, at + aside * normal) for aside in range(-_ASIDE, _ASIDE + 1)]
    inked = np.maximum.reduce(lanes) > canvas.least
    count = alone.sum(axis=1)
    own = np.where(count >= 4, (alone & inked).sum(axis=1) / np.maximum(count, 1), -1.0)
    return [
        replace(joint, own=min(1.0, float(part) / (joint.cover if joint.dashed else 1)), alone=float(share))
        for joint, part, share in zip(joints, own, count / _SAMPLES, strict=True)
    ]


def _evenly(points: Pixels) -> Pixels:
    """Return places at equal distances along a line."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    where = np.linspace(0, along[-1], _SAMPLES)
    return np.stack([np.interp(where, along, points[:, axis]) for axis in (0, 1)], axis=1)


def length(joint: Joint) -> float:
    """Return how long a line is."""
    return math.dist(joint.start, joint.end)
