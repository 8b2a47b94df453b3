"""Arrow's columns as numbers and words, and the door to pyarrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.formats.table import Block, Column, TableColumn, Words
from chalknet.errors import DataError, MissingPackage

_INSTALL = 'pip install "chalknet[tables]"'
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
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    word = next((word for test, word in _KINDS if getattr(pa.types, f"is_{test}")(kind)), str(kind))
    return Column(name, word, tuple(str(value)[:40] for value in islice(examples, 3)))


def opened_by_arrow(path: Path, open_: Callable[[], Any]) -> Any:
    """Return what a function opens; an error of Arrow's is that of a damaged file."""
    try:
        return open_()
    except (pyarrow().ArrowException, OSError) as problem:
        raise damaged(path, str(problem).splitlines()[0]) from problem


def damaged(path: Path, got: str) -> DataError:
    """Return the error for a file that Arrow cannot read."""
    return DataError(
        where=str(path),
        got=f"a damaged file ({got})",
        wanted="a whole Parquet or Arrow file",
        remedy="Copy or make it again.",
    )


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
