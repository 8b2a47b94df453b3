"""Parquet and Arrow files as tables, read by row groups and record batches; Arrow's columns as ours."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from chalknet.data.formats import arrow_memory as memory
from chalknet.data.formats.arrow_proof import proof_of
from chalknet.data.formats.limits import limit_of, over_limit, unpacked_limit
from chalknet.data.formats.number_text import ColumnReading, DecimalSigns, Evidence, Tally, judged
from chalknet.data.formats.pyarrow_module import module, pyarrow
from chalknet.data.formats.table import Block, Column, DataTable, FileOptions, TableColumn, Words
from chalknet.data.formats.text_columns import Texts, add_texts, numbers_of_columns, words_of_columns
from chalknet.errors import ChalknetError, DataError
from chalknet.files import open_file, reading
from chalknet.units import is_number

_BLOCK_BYTES = 8 << 20
_PROVED_BYTES = 16 << 20
_EXAMPLES = 3  # of a column's values, as messages show them
_NOTHING_SAID = FileOptions()
STREAM_MARK = b"\xff\xff\xff\xff"
# What we call a column, and pyarrow's tests of the type of its values.
_KINDS = {
    "empty": ("is_null",),
    "boolean": ("is_boolean",),
    "number": ("is_integer", "is_floating", "is_decimal"),
    "text": ("is_string", "is_large_string", "is_string_view"),
    "date": ("is_temporal",),
}


def open_parquet(path: Path, options: FileOptions) -> DataTable:
    """Return a Parquet file as a table."""
    parquet = module("pyarrow.parquet")
    with reading(path), open_file(path):
        small = path.stat().st_size <= _PROVED_BYTES
    if small:  # a large one is decoded but once, since it takes memory in proportion to its size anyway
        _refuse_damaged(path, options, "parquet")
    # Without pre-buffering a row group is read as it is decoded, and memory stays flat.
    with _reading_columns(path):
        file = parquet.ParquetFile(
            path, pre_buffer=False, buffer_size=1 << 16, page_checksum_verification=True
        )
        groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
        counts, schema = [group.num_rows for group in groups], file.schema_arrow
        every = list(schema.names)  # which makes a new list each time that it is asked
        unpacked = sum(group.total_byte_size for group in groups)
    _check_size(path, options, schema, sum(counts), unpacked)

    def batches(indexes: Sequence[int], start: int) -> Iterator[Any]:
        names = [every[i] for i in indexes]
        rows = max(1, _BLOCK_BYTES // (8 * max(1, len(names))))
        for group, end in enumerate(accumulate(counts)):
            if end > start:
                batches = file.iter_batches(rows, row_groups=[group], columns=names)
                yield from _after(map(_valid, batches), start - end + counts[group])

    return _columnar(path, schema, batches, sum(counts), options)


def open_arrow(path: Path, options: FileOptions) -> DataTable:
    """Return an Arrow IPC file (Feather) as a table."""
    pa = pyarrow()
    with reading(path), open_file(path) as content:
        is_stream = content.read(len(STREAM_MARK)) == STREAM_MARK
    if is_stream:
        raise DataError(
            where=str(path),
            got="an Arrow stream, which is read from its beginning only",
            wanted="an Arrow file, of which any part can be read",
            remedy="Write it with pyarrow.ipc.new_file, or as Parquet.",
        )
    _refuse_damaged(path, options, "arrow")
    # Mapped: a batch that is not compressed is then read as its blocks are, not all at once.
    with _reading_columns(path):
        file = pa.ipc.open_file(pa.memory_map(str(path)))
        count = sum(file.get_batch(i).num_rows for i in range(file.num_record_batches))
    _check_size(path, options, file.schema, count, 0)

    def batches(indexes: Sequence[int], start: int) -> Iterator[Any]:
        rows = max(1, _BLOCK_BYTES // (8 * max(1, len(indexes))))
        whole = (file.get_batch(i).select(list(indexes)) for i in range(file.num_record_batches))
        parts = (batch.slice(at, rows) for batch in whole for at in range(0, batch.num_rows, rows))
        yield from _after(parts, start)

    return _columnar(path, file.schema, batches, count, options)


def _refuse_damaged(path: Path, options: FileOptions, kind: Literal["arrow", "parquet"]) -> None:
    """Raise a DataError for what another process found that it cannot read."""
    with reading(path):
        most = unpacked_limit(path.stat().st_size, options.limits)
        proof = proof_of(path, most, kind)
    if proof.is_large:
        got = f"more than {most:,} bytes, packed, or damage that promises as much"
        raise over_limit(str(path), "unpacked_bytes", options.limits, got, 4 * most)
    if proof.problem:
        raise _damaged(path, proof.problem)


def _valid(batch: Any) -> Any:
    batch.validate(full=True)
    return batch


def _check_size(path: Path, options: FileOptions, schema: Any, rows: int, unpacked_bytes: int) -> None:
    """Raise a DataError for more columns, or more numbers from so small a file, than the limits allow."""
    columns = len(schema.names)
    if columns > limit_of("columns", options.limits):
        raise over_limit(str(path), "columns", options.limits, f"{columns:,} columns", columns)
    size, most = path.stat().st_size, unpacked_limit(path.stat().st_size, options.limits)
    unpacked_bytes = max(unpacked_bytes, 4 * rows * columns)
    if unpacked_bytes > most:
        got = f"{rows:,} rows, {unpacked_bytes:,} bytes, packed into {size:,}"
        raise over_limit(str(path), "unpacked_bytes", options.limits, got, unpacked_bytes)


def arrow_table(name: str, table: Any, options: FileOptions = _NOTHING_SAID) -> DataTable:
    """Return a pyarrow Table in memory as a table of ours.

    Args:
        name: what messages call it.
        table: the `pyarrow.Table`; numbers, booleans, decimals, texts, dates, and dictionaries of them.
        options: what is said of numbers and gaps in texts.

    Raises:
        DataError: for a table without rows.
    """
    table = table.replace_schema_metadata(None).combine_chunks()

    def batches(indexes: Sequence[int], start: int) -> Iterator[Any]:
        rows = max(1, _BLOCK_BYTES // (8 * max(1, len(indexes))))
        return iter(table.select(list(indexes)).slice(start).to_batches(max_chunksize=rows))

    found = _columnar(Path(name), table.schema, batches, table.num_rows, options)
    return replace(found, name=name, path=None, hash_values=lambda: _hash_of_values(table))


def _hash_of_values(table: Any) -> str:
    """Return the SHA-256 of a table as an Arrow stream: of its names, types and values."""
    digest = hashlib.sha256()

    class Hashing(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, content: Any) -> int:
            digest.update(content)
            return len(content)

    with module("pyarrow.ipc").new_stream(pyarrow().PythonFile(Hashing(), "w"), table.schema) as writer:
        writer.write_table(table)
    return digest.hexdigest()


def _columnar(
    path: Path,
    schema: Any,
    batches: Callable[[Sequence[int], int], Iterator[Any]],
    rows: int,
    options: FileOptions,
) -> DataTable:
    if not rows:
        raise DataError(
            where=str(path),
            got=f"{len(schema.names)} columns and no rows",
            wanted="rows",
            remedy="Write it anew.",
        )

    with _reading_columns(path):
        head = next(batches(range(len(schema.names)), 0))
        columns = tuple(column_of(name, head.column(i)) for i, name in enumerate(schema.names))
    read = _Readings(path.name, columns, batches, options)

    def blocks(chosen: Sequence[TableColumn], start: int) -> Iterator[Block]:
        with _reading_columns(path):
            for batch in batches([each.index for each in chosen], start):
                values = tuple(read.values(batch.column(i), each) for i, each in enumerate(chosen))
                start += batch.num_rows
                yield Block(values, batch.num_rows, start)

    def judge(indexes: Sequence[int]) -> dict[int, Column]:
        with _reading_columns(path):
            return read.judge(indexes)

    return DataTable(path.name, path, columns, blocks, rows, unit_bytes=8 * len(columns), judge=judge)


@dataclass
class _Readings:
    """The columns of texts of a table with a schema, judged by all their values once.

    Args:
        name: what messages call the table.
        columns: all of them, by their types.
        batches: yields record batches of some columns, from a row on.
        options: what was said of numbers and gaps.
        found: the readings so far, by the numbers of their columns.
    """

    name: str
    columns: tuple[Column, ...]
    batches: Callable[[Sequence[int], int], Iterator[Any]]
    options: FileOptions
    found: dict[int, ColumnReading] = field(default_factory=dict)

    def judge(self, indexes: Sequence[int]) -> dict[int, Column]:
        """Return columns with their readings, those of texts."""
        wanted = [i for i in indexes if self.columns[i].kind == "text"]
        tallies = {i: Tally() for i in wanted if i not in self.found}
        row = 0
        for batch in self.batches(list(tallies), 0) if tallies else ():
            texts = [_typed(_strings(batch.column(i))) for i in range(len(tallies))]
            add_texts(list(tallies.values()), texts, self.options.missing, row)
            row += batch.num_rows
        signs = DecimalSigns(tallies)
        for i, tally in tallies.items():
            evidence = Evidence(self.name, _row_of, self.options.decimal, others=signs.without(i))
            self.found[i] = judged(self.columns[i].name, tally, evidence)
        return {i: replace(self.columns[i], kind=self.found[i].kind, reading=self.found[i]) for i in wanted}

    def values(self, values: Any, column: TableColumn) -> npt.NDArray[Any] | Words:
        """Return a column of a batch as numbers or words."""
        missing, is_text = self.options.missing, self.columns[column.index].kind == "text"
        if column.dtype == "words":
            return words_of_columns([_typed(_strings(values))], missing)[0]
        if not is_text:
            return numbers_of_arrow(values, missing)
        self.judge([column.index])
        return numbers_of_columns([_strings(values)], [self.found[column.index]], missing)[0]


def _typed(values: Any) -> Texts:
    """Return texts of which none but null and the empty one is a gap, since the file has a way to say so."""
    return Texts(values, np.zeros(len(values), bool))


def _row_of(place: tuple[int, int]) -> str:
    return f"row {sum(place)} (counted from 0)"


def _strings(values: Any) -> Any:
    """Return an array as one of strings, whatever it holds."""
    pa = pyarrow()
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values.cast(pa.string())


def numbers_of_arrow(values: Any, missing: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return numbers or booleans of Arrow's as float64, NaN for null and for numbers that stand for a gap."""
    pa = pyarrow()
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if values.type != pa.float64():
        values = values.cast(pa.float64(), safe=False)
    numbers = memory.numpy_numbers(values, np.nan)
    gaps = [float(word) for word in missing if is_number(word)]
    return np.where(np.isin(numbers, gaps), np.nan, numbers) if gaps else numbers


