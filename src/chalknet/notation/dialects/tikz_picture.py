"""The picture as TikZ draws it: nodes by name, points, circles, lines; brought to a sketch when all is drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from chalknet.notation.dialects.tex_text import Unread, with_accents
from chalknet.notation.dialects.tikz_chains import Chain
from chalknet.notation.dialects.tikz_styles import LineLook, Look
from chalknet.notation.drawings.sketch import Drawn, Link, Place, Sketch

_TYPES = re.compile(
    r"\\(?:tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge|bfseries|itshape|sffamily|ttfamily|rmfamily"
    r"|centering|strut|displaystyle|textstyle|scriptstyle|noindent|raggedright|par|boldmath|bf|it|em|null|selectfont|newline|hfill"
    r"|upshape|mdseries|normalfont|protect|nobreak|relax)(?![a-zA-Z])[ \t]*+"
)
_DROPPED = re.compile(
    r"\\(?:color|vspace|hspace|rule|vphantom|hphantom|phantom|label|fontsize|rotatebox|scalebox|resizebox|usefont|includegraphics|footnote|cite"
    r"|textcolor|colorbox|begin|end|raisebox|contour|hyperref|adjustbox)\*?(?:\[[^\[\]]*+\])?\{[^{}]*+\}(?:\{[ctblr|@]*+\}(?=\{|\S))?"
)
_SHOWN = re.compile(
    r"\\(?:textbf|textit|emph|textsf|texttt|textrm|textsc|underline|mbox|hbox|shortstack|makecell|textnormal)(?:\[[^\[\]]*+\])?\s*+"
    r"|\\parbox(?:\[[^\[\]]*+\])*+\{[^{}]*+\}\s*+"
)
_LINE_END = re.compile(r"\\\\\*?(?:\[[^\[\]]*+\])?|\\(?:tabularnewline|newline)(?![a-zA-Z])")
_WHOLE_IN_NAME = re.compile(r"(\d)\.0(?!\d)")
_TOUCH = 0.12  # centimetres between a line's end and what it is taken to reach
_CELLS = 400  # of the grid at most, for one node
_DOT = 0.11  # the radius of the largest disc that is a dot


class TexPoint(NamedTuple):
    """A place in centimetres, `y` growing upwards; the key of the node that it belongs to."""

    x: float | None
    y: float | None
    key: str = ""
    coordinate: str = ""  # the name of a bare coordinate

    @property
    def known(self) -> bool:
        """Return whether the place is known."""
        return self.x is not None and self.y is not None


@dataclass
class TikzFrame:
    """A rectangle that may hold nodes, or the box of a disc."""

    left: float
    bottom: float
    right: float
    top: float
    at: int
    node: str


@dataclass
class Picture:
    """Everything that one picture draws.

    Args:
        sketch: what it is brought to.
        points: the bare coordinates by name.
        groups: what `fit` nodes hold, by their keys.
        frames: rectangles and circles that are drawn without a node.
        bare: nodes that show nothing but their text, which a shape may be drawn around.
        seen: the straight links, so that one drawn twice is one.
        chains: by their names.
    """

    sketch: Sketch
    points: dict[str, TexPoint] = field(default_factory=dict)
    places: dict[str, TexPoint] = field(default_factory=dict)
    sizes: dict[str, tuple[float, float]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    frames: list[TikzFrame] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    chains: dict[str, Chain] = field(default_factory=dict)
    unnamed: int = 0

    def key(self, name: str) -> str:
        """Return the key of the node of a name.

        Raises:
            Unread: where there is none.
        """
        key = self.names.get(tidy(name))
        if key is None:
            raise Unread(f"({name.strip()[:40]}), which names no node", "the name of a node drawn before")
        return key

    def node(self, name: str, look: Look, text: str, place: TexPoint, at: int) -> str:
        """Draw a node and return its key."""
        self.unnamed += not name
        name = tidy(name)
        key = name or f"node {self.unnamed}"
        while key in self.sketch.nodes:  # a name given again stands for the later node
            self.unnamed += 1
            key = f"{name} {self.unnamed}"
        label = shown_text(f"{look.before}{text if look.text is None else look.text}{look.after}")
        drawn = self.sketch.node(key, at)
        drawn.label = label
        drawn.shape = look.shape if look.drawn else "plaintext" if label else "invisible"
        drawn.colour = look.colour if look.drawn else ""
        lines = label.split("\n")
        width = max(look.width, 0.17 * max(map(len, lines)) + 2 * look.sep)
        height = max(look.height, 0.42 * len(lines) + 2 * look.sep)
        if look.shape == "circle":
            width = height = max(width, height)
        self.sizes[key] = (width, height)
        self.places[key] = place._replace(key=key)
        if place.x is not None and place.y is not None:
            drawn.place = Place(place.x, -place.y, width, height)
        if name:
            self.names[name] = key
            self.points.pop(name, None)
        return key

    def end(self, place: TexPoint, at: int) -> str:
        """Draw the free end of a line as a point, and return its key; a bare coordinate is one point."""
        if place.coordinate and place.coordinate in self.names:
            return self.names[place.coordinate]
        self.unnamed += 1
        key = f"end {self.unnamed}"
        drawn = self.sketch.node(key, at)
        drawn.label, drawn.shape = "", "point"
        if place.x is not None and place.y is not None:
            drawn.place = Place(place.x, -place.y)
        self.places[key] = place._replace(key=key)
        self.ends.append(key)
        if place.coordinate:
            self.names[place.coordinate] = key
        return key

    def collect(self, name: str, inside: list[str], place: TexPoint) -> None:
        """Give one name to several nodes, as the name of a matrix does."""
        key = f"all of {tidy(name)}"
        self.groups[key], self.names[tidy(name)] = inside, key
        self.places[key] = place._replace(key=key)

    def members(self, key: str) -> list[str]:
        """Return the nodes or the frame that are meant: of one name for several nodes all of them."""
        found: dict[str, None] = {}
        waiting, known = [key], set()
        while waiting:
            one = waiting.pop()
            if one in known:
                continue
            known.add(one)
            self.sketch.spend(1)
            if one in self.groups and one not in self.sketch.groups:
                waiting += reversed(self.groups[one])
            else:
                found[one] = None
        return list(found)

    def link(self, source: str, target: str, line: LineLook, label: str, at: int) -> None:
        """Draw a line between two nodes, nodes of one name, or frames."""
        self.sketch.spend(45, at)
        directed = line.first != line.last or line.tip_within
        if line.first and not line.last:
            source, target = target, source
        if not line.bent and not label:
            known = (source, target) if directed else (min(source, target), max(source, target))
            if (*known, line.style) in self.seen:
                return
            self.seen.add((*known, line.style))
        link = Link("", "", label, line.drawn, at, line.style, directed)
        self.sketch.connect(self.members(source), self.members(target), link)

    def group(self, name: str, title: str, inside: list[str], at: int) -> None:
        """Frame nodes, as a node with `fit` does."""
        key = tidy(name) or f"frame {len(self.groups) + 1}"
        self.sketch.group(key, title, "", at)
        self.groups[key] = inside
        if name:
            self.names[tidy(name)] = key
        known = [self.places[one] for one in inside if one in self.places and self.places[one].known]
        if known:
            x = sum(point.x or 0.0 for point in known) / len(known)
            y = sum(point.y or 0.0 for point in known) / len(known)
            self.places[key] = TexPoint(x, y, key)
        for one in inside:
            if one in self.groups and one in self.sketch.groups:
                self.sketch.groups[one].parent = self.sketch.groups[one].parent or key
            elif one in self.sketch.nodes:
                node = self.sketch.nodes[one]
                inner = self.sketch.groups.get(node.group)
                node.group = node.group or key
                if (
                    inner is not None
                    and not inner.parent
                    and set(self.groups.get(inner.key, ())) <= {*inside}
                ):
                    inner.parent = key

    def finish(self) -> Sketch:
        """Return the sketch, when everything is drawn: shapes have their texts, lines the nodes they reach."""
        grid = Grid(self.sketch)
        texts = [
            node
            for node in self.sketch.nodes.values()
            if node.shape in ("plaintext", "invisible") and node.place
        ]
        for node in texts:
            grid.add(node, small=True)
        renamed = self._shapes_around(grid)
        drawn = Grid(self.sketch)
        gone = set(renamed)
        for node in self.sketch.nodes.values():
            if node.key not in gone and node.place and node.shape not in ("point", "invisible"):
                drawn.add(node)
        for key in self.ends:
            node = self.sketch.nodes[key]
            if node.place is not None and (reached := drawn.at(node.place.x, node.place.y)):
                renamed[key] = reached.key
        for link in (*self.sketch.links, *self.sketch.frame_links):
            link.source, link.target = (
                renamed.get(link.source, link.source),
                renamed.get(link.target, link.target),
            )
        linked = self._linked()
        for key in [*renamed, *(one.key for one in self.sketch.nodes.values() if one.shape == "invisible")]:
            if key in renamed or key not in linked:
                self.sketch.nodes.pop(key, None)
            elif key in self.sketch.nodes:
                self.sketch.nodes[key].shape = "point"
        self._without_strokes()
        self._dots(linked)
        return self.sketch

    def _linked(self) -> set[str]:
        """Return the keys at the ends of all lines."""
        links = (*self.sketch.links, *self.sketch.frame_links)
        return {end for link in links for end in (link.source, link.target)}

    def _shapes_around(self, grid: Grid) -> dict[str, str]:
        """Give drawn circles and boxes to the texts inside them; return what became of the shapes' own keys."""
        renamed: dict[str, str] = {}
        for frame in self.frames:
            inside = [node for node in grid.within(frame) if node.key not in renamed]
            shape = self.sketch.nodes[frame.node]
            if len(inside) == 1 and inside[0].shape in ("plaintext", "invisible"):
                inside[0].shape = shape.shape
                inside[0].place, inside[0].colour = shape.place, shape.colour
                renamed[frame.node] = inside[0].key
        for frame in sorted(self.frames, key=lambda one: (one.right - one.left) * (one.top - one.bottom)):
            shape = self.sketch.nodes[frame.node]
            if shape.shape == "box" and frame.node not in renamed:
                self.sketch.spend(len(self.sketch.nodes))
                held = [n for n in self.sketch.nodes.values() if n is not shape and n.place and n.shape != "point"
                        and n.key not in renamed and not n.group and _holds(frame, n.place)]  # fmt: skip
                if len(held) > 1:
                    self.sketch.group(frame.node, "", "", frame.at)
                    for node in held:
                        node.group = frame.node
                    self.sketch.nodes.pop(frame.node)
        self.frames = [frame for frame in self.frames if frame.node in self.sketch.nodes]
        return renamed

    def _without_strokes(self) -> None:
        """Leave out lines that join nothing at either end."""
        free = {key for key in self.ends if key in self.sketch.nodes}
        names = set(self.names.values())
        kept, look = [], Look()
        for link in self.sketch.links:
            ends = {link.source, link.target}
            if not ends <= free or ends <= names:
                kept.append(link)
            elif link.label:
                place = self.sketch.nodes[link.source].place
                at = TexPoint(place.x, -place.y) if place else TexPoint(None, None)
                self.node("", look, link.label, at, link.at)
        self.sketch.links = kept
        for key in free - self._linked():
            del self.sketch.nodes[key]

    def _dots(self, linked: set[str]) -> None:
        """Put one text of dots in the place of small discs in a row."""
        row: list[Drawn] = []
        for node in [*self.sketch.nodes.values(), None]:
            is_dot = node is not None and node.shape == "circle" and not node.label and node.key not in linked
            is_dot = (
                is_dot and node is not None and node.place is not None and 0 < node.place.width <= 2 * _DOT
            )
            if node is not None and is_dot and (not row or _near(row[-1], node)):
                row.append(node)
                continue
            if len(row) >= 3:
                for one in row[1:]:
                    del self.sketch.nodes[one.key]
                first, last = row[0].place, row[-1].place
                upright = first and last and abs(first.x - last.x) < abs(first.y - last.y)
                row[0].label, row[0].shape, row[0].place = "⋮" if upright else "…", "plaintext", row[1].place
            row = [node] if node is not None and is_dot else []


