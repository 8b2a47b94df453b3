"""Parquet and Arrow files as tables, read by row groups and record batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from chalknet.data.formats.arrow import block_of, column_of, damaged, module, opened_by_arrow, pyarrow
from chalknet.data.formats.table import Block, FileOptions, Table, TableColumn
from chalknet.errors import DataError
from chalknet.files import reading

_BLOCK_BYTES = 8 << 20
_STREAM_MARK = b"\xff\xff\xff\xff"


def is_parquet(head: bytes) -> bool:
    """Return whether the first bytes of a file are those of a Parquet file."""
    return head.startswith(b"PAR1")


def is_arrow(head: bytes) -> bool:
    """Return whether the first bytes of a file are those of an Arrow file or stream."""
    return head.startswith((b"ARROW1", _STREAM_MARK))


def open_parquet(path: Path, options: FileOptions) -> Table:
    """Return a Parquet file as a table."""
    parquet = module("pyarrow.parquet")
    # Without pre-buffering a row group is read as it is decoded, and memory stays flat.
    file = opened_by_arrow(path, lambda: parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 16))
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


def open_arrow(path: Path, options: FileOptions) -> Table:
    """Return an Arrow IPC file (Feather) as a table."""
    pa = pyarrow()
    with reading(path), path.open("rb") as content:
        is_stream = content.read(len(_STREAM_MARK)) == _STREAM_MARK
    if is_stream:
        raise DataError(
            where=str(path),
            got="an Arrow stream, which is read from its beginning only",
            wanted="an Arrow file, of which any part can be read",
            remedy="Write it with pyarrow.ipc.new_file, or as Parquet.",
        )
    # Mapped: a batch that is not compressed is then read as its blocks are, not all at once.
    file = opened_by_arrow(path, lambda: pa.ipc.open_file(pa.memory_map(str(path))))

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

    def blocks(chosen: Sequence[TableColumn], start: int) -> Iterator[Block]:
        try:
            for batch in batches([each.index for each in chosen], start):
                yield block_of(batch, chosen, start + batch.num_rows)
                start += batch.num_rows
        except (pyarrow().ArrowException, OSError) as problem:
            raise damaged(path, str(problem).splitlines()[0]) from problem

    head = opened_by_arrow(path, lambda: next(batches(range(len(schema.names)), 0)))
    columns = tuple(column_of(name, head.column(i)) for i, name in enumerate(schema.names))
    return Table(path, columns, blocks, rows, unit_bytes=8 * len(columns))


def _after(batches: Iterator[Any], rows: int) -> Iterator[Any]:
    """Yield batches without so many rows at their beginning."""
    for batch in batches:
        if rows < batch.num_rows:
            yield batch.slice(max(0, rows))
        rows -= batch.num_rows
