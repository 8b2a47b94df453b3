"""Where things stand in TikZ: coordinates of every kind, `right=of a`, moved and scaled scopes."""

from __future__ import annotations

import math
import re

from chalknet.notation.dialects.tex_numbers import length, number
from chalknet.notation.dialects.tex_text import Cursor, Unread, bare, split
from chalknet.notation.dialects.tikz_picture import Picture, TexPoint, tidy
from chalknet.notation.dialects.tikz_styles import Scope, TexOption, options_of

NOWHERE = TexPoint(None, None)
_CALC = re.compile(r"\s*+\$(.*)\$\s*+", re.S)
_SIDE = re.compile(r"(?:(?:above|below)(?: left| right)?|left|right|base left|base right|mid left|mid right)")
_OF = re.compile(r"(?:(.*?)\s*+)?of\s++(.+)", re.S)
_ANGLE = re.compile(r"\s*+([^:]++)\s*+:([^:]++)", re.S)
_SPECIAL = re.compile(r"\bcs:|^intersection|\bof\b|^current (?:page|bounding|path)|^perpendicular")
_ANGLES = {
    "right": 0.0,
    "up": 90.0,
    "left": 180.0,
    "down": 270.0,
    "north": 90.0,
    "south": 270.0,
    "east": 0.0,
    "west": 180.0,
}
_ANCHOR = re.compile(
    r"\.\s*+(?:center|mid(?: east| west)?|base(?: east| west)?|text|(?:north|south)(?: east| west)?|east|west|-?[0-9.]++|[a-z ]++[0-9]*+)\s*+$"
)
_WAYS = {"north": (0, 0.5), "south": (0, -0.5), "east": (0.5, 0), "west": (-0.5, 0)}


def direction(words: str) -> tuple[float, float]:
    """Return which way a word such as "above left" points."""
    across = ("right" in words) - ("left" in words)
    up = ("above" in words) - ("below" in words)
    return float(across), float(up)


def moved(scope: Scope, x: float, y: float) -> tuple[float, float]:
    """Return where a coordinate of a scope lies in the picture."""
    a, b, c, d, e, f = scope.matrix
    return a * x + c * y + e, b * x + d * y + f


def transform(scope: Scope, key: str, value: str) -> None:
    """Move, scale or turn what follows, as an option says.

    Raises:
        Unread: for a length that is none.
    """
    a, b, c, d, e, f = scope.matrix
    if key in ("x", "y") and not value.startswith("("):
        size, absolute = length(value)
        scope.matrix = (size, b, c, d, e, f) if key == "x" else (a, b, c, size, e, f)
    elif key in ("scale", "xscale", "yscale"):
        by_x, by_y = (number(value) if key in ("scale", one) else 1.0 for one in ("xscale", "yscale"))
        scope.matrix = (a * by_x, b * by_x, c * by_y, d * by_y, e, f)
    elif key == "rotate":
        angle = math.radians(number(value))
        turn = (math.cos(angle), math.sin(angle))
        scope.matrix = (a * turn[0] + c * turn[1], b * turn[0] + d * turn[1], c * turn[0] - a * turn[1], d * turn[0] - b * turn[1], e, f)  # fmt: skip
    elif key in ("xshift", "yshift"):
        size, absolute = length(value)
        size = size if absolute else size / 28.4528
        across, up = (size, 0.0) if key == "xshift" else (0.0, size)
        scope.matrix = (a, b, c, d, e + across, f + up)
    elif key == "shift":
        parts = split(bare(value).strip("()"))
        if len(parts) == 2:
            x, y = (length(part)[0] for part in parts)
            scope.matrix = (a, b, c, d, a * x + c * y + e, b * x + d * y + f)
    elif key == "node distance":
        scope.distance = distance(value, scope.distance)


