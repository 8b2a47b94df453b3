"""An entry of the cache: x, y and their facts in a folder; which files are ours, and if they are whole."""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chalknet.data.blocks import Conversion, ConversionState, target_dtype
from chalknet.data.formats import ArrayFile
from chalknet.errors import DataError, FileProblem
from chalknet.files import is_folder, is_regular, no_regular_file, open_regular, read_regular, unfinished_name
from chalknet.schema import from_json, parse_json

FORMAT = 3  # of what is kept; another number makes every file be converted anew
X, Y, FACTS = "x.npy", "y.npy", "facts.json"
RAW_Y, PROGRESS = "y.float64", "progress.json"  # in a folder that is not finished
HEADER_BYTES = 192
_MARK = b"# chalknet table"
_ARRAYS, _NOTED = (X, Y, RAW_Y), (FACTS, PROGRESS)
_BEGINS, _SEAL = b'{"chalknet_table": ', "chalknet_table_sha256"
_LARGEST_FACTS_BYTES = 256 << 20
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)

ConversionOf = Callable[[Collection[str]], Conversion]


@dataclass(frozen=True)
class FileChecksum:
    """A file, or its beginning, by its size and checksum.

    Args:
        bytes: how many.
        sha256: of its parts.
    """

    bytes: int
    sha256: str


@dataclass(frozen=True)
class EntryFacts:
    """What stands in `facts.json` and `progress.json`: their schema.

    Args:
        chalknet_table: the format.
        entry: the digest of what was asked of which content.
        x: the file of the features, or the rows so far.
        y: that of the target.
        state: what is known of the rows.
    """

    chalknet_table: int
    entry: str
    x: FileChecksum
    y: FileChecksum
    state: ConversionState


@dataclass(frozen=True)
class CachedTable:
    """The numbers of a table in files that are whole.

    Args:
        x: the features.
        y: the target.
        state: what is known of the rows.
        notes: sentences about entries that were damaged.
    """

    x: ArrayFile
    y: ArrayFile
    state: ConversionState
    notes: tuple[str, ...] = ()


