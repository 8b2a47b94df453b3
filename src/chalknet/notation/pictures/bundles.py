"""Which of the lines between columns are drawn: each is judged by its own ink, and a bundle as a whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from chalknet.notation.pictures.arrangement import columns_of
from chalknet.notation.pictures.canvas import Pixels
from chalknet.notation.pictures.outlined import Found
from chalknet.notation.pictures.pairs import Joint, rims_between

_OWN = 0.7  # of its own ink that a line has to have
_LOOSE = 0.25  # of the ink between two columns, that belongs to lines that were not followed
_ALONE = 0.7  # of a line between columns that are no neighbours, that no other line covers
_BENT = 0.15  # of the lines of a bundle, that are bent where it is drawn by hand or in curves
_OF_BIAS = 0.6  # of the units behind it, to which a bias leads
_FOLLOWED, _JOINED = 0.5, 0.6  # of its lines, and of the units on either side, that have to be seen


@dataclass(frozen=True)
class Settled:
    """The lines that are drawn, and the places at which they are too dense to tell.

    Args:
        joints: the lines.
        dense: for each bundle that cannot be followed the numbers of its shapes.
    """

    joints: list[Joint]
    dense: list[list[int]]


def settled(
    shapes: Sequence[Found], joints: Sequence[Joint], loose: Pixels, alone: Collection[int] = ()
) -> Settled:
    """Return which lines are drawn.

    Args:
        shapes: the units.
        joints: lines between them that have ink from end to end, or nearly so.
        loose: 2 where there is ink that belongs to none of these lines, 1 where it belongs to one.
        alone: the numbers of units to which nothing needs to lead, as biases.
    """
    sure = [joint for joint in joints if joint.trust > 0.5 and joint.own >= _OWN]
    columns = columns_of(shapes, sure or [joint for joint in joints if joint.trust > 0.5])
    known = {(joint.one, joint.other): joint for joint in joints}
    kept: dict[tuple[int, int], Joint] = {}
    dense: list[list[int]] = []
    beside = set()
    for left, right in pairwise(columns):
        pairs = [(min(a, b), max(a, b)) for a in left for b in right]
        beside.update(pairs)
        bundle, is_dense = _of_bundle([known.get(pair) for pair in pairs], len(pairs))
        missed = [] if is_dense else _missed(shapes, bundle, (left, right), loose, alone)
        bundle, is_dense = [*bundle, *missed], is_dense or bool(missed)
        bundle = _without_strays(bundle, (left, right), alone)
        kept.update({(joint.one, joint.other): joint for joint in bundle})
        if is_dense:
            dense.append([*left, *right])
    for pair, joint in known.items():
        stands_out = joint.own > 0.95 and joint.alone > _ALONE and joint.cover > 0.95 and not joint.way
        if pair not in beside and joint.trust > 0.5 and stands_out:
            kept[pair] = joint
    return Settled(list(kept.values()), dense)


def _without_strays(
    bundle: Sequence[Joint], sides: tuple[Sequence[int], Sequence[int]], alone: Collection[int]
) -> list[Joint]:
    """Return the lines of a bundle without those that pass by a bias, which leads to most units opposite."""
    strays = set()
    for here, opposite in (sides, sides[::-1]):
        units = [number for number in opposite if number not in alone]
        for bias in set(here) & set(alone):
            count = sum(bias in pair and bool(pair & {*units}) for pair in ({j.one, j.other} for j in bundle))
            if count < _OF_BIAS * len(units):
                strays.add(bias)
    return [joint for joint in bundle if not strays & {joint.one, joint.other}]


def _missed(
    shapes: Sequence[Found],
    bundle: Sequence[Joint],
    sides: tuple[Sequence[int], Sequence[int]],
    loose: Pixels,
    alone: Collection[int],
) -> list[Joint]:
    """Return the lines of a bundle that were not followed, where ink of them is left and most units joined.

    Where no ink is left the lines that are not seen are missing.
    """
    count = len(sides[0]) * len(sides[1])
    joined = {number for joint in bundle for number in (joint.one, joint.other)}
    least = min(sum(number in joined for number in side) / len(side) for side in sides)
    if len(bundle) < _FOLLOWED * count or least < _JOINED or len(bundle) == count:
        return []
    bent = sum(bool(joint.way) for joint in bundle)
    if bent < _BENT * len(bundle) and _share_of_loose(shapes, sides, loose) < _LOOSE:
        return []
    known = {(joint.one, joint.other) for joint in bundle}
    pairs = [(min(a, b), max(a, b)) for a in sides[0] for b in sides[1] if not {a, b} & set(alone)]
    return [guessed(shapes, *pair) for pair in pairs if pair not in known]


def _share_of_loose(
    shapes: Sequence[Found], sides: tuple[Sequence[int], Sequence[int]], loose: Pixels
) -> float:
    """Return how much of the ink between two columns belongs to no line."""
    middles = [(shapes[number].x, shapes[number].y) for side in sides for number in side]
    hull = cv2.convexHull(np.array(middles, np.float32)).astype(np.int32)
    area = np.zeros(loose.shape, np.uint8)
    cv2.fillConvexPoly(area, hull, 1)
    counts = np.bincount(loose[area > 0].ravel(), minlength=3)
    return float(counts[2] / max(1, counts[1] + counts[2]))


def guessed(shapes: Sequence[Found], one: int, other: int) -> Joint:
    """Return a line between two shapes that was not followed.

    Args:
        shapes: the units.
        one: the number of the first.
        other: that of the second.
    """
    ends = rims_between(shapes, np.array([(one, other)]))
    start, end = ((float(x), float(y)) for ((x, y),) in ends)
    return Joint(one, other, start, end, 0.0, trust=0.3)


def open_pairs(shapes: Sequence[Found], joints: Sequence[Joint], most: int) -> list[tuple[int, int]]:
    """Return pairs of shapes in neighbouring columns between which no sure line was found.

    Args:
        shapes: the units.
        joints: the lines that were found.
        most: how many pairs are worth asking for.
    """
    sure = [joint for joint in joints if joint.trust > 0.5]
    joined = {(joint.one, joint.other) for joint in sure}
    columns = columns_of(shapes, sure)
    pairs = [(min(a, b), max(a, b)) for left, right in pairwise(columns) for a in left for b in right]
    return [pair for pair in pairs if pair not in joined][:most]


def _of_bundle(found: Sequence[Joint | None], count: int) -> tuple[list[Joint], bool]:
    """Return the lines of a bundle that are drawn, and whether it is too dense to be sure."""
    here = [joint for joint in found if joint is not None]
    good = [joint for joint in here if joint.trust > 0.5 and joint.own >= _OWN]
    ends = {number for joint in good for number in (joint.one, joint.other)}
    others = [
        joint for joint in here if {joint.one, joint.other} <= ends
    ]  # else it follows the ink of others
    hidden = [joint for joint in others if joint.trust > 0.5 and joint.own < 0]
    torn = [joint for joint in others if joint.trust <= 0.5 and (joint.own < 0 or joint.own >= 0.5)]
    poor = count - len(good) - len(hidden) - len(torn)
    if not good and not hidden:
        return [], False
    covered = sum(joint.trust > 0.5 and joint.own < 0 for joint in here)
    if len(here) == count and len(ends) > 3 and covered > 0.3 * count and len(good) + covered == count:
        return [replace(joint, trust=0.5) for joint in here], True
    nearly_all = poor <= 0.02 * count and len(good) >= 0.5 * count
    kept = list(good)
    if nearly_all or len(good) >= 0.8 * (count - len(hidden)):
        kept += [replace(joint, trust=0.7) for joint in hidden]
    if nearly_all or (count >= 6 and len(kept) >= 0.75 * count):
        kept += [replace(joint, trust=0.5) for joint in torn]
    is_dense = len(hidden) > 0.3 * count
    if is_dense and len(here) == count:
        return [replace(joint, trust=0.5) for joint in here], True
    return kept, is_dense
