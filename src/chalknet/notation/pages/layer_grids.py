"""Tables in a page, cell by cell: Markdown, HTML, LaTeX, frames of characters, CSV, columns of spaces."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Callable, Iterator
from itertools import groupby

from chalknet.notation.pages.cell_table import CellTable
from chalknet.notation.pages.records import records_of
from chalknet.notation.pages.tex_grids import grids_of_tex

_BARS = re.compile(r"[|│┃║]")
_RULE = re.compile(r"[\s|│┃║:+=\-─━═┼╪┬┴├┤┌┐└┘╔╗╚╝╠╣╬╦╩┏┓┗┛┣┫╋┳┻]+")
_TABLE = re.compile(r"<table\b[^>]*+>(.*?)</table\s*+>", re.S | re.I)
_ROW = re.compile(r"<tr\b[^>]*+>(.*?)(?=</tr\b|<tr\b|\Z)", re.S | re.I)
_CELL = re.compile(r"<t[dh]\b[^>]*+>(.*?)(?=</t[dh]\b|<t[dhr]\b|\Z)", re.S | re.I)
_SPANS = re.compile(r"<t[dh]\b[^>]*\b(?:col|row)span\b", re.I)
_WIKI = re.compile(r"^\{\|[^\n]*+\n(.*?)^\|\}", re.S | re.M)
_WIKI_ROW = re.compile(r"^\|-[^\n]*+$", re.M)
_WIKI_CELL = re.compile(r"(?:^|(?<=\n))[!|](?![-+}])|\|\||!!")
_WIKI_STYLE = re.compile(r"\s*[\w-]+=(?:\"[^\"\n]*\"|'[^'\n]*'|\w+)[^|\n]*\|(?!\|)")
_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|\n]*\|)?([^\[\]|\n]*)\]\]")
_WIKI_BOLD = re.compile(r"'{2,5}")
_TAG = re.compile(r"<[^<>]*+>")
_COLUMN = re.compile(r"\S+(?:[ \t]\S+)*")
_MARKS = re.compile(r"[*`]+")
_MOST_ROWS, _MOST_COLUMNS = 200, 12


def grids_of(text: str) -> Iterator[CellTable]:
    """Yield the tables of a text that are small enough to be layers of a network."""
    written = (CellTable(found.cells, [found.lines[0], *found.lines]) for found in records_of(text))
    for grid in (
        *_of_html(text),
        *_of_wiki(text),
        *grids_of_tex(text),
        *_of_lines(_WIKI.sub(_as_empty_lines, text)),
        *written,
    ):
        wide = len(grid.cells[0]) if grid.cells else 0
        if 2 <= len(grid.cells) <= _MOST_ROWS and 2 <= wide <= _MOST_COLUMNS:
            yield grid


def _of_html(text: str) -> Iterator[CellTable]:
    for table in _TABLE.finditer(text):
        if _SPANS.search(table[1]):
            continue
        rows = [
            [_clean(html.unescape(_TAG.sub(" ", cell))) for cell in _CELL.findall(row[1])]
            for row in _ROW.finditer(table[1])
        ]
        lines = [
            text.count("\n", 0, table.start(1) + row.start()) + 1 for row in _ROW.finditer(table[1])
        ]  # fmt: skip
        if rows and len({len(row) for row in rows}) == 1:
            yield CellTable(rows, lines)


def _of_wiki(text: str) -> Iterator[CellTable]:
    """Yield the tables of a page of MediaWiki: `{|`, rows that `|-` parts, cells behind `|`, `||` or `!`."""
    for table in _WIKI.finditer(text):
        rows, lines = [], []
        line = text.count("\n", 0, table.start(1)) + 1
        for row in _WIKI_ROW.split(table[1]):
            cells = [
                _WIKI_STYLE.sub("", each, count=1) for each in _WIKI_CELL.split(_WIKI_LINK.sub(r"\1", row))
            ]
            if len(cells) > 1:
                rows.append(
                    [_clean(html.unescape(_TAG.sub(" ", _WIKI_BOLD.sub("", each)))) for each in cells[1:]]
                )
                lines.append(line)
            line += row.count("\n")
        if rows and len({len(row) for row in rows}) == 1:
            yield CellTable(rows, lines)


def _as_empty_lines(found: re.Match[str]) -> str:
    return "\n" * found.group().count("\n")


def _of_lines(text: str) -> Iterator[CellTable]:
    """Yield the tables that are lines one below the other."""
    numbered = list(enumerate(text.split("\n"), 1))
    for is_filled, group in groupby(numbered, key=lambda one: bool(one[1].strip())):
        lines = list(group)
        if not is_filled or len(lines) > 4 * _MOST_ROWS or any(len(line) > 1_000 for _, line in lines):
            continue
        for split in (_barred, *(_separated(sign) for sign in "\t;,")):
            for holds, part in groupby(lines, key=lambda one: len(split(one[1])) > 1):
                if holds and (grid := _grid(rows := list(part), split)):
                    last = rows[-1][0]
                    yield grid._replace(behind=_behind(numbered, last, barred=split is _barred))
        yield from _aligned(lines)


def _behind(numbered: list[tuple[int, str]], last: int, *, barred: bool) -> tuple[str, ...]:
    """Return the lines under a table up to an empty one, and the next table's first where it has bars."""
    found = []
    for _, line in numbered[last:]:
        if not line.strip():
            break
        found.append(line)
    below = next((line for _, line in numbered[last + len(found) :] if line.strip()), "")
    return (*found, *([below] if barred and _BARS.search(below) else []))


