"""Tables (CSV, Parquet, Arrow IPC) as blocks of numbers and words: all of pyarrow is here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.csv_text import CsvLayout, Piece, layout_of, line_number, not_utf8, pieces
from chalknet.data.idx import unreadable
from chalknet.errors import DataError, MissingPackage

_BLOCK_BYTES = 8 << 20
_INSTALL = 'pip install "chalknet[tables]"'
_BAD_VALUE = re.compile(
    r"In CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to .*?: invalid value '(.*)'$", re.S
)
_RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        name: what the file calls it; its number where the file has no names.
        kind: number, boolean, text, date, empty (no value seen), or the name of a type that is none of these.
        examples: its first values as they are written.
    """

    name: str
    kind: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """A column to be read.

    Args:
        index: its number in the file.
        name: what messages call it.
        dtype: of its numbers, "float32" or "float64"; "words" to read words.
    """

    index: int
    name: str
    dtype: str


@dataclass(frozen=True)
class Words:
    """A column of words: the different ones, and for each row the number of its own, -1 where missing."""

    numbers: npt.NDArray[np.int64]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """Some rows of the columns wanted.

    Args:
        columns: an array `(rows,)` with NaN where a number is missing, or Words, for each column.
        rows: how many.
        position: where the next block begins, to go on from there later.
    """

    columns: tuple[npt.NDArray[Any] | Words, ...]
    rows: int
    position: int


@dataclass(frozen=True)
class Table:
    """A file of rows and columns.

    Args:
        path: the file.
        columns: what it holds, as far as its schema or its first rows tell.
        blocks: yields the rows of some columns, from a position of an earlier block on.
        size: the position after the last block, for a bar; bytes of text or rows.
        reading: how the file is read, as far as its content does not tell.
        unit_bytes: about how many bytes a position stands for: 1 for bytes of text, a row's for rows.
    """

    path: Path
    columns: tuple[Column, ...]
    blocks: Callable[[Sequence[Wanted], int], Iterator[Block]]
    size: int
    reading: str = ""
    unit_bytes: int = 1


