"""The forms of drawings that are known by their geometry alone, each read to a sketch."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from chalknet.notation.drawings.sketch import Sketch
from chalknet.notation.marks.drawio import read_drawio
from chalknet.notation.marks.excalidraw import read_excalidraw
from chalknet.notation.marks.packed import drawing_in_svg
from chalknet.notation.marks.sketching import sketch_of
from chalknet.notation.marks.svg_marks import svg_marks

_XML = re.compile(r"\s*+(?:<\?|<mx)")
_HOLDS_CELLS = re.compile(r"<(?:mxCell|object|UserObject)\b|<diagram\b[^<>]*+>\s*+[^\s<]")
_LETTERS = "letters drawn as shapes"


def read_picture(text: str, name: str | None = None) -> Sketch:
    """Return what an SVG of any origin shows; a drawing that it carries along is read in its place.

    Args:
        text: the SVG, or a page with one inside.
        name: which page, where the drawing carried along has several.

    Raises:
        NotationError: for a damaged or dangerous file, or one in which nothing is linked.
    """
    inside = drawing_in_svg(text)
    if inside is not None and _XML.match(inside) and not _HOLDS_CELLS.search(inside):
        inside = None  # the shell of a drawing that was left out on export: what is seen is read
    if inside is not None:
        return checked(read_drawio(inside, name) if _XML.match(inside) else read_excalidraw(inside))
    source, marks = svg_marks(text)
    return checked(sketch_of(marks, source))


def checked(sketch: Sketch) -> Sketch:
    """Return a sketch in which something is linked.

    Raises:
        NotationError: for one in which nothing is, telling what is drawn.
    """
    if sketch.links:
        return sketch
    kinds = Counter(node.shape for node in sketch.nodes.values())
    texts = kinds.pop("plaintext", 0) + bool(sketch.caption)
    parts = [_count(count, _PLAIN.get(kind, kind)) for kind, count in kinds.most_common(3)]
    parts += [_count(texts, "text")] if texts else []
    aside = Counter(each.why for each in sketch.unused)
    lines = sum(count for why, count in aside.items() if "line" in why)
    parts += [_count(lines, "line")] if lines else []
    got = f"a drawing of {', '.join(parts)}, in which nothing is linked" if parts else "a drawing of nothing"
    remedy = "Join the units by lines or arrows that end at them, and save the drawing again."
    if aside[_LETTERS]:
        got += f"; {aside[_LETTERS]} letters are drawn as shapes and cannot be read"
        remedy += " Export its words as text."
    raise sketch.source.refuse(None, got=got, wanted="shapes and the lines between them", remedy=remedy)


_PLAIN = {"polygon": "area", "point": "end"}


def _count(number: int, what: str) -> str:
    plural = "boxes" if what == "box" else f"{what}s"
    return f"{number} {what if number == 1 else plural}"


def _read_drawio(text: str, name: str | None = None) -> Sketch:
    return checked(read_drawio(text, name))


def _read_excalidraw(text: str, name: str | None = None) -> Sketch:
    return checked(read_excalidraw(text, name))


PICTURES: dict[str, Callable[[str, str | None], Sketch]] = {
    "svg": read_picture,
    "drawio": _read_drawio,
    "excalidraw": _read_excalidraw,
}
