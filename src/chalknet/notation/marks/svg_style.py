"""How the elements of an SVG look: attributes, `style`, and the rules of style sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from chalknet.notation.marks.geometry import FARTHEST, NUMBER, number
from chalknet.notation.marks.xml_tree import Element

_ALONE = ("opacity", "display")  # what is inside does not inherit them
_INHERITED = (
    *("fill", "stroke", "stroke-width", "stroke-dasharray", "fill-opacity", "stroke-opacity", "visibility"),
    *("font-size", "text-anchor", "dominant-baseline", "marker-start", "marker-end", "color"),
)
_PROPERTIES = frozenset((*_ALONE, *_INHERITED))
_MOST_RULES = 2_000
_MOST_RULES_OF_ONE = 50  # class, id or tag: what is written last counts
_COMMENT = re.compile(r"/\*(?>.*?\*/)|<!--|-->", re.S)
_RULE = re.compile(r"([^{}]{1,2000}+)\{([^{}]{0,5000}+)\}")
_PART = re.compile(r"([.#]?)([\w-]+)|\[[^\]]*\]|::?[\w-]+(?:\([^)]*\))?")
_FONT = re.compile(rf"({NUMBER.pattern})(px|pt|em)?")
_UNITS = {
    "px": 1.0,
    "pt": 4 / 3,
    "em": 16.0,
    "rem": 16.0,
    "mm": 96 / 25.4,
    "cm": 96 / 2.54,
    "in": 96.0,
    "pc": 16.0,
}
_LENGTH = re.compile(rf"\s*+({NUMBER.pattern})\s*+(px|pt|em|rem|mm|cm|in|pc|%)?\s*+")
_OWN_LINES = {"inherit": "", "initial": ""}

Look = Mapping[str, str]


def length(written: str, whole: float = 0.0, em: float = 16.0) -> float:
    """Return a length in pixels.

    Args:
        written: with a unit or without.
        whole: what 100% is.
        em: the size of the letters.
    """
    try:
        value = float(written)  # by far the most
        return value if abs(value) < FARTHEST else 0.0
    except ValueError:
        match = _LENGTH.match(written)
    if match is None:
        return 0.0
    value, unit = number(match.group(1)), match.group(2)
    if unit == "%":
        return value * whole / 100
    return value * (em if unit == "em" else _UNITS.get(unit or "px", 1.0))


@lru_cache(maxsize=4096)
def declarations(written: str) -> tuple[tuple[str, str], ...]:
    """Return the properties that count here, of what stands in a `style` or between the braces of a rule."""
    found = []
    for part in written.split(";"):
        name, _, value = part.partition(":")
        name, value = name.strip().lower(), value.replace("!important", "").strip()
        if name in _PROPERTIES and value not in _OWN_LINES:
            found.append((name, value))
        elif name == "marker":
            found += [("marker-start", value), ("marker-end", value)]
        elif name == "font" and (size := _FONT.search(value)):
            found.append(("font-size", size.group(0)))
    return tuple(found)


class _Compound(NamedTuple):
    """What a selector says of one element."""

    tag: str
    key: str
    classes: frozenset[str]

    def fits(self, element: Element) -> bool:
        return (
            self.tag in ("", element.tag)
            and self.key in ("", element.get("id"))
            and self.classes <= set(element.get("class").split())
        )

    @property
    def weight(self) -> int:
        return 100 * bool(self.key) + 10 * len(self.classes) + bool(self.tag)


class _Rule(NamedTuple):
    """The last element of a selector, those around it, and what the rule says of it."""

    last: _Compound
    around: tuple[_Compound, ...]
    says: tuple[tuple[str, str], ...]
    weight: tuple[int, int]


class StyleSheet:
    """The rules of all style sheets of a document.

    Args:
        texts: what stands in its `style` elements.
    """

    def __init__(self, texts: list[str]) -> None:
        self._rules: dict[tuple[str, str], list[_Rule]] = {}
        self._count = 0
        for text in texts:
            for rule in _RULE.finditer(_COMMENT.sub(" ", text)):
                says = declarations(rule.group(2))
                for selector in rule.group(1).split(",") if says else ():
                    self._add(selector, says)

    def _add(self, selector: str, says: tuple[tuple[str, str], ...]) -> None:
        words = selector.replace(">", " ").replace("+", " ").replace("~", " ").split()
        if self._count >= _MOST_RULES or not words or words[0].startswith("@") or len(words) > 8:
            return
        self._count += 1
        *around, last = [_compound(word) for word in words]
        weight = (sum(one.weight for one in (*around, last)), self._count)
        name = ("#", last.key) if last.key else (".", min(last.classes)) if last.classes else ("", last.tag)
        self._rules.setdefault(name, []).append(_Rule(last, tuple(around), says, weight))

    def said_of(self, element: Element, around: list[Element]) -> Iterator[tuple[str, str]]:
        """Yield what the rules say of an element, what counts most last.

        Args:
            element: the one that is drawn.
            around: the elements around it, the outermost first.
        """
        if not self._rules:
            return
        names = [("", ""), ("", element.tag), ("#", element.get("id"))]
        names += [(".", name) for name in element.get("class").split()[:20]]
        rules = [
            rule
            for name in names
            for rule in self._rules.get(name, [])[-_MOST_RULES_OF_ONE:]
            if rule.last.fits(element)
        ]
        for rule in sorted(rules, key=lambda rule: rule.weight):
            if _stand_around(rule.around, around):
                yield from rule.says


def _compound(word: str) -> _Compound:
    tag, key, classes = "", "", set()
    for sign, name in _PART.findall(word):
        if sign == "#":
            key = name
        elif sign == ".":
            classes.add(name)
        elif name:
            tag = name
    return _Compound(tag, key, frozenset(classes))


def _stand_around(wanted: tuple[_Compound, ...], around: list[Element]) -> bool:
    waiting = list(wanted)
    for element in reversed(around[-60:] if waiting else ()):
        if waiting and waiting[-1].fits(element):
            waiting.pop()
    return not waiting


def look_of(element: Element, outer: Look, sheet: StyleSheet, around: list[Element]) -> Look:
    """Return how an element looks, given how what is around it looks."""
    own = {name: value for name, value in element.attributes.items() if name in _PROPERTIES}
    own.update(sheet.said_of(element, around))
    if style := element.get("style"):
        own.update(declarations(style))
    if not own and "opacity" not in outer:
        return outer
    own["opacity"] = str(number(outer.get("opacity", "1")) * _share(own.get("opacity", "1")))
    return {**outer, **{name: value for name, value in own.items() if value != "inherit"}}


def _share(written: str) -> float:
    return number(written.rstrip("%")) / (100 if written.endswith("%") else 1)


def paint(look: Look, what: str) -> str:
    """Return the colour of a `fill` or a `stroke`; empty where nothing of it is seen."""
    colour = look.get(what, "black" if what == "fill" else "none").strip()
    if colour == "currentColor":
        colour = look.get("color", "black")
    seen = _share(look.get(f"{what}-opacity", "1")) * number(look.get("opacity", "1")) > 0.02
    clear = colour.lower() in ("none", "transparent", "") or _CLEAR.fullmatch(colour.lower())
    return colour if seen and not clear else ""


_CLEAR = re.compile(r"rgba\([^)]*,\s*0(?:\.0+)?\s*\)|#[0-9a-f]{6}00|#[0-9a-f]{3}0")


def line_style(look: Look, thickness: float) -> str:
    """Return whether a line is "dashed", "dotted" or plain."""
    dashes = [number(part) for part in NUMBER.findall(look.get("stroke-dasharray", ""))]
    if not any(dashes) or (len(dashes) > 1 and not any(dashes[1::2])):
        return ""
    return "dotted" if dashes[0] <= 1.5 * thickness else "dashed"


def is_shown(look: Look) -> bool:
    """Return whether an element and what is inside it are drawn; `visibility` counts for each alone."""
    return look.get("display") != "none" and number(look.get("opacity", "1")) > 0.02