def _after(batches: Iterator[Any], rows: int) -> Iterator[Any]:
    """Yield batches without so many rows at their beginning."""
    for batch in batches:
        if rows < batch.num_rows:
            yield batch.slice(max(0, rows))
        rows -= batch.num_rows


def column_of(name: str, values: Any) -> Column:
    """Return what an Arrow column holds, by its type and its first values."""
    pa = pyarrow()
    examples = values.slice(0, _EXAMPLES).to_pylist()
    if any(value is None for value in examples):
        there = (value for value in values.slice(0, 1000).to_pylist() if value is not None)
        examples = list(islice(there, _EXAMPLES))
    found = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    return Column(name, _kind_of(found), tuple(str(value)[:40] for value in examples))


@lru_cache
def _kind_of(found: Any) -> str:
    """Return what we call a column with values of a type of Arrow's."""
    types = pyarrow().types
    kinds = (kind for kind, tests in _KINDS.items() if any(getattr(types, test)(found) for test in tests))
    return next(kinds, str(found))


@contextmanager
def _reading_columns(path: Path) -> Iterator[None]:
    """Turn what Arrow, or Python over its values, says against a file into the error of a damaged one."""
    try:
        yield
    except ChalknetError:
        raise
    except Exception as problem:
        raise _damaged(path, (str(problem) or type(problem).__name__).splitlines()[0]) from problem


def _damaged(path: Path, problem: str) -> DataError:
    return DataError(
        where=str(path),
        got=f"a damaged file ({problem})",
        wanted="a whole Parquet or Arrow file",
        remedy="Copy or make it again.",
    )
