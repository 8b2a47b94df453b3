"""draw.io (mxGraph XML): its cells as marks, glued or loose, of a plain or a compressed page."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from chalknet.errors import ChalknetError
from chalknet.notation.drawings.sketch import Place, Sketch
from chalknet.notation.limits import check_limit
from chalknet.notation.marks.geometry import number
from chalknet.notation.marks.mark import AnyMark, Point, ShapeMark, StrokeMark, TextMark, UnreadMark
from chalknet.notation.marks.packed import drawio_page
from chalknet.notation.marks.sketching import sketch_of
from chalknet.notation.marks.svg_text import html_words, width_of
from chalknet.notation.marks.xml_tree import Element, read_xml
from chalknet.notation.tokens import SourceText

_REMEDY = "Save the page in draw.io again, uncompressed, or export it as SVG."
_KINDS = {
    **{"ellipse": "ellipse", "rhombus": "diamond", "triangle": "triangle", "hexagon": "hexagon"},
    **{"text": "text", "swimlane": "box", "image": "image", "line": "line", "group": "group"},
    **{"edgeLabel": "text", "cloud": "polygon", "doubleEllipse": "ellipse", "label": "box"},
}
_WHITESPACE_TAG = re.compile(r"<(?:br|hr|img|input)\b([^<>]*?)/?>", re.I)
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:]*+)([^<>]*+)>")
_VOID = {"br", "hr", "img", "input"}
_OPEN_FRAMES = 60


def read_drawio(text: str, name: str | None = None) -> Sketch:
    """Return what a drawing of draw.io shows.

    Args:
        text: its XML.
        name: which page, where the file has several.

    Raises:
        NotationError: for a damaged file, or several pages with drawings of which none was named.
    """
    source = SourceText("draw.io", text, remedy=_REMEDY)
    root = read_xml(source)
    models = [(page.get("name"), _model(source, page)) for page in root.walk() if page.tag == "diagram"]
    if not models:
        models = [("", one) for one in root.walk() if one.tag == "mxGraphModel"][:1]
    drawn = [(called, model) for called, model in models if _has_cells(model)]
    if name is not None:
        drawn = [(called, model) for called, model in drawn if called == name]
    if len(drawn) != 1:
        names = ", ".join(repr(called) for called, model in models)
        several = name is None and len(drawn) > 1
        got = f"{len(drawn)} pages with something drawn" if several else "no page with something drawn"
        got += f" of the name {name!r}" if name else ""
        remedy = "Say which page: --name, or name= in Python." if several or name else _REMEDY
        wanted = f"one of the pages {names}" if several or name else "a page with shapes and arrows"
        raise source.refuse(None, got=got, wanted=wanted, remedy=remedy)
    return sketch_of(_Page(source, drawn[0][1]).marks(), source)


def _model(source: SourceText, page: Element) -> Element:
    """Return what is drawn on a page, unpacked where it is compressed."""
    plain = next((one for one in page.walk() if one.tag == "mxGraphModel"), None)
    packed = page.words().strip()
    if plain is not None or not packed:
        return plain or page
    inside = SourceText("draw.io", drawio_page(source, packed), remedy=_REMEDY)
    check_limit(source, None, "characters in a text", len(inside.text))
    return read_xml(inside)


def _has_cells(model: Element) -> bool:
    return any("vertex" in one.attributes or "edge" in one.attributes for one in model.walk())


class _Cell(NamedTuple):
    """A shape, an arrow or a label: what it is, what is written in it, and its corner in the page."""

    key: str
    element: Element
    style: dict[str, str]
    words: str
    geometry: Element | None

    def get(self, name: str) -> str:
        return self.element.get(name)

    def flag(self, name: str) -> bool:
        return self.style.get(name) == "1"

    def of_geometry(self, name: str) -> float:
        return number(self.geometry.get(name, "0")) if self.geometry is not None else 0.0

    @property
    def is_relative(self) -> bool:
        return self.geometry is not None and self.geometry.get("relative") == "1"


def _style(written: str) -> dict[str, str]:
    """Return what a style says; its bare words are the kind of shape."""
    found: dict[str, str] = {}
    for part in written.split(";"):
        name, sign, value = part.partition("=")
        if sign:
            found[name.strip()] = value.strip()
        elif name.strip():
            found.setdefault("", name.strip())
    return found


class _Page:
    """The cells of a page, and where they stand."""

    def __init__(self, source: SourceText, model: Element) -> None:
        self._source = source
        self._marks: list[AnyMark] = []
        self._cells: dict[str, _Cell] = {}
        self._origins: dict[str, Point] = {}
        self._gather(model)
        self._holders = {cell.get("parent") for cell in self._cells.values() if cell.get("vertex") == "1"}

    def _gather(self, model: Element) -> None:
        wrapped: dict[int, Element] = {}
        for element in model.walk():
            if element.tag in ("UserObject", "object"):
                wrapped |= {id(child): element for child in element.elements()}
            if element.tag != "mxCell":
                continue
            outer = wrapped.get(id(element))
            value = element.get("value") if outer is None else outer.get("label")
            key = element.get("id") or (outer.get("id") if outer is not None else "")
            geometry = next((child for child in element.elements() if child.tag == "mxGeometry"), None)
            style = _style(element.get("style"))
            words = _words(value) if style.get("html") != "0" else value
            self._cells[key] = _Cell(key, element, style, words, geometry)

    def marks(self) -> list[AnyMark]:
        for cell in self._cells.values():
            if self._is_hidden(cell):
                continue
            if cell.get("edge") == "1":
                self._arrow(cell)
            elif cell.get("vertex") == "1":
                self._vertex(cell)
        return self._marks

    def _is_hidden(self, cell: _Cell) -> bool:
        for _ in range(_OPEN_FRAMES):
            if cell.get("visible") == "0" or cell.style.get("opacity") == "0":
                return True
            above = self._cells.get(cell.get("parent"))
            if above is None or above is cell:
                return False
            cell = above
        return False

    def _origin(self, key: str) -> Point:
        """Return where the corner of a cell is in the page; it is written as seen from the cell around."""
        way: list[str] = []
        seen: set[str] = set()
        while key in self._cells and key not in self._origins and key not in seen:
            seen.add(key)
            way.append(key)
            key = self._cells[key].get("parent")
        x, y = self._origins.get(key, (0.0, 0.0))
        for each in reversed(way):
            cell = self._cells[each]
            if cell.get("vertex") == "1" and not cell.is_relative:
                x, y = x + cell.of_geometry("x"), y + cell.of_geometry("y")
            elif cell.is_relative and cell.get("vertex") == "1":
                above = self._cells.get(cell.get("parent"))
                wide = above.of_geometry("width") if above else 0.0
                high = above.of_geometry("height") if above else 0.0
                x, y = x + cell.of_geometry("x") * wide, y + cell.of_geometry("y") * high
            self._origins[each] = (x, y)
        return x, y

    def _place(self, cell: _Cell) -> Place:
        x, y = self._origin(cell.key)
        width, height = cell.of_geometry("width"), cell.of_geometry("height")
        return Place(x + width / 2, y + height / 2, width, height)

    def _vertex(self, cell: _Cell) -> None:
        above = self._cells.get(cell.get("parent"))
        if above is not None and above.get("edge") == "1":  # the label of an arrow
            middle = self._middle(above)
            self._text(cell, Place(*middle, width_of(cell.words, 12.0), 12.0), of=above.key)
            return
        place, style = self._place(cell), cell.style
        written = style.get("shape", "") or style.get("", "")
        kind = _KINDS.get(written, "")
        at = cell.element.at
        if kind == "image" and not cell.words:
            self._marks.append(UnreadMark("a picture", place, at))
            return
        fill, outline = style.get("fillColor", "default"), style.get("strokeColor", "default")
        clear = fill == "none" and outline == "none"
        if kind == "text" or (clear and cell.key not in self._holders):
            self._text(cell, place)
            return
        if kind == "group" or (clear and cell.key in self._holders):
            return  # cells that are only moved together
        if kind == "line" or not place.width or not place.height:
            half = place.width / 2
            self._marks.append(StrokeMark(((place.x - half, place.y), (place.x + half, place.y)), at=at))
            return
        round_one = kind == "ellipse" and abs(place.width - place.height) < 0.08 * place.width
        kind = "disc" if round_one else kind or ("rounded" if cell.flag("rounded") else "box")
        lanes = (written == "swimlane" or cell.flag("container")) and cell.key in self._holders
        dashed = "dashed" if cell.flag("dashed") else ""
        holder = above.key if above is not None and self._is_frame(above) else ""
        fill = "" if fill in ("none", "default") else fill
        turn = number(style.get("rotation", "0"))
        shape = ShapeMark(kind, place, turn, (), fill, outline, dashed, cell.key, holder, lanes, at)
        self._marks.append(shape)
        self._text(cell, place, of=cell.key)

    def _is_frame(self, cell: _Cell) -> bool:
        fill, outline = cell.style.get("fillColor"), cell.style.get("strokeColor")
        kind = cell.style.get("shape", "") or cell.style.get("", "")
        return cell.get("vertex") == "1" and kind != "group" and not (fill == outline == "none")

    def _text(self, cell: _Cell, place: Place, of: str = "") -> None:
        if not cell.words:
            return
        size = number(cell.style.get("fontSize", "12")) or 12.0
        lines = cell.words.split("\n")
        wide = max(width_of(line, size) for line in lines)
        side = {"top": -0.5, "bottom": 0.5}.get(cell.style.get("verticalLabelPosition", ""), 0.0)
        y = place.y + side * (place.height + size * len(lines))
        colour = cell.style.get("fontColor", "")
        spot = Place(place.x, y, wide, size * len(lines))
        self._marks.append(TextMark(cell.words, spot, size, 0.0, colour, of, cell.element.at))

    def _middle(self, cell: _Cell) -> Point:
        points = self._points(cell)
        return ((points[0][0] + points[-1][0]) / 2, (points[0][1] + points[-1][1]) / 2)

    def _points(self, cell: _Cell) -> list[Point]:
        """Return the corners of an arrow, from the shape or place it starts at to that it ends at."""
        parent = self._cells.get(cell.get("parent"))
        base = self._origin(parent.key) if parent is not None else (0.0, 0.0)
        ends: dict[str, Point] = {}
        between: list[Point] = []
        for part in cell.geometry.walk() if cell.geometry is not None else ():
            if part.tag == "mxPoint":
                spot = (number(part.get("x", "0")) + base[0], number(part.get("y", "0")) + base[1])
                if part.get("as") in ("sourcePoint", "targetPoint"):
                    ends[part.get("as").removesuffix("Point")] = spot
                elif part.get("as") != "offset":
                    between.append(spot)
        for side in ("source", "target"):
            if (tied := self._cells.get(cell.get(side))) is not None:
                place = self._place(tied)
                ends[side] = (place.x, place.y)
        if len(ends) < 2:
            return between
        return [ends["source"], *between, ends["target"]]

    def _arrow(self, cell: _Cell) -> None:
        points = self._points(cell)
        if len(points) < 2 or cell.style.get("strokeColor") == "none":
            return
        style = cell.style
        plain = "" if not cell.flag("dashed") else "dashed"
        if plain and re.match(r"1\b", style.get("dashPattern", "")):
            plain = "dotted"
        tied = [cell.get(side) if cell.get(side) in self._cells else "" for side in ("source", "target")]
        stroke = StrokeMark(
            tuple(points),
            style.get("startArrow", "none") not in ("none", "oval"),
            style.get("endArrow", "classic") not in ("none", "oval"),
            plain,
            style.get("strokeColor", ""),
            number(style.get("strokeWidth", "1")),
            cell.key,
            tied[0],
            tied[1],
            cell.element.at,
        )
        self._marks.append(stroke)
        if cell.words:
            x, y = points[len(points) // 2] if len(points) > 2 else self._middle(cell)
            self._text(cell, Place(x, y, math.dist(points[0], points[-1]), 12.0), of=cell.key)


def _words(value: str) -> str:
    """Return the words of a label, which may be HTML as a browser takes it."""
    if "<" not in value and "&" not in value:
        return value.strip()
    sound = _WHITESPACE_TAG.sub("<br/>", value)
    try:
        root = read_xml(SourceText("label", f"<div>{sound}</div>".replace("&nbsp;", " ")))
        return html_words(root)
    except ChalknetError:
        from chalknet.notation.drawings.labels import plain

        return plain(value)
