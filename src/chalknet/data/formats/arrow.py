"""Parquet and Arrow files as tables, read by row groups and record batches; Arrow's columns as ours."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.formats.table import Block, Column, DataTable, FileOptions, TableColumn, Words
from chalknet.errors import DataError, MissingPackage
from chalknet.files import reading

_BLOCK_BYTES = 8 << 20
STREAM_MARK = b"\xff\xff\xff\xff"
_INSTALL = 'pip install "chalknet[tables]"'
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
    # Without pre-buffering a row group is read as it is decoded, and memory stays flat.
    with _reading_columns(path):
        file = parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 16)
    counts = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
    schema = file.schema_arrow

    def batches(indexes: Sequence[int], start: int) -> Iterator[Any]:
        names = [schema.names[i] for i in indexes]
        rows = max(1, _BLOCK_BYTES // (8 * max(1, len(names))))
        for group, end in enumerate(accumulate(counts)):
            if end > start:
                batches = file.iter_batches(rows, row_groups=[group], columns=names)
                yield from _after(batches, start - end + counts[group])

    return _columnar(path, schema, batches, sum(counts))


def open_arrow(path: Path, options: FileOptions) -> DataTable:
    """Return an Arrow IPC file (Feather) as a table."""
    pa = pyarrow()
    with reading(path), path.open("rb") as content:
        is_stream = content.read(len(STREAM_MARK)) == STREAM_MARK
    if is_stream:
        raise DataError(
            where=str(path),
            got="an Arrow stream, which is read from its beginning only",
            wanted="an Arrow file, of which any part can be read",
            remedy="Write it with pyarrow.ipc.new_file, or as Parquet.",
        )
    # Mapped: a batch that is not compressed is then read as its blocks are, not all at once.
    with _reading_columns(path):
        file = pa.ipc.open_file(pa.memory_map(str(path)))

    def batches(indexes: Sequence[int], start: int) -> Iterator[Any]:
        rows = max(1, _BLOCK_BYTES // (8 * max(1, len(indexes))))
        whole = (file.get_batch(i).select(list(indexes)) for i in range(file.num_record_batches))
        parts = (batch.slice(at, rows) for batch in whole for at in range(0, batch.num_rows, rows))
        yield from _after(parts, start)

    count = sum(file.get_batch(i).num_rows for i in range(file.num_record_batches))
    return _columnar(path, file.schema, batches, count)


def arrow_table(name: str, table: Any) -> DataTable:
    """Return a pyarrow Table in memory as a table of ours.

    Args:
        name: what messages call it.
        table: the `pyarrow.Table`; numbers, booleans, decimals, texts, dates, and dictionaries of them.

    Raises:
        DataError: for a table without rows.
    """
    table = table.replace_schema_metadata(None).combine_chunks()

    def batches(indexes: Sequence[int], start: int) -> Iterator[Any]:
        rows = max(1, _BLOCK_BYTES // (8 * max(1, len(indexes))))
        return iter(table.select(list(indexes)).slice(start).to_batches(max_chunksize=rows))

    return replace(_columnar(Path(name), table.schema, batches, table.num_rows), name=name, path=None,
                   hash_values=lambda: _hash_of_values(table))  # fmt: skip


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
    path: Path, schema: Any, batches: Callable[[Sequence[int], int], Iterator[Any]], rows: int
) -> DataTable:
    if not rows:
        raise DataError(
            where=str(path),
            got=f"{len(schema.names)} columns and no rows",
            wanted="rows",
            remedy="Write it anew.",
        )

    def blocks(chosen: Sequence[TableColumn], start: int) -> Iterator[Block]:
        with _reading_columns(path):
            for batch in batches([each.index for each in chosen], start):
                yield block_of(batch, chosen, start + batch.num_rows)
                start += batch.num_rows

    with _reading_columns(path):
        head = next(batches(range(len(schema.names)), 0))
    columns = tuple(column_of(name, head.column(i)) for i, name in enumerate(schema.names))
    return DataTable(path.name, path, columns, blocks, rows, unit_bytes=8 * len(columns))


def _after(batches: Iterator[Any], rows: int) -> Iterator[Any]:
    """Yield batches without so many rows at their beginning."""
    for batch in batches:
        if rows < batch.num_rows:
            yield batch.slice(max(0, rows))
        rows -= batch.num_rows


def block_of(batch: Any, columns: Sequence[TableColumn], position: int) -> Block:
    """Return a batch of Arrow's as a block that ends at a position."""
    values = tuple(_values(batch.column(i), column) for i, column in enumerate(columns))
    return Block(values, batch.num_rows, position)


def _values(values: Any, column: TableColumn) -> npt.NDArray[Any] | Words:
    pa = pyarrow()
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if column.dtype != "words":
        number = values.cast(pa.float64()) if pa.types.is_decimal(values.type) else values
        return np.asarray(number.cast(arrow_type(column), safe=False).to_numpy(zero_copy_only=False))
    encoded = values.cast(pa.string()).dictionary_encode()
    numbers = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return Words(numbers, tuple(encoded.dictionary.to_pylist()))


def arrow_type(column: TableColumn) -> Any:
    """Return the Arrow type that a column is read as."""
    return pyarrow().string() if column.dtype == "words" else getattr(pyarrow(), column.dtype)()


def column_of(name: str, values: Any) -> Column:
    """Return what an Arrow column holds, by its type and its first values."""
    pa = pyarrow()
    examples = (value for value in values.slice(0, 1000).to_pylist() if value is not None)
    found = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    kinds = (kind for kind, tests in _KINDS.items() if any(getattr(pa.types, test)(found) for test in tests))
    return Column(name, next(kinds, str(found)), tuple(str(value)[:40] for value in islice(examples, 3)))


@contextmanager
def _reading_columns(path: Path) -> Iterator[None]:
    """Turn an error of Arrow's into that of a damaged file."""
    try:
        yield
    except (pyarrow().ArrowException, OSError) as problem:
        raise DataError(
            where=str(path),
            got=f"a damaged file ({str(problem).splitlines()[0]})",
            wanted="a whole Parquet or Arrow file",
            remedy="Copy or make it again.",
        ) from problem


def pyarrow() -> Any:
    """Return the package."""
    return module("pyarrow")


def module(name: str) -> Any:
    """Return a module of pyarrow, or raise MissingPackage."""
    try:
        return import_module(name)
    except ImportError as problem:
        raise MissingPackage(
            where="tables",
            got=f"pyarrow cannot be imported ({problem})",
            wanted="pyarrow, which reads CSV, Parquet and Arrow files",
            remedy=f"Install it: {_INSTALL}.",
        ) from problem
