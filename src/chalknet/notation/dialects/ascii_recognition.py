"""Whether a text is a drawing made of characters."""

from __future__ import annotations

import re

from chalknet.notation.dialects.ascii_columns import ALL_TO_ALL

_TREE = re.compile(r"^[ \t│|]*(?:├──|└──|├─|└─|\|--|`--|\+--)[ ─-]*[\w.]", re.M)
_TABLE = re.compile(r"^[ \t]*+\|?+[ \t]*+(?::?-{3,}+:?+[ \t]*+\|[ \t]*+)++(?::?-{3,}+:?+[ \t]*+)?+$", re.M)
_LINE_SIGNS = frozenset("/\\|╱╲╳│┃↓↑")
_AROUND_LINES = _LINE_SIGNS | frozenset("Xx┼+v^ \t─━-⟍⟋")
_FRAME = re.compile(r"[┌╭╔┏][─━═┬]+[┐╮╗┓]|^[^\n]*\+-{2,}\+", re.M)
_CODE = re.compile(
    r"^[ \t]*+(?:import|from|def|class|#include|public|function|graph|digraph|flowchart|@start)\b|[;{}][ \t]*+$|\\(?:begin|draw|node)\b|https?://",
    re.M,
)
_ROW_LINKS = re.compile(r"[)\]○●◯oO]\s?[-─━=]{1,}>?\s?[(\[○●◯oO]|[\w)\]]\s?(?:-{2,}>?|─+[>→▶►]?|→|⟶)\s?[(\[]")
_UNITS_ALONE = re.compile(r"\s*(?:(?:\([^()]{0,12}\)|\[[^\[\]]{0,12}\]|[oO○●◯◉⚪⚫])\s*){2,}")
_ARROW = r"(?:(?:[-─━]{2,}[\w.]{1,8}(?=[-─━]))?(?:[-─━=]*[>►▶→⟶]|[-─━]{2,}))"
_BARE_UNIT = (
    r"(?:\([^(),\n]{0,20}[^\W\d_][^(),\n]{0,20}\)|\[[^\[\],\n]{0,20}[^\W\d_][^\[\],\n]{0,20}\]|[○●◯◉⚪⚫])"
)
_UNITS_AND_ARROWS = re.compile(rf"\s*(?:{_BARE_UNIT}\s*(?:{_ARROW}\s*)?)+")
_JOINED = re.compile(rf"{_BARE_UNIT}\s*{_ARROW}\s*{_BARE_UNIT}")
_LONE_ARROW = re.compile(r"[)\]oO○●◯]\s{2,}[-─━=]*[>→⟶]\s{2,}[(\[oO○●◯]")
_CORNER = re.compile(r"[)\]○●◯\w] ?[─━]+[┐┘┤┬┴┼]|[┌└├┬┴┼][─━]+[>→▶►]? ?[(\[○●◯\w]")
# A word in a box at an arrow: --> [ sort ] -->
_BOXED = re.compile(
    r"(?:[-─━=]{1,}>|[→⟶])\s{0,3}\[\s?[^\W\d_][^\[\]\n,]{1,40}\](?:\s{0,3}(?:[-─━=]{1,}>|[→⟶])|\s*$)"
)
_OWN_UNIT = re.compile(r"(?<![\w)\]])(?:\([^()\n]{1,14}\)|\[[^\[\]\n]{1,14}\])(?!\w)|[○●◯◉⚪⚫]")
_STROKE = re.compile(
    r"(?<=[)\]○●◯◉⚪⚫ ])[-─━=]{2,}[>.,'`\\/┐┘┤┬┴┼]?|[.,'`\\/┌└├┬┴┼]?[-─━=]{2,}[>→]?(?=\s{0,3}[(\[○●◯◉⚪⚫])"
)
_WORDS = re.compile(r"[^\W\d_]{2,}")
_WORDS_BESIDE = re.compile(
    r"(?:(?<=[)\]/\\|│])|^)[ \t]{3,}(?=[^/\\|\s()\[\]])[^\n()\[\]]{0,80}$|^[ \t]*[^\W\d_][^()\[\]/\\|\n]{1,80}[ \t]{3,}"
)
_NAMED_UNIT = re.compile(
    r"(?<![\w)\]])(?:\(\s?[^\W\d_]{1,3}_?\d{1,3}\s?\)|\[\s?[^\W\d_]{1,3}_?\d{1,3}\s?\])(?!\w)"
)
_FEW_UNITS = 3
_FEWEST_WORDS = 4  # of a sentence, units and lines left out


def recognise_ascii(text: str) -> float:
    """Return how likely it is that a text is a drawing made of characters."""
    head = text[:20_000]
    if max(map(len, head.split("\n"))) > 2_000 or head.isspace():
        return 0.0
    if _CODE.search(head) or "<svg" in head or "```" in head or _TABLE.search(head):
        return 0.0
    if is_tree(head):
        return 0.91
    if len(_NAMED_UNIT.findall(head)) > _FEW_UNITS and ALL_TO_ALL.search(" ".join(head.split())):
        return 0.93
    rows = [row for row in head.split("\n") if row.strip()]
    if not rows:
        return 0.0
    alone = sum(1 for row in rows if _LINE_SIGNS & set(row) and set(row) <= _AROUND_LINES)
    columns = sum(1 for row in rows if _UNITS_ALONE.fullmatch(row))
    lone = sum(1 for row in rows if _LONE_ARROW.search(row))
    if all(_UNITS_AND_ARROWS.fullmatch(row) for row in rows) and any(_JOINED.search(row) for row in rows):
        return 0.93
    if any(_BOXED.search(row) for row in rows):
        return 0.93
    if len(rows) < 2:
        return 0.0
    if (
        _FRAME.search(head)
        or _CORNER.search(head)
        or (columns + lone >= 2 and re.search(r"->|→|⟶|⇒|➔", head))
    ):
        return 0.93
    if _has_units_in_rows(rows):
        return 0.93
    if _has_lines_beside_words(rows):
        return 0.92
    if alone:
        return 0.93 if not re.search(r"\w \| \w+ ", head) or alone > 1 else 0.0
    return 0.93 if sum(1 for row in rows if _ROW_LINKS.search(row)) >= 2 else 0.0


def _has_units_in_rows(rows: list[str]) -> bool:
    """Return whether units in brackets stand in several rows, with strokes at them, and no sentences around."""
    units = strokes = rows_of_units = 0
    for row in rows:
        own = _OWN_UNIT.findall(row)
        rest = _OWN_UNIT.sub(" ", row)
        if own and len(_WORDS.findall(rest)) < _FEWEST_WORDS:
            units, rows_of_units = units + len(own), rows_of_units + 1
            strokes += len(_STROKE.findall(row))
    return units > 2 and rows_of_units > 1 and strokes > 1


def _has_lines_beside_words(rows: list[str]) -> bool:
    """Return whether lines join units in brackets, and a block of words stands beside them, far enough."""
    drawn = [_WORDS_BESIDE.sub(" ", row) for row in rows]
    lines = [row for row in drawn if _LINE_SIGNS & set(row) and set(row) <= _AROUND_LINES]
    units = [row for row in drawn if _OWN_UNIT.search(row) and not _OWN_UNIT.sub(" ", row).strip("-─━=> ")]
    return len(units) > 1 and bool(lines) and sum(len(_OWN_UNIT.findall(row)) for row in units) > 2


def is_tree(text: str) -> bool:
    """Return whether a text is a listing of folders."""
    return len(_TREE.findall(text)) >= 2
