"""A model of the C library's allocator: a process holds more memory than its tensors take, because of holes.

torch allocates with `posix_memalign`, and what glibc does depends on the size. A large block has its own
pages, which are returned to the system as soon as it is freed. A smaller block lies in the heap; freeing it
leaves a hole, and the next block of the same size does not fit into that hole, since an aligned block needs
some spare bytes. So a deep network of equal layers takes nearly twice the memory of its live tensors.

Source: glibc, malloc/malloc.c: `_int_memalign`, M_MMAP_THRESHOLD and its dynamic adjustment.
"""

from __future__ import annotations

import platform
from bisect import bisect_left, insort
from operator import itemgetter

_FIRST_THRESHOLD, _LARGEST_THRESHOLD = 128 << 10, 32 << 20
_PAGE = 4096
_HEADER, _SPARE = 16, 64 + 32  # of every block; spare bytes that an aligned block needs


def keeps_holes() -> bool:
    """Return whether this process uses glibc, whose allocator leaves holes."""
    return platform.libc_ver()[0] == "glibc"


class AllocatorModel:
    """Follows allocations and frees, and counts the bytes that the process holds for them.

    Attributes:
        held_bytes: bytes held now.
    """

    def __init__(self) -> None:
        self.held_bytes = 0
        self._threshold = _FIRST_THRESHOLD
        self._end = 0  # of the heap; nothing is held beyond it
        self._places: dict[int, tuple[int, int]] = {}  # of blocks in the heap: start and size
        self._own_pages: dict[int, int] = {}
        self._holes: list[tuple[int, int]] = []  # start and size, by their start

    def allocate(self, key: int, size: int) -> None:
        """Allocate a block."""
        size += _HEADER
        if size + _SPARE >= self._threshold:
            size = -(-(size + _SPARE) // _PAGE) * _PAGE
            self._own_pages[key] = size
            self.held_bytes += size
            return
        fitting = min(
            (hole for hole in self._holes if hole[1] >= size + _SPARE), key=itemgetter(1), default=None
        )
        if fitting is None:
            self._places[key] = (self._end, size)
            self._end += size
            self.held_bytes += size
            return
        start, room = fitting
        self._holes.remove(fitting)
        self._places[key] = (start, size)
        insort(self._holes, (start + size, room - size))

    def free(self, key: int) -> None:
        """Free a block."""
        if key in self._own_pages:
            size = self._own_pages.pop(key)
            self.held_bytes -= size
            if self._threshold < size <= _LARGEST_THRESHOLD:
                self._threshold = size  # blocks up to this size go into the heap from now on
            return
        start, size = self._places.pop(key)
        at = bisect_left(self._holes, (start, 0))
        if at < len(self._holes) and self._holes[at][0] == start + size:
            size += self._holes.pop(at)[1]
        if at and sum(self._holes[at - 1]) == start:
            start, before = self._holes.pop(at - 1)
            size += before
        if start + size == self._end and size > 2 * self._threshold:
            self._end = start  # a long free end of the heap goes back to the system
            self.held_bytes -= size
        else:
            insort(self._holes, (start, size))
