"""A table: rows and columns, read block by block as numbers and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.checksum import combined, part_digests
from chalknet.data.formats.number_text import ColumnReading
from chalknet.files import FileStamp, reading

NUMBER_KINDS = ("number", "boolean", "empty")  # of columns that are read as numbers


@dataclass(frozen=True)
class FileOptions:
    """How a file is read, where its content leaves that open.

    Args:
        delimiter: of a text, what stands between two fields; None to find out.
        header: of a text, whether the first row holds names; None to find out.
        in_memory: whether an array is read at once; None where memory holds it.
        encoding: of a text, a name that Python knows, such as "cp949"; None to find out.
        comment: of a text, what the lines begin with that are left out, such as "#".
        skip_rows: of a text, what is left out: so many lines at its top, and rows of a kind (SKIPPED_ROWS).
        decimal: of numbers in texts, "." or ","; None to find out for each column.
        missing: further words that stand for a missing value.
        limits: how much is read at most, by the names of LIMITS; None for ours.
    """

    delimiter: str | None = None
    header: bool | None = None
    in_memory: bool | None = None
    encoding: str | None = None
    comment: str | None = None
    skip_rows: int | str | Sequence[int | str] = ()
    decimal: str | None = None
    missing: str | Sequence[str] = ()
    limits: Mapping[str, int] | None = None


# Kinds of rows that are recognised below the header, and left out where `skip_rows` names them.
SKIPPED_ROWS = ("units", "headers", "totals")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        name: what the file calls it; its number where the file has no names.
        kind: number, boolean, text, date, empty (no value seen), or the name of a type that is none of these.
        examples: its first values as they are written.
        reading: what all its texts were judged to be; None where its type says what it holds.
    """

    name: str
    kind: str
    examples: tuple[str, ...] = ()
    reading: ColumnReading | None = None


@dataclass(frozen=True)
class TableColumn:
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
    """Some rows of the columns asked for.

    Args:
        columns: an array `(rows,)` with NaN where a number is missing, or Words, for each column.
        rows: how many.
        position: where the next block begins, to go on from there later.
        resumable: whether who begins there, knowing nothing of the blocks before, reads the same.
    """

    columns: tuple[npt.NDArray[Any] | Words, ...]
    rows: int
    position: int
    resumable: bool = True


@dataclass(frozen=True)
class DataTable:
    """Rows and columns of a file, or of a container in memory whose columns have names.

    Args:
        name: what messages call it.
        path: the file; None for a container in memory.
        columns: what it holds, according to its schema or its first rows.
        blocks: yields the rows of some columns, from a position of an earlier block on.
        size: the position after the last block, for a bar; bytes of text or rows.
        layout: how the file is read, where its content leaves that open.
        unit_bytes: about how many bytes a position stands for: 1 for bytes of text, a row's for rows.
        notes: what was assumed in reading it, a sentence each.
        judge: reads columns, given by their numbers, and returns those of texts with their readings.
        hash_values: returns the hash of the file's bytes or of a container's values, as it was when it was
            first asked for, of this table and of those made of it; None to hash the file's bytes now.
        stamp: of the file, from before anything of it was read; None for a container in memory.
    """

    name: str
    path: Path | None
    columns: tuple[Column, ...]
    blocks: Callable[[Sequence[TableColumn], int], Iterator[Block]]
    size: int
    layout: str = ""
    unit_bytes: int = 1
    notes: tuple[str, ...] = ()
    judge: Callable[[Sequence[int]], Mapping[int, Column]] | None = None
    hash_values: Callable[[], str] | None = None
    stamp: FileStamp | None = None

    def judged(self, indexes: Iterable[int]) -> DataTable:
        """Return the table with columns judged by all their values."""
        if self.judge is None:
            return self
        found = self.judge(sorted(set(indexes)))
        return replace(self, columns=tuple(found.get(i, column) for i, column in enumerate(self.columns)))

    def label(self, index: int) -> str:
        """Return a column's name, with its number where another column has that name too."""
        name = self.columns[index].name
        return name if self._names[name] == 1 else f"{name} (column {index})"

    @cached_property
    def _names(self) -> Counter[str]:
        return Counter(column.name for column in self.columns)

    @cached_property
    def content_hash(self) -> str:
        """Return the hash of the file's bytes, or of the container's values, read once."""
        if self.hash_values is not None:
            return self.hash_values()
        assert self.path is not None
        return content_hash(self.path)


def content_hash(path: Path) -> str:
    """Return the SHA-256 of the SHA-256s of a file's parts of 8 MiB, which are computed side by side."""
    with reading(path), path.open("rb") as file:
        size = path.stat().st_size
        return combined(part_digests(file.fileno(), 0, max(1, size)))
