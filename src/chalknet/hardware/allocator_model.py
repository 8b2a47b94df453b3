"""How much memory a process holds for its tensors: more than they take, where the C library keeps holes.

torch asks for memory with `posix_memalign`, and what glibc holds depends on the size. A large piece has
pages of its own, given back as soon as it is free. A smaller one lies in one long heap; when it is free, it
leaves a hole, and the next one of the very same size does not go into it, since an aligned piece is looked
for with room to spare. So a deep network of equal layers takes nearly twice what is alive in it.

Source: glibc, malloc/malloc.c: `_int_memalign`, M_MMAP_THRESHOLD and its dynamic adjustment.
"""

from __future__ import annotations

import platform
from bisect import bisect_left, insort

_FIRST_THRESHOLD, _LARGEST_THRESHOLD = 128 << 10, 32 << 20
_PAGE = 4096
_HEADER, _SPARE = 16, 64 + 32  # of every piece; what an aligned one is looked for with beyond its size


def keeps_holes() -> bool:
    """Return whether this process's C library is one that behaves so."""
    return platform.libc_ver()[0] == "glibc"


class Heap:
    """Follows pieces of memory as they are taken and given back, and knows what is held for them.

    Attributes:
        held_bytes: what is held now.
    """

    def __init__(self) -> None:
        self.held_bytes = 0
        self._threshold = _FIRST_THRESHOLD
        self._end = 0  # of the heap; behind it nothing is held
        self._places: dict[int, tuple[int, int]] = {}  # of pieces in the heap: start and size
        self._own_pages: dict[int, int] = {}
        self._holes: list[tuple[int, int]] = []  # start and size, by their start

    def take(self, key: int, size: int) -> None:
        """Take a piece."""
        size += _HEADER
        if size + _SPARE >= self._threshold:
            size = -(-(size + _SPARE) // _PAGE) * _PAGE
            self._own_pages[key] = size
            self.held_bytes += size
            return
        fitting = min((hole for hole in self._holes if hole[1] >= size + _SPARE), key=_size, default=None)
        if fitting is None:
            self._places[key] = (self._end, size)
            self._end += size
            self.held_bytes += size
            return
        start, room = fitting
        self._holes.remove(fitting)
        self._places[key] = (start, size)
        insort(self._holes, (start + size, room - size))

    def give_back(self, key: int) -> None:
        """Give a piece back."""
        if key in self._own_pages:
            size = self._own_pages.pop(key)
            self.held_bytes -= size
            if self._threshold < size <= _LARGEST_THRESHOLD:
                self._threshold = size  # pieces up to this size go into the heap from now on
            return
        start, size = self._places.pop(key)
        at = bisect_left(self._holes, (start, 0))
        if at < len(self._holes) and self._holes[at][0] == start + size:
            size += self._holes.pop(at)[1]
        if at and sum(self._holes[at - 1]) == start:
            start, before = self._holes.pop(at - 1)
            size += before
        if start + size == self._end:
            self._trim(start, size)
        else:
            insort(self._holes, (start, size))

    def _trim(self, start: int, size: int) -> None:
        """Let the heap end where its last piece ends; a long end is given back, a short one kept."""
        if size > 2 * self._threshold:
            self._end = start
            self.held_bytes -= size
        else:
            insort(self._holes, (start, size))


def _size(hole: tuple[int, int]) -> int:
    return hole[1]
