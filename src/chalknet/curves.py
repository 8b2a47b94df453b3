"""A curve as a small SVG, made without any other package."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from chalknet.units import show_count, show_value

CURVE_WIDTH, CURVE_HEIGHT = 640, 200
_POINTS = 300  # as many as can be distinguished
_LOOKED_AT = 20 * _POINTS  # in a longer series only every second, third, ... value is used


def curve_svg(places: Sequence[float], values: Sequence[float], top: int = 0) -> str:
    """Return a picture of a loss over updates, styled by its page; "" if there are fewer than two points.

    It has a path of class `axes` and a line of class `curve`. The scale is logarithmic if the loss falls by
    more than a factor of 20.

    Args:
        places: numbers of updates, ascending.
        values: the loss at each of them; values that are not finite are left out.
        top: the space above it in pixels, if it is part of a larger picture.

    Example:
        >>> "on a logarithmic scale" in curve_svg([1, 2, 3], [100.0, 10.0, 1.0]), curve_svg([1], [2.0])
        (True, '')
    """
    stride = -(-len(places) // _LOOKED_AT) or 1
    points = [(x, y) for x, y in zip(places[::stride], values[::stride], strict=True) if math.isfinite(y)]
    if stride > 1 and math.isfinite(values[-1]):
        points.append((places[-1], values[-1]))
    if len(points) < 2:
        return ""
    points = [*points[:: -(-len(points) // _POINTS)], points[-1]]
    low, high = min(y for _, y in points), max(y for _, y in points)
    logarithmic = low > 0 and high > 20 * low
    line = _line(points, math.log if logarithmic else float, low, high)
    title = f"loss over updates{', on a logarithmic scale' if logarithmic else ''}"
    texts = [
        (_LEFT - 6, _TOP + 8, "end", show_value(high)),
        (_LEFT - 6, _BOTTOM, "end", show_value(low)),
        (_LEFT, _BOTTOM + 16, "start", show_count(int(points[0][0]))),
        (_RIGHT, _BOTTOM + 16, "end", show_count(int(points[-1][0]))),
        ((_LEFT + _RIGHT) / 2, _BOTTOM + 32, "middle", title),
    ]
    labels = "".join(
        f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>' for x, y, anchor, text in texts
    )
    place = f' y="{top}" width="{CURVE_WIDTH}" height="{CURVE_HEIGHT}"' if top else ""
    return (
        f'<svg viewBox="0 0 {CURVE_WIDTH} {CURVE_HEIGHT}"{place} role="img" aria-label="{title}">'
        f'<path class="axes" d="M{_LEFT},{_TOP} V{_BOTTOM} H{_RIGHT}"/>'
        f'<polyline class="curve" points="{line}"/>{labels}</svg>'
    )


_LEFT, _RIGHT, _TOP, _BOTTOM = 70.0, CURVE_WIDTH - 10.0, 10.0, CURVE_HEIGHT - 40.0


def _line(
    points: Sequence[tuple[float, float]], scale: Callable[[float], float], low: float, high: float
) -> str:
    """Return the points in pixels, the smallest value at the bottom and the largest at the top."""
    start, across = points[0][0], points[-1][0] - points[0][0] or 1
    floor, up = scale(low), scale(high) - scale(low) or 1
    across, up = (_RIGHT - _LEFT) / across, (_BOTTOM - _TOP) / up
    return " ".join(
        f"{_LEFT + (x - start) * across:.1f},{_BOTTOM - (scale(y) - floor) * up:.1f}" for x, y in points
    )
