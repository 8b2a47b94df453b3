"""What is seen in a drawing before anybody says what belongs together: shapes, strokes, dots and texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from chalknet.notation.drawings.sketch import Place

Point: TypeAlias = tuple[float, float]  # x and y, which grows downwards


class ShapeMark(NamedTuple):
    """A closed outline, filled or not.

    Args:
        kind: "disc", "ellipse", "box", "rounded", "diamond", "triangle", "hexagon" or "polygon"; a format
            that has more words gives its own.
        place: its middle and its size, before it is turned.
        angle: how far it is turned, clockwise, in degrees.
        corners: those of a triangle or polygon, as it stands.
        fill, outline: their colours as written; empty for none.
        style: "dashed", "dotted" or empty for a plain outline.
        key: its id, where the format has ids that others point to.
        inside: the key of the frame that the format says it stands in.
        frame: whether the format says that it is a frame around others.
        at: where it is written in the source.
        confidence: how sure it is that it was drawn; 1 for formats that say so.
    """

    kind: str
    place: Place
    angle: float = 0.0
    corners: tuple[Point, ...] = ()
    fill: str = ""
    outline: str = ""
    style: str = ""
    key: str = ""
    inside: str = ""
    frame: bool = False
    at: int = 0
    confidence: float = 1.0


class StrokeMark(NamedTuple):
    """A line from one end to the other.

    Args:
        points: its corners; a curve is given by points on it.
        start_head, end_head: whether an arrowhead stands at its first and at its last point.
        style: "dashed", "dotted" or empty for a plain line.
        colour: as written; empty for none.
        width: how thick it is, in units of the drawing.
        key: its id, where texts point to it.
        source, target: the keys of the shapes to which the format says it is tied; empty for loose ends.
        at: where it is written in the source.
        confidence: how sure it is that it was drawn.
    """

    points: tuple[Point, ...]
    start_head: bool = False
    end_head: bool = False
    style: str = ""
    colour: str = ""
    width: float = 1.0
    key: str = ""
    source: str = ""
    target: str = ""
    at: int = 0
    confidence: float = 1.0


class TextMark(NamedTuple):
    """Words.

    Args:
        words: as written, lines apart.
        place: the middle and the size of what they cover, where they are not turned.
        size: the height of a letter's box.
        angle: how far they are turned, clockwise, in degrees.
        colour: as written.
        of: the key of the shape or stroke that the format says they belong to.
        at: where they are written in the source.
        confidence: how sure it is that they say this.
    """

    words: str
    place: Place
    size: float
    angle: float = 0.0
    colour: str = ""
    of: str = ""
    at: int = 0
    confidence: float = 1.0


class DotsMark(NamedTuple):
    """Small discs in a row, which stand for what is not drawn.

    Args:
        place: what they cover together.
        number: how many there are.
        at: where the first one is written.
        confidence: how sure it is that they are dots of this kind.
    """

    place: Place
    number: int = 3
    at: int = 0
    confidence: float = 1.0


class UnreadMark(NamedTuple):
    """Something drawn that cannot be read, such as a picture or letters drawn as shapes.

    Args:
        what: what it is.
        place: where it stands.
        at: where it is written.
    """

    what: str
    place: Place
    at: int = 0


AnyMark: TypeAlias = ShapeMark | StrokeMark | TextMark | DotsMark | UnreadMark


@dataclass
class Tidied:
    """The marks by what they are, with what was put aside.

    Args:
        shapes: in the order of drawing.
        strokes, texts, dots: likewise.
        records: the number of the record box that a shape is a cell of.
        keys: for each text of a legend the colour of the key beside it.
        unused: what was put aside, each with the reason.
        unit: the usual size of a shape; 0 where there are none.
    """

    shapes: list[ShapeMark] = field(default_factory=list)
    strokes: list[StrokeMark] = field(default_factory=list)
    texts: list[TextMark] = field(default_factory=list)
    dots: list[DotsMark] = field(default_factory=list)
    records: dict[int, int] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    unused: list[tuple[AnyMark, str]] = field(default_factory=list)
    unit: float = 0.0
