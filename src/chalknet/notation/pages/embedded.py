"""Drawings and formulas in running text, or in a program of another language, with no mark around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice

from chalknet.notation.pages.piece import PageBlock, names_inside

_GRAPH = re.compile(
    r"(?:^[ \t]*+|(?<=[\"'`(]))(?:strict[ \t\n]++)?+(?:di)?+graph\b[ \t\n]*+"
    r"(?:\w++|\"[^\"\n]*+\")?+[ \t\n]*+\{",
    re.M | re.I,
)
_BRACES = re.compile(r"[{}]|\"(?:[^\"\\]++|\\.)*+\"|//[^\n]*+|/\*(?>.*?\*/)", re.S)
_FLOWCHART = re.compile(
    r"(?:^[ \t]*+|(?<=[\"'`]))(?:graph|flowchart(?:-elk)?)[ \t]++(?:TB|TD|BT|RL|LR)\b[ \t]*+(?:;|(?=\n))",
    re.M,
)
_STATEMENT = re.compile(
    r"[ \t]*+(?:$|%%|(?:subgraph|end|classDef|class|style|linkStyle|click|direction)\b"
    r"|[\w.$'-]++[ \t]*+(?:;|$)"
    r"|[^\n]{0,500}?(?:--|==|-\.|~~~|&|@\{)|[\w.$'-]{1,60}+[ \t]*+(?:\[|\(|\{|>|:::))"
)
_ENVIRONMENTS = (
    ("plantuml", re.compile(r"^[ \t]*+@startuml\b", re.M), "@enduml"),
    ("tikz", re.compile(r"\\begin\{tikzpicture\}"), r"\end{tikzpicture}"),
    ("latex", re.compile(r"(?<!\\)\$\$|\\\[|\\begin\{(?:align|equation)\*?\}"), ""),
)
_LATEX_ENDS = re.compile(r"(?<!\\)\$\$|\\\]|\\end\{(?:align|equation)\*?\}")
_FORMULA = re.compile(
    r"^[ \t>*-]{0,8}(?:[^\n:>]{1,80}+:[ \t]++)?+"
    r"(?P<formula>(?:[0-9]++(?:[ \t]*+[x×][ \t]*+[0-9]++)*+(?:[ \t]++[^\W\d_]{2,20}+){0,2}+"
    r"|[A-Za-z]\w{0,20}+ ?\([^()\n]{1,40}+\))"
    r"[ \t]*+(?:[-=][^\n>]{0,80}+>|[→⟶⇒➔➜])[^\n]{1,500}+)$",
    re.M,
)
_MOST = 200  # of them in one text; what stands behind is no page on a network


def embedded(text: str) -> list[PageBlock]:
    """Return the drawings and formulas that stand free in a text, in their order."""
    found = [*_graphs(text), *_flowcharts(text), *_environments(text), *_formulas(text)]
    return [
        PageBlock(word, text[start:end], text.count("\n", 0, start) + 1, tuple(names_inside(text[start:end])))
        for word, start, end in sorted(found, key=lambda part: part[1])
    ]


def holds_several(text: str) -> bool:
    """Return whether more than one graph or flowchart begins in a text."""
    low = text.lower()
    if low.count("graph") + low.count("flowchart") < 2:
        return False
    return len(list(islice(chain(_GRAPH.finditer(text), _FLOWCHART.finditer(text)), 2))) > 1


def _graphs(text: str) -> Iterator[tuple[str, int, int]]:
    at = 0
    for _ in range(_MOST):
        opening = _GRAPH.search(text, at)
        end = None if opening is None else _closing(text, opening.end())
        if opening is None or end is None:
            return
        start = opening.start() + len(opening.group()) - len(opening.group().lstrip())
        yield "dot", start, end
        at = end


def _closing(text: str, at: int) -> int | None:
    """Return where the braces that are open at a place are closed, or None."""
    depth = 1
    for sign in _BRACES.finditer(text, at):
        depth += {"{": 1, "}": -1}.get(sign.group(), 0)
        if not depth:
            return sign.end()
    return None


def _flowcharts(text: str) -> Iterator[tuple[str, int, int]]:
    at = 0
    for _ in range(_MOST):
        opening = _FLOWCHART.search(text, at)
        if opening is None:
            return
        before = text[opening.start() - 1 : opening.start()]
        at = opening.end()
        if before in ('"', "'", "`") and before:
            end = text.find(before, at)
            at = len(text) if end < 0 else end
        else:
            at = _last_statement(text, at)
        yield "mermaid", opening.start(), at


def _last_statement(text: str, at: int) -> int:
    """Return where the last line ends that looks like a statement of Mermaid."""
    end = at
    while at < len(text):
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end
        line = text[at : min(line_end, at + 600)]
        if not _STATEMENT.match(line):
            break
        end = line_end if line.strip() else end
        at = line_end + 1
    return end


def _environments(text: str) -> Iterator[tuple[str, int, int]]:
    for word, opening, closing in _ENVIRONMENTS:
        at = 0
        for _ in range(_MOST):
            begins = opening.search(text, at)
            if begins is None:
                break
            if closing:
                end = text.find(closing, begins.end())
                at = len(text) if end < 0 else end + len(closing)
            else:
                ends = _LATEX_ENDS.search(text, begins.end())
                at = ends.end() if ends else len(text)
            yield word, begins.start(), at


def _formulas(text: str) -> Iterator[tuple[str, int, int]]:
    for number, match in enumerate(_FORMULA.finditer(text)):
        if number == _MOST:
            return
        yield "arrows", *match.span("formula")
