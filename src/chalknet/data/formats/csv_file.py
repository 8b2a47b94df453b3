"""CSV files as tables: delimited text, in pieces that end where a row ends, parsed by Arrow."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from chalknet.data.formats.arrow import arrow_type, block_of, column_of, module, pyarrow
from chalknet.data.formats.packed import opened
from chalknet.data.formats.table import Block, FileOptions, TableColumn, TableFile
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
_BAD_VALUE = re.compile(
    r"In CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to .*?: invalid value '(.*)'$", re.S
)
_RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


@dataclass(frozen=True)
class CsvLayout:
    """How a delimited text is written.

    Args:
        delimiter: what stands between two fields.
        names: of the columns; their numbers where the text has no header.
        start: byte, in the unpacked text, at which the first row begins.
    """

    delimiter: str
    names: tuple[str, ...]
    start: int


@dataclass(frozen=True)
class TextPiece:
    """Some whole rows of a text.

    Args:
        text: the rows.
        start: byte of the unpacked text at which they begin.
    """

    text: bytes
    start: int


def open_csv(path: Path, options: FileOptions) -> TableFile:
    """Return a delimited text as a table.

    Args:
        path: the file.
        options: its delimiter, and whether its first row holds names, where that is known.

    Raises:
        MissingPackage: without pyarrow.
        FileProblem: when it cannot be opened.
        DataError: when it is empty, or no text.
    """
    layout = layout_of(path, options.delimiter, options.header)
    head = next(pieces(path, layout.start), TextPiece(b"", layout.start))
    if not head.text.strip():
        raise DataError(
            where=str(path),
            got=f"a header ({', '.join(layout.names[:5])}{', ...' if len(layout.names) > 5 else ''}) alone",
            wanted="rows below it",
            remedy="Write the data anew; header=False if that row holds numbers.",
        )
    table = _parsed(path, head, layout, None)
    columns = tuple(column_of(name, table.column(i)) for i, name in enumerate(layout.names))

    def blocks(chosen: Sequence[TableColumn], start: int) -> Iterator[Block]:
        types = {
            str(each.index): pyarrow().bool_() if columns[each.index].kind == "boolean" else arrow_type(each)
            for each in chosen
        }
        for piece in pieces(path, max(start, layout.start)):
            end = piece.start + len(piece.text)
            yield block_of(_parsed(path, piece, layout, types), chosen, end)

    return TableFile(path, columns, blocks, path.stat().st_size, f"{layout.delimiter} {layout.start}")


def _parsed(
    path: Path, piece: TextPiece, layout: CsvLayout, types: dict[str, Any] | None, threads: bool = True
) -> Any:
    """Return the rows of a piece as an Arrow table; columns are called by their numbers."""
    pa, csv = pyarrow(), module("pyarrow.csv")
    try:
        return csv.read_csv(
            pa.BufferReader(_in_arrow_memory(piece.text)),
            read_options=csv.ReadOptions(
                column_names=[str(i) for i in range(len(layout.names))],
                block_size=max(1 << 20, len(piece.text) if not threads else 0),
                use_threads=threads,
            ),
            parse_options=csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=b'"' in piece.text),
            convert_options=csv.ConvertOptions(
                column_types=types or {}, include_columns=list(types or {}), strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid as problem:
        if threads:  # once more in one thread, which counts the rows
            return _parsed(path, piece, layout, types, threads=False)
        raise _unparsed(path, piece, layout, str(problem)) from problem


def _in_arrow_memory(text: bytes) -> Any:
    """Return a copy of a text in Arrow's memory.

    Arrow's threads let go of what they read after the table is there; of Python's bytes they can do so only
    while Python runs, and a program that ends just then is aborted ("terminate called without ...").
    """
    pa = pyarrow()
    buffer = pa.allocate_buffer(len(text))
    pa.FixedSizeBufferWriter(buffer).write(text)
    return buffer


def _unparsed(path: Path, piece: TextPiece, layout: CsvLayout, problem: str) -> DataError:
    if "UTF8" in problem:
        return not_utf8(path, piece.start)
    ragged, bad = _RAGGED.search(problem), _BAD_VALUE.search(problem)
    if ragged:
        row, wanted, got = map(int, ragged.groups())
        return DataError(
            where=f"{path}, line {_line(path, piece, row)}",
            got=f"{got} fields",
            wanted=f"{wanted} fields, as in the first row",
            remedy="Quote the fields that hold the delimiter, or fill the row up.",
        )
    if bad:
        column, row, value = int(bad[1]), int(bad[2] or 0), bad[3]
        where = f"column {layout.names[column]!r} of {path.name}, line {_line(path, piece, row)}"
        return not_a_number(where, value, layout.names[column])
    return DataError(
        where=str(path), got=problem, wanted="delimited text", remedy="Look at the rows near there."
    )


def _line(path: Path, piece: TextPiece, row: int) -> int:
    """Return the line that the row of a piece, counted from 1, begins in; blank lines are no rows."""
    lines = piece.text.splitlines(keepends=True)
    rows, inside = 0, False
    for number, line in enumerate(lines):
        if not inside and line.strip():
            rows += 1
            if rows == row:
                return line_number(path, piece.start) + number
        inside ^= line.count(b'"') % 2 == 1
    return line_number(path, piece.start)


def not_a_number(where: str, value: str, name: str) -> DataError:
    """Return the error for a text where a number should stand, with the likeliest remedy."""
    remedy = next((advice for pattern, advice in _ADVICE if re.fullmatch(pattern, value.strip())), _WORDS)
    return DataError(where=where, got=f"{value[:40]!r}", wanted="a number", remedy=remedy.format(name=name))


_WORDS = "Are these categories, say one_hot=[{name!r}] (--one-hot-columns {name}); else leave it out of x."
_ADVICE = (
    (r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?", "Write numbers without separators of thousands: 1234567."),
    (r"[-+]?\d*,\d+", "Write numbers with a decimal point: 1.5."),
    (r"[-+]?[\d.]+ ?%", "Write shares as numbers, 0.05, without the sign."),
    (r"[$€£¥₩] ?[-+\d.,]+|[-+\d.,]+ ?[$€£¥₩]", "Write amounts as plain numbers, without the currency."),
)


def layout_of(path: Path, delimiter: str | None, header: bool | None) -> CsvLayout:
    """Return how a text is written, found from its first rows where it is not given.

    Args:
        path: the file; gzip, bzip2 and xz are unpacked.
        delimiter: what stands between two fields; None to find out.
        header: whether the first row holds names; None to find out.

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
    delimiter = delimiter or _delimiter_of(text)
    rows = _first_rows(text, delimiter)
    if not (_is_header(rows) if header is None else header):
        return CsvLayout(delimiter, tuple(map(str, range(len(rows[0])))), start)
    if "\ufffd" in delimiter.join(rows[0]):
        raise not_utf8(path, start)
    row = _FIRST_ROW.match(head, start)
    assert row is not None
    return CsvLayout(delimiter, tuple(name.strip() for name in rows[0]), row.end())


def pieces(path: Path, start: int) -> Iterator[TextPiece]:
    """Yield a text from a byte on in pieces of a few MB, each of whole rows.

    Args:
        path: the file.
        start: byte of the unpacked text at which a row begins.
    """
    with opened(path) as file:
        file.seek(start)
        rest = b""
        while more := file.read(_PIECE_BYTES):
            text = rest + more
            cut = _last_row_end(text)
            if cut:
                yield TextPiece(text[:cut], start)
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
            yield TextPiece(rest, start)


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
