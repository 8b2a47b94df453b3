"""CSV files as tables: delimited text, in pieces that end where a row ends, parsed by Arrow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chalknet.data.formats.arrow import arrow_type, block_of, column_of, module, pyarrow
from chalknet.data.formats.csv_layout import (
    CsvLayout,
    TextPiece,
    line_number,
    not_utf8,
    pieces,
)
from chalknet.data.formats.csv_scan import layout_of
from chalknet.data.formats.table import Block, DataTable, FileOptions, TableColumn
from chalknet.errors import DataError
from chalknet.units import is_number

_BAD_VALUE = re.compile(
    r"In CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to .*?: invalid value '(.*)'$", re.S
)
_RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


def open_csv(path: Path, options: FileOptions) -> DataTable:
    """Return a delimited text as a table.

    Args:
        path: the file.
        options: its delimiter, and whether its first row holds names, where that is known.

    Raises:
        MissingPackage: without pyarrow.
        FileProblem: when it cannot be opened.
        DataError: when it is empty, or no text.
    """
    layout = layout_of(path, options)
    head = next(pieces(path, layout, layout.start), TextPiece(b"", layout.start, layout.start))
    if not head.text.strip():
        raise DataError(
            where=str(path),
            got=f"a header ({', '.join(layout.names[:5])}{', ...' if len(layout.names) > 5 else ''}) alone",
            wanted="rows below it",
            remedy="If it holds data, header=False (--no-header)."
            if any(map(is_number, layout.names))
            else "Write the data anew.",
        )
    table = _parsed(path, head, layout, None)
    positions = [i for i in range(len(layout.names)) if i not in layout.ignored]
    columns = tuple(column_of(layout.names[i], table.column(i)) for i in positions)

    def blocks(chosen: Sequence[TableColumn], start: int) -> Iterator[Block]:
        types = {
            str(positions[each.index]): pyarrow().bool_()
            if columns[each.index].kind == "boolean"
            else arrow_type(each)
            for each in chosen
        } | {str(i): pyarrow().null() for i in layout.ignored}
        for piece in pieces(path, layout, max(start, layout.start)):
            yield block_of(_parsed(path, piece, layout, types), chosen, piece.end)

    size = path.stat().st_size
    return DataTable(path.name, path, columns, blocks, size, layout.key, notes=layout.notes)


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
            where=f"{path}, line {_line(path, piece, row, layout)}",
            got=f"{got} fields",
            wanted=f"{wanted} fields, as in the first row",
            remedy="Quote the fields that hold the delimiter, or fill the row up.",
        )
    if bad:
        column, row, value = int(bad[1]), int(bad[2] or 0), bad[3]
        if column in layout.ignored:
            return DataError(
                where=f"{path}, line {_line(path, piece, row, layout)}",
                got=f"{value[:40]!r} behind the last delimiter",
                wanted="nothing there, as in the first rows",
                remedy="Take it out, or give that column a name in the header.",
            )
        where = f"column {layout.names[column]!r} of {path.name}, line {_line(path, piece, row, layout)}"
        return not_a_number(where, value, layout.names[column])
    return DataError(
        where=str(path), got=problem, wanted="delimited text", remedy="Look at the rows near there."
    )


def _line(path: Path, piece: TextPiece, row: int, layout: CsvLayout) -> int:
    """Return the line that the row of a piece, counted from 1, begins in; blank lines are no rows."""
    lines = piece.text.splitlines(keepends=True)
    rows, inside = 0, False
    for number, line in enumerate(lines):
        if not inside and line.strip():
            rows += 1
            if rows == row:
                return line_number(path, piece.start, layout.encoding) + number
        inside ^= line.count(b'"') % 2 == 1
    return line_number(path, piece.start, layout.encoding)


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
