"""Rows of a file read through a memory map, while a lease keeps everybody from cutting the file off."""

from __future__ import annotations

import mmap
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
import numpy.typing as npt

from chalknet.lazy import torch
from chalknet.system import fits_in_memory

_MOST_BYTES = 512 << 20


class MappedRows:
    """The rows of a file that is open, read through a map of the whole of it.

    Shuffled rows are read so without a system call for each, rows in order in three quarters of the time.
    What was touched counts as resident memory, though the pages are those of the system's own cache, which
    takes them back where memory is short. So large files are not mapped: resident memory stays below a bound,
    whatever the size of a file.

    A mapped file that is cut off ends the process that reads it. So rows are read under a lease (Linux's
    `F_SETLEASE`): whoever wants to write to the file or to cut it off waits until the rows are read, some
    milliseconds. Where the system gives no lease (other systems, network file systems, the file of another
    user, a file that is open for writing) nothing is read through the map.

    Args:
        descriptor: of the file, open for reading alone.
        shape: rows, and bytes of a row.
        offset: byte at which the first row begins.
    """

    def __init__(self, descriptor: int, shape: tuple[int, int], offset: int) -> None:
        self._descriptor, self._shape, self._offset = descriptor, shape, offset
        self._process = os.getpid()  # a lease is one with that of a process forked off
        self._one_at_a_time = threading.Lock()
        self._rows: torch.Tensor | None = None
        self._refused = not _SET_LEASE or self._end > _MOST_BYTES or not fits_in_memory(self._end)

    @property
    def _end(self) -> int:
        return self._offset + self._shape[0] * self._shape[1]

    def read(
        self, rows: slice | npt.NDArray[np.int64], out: npt.NDArray[np.uint8], check: Callable[[], None]
    ) -> bool:
        """Read rows into `out`; return whether they were.

        Args:
            rows: a slice of step 1, or numbers, each that of a row.
            out: `(k, bytes of a row)`, contiguous.
            check: raises an error where the file is no longer what it was.
        """
        if self._refused or os.getpid() != self._process:
            return False
        with self._lease() as held:
            if not held:
                return False
            check()
            if os.fstat(self._descriptor).st_size < self._end or (self._rows is None and not self._map()):
                return False
            assert self._rows is not None
            if isinstance(rows, slice):
                np.copyto(out, self._rows.numpy()[rows])
            else:
                numbers = torch.from_numpy(np.array(rows))
                torch.index_select(self._rows, 0, numbers, out=torch.from_numpy(out))
        return True

    @contextmanager
    def _lease(self) -> Iterator[bool]:
        """Keep writers out; yield whether they are."""
        if not self._one_at_a_time.acquire(blocking=False):
            yield False
            return
        try:
            held = self._ask()
            try:
                yield held
            finally:
                if held:
                    fcntl.fcntl(self._descriptor, _SET_LEASE, fcntl.F_UNLCK)
        finally:
            self._one_at_a_time.release()

    def _ask(self) -> bool:
        """Ask for the lease; return whether it was given."""
        with suppress(OSError):
            # Whoever waits is told to us by a signal: by one that is ignored where nobody asks for it. The
            # system's own, which it goes back to after each lease, would end the process.
            fcntl.fcntl(self._descriptor, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(self._descriptor, _SET_LEASE, fcntl.F_RDLCK)
            return True
        return False

    def _map(self) -> bool:
        """Map the file; return whether the system lets us."""
        try:
            # Pages are private only once they are written to, which none is; torch takes no others.
            mapped = mmap.mmap(self._descriptor, self._end, access=mmap.ACCESS_COPY)
        except (OSError, ValueError):
            self._refused = True
            return False
        flat = np.frombuffer(mapped, np.uint8, self._shape[0] * self._shape[1], self._offset)
        self._rows = torch.from_numpy(flat.reshape(self._shape))
        return True


try:
    import fcntl
except ImportError:  # Windows
    _SET_LEASE = 0
else:
    _SET_LEASE = getattr(fcntl, "F_SETLEASE", 0)
