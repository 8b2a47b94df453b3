"""Conversion: a table becomes two arrays in files, once, which are found again by the table's content."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from chalknet.data.columns import LoadOptions, Preparation, columns_like, imputed_values, select_columns
from chalknet.data.formats import Block, ColumnNames, DataTable, RawRows, TableColumn, Words, open_npy
from chalknet.errors import DataError, FileProblem
from chalknet.files import UNFINISHED, cache_folder, lock, sync_folder, write_whole
from chalknet.units import show_bytes

FORMAT = 1  # of what is kept; another number makes every file be converted anew
X, Y, FACTS, PROGRESS = "x.npy", "y.npy", "facts.json", "progress.json"
_HEADER_BYTES = 128
_PART_BYTES = 8 << 20
_SAVE_EVERY_BYTES = 256 << 20
_MOST_WORDS = 10_000
_GAP_REMEDIES = (  # for a number, for a word, for a target
    "Fill the gaps, fill='mean' or 'median' or a number (--fill mean), or leave the column out.",
    "Name the word that fills the gaps, fill={{{name!r}: 'unknown'}}, or leave the column out.",
    "Leave these rows out of the file: a target is not made up.",
)


@dataclass
class ConversionState:
    """What is known of a table's rows so far: how many, which words, where values are missing.

    Args:
        position: where the next block begins.
        rows: how many were converted.
        words: for each column of words those met, in the order in which they were met.
        missing: for each column with gaps: how many, and the first row with one.
        whole: whether every target is a whole number.
    """

    position: int = 0
    rows: int = 0
    words: dict[str, list[str]] = field(default_factory=dict)
    missing: dict[str, list[int]] = field(default_factory=dict)
    whole: bool = True


@dataclass(frozen=True)
class Conversion:
    """What is converted, and into what.

    Args:
        table: the file.
        x: the columns that are features.
        y: the columns that are the target; may be none.
        gaps: names of the features whose values may be missing.
    """

    table: DataTable
    x: tuple[TableColumn, ...]
    y: tuple[TableColumn, ...]
    gaps: frozenset[str]

    @property
    def x_dtype(self) -> np.dtype[Any]:
        """Return the dtype of x."""
        return np.dtype(next((column.dtype for column in self.x if column.dtype != "words"), "float32"))


def convert_table(table: DataTable, options: LoadOptions, like: Preparation | None = None) -> RawRows:
    """Return the rows of a table, converted where that was not done before.

    Args:
        table: the file.
        options: which columns, what becomes of words and gaps, and the folder of all that is converted.
        like: how another table was prepared, for columns of the same names; None for those of the options.

    Raises:
        UnknownName: for a column that is not there.
        DataError: for words, dates, gaps and other values that cannot be fitted, with column and row.
        FileProblem: when the cache cannot be written or is full.
    """
    if like is None:
        x, y = select_columns(table, options)
    else:
        x = columns_like(table, like.x, like.dtype)
        y = columns_like(table, like.y, "float64", target=True)
    words: dict[str, tuple[str, ...]] = {column.name: () for column in (*x, *y) if column.dtype == "words"}
    sides = tuple(column.name for column in x), tuple(column.name for column in y)
    names = ColumnNames(*sides, words, default_target=options.y is None)
    gaps = imputed_values(options, names) if like is None else like.imputed
    if table.path is None:
        return _in_memory(Conversion(table, x, y, frozenset(gaps)), names)
    cache = cache_folder() / "tables" if options.cache is None else Path(options.cache)
    return _converted(Conversion(table, x, y, frozenset(gaps)), names, cache)


def _in_memory(conversion: Conversion, names: ColumnNames) -> RawRows:
    """Return x and y of a container as arrays in memory."""
    table, state = conversion.table, ConversionState()
    sides: tuple[list[npt.NDArray[Any]], ...] = ([], [])
    for block in table.blocks([*conversion.x, *conversion.y], 0):
        for side, values in zip(sides, numbers_of(conversion, block, state), strict=True):
            side.append(values)
        state.rows += block.rows
    x, y = (np.concatenate(side) for side in sides)
    y = y.astype(_target_dtype(conversion, state))
    words = {name: tuple(words) for name, words in state.words.items()}
    names = replace(names, words=words)
    y = y[:, 0] if len(conversion.y) == 1 else y
    return RawRows(x, y, table.name, names=names, checked=True, notes=table.notes)


def _target_dtype(conversion: Conversion, state: ConversionState) -> np.dtype[Any]:
    """Return the dtype of y: a target of whole numbers is int64."""
    return np.dtype(np.int64) if state.whole and len(conversion.y) == 1 else conversion.x_dtype


def _converted(conversion: Conversion, names: ColumnNames, cache: Path) -> RawRows:
    """Return x and y of a table as arrays in files, made where they are missing.

    A conversion that was cut off is continued; one that another process makes is waited for.
    """
    table = conversion.table
    columns = [vars(column) for column in (*conversion.x, *conversion.y)]
    key = [FORMAT, table.content_hash, table.layout, columns, len(conversion.x)]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
    folder = cache / f"{table.name.split('.')[0][:40]}-{digest}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if not _is_whole(folder):
            with lock(folder.with_name(f"{folder.name}.lock")):
                if not _is_whole(folder):
                    _convert(conversion, folder)
        state = ConversionState(**json.loads((folder / FACTS).read_text(encoding="utf-8")))
    except OSError as problem:
        raise _unwritable(cache, problem) from problem
    refuse_gaps(conversion, state)
    x, y = open_npy(folder / X), open_npy(folder / Y)
    if x is None or y is None:
        raise _unwritable(cache, OSError(f"{folder.name} is damaged"))
    words = {name: tuple(words) for name, words in state.words.items()}
    return RawRows(x, y, table.name, names=replace(names, words=words), checked=True, notes=table.notes)


def _is_whole(folder: Path) -> bool:
    return (folder / FACTS).is_file() and (folder / X).is_file() and (folder / Y).is_file()


def _convert(conversion: Conversion, folder: Path) -> None:
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(folder, ignore_errors=True)
    part.mkdir(exist_ok=True)
    try:
        state = _appended(conversion, part)
        _finish(conversion, part, state)
        part.rename(folder)
        sync_folder(folder.parent)
    except (DataError, OSError):
        shutil.rmtree(part, ignore_errors=True)  # a full disk or a bad value: nothing half is left
        raise


def _appended(conversion: Conversion, part: Path) -> ConversionState:
    """Append block after block to the two files, from where an earlier process stopped."""
    path = conversion.table.path
    assert path is not None
    before = _stamp(path)
    state = _resumed(conversion, part)
    saved = state.position
    bar = _progress_bar(conversion.table, state.position)
    with bar, (part / X).open("ab") as x_file, (part / Y).open("ab") as y_file:
        for block in conversion.table.blocks([*conversion.x, *conversion.y], state.position):
            x, y = numbers_of(conversion, block, state)
            x_file.write(x.data)
            y_file.write(y.data)
            state.position, state.rows = block.position, state.rows + block.rows
            bar.update(min(state.position, conversion.table.size) - bar.n)
            _check_unchanged(path, before)
            if (state.position - saved) * conversion.table.unit_bytes >= _SAVE_EVERY_BYTES:
                _save(part, state, (x_file, y_file))
                saved = state.position
    return state


def _resumed(conversion: Conversion, part: Path) -> ConversionState:
    row_bytes = {X: conversion.x_dtype.itemsize * len(conversion.x), Y: 8 * len(conversion.y)}
    with suppress(OSError, ValueError, TypeError):
        state = ConversionState(**json.loads((part / PROGRESS).read_text(encoding="utf-8")))
        sizes = {part / name: _HEADER_BYTES + state.rows * size for name, size in row_bytes.items()}
        if all(path.stat().st_size >= size for path, size in sizes.items()):
            for path, size in sizes.items():
                os.truncate(path, size)
            return state
    for name in (X, Y):
        (part / name).write_bytes(b"\0" * _HEADER_BYTES)
    return ConversionState()


def _save(part: Path, state: ConversionState, files: Sequence[IO[bytes]]) -> None:
    for file in files:
        file.flush()
        os.fsync(file.fileno())
    write_whole(part / PROGRESS, json.dumps(vars(state)).encode())


def _finish(conversion: Conversion, part: Path, state: ConversionState) -> None:
    """Write the headers and the facts; a target of whole numbers becomes int64."""
    y_shape = (state.rows,) if len(conversion.y) == 1 else (state.rows, len(conversion.y))
    _write_header(part / X, conversion.x_dtype, (state.rows, len(conversion.x)))
    y_dtype = _target_dtype(conversion, state)
    _recast(part / Y, y_dtype)
    _write_header(part / Y, y_dtype, y_shape)
    (part / FACTS).write_text(json.dumps(vars(state)), encoding="utf-8")
    for path in (part / PROGRESS, *part.glob(f".*{UNFINISHED}")):
        path.unlink(missing_ok=True)
    for path in part.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def _recast(path: Path, dtype: np.dtype[Any]) -> None:
    """Turn a file's float64 into another dtype, some at a time."""
    aside = path.with_suffix(".new")
    with path.open("rb") as file, aside.open("wb") as new:
        new.write(file.read(_HEADER_BYTES))
        while values := file.read(_PART_BYTES):
            new.write(np.frombuffer(values).astype(dtype).data)
    aside.replace(path)


