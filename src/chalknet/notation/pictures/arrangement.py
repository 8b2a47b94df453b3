"""How units are arranged: in columns side by side or one below the other, upright or leaning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median, pstdev

import numpy as np

from chalknet.notation.pictures.canvas import Pixels
from chalknet.notation.pictures.outlined import Found
from chalknet.notation.pictures.pairs import Joint

_LEAST_GAP = 0.45  # between columns, in units
_IN_LINE = 0.2  # units by which the members of a column stand beside its line
_LEANS = np.arange(-15, 16) / 50  # of all columns, as a slope; a photograph is not held level
_SPREADS = np.arange(-4, 5) / 20  # by which the first and the last column lean differently
_WORTH = 1.04  # as good at least is a leaning arrangement, for one that leans at all
_MOST_TRIED = 200  # units


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
    unit = median(shape.width if sideways else shape.height for shape in shapes)
    where = upright(shapes, joints, sideways=sideways)
    columns: list[list[int]] = []
    last = -math.inf
    for number in sorted(range(len(shapes)), key=lambda number: where[number]):
        if where[number] - last > _LEAST_GAP * unit:
            columns.append([])
        columns[-1].append(number)
        last = where[number]
    return columns


def forward(shapes: Sequence[Found], joints: Sequence[Joint]) -> list[Joint]:
    """Return lines that begin in the column further left, or in the row further up."""
    place = {number: at for at, column in enumerate(columns_of(shapes, joints)) for number in column}
    return [joint.turned if place[joint.one] > place[joint.other] else joint for joint in joints]


def upright(shapes: Sequence[Found], joints: Sequence[Joint], *, sideways: bool) -> list[float]:
    """Return where each shape stands across the columns, as if these were upright.

    Args:
        shapes: the units.
        joints: lines between them; those of one column are hardly ever joined.
        sideways: whether the columns stand side by side.
    """
    across = np.array([shape.x if sideways else shape.y for shape in shapes])
    along = np.array([shape.y if sideways else shape.x for shape in shapes])
    if not 4 <= len(shapes) <= _MOST_TRIED:
        return [float(each) for each in across]
    unit = median(shape.size for shape in shapes)
    off = along - (along.min() + along.max()) / 2
    place = (across - across.min()) / max(1e-6, float(np.ptp(across))) - 0.5
    pairs = np.array([(joint.one, joint.other) for joint in joints]).reshape(-1, 2)
    best, found = _in_line(across, pairs, unit) * _WORTH + 1e-6, across
    for lean in _LEANS:
        for spread in _SPREADS:
            turned = across + (lean + spread * place) * off
            good = _in_line(turned, pairs, unit) * (1 - 0.1 * abs(lean) - 0.2 * abs(spread))
            if good > best:
                best, found = good, turned
    return [float(each) for each in found]


def _in_line(across: Pixels, joined: Pixels, unit: float) -> float:
    """Return how many pairs of units stand in one line along the columns, less those that lines join."""
    near = np.exp(-(((across[:, None] - across[None, :]) / (_IN_LINE * unit)) ** 2))
    both = (near.sum() - len(across)) / 2
    if len(joined):
        both -= 2 * near[joined[:, 0], joined[:, 1]].sum()
    return float(both)
