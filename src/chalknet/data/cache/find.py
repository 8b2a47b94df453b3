"""Where the entry of a table is: opened where it is whole, made where it is missing or damaged."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chalknet.data.cache.entry import FORMAT, CachedTable, ConversionOf, is_free, open_entry, remove_ours
from chalknet.data.cache.unfinished import PART, check_unchanged, make_entry
from chalknet.data.formats import DataTable
from chalknet.errors import FileProblem
from chalknet.files import is_lock, lock, try_lock
from chalknet.units import show_bytes

_NAMES = 9  # of an entry: where something else is in the place of the first, the next one is taken
_ATTEMPTS = 2


@dataclass(frozen=True)
class TableRequest:
    """What is asked of a table.

    Args:
        table: the file.
        asked: all that decides its numbers but for its content, as JSON holds it.
        conversion: returns the conversion, given the names of the columns of words.
        words: returns the names of the columns of words, for which the table may have to be read.
    """

    table: DataTable
    asked: list[Any]
    conversion: ConversionOf
    words: Callable[[], set[str]]

    @property
    def digest(self) -> str:
        """Return the name of what is asked of this content."""
        key = [FORMAT, self.table.content_hash, *self.asked]
        return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]


def open_or_convert(request: TableRequest, cache: Path) -> CachedTable:
    """Return the numbers of a table, verified; made where they are missing, or made again where damaged.

    A conversion that was cut off is continued; one that another process makes is waited for.

    Raises:
        DataError: for values that cannot be fitted, a table that was written to meanwhile.
        FileProblem: when the table cannot be read, or the cache cannot be written or is full.
    """
    digest = request.digest
    check_unchanged(request.table)
    name = f"{request.table.name.split('.')[0][:40]}-{digest}"
    folders = [cache / f"{name}{f'-{number}' if number else ''}" for number in range(_NAMES)]
    damaged: dict[Path, str] = {}
    with _naming(cache):
        cache.mkdir(parents=True, exist_ok=True)
        found = _whole(folders, request, digest, damaged)
        if found is not None:
            for folder in folders:
                _remove_stale_lock(folder)
            return found
        for folder in folders:
            with suppress(_Taken), _held(folder):
                found = _whole(folders, request, digest, damaged)
                if found is not None:  # another process has made it meanwhile
                    return found
                return _made(request, folder, digest, damaged)
    raise FileProblem(
        where=f"the cache {cache}",
        got=f"{name} and the {_NAMES - 1} names after it, taken by what chalknet did not write",
        wanted="a name that is free",
        remedy="Move these away, or give another place, cache='/folder' (--cache /folder).",
    )


class _Taken(Exception):
    """What chalknet did not write is in the place of an entry, or beside it."""


def _made(request: TableRequest, folder: Path, digest: str, damaged: dict[Path, str]) -> CachedTable:
    """Return an entry that is made, in the place of one that was damaged."""
    for each in (folder, *damaged):
        remove_ours(each)
    part = folder.with_name(f"{folder.name}{PART}")
    if os.path.lexists(folder):
        remove_ours(part)  # which can never be put there
    if os.path.lexists(folder) or not is_free(part):
        raise _Taken
    notes = tuple(_NOTE.format(each, reason) for each, reason in damaged.items())
    for _ in range(_ATTEMPTS):
        make_entry(request.conversion(request.words()), folder, digest)
        if (found := _whole([folder], request, digest, damaged)) is not None:
            return replace(found, notes=notes)
        remove_ours(folder)
    raise FileProblem(
        where=f"the cache {folder.parent}",
        got=f"numbers that were damaged as soon as they were written ({damaged[folder]})",
        wanted="a folder that nothing else writes to, on a disk that keeps what is written",
        remedy=_ANOTHER_PLACE,
    )


_NOTE = "the converted numbers in {} were damaged ({}) and were made again"
_ANOTHER_PLACE = "Give another place, cache='/folder' (--cache /folder); what is there may be deleted."


def _whole(
    folders: Sequence[Path], request: TableRequest, digest: str, damaged: dict[Path, str]
) -> CachedTable | None:
    """Return the first entry that is whole; what is wrong with those before it is noted."""
    for folder in folders:
        if os.path.lexists(folder):
            try:
                return open_entry(folder, digest, request.conversion)
            except ValueError as problem:
                damaged.setdefault(folder, str(problem))
    return None


def _lock_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the lock of an entry, whose file is gone afterwards.

    Raises:
        _Taken: where something else is in its place.
    """
    path = _lock_file(folder)
    try:
        held = lock(path)
    except FileProblem as problem:
        raise _Taken from problem
    with held:
        try:
            yield
        finally:
            with suppress(OSError):  # Windows: another process has it open
                path.unlink()


def _remove_stale_lock(folder: Path) -> None:
    """Remove the lock of a process that was killed between its last two steps."""
    path = _lock_file(folder)
    with suppress(OSError):
        if is_lock(path) and (held := try_lock(path)) is not None:
            with held:
                path.unlink()


@contextmanager
def _naming(cache: Path) -> Iterator[None]:
    """Turn what the system says against the cache into an error that names it; the table's errors stay."""
    try:
        yield
    except FileProblem as problem:
        cause = problem.__cause__
        if not isinstance(cause, OSError) or str(cache) not in problem.where:
            raise
        raise _unusable(cache, cause) from cause
    except OSError as problem:
        raise _unusable(cache, problem) from problem


def _unusable(cache: Path, problem: OSError) -> FileProblem:
    full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
    free = f", {show_bytes(shutil.disk_usage(cache).free)} free" if full and cache.is_dir() else ""
    limited = "Raise the limit on the size of files (ulimit -f). " * (problem.errno == errno.EFBIG)
    return FileProblem(
        where=f"the cache {cache}",
        got=f"{problem.strerror or problem}{free}",
        wanted="room for the numbers of the table" if full or limited else "a folder that can be written",
        remedy=f"{limited}{_ANOTHER_PLACE}",
    )
