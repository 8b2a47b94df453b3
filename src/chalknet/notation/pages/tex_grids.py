r"""Tables of LaTeX, cell by cell: `tabular` and its kin, without the lines and colours that dress them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chalknet.notation.dialects.tex_text import Unread, end_of_group, with_accents, without_comments
from chalknet.notation.drawings.labels import plain
from chalknet.notation.pages.cell_table import CellTable

_TABLE = re.compile(
    r"\\begin\s*+\{(tabular[xy*]?|longtable|array|NiceTabular|tblr)\}(.{0,20000}?)\\end\s*+\{\1\}", re.S
)
_ROW = re.compile(r"\\\\\*?(?:\[[^\[\]\n]{0,20}\])?|\\tabularnewline(?![a-zA-Z])")
_DRESS = re.compile(
    r"\\(?:toprule|midrule|bottomrule|hline|hhline\{[^{}]*+\}|centering|noalign\{[^{}]*+\}|endhead|endfirsthead"
    r"|endfoot|endlastfoot|addlinespace(?:\[[^\]]*+\])?|cline\{[^{}]*+\}|(?:row|cell|column)color(?:\[[^\]]*+\])?\{[^{}]*+\}"
    r"|cmidrule(?:\[[^\]]*+\])?(?:\([^()]*+\))?\{[^{}]*+\}|(?:caption|label)\{[^{}]*+\})(?![a-zA-Z])"
)
_SPAN = re.compile(r"\\multi(?:column|row)\b")
_STYLE = re.compile(
    r"\\(?:emph|bfseries|itshape|small|footnotesize|num|SI|verb|code|lstinline)(?![a-zA-Z])\s*"
)
_CELL = re.compile(r"(?<!\\)&")
_ARGUMENT = re.compile(r"\s*+(?=[\[{])")


def grids_of_tex(text: str) -> Iterator[CellTable]:
    """Yield the tables of a document in LaTeX whose rows have as many cells each."""
    if "\\begin" not in text:
        return
    bare = without_comments(text)
    for table in _TABLE.finditer(bare):
        try:
            at = _behind_arguments(table[2], 2 if table[1] in ("tabularx", "tabular*", "tabulary") else 1)
        except Unread:
            continue
        rows = [*_rows(table[2][at:], bare.count("\n", 0, table.start(2) + at) + 1)]
        if rows and len({len(cells) for _, cells in rows}) == 1:
            yield CellTable([cells for _, cells in rows], [line for line, _ in rows])


def _behind_arguments(body: str, count: int) -> int:
    """Return where the rows of a table begin, behind what says how its columns look."""
    at = 0
    while match := _ARGUMENT.match(body, at):
        count -= body[match.end()] == "{"
        at = end_of_group(body, match.end())
        if not count:
            break
    return at


def _rows(body: str, line: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table with their lines; a heading over all of its columns is none."""
    at = 0
    for end in (*(match.span() for match in _ROW.finditer(body)), (len(body), len(body))):
        written = _DRESS.sub(lambda found: " " * len(found.group()), body[at : end[0]])
        begins = at + len(written) - len(written.lstrip())
        over_all = _SPAN.search(written) and not _CELL.search(written)
        if written.strip() and not over_all:
            number = line + body.count("\n", 0, begins)
            cells = [] if _SPAN.search(written) else [_plain(cell) for cell in _CELL.split(written)]
            yield number, cells
        at = end[1]


def _plain(cell: str) -> str:
    words = with_accents(_STYLE.sub(" ", cell)).replace("~", " ").replace(r"\textendash", "–")
    return " ".join(plain(words.replace(r"\_", "_").replace("---", "–").replace("--", "–")).split())
