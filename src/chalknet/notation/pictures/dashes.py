"""Dashed lines of which a file draws every dash as an area, as browsers do: made to one stroke."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chalknet.notation.marks.mark import AnyMark, Point, ShapeMark, StrokeMark
from chalknet.notation.marks.outlines import place_of

_FEWEST = 3  # dashes of a line
_TURN = math.radians(3)
_LONGEST = 12.0  # of a dash, by its thickness


def with_dashes_joined(marks: Sequence[AnyMark]) -> list[AnyMark]:
    """Return marks, with a dashed stroke in the place of small areas that follow one another in line.

    Args:
        marks: in the order of drawing.
    """
    found: list[AnyMark] = []
    run: list[ShapeMark] = []
    for mark in marks:
        dash = mark if isinstance(mark, ShapeMark) and _may_be_dash(mark) else None
        if run and (dash is None or not _goes_on(run, dash)):
            found += _line(run)
            run = []
        if dash is None:
            found.append(mark)
        else:
            run.append(dash)
    return [*found, *_line(run)]


def _may_be_dash(mark: ShapeMark) -> bool:
    small, large = sorted((mark.place.width, mark.place.height))
    plain = mark.kind in ("box", "diamond", "disc", "polygon", "triangle") and not mark.outline
    return plain and bool(mark.fill) and large <= _LONGEST * max(small, 0.1)


def _middle(mark: ShapeMark) -> Point:
    return mark.place.x, mark.place.y


def _goes_on(run: list[ShapeMark], dash: ShapeMark) -> bool:
    """Return whether a dash follows those before it, in their line and at their distance."""
    last, size = _middle(run[-1]), max(run[0].place.width, run[0].place.height)
    step = math.dist(last, _middle(dash))
    if dash.fill != run[0].fill or not 0.3 * size < step < 5 * size:
        return False
    if len(run) == 1:
        return max(dash.place.width, dash.place.height) < 1.3 * size
    first, second = _middle(run[0]), _middle(run[1])
    usual = math.dist(first, second)
    turn = _angle(last, _middle(dash)) - _angle(first, second)
    return abs(math.remainder(turn, math.tau)) < _TURN and 0.4 * usual < step < 1.3 * usual


def _angle(one: Point, other: Point) -> float:
    return math.atan2(other[1] - one[1], other[0] - one[0])


def _line(run: list[ShapeMark]) -> list[AnyMark]:
    if len(run) < _FEWEST:
        return list(run)
    first, last = _middle(run[0]), _middle(run[-1])
    long = max(run[0].place.width, run[0].place.height)
    if not _lies_along(run[0], first, last):
        return list(run)
    turn, half = _angle(first, last), long / 2
    along = half * math.cos(turn), half * math.sin(turn)
    start, end = (first[0] - along[0], first[1] - along[1]), (last[0] + along[0], last[1] + along[1])
    wide = min(run[0].place.width, run[0].place.height)
    style = "dashed" if long > 1.5 * wide else "dotted"
    return [StrokeMark((start, end), style=style, colour=run[0].fill, width=wide)]


def _lies_along(dash: ShapeMark, first: Point, last: Point) -> bool:
    """Return whether a dash is turned as its line is: a row of boxes side by side is no line."""
    wide, high = dash.place.width, dash.place.height
    if dash.kind != "box" or max(wide, high) < 1.5 * min(wide, high):
        return max(place_of([first, last])[2:]) > 8 * max(wide, high) and max(wide, high) < 4
    own = math.radians(dash.angle) + (0.0 if wide >= high else math.pi / 2)
    return abs(math.remainder(own - _angle(first, last), math.pi)) < 2 * _TURN
