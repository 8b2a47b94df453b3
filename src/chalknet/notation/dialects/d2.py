"""D2 diagrams read into a sketch: containers, chains of arrows, shapes, classes, variables, globs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from itertools import pairwise

from chalknet.errors import CannotExpress
from chalknet.notation.dialects.d2_text import Statement, arrows, path, statements, unquoted
from chalknet.notation.dialects.tex_text import Unread
from chalknet.notation.drawings.sketch import Link, Sketch
from chalknet.notation.tokens import SourceText

REMEDY = "Write it as shapes and arrows, such as x1 -> h1."
_SHAPES = {
    "rectangle": "box", "square": "box", "circle": "circle", "oval": "ellipse", "text": "plaintext",
    "code": "plaintext", "diamond": "diamond", "hexagon": "hexagon", "cylinder": "cylinder", "queue": "cylinder",
    "parallelogram": "parallelogram", "cloud": "cloud", "image": "box", "page": "box", "package": "box",
    "step": "box", "callout": "box", "stored_data": "box", "person": "box", "document": "box", "c4-person": "box",
}  # fmt: skip
_OTHER = {
    "sql_table": "a table of SQL",
    "class": "a class diagram",
    "sequence_diagram": "a sequence diagram",
    "hierarchy": "a hierarchy",
}
_ATTRIBUTES = (
    "shape label style near tooltip link icon width height class direction constraint top left classes vars "
    "grid-rows grid-columns grid-gap vertical-gap horizontal-gap source-arrowhead target-arrowhead layers scenarios steps"
).split()
_INDEXED = re.compile(r"\s*\((.*)\)\s*(?:\[([^\[\]]*)\])?\s*(?:\.(.*))?", re.S)
_VARIABLE = re.compile(r"\$\{([\w.\- ]+)\}")
_MARKDOWN = re.compile(r"^[ \t]*+#++[ \t]++|^[ \t]++|\*\*", re.M)


def read_d2_sketch(text: str) -> Sketch:
    """Return what a text in D2 draws.

    Raises:
        NotationError: with a caret, for what is not understood.
        CannotExpress: for another kind of diagram, by its name.
    """
    source = SourceText("D2", text, remedy=REMEDY)
    sketch = Sketch(source)
    reader = _Reader(sketch)
    try:
        reader.block(statements(sketch, text), ())
        return reader.finish()
    except Unread as problem:
        raise source.refuse(min(reader.at, len(text)), got=problem.got, wanted=problem.wanted) from problem


@dataclass
class _Shape:
    """A shape or a container, by its path."""

    name: tuple[str, ...]
    at: int
    label: str
    shape: str = ""
    colour: str = ""
    hidden: bool = False
    near: str = ""


@dataclass
class _Edge:
    """An arrow between two paths."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    sign: str
    link: Link


