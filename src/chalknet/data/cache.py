"""Tables converted once: two flat .npy files, found again by the content of the file they came from."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import torch

from chalknet.data.idx import unreadable
from chalknet.data.stored import StoredArray, open_npy
from chalknet.data.tables import Block, Table, Wanted, Words
from chalknet.errors import DataError, FileProblem
from chalknet.files import sync_folder, try_lock
from chalknet.units import show_bytes

FORMAT = 1  # of what is kept; another number makes every file be converted anew
X, Y, FACTS, PROGRESS = "x.npy", "y.npy", "facts.json", "progress.json"
_HEADER_BYTES = 128
_PART_BYTES = 8 << 20
_SAVE_EVERY_BYTES = 256 << 20
_MOST_WORDS = 10_000
_LOOK_AGAIN_S = 0.1


@dataclass
class Ledger:
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
class Job:
    """What is converted, and into what.

    Args:
        table: the file.
        x: the columns that are features.
        y: the columns that are the target; may be none.
        gaps: names of the features whose values may be missing.
    """

    table: Table
    x: tuple[Wanted, ...]
    y: tuple[Wanted, ...]
    gaps: frozenset[str]

    @property
    def x_dtype(self) -> np.dtype[Any]:
        """Return the dtype of x."""
        return np.dtype(next((column.dtype for column in self.x if column.dtype != "words"), "float32"))


@dataclass(frozen=True)
class Converted:
    """A table's numbers in files.

    Args:
        x: `(n, columns)`.
        y: `(n,)`, or `(n, columns)` of several.
        ledger: what is known of them.
    """

    x: StoredArray
    y: StoredArray
    ledger: Ledger


def content_hash(path: Path) -> str:
    """Return the SHA-256 of the SHA-256s of a file's parts of 8 MiB, which are computed side by side."""

    def part(start: int) -> bytes:
        with path.open("rb") as file:
            file.seek(start)
            return hashlib.sha256(file.read(_PART_BYTES)).digest()

    try:
        starts = range(0, max(1, path.stat().st_size), _PART_BYTES)
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            return hashlib.sha256(b"".join(pool.map(part, starts))).hexdigest()
    except OSError as problem:
        raise unreadable(path, problem) from problem


def converted(job: Job, content: str, cache: Path) -> Converted:
    """Return x and y of a table as arrays in files, and what is known of them; made where they are missing.

    A conversion that was cut off is gone on with; one that another process makes is waited for.

    Args:
        job: what is converted.
        content: the table's `content_hash`.
        cache: the folder of all that is converted.

    Raises:
        DataError: for values that cannot be fitted, with column and row.
        FileProblem: when the cache cannot be written or is full.
    """
    path = job.table.path
    said = [FORMAT, content, job.table.reading, [vars(column) for column in (*job.x, *job.y)], len(job.x)]
    name = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
    folder = cache / f"{path.name.split('.')[0][:40]}-{name}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if not _is_whole(folder):
            with _locked(folder.with_name(f"{folder.name}.lock")):
                if not _is_whole(folder):
                    _convert(job, folder)
        ledger = Ledger(**json.loads((folder / FACTS).read_text(encoding="utf-8")))
    except DataError:
        raise
    except OSError as problem:
        raise _unwritable(cache, problem) from problem
    refuse_gaps(job, ledger)
    x, y = open_npy(folder / X), open_npy(folder / Y)
    if x is None or y is None:
        raise _unwritable(cache, OSError(f"{folder.name} is damaged"))
    return Converted(x, y, ledger)


def _is_whole(folder: Path) -> bool:
    return (folder / FACTS).is_file() and (folder / X).is_file() and (folder / Y).is_file()


def _convert(job: Job, folder: Path) -> None:
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(folder, ignore_errors=True)
    part.mkdir(exist_ok=True)
    try:
        ledger = _appended(job, part)
        _finish(job, part, ledger)
        part.rename(folder)
        sync_folder(folder.parent)
    except (DataError, OSError):
        shutil.rmtree(part, ignore_errors=True)  # a full disk or a bad value: nothing half is left
        raise


