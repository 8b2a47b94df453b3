"""Excalidraw: the elements of its JSON as marks, bound together or loose."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from chalknet.notation.drawings.sketch import Place, Sketch
from chalknet.notation.limits import check_limit
from chalknet.notation.marks.geometry import FARTHEST
from chalknet.notation.marks.mark import AnyMark, Point, ShapeMark, StrokeMark, TextMark, UnreadMark
from chalknet.notation.marks.outlines import length_of, outline_of
from chalknet.notation.marks.sketching import sketch_of
from chalknet.notation.tokens import SourceText

_REMEDY = "Save the scene in Excalidraw again (.excalidraw), or export it as SVG with the scene embedded."
_FENCE = re.compile(r"```json\s*+\n")
_KINDS = {"rectangle": "box", "ellipse": "ellipse", "diamond": "diamond", "frame": "box", "magicframe": "box"}


def read_excalidraw(text: str, name: str | None = None) -> Sketch:
    """Return what a scene of Excalidraw shows.

    Args:
        text: its JSON, or a note of Obsidian that holds it.
        name: not used: a scene has one page.

    Raises:
        NotationError: for a damaged scene.
    """
    source = SourceText("Excalidraw", text, remedy=_REMEDY)
    if "```compressed-json" in text:
        got = "a scene that Obsidian has compressed"
        remedy = "Switch off 'Compress Excalidraw JSON in Markdown' and save it again."
        raise source.refuse(None, got=got, wanted="a scene in plain JSON", remedy=remedy)
    return sketch_of(_Scene(source, _elements(source)).marks(), source)


def _elements(source: SourceText) -> list[dict[str, Any]]:
    text = source.text
    fence = _FENCE.search(text)
    start = fence.end() if fence and not text.lstrip().startswith("{") else len(text) - len(text.lstrip())
    try:
        scene, _ = json.JSONDecoder().raw_decode(text, start)
        elements = scene["elements"]
    except json.JSONDecodeError as problem:
        raise source.refuse(min(problem.pos, len(text)), got=problem.msg, wanted="a whole scene") from problem
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise source.refuse(None, got="no list of elements", wanted="a scene with elements") from problem
    if not isinstance(elements, list):
        raise source.refuse(None, got="no list of elements", wanted="a scene with elements")
    check_limit(source, None, "words of a drawing", len(elements))
    return [one for one in elements if isinstance(one, dict) and not one.get("isDeleted")]


def _number(value: Any, default: float = 0.0) -> float:
    """Return a number of the JSON; the default for what is none, or reaches farther than any drawing."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < FARTHEST
    return float(value) if usable else default


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


class _Scene:
    """The elements of a scene."""

    def __init__(self, source: SourceText, elements: list[dict[str, Any]]) -> None:
        self._source, self._elements = source, elements
        self._points = 0
        self._keys = {_word(one.get("id")) for one in elements}
        self._frames = {
            _word(one.get("id")) for one in elements if one.get("type") in ("frame", "magicframe")
        }

    def marks(self) -> list[AnyMark]:
        found: list[AnyMark] = []
        for at, element in enumerate(self._elements):
            kind = _word(element.get("type"))
            if _number(element.get("opacity"), 100) <= 2:
                continue
            if kind in _KINDS:
                found += self._shape(element, _KINDS[kind], at)
            elif kind in ("line", "arrow", "freedraw"):
                found += self._line(element, at)
            elif kind == "text":
                found += self._text(element, at)
            elif kind in ("image", "iframe", "embeddable"):
                found.append(UnreadMark("a picture", self._place(element), at))
        return found

    def _place(self, element: dict[str, Any]) -> Place:
        x, y, width, height = (_number(element.get(name)) for name in ("x", "y", "width", "height"))
        return Place(x + width / 2, y + height / 2, abs(width), abs(height))

    def _shape(self, element: dict[str, Any], kind: str, at: int) -> list[AnyMark]:
        place = self._place(element)
        if not place.width or not place.height:
            return []
        if kind == "ellipse" and abs(place.width - place.height) < 0.08 * place.width:
            kind = "disc"
        if kind == "box" and isinstance(element.get("roundness"), dict):
            kind = "rounded"
        frame = element.get("type") in ("frame", "magicframe")
        fill = _word(element.get("backgroundColor"))
        style = _word(element.get("strokeStyle"))
        key, inside = _word(element.get("id")), _word(element.get("frameId"))
        shape = ShapeMark(
            kind,
            place,
            math.degrees(_number(element.get("angle"))),
            fill="" if fill == "transparent" else fill,
            outline=_word(element.get("strokeColor")),
            style=style if style in ("dashed", "dotted") else "",
            key=key,
            inside=inside if inside in self._frames else "",
            frame=frame,
            at=at,
        )
        title = _word(element.get("name")) if frame else ""
        words = TextMark(title, place, 20.0, of=key, at=at)
        return [shape, words] if title else [shape]

    def _line(self, element: dict[str, Any], at: int) -> list[AnyMark]:
        place = self._place(element)
        x, y = _number(element.get("x")), _number(element.get("y"))
        turn = _number(element.get("angle"))
        points: list[Point] = []
        written = element.get("points")
        for pair in written if isinstance(written, list) else []:
            if isinstance(pair, list) and len(pair) >= 2:
                points.append(_turned((x + _number(pair[0]), y + _number(pair[1])), place, turn))
        self._points += len(points)
        check_limit(self._source, None, "points of a drawing", self._points)
        if len(points) < 2:
            return []
        long = length_of(points)
        colour, style = _word(element.get("strokeColor")), _word(element.get("strokeStyle"))
        if len(points) > 3 and math.dist(points[0], points[-1]) < 0.05 * long and element["type"] != "arrow":
            outline = outline_of(points)
            if outline is not None:
                return [ShapeMark(*outline, outline=colour, key=_word(element.get("id")), at=at)]
        tied = [self._bound(element.get(name)) for name in ("startBinding", "endBinding")]
        heads = [
            _word(element.get(name)) not in ("", "dot", "circle", "circle_outline", "bar")
            for name in ("startArrowhead", "endArrowhead")
        ]
        if element["type"] == "arrow" and "endArrowhead" not in element:
            heads[1] = True
        style = style if style in ("dashed", "dotted") else ""
        width = _number(element.get("strokeWidth"), 1.0)
        key = _word(element.get("id"))
        return [
            StrokeMark(tuple(points), heads[0], heads[1], style, colour, width, key, tied[0], tied[1], at)
        ]

    def _bound(self, binding: Any) -> str:
        key = _word(binding.get("elementId")) if isinstance(binding, dict) else ""
        return key if key in self._keys else ""

    def _text(self, element: dict[str, Any], at: int) -> list[AnyMark]:
        words = _word(element.get("originalText")) or _word(element.get("text"))
        if not words.strip():
            return []
        size = _number(element.get("fontSize"), 20.0) or 20.0
        holder = _word(element.get("containerId"))
        angle = math.degrees(_number(element.get("angle")))
        of = holder if holder in self._keys else ""
        colour = _word(element.get("strokeColor"))
        return [TextMark(words.strip(), self._place(element), size, angle, colour, of, at)]


def _turned(point: Point, around: Place, angle: float) -> Point:
    if not angle:
        return point
    cos, sin = math.cos(angle), math.sin(angle)
    dx, dy = point[0] - around.x, point[1] - around.y
    return (around.x + cos * dx - sin * dy, around.y + sin * dx + cos * dy)
