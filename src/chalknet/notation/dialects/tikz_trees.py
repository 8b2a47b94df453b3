"""Trees of TikZ: `child {node {...} child {...}}`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from chalknet.notation.dialects.tex_macros import Names, expand
from chalknet.notation.dialects.tex_text import Cursor, Unread
from chalknet.notation.dialects.tikz_lists import loop_at, rounds
from chalknet.notation.dialects.tikz_nodes import PictureContext, node_at, pieces_of
from chalknet.notation.dialects.tikz_picture import TexPoint, shown_text
from chalknet.notation.dialects.tikz_styles import LineLook, Scope, TexOption, line_of, options_of

_DEEPEST = 30
_NODE, _CHILD, _EDGE = (
    re.compile(r"(?:node|coordinate)(?![a-zA-Z])"),
    re.compile(r"child(?![a-zA-Z])"),
    re.compile(r"edge from parent(?: path)?"),
)
_FOREACH = re.compile(r"\\?foreach(?![a-zA-Z])")
_GROW = {"right": (1.5, 0.0), "left": (-1.5, 0.0), "up": (0.0, 1.5), "down": (0.0, -1.5)}


@dataclass
class Tree:
    """What holds for all children of a tree."""

    context: PictureContext
    scope: Scope
    names: Names
    at: int
    line: LineLook
    options: list[TexOption]
    depth: int = 0
    count: int = 0

    @property
    def way(self) -> tuple[float, float]:
        """Return which way it grows."""
        options = dict([*self.scope.options, *self.options])
        word = (options.get("grow'") or options.get("grow") or "down").strip()
        return _GROW.get({"east": "right", "west": "left", "north": "up"}.get(word, word), (0.0, -1.5))


def child_at(tree: Tree, cursor: Cursor, parent: TexPoint) -> None:
    """Draw the child behind the word at the cursor, and what grows from it.

    Raises:
        Unread: for trees deeper than any network.
    """
    if tree.depth > _DEEPEST:
        raise Unread("a tree of very many levels", f"at most {_DEEPEST}")
    if cursor.met(_FOREACH):
        head = loop_at(cursor, tree.names)
        options, body = cursor.option(), cursor.group()
        for names in rounds(head, tree.names, tree.context.spend):
            inner = replace(
                tree,
                names=names,
                options=[*tree.options, *options_of(expand(options, names, tree.context.spend))],
            )
            inner.count = tree.count
            _one(inner, body, parent)
            tree.count += 1
        return
    own = options_of(expand(cursor.option(), tree.names, tree.context.spend))
    body = cursor.group() if cursor.is_at("{") else ""
    _one(replace(tree, options=[*tree.options, *own], count=tree.count), body, parent)
    tree.count += 1


def _one(tree: Tree, body: str, parent: TexPoint) -> None:
    across, up = tree.way
    where = TexPoint(None, None)
    if parent.x is not None and parent.y is not None:
        aside = tree.count * 1.5
        where = TexPoint(parent.x + (across or aside), parent.y + (up or -aside))
    cursor, drawn, line, label = Cursor(body, tree.context.spend), where, replace(tree.line, labels=[]), ""
    inner = replace(tree, depth=tree.depth + 1, count=0)
    flat = tree.scope.flat([TexOption("edge from parent"), *tree.options], tree.context.spend)
    line = line_of(flat, line)
    while cursor.skip() < len(body):
        if word := cursor.met(_NODE):
            pieces = pieces_of(cursor, tree.names, tree.context.spend, has_text=word.group() == "node")
            drawn = node_at(
                tree.context, tree.scope, pieces, where, tree.at, is_point=word.group() != "node"
            ).draw(tree.context.picture)
        elif cursor.met(_CHILD):
            child_at(inner, cursor, drawn)
        elif cursor.met(_EDGE):
            line = line_of(tree.scope.flat(options_of(cursor.option()), tree.context.spend), line)
            while word := cursor.met(_NODE):
                label = shown_text(pieces_of(cursor, tree.names, tree.context.spend, has_text=True).text)
        elif body[cursor.at] == "[":
            cursor.option()
        elif body[cursor.at] == "{":
            cursor.group()
        else:
            raise Unread(repr(body[cursor.at : cursor.at + 14]), "the node of a child")
    picture = tree.context.picture
    if parent.key and (drawn.key or drawn.coordinate):
        picture.link(parent.key, drawn.key or picture.end(drawn, tree.at), line, label, tree.at)
