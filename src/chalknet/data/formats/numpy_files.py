"""numpy's .npy and .npz, and arrays under names: which of them are x and y."""

from __future__ import annotations

import math
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from chalknet.data.formats.array_file import ArrayFile
from chalknet.data.formats.limits import over_limit, unpacked_limit
from chalknet.data.formats.raw_rows import RawRows, as_numbers, rows_of_arrays
from chalknet.data.formats.table import FileOptions
from chalknet.errors import ChalknetError, DataError
from chalknet.files import open_file, reading

# Usual names of x and y in .npz files and dicts; the first pair that is there is taken.
_NAMES = (
    ("x", "y"),
    ("X", "y"),
    ("X", "Y"),
    ("data", "target"),
    ("data", "labels"),
    ("features", "targets"),
    ("features", "labels"),
    ("images", "labels"),
    ("inputs", "targets"),
    ("inputs", "labels"),
    ("arr_0", "arr_1"),
)
_TRAINING = ("{}", "{}_train", "train_{}")
_HELD_OUT = ("{}_test", "test_{}", "{}_held_out", "{}_val", "val_{}", "{}_valid", "valid_{}")
_PYTHON_2 = re.compile(rb"\d+L[,)]")
_HEADER_LOOKED_AT = 1 << 16
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0}


def is_npz(head: bytes) -> bool:
    """Return whether the first bytes of a file are those of a zip archive that begins with a .npy file."""
    length = int.from_bytes(head[26:28], "little")
    return head.startswith(b"PK\x03\x04") and head[30 : 30 + length].endswith(b".npy")


def open_numpy(path: Path, options: FileOptions) -> RawRows:
    """Return the rows of a .npz with x and y, or of a table in a .npy, whose columns are yet to be chosen.

    Raises:
        FileProblem: when it cannot be opened.
        DataError: when it is damaged, holds pickled objects, or neither a table nor x and y.
    """
    left_in_file = open_npy(path)
    if left_in_file is not None and _is_table(left_in_file.shape):
        return RawRows(left_in_file, None, path.name)
    with _loaded(path, options) as content:
        if not isinstance(content, np.ndarray):
            return rows_of_mapping(content, path.name)
        if not _is_table(content.shape):
            raise DataError(
                where=str(path),
                got=f"{content.dtype} of shape {content.shape}",
                wanted="a table of rows and at least two columns, the last of which is y",
                remedy=f"Give two files, ({path.name!r}, 'y.npy'), or save a .npz with x and y.",
            )
        return RawRows(as_numbers(content, f"x of {path.name}"), None, path.name)


def numpy_side(path: Path, side: Literal["x", "y"], options: FileOptions) -> Any:
    """Return the array in a file that is x alone or y alone: its only one, or that side of its two."""
    with _loaded(path, options) as content:
        if isinstance(content, np.ndarray):
            return content
        if len(content) == 1:
            return next(iter(content.values()))
        names = pair_names(content)
        if names is None:
            return rows_of_mapping(content, path.name)  # which says what is missing
        return content[names["xy".index(side)]]


def open_npy(path: Path) -> ArrayFile | None:
    """Return a .npy file's array left in its file; None where its rows do not stand one after another.

    Raises:
        FileProblem: when it cannot be opened.
        DataError: when it is cut off.
    """
    with reading(path), open_file(path) as file:
        try:
            header = _header(file)
        except Exception:  # whatever a damaged header makes Python's parser say; np.load reports it
            return None
    shape, fortran, dtype, offset = header
    columnwise = fortran and sum(size > 1 for size in shape) > 1
    if (
        columnwise
        or not shape
        or not shape[0]
        or min(shape) < 0
        or dtype.kind not in "biuf"
        or dtype.itemsize > 8
    ):
        return None
    return ArrayFile(path, dtype, shape, offset)


class _Header(NamedTuple):
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    offset: int


def _header(file: IO[bytes]) -> _Header:
    """Return what stands at the beginning of a .npy file."""
    version = np.lib.format.read_magic(file)
    read = _HEADERS.get(version, np.lib.format.read_array_header_2_0)  # 3.0 differs in names alone
    with _quiet(file):
        return _Header(*read(file), file.tell())