def _appended(job: Job, part: Path) -> Ledger:
    """Append block after block to the two files, from where an earlier process stopped."""
    before = _stamp(job.table.path)
    ledger = _resumed(job, part)
    saved = ledger.position
    with (part / X).open("r+b") as x_file, (part / Y).open("r+b") as y_file:
        for file in (x_file, y_file):
            file.seek(0, os.SEEK_END)
        with progress_bar(job.table, ledger.position) as tell:
            for block in job.table.blocks([*job.x, *job.y], ledger.position):
                x, y = numbers_of(job, block, ledger)
                x_file.write(x.data)
                y_file.write(y.data)
                ledger.position, ledger.rows = block.position, ledger.rows + block.rows
                tell(ledger.position)
                _check_unchanged(job.table.path, before)
                if (ledger.position - saved) * job.table.unit_bytes >= _SAVE_EVERY_BYTES:
                    _save(part, ledger, (x_file, y_file))
                    saved = ledger.position
        for file in (x_file, y_file):
            file.flush()
    return ledger


def _resumed(job: Job, part: Path) -> Ledger:
    x_bytes, y_bytes = job.x_dtype.itemsize * len(job.x), 8 * len(job.y)
    with suppress(OSError, ValueError, TypeError):
        ledger = Ledger(**json.loads((part / PROGRESS).read_text(encoding="utf-8")))
        sizes = [_HEADER_BYTES + ledger.rows * row_bytes for row_bytes in (x_bytes, y_bytes)]
        if all((part / name).stat().st_size >= size for name, size in zip((X, Y), sizes, strict=True)):
            for name, size in zip((X, Y), sizes, strict=True):
                os.truncate(part / name, size)
            return ledger
    for name in (X, Y):
        (part / name).write_bytes(b"\0" * _HEADER_BYTES)
    return Ledger()


def _save(part: Path, ledger: Ledger, files: Sequence[IO[bytes]]) -> None:
    for file in files:
        file.flush()
        os.fsync(file.fileno())
    aside = part / f"{PROGRESS}.new"
    aside.write_text(json.dumps(vars(ledger)), encoding="utf-8")
    aside.replace(part / PROGRESS)


def _finish(job: Job, part: Path, ledger: Ledger) -> None:
    """Write the headers and the facts; a target of whole numbers becomes int64."""
    y_shape = (ledger.rows,) if len(job.y) == 1 else (ledger.rows, len(job.y))
    _write_header(part / X, job.x_dtype, (ledger.rows, len(job.x)))
    y_dtype = np.dtype(np.int64) if ledger.whole and len(job.y) == 1 else job.x_dtype
    _recast(part / Y, y_dtype)
    _write_header(part / Y, y_dtype, y_shape)
    (part / FACTS).write_text(json.dumps(vars(ledger)), encoding="utf-8")
    (part / PROGRESS).unlink(missing_ok=True)
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
    said = f"{{'descr': {dtype.str!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
    header = b"\x93NUMPY\x01\x00" + (_HEADER_BYTES - 10).to_bytes(2, "little")
    with path.open("r+b") as file:
        file.write(header + said.ljust(_HEADER_BYTES - 11).encode() + b"\n")


