"""Packed files: what gzip, bzip2 or xz packed is unpacked as it is read."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from chalknet.errors import ChalknetError, DataError
from chalknet.files import open_file, reading

_UNPACK: Mapping[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_DAMAGED = (OSError, zlib.error, lzma.LZMAError, EOFError)  # OSError is bz2's, and gzip's
_HEAD_BYTES = 64


@contextmanager
def unpacked(file: IO[bytes], where: str) -> Iterator[IO[bytes]]:
    """Yield an open file, unpacked where its first bytes say that it is packed.

    Args:
        file: at its beginning.
        where: what an error calls it.

    Raises:
        DataError: when what is read of it is damaged.
    """
    head = file.read(6)
    file.seek(0)
    unpack = next((unpack for magic, unpack in _UNPACK.items() if head.startswith(magic)), None)
    if unpack is None:
        yield file
        return
    try:
        with unpack(file) as content:
            yield cast(IO[bytes], content)
    except _DAMAGED as problem:
        if isinstance(problem, OSError) and (problem.errno or isinstance(problem, ChalknetError)):
            raise  # of whoever reads, or of the system
        raise DataError(
            where=where,
            got=f"damaged {unpack.__module__.removeprefix('_')} data ({problem})",
            wanted="a whole file",
            remedy="Copy or download it again.",
        ) from problem


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file's bytes, unpacked where they are packed.

    Raises:
        FileProblem: when it cannot be opened or read.
        DataError: when it is packed and damaged.
    """
    with reading(path), open_file(path) as file, unpacked(file, str(path)) as content:
        yield content


def head_of(path: Path) -> bytes:
    """Return a file's first bytes, unpacked; none where unpacking fails."""
    with suppress(DataError), opened(path) as content:
        return content.read(_HEAD_BYTES)
    return b""
