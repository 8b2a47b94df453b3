"""The drawings that can be read, a row each; they are written by the room that draws."""

from __future__ import annotations

import re
from functools import partial

from chalknet.network import Network
from chalknet.notation.drawings.playground import read_playground, recognise_playground
from chalknet.notation.json_text import read_json
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText

# Possessive quantifiers (`*+`) give nothing back: what is no head of a drawing is left in linear time.
_DOT = re.compile(
    r"\s*+(?:(?://[^\n]*+|/\*(?>.*?\*/)|#[^\n]*+)\s*+)*+(?:strict\s++)?+(?:di)?+graph\b\s*+"
    r"(?:[\w.]++|\"[^\"]*+\"|<[^<>]*+>)?+\s*+\{",
    re.S | re.I,
)
_MERMAID = re.compile(
    r"(?:\s*+---\n(?>.*?\n---[ \t]*+\n))?+(?:\s*+(?:%%\{(?>.*?\}%%)|%%[^\n]*+\n))*+\s*+"
    r"(?:(?:graph|flowchart)(?:-elk)?[ \t]*(?:TB|TD|BT|RL|LR)?[ \t]*(?:[;\n]|$)"
    r"|block(?:-beta)?[ \t]*+\n|\w+Diagram\b)",
    re.S,
)


def _read(form: str, text: str, name: str | None = None) -> Network:
    """Return the network of a drawing, one of ours from the JSON inside; the readers are loaded only now."""
    from chalknet.notation.drawings.dot_reader import read_dot_sketch
    from chalknet.notation.drawings.meaning import network_of
    from chalknet.notation.drawings.mermaid_reader import read_mermaid_sketch
    from chalknet.notation.drawings.svg_reader import network_inside, read_svg_sketch
    from chalknet.notation.marks import PICTURES

    readers = {"dot": read_dot_sketch, "mermaid": read_mermaid_sketch, "svg": read_svg_sketch}
    inside = network_inside(text) if form == "svg" else None
    try:
        if inside is not None:
            return read_json(inside)
        return network_of(readers[form](text) if form in readers else PICTURES[form](text, name), name)
    except RecursionError as problem:
        source = SourceText("drawing", text, remedy="Take out what is not the network.")
        got = "brackets nested too deep"
        raise source.refuse(None, got=got, wanted="the drawing of a network") from problem


def _recognise_svg(text: str) -> float:
    head = text[:4000].lower()
    return 0.99 if "<svg" in head or ("<html" in head and "<svg" in text.lower()) else 0.0


def _recognise_sign(sign: re.Pattern[str], text: str) -> float:
    """Return how likely it is that a text is in a form that says its name near the beginning."""
    return 0.995 if sign.search(text[:4000]) else 0.0


def _recognise_text(form: re.Pattern[str], text: str) -> float:
    """Return how likely it is that a text is in a form."""
    return 0.97 if form.match(text) else 0.0


DRAWINGS = (
    Notation(
        name="dot",
        suffixes=(".dot", ".gv"),
        recognise=partial(_recognise_text, _DOT),
        read=partial(_read, "dot"),
    ),
    Notation(
        name="mermaid",
        suffixes=(".mmd", ".mermaid"),
        recognise=partial(_recognise_text, _MERMAID),
        read=partial(_read, "mermaid"),
    ),
    Notation(
        name="svg",
        suffixes=(".svg",),
        recognise=_recognise_svg,
        read=partial(_read, "svg"),
    ),
    Notation(
        name="drawio",
        suffixes=(".drawio", ".dio"),
        recognise=partial(_recognise_sign, re.compile(r"<(?:mxfile|mxGraphModel)\b")),
        read=partial(_read, "drawio"),
    ),
    Notation(
        name="excalidraw",
        suffixes=(".excalidraw",),
        recognise=partial(
            _recognise_sign, re.compile(r"\"type\"\s*+:\s*+\"excalidraw|^excalidraw-plugin:", re.M)
        ),
        read=partial(_read, "excalidraw"),
    ),
    Notation(name="playground", recognise=recognise_playground, read=read_playground),
)
