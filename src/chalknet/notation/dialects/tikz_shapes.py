"""Circles and rectangles that are drawn without a node, and the line that a path is drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chalknet.notation.dialects.tex_numbers import length
from chalknet.notation.dialects.tex_text import Cursor, bare
from chalknet.notation.dialects.tikz_picture import Picture, TexPoint, TikzFrame
from chalknet.notation.dialects.tikz_places import NOWHERE
from chalknet.notation.dialects.tikz_styles import LineLook, Look, Scope, options_of


@dataclass
class Stretch:
    """A line that goes on: the places it passed, and what is written along it."""

    stops: list[TexPoint] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    line: LineLook = field(default_factory=LineLook)


def draw_shape(
    picture: Picture, word: str, look: Look, here: TexPoint, size: tuple[float, float], at: int
) -> None:
    """Draw a circle, an ellipse or a rectangle around a place."""
    look.shape, look.drawn = {"rectangle": "box"}.get(word, word), True
    look.width, look.height, look.sep = size[0], size[1], 0.0
    key = picture.node("", look, "", TexPoint(here.x, here.y), at)
    picture.sizes[key] = size
    drawn = picture.sketch.nodes[key]
    drawn.place = drawn.place._replace(width=size[0], height=size[1]) if drawn.place else None
    x, y = here.x or 0.0, here.y or 0.0
    box = (x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
    picture.frames.append(TikzFrame(*box, at, key))


def box_between(corner: TexPoint, other: TexPoint) -> tuple[TexPoint, tuple[float, float]]:
    """Return the middle and the size of the rectangle between two corners; no size where one is unknown."""
    if corner.x is None or corner.y is None or other.x is None or other.y is None:
        return NOWHERE, (0.0, 0.0)
    return middle(corner, other), (abs(corner.x - other.x), abs(corner.y - other.y))


def radius_at(cursor: Cursor, scope: Scope, expanded: Callable[[str], str]) -> tuple[float, float]:
    """Return the width and the height of the circle whose radius stands at the cursor."""
    text = ""
    if cursor.is_at("("):
        text = expanded(cursor.group("("))
    elif cursor.is_at("["):
        given = {key: value or "" for key, value in options_of(expanded(cursor.option()))}
        text = given.get("radius", given.get("x radius", "0"))
    parts = [length(bare(part)) for part in text.split("and") if part.strip()]
    scale = abs(scope.matrix[0]) or abs(scope.matrix[1])
    sizes = [2 * size * (1.0 if fixed else scale) for size, fixed in parts] or [0.0]
    return sizes[0], sizes[-1]


def middle(first: TexPoint, last: TexPoint) -> TexPoint:
    """Return the place between two others; nowhere where one is unknown."""
    if first.x is None or first.y is None or last.x is None or last.y is None:
        return NOWHERE
    return TexPoint((first.x + last.x) / 2, (first.y + last.y) / 2)