def _near(one: Drawn, other: Drawn) -> bool:
    first, second = one.place, other.place
    return bool(first and second) and abs(first.x - second.x) < 1 and abs(first.y - second.y) < 1  # type: ignore[union-attr]


def _holds(frame: TikzFrame, place: Place) -> bool:
    return frame.left <= place.x <= frame.right and frame.bottom <= -place.y <= frame.top


class Grid:
    """Finds the node at a place, without a look at every node."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch
        self._cells: dict[tuple[int, int], list[Drawn]] = {}
        self._large: list[Drawn] = []

    def add(self, node: Drawn, *, small: bool = False) -> None:
        """Put a node into every cell that it touches; a small one into that of its middle."""
        place = node.place
        if place is None:
            return
        half_x, half_y = (0.0, 0.0) if small else (place.width / 2 + _TOUCH, place.height / 2 + _TOUCH)
        columns = range(int((place.x - half_x) // 1), int((place.x + half_x) // 1) + 1)
        rows = range(int((place.y - half_y) // 1), int((place.y + half_y) // 1) + 1)
        if len(columns) * len(rows) > _CELLS:
            self._large.append(node)
            return
        self._sketch.spend(len(columns) * len(rows))
        for column in columns:
            for row in rows:
                self._cells.setdefault((column, row), []).append(node)

    def at(self, x: float, y: float) -> Drawn | None:
        """Return the smallest node that reaches to a place of the sketch, or None."""
        near = [*self._cells.get((int(x // 1), int(y // 1)), ()), *self._large]
        self._sketch.spend(len(near))
        touching = [node for node in near if _reaches(node.place, x, y)]
        return min(
            touching,
            key=lambda node: node.place.width * node.place.height if node.place else 0.0,
            default=None,
        )

    def within(self, frame: TikzFrame) -> Iterator[Drawn]:
        """Yield the nodes whose middle a frame holds; none of a frame larger than any node."""
        columns = range(int(frame.left // 1), int(frame.right // 1) + 1)
        rows = range(int(-frame.top // 1), int(-frame.bottom // 1) + 1)
        if len(columns) * len(rows) > _CELLS:
            return
        for column in columns:
            for row in rows:
                for node in self._cells.get((column, row), ()):
                    self._sketch.spend(1)
                    if node.place and _holds(frame, node.place):
                        yield node


def _reaches(place: Place | None, x: float, y: float) -> bool:
    return place is not None and (
        abs(place.x - x) <= place.width / 2 + _TOUCH and abs(place.y - y) <= place.height / 2 + _TOUCH
    )


def tidy(name: str) -> str:
    """Return a name of a node as all spellings of it have it."""
    if name.isalnum():
        return name
    return _WHOLE_IN_NAME.sub(r"\1", " ".join(name.replace("{}", "").split()))


def shown_text(text: str) -> str:
    r"""Return the text of a node as it is shown, mathematics as written: `\small a\\b` -> two lines."""
    if "\\begin{tikzpicture}" in text:
        text = text[: text.index("\\begin{tikzpicture}")] + text[text.rfind("\\end{tikzpicture}") + 17 :]
    text = " ".join(re.sub(r"(?<!\\)~", " ", text).split())
    text = _LINE_END.sub("\n", text)
    if "\\" in text:
        text = with_accents(text)
        text = _SHOWN.sub("", _DROPPED.sub("", _TYPES.sub("", text)))
        text = re.sub(r"\\([&%#_$])(?![a-zA-Z])", r"\1", text) if "$" not in text else text
    if "$" not in text:
        text = text.replace("{", "").replace("}", "")
    return "\n".join(part.strip() for part in text.split("\n")).strip().removeprefix("{}").strip()


Measure = Callable[[str], float]