def numbers_of(job: Job, block: Block, ledger: Ledger) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Return a block as x and y (float64); add to the ledger what it tells, refuse what cannot be fitted."""
    sides = []
    for wanted, values, dtype in (
        (job.x, block.columns[: len(job.x)], job.x_dtype),
        (job.y, block.columns[len(job.x) :], np.dtype(np.float64)),
    ):
        columns = np.empty((len(wanted), block.rows), dtype)  # turned below: torch does that by tiles
        for row, column, value in zip(columns, wanted, values, strict=True):
            row[:] = _numbered(column, value, ledger) if isinstance(value, Words) else value
            if not np.isfinite(row.sum(dtype=np.float64)):
                _note(column, row, ledger, job)
        sides.append(torch.from_numpy(columns).t().contiguous().numpy())
    refuse_gaps(job, ledger)
    ledger.whole = ledger.whole and bool((sides[1] == np.floor(sides[1])).all())
    return sides[0], sides[1]


def _numbered(column: Wanted, value: Words, ledger: Ledger) -> npt.NDArray[np.float64]:
    """Return for each row the number of its word among all met so far; NaN where it is missing."""
    known = ledger.words.setdefault(column.name, [])
    places = {word: number for number, word in enumerate(known)}
    for word in value.words:
        if word not in places:
            places[word] = len(known)
            known.append(word)
    if len(known) > _MOST_WORDS:
        raise DataError(
            where=f"column {column.name!r}",
            got=f"more than {_MOST_WORDS:,} different values, such as {known[0]!r} and {known[-1]!r}",
            wanted="categories that come again",
            remedy="Leave the column out: it names single rows.",
        )
    lookup = np.array([*(places[word] for word in value.words), np.nan])
    return lookup[value.numbers]


def _note(column: Wanted, values: npt.NDArray[Any], ledger: Ledger, job: Job) -> None:
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise DataError(
            where=f"column {column.name!r} of {job.table.path.name}, row {ledger.rows + int(infinite[0])} "
            "(counted from 0)",
            got=f"{values[infinite[0]]}, or a number too large for {job.x_dtype}",
            wanted="finite numbers",
            remedy="Drop the row or mend it; dtype='float64' holds numbers up to 1e308.",
        )
    gaps = np.flatnonzero(np.isnan(values))
    if len(gaps):
        noted = ledger.missing.setdefault(column.name, [0, ledger.rows + int(gaps[0])])
        noted[0] += len(gaps)


_GAP_REMEDIES = (  # for a number, for a word, for a target
    "Fill the gaps, fill='mean' or 'median' or a number (--fill mean), or leave the column out.",
    "Name the word that fills the gaps, fill={{{name!r}: 'unknown'}}, or leave the column out.",
    "Leave these rows out of the file: a target is not made up.",
)


def refuse_gaps(job: Job, ledger: Ledger) -> None:
    """Raise a DataError for missing values where none may be."""
    targets = {column.name for column in job.y}
    for name, (count, row) in ledger.missing.items():
        if name not in job.gaps:
            target = name in targets
            raise DataError(
                where=f"column {name!r} of {job.table.path.name}, row {row} (counted from 0)",
                got=f"a missing value{f' ({count:,} so far)' if count > 1 else ''}",
                wanted="a target in every row" if target else "a value in every row",
                remedy=_GAP_REMEDIES[2 if target else name in ledger.words].format(name=name),
            )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Run the body while no other process does, after waiting for one that is at it."""
    while (lock := try_lock(path)) is None:
        time.sleep(_LOOK_AGAIN_S)
    with lock:
        yield


@contextmanager
def progress_bar(table: Table, done: int) -> Iterator[Any]:
    """Show a bar on standard error when somebody looks at it; yield what is told the position."""
    if not sys.stderr.isatty():
        yield lambda position: None
        return
    from tqdm import tqdm

    with tqdm(
        total=table.size,
        initial=done,
        desc=f"converting {table.path.name}, once",
        mininterval=0.2,
        leave=False,
        unit="B" if table.unit_bytes == 1 else " rows",
        unit_scale=True,
    ) as bar:
        yield lambda position: bar.update(min(position, table.size) - bar.n)


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
    full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
    free = f", {show_bytes(shutil.disk_usage(cache).free)} free" if full and cache.is_dir() else ""
    return FileProblem(
        where=f"the cache {cache}",
        got=f"{problem.strerror or problem}{free}",
        wanted="room for the numbers of the table" if full else "a folder that can be written",
        remedy="Give another place, cache='/folder' (--cache /folder); what is there may be deleted.",
    )
