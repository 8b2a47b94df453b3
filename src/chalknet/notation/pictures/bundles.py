"""Which of the lines between columns are drawn: each is judged by its own ink, and a bundle as a whole."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median, pstdev

from chalknet.notation.pictures.outlined import Found
from chalknet.notation.pictures.pairs import Joint

_OWN = 0.7  # of its own ink that a line has to have


@dataclass(frozen=True)
class Settled:
    """The lines that are drawn, and the places at which they are too dense to tell.

    Args:
        joints: the lines.
        dense: for each bundle that cannot be followed the numbers of its shapes.
    """

    joints: list[Joint]
    dense: list[list[int]]


def settled(shapes: Sequence[Found], joints: Sequence[Joint]) -> Settled:
    """Return which lines are drawn.

    Args:
        shapes: the units.
        joints: lines between them that have ink from end to end, or nearly so.
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
        kept.update({(joint.one, joint.other): joint for joint in bundle})
        if is_dense:
            dense.append([*left, *right])
    for pair, joint in known.items():
        stands_out = joint.own > 0.95 and joint.alone > 0.4 and joint.cover > 0.95
        if pair not in beside and joint.trust > 0.5 and stands_out:
            kept[pair] = joint
    return Settled(list(kept.values()), dense)


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
    hidden = [joint for joint in here if joint.trust > 0.5 and joint.own < 0]
    torn = [joint for joint in here if joint.trust <= 0.5 and (joint.own < 0 or joint.own >= 0.5)]
    poor = count - len(good) - len(hidden) - len(torn)
    if not good and not hidden:
        return [], False
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


def runs_sideways(shapes: Sequence[Found], joints: Sequence[Joint]) -> bool:
    """Return whether lines run to the right or left: that way they are all about as long."""
    if not joints:
        return True
    steps: tuple[list[float], list[float]] = ([], [])
    for joint in joints:
        one, other = shapes[joint.one], shapes[joint.other]
        steps[0].append(abs(one.x - other.x))
        steps[1].append(abs(one.y - other.y))
    unit = median(shape.size for shape in shapes)
    across, down = (fmean(each) / (pstdev(each) + 0.1 * unit) for each in steps)
    return across >= down


def columns_of(shapes: Sequence[Found], joints: Sequence[Joint]) -> list[list[int]]:
    """Return the numbers of the shapes in each column, or row where lines run downwards."""
    if not shapes:
        return []
    sideways = runs_sideways(shapes, joints)
    joined = set(range(len(shapes)))
    unit = median(shapes[number].width if sideways else shapes[number].height for number in joined)
    columns: dict[int, list[int]] = defaultdict(list)
    last, column = -math.inf, 0
    order = sorted(joined, key=lambda number: shapes[number].x if sideways else shapes[number].y)
    for number in order:
        where = shapes[number].x if sideways else shapes[number].y
        if where - last > 0.45 * unit:
            column += 1
        columns[column].append(number)
        last = where
    return [columns[key] for key in sorted(columns)]
