"""Transforms, and the points on paths: lines, curves and arcs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from chalknet.notation.marks.mark import Point

FARTHEST = 1e9
NUMBER = re.compile(r"[-+]?(?:[0-9]{1,40}+(?:\.[0-9]{0,40}+)?+|\.[0-9]{1,40}+)(?:[eE][-+]?[0-9]{1,3})?+")
_CALL = re.compile(r"(matrix|translate|scale|rotate|skewX|skewY)\s*+\(([^()]{0,400}+)\)")
_COMMAND = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])([^MmLlHhVvCcSsQqTtAaZz]*+)")
_ARC = re.compile(
    rf"({NUMBER.pattern})[\s,]*+({NUMBER.pattern})[\s,]*+({NUMBER.pattern})[\s,]*+([01])[\s,]*+([01])[\s,]*+"
    rf"({NUMBER.pattern})[\s,]*+({NUMBER.pattern})"
)
_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2}
_CUBIC = [(1 / 6) * step for step in range(1, 7)]
_WEIGHTS = [((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3) for t in _CUBIC]


def number(text: str) -> float:
    """Return a number as a format writes it; 0 for what is none, or is farther than any drawing reaches."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if abs(value) < FARTHEST else 0.0


class Transform(NamedTuple):
    """`x' = a x + c y + e`, `y' = b x + d y + f`, as in SVG."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def after(self, other: Transform) -> Transform:
        """Return the transform that makes the other one first."""
        a, b, c, d, e, f = self
        return Transform(
            a * other.a + c * other.b,
            b * other.a + d * other.b,
            a * other.c + c * other.d,
            b * other.c + d * other.d,
            a * other.e + c * other.f + e,
            b * other.e + d * other.f + f,
        )

    def at(self, x: float, y: float) -> Point:
        """Return where a point comes to lie."""
        return (self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f)

    @property
    def scale(self) -> float:
        """Return how much longer lengths become."""
        return math.sqrt(abs(self.a * self.d - self.b * self.c))

    @property
    def angle(self) -> float:
        """Return how far a line to the right is turned, in degrees."""
        return math.degrees(math.atan2(self.b, self.a))


SAME = Transform()


def _rotation(degrees: float, x: float = 0.0, y: float = 0.0) -> Transform:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return Transform(cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y)


_MADE_BY = {
    "matrix": Transform,
    "translate": lambda x=0.0, y=0.0: Transform(e=x, f=y),
    "scale": lambda x=1.0, y=None: Transform(a=x, d=x if y is None else y),
    "rotate": _rotation,
    "skewX": lambda degrees=0.0: Transform(c=math.tan(math.radians(degrees))),
    "skewY": lambda degrees=0.0: Transform(b=math.tan(math.radians(degrees))),
}


@lru_cache(maxsize=4096)
def transform_of(written: str) -> Transform:
    """Return what an attribute `transform` says; what it says wrongly is left out."""
    found = SAME
    for name, numbers in _CALL.findall(written):
        values = [number(each) for each in NUMBER.findall(numbers)]
        try:
            found = found.after(_MADE_BY[name](*values))  # type: ignore[operator]
        except TypeError:  # too many numbers
            continue
    return found if all(abs(value) < FARTHEST for value in found) else SAME


class SubPath(NamedTuple):
    """A part of a path that is drawn in one go."""

    points: list[Point]
    closed: bool
    curved: bool


def sub_paths(written: str, spend: Callable[[int], None] = lambda points: None) -> Iterator[SubPath]:
    """Yield the parts of a path as an attribute `d` writes it; curves are given by points on them.

    Args:
        written: the attribute.
        spend: is told about how many points come, before they are made, and may refuse them.
    """
    pen = _Pen()
    for part in _COMMAND.finditer(written):
        command, rest = part.groups()
        spend(2)
        kind = command.upper()
        if kind in "MZ" and len(pen.points) > 1:
            yield SubPath(pen.points, kind == "Z", pen.curved)
        if kind == "Z":
            pen.lift(pen.start)
            continue
        relative = command != kind
        if kind == "A":
            arcs = _ARC.findall(rest)
            spend(5 * len(arcs))
            for values in arcs:
                pen.arc([number(value) for value in values], relative)
            continue
        values = [number(value) for value in NUMBER.findall(rest)]
        takes = _TAKES[kind]
        spend((6 if kind in "CSQT" else 1) * (len(values) // takes))
        for first in range(0, len(values) - takes + 1, takes):
            pen.draw(kind, values[first : first + takes], relative)
            kind = "L" if kind == "M" else kind
    if len(pen.points) > 1:
        yield SubPath(pen.points, False, pen.curved)


class _Pen:
    """Where a path has come to."""

    def __init__(self) -> None:
        self.start: Point = (0.0, 0.0)
        self.lift(self.start)

    def lift(self, to: Point) -> None:
        self.points, self.curved, self.start = [to], False, to
        self._control: Point | None = None
        self._last = ""

    def draw(self, kind: str, values: list[float], relative: bool) -> None:
        x, y = self.points[-1]
        if kind in "HV":
            base = (x if kind == "H" else y) if relative else 0.0
            values = [values[0] + base, y] if kind == "H" else [x, values[0] + base]
        elif relative:
            values = [value + (y if index % 2 else x) for index, value in enumerate(values)]
        ends = list(zip(values[::2], values[1::2], strict=True))
        if kind == "M":
            self.lift(ends[0])
        elif kind in "LHV":
            self.points.append(ends[0])
        else:
            self._curve(kind, ends)
        self._control = self._control if kind in "CSQT" else None
        self._last = kind

    def _curve(self, kind: str, ends: list[Point]) -> None:
        x, y = start = self.points[-1]
        if kind in "ST":
            goes_on = self._control is not None and self._last in ("CS" if kind == "S" else "QT")
            cx, cy = self._control if goes_on and self._control else start
            ends = [(2 * x - cx, 2 * y - cy), *ends]
        self._control = ends[-2]
        if kind in "QT":  # the cubic that is the same curve
            (cx, cy), (ex, ey) = ends
            ends = [
                (x + 2 / 3 * (cx - x), y + 2 / 3 * (cy - y)),
                (ex + 2 / 3 * (cx - ex), ey + 2 / 3 * (cy - ey)),
                (ex, ey),
            ]
        self.curved = True
        self.points += on_curve((x, y), *ends)

    def arc(self, values: list[float], relative: bool) -> None:
        x, y = self.points[-1]
        rx, ry, turn, large, sweep, to_x, to_y = values
        to = (to_x + x, to_y + y) if relative else (to_x, to_y)
        self.curved = True
        self.points += _arc((x, y), to, (abs(rx), abs(ry), turn), (bool(large), bool(sweep)))


def on_curve(start: Point, first: Point, second: Point, end: Point) -> list[Point]:
    """Return six points on a cubic Bézier curve, its end the last."""
    (x, y), (x1, y1), (x2, y2), (x3, y3) = start, first, second, end
    return [(p * x + q * x1 + r * x2 + s * x3, p * y + q * y1 + r * y2 + s * y3) for p, q, r, s in _WEIGHTS]


def _arc(
    start: Point, to: Point, ellipse: tuple[float, float, float], flags: tuple[bool, bool]
) -> list[Point]:
    """Return points on an elliptic arc.

    Source: SVG 1.1, appendix F.6.5, from endpoints to the centre.
    """
    rx, ry, turn = ellipse
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    half_x, half_y = (start[0] - to[0]) / 2, (start[1] - to[1]) / 2
    x, y = cos * half_x + sin * half_y, cos * half_y - sin * half_x
    if not rx or not ry or (not x and not y):
        return [to]
    stretch = math.sqrt(max(1.0, (x / rx) ** 2 + (y / ry) ** 2))
    rx, ry = rx * stretch, ry * stretch
    below = (rx * y) ** 2 + (ry * x) ** 2
    factor = math.sqrt(max(0.0, ((rx * ry) ** 2 - below) / below)) * (1 if flags[0] != flags[1] else -1)
    cx, cy = factor * rx * y / ry, -factor * ry * x / rx
    first = math.atan2((y - cy) / ry, (x - cx) / rx)
    sweep = math.atan2((-y - cy) / ry, (-x - cx) / rx) - first
    sweep += 2 * math.pi * ((flags[1] and sweep < 0) - (not flags[1] and sweep > 0))
    count = max(2, math.ceil(abs(sweep) / (math.pi / 8)))
    middle_x, middle_y = (start[0] + to[0]) / 2, (start[1] + to[1]) / 2
    points = []
    for step in range(1, count):
        angle = first + sweep * step / count
        px, py = cx + rx * math.cos(angle), cy + ry * math.sin(angle)
        points.append((cos * px - sin * py + middle_x, sin * px + cos * py + middle_y))
    return [*points, to]
