"""The blocks of an HTML page: elements whose class or type says a form, inline SVG, listings of code."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

from chalknet.notation.pages.piece import PageBlock, names_inside

IS_HTML = re.compile(
    r"<(?:!doctype[ \t]++html|html|body|head|div|pre|script|article|section|figure|p|mermaid|graphviz)\b",
    re.I,
)
_OPENING = re.compile(
    r"<(?P<tag>pre|div|code|script|textarea|mermaid|graphviz|dot|svg|template|figcaption"
    r"|h[1-6]|span|p)\b(?P<inside>[^<>]*+)>",
    re.I,
)
_ATTRIBUTE = re.compile(
    r"(?<![\w-])(?P<name>class|type|lang|id|title|aria-label|data-lang|data-language)[ \t\n]*+=[ \t\n]*+"
    r"(?P<value>\"[^\"]*+\"|'[^']*+'|[^\s>\"']++)",
    re.I,
)
_SAYS = re.compile(
    r"(?<![\w-])(?:language-|lang-|highlight-source-|brush:[ \t]*+|text/(?:x-)?+|sourceCode[ \t]++|hl-)?+"
    r"(?P<word>mermaid|(?:vnd\.)?graphviz|x-dot|dot|viz|plantuml|d2|tikz|python3?|ipython3?)(?![\w-])",
    re.I,
)
_MARKUP = re.compile(r"</?(?:span|code|b|i|em|strong|a|mark|font)\b[^<>]*+>", re.I)
_BREAK = re.compile(r"<br\b[^<>]*+>\n?", re.I)
_DATA = re.compile(
    r"data:image/svg\+xml(?:;charset=[\w-]++|;utf-?8)?+(?P<packed>;base64)?+,(?P<data>[^\"'\s)>]++)"
)
_ANY_TAG = re.compile(r"<[^<>]*+>")
_HEADINGS = frozenset("figcaption h1 h2 h3 h4 h5 h6".split())
_OWN_TAGS = {"mermaid": "mermaid", "graphviz": "dot", "dot": "dot"}
_SHAPES = re.compile(r"<(?:text|circle|ellipse|polygon|rect|line|path|use|foreignObject)\b")
_FEWEST_SHAPES = 3


def blocks_of_html(text: str) -> Iterator[PageBlock]:
    """Yield the blocks of an HTML page in their order, their entities resolved."""
    places, closings = _Lines(text), _Closings(text)
    heading, at = "", 0
    while opening := _OPENING.search(text, at):
        tag, at = opening.group("tag").lower(), opening.end()
        if tag in _HEADINGS:
            title = text[at : min(closings.next(tag, at), at + 500)]
            heading = html.unescape(_ANY_TAG.sub("", title)).strip()
            continue
        said = _attributes(opening.group("inside"))
        word = _word(tag, said)
        if word is None:
            continue
        end = closings.next(tag, at)
        block = _block(word, text[opening.start() if tag == "svg" else at : end], places.at(opening.start()))
        if block is not None:
            names = [said[name] for name in ("title", "aria-label", "id") if said.get(name)]
            names += [*block.names, *([heading] if heading else [])]
            yield block._replace(names=tuple(dict.fromkeys(names)))
            at = end
        elif word == "svg":
            at = end
    yield from _data_pictures(text, places)


def _attributes(inside: str) -> dict[str, str]:
    found = _ATTRIBUTE.finditer(inside[:2_000])
    return {match.group("name").lower(): match.group("value").strip("\"'") for match in found}


def _word(tag: str, said: dict[str, str]) -> str | None:
    """Return the word for what an element holds, empty for a listing without one; None for other elements."""
    if tag == "svg":
        return "svg"
    kinds = " ".join(said.get(name, "") for name in ("class", "type", "lang", "data-lang", "data-language"))
    found = _SAYS.search(kinds)
    word = found.group("word").lower() if found else _OWN_TAGS.get(tag)
    if tag in ("span", "p", "div") and (word is None or "python" in word):
        return None
    if word is None:
        return {"script": "script", "pre": "", "textarea": ""}.get(tag)
    return word


def _block(word: str, inside: str, line: int) -> PageBlock | None:
    """Return the block that an element holds, or None where it holds none of its own."""
    if word == "svg":
        shapes = len(_SHAPES.findall(inside[:20_000]))
        return PageBlock(word, inside + "</svg>", line) if shapes >= _FEWEST_SHAPES else None
    if not inside.strip() or "<svg" in inside[:2_000].lower():
        return None  # drawn already: its SVG comes next
    if word == "mermaid":  # its labels may hold markup
        inside = html.unescape(inside)
    elif word != "script":
        inside = html.unescape(_MARKUP.sub("", _BREAK.sub("\n", inside)))
    return PageBlock(word, inside, line, tuple(names_inside(inside)))


def _data_pictures(text: str, places: _Lines) -> Iterator[PageBlock]:
    """Yield the SVGs that stand in the addresses of pictures."""
    for match in _DATA.finditer(text):
        data = match.group("data")
        try:
            svg = base64.b64decode(data).decode() if match.group("packed") else unquote(data)
        except (binascii.Error, ValueError):
            continue
        if "<svg" in svg:
            yield PageBlock("svg", svg, places.at(match.start()))


class _Lines:
    """The lines of a text, asked for places that only grow, so that each is counted once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._line = 1

    def at(self, place: int) -> int:
        """Return the line of a place, counted from 1."""
        if place < self._place:
            self._place, self._line = 0, 1
        self._line += self._text.count("\n", self._place, place)
        self._place = place
        return self._line


class _Closings:
    """Where elements end, asked for in the order of the text, so that none is looked for twice."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[str, int] = {}

    def next(self, tag: str, start: int) -> int:
        """Return where the next closing tag of an element stands; the end of the text where there is none."""
        if self._known.get(tag, -1) < start:
            match = _CLOSING[tag].search(self._text, start)
            self._known[tag] = match.start() if match else len(self._text)
        return self._known[tag]


_TAGS = "pre div code script textarea mermaid graphviz dot svg template figcaption h1 h2 h3 h4 h5 h6 span p"
_CLOSING = {tag: re.compile(rf"</{tag}\b", re.I) for tag in _TAGS.split()}
