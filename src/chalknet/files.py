"""Files and folders: read or written as a whole, held by one process, and where caches are kept."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import tempfile
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from chalknet.errors import FileProblem, invalid, writing

UNFINISHED = ".unfinished"
# What `write_whole` calls a file until it is whole; earlier versions wrote the process's number alone.
_UNFINISHED_FILE = re.compile(rf"\.(.+)\.\d+(-[0-9a-f]{{8}})?{re.escape(UNFINISHED)}")
_NO_FILE = "no file of its own, but {}"
_KINDS = {
    stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip
_FLAGS = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"))
_BLOCK_BYTES = 1 << 20

# What a kept run calls its files.
RUN_NETWORK = "network.json"
RUN_PLAN = "plan.json"
RUN_HISTORY = "history.csv"
RUN_PREPARATION = "preparation.json"
RUN_WEIGHTS = "weights.safetensors"
RUN_DATA = "data.safetensors"

# What a search calls the file that has a line for each fit that has ended.
SEARCH_MEMBERS = "members.jsonl"


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
    from platformdirs import user_cache_path  # reading and drawing go without it

    folder = user_cache_path("chalknet", appauthor=False, opinion=False)
    if folder.is_absolute():
        return folder
    return Path(tempfile.gettempdir()) / f"chalknet-{os.getpid()}"  # a user without a home


def reading(path: object) -> AbstractContextManager[None]:
    """Turn an OSError raised in the body into a FileProblem that names the path, as `writing` does."""
    return writing(path, "a file that can be read", "Check the path and its permissions.")


@dataclass(frozen=True)
class FileStamp:
    """What tells a file that was written to from one that was not, without reading it.

    Args:
        size: its bytes.
        mtime_ns: when its content was changed, which programs can set back.
        ctime_ns: when anything about it was changed, which they cannot.
        inode: its number on its device.
        device: where it is.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int


def stamp_of(path: Path) -> FileStamp:
    """Return the stamp of a file.

    Raises:
        FileProblem: when it is gone.
    """
    with reading(path):
        found = path.stat()
    return FileStamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)


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
        remedy="Write it to a file, or send it through standard input, as -.",
    )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there in full or, whatever happens, as it was before.

    The content is on the disk itself when this returns: written beside its place, synced, renamed, and the
    rename synced too. A link, a pipe or a folder in its place is never followed, replaced or written to.

    Raises:
        FileProblem: when it cannot be written; what was written so far is taken away.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{UNFINISHED}")
    with writing(path):
        if os.path.lexists(path) and not is_regular(path):
            raise no_regular_file(path)
        file = create_file(beside)
        try:
            with file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                beside.chmod(stat.S_IMODE(path.stat().st_mode))
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_output(path: Path, content: bytes) -> None:
    """Write a file that the user named: whole, and through a link; a pipe or a device is written to.

    Raises:
        FileProblem: when it cannot be written; a file that was there before is then as it was.
    """
    with writing(path):
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            write_whole(Path(os.path.realpath(path)), content)


def unfinished_name(name: str) -> str | None:
    """Return the name of the file that a file of this name was to become; None for any other file."""
    found = _UNFINISHED_FILE.fullmatch(name)
    return found and found[1]


def is_regular(path: Path) -> bool:
    """Return whether a regular file is there: no link to one, no pipe, no folder."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Return whether a folder is there, and no link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def open_regular(path: Path, *, writable: bool = False) -> IO[bytes]:
    """Open a file for reading, and nothing but a file: what a pipe or a device would send is never awaited.

    Args:
        path: where it is.
        writable: whether it is written to as well.

    Raises:
        FileProblem: for a link, a pipe, a device, a socket or a folder.
        OSError: for a file that cannot be opened.
    """
    if os.path.lexists(path) and not is_regular(path):
        raise no_regular_file(path)
    descriptor = os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | _FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # put there between the two looks
        os.close(descriptor)
        raise no_regular_file(path)
    return os.fdopen(descriptor, "r+b" if writable else "rb")


def create_file(path: Path, mode: int = 0o666) -> IO[bytes]:
    """Return a new file, open for writing and reading: what is there already is never opened.

    Raises:
        OSError: where something is there, or nothing can be.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, mode)
    return os.fdopen(descriptor, "w+b")


def read_regular(path: Path, most: int | None = None) -> bytes:
    """Return the content of a file as `open_regular` opens it.

    Args:
        path: where it is.
        most: the largest size in bytes; None for any.

    Raises:
        FileProblem: for what is no file, or a larger one.
        OSError: for a file that cannot be read.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if most is not None and size > most:
            raise FileProblem(
                where=str(path),
                got=f"{size:,} bytes",
                wanted=f"at most {most:,}",
                remedy="It is not what chalknet wrote: restore it from a copy.",
            )
        return file.read()


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's content as `open_regular` opens it."""
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def no_regular_file(path: Path) -> FileProblem:
    """Return the error for a link, pipe, device, socket or folder in the place of a file."""
    try:
        kind = _KINDS.get(stat.S_IFMT(path.lstat().st_mode), "something else")
    except OSError:
        kind = "something else"
    return FileProblem(
        where=str(path),
        got=_NO_FILE.format(kind),
        wanted="a regular file",
        remedy="Move it away; chalknet neither follows nor replaces it.",
    )


def user_key() -> bytes | None:
    """Return the secret of this user on this machine, made when it is first asked for; None without a place.

    What is signed with it was made by this user here. Nobody else can read it.
    """
    from platformdirs import user_data_path

    folder = user_data_path("chalknet", appauthor=False)
    path = folder / "key"
    with suppress(OSError):
        if folder.is_absolute() and not os.path.lexists(path):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside = folder / f".key.{os.getpid()}-{secrets.token_hex(4)}{UNFINISHED}"
            try:
                with create_file(beside, 0o600) as file:
                    file.write(secrets.token_bytes(_KEY_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                with suppress(FileExistsError):  # another process was first, and its key is the one
                    os.link(beside, path)
            finally:
                beside.unlink(missing_ok=True)
        key = read_regular(path, _KEY_BYTES)
        return key if len(key) == _KEY_BYTES else None
    return None


_KEY_BYTES = 32


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
        FileProblem: where something else than a lock of ours is in its place.
    """
    from filelock import FileLock  # reading and drawing go without it

    _check_lock(path)
    return FileLock(path, thread_local=False).acquire(timeout=timeout_s)


def try_lock(path: Path) -> AbstractContextManager[object] | None:
    """Return a lock on a file as `lock` does; None when another process or thread holds it."""
    from filelock import FileLock, Timeout

    _check_lock(path)
    with suppress(Timeout):
        return FileLock(path, thread_local=False).acquire(blocking=False)
    return None


def is_lock(path: Path) -> bool:
    """Return whether a file is a lock as chalknet writes it: empty, and a file of its own."""
    try:
        return _is_lock(path.lstat())
    except OSError:
        return False


def _is_lock(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_size == 0 and found.st_nlink == 1


def _check_lock(path: Path) -> None:
    """Refuse a lock that is a link, has other names or content: opening it for writing would empty a file."""
    with suppress(FileNotFoundError):  # one look: who holds it may remove it meanwhile
        found = path.lstat()
        if _is_lock(found) or not found.st_nlink:
            return
        if not stat.S_ISREG(found.st_mode):
            raise no_regular_file(path)
        raise FileProblem(
            where=str(path),
            got="a file with content, or with a second name",
            wanted="an empty file, which is what a lock is",
            remedy="Move it away; chalknet does not write to it.",
        )
