"""A scene: marks on a page, and nothing else; a surface writes it in its own language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Box:
    """A rectangle, or an ellipse in it, from its upper left corner; y grows downwards.

    Args:
        x, y, width, height: in points.
        kind: what it stands for, such as "hidden": its class and its colours.
        id: stable name of the thing drawn, the same in every surface.
        title: what hovering shows.
        round: whether the ellipse in the rectangle is meant.
    """

    x: float
    y: float
    width: float
    height: float
    kind: str
    id: str = ""
    title: str = ""
    round: bool = False


@dataclass(frozen=True)
class Line:
    """A straight line, with a head at its end where `arrow` is set."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str
    id: str = ""
    title: str = ""
    arrow: bool = True
    width: float = 1.0


@dataclass(frozen=True)
class Label:
    """A text in the markup of `text`, about its centre."""

    x: float
    y: float
    text: str
    size: float
    kind: str
    id: str = ""


Mark: TypeAlias = Box | Line | Label


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
    """

    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str
    description: str
    network: str
    colours: dict[str, str]
    print_width_mm: float | None = None
