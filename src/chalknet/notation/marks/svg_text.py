"""The words of an SVG and where they stand: `text`, HTML, and those that matplotlib draws as shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import east_asian_width

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.geometry import NUMBER, Transform, number, transform_of
from chalknet.notation.marks.mark import TextMark
from chalknet.notation.marks.svg_style import Look, StyleSheet, declarations, length, look_of
from chalknet.notation.marks.xml_tree import Element

_SHIFTS = {"sub": "_", "super": "^"}
_BLOCKS = {"div", "p", "br", "li", "tr", "h1", "h2", "h3", "h4", "table"}
_CSS_LENGTH = re.compile(rf"(padding-top|margin-left|width)\s*:\s*({NUMBER.pattern})px")
_GLYPHS_PER_EM = 100.0  # of matplotlib


def width_of(words: str, size: float) -> float:
    """Return about how wide a line of words is."""
    return sum(size if east_asian_width(letter) in "WF" else 0.55 * size for letter in words)


class _Piece(NamedTuple):
    """Words that stand at a place of their own."""

    words: str
    x: float
    y: float
    size: float
    anchor: str
    colour: str
    baseline: str


def texts_of(
    element: Element, look: Look, here: Transform, sheet: StyleSheet, around: list[Element]
) -> Iterator[TextMark]:
    """Yield the words of a `text` element, those of one block joined by line breaks."""
    block: list[_Piece] = []
    for piece in _lines(element, look, sheet, around):
        if block and not _goes_on(block[-1], piece):
            yield _mark(block, here, element.at)
            block = []
        block.append(piece)
    if block:
        yield _mark(block, here, element.at)


def _goes_on(before: _Piece, piece: _Piece) -> bool:
    """Return whether a line stands under the one before it."""
    size = max(before.size, piece.size)
    down = piece.y - before.y
    if abs(down) < 0.5 * size:  # an index that is shifted, or words behind words
        return 0 <= piece.x - before.x < width_of(before.words, size) + 1.2 * size
    half = 0.5 * max(width_of(before.words, size), width_of(piece.words, size))
    return 0 < down < 2.2 * size and abs(piece.x - before.x) <= max(half, size)


def _mark(block: list[_Piece], here: Transform, at: int) -> TextMark:
    rows: list[list[_Piece]] = []
    for piece in block:
        if rows and abs(piece.y - rows[-1][0].y) < 0.5 * piece.size:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    first = block[0]
    size = max(piece.size for piece in block)
    lines = ["".join(piece.words for piece in row).strip() for row in rows]
    width = max(width_of(line, size) for line in lines)
    shift = {"middle": 0.0, "end": -0.5}.get(first.anchor, 0.5) * width
    up = {"middle": 0.0, "central": 0.0, "hanging": 0.4, "text-before-edge": 0.5}.get(first.baseline, -0.35)
    middle = here.at(first.x + shift, (first.y + rows[-1][0].y) / 2 + up * size)
    scale = here.scale
    height = rows[-1][0].y - first.y + size
    place = Place(*middle, width * scale, height * scale)
    return TextMark("\n".join(lines), place, size * scale, here.angle, first.colour, at=at)


def _lines(element: Element, look: Look, sheet: StyleSheet, around: list[Element]) -> Iterator[_Piece]:
    """Yield the words between one place that is written and the next."""
    place = _Cursor()
    waiting: list[tuple[Element | str, Look, int]] = [(element, look, 0)]
    while waiting:
        part, look, depth = waiting.pop()
        if isinstance(part, str):
            if words := " ".join(part.replace("\xa0", " ").split()):
                spaced = part[:1].isspace() and bool(place.words)
                place.words += (" " if spaced else "") + words + (" " if part[-1:].isspace() else "")
            continue
        if part.tag in ("title", "desc") or depth > 40:
            continue
        own = look if depth == 0 else look_of(part, look, sheet, around)
        size = length(own.get("font-size", "16"), 16.0) or 16.0
        moved = part.get("x") or part.get("y") or (part.get("dy") and depth) or part.get("dx")
        shift = _SHIFTS.get(part.get("baseline-shift"), "") or _SHIFTS.get(
            _style_value(part, "baseline-shift"), ""
        )
        if moved and not shift:
            if place.words.strip():
                yield place.piece()
            place.move(part, size, own)
        elif depth == 0:
            place.move(part, size, own)
        if shift:
            place.words = place.words.rstrip() + shift
        waiting += [(child, own, depth + 1) for child in reversed(part.children)]
    if place.words.strip():
        yield place.piece()


def _style_value(element: Element, name: str) -> str:
    match = re.search(rf"{name}\s*:\s*([\w-]+)", element.get("style"))
    return match.group(1) if match else ""


class _Cursor:
    """Where the next words of a text come to stand."""

    def __init__(self) -> None:
        self.words = ""
        self._x = self._y = 0.0
        self._size, self._look = 16.0, {}  # type: float, Look

    def move(self, element: Element, size: float, look: Look) -> None:
        """Go where an element says."""
        behind = width_of(self.words, self._size)
        first = {
            name: (element.get(name).replace(",", " ").split() or [""])[0] for name in ("x", "y", "dx", "dy")
        }
        if first["x"]:
            self._x = length(first["x"], em=size)
        elif first["dx"] and not first["dy"]:
            self._x += behind
        if first["y"]:
            self._y = length(first["y"], em=size)
        self._x += length(first["dx"], em=size)
        self._y += length(first["dy"], em=size)
        self.words, self._size, self._look = "", size, look

    def piece(self) -> _Piece:
        """Return the words up to here."""
        look = self._look
        anchor, baseline = look.get("text-anchor", "start"), look.get("dominant-baseline", "")
        return _Piece(self.words, self._x, self._y, self._size, anchor, look.get("fill", ""), baseline)


def html_words(element: Element) -> str:
    """Return the words of HTML, a line for each block."""
    found: list[str] = []
    waiting: list[Element | str] = [element]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            found.append(re.sub(r"\s+", " ", part))
            continue
        if part.tag in _BLOCKS:
            found.append("\n")
        if part.tag in ("sub", "sup"):
            found.append("_" if part.tag == "sub" else "^")
        waiting += reversed(part.children)
    lines = [" ".join(line.split()) for line in "".join(found).split("\n")]
    return "\n".join(line for line in lines if line)


def html_text(element: Element, here: Transform, fallback: TextMark | None) -> TextMark | None:
    """Return the words of a `foreignObject`.

    Args:
        element: the `foreignObject`.
        here: how it is placed.
        fallback: the plain text that stands beside it for programs without HTML, which knows its place.
    """
    words = html_words(element)
    if not words:
        return fallback
    if fallback is not None:
        return fallback._replace(words=words)
    lines = words.split("\n")
    size = 12.0
    written = {name: length(element.get(name)) for name in ("x", "y", "width", "height")}
    middle_x = written["x"] + written["width"] / 2
    middle_y = written["y"] + written["height"] / 2
    for inner in element.elements():  # draw.io: the place is in the style of the first box
        css = {name: number(value) for name, value in _CSS_LENGTH.findall(inner.get("style"))}
        if "padding-top" in css and "margin-left" in css:
            middle_x, middle_y = css["margin-left"] + css.get("width", 0) / 2, css["padding-top"]
        break
    width, height = max(width_of(line, size) for line in lines), size * len(lines)
    scale = here.scale
    place = Place(*here.at(middle_x, middle_y), width * scale, height * scale)
    return TextMark(words, place, size * scale, here.angle, at=element.at)


def matplotlib_text(element: Element, here: Transform) -> TextMark | None:
    """Return the words that matplotlib draws as shapes: it writes each line into a comment before it."""
    lines = [child for child in element.elements() if child.tag == "g" and child.comment]
    if not lines or not element.get("id").startswith("text_"):
        return None
    middles, width, drawn, em = [], 0.0, here, _GLYPHS_PER_EM
    for line in lines:
        spans = [one for one in line.walk() if one.tag == "tspan"]  # formulas, where letters are kept as text
        ends = [number((one.get("x").split() or ["0"])[-1]) for one in spans]
        ends += [transform_of(one.get("transform")).e for one in line.walk() if one.tag == "use"]
        drawn = here.after(transform_of(line.get("transform")))
        em = (
            length(dict(declarations(spans[0].get("style"))).get("font-size", "10"))
            if spans
            else _GLYPHS_PER_EM
        )
        wide = max(ends, default=0.0) + 0.6 * em
        middles.append(drawn.at(wide / 2, -0.36 * em if spans else 0.36 * em))
        width = max(width, wide)
    size = em * drawn.scale
    middle = [sum(values) / len(values) for values in zip(*middles, strict=True)]
    place = Place(middle[0], middle[1], width * drawn.scale, 1.2 * size * len(lines))
    words = "\n".join(line.comment.replace("- -", "--") for line in lines)
    return TextMark(words, place, size, drawn.angle, "black", at=element.at)
