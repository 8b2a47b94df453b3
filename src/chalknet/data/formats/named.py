"""Containers whose columns have names: DataFrames, Arrow tables, dicts of columns, structured arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chalknet.data.formats.arrow import arrow_table
from chalknet.data.formats.numpy_files import pair_names
from chalknet.data.formats.pyarrow_module import module, pyarrow
from chalknet.data.formats.table import DataTable, FileOptions
from chalknet.errors import DataError
from chalknet.lazy import torch, torch_is_loaded

_NOTHING_SAID = FileOptions()


@dataclass(frozen=True)
class TablePair:
    """x as a container with named columns, and y beside it.

    Args:
        table: the columns of x, and after them those of y.
        targets: the numbers of the columns of y.
    """

    table: DataTable
    targets: tuple[int, ...]


def is_named(data: object) -> bool:
    """Return whether a value is a table of named columns in memory; a dict that holds x and y is none."""
    if isinstance(data, Mapping):
        return bool(data) and not _holds_pair(data)
    return _is_frame(data) or _is_structured(data)


def table_of(data: object, name: str = "data", options: FileOptions = _NOTHING_SAID) -> DataTable:
    """Return a container with named columns as a table.

    Args:
        data: the container.
        name: what messages call it.
        options: what is said of numbers and gaps in its texts.

    Raises:
        DataError: for values that Arrow has no type for, columns of unlike lengths, two of one name.
        MissingPackage: without pyarrow.
    """
    return arrow_table(name, _arrow(data, name), options)


def table_pair(
    x: object, y: object, name: str = "data", options: FileOptions = _NOTHING_SAID
) -> TablePair | None:
    """Return the columns of x with those of y beside them; None where the columns of x have no names.

    Args:
        x: a container with named columns, or a series that has a name.
        y: such a container too, a series, an array or a list: one value a row.
        name: what messages call them.
        options: what is said of numbers and gaps in their texts.

    Raises:
        DataError: as `table_of`; for y of another length, or with its rows in another order by their index.
    """
    x = {str(x.name): x} if _is_series(x) and getattr(x, "name", None) else x  # type: ignore[attr-defined]
    if not is_named(x):
        return None
    notes = _check_index(x, y, f"y of {name}")
    features, targets = _arrow(x, f"x of {name}"), _arrow(_columns_of_target(y), f"y of {name}")
    if features.num_rows != targets.num_rows:
        raise DataError(
            where=name,
            got=f"{features.num_rows} rows of x and {targets.num_rows} rows of y",
            wanted="one y for each x",
            remedy="Check how they were cut: both come from the same rows of one table.",
        )
    for target in targets.column_names:
        free = target
        while free in features.column_names:
            free = f"{free}_"
        features = features.append_column(free, targets.column(target))
    count = targets.num_columns
    table = arrow_table(name, features, options)
    last = range(len(table.columns) - count, len(table.columns))
    return TablePair(_with_notes(table, notes), tuple(last))


def _is_series(data: object) -> bool:
    """Return whether a value is one column of a DataFrame: a Series of pandas or polars, an Arrow array."""
    return _package(data) in ("pandas", "polars", "pyarrow") and not _is_frame(data)


def _is_frame(data: object) -> bool:
    tabular = any(hasattr(data, name) for name in ("__arrow_c_stream__", "__dataframe__", "iloc"))
    if not tabular or isinstance(data, type):  # asked first: a lazy frame would compute its columns
        return False
    return hasattr(data, "columns") or hasattr(data, "column_names")


def _is_structured(data: object) -> bool:
    return isinstance(data, np.ndarray) and data.dtype.names is not None


def _holds_pair(data: Mapping[Any, Any]) -> bool:
    """Return whether a dict holds x and y, and nothing else that would be a column too."""
    pair = pair_names(data)
    if pair is None:
        return False
    others = set(data) - set(pair)
    return not (others and all(len(np.shape(data[name])) == 1 for name in data))


def _package(data: object) -> str:
    return type(data).__module__.partition(".")[0]


def _arrow(data: Any, name: str) -> Any:
    """Return anything with named columns as a `pyarrow.Table`; an index is no column."""
    pa = pyarrow()
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if not isinstance(data, pa.Table):
        data = _read_table(data, name)
    names = data.column_names
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None or not names or not data.num_rows:
        shape = f"{len(names)} columns and {data.num_rows} rows"
        raise DataError(
            where=name,
            got=shape if twice is None else f"two columns called {twice!r}",
            wanted="rows of columns with names of their own",
            remedy="Rename one of them." if twice is not None else "Look at how they were selected.",
        )
    return pa.Table.from_arrays([_without_views(column) for column in data.columns], names=names)


def _without_views(column: Any) -> Any:
    """Return a column with texts as Arrow computes with them: polars gives views, which it cannot decode."""
    pa = pyarrow()
    if pa.types.is_string_view(column.type):
        return column.cast(pa.large_string())
    if pa.types.is_dictionary(column.type) and pa.types.is_string_view(column.type.value_type):
        parts = (
            pa.DictionaryArray.from_arrays(
                chunk.indices.cast(pa.int64()), chunk.dictionary.cast(pa.large_string())
            )
            for chunk in column.chunks
        )
        return pa.chunked_array(list(parts))
    return column


def _read_table(data: Any, name: str) -> Any:
    """Return what is no Arrow table yet as one."""
    pa = pyarrow()
    if hasattr(data, "iloc"):  # pandas, and whoever is like it
        labels = [str(label) for label in data.columns]
        return _table(labels, [data.iloc[:, i] for i in range(len(labels))], name)
    if isinstance(data, Mapping):
        return _table([str(key) for key in data], list(data.values()), name)
    if isinstance(data, np.ndarray):
        names = data.dtype.names or ()
        return _table(list(names), [data[field] for field in names], name)
    with _converting(name):
        if hasattr(data, "__arrow_c_stream__"):
            return pa.table(data)
        return module("pyarrow.interchange").from_dataframe(data)


def _table(names: Sequence[str], columns: Sequence[Any], name: str) -> Any:
    arrays = [
        _column(column, f"column {label!r} of {name}") for label, column in zip(names, columns, strict=True)
    ]
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1:
        shortest, longest = (
            next(label for label, array in zip(names, arrays, strict=True) if len(array) == length)
            for length in (min(lengths), max(lengths))
        )
        raise DataError(
            where=name,
            got=f"{max(lengths)} rows of {longest!r} and {min(lengths)} rows of {shortest!r}",
            wanted="columns of one length",
            remedy="Give a value for each row, None where one is missing.",
        )
    return pyarrow().Table.from_arrays(arrays, names=list(names))


def _column(values: Any, where: str) -> Any:
    """Return the values of one column as an Arrow array; NaN, None and NaT are gaps."""
    pa = pyarrow()
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if torch_is_loaded() and isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    if isinstance(values, str | bytes | Mapping) or np.isscalar(values):
        raise _no_column(where, f"a single {type(values).__name__}", "Give a list of values, one a row.")
    if isinstance(values, np.ndarray):
        values = _flat(values, where)
    with _converting(where):
        if _package(values) == "polars":
            return pa.chunked_array(values)
        if str(getattr(values, "dtype", "")).startswith("Sparse"):
            values = np.asarray(values)
        array = pa.array(values, from_pandas=True)
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if isinstance(array.type, pa.BaseExtensionType) and hasattr(values, "astype"):
            array = pa.array(values.astype("string"), from_pandas=True)  # periods, intervals: as words
        return array


def _flat(values: np.ndarray, where: str) -> Any:
    """Return an array `(n,)` or `(n, 1)` as `(n,)` in an order and byte order that Arrow takes."""
    if values.ndim != 1 and (values.ndim != 2 or values.shape[1] != 1):
        raise _no_column(
            where,
            f"an array of shape {values.shape}",
            "Give each of its columns a name of its own; two arrays under the names x and y are a pair.",
        )
    mask = np.ma.getmaskarray(values).reshape(-1) if np.ma.isMaskedArray(values) else None
    flat = np.ascontiguousarray(np.ma.getdata(values).reshape(-1))
    kind, itemsize = flat.dtype.kind, flat.dtype.itemsize
    if kind == "S":
        with _converting(where):
            flat = np.char.decode(flat, "utf-8")
    flat = flat.astype(np.float64 if kind == "f" and itemsize > 8 else flat.dtype.newbyteorder("="))
    return flat if mask is None else pyarrow().array(flat, mask=mask, from_pandas=True)


@contextmanager
def _converting(where: str) -> Iterator[None]:
    """Turn what Arrow says against values into an error of ours."""
    pa = pyarrow()
    try:
        yield
    except (pa.ArrowException, TypeError, ValueError, OverflowError, RuntimeError) as problem:
        said = (str(problem) or type(problem).__name__).splitlines()[0]
        remedy = "Make one kind of them, df[name] = df[name].astype(str) or .astype(float), or leave it out."
        raise _no_column(where, f"values that are no column ({said[:120]})", remedy) from problem


def _no_column(where: str, got: str, remedy: str) -> DataError:
    return DataError(where=where, got=got, wanted="one value a row, all of one kind", remedy=remedy)


def _columns_of_target(y: Any) -> Any:
    """Return y as something with named columns."""
    if is_named(y):
        return y
    if torch_is_loaded() and isinstance(y, torch.Tensor):
        y = y.detach().cpu().numpy()
    if not _is_series(y):
        with _converting("y"):
            y = np.ma.asanyarray(y) if np.ma.isMaskedArray(y) else _array_of(y)
        if y.ndim == 2 and y.shape[1] > 1:
            return {f"y{i}": y[:, i] for i in range(y.shape[1])}
    name = getattr(y, "name", None)
    return {"y" if name in (None, "") else str(name): y}


def _array_of(y: Any) -> np.ndarray:
    """Return a list or an array as an array, words beside gaps as objects rather than as 'None'."""
    array = np.asarray(y)
    gaps = array.dtype.kind in "US" and isinstance(y, list | tuple) and any(value is None for value in y)
    return np.array(y, dtype=object) if gaps else array


def _check_index(x: Any, y: Any, where: str) -> tuple[str, ...]:
    """Return a note where the rows of two of pandas' containers have other labels.

    Raises:
        DataError: where they have the same labels in another order.
    """
    if not (hasattr(x, "iloc") and hasattr(y, "iloc")) or len(x) != len(y) or x.index.equals(y.index):
        return ()
    if x.index.is_unique and y.index.is_unique and y.index.isin(x.index).all():
        raise DataError(
            where=where,
            got="the rows of x in another order, by their index",
            wanted="one order of rows",
            remedy="Say y.loc[x.index] to bring them together, or y.to_numpy() if they do belong together.",
        )
    return ("x and y have different indexes: their rows were taken in the order in which they stand",)


def _with_notes(table: DataTable, notes: tuple[str, ...]) -> DataTable:
    return replace(table, notes=(*table.notes, *notes)) if notes else table