def distance(value: str, usual: tuple[float, float]) -> tuple[float, float]:
    """Return the distances upwards and across that `1cm and 2cm` says."""
    parts = [part for part in (value or "").split("and") if part.strip()]
    if not parts:
        return usual
    found = [length(part)[0] for part in parts[:2]]
    return found[0], found[-1]


def named(picture: Picture, text: str) -> TexPoint | None:
    """Return the point or the node that a name stands for, with or without an anchor; None for no name."""
    name = tidy(text)
    if name in picture.points:
        return picture.points[name]
    if name in picture.names:
        return picture.places.get(picture.names[name], TexPoint(None, None, picture.names[name]))
    if match := _ANCHOR.search(text):
        point = named(picture, text[: match.start()])
        if point is not None and point.x is not None and point.y is not None and point.key in picture.sizes:
            width, height = picture.sizes[point.key]
            for word, (across, up) in _WAYS.items():
                if word in match.group():
                    point = point._replace(
                        x=(point.x or 0.0) + across * width, y=(point.y or 0.0) + up * height
                    )
        return point
    return None


def place(picture: Picture, scope: Scope, text: str, before: TexPoint) -> TexPoint:
    """Return the place that stands between round brackets.

    Args:
        picture: for its names.
        scope: for what it moves.
        text: between the brackets.
        before: where the path stands, to which `+(1,0)` adds.

    Raises:
        Unread: for a name of nothing.
    """
    text = text.strip()
    if calc := _CALC.fullmatch(text):
        return _calculated(picture, scope, calc[1], before)
    options: list[TexOption] = []
    if text.startswith("["):
        cursor = Cursor(text)
        options = options_of(cursor.option())
        text = text[cursor.at :].strip()
    point = _plain(picture, scope, text, before)
    for option in options:
        if option.key in ("xshift", "yshift", "shift") and point.known:
            inner = Scope()
            transform(inner, option.key, option.value or "0")
            across, up = inner.matrix[4:]
            far = max(abs(across), abs(up)) > 0.5
            point = TexPoint((point.x or 0.0) + across, (point.y or 0.0) + up, "" if far else point.key)
    return point


def _plain(picture: Picture, scope: Scope, text: str, before: TexPoint) -> TexPoint:
    if not text:
        return before
    if (found := named(picture, text)) is not None:
        return found
    for sign in ("-|", "|-"):
        first, found_sign, second = text.partition(sign)
        if found_sign:
            one, other = (
                place(picture, scope, first.strip(" ()"), before),
                place(picture, scope, second.strip(" ()"), before),
            )
            return TexPoint(other.x, one.y) if sign == "-|" else TexPoint(one.x, other.y)
    if _SPECIAL.search(text):
        return NOWHERE
    parts = split(text)
    if len(parts) in (2, 3):
        (x, fixed_x), (y, fixed_y) = length(bare(parts[0])), length(bare(parts[1]))
        at = moved(scope, 0.0 if fixed_x else x, 0.0 if fixed_y else y)
        return TexPoint(at[0] + (x if fixed_x else 0.0), at[1] + (y if fixed_y else 0.0))
    if polar := _ANGLE.fullmatch(text):
        angle = _ANGLES[polar[1].strip()] if polar[1].strip() in _ANGLES else number(bare(polar[1]))
        radius = length(bare(split(polar[2].replace(" and ", ","))[0]))[0]
        return TexPoint(
            *moved(scope, radius * math.cos(math.radians(angle)), radius * math.sin(math.radians(angle)))
        )
    raise Unread(f"({text[:40]}), which names no node", "the name of a node drawn before")


_TERM = re.compile(r"\s*+(?P<sign>[+-]?)\s*+(?P<factor>(?:[0-9.]++|\{[^{}]*+\})\s*+\*\s*+)?\s*+(?=\()")
_STEP = re.compile(r"\s*+!\s*+(?P<part>\{[^{}]*+\}|[-0-9./*a-z]++)\s*+!\s*+(?:-?[0-9.]++:)?(?=\()")


