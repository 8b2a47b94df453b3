"""IDX files, the format of MNIST: images with the file of their labels beside them, and folders of both.

Read whether packed or not, written gzipped.

Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database: two zero bytes, a byte for the type, a byte for
the number of axes, each axis as a 32-bit number, then the values; all big-endian.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources.abc import Traversable
from itertools import product
from math import prod
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from chalknet.data.formats.array_file import ArrayFile
from chalknet.data.formats.limits import over_limit, unpacked_limit
from chalknet.data.formats.packed import unpacked
from chalknet.data.formats.raw_rows import RawRows, rows_of_arrays
from chalknet.data.formats.table import FileOptions
from chalknet.errors import DataError, InvalidValue, writing
from chalknet.files import open_file, reading
from chalknet.lazy import torch
from chalknet.system import fits_in_memory

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
_SUBFOLDERS = ("", "raw", "MNIST/raw")  # the latter two are torchvision's
_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CODES = {np.dtype(dtype): code for code, dtype in _DTYPES.items()}
_CHUNK_BYTES = 1 << 20


def open_images(path: Path, options: FileOptions) -> RawRows:
    """Return the rows of an IDX file of images and the labels beside it.

    Args:
        path: the file of images.
        options: whether they are read at once.

    Raises:
        DataError: for a file of labels alone, or images without labels beside them.
    """
    labels = labels_beside(path)
    if isinstance(labels, Path) and (rows := _left_in_file(path, labels, options.in_memory)):
        return rows
    images = read_idx(path, options.limits)
    if labels is None or images.ndim < 2:
        raise DataError(
            where=str(path),
            got=f"no labels file {_labels_name(path)} beside it"
            if images.ndim > 1
            else "one number a row, as labels are",
            wanted="a file of images with its file of labels beside it",
            remedy="Give the pair of paths (images, labels).",
        )
    return rows_of_images(images, read_idx(labels, options.limits), path.name)


def open_folder(folder: Traversable, name: str) -> RawRows:
    """Return the images and labels of a folder with the MNIST files, the t10k ones as held out if there.

    Args:
        folder: holds the files under their usual names, packed or not.
        name: what messages call it.
    """
    held_out = None
    if find_idx(folder, TEST_IMAGES):
        images, labels = read_member(folder, TEST_IMAGES), read_member(folder, TEST_LABELS)
        held_out = rows_of_images(images, labels, f"{name} held out")
    images, labels = read_member(folder, TRAIN_IMAGES), read_member(folder, TRAIN_LABELS)
    return rows_of_images(images, labels, name, held_out)


def rows_of_images(
    images: npt.NDArray[Any], labels: npt.NDArray[Any], name: str, held_out: RawRows | None = None
) -> RawRows:
    """Return images and labels as rows; where the images are bytes, they are divided by 255."""
    scale = "divided" if images.dtype == np.uint8 else ""
    return replace(rows_of_arrays(pixels(images), labels, name, held_out), scale=scale)


def read_member(folder: Traversable, name: str) -> npt.NDArray[Any]:
    """Return the array of one IDX file of a folder, whichever of its usual spellings is there."""
    file = find_idx(folder, name)
    if file is None:
        raise DataError(
            where=str(folder),
            got=f"a folder without {name}",
            wanted=f"the files {', '.join((TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS))}, "
            "gzipped or not",
            remedy="Put the missing file there, or give a single file or the pair (x, y).",
        )
    return read_idx(file)


def find_idx(folder: Traversable, name: str) -> Traversable | None:
    """Return the IDX file of this name in a folder, written with - or . and gzipped or not."""
    spellings = dict.fromkeys((name, re.sub(r"[-.]idx", "-idx", name), re.sub(r"[-.]idx", ".idx", name)))
    files = (
        folder.joinpath(*subfolder.split("/"), spelling + ending)
        for subfolder, spelling, ending in product(_SUBFOLDERS, spellings, ("", ".gz"))
    )
    return next((file for file in files if file.is_file()), None)


def pixels(images: npt.NDArray[Any]) -> torch.Tensor:
    """Return each image as one row `(n, pixels)`; bytes become float32 in [0, 1], others stay as they are."""
    rows = torch.from_numpy(images)
    rows = rows.flatten(1) if rows.dim() > 1 else rows
    return rows.float().div_(255) if rows.dtype == torch.uint8 else rows


def idx_side(path: Path, side: str, options: FileOptions) -> torch.Tensor | npt.NDArray[Any]:
    """Return an IDX file as x alone, rows of pixels, or as y alone."""
    found = read_idx(path, options.limits)
    return pixels(found) if side == "x" else found


def scale_of_images(path: Path) -> str:
    """Return "divided" for a file of bytes, which `idx_side` divides by 255, else an empty text."""
    with reading(path), open_file(path) as file, unpacked(file, str(path)) as content:
        dtype, _ = _header(content, str(path))
    return "divided" if dtype == np.uint8 else ""


def labels_beside(path: Path) -> Traversable | None:
    """Return the file of labels that stands beside a file of images, if one does."""
    beside = _labels_name(path)
    return find_idx(path.parent, beside) if beside != path.name.removesuffix(".gz") else None


def _left_in_file(path: Path, labels: Path, in_memory: bool | None) -> RawRows | None:
    x, y = open_idx(path), open_idx(labels)
    if x is None or y is None or len(x) != len(y) or not len(x):
        return None
    if in_memory or (in_memory is None and fits_in_memory(4 * prod(x.shape))):
        return None
    return RawRows(x, y, path.name, scale="divided" if x.dtype == np.uint8 else "")


def _labels_name(path: Path) -> str:
    return path.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")


def read_idx(path: str | Traversable, limits: Mapping[str, int] | None = None) -> npt.NDArray[Any]:
    """Return the array of an IDX file, in the machine's byte order.

    Args:
        path: the file; whether it is packed is found in its first bytes, not in its name.
        limits: how much is read, as in `load`.

    Raises:
        FileProblem: when it cannot be opened.
        DataError: when it is no IDX file, cut off, too long or damaged.
    """
    place = Path(path) if isinstance(path, str) else path
    with reading(path), open_file(place) if isinstance(place, Path) else place.open("rb") as file:
        return decode_idx(cast(BinaryIO, file), str(path), limits)


def decode_idx(file: BinaryIO, where: str, limits: Mapping[str, int] | None = None) -> npt.NDArray[Any]:
    """Return the array in an open file; memory grows with what is there, not with what a header claims.

    Args:
        file: open for reading, at its beginning.
        where: what an error calls it.
        limits: how much is read, as in `load`.
    """
    most = unpacked_limit(file.seek(0, io.SEEK_END), limits)
    file.seek(0)
    with unpacked(file, where) as content:
        dtype, shape = _header(content, where)
        length = prod(shape) * dtype.itemsize
        # one more: it must be the end, where gzip keeps its checksum
        data = _read_up_to(content, min(length, most) + 1)
        if content is not file and len(data) > most:
            raise over_limit(where, "unpacked_bytes", limits, f"more than {most:,} bytes, packed", length)
        if len(data) != length:
            found = str(len(data)) if len(data) < length else f"more than {length}"
            raise _damaged(where, f"{found} bytes", f"{length} bytes for values of shape {shape}")
        try:
            return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
        except ValueError as problem:  # more axes than numpy has, or none of anything times too much
            raise _damaged(where, f"{len(shape)} axes {shape}", "an array that fits numpy") from problem


def is_idx(head: bytes | bytearray) -> bool:
    """Return whether the first bytes of a file, unpacked, are those of an IDX file."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in _DTYPES


