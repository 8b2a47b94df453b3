"""One path of TikZ: the nodes on it, the lines between them, and what is written along these."""

from __future__ import annotations

import re
from dataclasses import replace

from chalknet.notation.dialects.tex_macros import Names, expand
from chalknet.notation.dialects.tex_text import Cursor, Unread
from chalknet.notation.dialects.tikz_lists import loop_at, rounds
from chalknet.notation.dialects.tikz_nodes import PictureContext, Placed, measure, node_at, pieces_of
from chalknet.notation.dialects.tikz_picture import TexPoint, shown_text, tidy
from chalknet.notation.dialects.tikz_places import NOWHERE, place
from chalknet.notation.dialects.tikz_shapes import Stretch, box_between, draw_shape, middle, radius_at
from chalknet.notation.dialects.tikz_styles import LineLook, Scope, TexOption, line_of, look_of, options_of
from chalknet.notation.dialects.tikz_trees import Tree, child_at

_OPERATOR = re.compile(r"--(?!\+)|-\||\|-|\.\.|--(?=\+)|-\s*+-")
_WORD = re.compile(r"\\?([a-z]++)(?![a-zA-Z])")
_CONTROLS = re.compile(r"controls\b")
_AND = re.compile(r"and\b")
_AHEAD = re.compile(r"\+{1,2}")
_ALONG = (
    "midway",
    "pos",
    "near start",
    "near end",
    "very near start",
    "very near end",
    "at start",
    "at end",
    "sloped",
    "auto",
    "swap",
)
_PLAIN_NUMBER = re.compile(r"\s*+[-0-9.]++\s*+(?:cm|pt|mm|em|ex|in)?\s*+")