def npy_header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Return the header of a .npy file, marked as ours by a comment, which its readers pass over."""
    text = f"{{'descr': {dtype.str!r}, 'fortran_order': False, 'shape': {shape!r}, }} ".encode() + _MARK
    begins = np.lib.format.magic(1, 0) + (HEADER_BYTES - 10).to_bytes(2, "little") + text
    if len(begins) >= HEADER_BYTES:
        raise OSError(f"a header of {len(begins)} bytes where {HEADER_BYTES} are free")
    return begins.ljust(HEADER_BYTES - 1) + b"\n"


def facts_bytes(facts: EntryFacts, key: bytes = b"") -> bytes:
    """Return the content of a file of facts, with its checksum.

    Args:
        facts: what stands there.
        key: a secret, without which nobody can make the checksum; empty for none.

    Raises:
        DataError: for words that are too many to be kept.
    """
    values = asdict(facts)
    content = json.dumps(values | {_SEAL: _seal(values, key)}).encode()
    if len(content) > _LARGEST_FACTS_BYTES:
        raise DataError(
            where="the words of all columns together",
            got=f"{len(content):,} bytes",
            wanted=f"at most {_LARGEST_FACTS_BYTES:,}",
            remedy="Leave columns of long words out, drop=[...] (--drop).",
        )
    return content


def read_facts(path: Path, digest: str, key: bytes = b"") -> EntryFacts:
    """Return what stands in a file of facts, each value checked.

    Raises:
        OSError: for what is no file, or cannot be read.
        ValueError: for one that is damaged, or of another entry.
    """
    values = parse_json(read_regular(path, _LARGEST_FACTS_BYTES))
    seal = values.pop(_SEAL, None)
    try:
        whole = isinstance(seal, str) and hmac.compare_digest(seal.encode(), _seal(values, key).encode())
    except RecursionError:
        whole = False
    if not whole:
        raise ValueError("its checksum is another")
    facts = from_json(EntryFacts, values)
    if (facts.chalknet_table, facts.entry) != (FORMAT, digest):
        raise ValueError("it is of another table, or another version of chalknet")
    return facts


def _seal(values: dict[str, Any], key: bytes) -> str:
    content = json.dumps(values, allow_nan=False).encode()
    return hmac.new(key, content, "sha256").hexdigest() if key else hashlib.sha256(content).hexdigest()


def open_entry(folder: Path, digest: str, conversion_of: ConversionOf) -> CachedTable:
    """Return an entry, all of its files verified.

    Args:
        folder: where it is.
        digest: of what was asked of which content.
        conversion_of: returns the conversion, given the names of the columns of words.

    Raises:
        ValueError: saying what is damaged.
        OSError: where that cannot be known: too many open files, no permission, a broken disk.
    """
    name = FACTS
    try:
        if not is_folder(folder):
            raise ValueError("it is no folder of its own")
        facts = read_facts(folder / FACTS, digest)
        state, conversion = facts.state, conversion_of(facts.state.words)
        state.check([column.name for column in (*conversion.x, *conversion.y)])
        name, features = X, (state.rows, len(conversion.x))
        x = _verified(folder / X, conversion.x_dtype, features, facts.x)
        name, targets = Y, y_shape(conversion, state)
        y = _verified(folder / Y, target_dtype(conversion, state), targets, facts.y)
    except FileProblem as problem:
        cause = problem.__cause__
        if isinstance(cause, OSError) and cause.errno not in _GONE:
            raise
        raise ValueError(f"{name}: {problem.got}") from problem
    except OSError as problem:
        if problem.errno not in _GONE:
            raise
        raise ValueError(f"{name} is gone") from problem
    except ValueError as problem:
        raise ValueError(f"{name}: {getattr(problem, 'got', problem)}") from problem
    return CachedTable(x, y, state)


def y_shape(conversion: Conversion, state: ConversionState) -> tuple[int, ...]:
    """Return the shape of the target."""
    return (state.rows,) if len(conversion.y) == 1 else (state.rows, len(conversion.y))


def _verified(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], wanted: FileChecksum) -> ArrayFile:
    """Return the array in a file, which is hashed and read through one descriptor."""
    if not is_regular(path):
        path.lstat()  # which says that it is gone
        raise no_regular_file(path)
    array = ArrayFile(path, dtype, shape, HEADER_BYTES)
    if array.file_bytes != wanted.bytes or wanted.bytes != HEADER_BYTES + len(array) * array.row_bytes:
        raise ValueError(f"{array.file_bytes:,} bytes of {wanted.bytes:,}")
    if array.checksum() != wanted.sha256:
        raise ValueError("its checksum is another")
    return array


def is_ours(path: Path) -> bool:
    """Return whether a file in an entry was written by chalknet: known by its full name and its content.

    An empty one counts, and so does one that is damaged but for its mark.
    """
    name = unfinished_name(path.name) or path.name
    if name not in (*_ARRAYS, *_NOTED) or not is_regular(path):
        return False
    try:
        with open_regular(path) as file:
            head = file.read(HEADER_BYTES)
            file.seek(max(0, os.fstat(file.fileno()).st_size - HEADER_BYTES))
            tail = file.read()
    except OSError:
        return False
    if name in _ARRAYS:
        return not head or _MARK in head
    return head[: len(_BEGINS)] == _BEGINS[: len(head)] or _SEAL.encode() in tail


def is_free(folder: Path) -> bool:
    """Return whether nothing but files of ours is in the place of a folder."""
    try:
        return not os.path.lexists(folder) or (is_folder(folder) and all(map(is_ours, folder.iterdir())))
    except OSError:
        return False


def remove_ours(folder: Path, but: Collection[str] = ()) -> None:
    """Remove what chalknet wrote into a folder, and the folder itself if nothing else is there.

    Args:
        folder: of an entry; a link to one is left as it is.
        but: names of files that stay.
    """
    if is_folder(folder):
        with suppress(OSError):
            for path in folder.iterdir():
                if path.name not in but and is_ours(path):
                    path.unlink()
            folder.rmdir()
