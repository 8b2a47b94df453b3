"""How a delimited text is written, and its whole rows in pieces of a few MB."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from chalknet.data.formats.packed import opened
from chalknet.data.formats.table import FileOptions
from chalknet.errors import DataError
from chalknet.units import is_number

DELIMITERS = ",;\t|"
_BOM = b"\xef\xbb\xbf"
_OTHER_CONTENTS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a zip archive or spreadsheet",
}
_FIRST_ROW = re.compile(rb'(?:[^"\r\n]|"[^"]*(?:"|\Z))*+(?:\r\n?|\n)?')  # its line end included
_HEAD_BYTES = 1 << 20
_PIECE_BYTES = 8 << 20
_LARGEST_ROW_BYTES = 256 << 20
_ROWS_LOOKED_AT = 50
_MISSING = {"", "na", "n/a", "nan", "null", "none", "#n/a", "-nan", "-"}


@dataclass(frozen=True)
class CsvLayout:
    """How a delimited text is written.

    Args:
        delimiter: what stands between two fields.
        names: of the columns; their numbers where the text has no header.
        start: byte, in the unpacked text, at which the first row begins.
        notes: what was assumed, a sentence each.
    """

    delimiter: str
    names: tuple[str, ...]
    start: int
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return all that decides which rows are read, for the cache."""
        return f"{self.delimiter} {self.start}"


@dataclass(frozen=True)
class TextPiece:
    """Some whole rows of a text.

    Args:
        text: the rows in UTF-8; a line that is left out is blank, so that lines can be counted.
        start: byte of the unpacked text at which they begin.
        end: byte of the unpacked text at which the next piece begins.
    """

    text: bytes
    start: int
    end: int


def layout_of(path: Path, options: FileOptions) -> CsvLayout:
    """Return how a text is written, found from its first rows where it is not given.

    Args:
        path: the file; gzip, bzip2 and xz are unpacked.
        options: what is known of it.

    Raises:
        FileProblem: when it cannot be opened.
        DataError: when it is empty or no text.
    """
    with opened(path) as file:
        head = file.read(_HEAD_BYTES)
    marks = (what for mark, what in _OTHER_CONTENTS.items() if head.startswith(mark))
    if what := next(marks, "bytes that are no text" if b"\0" in head else ""):
        raise DataError(
            where=str(path),
            got=what,
            wanted="text in UTF-8",
            remedy="Save it as CSV in UTF-8, or as Parquet.",
        )
    start = len(_BOM) if head.startswith(_BOM) else 0
    while head[start : start + 1] in (b"\n", b"\r") and start < len(head):
        start += 1
    text = head[start:].decode("utf-8", "replace")
    if not text.strip():
        raise DataError(where=str(path), got="an empty file", wanted="rows", remedy="Write the data anew.")
    delimiter, header = options.delimiter or _delimiter_of(text), options.header
    rows = _first_rows(text, delimiter)
    if not (_is_header(rows) if header is None else header):
        return CsvLayout(delimiter, tuple(map(str, range(len(rows[0])))), start)
    if "\ufffd" in delimiter.join(rows[0]):
        raise not_utf8(path, start)
    row = _FIRST_ROW.match(head, start)
    assert row is not None
    return CsvLayout(delimiter, tuple(name.strip() for name in rows[0]), row.end())


def pieces(path: Path, layout: CsvLayout, start: int) -> Iterator[TextPiece]:
    """Yield a text from a byte on in pieces of a few MB, each of whole rows.

    Args:
        path: the file.
        layout: how it is written.
        start: byte of the unpacked text at which a row begins.
    """
    with opened(path) as file:
        file.seek(start)
        rest = b""
        while more := file.read(_PIECE_BYTES):
            text = rest + more
            cut = _last_row_end(text)
            if cut:
                yield TextPiece(text[:cut], start, start + cut)
                start += cut
            elif len(text) > _LARGEST_ROW_BYTES:
                raise DataError(
                    where=f"{path}, line {line_number(path, start)}",
                    got=f"a row of more than {_LARGEST_ROW_BYTES >> 20} MiB",
                    wanted="rows that end with a line",
                    remedy="Look for a quotation mark that is opened there and never closed.",
                )
            rest = text[cut:]
        if rest.strip():
            yield TextPiece(rest, start, start + len(rest))


def line_number(path: Path, position: int) -> int:
    """Return the number, counted from 1, of the line that a byte of the unpacked text stands in."""
    lines = 1
    with opened(path) as file:
        while position > 0 and (part := file.read(min(position, _PIECE_BYTES))):
            lines += part.count(b"\n")
            position -= len(part)
    return lines


def not_utf8(path: Path, start: int) -> DataError:
    """Return the error for a text that is not UTF-8, with the first line at fault from a byte on."""
    line, shown = line_number(path, start), b""
    with opened(path) as file:
        file.seek(start)
        for number, row in enumerate(file, start=line):
            try:
                row.decode("utf-8")
            except UnicodeDecodeError as problem:
                line, shown = number, row[max(0, problem.start - 10) : problem.end + 10]
                break
    return DataError(
        where=f"{path}, line {line}",
        got=f"bytes that are not UTF-8: {shown!r}",
        wanted="text in UTF-8",
        remedy=f"Convert it: iconv -f LATIN1 -t UTF-8 {path.name} > utf8.csv, with the encoding it is in.",
    )


def _delimiter_of(text: str) -> str:
    """Return the delimiter that parts the first rows into the most fields, equally many in each."""

    def merit(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in _first_rows(text, delimiter)]
        usual = max(set(widths), key=widths.count)
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0, usual)

    return max(DELIMITERS, key=merit)


def _first_rows(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    with suppress(csv.Error):  # a field larger than the head
        rows.extend(islice(filter(None, reader), _ROWS_LOOKED_AT))
    return rows or [text.splitlines()[0].split(delimiter)]


def _is_header(rows: list[list[str]]) -> bool:
    """Return whether the first row holds names: words only, or words above numbers."""
    first, *others = rows
    words = [not is_number(field) for field in first]
    if all(words) and any(field.strip() for field in first):
        return True
    for column, word in enumerate(words):
        below = [row[column] for row in others if column < len(row) and row[column].strip()]
        if word and first[column].strip().lower() not in _MISSING and below and all(map(is_number, below)):
            return True
    return False


def _last_row_end(text: bytes) -> int:
    """Return the byte after the last line end that stands outside quotation marks; 0 when there is none."""
    end_of_line = b"\n" if b"\n" in text else b"\r"
    end, quotes = len(text), text.count(b'"')
    while True:
        found = text.rfind(end_of_line, 0, end)
        quotes -= text.count(b'"', found + 1, end)
        if found < 0 or quotes % 2 == 0:
            return found + 1
        end = found
