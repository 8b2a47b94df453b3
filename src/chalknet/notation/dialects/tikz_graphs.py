r"""`\graph { a -> {b, c} -> d }`: the short way of TikZ to write a graph."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from chalknet.notation.dialects.tex_text import Cursor, Unread, bare
from chalknet.notation.dialects.tikz_nodes import NodeParts, PictureContext, node_at
from chalknet.notation.dialects.tikz_picture import TexPoint, shown_text, tidy
from chalknet.notation.dialects.tikz_styles import LineLook, Scope, TexOption, line_of, options_of

_DEEPEST = 40
_SIGN = re.compile(r"<->|->|<-|--|-!-")
_NAME = re.compile(r"(?:[^\[\]{}(),;/\"<>\-]|-(?![->!]))++")
_JOININGS = ("complete bipartite", "matching", "matching and star", "butterfly", "clique")
_LINES = {"->": (False, True), "<-": (True, False), "<->": (True, True), "--": (False, False)}
_SUBGRAPH = re.compile(r"subgraph\b")


@dataclass
class _Part:
    """A node or a group of a chain: where lines into it end, and where lines out of it begin."""

    into: list[str]
    out: list[str]


@dataclass
class _Graph:
    context: PictureContext
    scope: Scope
    at: int
    options: dict[str, str | None]
    style: list[TexOption]
    column: int = 0
    made: dict[str, str] = field(default_factory=dict)


def draw_graph(context: PictureContext, scope: Scope, options: list[TexOption], text: str, at: int) -> None:
    r"""Draw the nodes and the lines of a `\graph`.

    Args:
        context: the reader of the picture.
        scope: the scope it stands in.
        options: of the graph.
        text: what stands between its braces.
        at: where it stands.

    Raises:
        Unread: with what is not understood.
    """
    flat = scope.flat(options, context.spend)
    given = {option.key: option.value for option in flat}
    style = [
        option for key in ("nodes", "edges") for option in options_of(given.get(key) or "") if key == "nodes"
    ]
    graph = _Graph(context, scope, at, given, style)
    _group(graph, Cursor(text, context.spend), 0)


def _group(graph: _Graph, cursor: Cursor, depth: int) -> _Part:
    """Draw all chains up to the end of the text; return where lines into the group and out of it end."""
    if depth > _DEEPEST:
        raise Unread("groups of a \\graph nested too deep", f"at most {_DEEPEST}")
    every: dict[str, None] = {}
    has_in: set[str] = set()
    has_out: set[str] = set()
    while cursor.skip() < len(cursor.text):
        if cursor.text[cursor.at] in ",;":
            cursor.at += 1
        elif cursor.is_at("["):
            cursor.option()
        else:
            parts = _chain(graph, cursor, depth)
            for place, part in enumerate(parts):
                every |= dict.fromkeys([*part.into, *part.out])
                if place:
                    has_in |= set(part.into)
                if place + 1 < len(parts):
                    has_out |= set(part.out)
    return _Part([key for key in every if key not in has_in], [key for key in every if key not in has_out])


def _chain(graph: _Graph, cursor: Cursor, depth: int) -> list[_Part]:
    parts = [_part(graph, cursor, depth)]
    start = graph.column
    while sign := cursor.met(_SIGN):
        graph.column += 1
        options = options_of(cursor.option()) if cursor.is_at("[") else []
        parts.append(_part(graph, cursor, depth))
        if sign.group() != "-!-":
            _join(graph, parts[-2], parts[-1], sign.group(), options)
    graph.column = start
    return parts


def _part(graph: _Graph, cursor: Cursor, depth: int) -> _Part:
    if cursor.is_at("{"):
        return _group(graph, Cursor(cursor.group(), graph.context.spend), depth + 1)
    cursor.skip()
    graph.context.spend(200)
    if cursor.met(_SUBGRAPH):
        raise Unread("a ready-made subgraph of \\graph", "its nodes, written out")
    if cursor.is_at("("):
        key = graph.context.picture.key(cursor.group("("))
        return _Part([key], [key])
    text = None
    if cursor.is_at('"'):
        name = _quoted(cursor)
    elif match := cursor.met(_NAME):
        name = match.group().strip()
    else:
        raise Unread(repr(cursor.text[cursor.at : cursor.at + 14]), "a node of a \\graph")
    if cursor.is_at("/"):
        cursor.at += 1
        if cursor.is_at('"'):
            text = _quoted(cursor)
        elif cursor.is_at("{"):
            text = cursor.group()
        else:
            match = cursor.met(_NAME)
            text = match.group().strip() if match else ""
    options = options_of(cursor.option()) if cursor.is_at("[") else []
    key = _node(graph, name, text, options)
    return _Part([key], [key])


def _quoted(cursor: Cursor) -> str:
    end = cursor.text.find('"', cursor.at + 1)
    if end < 0:
        raise Unread("a text whose quotes are not closed", 'a "')
    start, cursor.at = cursor.at + 1, end + 1
    return cursor.text[start:end]


def _node(graph: _Graph, name: str, text: str | None, options: list[TexOption]) -> str:
    key = graph.made.get(name)
    picture = graph.context.picture
    if key is None and "use existing nodes" in graph.options:
        return picture.key(name)
    given = {option.key: option.value for option in options}
    shown = given.get("as") or text
    if key is not None:
        if shown:
            picture.sketch.nodes[key].label = shown_text(shown)
        return key
    if shown is None:
        empty = "empty nodes" in graph.options
        shown = "" if empty else f"${name}$" if "math nodes" in graph.options and name else name
    where = TexPoint(1.5 * graph.column, -1.0 * len(graph.made))
    pieces = NodeParts([*graph.style, *(one for one in options if one.key != "as")], name, None, shown)
    point = node_at(graph.context, graph.scope, pieces, where, graph.at, is_point=False).draw(picture)
    graph.made[name] = point.key or picture.names[tidy(name)]
    return graph.made[name]


def _join(graph: _Graph, before: _Part, after: _Part, sign: str, options: list[TexOption]) -> None:
    """Draw the lines between two parts: in pairs, the rest to the last one, as TikZ does by itself."""
    flat = graph.scope.flat([*options_of(graph.options.get("edges") or ""), *options], graph.context.spend)
    line = LineLook(drawn=True)
    line.first, line.last = _LINES[sign]
    line = line_of([option for option in flat if option.key not in _JOININGS], line)
    label = "\n".join(shown_text(bare(one)) for one in line.labels)
    line.labels = []
    keys = {option.key for option in flat} | set(graph.options)
    sources, targets = before.out, after.into
    if "complete bipartite" in keys:
        pairs = [(source, target) for source in sources for target in targets]
    else:
        count = max(len(sources), len(targets)) if "matching" not in keys else min(len(sources), len(targets))
        pairs = [
            (sources[min(place, len(sources) - 1)], targets[min(place, len(targets) - 1)]) for place in range(count)
        ] if sources and targets else []  # fmt: skip
    graph.context.spend(len(pairs))
    for source, target in pairs:
        graph.context.picture.link(source, target, line, label, graph.at)