@contextmanager
def _quiet(file: IO[bytes]) -> Iterator[None]:
    """Keep numpy's warning of a header that Python 2 wrote to ourselves; the place in the file stays."""
    at = file.tell()
    written_by_2 = _PYTHON_2.search(file.read(_HEADER_LOOKED_AT)) is not None
    file.seek(at)
    if not written_by_2:  # filters belong to the whole process: they are touched for no other file
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def rows_of_mapping(arrays: Mapping[str, Any], name: str) -> RawRows:
    """Return the x and y among named arrays, and those that are held out (`x_test`, `y_test`) if any.

    Args:
        arrays: a dict or an open .npz.
        name: what messages call it.
    """
    training, beside = _pair_in(arrays, _TRAINING), _pair_in(arrays, _HELD_OUT)
    if training is None:
        raise DataError(
            where=name,
            got=f"the names {', '.join(map(str, arrays)) or '(none)'}",
            wanted="x and y; or x_train and y_train, and x_test and y_test where some are held out",
            remedy="Name them so, as in np.savez('train.npz', x=x, y=y), or give the pair (x, y).",
        )
    held_out = beside and rows_of_arrays(arrays[beside[0]], arrays[beside[1]], f"{name} held out")
    rows = rows_of_arrays(arrays[training[0]], arrays[training[1]], name, held_out)
    others = ", ".join(str(each) for each in arrays if each not in (*training, *(beside or ())))
    note = f"x and y are {' and '.join(training)} of {name}; left aside: {others}"
    return replace(rows, notes=(*rows.notes, note)) if others else rows


def _is_table(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and shape[1] > 1


def pair_names(arrays: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the names of x and y in a dict, with those of the rows held out where there are any; or None."""
    training, beside = _pair_in(arrays, _TRAINING), _pair_in(arrays, _HELD_OUT)
    return training and (*training, *(beside or ()))


def _pair_in(arrays: Mapping[str, Any], patterns: tuple[str, ...]) -> tuple[str, str] | None:
    pairs = ((pattern.format(x), pattern.format(y)) for (x, y), pattern in product(_NAMES, patterns))
    return next((pair for pair in pairs if all(name in arrays for name in pair)), None)


@contextmanager
def _loaded(path: Path, options: FileOptions) -> Iterator[npt.NDArray[Any] | Mapping[str, npt.NDArray[Any]]]:
    """Yield the array of a .npy or the arrays of a .npz; pickled objects are never loaded."""
    try:
        with reading(path), open_file(path) as file, _quiet(file):
            yield _array(path, file, options)
    except ChalknetError:
        raise
    except Exception as problem:  # a damaged file raises any of a dozen kinds, MemoryError among them
        pickled = "pickle" in str(problem)
        raise DataError(
            where=str(path),
            got="pickled Python objects or no numpy file" if pickled else f"a damaged file ({problem})",
            wanted="a .npy or .npz file of plain numbers",
            remedy="Save it again, as in np.save('x.npy', x.astype('float32')).",
        ) from problem


def _array(path: Path, file: IO[bytes], options: FileOptions) -> npt.NDArray[Any] | Mapping[str, Any]:
    """Return what numpy loads of a file that holds as much as it says."""
    size, head = path.stat().st_size, file.read(6)
    file.seek(0)
    if head == np.lib.format.MAGIC_PREFIX:
        header = _header(file)
        promised = header.offset + math.prod(header.shape) * header.dtype.itemsize
        if promised > size and not header.dtype.hasobject:
            raise ValueError(f"{size:,} bytes where {promised:,} are promised")
    elif zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            held = sum(member.file_size for member in archive.infolist())
        most = unpacked_limit(size, options.limits)
        if held > most:
            raise over_limit(str(path), "unpacked_bytes", options.limits, f"{held:,} bytes, packed", held)
    file.seek(0)
    found: npt.NDArray[Any] | Mapping[str, Any] = np.load(file, allow_pickle=False)
    return found
