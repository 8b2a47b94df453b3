"""Inputs drawn as small dots, as in textbooks: outside the units, in line, and lines spread from each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found, thickness
from chalknet.notation.pictures.pairs import Joint, free_pairs, hidden_by, joints_of

_THICKER = 1.7  # than a line, is a dot
_SMALLEST, _LARGEST = 0.12, 0.7  # of a unit
_APART = 0.6  # of a unit's size, between a dot and the nearest unit at least
_IN_LINE = 0.5  # of a unit's size, by which dots stand beside their line at most
_ALIKE = 1.5  # times larger or smaller
_FEWEST_UNITS, _FEWEST_LINES = 3, 2
_MOST = 60
_DARK = 0.6  # of the usual ink: between lines that spread there is less
_SURE = 0.5


def hubs(canvas: InkedPicture, units: Sequence[Found], words: Sequence[Lettering]) -> list[Found]:
    """Return the dots that are inputs.

    Places where lines cross lie between units; these dots lie beyond them all, and at least two lines run
    from each to units.

    Args:
        canvas: the picture.
        units: those that were found.
        words: lines of words, whose dots do not count.
    """
    if len(units) < _FEWEST_UNITS:
        return []
    size = median(unit.size for unit in units)
    dots = [dot for dot in _dots(canvas, size, words) if _is_free(dot, units, size)]
    for turned in (False, True):
        for before in (True, False):
            left = _beyond(dots, units, turned=turned, before=before)
            while left:  # from outside: where lines cross lies between these dots and the units
                farthest = (min if before else max)(left, key=lambda dot: dot.y if turned else dot.x)
                row = _in_line(farthest, left, size, turned=turned)
                if _are_spreading(canvas, units, row, words):
                    return row
                left = [dot for dot in left if dot is not farthest]
    return []


def _dots(canvas: InkedPicture, size: float, words: Sequence[Lettering]) -> list[Found]:
    """Return where ink is thicker than lines are, and smaller than a unit."""
    least = _THICKER * thickness(canvas) / 2
    mask = (canvas.ink > max(canvas.least, _DARK * canvas.level)).astype(np.uint8)
    inner = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    large = (inner > _LARGEST * size / 2).astype(np.uint8)
    inner[cv2.dilate(large, np.ones((2 * round(_LARGEST * size) + 1,) * 2, np.uint8)) > 0] = 0
    found: list[Found] = []
    for _ in range(_MOST):
        _, radius, _, (x, y) = cv2.minMaxLoc(inner)
        if radius < max(_SMALLEST * size / 2, least):
            break
        cv2.circle(inner, (x, y), math.ceil(3 * radius), 0, -1)
        if not any(one.is_long and one.holds(x, y) for one in words):
            found.append(Found("disc", x, y, 2 * radius, 2 * radius, is_filled=True, seen=0.9))
    return found


def _is_free(dot: Found, units: Sequence[Found], size: float) -> bool:
    """Return whether a dot stands clear of all units, as arrowheads do not."""
    return all(
        max(abs(dot.x - one.x) - one.width / 2, abs(dot.y - one.y) - one.height / 2) > _APART * size
        for one in units
    )


def _beyond(dots: Sequence[Found], units: Sequence[Found], *, turned: bool, before: bool) -> list[Found]:
    """Return the dots that stand a unit left of all units or more, or right of them, above or below them."""
    places = [unit.y if turned else unit.x for unit in units]
    size = median(unit.size for unit in units)
    if before:
        return [dot for dot in dots if (dot.y if turned else dot.x) < min(places) - size]
    return [dot for dot in dots if (dot.y if turned else dot.x) > max(places) + size]


def _in_line(dot: Found, dots: Sequence[Found], size: float, *, turned: bool) -> list[Found]:
    """Return the dots of one size that stand in line with one."""
    where = dot.y if turned else dot.x
    return [
        one
        for one in dots
        if abs((one.y if turned else one.x) - where) < _IN_LINE * size
        and 1 / _ALIKE < one.size / dot.size < _ALIKE
    ]


def _are_spreading(
    canvas: InkedPicture, units: Sequence[Found], row: Sequence[Found], words: Sequence[Lettering]
) -> bool:
    """Return whether lines run from each dot of a row to several units."""
    if len(row) < 2:
        return False
    shapes = [*units, *row]
    pairs = free_pairs(shapes)
    asked = pairs[(pairs < len(units)).any(axis=1) & (pairs >= len(units)).any(axis=1)]
    joints = joints_of(canvas, hidden_by(canvas, shapes, words), shapes, asked)
    return all(_lines(joints, number) >= _FEWEST_LINES for number in range(len(units), len(shapes)))


def _lines(joints: Sequence[Joint], number: int) -> int:
    return sum(joint.trust > _SURE and number in (joint.one, joint.other) for joint in joints)
