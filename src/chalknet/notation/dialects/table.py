"""The drawings in text that are read here, a row each: how each is recognised, and what reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from chalknet.network import Network
from chalknet.notation.dialects.ascii_recognition import recognise_ascii
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText

if TYPE_CHECKING:
    from chalknet.notation.drawings.sketch import Sketch

_TIKZ = re.compile(
    r"\\begin\s*+\{(?:tikzpicture|neuralnetwork|tikzgraph)\}|\\tikz(?![a-zA-Z@])\s*+(?:\[[^\]]*+\]\s*+)?(?:\{|\\)"
    r"|^[ \t]*+\\(?:node|draw|path|foreach|matrix|graph|Vertex|inputlayer|filldraw|coordinate)\b\s*+[\[(\\{*]",
    re.M,
)
_CALLED = re.compile(r"^[ \t]*+(?:import|from)[ \t]|\bSequential\(", re.M)
_PLANTUML = re.compile(
    r"^[ \t]*+@start(?:uml|dot|mindmap|wbs|gantt|json|yaml|salt|ditaa|math|latex|ebnf|regex|chen|board|files|creole|tree)\b",
    re.M,
)
_PLANTUML_LINES = re.compile(
    r"^[ \t]*+(?:skinparam\b|(?:rectangle|component|usecase|agent|circle|card|cloud|database|hexagon|object|package)[ \t]++(?:\"[^\"\n]*+\"(?:[ \t]++as[ \t]++\w++)?|\w++(?:[ \t]++as[ \t]++\S++)?)[ \t]*+(?:#\S++|<<[^<>\n]*+>>|\{|\[)?[ \t]*+$)",
    re.M,
)
_D2_CHAIN = re.compile(
    r"^[ \t]*+(?:[\w.\"' *]++|\([^()\n]*+\)\[\d\])[ \t]*+(?:<-+>|<-+|-+>|--)[ \t]*+[\w.\"' *]++(?:[ \t]*+(?:<-+>|<-+|-+>|--)[ \t]*+[\w.\"' *]++)*+[ \t]*+(?:[:;{#]|$)",
    re.M,
)
_D2_WORDS = re.compile(
    r"^[ \t]*+(?:direction|shape|style\.\w[\w-]*+|[\w.*\"-]++\.(?:shape|style|class|label)(?:\.[\w-]++)?)[ \t]*+:|(?<=[{;\s])shape[ \t]*+:[ \t]*+\w|^[ \t]*+(?:vars|classes)[ \t]*+:[ \t]*+\{|:[ \t]*+\|+(?:md|tex|latex|txt)\b",
    re.M,
)
_D2_LABEL = re.compile(r"^[ \t]*+([\w.-]++)[ \t]*+:[ \t]++[^\n{}]++$", re.M)
_D2_CONTAINER = re.compile(r"^[ \t]*+[\w.\" ]++:[^\n{};|]*+\{[ \t]*+$", re.M)
_QUOTED = re.compile(r'(?<!\\)"(?:[^"\\\n]++|\\.)*+"')
_NOT_D2 = re.compile(
    r"^[ \t]*+(?:@start|(?:strict[ \t]++)?(?:di)?graph\b|flowchart\b|subgraph\b|import |from |def |class |end\b|%%|workspace\b|blockdiag|#include|sequenceDiagram)|\\[a-zA-Z]|\[label|-\[|\)[ \t]*+[-.]+>|[\w\]]\[\[?\"?\w|;[ \t]*+$|-\.->|==>|→",
    re.M,
)
_GRAPHML = re.compile(r"<(?:\w++:)?graphml\b")
_GML = re.compile(
    r"(?:\A\s*+|\n[ \t]*+)graph\s*+\[\s*+(?:[\w.]++\s++(?:\"[^\"]*+\"|-?[\w.+-]++)\s*+)*+(?:node|edge)\s*+\[",
    re.I,
)
_REMARK = re.compile(r"^[ \t]*+#[^\n]*+", re.M)
_WIDTH_LINE = re.compile(
    r"\s*+[\w０-９ ]++(?:\([^()\n]*+\))?\s*+(?:(?:[-=]++>|→|⟶|⇒|➔|➜)(?:[^\n>→⟶⇒➔➜=-]|[-=](?![-=]*+>))++){1,60}\s*+"
)
_WIDTH_SAID = re.compile(
    r"(?:^|[>→⟶⇒➔➜])\s*+[0-9]++\s*+\(\s*+[A-Za-z]\w*+\s*+\)|[０-９]|(?:^|[>→⟶⇒➔➜])\s*+[0-9]++\s++(?:units?|neurons?|nodes?|inputs?|outputs?|features?|Neuronen|unités|뉴런|ニューロン)\b|(?:^|[>→⟶⇒➔➜])\s*+(?:[Ii]nput|[Dd]ense|[Ll]inear|[Oo]utput|[Hh]idden|FC)\s*+\(\s*+\d"
)


def recognise_tikz(text: str) -> float:
    """Return how likely it is that a text holds a picture in TikZ."""
    return 0.97 if "\\" in text and _TIKZ.search(text) and not _CALLED.search(text) else 0.0


def _recognise_plantuml(text: str) -> float:
    if _PLANTUML.search(text):
        return 0.98
    lines = len(_PLANTUML_LINES.findall(text[:20_000]))
    return (
        0.94
        if lines
        and re.search(r"[-.]>|--", text[:20_000])
        and "->" in text + "->"
        and not _D2_WORDS.search(text)
        and not _CALLED.search(text)
        and "\\" not in text[:2_000]
        else 0.0
    )


def _recognise_d2(text: str) -> float:
    head = _QUOTED.sub('"a"', text[:20_000])
    if _NOT_D2.search(head) or recognise_ascii(head) or "<" in head[:1]:
        return 0.0
    chains = len(_D2_CHAIN.findall(head))
    if chains and (_D2_WORDS.search(head) or _D2_CONTAINER.search(head)):
        return 0.95
    rows = [row for row in head.split("\n") if row.strip() and not row.lstrip().startswith("#")]
    labelled = {match[1] for match in _D2_LABEL.finditer(head)}
    if chains and len(labelled) > 1 and all(_D2_LABEL.match(row) or _D2_CHAIN.match(row) for row in rows):
        return 0.96
    plain = all(re.search(r"[A-Za-z]", row) for row in rows)
    return (
        0.92
        if chains >= 2 and plain and len(rows) >= 2 and not re.search(r"->\s*+\d|\(n,|-\w+->", head)
        else 0.0
    )


def _recognise_line(text: str) -> float:
    line = text.strip()
    return (
        0.93
        if "\n" not in line and _WIDTH_LINE.fullmatch(line) and _WIDTH_SAID.search(line)
        else recognise_ascii(text)
    )


def _tikz(text: str, name: str | None) -> Sketch:
    from chalknet.notation.dialects.tikz_reader import read_tikz_sketch

    return read_tikz_sketch(text, name)


def _plantuml(text: str, name: str | None) -> Sketch:
    from chalknet.notation.dialects.plantuml import read_plantuml_sketch

    return read_plantuml_sketch(text)


def _d2(text: str, name: str | None) -> Sketch:
    from chalknet.notation.dialects.d2 import read_d2_sketch

    return read_d2_sketch(text)


def _ascii(text: str, name: str | None) -> Sketch:
    from chalknet.notation.dialects.ascii_reader import read_ascii_sketch

    return read_ascii_sketch(text)


def _graphml(text: str, name: str | None) -> Sketch:
    from chalknet.notation.dialects.graph_files import read_graphml_sketch

    return read_graphml_sketch(text)


def _gml(text: str, name: str | None) -> Sketch:
    from chalknet.notation.dialects.graph_files import read_gml_sketch

    return read_gml_sketch(text)


def _found(pattern: re.Pattern[str], text: str) -> float:
    return 0.97 if pattern.search(_REMARK.sub("", text[:20_000])) else 0.0


def _network(sketch_of: Callable[[str, str | None], Sketch], text: str, name: str | None = None) -> Network:
    """Return the network that a drawing means."""
    from chalknet.notation.drawings.meaning import network_of

    try:
        return network_of(sketch_of(text, name))
    except RecursionError as problem:
        source = SourceText("drawing", text, remedy="Take out what is not the network.")
        raise source.refuse(
            None, got="brackets nested too deep", wanted="the drawing of a network"
        ) from problem


def _document(text: str, name: str | None = None) -> Network:
    """Return the network of a picture in TikZ, with what the document around it tells of its activations."""
    from chalknet.notation.dialects.tex_text import without_comments
    from chalknet.notation.dialects.tikz_document import prose
    from chalknet.notation.pages.prose import told_in_prose

    network = _network(_tikz, text, name)
    return told_in_prose(network, around) if (around := prose(without_comments(text))) else network


TEXT_DRAWINGS = (
    Notation(
        name="tikz",
        suffixes=(".tikz", ".pgf", ".tex"),
        recognise=recognise_tikz,
        read=_document,
    ),
    Notation(
        name="plantuml",
        suffixes=(".puml", ".plantuml", ".pu", ".iuml", ".wsd"),
        recognise=_recognise_plantuml,
        read=partial(_network, _plantuml),
    ),
    Notation(name="d2", suffixes=(".d2",), recognise=_recognise_d2, read=partial(_network, _d2)),
    Notation(
        name="graphml",
        suffixes=(".graphml",),
        recognise=partial(_found, _GRAPHML),
        read=partial(_network, _graphml),
    ),
    Notation(name="gml", suffixes=(".gml",), recognise=partial(_found, _GML), read=partial(_network, _gml)),
    Notation(name="ascii", recognise=_recognise_line, read=partial(_network, _ascii)),
)
