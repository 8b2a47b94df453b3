"""Write a file whole or not at all, and hold a folder for one process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from chalknet.errors import writing

UNFINISHED = ".unfinished"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there in full or, whatever happens, as it was before.

    The content is on the disk itself when this returns: written beside its place, synced, renamed, and the
    rename synced too.

    Raises:
        FileProblem: when it cannot be written; what was written so far is taken away.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
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


def try_lock(path: Path) -> IO[bytes] | None:
    """Return the file, locked for this process until it is closed; None when another process holds it.

    The lock ends with its process, however that ends.
    """
    file = path.open("ab")
    try:
        _lock(file)
    except OSError:
        file.close()
        return None
    return file


def _lock(file: IO[bytes]) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def expanded(path: str | Path) -> Path:
    """Return the path; a leading `~` stands for the user's own folder."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # ~name of a user that does not exist: a name like any other
        return Path(path)