def _write_header(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """Write the header of a .npy file into the bytes kept free for it."""
    with path.open("r+b") as file:
        facts = {"descr": dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, facts)
        if file.tell() != _HEADER_BYTES:
            raise OSError(f"a header of {file.tell()} bytes where {_HEADER_BYTES} are free")


def _progress_bar(table: DataTable, done: int) -> Any:
    """Return a bar on standard error, shown where that is a terminal."""
    return tqdm(
        total=table.size,
        initial=done,
        desc=f"converting {table.name}, once",
        mininterval=0.2,
        leave=False,
        unit="B" if table.unit_bytes == 1 else " rows",
        unit_scale=True,
        disable=None,
    )


def _check_unchanged(path: Path, before: tuple[int, int, int]) -> None:
    if _stamp(path) != before:
        raise DataError(
            where=str(path),
            got="a file that was written to while it was read",
            wanted="a file that stays as it is",
            remedy="Load it again when it is complete.",
        )


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _unwritable(cache: Path, problem: OSError) -> FileProblem:
    cause = problem.__cause__ if isinstance(problem.__cause__, OSError) else problem
    full = cause.errno in (errno.ENOSPC, errno.EDQUOT)
    free = f", {show_bytes(shutil.disk_usage(cache).free)} free" if full and cache.is_dir() else ""
    return FileProblem(
        where=f"the cache {cache}",
        got=f"{cause.strerror or cause}{free}",
        wanted="room for the numbers of the table" if full else "a folder that can be written",
        remedy="Give another place, cache='/folder' (--cache /folder); what is there may be deleted.",
    )


def numbers_of(
    conversion: Conversion, block: Block, state: ConversionState
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Return a block as x and y (float64); its words and gaps are noted in the state."""
    sides = []
    for columns, values, dtype in (
        (conversion.x, block.columns[: len(conversion.x)], conversion.x_dtype),
        (conversion.y, block.columns[len(conversion.x) :], np.dtype(np.float64)),
    ):
        numbers = np.empty((len(columns), block.rows), dtype)  # transposed below: torch does that by tiles
        for row, column, value in zip(numbers, columns, values, strict=True):
            row[:] = _numbered(column, value, state) if isinstance(value, Words) else value
            if not np.isfinite(row.sum(dtype=np.float64)):
                _note_gaps(column, row, state, conversion)
        sides.append(torch.from_numpy(numbers).t().contiguous().numpy())
    refuse_gaps(conversion, state)
    state.whole = state.whole and bool((sides[1] == np.floor(sides[1])).all())
    return sides[0], sides[1]


def _numbered(column: TableColumn, value: Words, state: ConversionState) -> npt.NDArray[np.float64]:
    """Return for each row the number of its word among all met so far; NaN where it is missing."""
    known = state.words.setdefault(column.name, [])
    numbers = {word: number for number, word in enumerate(known)}
    for word in value.words:
        if word not in numbers:
            numbers[word] = len(known)
            known.append(word)
    if len(known) > _MOST_WORDS:
        raise DataError(
            where=f"column {column.name!r}",
            got=f"more than {_MOST_WORDS:,} different values, such as {known[0]!r} and {known[-1]!r}",
            wanted="categories that come again",
            remedy="Leave the column out: it names single rows.",
        )
    lookup = np.array([*(numbers[word] for word in value.words), np.nan])
    return lookup[value.numbers]


def _note_gaps(
    column: TableColumn, values: npt.NDArray[Any], state: ConversionState, conversion: Conversion
) -> None:
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise DataError(
            where=_place(column.name, conversion, state.rows + int(infinite[0])),
            got=f"{values[infinite[0]]}, or a number too large for {conversion.x_dtype}",
            wanted="finite numbers",
            remedy="Drop the row or correct it; dtype='float64' holds numbers up to 1e308.",
        )
    gaps = np.flatnonzero(np.isnan(values))
    if len(gaps):
        noted = state.missing.setdefault(column.name, [0, state.rows + int(gaps[0])])
        noted[0] += len(gaps)


def refuse_gaps(conversion: Conversion, state: ConversionState) -> None:
    """Raise a DataError for missing values where none may be."""
    targets = {column.name for column in conversion.y}
    for name, (count, row) in state.missing.items():
        if name not in conversion.gaps:
            target = name in targets
            raise DataError(
                where=_place(name, conversion, row),
                got=f"a missing value{f' ({count:,} so far)' if count > 1 else ''}",
                wanted="a target in every row" if target else "a value in every row",
                remedy=_GAP_REMEDIES[2 if target else name in state.words].format(name=name),
            )


def _place(name: str, conversion: Conversion, row: int) -> str:
    return f"column {name!r} of {conversion.table.name}, row {row} (counted from 0)"
