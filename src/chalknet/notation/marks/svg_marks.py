"""The marks of an SVG of any origin: transforms, styles, `use`, markers and hidden parts are followed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from chalknet.notation.drawings.sketch import REMEDY, Place
from chalknet.notation.limits import check_limit
from chalknet.notation.marks.geometry import NUMBER, SAME, Transform, number, sub_paths, transform_of
from chalknet.notation.marks.mark import AnyMark, Point, ShapeMark, StrokeMark, TextMark, UnreadMark
from chalknet.notation.marks.outlines import length_of, place_of
from chalknet.notation.marks.painted import (
    Paint,
    area_marks,
    path_marks,
    path_part,
    shape_mark,
    stroke_marks,
)
from chalknet.notation.marks.svg_style import Look, StyleSheet, is_shown, length, line_style, look_of, paint
from chalknet.notation.marks.svg_text import html_text, matplotlib_text, texts_of
from chalknet.notation.marks.xml_tree import Element, read_xml
from chalknet.notation.tokens import SourceText

_SVG, _SVG_END = re.compile(r"<(?:svg:)?svg\b"), re.compile(r"</(?:svg:)?svg\s*+>")
_URL = re.compile(r"url\(\s*[\"']?#([^\"')]+)")
_NOT_DRAWN = frozenset(
    "defs clipPath mask pattern marker symbol linearGradient radialGradient filter title desc metadata style "
    "script namedview animate animateTransform animateMotion set foreignObject".split()
)
_GLYPH = re.compile(r"glyph|^g[0-9]+-[0-9]+$|^font|-[0-9a-f]{2,5}$")
_DEEPEST = 200
_MOST_USES = 20


class _Visit(NamedTuple):
    """An element on the way through the document."""

    element: Element
    here: Transform
    look: Look
    around: list[Element]
    depth: int = 0
    at: int = -1  # of the `use` that draws it
    uses: int = 0  # within one another
    clip: tuple[float, float, float, float] | None = None


def svg_marks(text: str) -> tuple[SourceText, list[AnyMark]]:
    """Return the source and all that is seen in an SVG, in the order in which it is drawn.

    Args:
        text: the document, or a page with one inside.

    Raises:
        NotationError: for a damaged or dangerous document, or one with more marks than any drawing has.
    """
    source = SourceText("SVG", text, remedy=REMEDY)
    opening, closing = _SVG.search(text), text.rfind("</svg")
    end = _SVG_END.match(text, closing) if closing >= 0 else None
    if opening and end and opening.start() < end.end() and "<!ENTITY" not in text:
        # as long as before, so that places stay
        inside = SourceText("SVG", " " * opening.start() + text[opening.start() : end.end()], remedy=REMEDY)
        if "<!--" in text[: opening.start()]:
            inside = source
        return source, _Reader(source, read_xml(inside)).marks()
    return source, _Reader(source, read_xml(source)).marks()


class _Reader:
    """Walks through a document and gathers its marks."""

    def __init__(self, source: SourceText, root: Element) -> None:
        self._source, self._root = source, root
        self._marks: list[AnyMark] = []
        self._points = self._visits = 0
        every = list(root.walk())
        self._by_key = {element.get("id"): element for element in reversed(every) if element.get("id")}
        self._sheet = StyleSheet([element.words() for element in every if element.tag == "style"])
        self._heads: dict[str, bool] = {}
        self._draw: dict[str, Callable[[_Visit], None]] = {
            **{"line": self._line, "polyline": self._polyline, "polygon": self._polygon, "path": self._path},
            **{"rect": self._rect, "circle": self._ellipse, "ellipse": self._ellipse, "image": self._image},
            "text": self._text,
        }

    def marks(self) -> list[AnyMark]:
        waiting = [_Visit(self._root, SAME, {}, [])]
        while waiting:
            visit = waiting.pop()
            self._visits += 1
            check_limit(self._source, visit.element.at, "words of a drawing", self._visits)
            waiting += reversed(list(self._visit(visit)))
        return self._marks

    def _visit(self, visit: _Visit) -> Iterator[_Visit]:
        """Draw an element, and yield what is inside it to be drawn next."""
        element, look = visit.element, look_of(visit.element, visit.look, self._sheet, visit.around)
        if element.tag in _NOT_DRAWN or not is_shown(look) or visit.depth > _DEEPEST:
            return
        here = visit.here
        if written := element.get("transform"):
            here = here.after(transform_of(written))
        clip = self._clip(element, here) or visit.clip
        visit = visit._replace(here=here, look=look, clip=clip)
        if draw := self._draw.get(element.tag):
            if look.get("visibility", "visible") == "visible":
                draw(visit)
        elif element.tag == "use":
            yield from self._used(visit)
        elif element.tag == "switch":
            yield from self._switch(visit)
        else:
            if element.tag == "svg" and visit.depth:
                here = here.after(_viewport(element, element.get("width"), element.get("height")))
            yield from self._inside(visit._replace(here=here))

    def _inside(self, visit: _Visit) -> Iterator[_Visit]:
        element = visit.element
        if (text := matplotlib_text(element, visit.here)) is not None:
            self._marks.append(text)
            return
        around = [*visit.around[-_DEEPEST:], element] if self._sheet else visit.around
        for child in element.elements():
            if child.tag == "foreignObject":
                self._html(visit._replace(element=child), None)
            yield visit._replace(element=child, around=around, depth=visit.depth + 1)

    def _switch(self, visit: _Visit) -> Iterator[_Visit]:
        """Draw the first of several ways to draw the same: HTML where it is there."""
        inside = list(visit.element.elements())
        foreign = next((child for child in inside if child.tag == "foreignObject"), None)
        text = next((child for child in inside if child.tag == "text"), None)
        if foreign is not None:
            fallback = None
            if text is not None:
                look = look_of(text, visit.look, self._sheet, visit.around)
                fallback = next(texts_of(text, look, visit.here, self._sheet, visit.around), None)
            self._html(visit._replace(element=foreign), fallback)
        elif inside:
            yield visit._replace(element=inside[0], depth=visit.depth + 1)

    def _html(self, visit: _Visit, fallback: TextMark | None) -> None:
        here = visit.here.after(transform_of(visit.element.get("transform")))
        mark = html_text(visit.element, here, fallback)
        if mark is not None:
            self._marks.append(mark)

    def _used(self, visit: _Visit) -> Iterator[_Visit]:
        element = visit.element
        self._visits += 12  # what is drawn again takes longer than what is written
        key = (element.get("href") or element.get("xlink:href")).removeprefix("#")
        target = self._by_key.get(key)
        if target is None or visit.uses > _MOST_USES:
            return
        x, y = length(element.get("x")), length(element.get("y"))
        here = visit.here.after(Transform(e=x, f=y))
        at = visit.at if visit.at >= 0 else element.at
        if _GLYPH.search(key) and target.tag in ("path", "symbol", "g"):
            self._marks.append(UnreadMark("letters drawn as shapes", Place(*here.at(0, 0)), at))
            return
        visit = visit._replace(here=here, at=at, uses=visit.uses + 1)
        if target.tag == "symbol":
            view = _viewport(target, element.get("width"), element.get("height"))
            look = look_of(target, visit.look, self._sheet, visit.around)
            for child in target.elements():
                yield visit._replace(element=child, here=here.after(view), look=look)
        else:
            yield visit._replace(element=target)

    def _clip(self, element: Element, here: Transform) -> tuple[float, float, float, float] | None:
        """Return the box outside of which an element is cut off, where that is one plain box."""
        match = _URL.match(element.get("clip-path")) if "clip-path" in element.attributes else None
        target = self._by_key.get(match.group(1)) if match else None
        inside = list(target.elements()) if target is not None else []
        if len(inside) != 1 or inside[0].tag != "rect":
            return None
        x, y, width, height = (length(inside[0].get(name)) for name in ("x", "y", "width", "height"))
        place = place_of([here.at(x, y), here.at(x + width, y + height)])
        half_x, half_y = place.width / 2 + 1, place.height / 2 + 1
        return place.x - half_x, place.y - half_y, place.x + half_x, place.y + half_y

    # Shapes and strokes

    def _count_points(self, points: int) -> None:
        self._points += points
        check_limit(self._source, None, "points of a drawing", self._points)

    def _line(self, visit: _Visit) -> None:
        x1, y1, x2, y2 = (length(visit.element.get(name)) for name in ("x1", "y1", "x2", "y2"))
        self._add(visit, stroke_marks([visit.here.at(x1, y1), visit.here.at(x2, y2)], self._paint(visit)))

    def _polyline(self, visit: _Visit) -> None:
        points = self._listed(visit)
        if len(points) > 2 and math.dist(points[0], points[-1]) <= 1e-3 * length_of(points):
            self._add(visit, area_marks(points, self._paint(visit)))
        elif len(points) > 1:
            self._add(visit, stroke_marks(points, self._paint(visit)))

    def _polygon(self, visit: _Visit) -> None:
        points = self._listed(visit)
        if len(points) > 2:
            self._add(visit, area_marks(points, self._paint(visit)))

    def _listed(self, visit: _Visit) -> list[Point]:
        values = [number(value) for value in NUMBER.findall(visit.element.get("points"))]
        self._count_points(len(values))
        return [visit.here.at(x, y) for x, y in zip(values[::2], values[1::2], strict=False)]

    def _rect(self, visit: _Visit) -> None:
        get = visit.element.get
        x, y, width, height = (length(get(name)) for name in ("x", "y", "width", "height"))
        if "%" in get("width") + get("height"):  # of the whole drawing: its ground
            return
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        radius = max(length(get("rx")), length(get("ry")))
        if width <= 0 or height <= 0:
            return
        kind = "rounded" if radius > 0 else ""
        if radius >= 0.48 * max(width, height):
            kind = "disc"
        points = [visit.here.at(*corner) for corner in corners]
        self._add(visit, area_marks(points, self._paint(visit), kind))

    def _ellipse(self, visit: _Visit) -> None:
        get, here, paint = visit.element.get, visit.here, self._paint(visit)
        rx = length(get("r") or get("rx") or get("ry"))
        ry = length(get("r") or get("ry") or get("rx"))
        width = 2 * math.hypot(here.a * rx, here.c * ry)
        height = 2 * math.hypot(here.b * rx, here.d * ry)
        place = Place(*here.at(length(get("cx")), length(get("cy"))), width, height)
        if min(width, height) > 0 and (paint.fill or paint.line):
            kind = "disc" if abs(width - height) <= 0.08 * max(width, height) else "ellipse"
            self._add(visit, [shape_mark(ShapeMark(kind, place), paint)])

    def _path(self, visit: _Visit) -> None:
        here = visit.here
        parts = []
        for part in sub_paths(visit.element.get("d"), self._count_points):
            points = part.points if here is SAME else [here.at(x, y) for x, y in part.points]
            parts.append(path_part(points, part.closed))
        self._add(visit, path_marks(parts, self._paint(visit)))

    def _paint(self, visit: _Visit) -> Paint:
        look, at = visit.look, visit.at if visit.at >= 0 else visit.element.at
        thickness = length(look.get("stroke-width", "1"))
        line = paint(look, "stroke") if thickness > 0 else ""
        if not line:
            return Paint(paint(look, "fill"), at=at)
        style = line_style(look, thickness) if "stroke-dasharray" in look else ""
        heads = (
            "marker-start" in look and self._is_head(look["marker-start"]),
            "marker-end" in look and self._is_head(look["marker-end"]),
        )
        return Paint(paint(look, "fill"), line, thickness * visit.here.scale, style, *heads, at)

    def _add(self, visit: _Visit, marks: Iterable[AnyMark]) -> None:
        """Take marks of an element, but those that its clip path cuts off."""
        if visit.clip is None:
            self._marks += marks
            return
        for mark in marks:
            place = place_of(mark.points) if isinstance(mark, StrokeMark) else mark.place
            if not _is_cut_off(visit.clip, place):
                self._marks.append(mark)

    def _is_head(self, written: str) -> bool:
        """Return whether a marker is an arrowhead: anything but a disc, or nothing."""
        if written not in self._heads:
            match = _URL.search(written)
            marker = self._by_key.get(match.group(1)) if match else None
            inside = {one.tag for one in marker.walk()} - {"marker"} if marker is not None else set()
            round_ones = inside & {"circle", "ellipse"}
            self._heads[written] = bool(match) and (marker is None or bool(inside)) and not round_ones
        return self._heads[written]

    def _image(self, visit: _Visit) -> None:
        x, y, width, height = (length(visit.element.get(name)) for name in ("x", "y", "width", "height"))
        place = place_of([visit.here.at(x, y), visit.here.at(x + width, y + height)])
        self._marks.append(UnreadMark("a picture", place, visit.element.at))

    def _text(self, visit: _Visit) -> None:
        if not (paint(visit.look, "fill") or paint(visit.look, "stroke")):
            return
        self._marks += texts_of(visit.element, visit.look, visit.here, self._sheet, visit.around)


def _is_cut_off(clip: tuple[float, float, float, float], place: Place) -> bool:
    left, top, right, bottom = clip
    x, y, width, height = place
    return x + width / 2 < left or x - width / 2 > right or y + height / 2 < top or y - height / 2 > bottom


def _viewport(element: Element, width: str, height: str) -> Transform:
    """Return how what is inside an `svg` or a `symbol` is placed by its `x`, `y` and `viewBox`."""
    moved = Transform(e=length(element.get("x")), f=length(element.get("y")))
    box = [number(value) for value in NUMBER.findall(element.get("viewBox"))]
    if len(box) != 4 or box[2] <= 0 or box[3] <= 0:
        return moved
    wide, high = length(width or "100%", box[2]), length(height or "100%", box[3])
    scale = min(wide / box[2], high / box[3]) or 1.0
    middle = Transform(scale, 0, 0, scale, (wide - scale * box[2]) / 2, (high - scale * box[3]) / 2)
    return moved.after(middle).after(Transform(e=-box[0], f=-box[1]))
