"""Damage by chance in one file of a folder; another folder like it is at hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path, Path, random.Random], None]  # of a file, a folder like its own, what draws


def flip(path: Path, other: Path, chance: random.Random) -> None:
    """Flip a bit, or eight."""
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 1, 1, 8))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def truncate(path: Path, other: Path, chance: random.Random) -> None:
    """Cut the file off."""
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])


def zeros(path: Path, other: Path, chance: random.Random) -> None:
    """Set 64 bytes to zero, as a disk does that has lost a block."""
    content, at = bytearray(path.read_bytes()), chance.randrange(path.stat().st_size)
    content[at : at + 64] = bytes(len(content[at : at + 64]))
    path.write_bytes(content)


def appending(*endings: bytes) -> Damage:
    """Return what writes one of some endings behind a file."""

    def append(path: Path, other: Path, chance: random.Random) -> None:
        path.write_bytes(path.read_bytes() + chance.choice(endings))

    return append


def swapping(files_of: Callable[[Path], list[Path]]) -> Damage:
    """Return what exchanges the contents of two files of a folder.

    Args:
        files_of: returns the files of a folder.
    """

    def swap(path: Path, other: Path, chance: random.Random) -> None:
        second = chance.choice(files_of(path.parent))
        first = path.read_bytes()
        path.write_bytes(second.read_bytes())
        second.write_bytes(first)

    return swap
