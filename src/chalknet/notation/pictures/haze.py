"""Bundles of lines so fine that none can be followed: a haze between two columns, and none beside it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from chalknet.notation.pictures.arrangement import columns_of
from chalknet.notation.pictures.bundles import Settled, guessed
from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.outlined import Found
from chalknet.notation.pictures.pairs import Joint

_FEWEST = 40  # lines that make a haze
_FOLLOWED = 0.5  # of the lines; where more were followed there is no haze
_FAINT = 0.25  # of what is ink elsewhere, is ink of a haze
_DENSE, _CLEAR = 0.4, 0.15  # of the ground between two columns, and of that beside it, that has ink


def with_hazes(canvas: InkedPicture, hidden: Pixels, shapes: list[Found], lines: Settled) -> Settled:
    """Return lines with all those between two columns where a haze lies, none of them sure.

    Args:
        canvas: the picture.
        hidden: where shapes or words hide what there is.
        shapes: the units.
        lines: those that were followed.
    """
    columns = columns_of(shapes, lines.joints)
    joined = {(min(one.one, one.other), max(one.one, one.other)) for one in lines.joints}
    found: list[Joint] = []
    dense = list(lines.dense)
    for left, right in pairwise(columns):
        pairs = [(min(a, b), max(a, b)) for a in left for b in right]
        missing = [pair for pair in pairs if pair not in joined]
        if len(pairs) < _FEWEST or len(missing) < (1 - _FOLLOWED) * len(pairs):
            continue
        if _is_haze(canvas, hidden, [shapes[number] for number in (*left, *right)]):
            found += [guessed(shapes, *pair) for pair in missing]
            members = [*left, *right]
            dense += [] if any(set(members) <= set(one) for one in dense) else [members]
    return replace(lines, joints=[*lines.joints, *found], dense=dense) if found else lines


def _is_haze(canvas: InkedPicture, hidden: Pixels, units: list[Found]) -> bool:
    """Return whether most of the ground between two columns has ink, and hardly any above and below it."""
    middles = np.array([(unit.x, unit.y) for unit in units], np.float32)
    around = np.ones((9, 9), np.uint8)
    free = cv2.dilate(hidden, around) == 0
    between = np.zeros(hidden.shape, np.uint8)
    cv2.fillConvexPoly(between, cv2.convexHull(middles).astype(np.int32), 1)
    size = float(np.median([unit.size for unit in units]))
    over = max(2.5 * size, 0.15 * float(np.ptp(middles[:, 1])))
    (left, top), (right, bottom) = middles.min(axis=0), middles.max(axis=0)
    beside = np.zeros(hidden.shape, np.uint8)
    beside[max(0, int(top - over)) : int(bottom + over), max(0, int(left)) : int(right)] = 1
    beside[cv2.dilate(between, np.ones((15, 15), np.uint8)) > 0] = 0
    ink = canvas.ink > _FAINT * canvas.least
    inside, outside = ink[(between > 0) & free], ink[(beside > 0) & free]
    if not inside.size or not outside.size:
        return False
    return float(inside.mean()) > _DENSE and float(outside.mean()) < _CLEAR
