"""Plots: a box with ticks at its rim is a pair of axes, and what is drawn in it joins nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chalknet.notation.marks.joins import Joined
from chalknet.notation.marks.mark import ShapeMark, StrokeMark
from chalknet.notation.marks.nearby import Rim, rim_of
from chalknet.notation.marks.outlines import length_of

_FEWEST_TICKS = 4
_LONGEST_TICK = 0.08  # of the longer side
_MOST_PLOTS = 20
_A_TICK, _A_LINE = "a tick of a plot", "a line of a plot"


def lines_of_plots(
    strokes: Sequence[StrokeMark],
    joined: Sequence[Joined],
    shapes: Sequence[ShapeMark],
    parents: Sequence[int | None],
) -> dict[int, str]:
    """Return the strokes that belong to plots, each with what it is.

    Args:
        strokes: all of them.
        joined: what each joins.
        shapes: all of them.
        parents: for each shape the frame around it, or None.
    """
    ticks: dict[int, int] = {}
    for number, (stroke, ends) in enumerate(zip(strokes, joined, strict=True)):
        boxes = {*ends} - {None}
        box = boxes.pop() if len(boxes) == 1 else None
        if box is None or stroke.start_head or stroke.end_head or len(stroke.points) > 2:
            continue
        place = shapes[box].place
        if shapes[box].kind == "box" and length_of(stroke.points) < _LONGEST_TICK * max(
            place.width, place.height
        ):
            ticks[number] = box
    plots = {box for box, count in Counter(ticks.values()).items() if count >= _FEWEST_TICKS}
    rims = [rim_of(shapes[box]) for box in list(plots)[:_MOST_PLOTS]]
    found = {number: _A_TICK for number, box in ticks.items() if box in plots}
    for number, (stroke, ends) in enumerate(zip(strokes, joined, strict=True) if plots else ()):
        inside = {parents[end] for end in ends if end is not None} & plots
        headed = stroke.start_head or stroke.end_head
        is_curve = bool(inside) and not headed and (len(stroke.points) > 3 or None in ends)
        at_rim = not headed and any(_is_at_rim(stroke, rim) for rim in rims)
        if set(ends) & plots or is_curve or at_rim:
            found.setdefault(number, _A_LINE)
    return found


def _is_at_rim(stroke: StrokeMark, rim: Rim) -> bool:
    """Return whether a line starts or ends at the axes, as ticks do below bars, and the lines of a grid."""
    return any(abs(rim.gap(*end)) < 0.003 * rim.size for end in (stroke.points[0], stroke.points[-1]))