class Path:
    r"""Reads one statement such as `\draw[->] (a) -- node[above] {$w$} (b);`.

    Args:
        context: the reader of the picture.
        scope: the scope it stands in.
        names: the commands that are known.
        at: where it stands in the text.
        draws: whether lines are drawn, and not only passed.
    """

    def __init__(self, context: PictureContext, scope: Scope, names: Names, at: int, draws: str) -> None:
        self.context, self.picture, self.scope = context, context.picture, scope.inner()
        self.names, self.at = names, at
        self._options: list[TexOption] = []
        self._line = LineLook(drawn=draws in ("draw", "filldraw", "shade"))
        self._fills = draws in ("fill", "filldraw", "shade", "shadedraw")
        self._here, self._stretch = NOWHERE._replace(x=0.0, y=0.0), Stretch()
        self._pending: list[Placed] = []  # texts that stand before the line they belong to
        self._joined = False
        self._last: tuple[int, Stretch] | None = None  # how many links there were with the last line drawn
        self._set(
            [
                *scope.options,
                *options_of(scope.styles["every path"].text if "every path" in scope.styles else ""),
            ],
            inherited=True,
        )

    def start(self, point: TexPoint) -> None:
        """Begin at another place than the middle of the picture."""
        self._here = point

    def look_of_line(self, options: str, *, edge: bool) -> LineLook:
        """Return how a line of this path looks, with options such as `[->]`; an edge is drawn in any case."""
        self._set(options_of(options[1:-1]))
        if not edge:
            return self._line.unlabelled()
        line = self._line.unlabelled()
        line.drawn = True
        return self._edge_line([], line, "every edge")

    def read(self, text: str) -> None:
        """Read the statement without its command and its semicolon."""
        if "foreach" not in text:  # whose variables are known in its rounds only
            text = expand(text, self.names, self.context.spend)
        self._pieces(Cursor(text, self.context.spend))
        self._end_stretch()

    def _set(self, options: list[TexOption], *, inherited: bool = False) -> None:
        flat = self.scope.flat(options, self.context.spend)
        drawn = self._line.drawn
        self._line = line_of(flat, self._line)
        if inherited:
            self._line.drawn, self._line.labels = drawn, []
        else:
            self._options += flat
            self._fills = self._fills or any(key == "fill" and value != "none" for key, value in flat)
            for option in flat:
                self._move(option)

    def _move(self, option: TexOption) -> None:
        from chalknet.notation.dialects.tikz_places import transform

        if option.value is not None and option.key in (
            "xshift",
            "yshift",
            "shift",
            "scale",
            "rotate",
            "node distance",
            "x",
            "y",
            "xscale",
            "yscale",
        ):
            transform(self.scope, option.key, expand(option.value, self.names, self.context.spend))

    def _pieces(self, cursor: Cursor) -> None:
        while cursor.skip() < len(cursor.text):
            sign = cursor.text[cursor.at]
            self.context.spend(20)
            if sign == "(" or sign == "+":
                self._stop(self._place(cursor))
            elif sign == "[":
                self._set(options_of(cursor.option()))
            elif match := cursor.met(_OPERATOR):
                self._begin(match.group())
                if match.group() == "..":
                    self._controls(cursor)
            elif match := cursor.met(_WORD):
                self._word(match[1], cursor)
            elif sign in "{}":
                self._pieces(Cursor(cursor.group(), self.context.spend))
            else:
                raise Unread(repr(cursor.text[cursor.at : cursor.at + 14]), "a path such as (a) -- (b)")

    def _place(self, cursor: Cursor, start: TexPoint | None = None) -> TexPoint:
        start = self._here if start is None else start
        ahead = cursor.met(_AHEAD)
        text = expand(cursor.group("("), self.names, self.context.spend)
        point = place(self.picture, self.scope, text, start)
        if point.coordinate == "" and tidy(text) in self.picture.points:
            point = point._replace(coordinate=tidy(text))
        if ahead is None:
            return point
        origin = place(self.picture, self.scope, "0,0", start)
        if not (point.known and start.known):
            return NOWHERE
        x, y = (point.x or 0.0) - (origin.x or 0.0), (point.y or 0.0) - (origin.y or 0.0)
        return TexPoint((start.x or 0.0) + x, (start.y or 0.0) + y)

    # Lines.

    def _begin(self, operator: str) -> None:
        """Begin a line at the place where the path stands, or go on with the one that ends there."""
        if not self._stretch.stops:
            self._stretch, self._joined = Stretch([self._here], [], self._line.unlabelled()), True
            for placed in self._pending:
                self._join_or_keep(placed)
            self._pending = []
        self._joined = True

    def _stop(self, point: TexPoint) -> None:
        """Come to a place: the end of a line, where one was begun, else a new beginning."""
        if self._joined:
            self._stretch.stops.append(point)
            self._joined = False
            if point.key and not point.coordinate:
                self._end_stretch(ends=[point])
        else:
            self._end_stretch()
        self._here = point

    def _end_stretch(self, ends: list[TexPoint] | None = None) -> None:
        """Draw the line that was passed; one that ends at a node may go on from there."""
        stretch, self._stretch, self._joined = self._stretch, Stretch(), False
        for placed in self._pending:
            placed.draw(self.picture)
        self._pending = []
        if len(stretch.stops) < 2:
            for text in stretch.labels:
                self._free_text(text, self._here)
            return
        line = stretch.line.unlabelled()
        self._draw(stretch.stops[0], stretch.stops[-1], line, stretch.labels)
        if ends:
            self._last = (len(self.picture.sketch.links), stretch)

    def _draw(self, first: TexPoint, last: TexPoint, line: LineLook, labels: list[str]) -> None:
        if line.brace or not (line.drawn or (first.key and last.key)):
            for text in labels:
                self._free_text(text, middle(first, last))
            return
        if not line.drawn:
            for text in labels:
                self._free_text(text, middle(first, last))
            labels = []
        source = first.key or self.picture.end(first, self.at)
        target = last.key or self.picture.end(last, self.at)
        self.picture.link(source, target, line, "\n".join(labels), self.at)

    def _free_text(self, text: str, at: TexPoint) -> None:
        if text:
            self.picture.node("", look_of([], measure), text, at._replace(key=""), self.at)

    def _controls(self, cursor: Cursor) -> None:
        if cursor.met(_CONTROLS):
            self._place(cursor)
            if cursor.met(_AND):
                self._place(cursor)
            cursor.met(_OPERATOR)
            self._stretch.line.bent = True

    # Words.

    def _word(self, word: str, cursor: Cursor) -> None:
        if word == "node" or word == "coordinate":
            self._node(word, cursor)
        elif word == "edge":
            self._edge(cursor)
        elif word == "to":
            self._begin("to")
            self._stretch.line = self._edge_line(
                options_of(self._option(cursor)), self._stretch.line, "every to"
            )
            self._stretch.labels += map(shown_text, self._stretch.line.labels)
        elif word == "foreach":
            self._foreach(cursor)
        elif word in ("circle", "ellipse", "rectangle"):
            self._shape(word, cursor)
        elif word == "cycle":
            self._stretch, self._joined = Stretch(), False
        elif word == "child":
            tree = Tree(
                self.context, self.scope, self.names, self.at, replace(self._line, drawn=True), self._options
            )
            child_at(tree, cursor, self._here)
        elif word == "graph":
            from chalknet.notation.dialects.tikz_graphs import draw_graph

            options = options_of(self._option(cursor))
            draw_graph(
                self.context,
                self.scope,
                options,
                expand(cursor.group(), self.names, self.context.spend),
                self.at,
            )
        elif word in (
            "arc",
            "grid",
            "plot",
            "parabola",
            "sin",
            "cos",
            "let",
            "svg",
            "pic",
            "bend",
            "decorate",
        ):
            self._other(word, cursor)
        else:
            raise Unread(repr(word), "a path of lines, nodes, edges, circles and rectangles")

    def _option(self, cursor: Cursor) -> str:
        return expand(cursor.option(), self.names, self.context.spend)

    def _other(self, word: str, cursor: Cursor) -> None:
        """Go past what draws neither nodes nor lines between them."""
        if word == "pic":
            raise Unread("pic, a drawing of its own", "nodes, or the fully connected boxes of PlotNeuralNet")
        if word == "let":
            end = re.compile(r"\bin\b").search(cursor.text, cursor.at)
            cursor.at = end.end() if end else len(cursor.text)
            return
        end = re.compile(r"(?=\bnode\b|\bedge\b|--|;)|$").search(cursor.text, cursor.at)
        cursor.at = end.start() if end else len(cursor.text)
        self._stretch, self._joined, self._here = Stretch(), False, NOWHERE

    def _node(self, word: str, cursor: Cursor) -> None:
        cursor.skip()
        loop = re.compile(r"\\?foreach\b").match(cursor.text, cursor.at)
        if loop:
            cursor.at = loop.end()
            head = loop_at(cursor, self.names)
            rest = cursor.text[cursor.at :]
            end = cursor.at
            for names in rounds(head, self.names, self.context.spend):
                inner = Cursor(rest, self.context.spend)
                self._one_node(word, inner, names)
                end = cursor.at + inner.at
            cursor.at = end
            return
        self._one_node(word, cursor, self.names)

    def _one_node(self, word: str, cursor: Cursor, names: Names) -> None:
        pieces = pieces_of(cursor, names, self.context.spend, has_text=word == "node")
        placed = node_at(self.context, self.scope, pieces, self._here, self.at, is_point=word == "coordinate")
        if placed.is_coordinate:
            placed.draw(self.picture)
            return
        along = any(key in _ALONG for key in placed.look.others) and "at" not in placed.look.others
        if self._stretch.stops or self._joined or (along and self._last):
            self._join_or_keep(placed)
        elif (
            not placed.name
            and not placed.fixed
            and not self._here.key
            and self._here.coordinate == ""
            and self._line.drawn
        ):
            self._pending.append(placed)  # at the beginning of a line, maybe
        else:
            self._here = placed.draw(self.picture)
            if placed.children:
                self._here = placed.place

    def _join_or_keep(self, placed: Placed) -> None:
        """Take a text for the line's own, for its free end, or for a node beside it."""
        text = shown_text(f"{placed.look.before}{placed.text}{placed.look.after}")
        along = any(key in _ALONG for key in placed.look.others)
        if placed.name or placed.look.drawn or placed.fixed:
            drawn = placed.draw(self.picture)
            if self._stretch.stops and not self._joined and not self._stretch.stops[-1].key:
                self._stretch.stops[-1] = drawn  # a node at the free end of the line
            return
        stops = self._stretch.stops
        if stops and not self._joined and not along and not stops[-1].key and len(stops) > 1:
            self._stretch.stops[-1] = placed.draw(self.picture)
        elif stops and len(stops) == 1 and self._joined and not along and placed in self._pending:
            self._stretch.stops[0] = placed.draw(self.picture)
        elif stops:
            self._stretch.labels.append(text)
        else:
            self._label_last(text)

    def _label_last(self, text: str) -> None:
        """Write a text along the line that was drawn last: `(a) -- (b) node[midway] {w}`."""
        if self._last is None:
            return
        count, stretch = self._last
        links = self.picture.sketch.links
        if not stretch.line.drawn or stretch.line.brace or len(links) < count or not links:
            self._free_text(text, middle(stretch.stops[0], stretch.stops[-1]))
        else:
            links[-1].label = "\n".join(part for part in (links[-1].label, text) if part)

    def _edge_line(self, options: list[TexOption], line: LineLook, style: str) -> LineLook:
        every = options_of(self.scope.styles[style].text) if style in self.scope.styles else []
        return line_of(self.scope.flat([*every, *options], self.context.spend), line)

    def _edge(self, cursor: Cursor) -> None:
        """Draw an edge from the place of the path, which stays where it is."""
        line = self._line.unlabelled()
        line.drawn = True
        line = self._edge_line(options_of(self._option(cursor)), line, "every edge")
        labels = list(map(shown_text, line.labels))
        while cursor.skip() < len(cursor.text) and (
            word := re.compile(r"(?:node|coordinate)\b").match(cursor.text, cursor.at)
        ):
            cursor.at = word.end()
            pieces = pieces_of(cursor, self.names, self.context.spend, has_text=True)
            labels.append(shown_text(pieces.text))
        start = self._here
        target = self._place(cursor)
        while cursor.skip() < len(cursor.text) and (
            word := re.compile(r"node\b(?=\s*+[\[{])").match(cursor.text, cursor.at)
        ):
            cursor.at = word.end()
            labels.append(shown_text(pieces_of(cursor, self.names, self.context.spend, has_text=True).text))
        for placed in self._pending:
            start = placed.draw(self.picture)
        self._pending = []
        self._draw(start, target, line, [label for label in labels if label])

    def _foreach(self, cursor: Cursor) -> None:
        head = loop_at(cursor, self.names)
        body = cursor.group() if cursor.is_at("{") else cursor.text[cursor.at :]
        if not cursor.is_at("{") and body == cursor.text[cursor.at :]:
            cursor.at = len(cursor.text)
        outer = self.names
        for names in rounds(head, self.names, self.context.spend):
            self.names = names
            self.context.spend(len(body))
            inside = body if "foreach" in body else expand(body, names, self.context.spend)
            self._pieces(Cursor(inside, self.context.spend))
        self.names = outer

    def _shape(self, word: str, cursor: Cursor) -> None:
        """Draw a circle or a rectangle that is no node."""
        here = self._here
        if word == "rectangle":
            cursor.skip()
            self._here = self._place(cursor)
            here, size = box_between(here, self._here)
        else:
            size = radius_at(cursor, self.scope, lambda text: expand(text, self.names, self.context.spend))
        self._stretch, self._joined = Stretch(), False
        if here.known and (self._line.drawn or self._fills) and size[0]:
            draw_shape(self.picture, word, look_of(self._options, measure), here, size, self.at)