@dataclass
class _Reader:
    sketch: Sketch
    shapes: dict[tuple[str, ...], _Shape] = field(default_factory=dict)
    edges: list[_Edge] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    classes: dict[str, list[Statement]] = field(default_factory=dict)
    globs: list[tuple[tuple[str, ...], Statement, list[str]]] = field(default_factory=list)
    late: list[tuple[tuple[str, ...], str, str, str, Statement]] = field(default_factory=list)
    at: int = 0
    at_end: bool = False

    def block(self, found: list[Statement], where: tuple[str, ...]) -> None:
        """Carry out the statements of a container."""
        for statement in found:
            self.at = statement.at
            key = statement.key
            self.sketch.spend(2 + len(where), statement.at)
            if key.startswith(("@", "...@", "...")) or (statement.value or "").startswith("@"):
                raise Unread(key[:40], "a diagram in one file: write here what is imported")
            if key.startswith(("&", "!&")):
                raise Unread(f"the filter {key[:40]}", "the shapes by their names")
            if key.startswith("(") and (match := _INDEXED.fullmatch(key)):
                self._indexed(match, statement, where)
                continue
            ends = list(arrows(key))
            if len(ends) > 1:
                self._chain(ends, statement, where)
            else:
                self._shape(path(key), statement, where)

    def _shape(self, parts: list[str], statement: Statement, where: tuple[str, ...]) -> None:
        first = parts[0].lower()
        if first in _ATTRIBUTES and not (first == "class" and len(parts) > 1):
            self._attribute(parts, statement, where)
            return
        if any("*" in part for part in parts):
            self.globs.append((where, statement, parts))
            return
        for place, part in enumerate(parts):
            if place and part.lower() in _ATTRIBUTES:
                self._attribute(parts[place:], statement, self._made(where, parts[:place], statement.at))
                return
        name = self._made(where, parts, statement.at)
        if statement.value is not None:
            if statement.value == "null" and not statement.raw:
                self.shapes.pop(name, None)
                return
            self.shapes[name].label = self._said(statement.value)
            if statement.raw:
                self.shapes[name].label = _MARKDOWN.sub("", self.shapes[name].label)
            if statement.raw and not self.shapes[name].shape:
                self.shapes[name].shape = "text"
        if statement.block is not None:
            self.block(statement.block, name)

    def _made(self, where: tuple[str, ...], parts: list[str], at: int) -> tuple[str, ...]:
        """Return the path of a shape, which is drawn now if it is not yet, with the containers around it."""
        name = where
        for part in parts:
            if part == "_":
                name = name[:-1]
                continue
            if not part:
                raise Unread("a key with nothing between its dots", "a name")
            name = (*name, part.lower())
            if name not in self.shapes:
                self.shapes[name] = _Shape(name, at, self._said(part))
        return name

    def _said(self, text: str) -> str:
        """Return a text with the values of the variables in it."""
        if "${" in text:
            text = _VARIABLE.sub(lambda m: self.variables.get(m[1].strip(), m[0]), text)
            self.sketch.spend(1 + len(text) // 20)
        return text.replace("\\n", "\n")

    def _attribute(self, parts: list[str], statement: Statement, name: tuple[str, ...]) -> None:
        """Take what a keyword says of the shape around it, or of the whole drawing."""
        word, value = parts[0].lower(), self._said(statement.value or "")
        shape = self.shapes.get(name)
        if word == "vars":
            self._variables(statement.block or [], "" if len(parts) == 1 else ".".join(parts[1:]))
        elif word == "classes":
            for one in statement.block or []:
                self.classes[one.key.lower()] = one.block or []
        elif word in ("layers", "scenarios", "steps"):
            raise Unread(f"several drawings in one ({word})", "one drawing")
        elif shape is None:
            return
        elif word == "shape":
            if value in _OTHER:
                raise self.sketch.source.refuse(
                    self.at,
                    kind=CannotExpress,
                    got=f"{_OTHER[value]} of D2",
                    wanted="shapes joined by arrows",
                )
            shape.shape = value
        elif word == "label":
            shape.label = value if value or not statement.block else shape.label
        elif word == "near":
            shape.near = value
        elif word == "class":
            for name_of_class in value.strip("[]").replace(";", ",").split(","):
                self.block(self.classes.get(name_of_class.strip().lower(), []), name)
        elif word == "style":
            self._style(parts[1:], statement, shape)

    def _style(self, parts: list[str], statement: Statement, shape: _Shape) -> None:
        pairs = (
            [(parts[0], statement.value)]
            if parts
            else [(one.key, one.value) for one in statement.block or []]
        )
        for key, value in pairs:
            if key == "fill":
                shape.colour = unquoted(value or "")
            elif key == "opacity" and value and value.strip() in ("0", "0.0"):
                shape.hidden = True

    def _variables(self, found: list[Statement], prefix: str) -> None:
        for one in found:
            name = f"{prefix}.{one.key}" if prefix else one.key
            if one.block is not None:
                self._variables(one.block, name)
            elif one.value is not None:
                self.variables[name] = self._said(one.value)

    # Arrows.

    def _chain(self, ends: list[tuple[str, str]], statement: Statement, where: tuple[str, ...]) -> None:
        label = self._said(statement.value or "")
        visible, style = True, ""
        for one in statement.block or []:
            visible, style, label = self._look(one, visible, style, label)
        for (first, sign), (second, _) in pairwise(ends):
            if "*" in first or "*" in second:
                self.late.append((where, first, second, sign, Statement(statement.key, statement.at, label)))
                continue
            source, target = (self._made(where, path(end), statement.at) for end in (first, second))
            self.edges.append(_Edge(source, target, sign, Link("", "", label, visible, statement.at, style)))

    def _look(self, one: Statement, visible: bool, style: str, label: str) -> tuple[bool, str, str]:
        """Return how an arrow looks when one more of its attributes is known."""
        parts = path(one.key)
        inside = one.block if parts[0] == "style" and one.block else []
        pairs = [(parts[-1], one.value or ""), *((part.key, part.value or "") for part in inside)]
        for key, value in pairs:
            if key == "stroke-dash" and value.strip() not in ("0", ""):
                style = "dashed"
            elif key == "stroke-width" and value.strip().isdigit() and int(value) >= 4:
                style = style or "bold"
            elif key == "opacity" and value.strip() in ("0", "0.0"):
                visible = False
            elif key == "label" and parts[0] == "label":
                label = self._said(value)
        return visible, style, label

    def _indexed(self, match: re.Match[str], statement: Statement, where: tuple[str, ...]) -> None:
        """Take what `(a -> b)[0].style.opacity: 0` says of an arrow."""
        ends = [end for end, _ in arrows(match[1])]
        if any("*" in end for end in ends) or len(ends) != 2:
            wanted = None
        else:
            wanted = tuple((*where, *(part.lower() for part in path(end))) for end in ends)
        self.sketch.spend(1 + len(self.edges))
        alike = [edge for edge in self.edges if wanted is None or (edge.source, edge.target) == wanted]
        index = (match[2] or "*").strip()
        if index.isdigit():
            alike = alike[int(index) : int(index) + 1]
        rest = (
            [Statement(match[3], statement.at, statement.value, False, statement.block)]
            if match[3]
            else statement.block or []
        )
        for edge in alike:
            link = edge.link
            label = link.label if match[3] or statement.value is None else self._said(statement.value)
            for one in rest:
                link.visible, link.style, label = self._look(one, link.visible, link.style, label)
            link.label = label

    # The end.

    def finish(self) -> Sketch:
        """Return the sketch, when all globs have found what they mean."""
        for where, statement, parts in self.globs:
            self._glob(where, statement, parts)
        for where, first, second, sign, statement in self.late:
            sources, targets = (
                self._matching(where, path(first), statement.at),
                self._matching(where, path(second), statement.at),
            )
            self.sketch.spend(20 * len(sources) * len(targets), statement.at)
            for source in sources:
                for target in targets:
                    if source != target:
                        link = Link("", "", statement.value or "", True, statement.at)
                        self.edges.append(_Edge(source, target, sign, link))
        self._draw()
        return self.sketch

    def _glob(self, where: tuple[str, ...], statement: Statement, parts: list[str]) -> None:
        place = next(
            (place for place, part in enumerate(parts) if part.lower() in _ATTRIBUTES and place), len(parts)
        )
        for name in self._matching(where, parts[:place], statement.at):
            if place < len(parts):
                self._attribute(parts[place:], statement, name)
                continue
            if statement.value is not None and name in self.shapes:
                self.shapes[name].label = self._said(statement.value)
            self.block(statement.block or [], name)

    def _matching(self, where: tuple[str, ...], parts: list[str], at: int) -> list[tuple[str, ...]]:
        if not any("*" in part for part in parts):
            return [self._made(where, parts, at)]
        wanted = [part.lower() for part in parts]
        deep = wanted[-1] in ("**", "***")
        self.sketch.spend(1 + len(self.shapes) // 4, at)
        found = []
        for name in list(self.shapes):
            inside = name[len(where) :]
            if name[: len(where)] != where or not (
                len(inside) == len(wanted) or (deep and len(inside) >= len(wanted))
            ):
                continue
            if all(_like(pattern).match(part) for pattern, part in zip(wanted, inside, strict=False)):
                found.append(name)
        return found

    def _draw(self) -> None:
        holds = {name[:-1] for name in self.shapes}
        keys: dict[tuple[str, ...], str] = {}
        for name, shape in self.shapes.items():
            key = keys[name] = ".".join(name)
            parent = keys.get(name[:-1], "")
            if name in holds:
                self.sketch.group(key, shape.label, parent, shape.at)
            elif shape.near and shape.shape in ("text", "") and shape.near.startswith(("top", "bottom")):
                self.sketch.caption = shape.label
            else:
                node = self.sketch.node(key, shape.at)
                node.label, node.group, node.colour = shape.label, parent, shape.colour
                node.shape = "invisible" if shape.hidden else _SHAPES.get(shape.shape, "box")
        for edge in self.edges:
            link, ends = edge.link, [edge.source, edge.target]
            if any(end not in keys or not self._is_drawn(keys[end]) for end in ends):
                continue
            if edge.sign.startswith("<") and not edge.sign.endswith(">"):
                ends.reverse()
            link.directed = edge.sign.startswith("<") != edge.sign.endswith(">")
            self.sketch.connect([keys[ends[0]]], [keys[ends[1]]], link)

    def _is_drawn(self, key: str) -> bool:
        return key in self.sketch.nodes or key in self.sketch.groups


@lru_cache(maxsize=200)
def _like(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(re.sub(r"\*+", "*", pattern)))
