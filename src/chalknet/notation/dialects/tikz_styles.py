"""The options of TikZ: styles that stand for others, and what a list of options says of a node or a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from chalknet.notation.dialects.tex_macros import with_arguments
from chalknet.notation.dialects.tex_numbers import number
from chalknet.notation.dialects.tex_text import Cursor, Unread, bare, split


class TexOption(NamedTuple):
    """One option; one without a sign of equality has no value."""

    key: str
    value: str | None = None


class NamedStyle(NamedTuple):
    """What a name of a style stands for, and its first argument where none is given."""

    text: str
    default: str = ""
    arguments: int = 1


Styles: TypeAlias = "dict[str, NamedStyle]"

_DEEPEST = 25
_DEFINED = re.compile(
    r"/\.(style|append style|prefix style|add style|default|style args|style n args|style \d args|code|pic|is \w+|initial|store in)$"
)
# How a node looks whose style is tried and not in the text, by its name.
_TRIED = (
    (re.compile(r"missing|dots", re.I), (TexOption("draw", "none"), TexOption("node contents", r"$\vdots$"))),
    (re.compile(r"neuron|unit\b|perceptron", re.I), (TexOption("circle"), TexOption("draw"))),
)
_EXISTING = re.compile(r"/\.(try|retry|list)$")
_TIP = re.compile(
    r"(?:\s|\{[^{}]*+(?:\{[^{}]*+\}[^{}]*+)*+\}|[<>|*()\[\]]|latex'?|stealth'?|to|o|Latex|Stealth|Triangle|To|triangle\s*+[0-9]*+|angle\s*+[0-9]*+"
    r"|open\s*+triangle\s*+[0-9]*+|Classical TikZ Rightarrow|Computer Modern Rightarrow|Straight Barb|Implies|implies|Circle|Kite|Bar|diamond|square|hooks?"
    r"|left to|right to|reversed|\.|Square|Diamond|serif cm|spaced|cap|new|,|=|length|width|scale|[0-9.]++|mm|pt)*+"
)
_POINTS = re.compile(r"([0-9.]++)\s*+(pt|mm|cm)?")
_SHAPES: Mapping[str, str] = {
    "circle": "circle", "rectangle": "box", "ellipse": "ellipse", "diamond": "diamond",
    "trapezium": "trapezium", "cylinder": "cylinder", "coordinate": "point", "regular polygon": "polygon",
    "rounded rectangle": "box", "semicircle": "semicircle", "isosceles triangle": "triangle", "star": "star",
    "circle split": "circle", "rectangle split": "record", "signal": "box", "cloud": "cloud",
    "double circle": "doublecircle", "cross out": "cross", "strike out": "cross", "draw circle": "circle",
}  # fmt: skip


def options_of(text: str) -> list[TexOption]:
    """Return the options of a text between brackets, in their order."""
    found = []
    for part in split(text):
        key, sign, value = ("", "", "") if part.startswith('"') else part.partition("=")
        if part.startswith(("-{", "{-", "<-", "-")) or (part.endswith(("-", "}")) and "-{" in part[:4]):
            found.append(TexOption(bare(part)))  # an arrow, whose tip may hold options
        elif sign:
            found.append(TexOption(" ".join(key.split()), bare(value)))
        elif part:
            found.append(TexOption(" ".join(part.split()) if part[0] != '"' else part))
    return found


@dataclass
class Scope:
    """What holds within one pair of braces or one scope.

    Args:
        styles: the known ones.
        options: those of the scopes around, which lines inherit.
        matrix: how coordinates are moved: x' = a x + c y + e, y' = b x + d y + f.
        distance: between the nodes that are placed beside each other, in centimetres.
        level: how deep it stands.
    """

    styles: Styles = field(default_factory=dict)
    options: list[TexOption] = field(default_factory=list)
    matrix: tuple[float, float, float, float, float, float] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    distance: tuple[float, float] = (1.0, 1.0)

    def inner(self) -> Scope:
        """Return the scope within it."""
        return Scope(dict(self.styles), list(self.options), self.matrix, self.distance)

    def define(self, text: str) -> None:
        """Keep the styles that a text between braces defines; other options hold for all that follows."""
        for option in options_of(text):
            if not self._defines(option):
                self.options.append(option)

    def _defines(self, option: TexOption) -> bool:
        match = _DEFINED.search(option.key)
        if match is None:
            return False
        name, kind, value = option.key[: match.start()], match[1], option.value or ""
        old = self.styles.get(name, NamedStyle(""))
        if kind == "append style":
            self.styles[name] = old._replace(text=f"{old.text},{value}")
        elif kind == "prefix style":
            self.styles[name] = old._replace(text=f"{value},{old.text}")
        elif kind == "default":
            self.styles[name] = old._replace(default=value)
        elif kind == "style args" or kind.endswith(" args"):
            self.styles[name] = _with_pattern(kind, value, old)
        elif kind in ("style", "add style"):
            self.styles[name] = old._replace(text=value, arguments=1)
        return True

    def flat(self, options: list[TexOption], spend: Callable[[int], None]) -> list[TexOption]:
        """Return options in which every style is replaced by what it stands for.

        Raises:
            Unread: for styles that stand for each other in a circle.
        """
        found: list[TexOption] = []
        waiting = [(option, 0) for option in reversed(options)]
        while waiting:
            option, depth = waiting.pop()
            spend(100)
            if depth > _DEEPEST:
                raise Unread(f"the style {option.key!r}, which stands for itself", "one that ends")
            key = _EXISTING.sub("", option.key)
            style = self.styles.get(key)
            if style is not None:
                given = style.default if option.value is None else option.value
                parts = _arguments(given, style.arguments)
                inside = options_of(with_arguments(style.text, parts))
                waiting += [(one, depth + 1) for one in reversed(inside) if one.key != key]
                if key in _SHAPES and not inside:
                    found.append(TexOption(key))
            elif not self._defines(option) and key == option.key:
                found.append(option)
            elif key != option.key:
                found += next((looks for words, looks in _TRIED if words.search(key)), ())
        return found


def _with_pattern(kind: str, value: str, old: NamedStyle) -> NamedStyle:
    count = re.match(r"style (\d) args", kind)
    if kind in ("style args", "style n args"):
        cursor = Cursor(value)
        pattern = cursor.group() if cursor.is_at("{") else ""
        body = cursor.group() if cursor.is_at("{") else ""
        return old._replace(text=body, arguments=max(pattern.count("#"), 1))
    return old._replace(text=value, arguments=int(count[1]) if count else 1)


def _arguments(given: str, count: int) -> list[str]:
    if count == 1:
        return [given]
    cursor = Cursor(given)
    parts: list[str] = []
    while len(parts) < count and cursor.skip() < len(given):
        parts.append(cursor.argument())
    return parts


@dataclass
class LineLook:
    """How a line looks.

    Args:
        drawn: whether it is.
        first, last: whether it has a tip at its beginning and at its end.
        style: in Graphviz's words.
        tip_within: whether an arrow stands in the middle of it.
        brace: whether it is a curly brace or as white as the page: it joins nothing.
        bent: whether it goes another way than straight.
        labels: what quotes say of it.
    """

    drawn: bool = False
    first: bool = False
    last: bool = False
    style: str = ""
    tip_within: bool = False
    brace: bool = False
    bent: bool = False
    labels: list[str] = field(default_factory=list)

    def unlabelled(self) -> LineLook:
        """Return a line that looks like it, with nothing written along it."""
        return LineLook(self.drawn, self.first, self.last, self.style, self.tip_within, self.brace, self.bent)


def line_of(options: list[TexOption], start: LineLook) -> LineLook:
    """Return how a line with these options looks, what they do not say as at the start."""
    line = start.unlabelled()
    line.labels = list(start.labels)
    for key, value in options:
        if key == "draw":
            line.drawn, line.brace = value != "none", line.brace or value == "white"
        elif key in (
            "solid",
            "dashed",
            "dotted",
            "densely dotted",
            "densely dashed",
            "loosely dotted",
            "loosely dashed",
        ):
            line.style = "" if key == "solid" else key.rpartition(" ")[2]
        elif key in ("ultra thick", "very thick") or (key == "line width" and _points(value) >= 1.2):
            line.style = line.style or "bold"
        elif key == "decoration" and value:
            line.brace = line.brace or value.lstrip().startswith(("brace", "{brace", "calligraphic brace"))
            line.tip_within = line.tip_within or ("\\arrow" in value)
        elif key in ("postaction", "preaction") and value and "\\arrow" in value:
            line.tip_within = True
        elif key in ("bend left", "bend right", "out", "in", "looseness", "loop", "loop above", "bend angle"):
            line.bent = True
        elif (key in ("opacity", "draw opacity") and value == "0") or (key == "white" and value is None):
            line.brace = True
        elif key.startswith('"') or key in ("edge label", "edge label'"):
            line.labels.append(key.strip("'\"").split('"')[0] if key.startswith('"') else value or "")
        elif value is None or key == "arrows":
            _tips(bare(value if key == "arrows" and value else key), line)
    return line


def _points(value: str | None) -> float:
    match = _POINTS.match((value or "").strip())
    try:
        return float(match[1]) * {"mm": 2.85, "cm": 28.5}.get(match[2] or "pt", 1.0) if match else 0.0
    except ValueError:
        return 0.0


def _tips(key: str, line: LineLook) -> None:
    """Set the tips of a line by an option such as `->`, `-latex`, `{Stealth}-`, or `-` for none."""
    if "-" not in key or key in ("-|", "|-"):
        return
    place = key.find("-") if not key.startswith("{") else key.find("}-") + 1
    first, last = key[:place], key[place + 1 :]
    if _TIP.fullmatch(first) and _TIP.fullmatch(last):
        line.first, line.last = bool(first.strip()), bool(last.strip())


@dataclass
class Look:
    """How a node looks, and what else its options say of it.

    Args:
        shape: in Graphviz's words.
        drawn: whether its edge or its filling is.
        colour: of its filling.
        width, height: at least, in centimetres.
        sep: between its text and its edge.
        before, after: texts around its own.
        text: in the place of its own.
        others: the options that are of use to somebody else.
    """

    shape: str = "box"
    drawn: bool = False
    colour: str = ""
    width: float = 0.0
    height: float = 0.0
    sep: float = 0.12
    before: str = ""
    after: str = ""
    text: str | None = None
    others: dict[str, str | None] = field(default_factory=dict)
    labels: list[TexOption] = field(default_factory=list)


def look_of(options: list[TexOption], measure: Callable[[str], float]) -> Look:
    """Return how a node with these options looks.

    Args:
        options: with their styles replaced.
        measure: a length in centimetres.
    """
    look, filled, edged = Look(), False, False
    for key, value in options:
        if key == "draw":
            edged = value != "none"
        elif key == "fill":
            filled, look.colour = value not in ("none", "white", "background"), value or ""
        elif key in (
            "ball color",
            "top color",
            "bottom color",
            "inner color",
            "shade",
            "pattern",
            "path picture",
        ):
            filled, look.colour = True, look.colour or value or ""
        elif key == "shape" or (key in _SHAPES and value is None):
            look.shape = _SHAPES.get(value or "" if key == "shape" else key, "box")
        elif key in ("minimum size", "minimum width", "minimum height") and value:
            size = measure(value)
            look.width = size if key != "minimum height" else look.width
            look.height = size if key != "minimum width" else look.height
        elif key in ("inner sep", "inner xsep") and value:
            look.sep = measure(value)
        elif key == "execute at begin node":
            look.before += value or ""
        elif key == "execute at end node":
            look.after += value or ""
        elif key == "node contents":
            look.text = value
        elif key in ("label", "pin") or key.startswith('"'):
            look.labels.append(TexOption(key, value))
        elif key in ("opacity", "draw opacity") and value and value.strip() == "0":
            look.others["hidden"] = None
        else:
            look.others[key] = value
    look.drawn = edged or filled
    return look


def scaled(value: str | None) -> float:
    """Return a factor; 1 where none is written."""
    return number(value) if value else 1.0
