"""What is drawn, before anything draws it: shapes, lines and words at their places, y growing downwards."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

Point: TypeAlias = tuple[float, float]


class Shape(NamedTuple):
    """A disc, ellipse, box or rounded box about its middle.

    Args:
        kind: "disc", "box", "rounded", "diamond", or "dots" for one of the dots that stand for what is left out.
        x, y: its middle.
        w, h: its width and height.
        fill, stroke: colours as #rrggbb; empty for none.
        width: of the outline.
        dash: whether the outline is dashed.
    """

    kind: str
    x: float
    y: float
    w: float
    h: float
    fill: str = ""
    stroke: str = "#000000"
    width: float = 1.0
    dash: bool = False


class Line(NamedTuple):
    """A line through points.

    Args:
        points: its corners; of a curve, points on it.
        stroke: its colour.
        width: how thick it is.
        dash: whether it is dashed.
        head: "", "filled", "open" or "wide" at its last point.
        closed: whether it ends where it began.
        fill: the colour within a closed line.
    """

    points: tuple[Point, ...]
    stroke: str = "#000000"
    width: float = 1.0
    dash: bool = False
    head: str = ""
    closed: bool = False
    fill: str = ""


class Words(NamedTuple):
    """Words about their middle, or from their left end.

    Args:
        x, y: the middle of the letters' height.
        text: lines apart; `x_{1}` has an index.
        size: of the letters.
        colour: of the letters.
        anchor: "middle", "start" or "end".
        bold, italic: of all letters.
        angle: how far they are turned, clockwise, in degrees.
        needed: whether the truth rests on them.
    """

    x: float
    y: float
    text: str
    size: float
    colour: str = "#000000"
    anchor: str = "middle"
    bold: bool = False
    italic: bool = False
    angle: float = 0.0
    needed: bool = True


Mark: TypeAlias = Shape | Line | Words
UNICODE_INDEX = str.maketrans("0123456789in", "₀₁₂₃₄₅₆₇₈₉ᵢₙ")


@dataclass
class Scene:
    """Marks on a ground, in the order in which they are drawn.

    Args:
        marks: what is drawn.
        ground: the colour of the page; empty for none.
        font: the family of all words.
        ink: the colour that stands out from the ground.
    """

    marks: list[Mark] = field(default_factory=list)
    ground: str = "#ffffff"
    font: str = "DejaVu Sans"
    ink: str = "#000000"

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of what is drawn."""
        boxes = [bounds_of(mark) for mark in self.marks]
        left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
        return left, top, max(box[2] for box in boxes), max(box[3] for box in boxes)

    @property
    def smallest(self) -> float:
        """Return the size of the smallest words on which the truth rests, or of the smallest shape."""
        sizes = [mark.size for mark in self.marks if isinstance(mark, Words) and mark.needed]
        sizes += [
            min(mark.w, mark.h) for mark in self.marks if isinstance(mark, Shape) and mark.kind != "dots"
        ]
        return min(sizes, default=10.0)


def runs(text: str) -> list[tuple[str, bool]]:
    """Return the pieces of a line of words, each with whether it is an index."""
    pieces = re.split(r"_\{([^}]*)\}", text)
    return [(piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece]


def flat(text: str) -> str:
    """Return words with their indices in line."""
    return re.sub(r"_\{([^}]*)\}", r"\1", text)


def width_of(text: str, size: float) -> float:
    """Return about how wide the longest line is."""
    return max(0.56 * size * sum(2 - (ord(c) < 0x1100) for c in flat(line)) for line in text.split("\n"))


def bounds_of(mark: Mark) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a mark."""
    if isinstance(mark, Shape):
        return mark.x - mark.w / 2, mark.y - mark.h / 2, mark.x + mark.w / 2, mark.y + mark.h / 2
    if isinstance(mark, Line):
        xs, ys = [x for x, _ in mark.points], [y for _, y in mark.points]
        return min(xs), min(ys), max(xs), max(ys)
    wide, high = width_of(mark.text, mark.size), 1.2 * mark.size * len(mark.text.split("\n"))
    if mark.angle:
        wide, high = max(wide, high), max(wide, high)
    left = mark.x - {"middle": wide / 2, "start": 0, "end": wide}[mark.anchor]
    return left, mark.y - high / 2, left + wide, mark.y + high / 2


def moved(mark: Mark, dx: float, dy: float, scale: float = 1.0) -> Mark:
    """Return a mark scaled about the origin, then moved."""
    if isinstance(mark, Line):
        points = tuple((x * scale + dx, y * scale + dy) for x, y in mark.points)
        return mark._replace(points=points, width=mark.width * scale)
    if isinstance(mark, Shape):
        x, y, w, h = mark.x * scale + dx, mark.y * scale + dy, mark.w * scale, mark.h * scale
        return mark._replace(x=x, y=y, w=w, h=h, width=mark.width * scale)
    return mark._replace(x=mark.x * scale + dx, y=mark.y * scale + dy, size=mark.size * scale)
