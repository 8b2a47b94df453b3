"""The drawings that can be read, a row each; they are written by the room that draws."""

from __future__ import annotations

import re
from collections.abc import Callable

from chalknet.errors import NotationError
from chalknet.network import Network
from chalknet.notation.drawings.dot_reader import read_dot_sketch
from chalknet.notation.drawings.meaning import network_of
from chalknet.notation.drawings.mermaid_reader import read_mermaid_sketch
from chalknet.notation.drawings.playground import read_playground, recognise_playground
from chalknet.notation.drawings.sketch import Sketch
from chalknet.notation.drawings.svg_reader import network_inside, read_svg_sketch
from chalknet.notation.json_text import read_json
from chalknet.notation.notation import Notation

_DOT = re.compile(
    r"\s*(?:(?://[^\n]*|/\*.*?\*/|#[^\n]*)\s*)*(?:strict\s+)?(?:di)?graph\b\s*"
    r"(?:[\w.]+|\"[^\"]*\"|<[^<>]*>)?\s*\{",
    re.S | re.I,
)
_MERMAID = re.compile(
    r"(?:\s*---\n.*?\n---[ \t]*\n)?(?:\s*%%[^\n]*\n)*\s*"
    r"(?:(?:graph|flowchart)(?:-elk)?[ \t]*(?:TB|TD|BT|RL|LR)?[ \t]*(?:[;\n]|$)|\w+Diagram\b)",
    re.S,
)
_FENCED = re.compile(r"```\s*(mermaid|dot|graphviz)\b", re.I)


def _reader(sketch_of: Callable[[str], Sketch]) -> Callable[[str, str | None], Network]:
    def read(text: str, name: str | None = None) -> Network:
        try:
            return network_of(sketch_of(text))
        except RecursionError as problem:
            raise NotationError(
                where="drawing",
                got="brackets nested too deep",
                wanted="the drawing of a network",
                remedy="Take out what is not the network.",
            ) from problem

    return read


def _read_svg(text: str, name: str | None = None) -> Network:
    inside = network_inside(text)
    return read_json(inside) if inside is not None else _reader(read_svg_sketch)(text, name)


def _read_dot(text: str, name: str | None = None) -> Network:
    fenced = re.search(r"```\s*(?:dot|graphviz)\b[^\n]*\n(.*?)(?:```|\Z)", text, re.S | re.I)
    return _reader(read_dot_sketch)(fenced.group(1) if fenced else text, name)


def _recognise_svg(text: str) -> float:
    head = text[:4000].lower()
    return 0.99 if "<svg" in head or ("<html" in head and "<svg" in text.lower()) else 0.0


def _recognise_fenced(text: str, words: tuple[str, ...]) -> bool:
    fenced = _FENCED.search(text)
    return fenced is not None and fenced.group(1).lower() in words


DRAWINGS = (
    Notation(
        name="dot",
        suffixes=(".dot", ".gv"),
        recognise=lambda text: (
            0.97 if _DOT.match(text) or _recognise_fenced(text, ("dot", "graphviz")) else 0.0
        ),
        read=_read_dot,
        write=None,
        lossless=False,
    ),
    Notation(
        name="mermaid",
        suffixes=(".mmd", ".mermaid"),
        recognise=lambda text: 0.97 if _MERMAID.match(text) or _recognise_fenced(text, ("mermaid",)) else 0.0,
        read=_reader(read_mermaid_sketch),
        write=None,
        lossless=False,
    ),
    Notation(
        name="svg",
        suffixes=(".svg", ".html", ".htm"),
        recognise=_recognise_svg,
        read=_read_svg,
        write=None,
        lossless=False,
    ),
    Notation(
        name="playground",
        suffixes=(),
        recognise=recognise_playground,
        read=read_playground,
        write=None,
        lossless=False,
    ),
)
