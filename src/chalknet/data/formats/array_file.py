"""An array that stays in its file: only the rows asked for are read into memory."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.checksum import combined, part_digests, read_at
from chalknet.data.formats.mapped_rows import MappedRows
from chalknet.errors import DataError
from chalknet.files import reading

Array = npt.NDArray[Any]

# Rows that stand closer than this are read in one go: the system call costs more than what lies between.
_GAP_BYTES = 4096
_PIECE_BYTES = 4 << 20


@dataclass(frozen=True, eq=False)
class ArrayFile:
    """An array `(n, ...)` in a file, row after row, of which any rows can be read.

    Rows are read through a memory map where `MappedRows` allows it: measured with rows of 3 KB, shuffled ones
    cost 0.4 µs each so, and 1.9 µs by position (`pread`). Elsewhere, as in a large file, they are read by
    position: resident memory stays flat, a limit on address space does not matter, and a file that is cut off
    meanwhile is an error.

    Args:
        path: the file.
        dtype: how a value is stored; in either byte order.
        shape: `(n, ...)`.
        offset: byte at which the first row begins.

    Raises:
        FileProblem: when it cannot be opened.
        DataError: when it is shorter than its shape says.
    """

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int = 0
    _descriptor: int = field(init=False, repr=False)
    _stamp: tuple[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        with reading(self.path):
            descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, descriptor)
        object.__setattr__(self, "_descriptor", descriptor)
        object.__setattr__(self, "_stamp", self._stamp_now())
        wanted = self.offset + len(self) * self.row_bytes
        if self._stamp[0] < wanted:
            raise DataError(
                where=str(self.path),
                got=f"{self._stamp[0]:,} bytes",
                wanted=f"{wanted:,} bytes for {self.dtype} of shape {self.shape}",
                remedy="The file is cut off: copy or make it again.",
            )

    @property
    def row_bytes(self) -> int:
        """Return the bytes of one row in the file."""
        return self.dtype.itemsize * prod(self.shape[1:])

    @property
    def file_bytes(self) -> int:
        """Return the size of the file, as it was opened."""
        return self._stamp[0]

    def __len__(self) -> int:
        return self.shape[0]

    def checksum(self) -> str:
        """Return the checksum of all bytes of the file: of those before the first row, and of the rows."""
        with reading(self.path):
            ends = ((0, self.offset), (self.offset, self.file_bytes))
            return combined(each for end in ends for each in part_digests(self._descriptor, *end))

    def read(self, rows: slice | npt.NDArray[np.int64], out: Array | None = None) -> Array:
        """Return these rows as they are stored, `(k, ...)`.

        Args:
            rows: a slice of step 1, or row numbers in any order.
            out: contiguous, of this dtype, takes them; None for a new array.

        Raises:
            DataError: when the file was written to or cut off since it was opened.
        """
        first, last, _ = rows.indices(len(self)) if isinstance(rows, slice) else (0, len(rows), 1)
        if out is None:
            out = np.empty((max(0, last - first), *self.shape[1:]), self.dtype)
        self._check_unchanged()
        if not out.size:
            return out
        if not isinstance(rows, slice) and (int(rows.min()) < 0 or int(rows.max()) >= len(self)):
            raise IndexError(f"rows of {self.path.name} are numbered 0 to {len(self) - 1}")
        flat = out.reshape(len(out), -1).view(np.uint8)
        if self._mapped.read(rows, flat, self._check_unchanged):
            return out
        if isinstance(rows, slice):
            self._fill(memoryview(flat.reshape(-1).data), self.offset + first * self.row_bytes)
        else:
            self._gather(rows, flat)
        return out

    @cached_property
    def _mapped(self) -> MappedRows:
        return MappedRows(self._descriptor, (len(self), self.row_bytes), self.offset)

    def _gather(self, rows: npt.NDArray[np.int64], out: npt.NDArray[np.uint8]) -> None:
        """Read rows in ascending order, neighbours in one go, into their places."""
        order = np.argsort(rows, kind="stable")
        piece = max(1, _PIECE_BYTES // (self.row_bytes + _GAP_BYTES))
        for first in range(0, len(order), piece):
            places = order[first : first + piece]
            numbers = rows[places]
            apart = np.diff(numbers) > 1 + _GAP_BYTES // self.row_bytes
            begins = np.append(0, np.flatnonzero(apart) + 1)
            if len(begins) == len(numbers):  # each on its own: straight into its place
                self._fill_all(out, places, np.ones_like(places), numbers)
                continue
            ends = np.append(begins[1:], len(numbers))
            lengths = numbers[ends - 1] - numbers[begins] + 1
            bases = np.cumsum(lengths) - lengths
            gathered = np.empty((int(lengths.sum()), self.row_bytes), np.uint8)
            self._fill_all(gathered, bases, lengths, numbers[begins])
            out[places] = gathered[numbers + np.repeat(bases - numbers[begins], ends - begins)]

    def _fill_all(self, out: npt.NDArray[np.uint8], places: Array, lengths: Array, numbers: Array) -> None:
        """Fill runs of rows of `out`, each from a row on; the tight loop of a shuffled fit."""
        views, size = memoryview(out.reshape(-1).data), self.row_bytes
        columns = (places * size, (places + lengths) * size, self.offset + numbers * size)
        with reading(self.path):
            for begin, end, position in zip(*(column.tolist() for column in columns), strict=True):
                if read_at(self._descriptor, (views[begin:end],), position) != end - begin:
                    self._fill(views[begin:end], position)  # a short read: go on, or find the file cut off

    def _fill(self, view: memoryview, position: int) -> None:
        """Fill bytes from a position of the file on."""
        while view:
            with reading(self.path):
                got = read_at(self._descriptor, (view,), position)
            if not got:
                raise self._changed(f"no bytes from {position:,} on")
            view, position = view[got:], position + got

    def _check_unchanged(self) -> None:
        if self._stamp_now() != self._stamp:
            size = self._stamp_now()[0]
            raise self._changed(f"{size:,} bytes, written to since it was opened with {self._stamp[0]:,}")

    def _stamp_now(self) -> tuple[int, int]:
        with reading(self.path):
            found = os.fstat(self._descriptor)
        return found.st_size, found.st_mtime_ns

    def _changed(self, got: str) -> DataError:
        return DataError(
            where=str(self.path),
            got=got,
            wanted="the file as it was when it was opened",
            remedy="Let nothing write to it while it is in use, and load it again.",
        )