def open_idx(path: Path) -> ArrayFile | None:
    """Return an IDX file's array left in its file, a row an entry; None where it is packed or damaged."""
    try:
        with reading(path), open_file(path) as file:
            dtype, shape = _header(file, str(path))
    except DataError:
        return None
    rows = (shape[0], prod(shape[1:])) if len(shape) > 1 else shape
    return ArrayFile(path, dtype, rows, 4 + 4 * len(shape)) if shape else None


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
    packed = gzip.compress(idx_bytes(array), mtime=0)
    with writing(path, "a place that can be written", "Choose another path, or change its permissions."):
        Path(path).write_bytes(packed)


def _header(stream: IO[bytes], where: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return the dtype and the shape of the values that follow."""
    head = _read_up_to(stream, 4)
    if not is_idx(head):
        wanted = "00 00, a type byte (08, 09, 0b, 0c, 0d or 0e) and the number of axes, as in an IDX file"
        raise _damaged(where, f"the first bytes {head.hex(' ') or '(none)'}", wanted)
    axes = head[3]
    sizes = _read_up_to(stream, 4 * axes)
    if len(sizes) < 4 * axes:
        wanted = f"{4 + 4 * axes} bytes for a header of {axes} axes"
        raise _damaged(where, f"{4 + len(sizes)} bytes", wanted)
    return np.dtype(_DTYPES[head[2]]), struct.unpack(f">{axes}I", sizes)


def _read_up_to(stream: IO[bytes], length: int) -> bytearray:
    content = bytearray()
    while length > len(content) and (part := stream.read(min(length - len(content), _CHUNK_BYTES))):
        content += part
    return content


def _damaged(where: str, got: str, wanted: str) -> DataError:
    remedy = "The file is damaged or no IDX file: copy or download it again."
    return DataError(where=where, got=got, wanted=wanted, remedy=remedy)
