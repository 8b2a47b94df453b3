"""Boxes in a row with a short arrow between each two of them, which reaches neither."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found
from chalknet.notation.pictures.pairs import Joint

_FEWEST = 3  # boxes
_IN_LINE = 0.2  # of a box's size, by which its middle may stand off the row
_LONG, _HIGH = (0.2, 0.98), 0.45  # of the gap, and of a box: how large an arrow is
_TRUST = 0.55


def joints_apart(canvas: InkedPicture, shapes: Sequence[Found], words: Sequence[Lettering]) -> list[Joint]:
    """Return a line for each two neighbours of a row of boxes, where something small stands in every gap.

    Args:
        canvas: the picture.
        shapes: boxes that no line joins; several rows, or boxes without words, are no chain.
        words: in the boxes and beside them.
    """
    if len(shapes) < _FEWEST or any(
        shape.is_round or not any(shape.holds(one.x, one.y) for one in words) for shape in shapes
    ):
        return []
    sideways = float(np.ptp([shape.x for shape in shapes])) > float(np.ptp([shape.y for shape in shapes]))
    order = sorted(range(len(shapes)), key=lambda at: shapes[at].x if sideways else shapes[at].y)
    joints = []
    for one, other in pairwise(order):
        if not _has_arrow(canvas.mask, shapes[one], shapes[other], words, sideways=sideways):
            return []
        start, end = _facing(shapes[one], shapes[other], sideways=sideways)
        joints.append(Joint(one, other, start, end, 1.0, trust=_TRUST))
    return joints


def _facing(one: Found, other: Found, *, sideways: bool) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the middles of the sides of two boxes that face each other."""
    if sideways:
        return (one.x + one.width / 2, one.y), (other.x - other.width / 2, other.y)
    return (one.x, one.y + one.height / 2), (other.x, other.y - other.height / 2)


def _has_arrow(mask: Pixels, one: Found, other: Found, words: Sequence[Lettering], *, sideways: bool) -> bool:
    """Return whether ink of an arrow's size stands in the gap between two boxes, and no word does."""
    (x0, y0), (x1, y1) = _facing(one, other, sideways=sideways)
    across = min(one.height, other.height) if sideways else min(one.width, other.width)
    off, gap = (abs(y0 - y1), x1 - x0) if sideways else (abs(x0 - x1), y1 - y0)
    if off > _IN_LINE * across or gap < 6 or gap > 3 * max(one.width, one.height):
        return False
    half = _HIGH * across / 2
    box = (x0 + 2, y0 - half, x1 - 2, y0 + half) if sideways else (x0 - half, y0 + 2, x0 + half, y1 - 2)
    left, top, right, bottom = (max(0, math.floor(side)) for side in box)
    if any(left < word.x < right and top < word.y < bottom and len(word.text) > 2 for word in words):
        return False
    ink = mask[top:bottom, left:right]
    if not ink.size or not ink.any():
        return False
    along = np.flatnonzero(ink.any(axis=0 if sideways else 1))
    share = (along[-1] - along[0] + 1) / gap
    return bool(_LONG[0] <= share <= _LONG[1] and ink.mean() < 0.6)
