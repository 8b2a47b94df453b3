"""A scene: marks on a page, and nothing else; a surface writes it in its own language."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from chalknet.drawing.text import height_of, is_wide, width_of


class Bounds(NamedTuple):
    """A rectangle by its corners, in points."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Box:
    """A rectangle, or an ellipse in it, from its upper left corner; y grows downwards.

    Args:
        x, y, width, height: in points.
        kind: its class, such as "hidden", which sets its colours.
        id: stable name of the thing drawn, the same in every surface.
        title: what hovering shows.
        round: whether it is the ellipse in the rectangle.
    """

    x: float
    y: float
    width: float
    height: float
    kind: str
    id: str = ""
    title: str = ""
    round: bool = False

    @property
    def bounds(self) -> Bounds:
        """Return the corners."""
        return Bounds(self.x, self.y, self.x + self.width, self.y + self.height)

    def moved(self, by_x: float, by_y: float, scale: float) -> Box:
        """Return it moved and then scaled about the page's corner."""
        x, y = (self.x + by_x) * scale, (self.y + by_y) * scale
        return replace(self, x=x, y=y, width=self.width * scale, height=self.height * scale)


@dataclass(frozen=True)
class Line:
    """A line from one point to another, with a head at its end where `arrow` is set.

    Args:
        x1, y1, x2, y2: where it begins and ends.
        kind: its class, which sets its colour.
        id: stable name of the thing drawn.
        title: what hovering shows.
        arrow: whether it has a head.
        width: in points.
        opacity: from 0 to 1.
        controls: the two inner points of a Bézier curve; None for a straight line.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str
    id: str = ""
    title: str = ""
    arrow: bool = True
    width: float = 1.0
    opacity: float = 1.0
    controls: tuple[tuple[float, float], tuple[float, float]] | None = None

    @property
    def bounds(self) -> Bounds:
        """Return the corners of the rectangle around it."""
        across, down = zip((self.x1, self.y1), (self.x2, self.y2), *(self.controls or ()), strict=True)
        return Bounds(min(across), min(down), max(across), max(down))

    def moved(self, by_x: float, by_y: float, scale: float) -> Line:
        """Return it moved and then scaled about the page's corner."""
        x1, x2 = ((x + by_x) * scale for x in (self.x1, self.x2))
        y1, y2 = ((y + by_y) * scale for y in (self.y1, self.y2))
        controls = self.controls
        if controls:
            (ax, ay), (bx, by) = controls
            controls = (
                ((ax + by_x) * scale, (ay + by_y) * scale),
                ((bx + by_x) * scale, (by + by_y) * scale),
            )
        return replace(self, x1=x1, y1=y1, x2=x2, y2=y2, width=self.width * scale, controls=controls)


@dataclass(frozen=True)
class Label:
    """A text in the markup of `text`, about its centre.

    Args:
        x, y, size: in points.
        text: what it says.
        kind: its class.
        id: stable name.
        angle: by which it is turned about its centre, in degrees, clockwise.
    """

    x: float
    y: float
    text: str
    size: float
    kind: str
    id: str = ""
    angle: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """Return the corners of the rectangle around it."""
        long, high = width_of(self.text, self.size) / 2, height_of(self.text, self.size) / 2
        cos, sin = abs(math.cos(math.radians(self.angle))), abs(math.sin(math.radians(self.angle)))
        width, height = long * cos + high * sin, long * sin + high * cos
        return Bounds(self.x - width, self.y - height, self.x + width, self.y + height)

    def moved(self, by_x: float, by_y: float, scale: float) -> Label:
        """Return it moved and then scaled about the page's corner."""
        return replace(self, x=(self.x + by_x) * scale, y=(self.y + by_y) * scale, size=self.size * scale)


@dataclass(frozen=True)
class Photo:
    """A picture of the user's own, from its upper left corner.

    Args:
        x, y, width, height: in points.
        data: a PNG or a JPEG.
    """

    x: float
    y: float
    width: float
    height: float
    data: bytes

    @property
    def kind(self) -> str:
        """Return its format: "png" or "jpeg"."""
        return "png" if self.data.startswith(b"\x89PNG") else "jpeg"

    @property
    def bounds(self) -> Bounds:
        """Return the corners."""
        return Bounds(self.x, self.y, self.x + self.width, self.y + self.height)

    def moved(self, by_x: float, by_y: float, scale: float) -> Photo:
        """Return it moved and then scaled about the page's corner."""
        x, y = (self.x + by_x) * scale, (self.y + by_y) * scale
        return replace(self, x=x, y=y, width=self.width * scale, height=self.height * scale)


@dataclass(frozen=True)
class Tracing:
    """A line or an outline in a colour of its own, drawn over what is there.

    Args:
        points: its corners.
        colour: as #rrggbb; an outline is filled with it, thinly.
        closed: whether it is an outline.
        title: what hovering shows.
        width: of the line.
    """

    points: tuple[tuple[float, float], ...]
    colour: str
    closed: bool = True
    title: str = ""
    width: float = 1.5

    @property
    def bounds(self) -> Bounds:
        """Return the corners of the rectangle around it."""
        across, down = zip(*self.points, strict=True)
        return Bounds(min(across), min(down), max(across), max(down))

    def moved(self, by_x: float, by_y: float, scale: float) -> Tracing:
        """Return it moved and then scaled about the page's corner."""
        points = tuple(((x + by_x) * scale, (y + by_y) * scale) for x, y in self.points)
        return replace(self, points=points, width=self.width * scale)


@dataclass(frozen=True)
class Face:
    """A face of a block in perspective.

    Args:
        points: its corners.
        kind: its class, such as "hidden", which sets its colours.
        id: stable name of the thing drawn.
        title: what hovering shows.
        shade: how much of the ink lies over its colour, from 0 to 1.
    """

    points: tuple[tuple[float, float], ...]
    kind: str
    id: str = ""
    title: str = ""
    shade: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """Return the corners of the rectangle around it."""
        across, down = zip(*self.points, strict=True)
        return Bounds(min(across), min(down), max(across), max(down))

    def moved(self, by_x: float, by_y: float, scale: float) -> Face:
        """Return it moved and then scaled about the page's corner."""
        points = tuple(((x + by_x) * scale, (y + by_y) * scale) for x, y in self.points)
        return replace(self, points=points)


Mark: TypeAlias = Box | Face | Line | Label | Photo | Tracing


def bounds_of(marks: Iterable[Mark]) -> Bounds:
    """Return the corners of the rectangle around marks."""
    left, top, right, bottom = zip(*(mark.bounds for mark in marks), strict=True)
    return Bounds(min(left), min(top), max(right), max(bottom))


@dataclass(frozen=True)
class Scene:
    """A page of marks, the first ones lowest.

    Args:
        width, height: in points.
        marks: what stands on it.
        title: one line that says what it is.
        description: what a reader who cannot see it has to know.
        network: the network drawn, as JSON.
        colours: fill and stroke of every kind, and of its text.
        print_width_mm: the width on paper; None for a screen.
        stroke: the width of an ordinary line, in points.
    """

    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str
    description: str
    network: str
    colours: dict[str, str]
    print_width_mm: float | None = None
    stroke: float = 1.0

    @property
    def has_wide_letters(self) -> bool:
        """Return whether a label has Korean, Chinese or Japanese letters, which not every font has."""
        return any(is_wide(letter) for mark in self.marks if isinstance(mark, Label) for letter in mark.text)