def _calculated(picture: Picture, scope: Scope, text: str, before: TexPoint) -> TexPoint:
    """Return the place of `($(a)!.5!(b)+(0,1)$)`; nowhere, where the calculation is of another kind."""
    cursor, x, y = Cursor(text), 0.0, 0.0
    while match := cursor.met(_TERM):
        point = place(picture, scope, cursor.group("("), before)
        while step := cursor.met(_STEP):
            other = place(picture, scope, cursor.group("("), before)
            if not (point.known and other.known):
                return NOWHERE
            share, absolute = length(bare(step["part"]))
            across, up = (other.x or 0.0) - (point.x or 0.0), (other.y or 0.0) - (point.y or 0.0)
            share = share / (math.hypot(across, up) or 1.0) if absolute else share
            point = TexPoint((point.x or 0.0) + share * across, (point.y or 0.0) + share * up)
        if not point.known:
            return NOWHERE
        factor = number(bare(match["factor"].strip().rstrip("*").strip())) if match["factor"] else 1.0
        factor = -factor if match["sign"] == "-" else factor
        x, y = x + factor * (point.x or 0.0), y + factor * (point.y or 0.0)
    return TexPoint(x, y) if cursor.skip() == len(text) else NOWHERE


def beside(
    picture: Picture, scope: Scope, options: dict[str, str | None], size: tuple[float, float], at: TexPoint
) -> TexPoint:
    """Return where a node stands whose options say `right=of a`, `below of=a`, `at=(1,2)`, `xshift=1cm`.

    Args:
        picture: for the nodes it stands beside.
        scope: for the usual distance.
        options: those of the node that say nothing of its look.
        size: of the node.
        at: where it stands when they say nothing.
    """
    for key, value in options.items():
        if key == "at" and value:
            at = place(picture, scope, value.strip().removeprefix("(").removesuffix(")"), at)
    for key, value in options.items():
        old_way = key.endswith(" of") and _SIDE.fullmatch(key[:-3])
        if not (old_way or _SIDE.fullmatch(key)):
            continue
        match = None if old_way else _OF.fullmatch(value or "")
        if old_way or match:
            name = (value or "") if old_way else match[2] if match else ""
            other = place(picture, scope, bare(name).strip().removeprefix("(").removesuffix(")"), at)
            gaps = (
                scope.distance if old_way or not match or not match[1] else distance(match[1], scope.distance)
            )
            at = _beside(picture, other, direction(key), gaps, (0.0, 0.0) if old_way else size)
        elif at.known:
            across, up = direction(key)
            gap = distance(value, (0.0, 0.0))[0] if value and re.match(r"[-0-9.{]", value) else 0.0
            at = TexPoint(
                (at.x or 0.0) + across * (size[0] / 2 + gap), (at.y or 0.0) + up * (size[1] / 2 + gap)
            )
    inner = Scope()
    for key, value in options.items():
        if key in ("xshift", "yshift", "shift") and value:
            transform(inner, key, value)
    across, up = inner.matrix[4:]
    return TexPoint((at.x or 0.0) + across, (at.y or 0.0) + up) if at.known else NOWHERE


def _beside(
    picture: Picture,
    other: TexPoint,
    way: tuple[float, float],
    gaps: tuple[float, float],
    size: tuple[float, float],
) -> TexPoint:
    if other.x is None or other.y is None:
        return NOWHERE
    across, up = way
    wide, high = picture.sizes.get(other.key, (0.0, 0.0)) if size != (0.0, 0.0) else (0.0, 0.0)
    if other.key in picture.places and picture.places[other.key].known and size != (0.0, 0.0):
        other = picture.places[other.key]
    x = (other.x or 0.0) + across * ((wide + size[0]) / 2 + gaps[1])
    y = (other.y or 0.0) + up * ((high + size[1]) / 2 + gaps[0])
    return TexPoint(x, y)