def _barred(line: str) -> list[str]:
    if _RULE.fullmatch(line) or not _BARS.search(line):
        return ["", ""] if _RULE.fullmatch(line) else []
    inside = re.sub(r"^\s*[|│┃║]|[|│┃║]\s*$", "", line) if _BARS.match(line.lstrip()) else line
    return [_clean(cell) for cell in _BARS.split(inside)]


def _separated(sign: str) -> Callable[[str], list[str]]:
    def split(line: str) -> list[str]:
        if _BARS.search(line):
            return []
        line = line.replace("\r", " ")  # no end of a line to csv
        cells = next(csv.reader([line], delimiter=sign), []) if '"' in line else line.split(sign)
        return [_clean(cell) for cell in cells]

    return split


def _grid(lines: list[tuple[int, str]], split: Callable[[str], list[str]]) -> CellTable | None:
    """Return the table of lines that have the same number of cells; a shorter row has empty ones behind."""
    rows = [(number, split(line)) for number, line in lines if not _RULE.fullmatch(line)]
    if not rows:
        return None
    wide = len(rows[0][1])
    if any(len(cells) > wide for _, cells in rows):
        return None
    return CellTable(
        [cells + [""] * (wide - len(cells)) for _, cells in rows], [number for number, _ in rows]
    )


def _aligned(lines: list[tuple[int, str]]) -> Iterator[CellTable]:
    """Yield the table of lines with columns of spaces; a cell belongs to the heading over it."""
    lines = [(number, line.expandtabs()) for number, line in lines if not _RULE.fullmatch(line)]
    split = [[*_COLUMN.finditer(line)] for _, line in lines]
    begin = next((at for at, cells in enumerate(split) if len(cells) > 1), 0)
    heads = split[begin] if split else []
    if len(heads) < 2 or any(_BARS.search(line) for _, line in lines):
        return
    rows: list[list[str]] = []
    for cells in split[begin:]:
        row = [""] * len(heads)
        for place, cell in enumerate(cells):
            under = [
                at for at, head in enumerate(heads) if cell.start() < head.end() and head.start() < cell.end()
            ]
            column = place if len(cells) == len(heads) else under[0] if len(under) == 1 else None
            if column is None or row[column]:
                return
            row[column] = _clean(cell.group())
        rows.append(row)
    yield CellTable(rows, [number for number, _ in lines[begin:]])


def _clean(cell: str) -> str:
    return " ".join(_MARKS.sub("", cell).strip().strip('"').split())
