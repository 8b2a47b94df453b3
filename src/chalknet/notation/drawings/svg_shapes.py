"""The elements of an SVG: their numbers, texts, frames and look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from chalknet.errors import shown
from chalknet.notation.drawings.sketch import Sketch

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NUMBER = re.compile(
    r"\s*+([+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30}+)?|\.[0-9]{1,30}+)(?:[eE][+-]?[0-9]{1,2})?)(?:px|pt)?\s*+"
)
_FARTHEST = 1e9
_SHIFTS = {"sub": "_", "super": "^"}


def inside_of(element: Element) -> Iterator[Element]:
    """Yield the elements inside a group in the order of the text; a text is one, whatever it holds."""
    waiting = [element]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += [] if tag_of(part) == "text" else reversed(part)


def lines_of(sketch: Sketch, texts: list[Element]) -> list[str]:
    """Return the lines of some texts, those of one height joined."""
    lines: dict[float, list[str]] = {}
    for part in texts:
        sign = _SHIFTS.get(part.get("baseline-shift", ""), "")
        lines.setdefault(number_of(sketch, part, "y"), []).append(sign + "".join(part.itertext()))
    return ["".join(lines[row]) for row in sorted(lines)]


def number_of(sketch: Sketch, element: Element, name: str) -> float:
    """Return the number of an attribute, 0 where it is left out."""
    written = element.get(name, "0")
    match = _NUMBER.fullmatch(written)
    if match is None:
        got = f"{name}={shown(written)}, which is no place in the drawing"
        raise sketch.source.refuse(None, got=got, wanted="a number, with px, pt or no unit")
    return float(match.group(1))


def points_of(sketch: Sketch, written: str) -> list[tuple[float, float]]:
    """Return the points of a line or a frame."""
    numbers = re.findall(r"-?[0-9]++(?:\.[0-9]++)?+(?:e-?[0-9]++)?+", written)
    values = list(map(float, numbers))
    if values and (widest := max(values, key=abs)) and not abs(widest) < _FARTHEST:
        got = f"a frame that reaches to {widest}"
        raise sketch.source.refuse(None, got=got, wanted=f"places of at most {_FARTHEST:.0e}")
    return list(zip(values[::2], values[1::2], strict=False))


def frame_of(sketch: Sketch, element: Element) -> list[tuple[float, float]]:
    """Return the corners of the first frame inside an element; none where it has no frame."""
    for part in inside_of(element):
        if tag_of(part) in ("polygon", "path"):
            points = points_of(sketch, part.get("points", "") or part.get("d", ""))
            if len(points) >= 2:
                return points
    return []


def tag_of(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


class DrawnFrame(NamedTuple):
    """The frame of a cluster."""

    title: str
    left: float
    right: float
    top: float
    bottom: float

    @classmethod
    def around(cls, title: str, points: list[tuple[float, float]]) -> DrawnFrame:
        """Return the box around some points."""
        across, down = zip(*points, strict=True)
        return cls(title, min(across), max(across), min(down), max(down))

    @property
    def area(self) -> float:
        """Return its area."""
        return (self.right - self.left) * (self.bottom - self.top)

    def holds(self, x: float, y: float) -> bool:
        """Return whether a point lies in it."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom


def stated(element: Element, name: str) -> str:
    """Return what an element says of its look, as an attribute or within its style."""
    found = re.search(rf"(?<![\w-]){name}[ \t]*+:[ \t]*+([^;!]++)", element.get("style", ""))
    return found.group(1).strip() if found else element.get(name, "")


def line_style(element: Element) -> str:
    """Return the style of a line: gaps shorter than the dashes make it dashed, longer ones dotted."""
    dashes = [
        float(one) for one in re.findall(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", stated(element, "stroke-dasharray"))
    ]
    if any(dashes):
        return "dotted" if dashes[0] <= 2 else "dashed"
    width = re.match(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", stated(element, "stroke-width"))
    return "bold" if width and float(width.group()) >= 2 else ""
