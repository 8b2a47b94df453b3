"""Conversion: a table becomes two arrays in files, once, which are found again by the table's content."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from chalknet.data.blocks import (
    Conversion,
    ConversionState,
    digit_notes,
    gap_notes,
    note_readings,
    numbers_of,
    refuse_gaps,
)
from chalknet.data.columns import (
    ChosenColumns,
    LoadOptions,
    Preparation,
    choose_columns,
    imputed_values,
    standardised,
    words_of,
)
from chalknet.data.formats import (
    ArrayFile,
    ColumnNames,
    DataTable,
    RawRows,
    open_npy,
)
from chalknet.errors import DataError, FileProblem
from chalknet.files import UNFINISHED, cache_folder, lock, sync_folder, write_whole
from chalknet.units import show_bytes

FORMAT = 2  # of what is kept; another number makes every file be converted anew
X, Y, FACTS, PROGRESS = "x.npy", "y.npy", "facts.json", "progress.json"
_HEADER_BYTES = 128
_PART_BYTES = 8 << 20
_SAVE_EVERY_BYTES = 256 << 20


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
    chosen = choose_columns(table, options, like)
    x: ArrayFile | npt.NDArray[Any]
    y: ArrayFile | npt.NDArray[Any]
    if table.path is None:
        conversion = _conversion(table, chosen, words_of(table, chosen, options, like), options, like)
        x, y, state = _in_memory(conversion)
    else:
        cache = cache_folder() / "tables" if options.cache is None else Path(options.cache)
        x, y, state = _from_cache(table, chosen, options, like, cache)
        conversion = _conversion(table, chosen, state.words, options, like)
        refuse_gaps(conversion, state)
    words = {name: tuple(words) for name, words in state.words.items()}
    names = replace(_names(conversion, options), words=words)
    imputed = imputed_values(options, names) if like is None else {c.name: c.fill or "" for c in like.x}
    notes = [
        *table.notes,
        *_unnamed_notes(table, chosen),
        *state.notes,
        *gap_notes(state, imputed),
        *_digit_notes(state, names, options, like),
    ]
    return RawRows(x, y, table.name, names=names, checked=True, notes=tuple(notes))


def _unnamed_notes(table: DataTable, chosen: ChosenColumns) -> list[str]:
    """Return a sentence for each feature without a name, but of texts, whose layout tells it."""
    return [
        f"column {i} has no name and is a feature; drop=[{i}] (--drop {i}) leaves out row numbers"
        for i in chosen.x
        if not table.layout and _UNNAMED.fullmatch(table.columns[i].name)
    ]


_UNNAMED = re.compile(r"\s*|Unnamed: \d+")


def _digit_notes(
    state: ConversionState, names: ColumnNames, options: LoadOptions, like: Preparation | None
) -> list[str]:
    remedies = {"": "standardise=True or dtype='float64'"}
    remedies |= dict.fromkeys(names.y, "standardise='both' or dtype='float64'")
    if (options.dtype if like is None else like.dtype) == "float64":
        safe = {*names.x, *names.y}
    elif like is None:
        safe = standardised(options, names) | set(names.y if options.standardise == "both" else ())
    else:
        safe = {column.name for column in (*like.x, *like.y) if (column.mean, column.std) != (0, 1)}
    return digit_notes(state, safe, remedies)


def _conversion(
    table: DataTable,
    chosen: ChosenColumns,
    words: Collection[str],
    options: LoadOptions,
    like: Preparation | None,
) -> Conversion:
    """Return the conversion of columns, those of these names as words."""
    plain = Conversion(table, *chosen.columns(table, words), frozenset())
    names = _names(plain, options)
    gaps = (
        (names.x if options.unknown != "refuse" else imputed_values(options, names))
        if like is None
        else like.imputed
    )
    return replace(plain, gaps=frozenset(gaps))


def _names(conversion: Conversion, options: LoadOptions) -> ColumnNames:
    columns = (*conversion.x, *conversion.y)
    words: dict[str, tuple[str, ...]] = {each.name: () for each in columns if each.dtype == "words"}
    x, y = (tuple(each.name for each in side) for side in (conversion.x, conversion.y))
    return ColumnNames(x, y, words, default_target=options.y is None)


def _in_memory(conversion: Conversion) -> tuple[npt.NDArray[Any], npt.NDArray[Any], ConversionState]:
    """Return x and y of a container as arrays in memory."""
    state = ConversionState()
    sides: tuple[list[npt.NDArray[Any]], ...] = ([], [])
    for block in conversion.table.blocks([*conversion.x, *conversion.y], 0):
        for side, values in zip(sides, numbers_of(conversion, block, state), strict=True):
            side.append(values)
        state.rows += block.rows
    x, y = (np.concatenate(side) for side in sides)
    y = y.astype(_target_dtype(conversion, state))
    note_readings(conversion, state)
    return x, y[:, 0] if len(conversion.y) == 1 else y, state


def _target_dtype(conversion: Conversion, state: ConversionState) -> np.dtype[Any]:
    """Return the dtype of y: a target of whole numbers is int64."""
    return np.dtype(np.int64) if state.whole and len(conversion.y) == 1 else conversion.x_dtype


def _from_cache(
    table: DataTable, chosen: ChosenColumns, options: LoadOptions, like: Preparation | None, cache: Path
) -> tuple[ArrayFile, ArrayFile, ConversionState]:
    """Return x and y of a table as arrays in files, made where they are missing.

    A conversion that was cut off is continued; one that another process makes is waited for.
    """
    columns = [vars(column) for side in chosen.columns(table, ()) for column in side]
    key = [FORMAT, table.content_hash, table.layout, columns, len(chosen.x), chosen.asked]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
    folder = cache / f"{table.name.split('.')[0][:40]}-{digest}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if not _is_whole(folder):
            with lock(folder.with_name(f"{folder.name}.lock")):
                if not _is_whole(folder):
                    words = words_of(table, chosen, options, like)
                    _convert(_conversion(table, chosen, words, options, like), folder)
        state = ConversionState(**json.loads((folder / FACTS).read_text(encoding="utf-8")))
    except OSError as problem:
        raise _unwritable(cache, problem) from problem
    x, y = open_npy(folder / X), open_npy(folder / Y)
    if x is None or y is None:
        raise _unwritable(cache, OSError(f"{folder.name} is damaged"))
    return x, y, state


def _is_whole(folder: Path) -> bool:
    return (folder / FACTS).is_file() and (folder / X).is_file() and (folder / Y).is_file()


def _convert(conversion: Conversion, folder: Path) -> None:
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(folder, ignore_errors=True)
    part.mkdir(exist_ok=True)
    try:
        state = _appended(conversion, part)
        note_readings(conversion, state)
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
