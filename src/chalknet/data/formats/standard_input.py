"""Standard input as a file: copied once into a temporary one, which any number of readers open."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO

from chalknet.data.formats.limits import limit_of, over_limit
from chalknet.errors import FileProblem
from chalknet.files import reading

_NAME = "standard input"
_FILE = "standard-input.txt"  # its ending says that it is text where its content says nothing
_PLACES = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_PART_BYTES = 1 << 20
_reading = threading.Lock()


def is_asked(data: object) -> bool:
    """Return whether a path stands for standard input: `-`, or `/dev/stdin` where that is no file."""
    place = str(data) if isinstance(data, str | Path) else ""
    return place in _PLACES and (place == "-" or not Path(place).is_file())


def copied(limits: Mapping[str, int] | None) -> Path:
    """Return a file with all that comes through standard input, removed when the process ends.

    Raises:
        FileProblem: for one that is closed.
        DataError: for more than a limit.
    """
    with _reading:
        path = _folder() / _FILE
        if not path.exists():
            _copy(path, limits)
    return path


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="chalknet-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _copy(path: Path, limits: Mapping[str, int] | None) -> None:
    most, count = limit_of("input_bytes", limits), 0
    unfinished = path.with_suffix(".part")
    with reading(_NAME), unfinished.open("wb") as file:
        while part := _binary().read(_PART_BYTES):
            count += len(part)
            if count > most:
                raise over_limit(_NAME, "input_bytes", limits, f"more than {most:,} bytes", 4 * most)
            file.write(part)
    unfinished.rename(path)


def _binary() -> IO[bytes]:
    binary = getattr(sys.stdin, "buffer", None)
    if binary is None or binary.closed:
        raise FileProblem(
            where=_NAME,
            got="a closed one",
            wanted="data",
            remedy="Send them there, as in `chalknet data - < houses.csv`, or give a path.",
        )
    return binary  # type: ignore[no-any-return]
