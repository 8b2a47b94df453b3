"""The rows of a text and what parts them into fields."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from chalknet.data.formats.csv_encoding import line_ends
from chalknet.units import is_number

_ROW = re.compile(rb'(?:[^"\r\n]++|"[^"]*(?:"|\Z))*+(?:\r\n?|\n)?')  # its line end included
_QUOTED = rb'"(?:[^"]++|"")*+(?:"|\Z)'
# Blanks at the ends of lines; a run is looked at from its first one alone: in linear time.
_OUTER = rb"(?:\A|(?<=[\r\n]))[ \t]+|(?<![ \t])[ \t]++(?=[\r\n]|\Z)"
_BLANKS = {1: rb"[ \t]+", 2: rb"[ \t]{2,}|\t"}
# What takes the place of a text that people measure: figures, amounts, shares, dates, times.
_VALUE = re.compile(
    r"(?=.*\d)[-+−(]?[$€£¥₩]?\s?[\d.,][-+\d.,:/'%$€£¥₩()\s]*(?:[eE][-+]?\d+)?\s?[%$€£¥₩]?(?:[TZ][\d:.Z+-]*)?"
)
MISSING = frozenset(
    [
        "",
        "na",
        "n/a",
        "nan",
        "null",
        "none",
        "#n/a",
        "-nan",
        "-",
        "--",
        "?",
        ".",
        "*",
        "nil",
        "nd",
        "n.d.",
        "unknown",
    ]
)
_YES_OR_NO = frozenset(["true", "false", "yes", "no"])


@dataclass(frozen=True)
class Separator:
    """What stands between two fields of a row.

    Args:
        delimiter: one character.
        blanks: how many blanks at least part two columns that are aligned by them; 0 where a character does.
    """

    delimiter: str
    blanks: int = 0

    def fields(self, row: bytes) -> tuple[str, ...]:
        """Return the fields of one row, without the blanks around them."""
        text = self.delimited(row).decode("utf-8", "replace")
        with suppress(csv.Error):  # a field of more than the csv module takes
            for fields in csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter):
                return tuple(field.strip() for field in fields)
        return tuple(field.strip() for field in text.split(self.delimiter))

    def delimited(self, text: bytes) -> bytes:
        """Return whole rows with the delimiter in the place of blanks between columns; the same otherwise."""
        if not self.blanks:
            return text
        tab, blanks = self.delimiter.encode(), _BLANKS[self.blanks]
        if b'"' not in text:
            inner = re.sub(_OUTER, b"", text)
            return re.sub(blanks, tab, inner)
        pattern = rb"(%b)|(%b)|%b" % (_QUOTED, _OUTER, blanks)
        return re.sub(pattern, lambda found: found[1] or (b"" if found[2] else tab), text)


@dataclass(frozen=True)
class TextRow:
    """A row of a text.

    Args:
        fields: what it holds, without the blanks around them.
        start: byte of the text at which it begins.
        end: byte after its line end.
        line: the number of its first line, counted from 1.
        text: it as it is written.
    """

    fields: tuple[str, ...]
    start: int
    end: int
    line: int
    text: str

    @property
    def width(self) -> int:
        """Return how many fields it has."""
        return len(self.fields)

    @property
    def filled(self) -> int:
        """Return how many fields hold something."""
        return sum(map(bool, self.fields))


def row_spans(text: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Yield where the rows of a text that are not blank begin and end, from a byte on."""
    while start < len(text):
        found = _ROW.match(text, start)
        assert found is not None
        end = max(found.end(), start + 1)
        if text[start:end].strip():
            yield start, end
        start = end


def rows_of(text: bytes, spans: list[tuple[int, int]], separator: Separator) -> list[TextRow]:
    """Return rows of a text, parted into fields."""
    rows, line, counted = [], 1, 0
    for start, end in spans:
        line += line_ends(text[counted:start])
        counted = start
        row = text[start:end].rstrip(b"\r\n")
        rows.append(TextRow(separator.fields(row), start, end, line, row.decode("utf-8", "replace")))
    return rows


def is_value(field: str) -> bool:
    """Return whether a field holds a figure or a date, rather than a name."""
    return (field[-1:].isdigit() and is_number(field)) or _VALUE.fullmatch(field.strip()) is not None


def is_missing(field: str) -> bool:
    """Return whether a field stands for a missing value."""
    return field.strip().lower() in MISSING


def is_word(field: str) -> bool:
    """Return whether a field can be the name of a column: neither a figure nor a gap."""
    return not is_value(field) and not is_missing(field)


def number_columns(rows: list[TextRow], width: int) -> set[int]:
    """Return the numbers of the columns that hold values in most rows, gaps aside."""
    found = set()
    for column in range(width):
        held = [
            row.fields[column] for row in rows if column < row.width and not is_missing(row.fields[column])
        ]
        values = sum(is_value(field) or field.lower() in _YES_OR_NO for field in held)
        if held and values >= 0.6 * len(held):
            found.add(column)
    return found
