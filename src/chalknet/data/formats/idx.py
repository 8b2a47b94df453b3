"""IDX files, the format of MNIST: read whether packed or not, written gzipped.

Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database: two zero bytes, a byte for the type, a byte for
the number of axes, each axis as a 32-bit number, then the values; all big-endian.
"""

from __future__ import annotations

import gzip
import struct
from importlib.resources.abc import Traversable
from math import prod
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from chalknet.data.formats.array_file import ArrayFile
from chalknet.data.formats.packed import unpacked
from chalknet.errors import DataError, InvalidValue
from chalknet.files import reading, write_whole

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CODES = {np.dtype(dtype): code for code, dtype in _DTYPES.items()}
_CHUNK_BYTES = 1 << 20


def read_idx(path: str | Traversable) -> npt.NDArray[Any]:
    """Return the array of an IDX file, in the machine's byte order.

    Args:
        path: the file; whether it is packed is found in its first bytes, not in its name.

    Raises:
        FileProblem: when it cannot be opened.
        DataError: when it is no IDX file, cut off, too long or damaged.
    """
    place = Path(path) if isinstance(path, str) else path
    with reading(path), place.open("rb") as file:
        return decode_idx(cast(BinaryIO, file), str(path))


def decode_idx(file: BinaryIO, where: str) -> npt.NDArray[Any]:
    """Return the array in an open file; memory grows with what is there, not with what a header claims.

    Args:
        file: open for reading, at its beginning.
        where: what an error calls it.
    """
    with unpacked(file, where) as content:
        return _decode(content, where)


def is_idx(head: bytes) -> bool:
    """Return whether the first bytes of a file, unpacked, are those of an IDX file."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in _DTYPES


def open_idx(path: Path) -> ArrayFile | None:
    """Return an IDX file's array left in its file, a row an entry; None where it is packed or damaged."""
    with reading(path), path.open("rb") as file:
        head = file.read(4)
        sizes = file.read(4 * head[3]) if is_idx(head) else b""
    if not sizes or len(sizes) < 4 * head[3]:
        return None
    shape = struct.unpack(f">{head[3]}I", sizes)
    rows = (shape[0], prod(shape[1:])) if len(shape) > 1 else shape
    return ArrayFile(path, np.dtype(_DTYPES[head[2]]), rows, 4 + len(sizes))


def idx_bytes(array: npt.NDArray[Any]) -> bytes:
    """Return the one unpacked IDX file that holds this array."""
    code = _CODES.get(array.dtype.newbyteorder(">"))
    if code is None or array.ndim > 255 or any(size >= 1 << 32 for size in array.shape):
        raise InvalidValue(
            where="IDX file",
            got=f"an array of {array.dtype} and shape {array.shape}",
            wanted=f"one of {', '.join(dtype.newbyteorder('=').name for dtype in _CODES)}",
            remedy="Convert it first: array.astype('float32').",
        )
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return head + array.astype(_DTYPES[code]).tobytes()


def write_idx(path: str | Path, array: npt.NDArray[Any]) -> None:
    """Write an array as a gzipped IDX file; the same array gives the same bytes under the same zlib."""
    write_whole(Path(path), gzip.compress(idx_bytes(array), mtime=0))


def _decode(stream: IO[bytes], where: str) -> npt.NDArray[Any]:
    head = _read_up_to(stream, 4)
    if not is_idx(head):
        wanted = "00 00, a type byte (08, 09, 0b, 0c, 0d or 0e) and the number of axes, as in an IDX file"
        raise _damaged(where, f"the first bytes {head.hex(' ') or '(none)'}", wanted)
    dtype, axes = np.dtype(_DTYPES[head[2]]), head[3]
    sizes = _read_up_to(stream, 4 * axes)
    if len(sizes) < 4 * axes:
        wanted = f"{4 + 4 * axes} bytes for a header of {axes} axes"
        raise _damaged(where, f"{4 + len(sizes)} bytes", wanted)
    shape = struct.unpack(f">{axes}I", sizes)
    length = prod(shape) * dtype.itemsize
    data = _read_up_to(stream, length + 1)  # one more: it must be the end, where gzip keeps its checksum
    if len(data) != length:
        found = str(len(data)) if len(data) < length else f"more than {length}"
        raise _damaged(where, f"{found} bytes", f"{length} bytes for values of shape {shape}")
    try:
        return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    except ValueError as problem:  # more axes than numpy has, or none of anything times too much
        raise _damaged(where, f"{axes} axes {shape}", "an array that fits numpy") from problem


def _read_up_to(stream: IO[bytes], length: int) -> bytes:
    parts: list[bytes] = []
    while length > 0 and (part := stream.read(min(length, _CHUNK_BYTES))):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _damaged(where: str, got: str, wanted: str) -> DataError:
    remedy = "The file is damaged or no IDX file: copy or download it again."
    return DataError(where=where, got=got, wanted=wanted, remedy=remedy)
