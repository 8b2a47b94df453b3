"""The nodes of TikZ: their name, place and text in any order, with labels, pins, frames and matrices."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from chalknet.notation.dialects.tex_macros import Names, expand
from chalknet.notation.dialects.tex_numbers import length
from chalknet.notation.dialects.tex_text import Cursor, bare
from chalknet.notation.dialects.tikz_chains import Chain, chain_of, follow
from chalknet.notation.dialects.tikz_picture import Picture, TexPoint, shown_text, tidy
from chalknet.notation.dialects.tikz_places import NOWHERE, beside, direction, place
from chalknet.notation.dialects.tikz_styles import (
    LineLook,
    Look,
    Scope,
    TexOption,
    line_of,
    look_of,
    options_of,
)

_AT = re.compile(r"at(?![a-zA-Z])")
_TOWARDS = re.compile(
    r"\s*+((?:above|below|left|right|center|north|south|east|west|-?[0-9.]++)(?:[ ](?:left|right|east|west))?)\s*+:(.*)",
    re.S,
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"\s*+\'?\s*+(.*)', re.S)
_ANGLED = {0: "right", 90: "above", 180: "left", 270: "below", -90: "below", 45: "above right"}
_SIDES = {"north": "above", "south": "below", "east": "right", "west": "left"}
_CELL_OPTIONS = re.compile(r"\s*+\|(?=\s*+[\[(])")


class PictureContext(Protocol):
    """What nodes need of the reader of the whole picture."""

    picture: Picture

    def spend(self, steps: int) -> None:
        """Count steps."""


@dataclass
class NodeParts:
    """The parts of a node as they are written."""

    options: list[TexOption] = field(default_factory=list)
    name: str = ""
    at: str | None = None
    text: str = ""


@dataclass
class Placed:
    """A node that is read and not drawn yet."""

    name: str
    look: Look
    text: str
    place: TexPoint
    at: int
    context: PictureContext
    scope: Scope
    fixed: bool = False
    is_coordinate: bool = False
    children: bool = False
    chain: Chain | None = None

    def draw(self, picture: Picture) -> TexPoint:
        """Draw it with its labels and pins, and return its point."""
        others = self.look.others
        if self.is_coordinate:
            point = self.place._replace(key="", coordinate=tidy(self.name))
            picture.points[tidy(self.name)] = point
            self._label_points(picture)
            return point
        if "fit" in others:
            return self._frame(picture, others["fit"] or "")
        if any(key.startswith("matrix") for key in others):
            return draw_matrix(self)
        key = picture.node(self.name, self.look, self.text, self.place, self.at)
        for alias in (others.get("alias"), others.get("name") if self.name != others.get("name") else None):
            if alias:
                picture.names[tidy(alias)] = key
        for option in self.look.labels:
            self._label(picture, key, option)
        if self.chain is not None:
            follow(picture, self, self.chain, key)
        return picture.places[key]

    def _label_points(self, picture: Picture) -> None:
        for option in self.look.labels:
            text, _, where = _label_of(option)
            if shown_text(text):
                picture.node("", Look(), text, _towards(self.place, where, (0.1, 0.1), 0.2), self.at)

    def _label(self, picture: Picture, key: str, option: TexOption) -> None:
        """Write a label at a node, or a pin, which has a line of its own."""
        text, options, where = _label_of(option)
        node, size = picture.sketch.nodes[key], picture.sizes[key]
        if not shown_text(text):
            return
        if option.key != "pin":
            if not node.label and node.shape != "plaintext":
                node.label = shown_text(text)
                return
            picture.node("", Look(), text, _towards(self.place, where, size, 0.2), self.at)
            return
        own = [one for one in options if one.key == "pin edge"]
        flat = self.scope.flat(
            [
                *self.scope.options,
                TexOption("every pin edge"),
                *(options_of(own[0].value or "") if own else []),
            ],
            self.context.spend,
        )
        line = line_of(flat, LineLook(drawn=True))
        style = [*options_of("every pin"), *(one for one in options if one.key != "pin edge")]
        look = look_of(self.scope.flat(style, self.context.spend), measure)
        pinned = picture.node("", look, text, _towards(self.place, where, size, 0.6), self.at)
        picture.link(key, pinned, line, "", self.at)

    def _frame(self, picture: Picture, held: str) -> TexPoint:
        cursor, inside = Cursor(held, self.context.spend), []
        while cursor.skip() < len(held):
            if not cursor.is_at("("):
                cursor.at += 1
                continue
            point = place(picture, self.scope, cursor.group("("), self.place)
            if point.key:
                inside.append(point.key)
        titles = [shown_text(self.text), *(shown_text(_label_of(one)[0]) for one in self.look.labels)]
        key = tidy(self.name)
        picture.group(self.name, "\n".join(filter(None, titles)), inside, self.at)
        return picture.places.get(key, TexPoint(None, None, key if key in picture.groups else ""))


def measure(text: str) -> float:
    """Return a length in centimetres, one without a unit being in points."""
    size, fixed = length(text)
    return size if fixed else size / 28.4528


def pieces_of(cursor: Cursor, names: Names, spend: Callable[[int], None], *, has_text: bool) -> NodeParts:
    """Return the parts of the node at the cursor, their commands put in place, and go past it."""
    found, text = NodeParts(), cursor.text
    while cursor.skip() < len(text):
        if text[cursor.at] == "[":
            found.options += options_of(expand(cursor.option(), names, spend))
        elif text[cursor.at] == "(" and not found.name:
            found.name = expand(cursor.group("("), names, spend).strip()
        elif cursor.met(_AT):
            found.at = expand(cursor.group("("), names, spend)
        elif text[cursor.at] == "{" and has_text:
            found.text = expand(cursor.group(), names, spend)
            break
        else:
            break
    return found


def node_at(
    context: PictureContext, scope: Scope, pieces: NodeParts, here: TexPoint, at: int, *, is_point: bool
) -> Placed:
    """Return the node of these parts, where a path stands here.

    Args:
        context: the reader of the picture.
        scope: the scope it stands in.
        pieces: its parts.
        here: where the path stands.
        at: where the node stands in the text.
        is_point: whether it is a bare coordinate.
    """
    flat = scope.flat([*_every(scope, pieces.options), *pieces.options], context.spend)
    look = look_of(flat, measure)
    if "hidden" in look.others:
        look.drawn, pieces.text = False, ""
    name = pieces.name or (look.others.get("name") or "")
    where = here._replace(key="")
    if pieces.at is not None:
        where = place(context.picture, scope, pieces.at, here)._replace(key="")
    fixed = pieces.at is not None or any(
        key == "at" or " of" in f"{key} {value}" for key, value in look.others.items()
    )
    chain = chain_of(context.picture, scope, look.others)
    if chain is not None and chain.last and not fixed:
        look.others[chain.way] = f"of {chain.name}-end"
    lines = shown_text(pieces.text).split("\n")
    size = (
        max(look.width, 0.17 * max(map(len, lines)) + 2 * look.sep),
        max(look.height, 0.42 * len(lines) + 2 * look.sep),
    )
    where = beside(context.picture, _with_distance(scope, look), look.others, size, where)
    is_point = is_point or (look.shape == "point" and not pieces.text)
    return Placed(name, look, pieces.text, where, at, context, scope, fixed, is_point, chain=chain)


def _every(scope: Scope, options: list[TexOption]) -> list[TexOption]:
    """Return the options that every node has, and every one of its shape."""
    keys = {option.key for option in options}
    names = [
        "every node",
        *(f"every {key} node" for key in ("circle", "rectangle", "ellipse") if key in keys),
    ]
    return [TexOption(name) for name in names if name in scope.styles]


def _with_distance(scope: Scope, look: Look) -> Scope:
    if not look.others.get("node distance"):
        return scope
    from chalknet.notation.dialects.tikz_places import distance

    return replace(scope, distance=distance(look.others["node distance"] or "", scope.distance))


def _label_of(option: TexOption) -> tuple[str, list[TexOption], str]:
    """Return the text of a label or a pin, its own options, and where it stands."""
    if quoted := _QUOTED.fullmatch(option.key):
        return quoted[1], options_of(quoted[2]), quoted[2] or "above"
    text, options = (option.value or "").strip(), []
    if text.startswith("["):
        cursor = Cursor(text)
        options = options_of(cursor.option())
        text = text[cursor.at :]
    if match := _TOWARDS.fullmatch(text):
        where = match[1]
        if re.fullmatch(r"-?[0-9.]+", where):
            where = _ANGLED.get(int(float(where)), "above") if where.count(".") < 2 else "above"
        return bare(match[2]), options, where
    return bare(text), options, "above"


def _towards(point: TexPoint, where: str, size: tuple[float, float], gap: float) -> TexPoint:
    if point.x is None or point.y is None:
        return NOWHERE
    for word, other in _SIDES.items():
        where = where.replace(word, other)
    across, up = direction(where)
    return TexPoint(point.x + across * (size[0] / 2 + gap + 0.2), point.y + up * (size[1] / 2 + gap + 0.2))


def draw_matrix(placed: Placed) -> TexPoint:
    """Draw the cells of a matrix as nodes, `m-1-2` being the second one of the first row."""
    others, picture = placed.look.others, placed.context.picture
    of_nodes = next((key for key in others if key.startswith("matrix of")), "")
    sign = (others.get("ampersand replacement") or "&").strip()
    style = [*options_of(others.get("nodes") or ""), *options_of(others.get("cells") or "")]
    gaps = [measure((others.get(key) or "0.8cm").split(",")[0]) + 0.8 for key in ("row sep", "column sep")]
    x, y = (placed.place.x or 0.0), (placed.place.y or 0.0)
    before = len(picture.sketch.nodes)
    body = placed.text.replace(f" {sign} ", " & ") if sign != "&" else placed.text
    for row, line in enumerate(_rows(body)):
        cells = re.split(r"(?<!\\)&" if sign == "&" else re.escape(sign), line)
        for column, cell in enumerate(cells):
            placed.context.spend(20)
            where = TexPoint(x + column * gaps[1], y - row * gaps[0])
            name = f"{placed.name}-{row + 1}-{column + 1}"
            if of_nodes:
                _cell(placed, cell, f"${cell.strip()}$" if "math" in of_nodes else cell, name, where, style)
            else:
                _drawn_cell(placed, cell, where)
    made = list(picture.sketch.nodes)[before:]
    if placed.name and made:
        picture.collect(placed.name, made, placed.place)
        return picture.places[picture.names[tidy(placed.name)]]
    return placed.place


def _rows(body: str) -> list[str]:
    rows = re.split(r"\\\\(?:\[[^\[\]]*+\])?|\\pgfmatrixnextrow|\\cr(?![a-zA-Z])", body)
    return rows[:-1] if rows and not rows[-1].strip() else rows


def _cell(placed: Placed, cell: str, text: str, name: str, where: TexPoint, style: list[TexOption]) -> None:
    """Draw one cell of a matrix of nodes, `|[red] (a)| text`; an empty one is no node."""
    pieces = NodeParts(list(style), name, None, text)
    cell = re.sub(r"^\s*+\[[^\[\]]*+\]\s*+(?=\||$)", "", cell)
    if match := _CELL_OPTIONS.match(cell):
        cursor = Cursor(cell, at=match.end())
        inner = pieces_of(cursor, {}, placed.context.spend, has_text=False)
        cell = cell[cursor.at :].strip().removeprefix("|").strip()
        pieces.options += inner.options
        pieces.name, pieces.text = inner.name or name, f"${cell}$" if text.startswith("$") and cell else cell
    if not cell.strip() and "nodes in empty cells" not in placed.look.others:
        return
    if not cell.strip():
        pieces.text = ""
    scope = placed.scope
    one = node_at(placed.context, scope, pieces, where, placed.at, is_point=False)
    point = one.draw(placed.context.picture)
    if one.name != name and point.key:
        placed.context.picture.names[tidy(name)] = point.key


def _drawn_cell(placed: Placed, cell: str, where: TexPoint) -> None:
    r"""Draw the nodes that stand written out in a cell, `\node (a) {x};`."""
    from chalknet.notation.dialects.tikz_paths import Path

    for match in re.finditer(r"\\(node|draw|path|fill|filldraw|coordinate)(?![a-zA-Z])", cell):
        cursor = Cursor(cell, placed.context.spend, match.end())
        end = cell.find(";", cursor.at)
        scope = placed.scope.inner()
        a, b, c, d, _, _ = scope.matrix
        scope.matrix = (a, b, c, d, where.x or 0.0, where.y or 0.0)
        word = match[1] if match[1] in ("node", "coordinate") else ""
        path = Path(placed.context, scope, {}, placed.at, match[1])
        path.start(where)
        path.read(f"{word}{cell[cursor.at : end if end >= 0 else len(cell)]}")
