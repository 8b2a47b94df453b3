"""Files and folders: read or written as a whole, held by one process, and where caches are kept."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from chalknet.errors import FileProblem, invalid, writing

UNFINISHED = ".unfinished"

# What a kept run calls its files.
RUN_NETWORK = "network.json"
RUN_PLAN = "plan.json"
RUN_HISTORY = "history.csv"
RUN_PREPARATION = "preparation.json"
RUN_WEIGHTS = "weights.safetensors"
RUN_DATA = "data.safetensors"


def user_path(path: object, where: str = "path") -> Path:
    """Return a path as a user wrote it, `~` expanded; the `~name` of a user who does not exist stays.

    Args:
        path: what the user gave.
        where: what an error calls it.

    Raises:
        InvalidValue: for what is no path.
    """
    if not isinstance(path, str | os.PathLike) or not str(path).strip() or "\0" in str(path):
        raise invalid(where, path, "a path", f"Give {where} as a text or a Path.")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def cache_folder() -> Path:
    """Return the folder for what chalknet can make again, where the user's system keeps such things."""
    folder = user_cache_path("chalknet", appauthor=False, opinion=False)
    if folder.is_absolute():
        return folder
    return Path(tempfile.gettempdir()) / f"chalknet-{os.getpid()}"  # a user without a home


def reading(path: object) -> AbstractContextManager[None]:
    """Turn an OSError raised in the body into a FileProblem that names the path, as `writing` does."""
    return writing(path, "a file that can be read", "Check the path and its permissions.")


def open_file(path: Path) -> BinaryIO:
    """Return a file, open for reading its bytes; a pipe or a device is refused and not waited for.

    Raises:
        OSError: for what cannot be opened.
        FileProblem: for what is no file.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise _no_file(path)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise _no_file(path)


def _no_file(path: Path) -> FileProblem:
    return FileProblem(
        where=str(path),
        got="a folder, a pipe or a device",
        wanted="a file",
        remedy="Write it to a file; the text of a network may also come through standard input, as -.",
    )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there in full or, whatever happens, as it was before.

    The content is on the disk itself when this returns: written beside its place, synced, renamed, and the
    rename synced too.

    Raises:
        FileProblem: when it cannot be written; what was written so far is taken away.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}{UNFINISHED}")
    with writing(path):
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names of a folder to the disk; does nothing where a folder cannot be opened (Windows)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(path: Path, timeout_s: float = -1) -> AbstractContextManager[object]:
    """Return a lock on a file, held until its `with` block or its process ends; wait for who holds it now.

    Args:
        path: the file.
        timeout_s: how long to wait at most; below zero, for ever.

    Raises:
        TimeoutError: when it was held all that time.
    """
    return FileLock(path, thread_local=False).acquire(timeout=timeout_s)


def try_lock(path: Path) -> AbstractContextManager[object] | None:
    """Return a lock on a file as `lock` does; None when another process or thread holds it."""
    with suppress(Timeout):
        return FileLock(path, thread_local=False).acquire(blocking=False)
    return None