def open_table(path: Path, delimiter: str | None = None, header: bool | None = None) -> Table:
    """Return a CSV, Parquet or Arrow IPC file as a table.

    Args:
        path: the file; its first bytes tell its format.
        delimiter: of a text, what stands between two fields; None to find out.
        header: of a text, whether the first row holds names; None to find out.

    Raises:
        MissingPackage: without pyarrow.
        FileProblem: when it cannot be opened.
        DataError: when it is damaged or empty.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(6)
    except OSError as problem:
        raise unreadable(path, problem) from problem
    for mark, open_ in _FORMATS.items():
        if magic.startswith(mark):
            return open_(path)
    if magic.startswith(_STREAM_MARK):
        raise DataError(
            where=str(path),
            got="an Arrow stream, which is read from its beginning only",
            wanted="an Arrow file, of which any part can be read",
            remedy="Write it with pyarrow.ipc.new_file, or as Parquet.",
        )
    if path.suffix.lower() in _COLUMNAR:
        raise _damaged(path, f"first bytes {magic!r}, which are those of no such file")
    return _open_csv(path, layout_of(path, delimiter, header))


def _open_csv(path: Path, layout: CsvLayout) -> Table:
    head = next(pieces(path, layout.start), Piece(b"", layout.start))
    if not head.text.strip():
        raise DataError(
            where=str(path),
            got=f"a header ({', '.join(layout.names[:5])}{', ...' if len(layout.names) > 5 else ''}) alone",
            wanted="rows below it",
            remedy="Write the data anew; header=False if that row holds numbers.",
        )
    table = _parsed(path, head, layout, None)
    columns = tuple(_column(name, table.column(i)) for i, name in enumerate(layout.names))

    def blocks(wanted: Sequence[Wanted], start: int) -> Iterator[Block]:
        types = {
            str(each.index): _pa().bool_() if columns[each.index].kind == "boolean" else _arrow_type(each)
            for each in wanted
        }
        for piece in pieces(path, max(start, layout.start)):
            yield _block(_parsed(path, piece, layout, types), wanted, piece.end)

    return Table(path, columns, blocks, path.stat().st_size, f"{layout.delimiter} {layout.start}")


def _parsed(
    path: Path, piece: Piece, layout: CsvLayout, types: dict[str, Any] | None, threads: bool = True
) -> Any:
    """Return the rows of a piece as an Arrow table; columns are called by their numbers."""
    pa, csv = _pa(), _module("pyarrow.csv")
    try:
        return csv.read_csv(
            pa.BufferReader(_arrows_own(piece.text)),
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


def _arrows_own(text: bytes) -> Any:
    """Return a copy in Arrow's memory.

    Arrow's threads let go of what they read after the table is there; of Python's bytes they can do so only
    while Python runs, and a program that ends just then is aborted ("terminate called without ...").
    """
    pa = _pa()
    buffer = pa.allocate_buffer(len(text))
    pa.FixedSizeBufferWriter(buffer).write(text)
    return buffer


def _unparsed(path: Path, piece: Piece, layout: CsvLayout, problem: str) -> DataError:
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


def _line(path: Path, piece: Piece, row: int) -> int:
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


def _open_parquet(path: Path) -> Table:
    parquet = _module("pyarrow.parquet")
    # Without pre-buffering a row group is read as it is decoded, and memory stays flat.
    file = _opened(path, lambda: parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 16))
    groups = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
    schema = file.schema_arrow

    def batches(indexes: Sequence[int], start: int) -> Iterator[Any]:
        names = [schema.names[i] for i in indexes]
        rows = max(1, _BLOCK_BYTES // (8 * max(1, len(names))))
        first = 0
        for group, count in enumerate(groups):
            if first + count > start:
                batches = file.iter_batches(rows, row_groups=[group], columns=names)
                yield from _after(batches, start - first)
            first += count

    return _columnar(path, schema, batches, sum(groups))


def _open_ipc(path: Path) -> Table:
    pa = _pa()
    # Mapped: a batch that is not compressed is then read as its blocks are, not all at once.
    file = _opened(path, lambda: pa.ipc.open_file(pa.memory_map(str(path))))

    def batches(indexes: Sequence[int], start: int) -> Iterator[Any]:
        rows = max(1, _BLOCK_BYTES // (8 * max(1, len(indexes))))
        first = 0
        for number in range(file.num_record_batches):
            batch = file.get_batch(number).select(list(indexes))
            parts = (batch.slice(at, rows) for at in range(0, batch.num_rows, rows))
            yield from _after(parts, start - first)
            first += batch.num_rows

    return _columnar(
        path, file.schema, batches, sum(file.get_batch(i).num_rows for i in range(file.num_record_batches))
    )


def _columnar(
    path: Path, schema: Any, batches: Callable[[Sequence[int], int], Iterator[Any]], rows: int
) -> Table:
    if not rows:
        raise DataError(
            where=str(path),
            got=f"{len(schema.names)} columns and no rows",
            wanted="rows",
            remedy="Write it anew.",
        )

    def blocks(wanted: Sequence[Wanted], start: int) -> Iterator[Block]:
        try:
            for batch in batches([each.index for each in wanted], start):
                yield _block(batch, wanted, start + batch.num_rows)
                start += batch.num_rows
        except (_pa().ArrowException, OSError) as problem:
            raise _damaged(path, str(problem).splitlines()[0]) from problem

    head = _opened(path, lambda: next(batches(range(len(schema.names)), 0)))
    columns = tuple(_column(name, head.column(i)) for i, name in enumerate(schema.names))
    return Table(path, columns, blocks, rows, unit_bytes=8 * len(columns))


def _after(batches: Iterator[Any], rows: int) -> Iterator[Any]:
    """Yield batches without so many rows at their beginning."""
    for batch in batches:
        if rows < batch.num_rows:
            yield batch.slice(max(0, rows))
        rows -= batch.num_rows


_STREAM_MARK = b"\xff\xff\xff\xff"
_COLUMNAR = (".parquet", ".pq", ".arrow", ".feather", ".ipc")
_FORMATS: dict[bytes, Callable[[Path], Table]] = {b"PAR1": _open_parquet, b"ARROW1": _open_ipc}


def _block(batch: Any, wanted: Sequence[Wanted], position: int) -> Block:
    columns = tuple(_values(batch.column(i), each) for i, each in enumerate(wanted))
    return Block(columns, batch.num_rows, position)


def _values(column: Any, wanted: Wanted) -> npt.NDArray[Any] | Words:
    pa = _pa()
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if wanted.dtype != "words":
        number = column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column
        return np.asarray(number.cast(_arrow_type(wanted), safe=False).to_numpy(zero_copy_only=False))
    encoded = column.cast(pa.string()).dictionary_encode()
    numbers = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return Words(numbers, tuple(encoded.dictionary.to_pylist()))


def _arrow_type(wanted: Wanted) -> Any:
    return _pa().string() if wanted.dtype == "words" else getattr(_pa(), wanted.dtype)()


def _column(name: str, values: Any) -> Column:
    pa = _pa()
    examples = (value for value in values.slice(0, 1000).to_pylist() if value is not None)
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    word = next((word for test, word in _KINDS if getattr(pa.types, f"is_{test}")(kind)), str(kind))
    return Column(name, word, tuple(str(value)[:40] for value in islice(examples, 3)))


# What pyarrow calls a type, and what we call the column.
_KINDS = (
    ("null", "empty"),
    ("boolean", "boolean"),
    ("integer", "number"),
    ("floating", "number"),
    ("decimal", "number"),
    ("string", "text"),
    ("large_string", "text"),
    ("string_view", "text"),
    ("temporal", "date"),
)


def _opened(path: Path, open_: Callable[[], Any]) -> Any:
    try:
        return open_()
    except (_pa().ArrowException, OSError) as problem:
        raise _damaged(path, str(problem).splitlines()[0]) from problem


def _damaged(path: Path, got: str) -> DataError:
    return DataError(
        where=str(path),
        got=f"a damaged file ({got})",
        wanted="a whole Parquet or Arrow file",
        remedy="Copy or make it again.",
    )


def _pa() -> Any:
    return _module("pyarrow")


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as problem:
        raise MissingPackage(
            where="tables",
            got=f"pyarrow cannot be imported ({problem})",
            wanted="pyarrow, which reads CSV, Parquet and Arrow files",
            remedy=f"Install it: {_INSTALL}.",
        ) from problem
