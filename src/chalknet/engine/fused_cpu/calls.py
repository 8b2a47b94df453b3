"""A kernel that is called again and again: its words are packed once, and those that change put in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalknet.engine.fused_cpu import kernels
from chalknet.engine.fused_cpu.kernels import Kernel
from chalknet.engine.fused_cpu.names import Array
from chalknet.engine.fused_cpu.records import dtypes_in, pack


class PackedCall:
    """The call of a kernel with arguments most of which stay.

    Packing all of them took 0.1 ms, as long as twenty updates of a small network.

    Args:
        kernel: what is called.
        arguments: nested named tuples; their arrays must live as long as this.
    """

    def __init__(self, kernel: Kernel, arguments: tuple[Any, ...]) -> None:
        leaves = list(_leaves(arguments, ""))
        flat = tuple(leaf for _, leaf in leaves)
        self._name, self._entry = kernel.name, kernels._entry(kernel.unit_of(dtypes_in(flat)))
        self._kept, self._words = arguments, np.frombuffer(pack(flat), dtype=np.int64).copy()
        self._places: dict[str, int] = {}
        at = 0
        for name, leaf in leaves:
            self._places.setdefault(name, at)  # x and y are first of all the samples
            at += 2 if isinstance(leaf, np.ndarray) else 1

    def words(self, **changed: Array | int) -> Array:
        """Return the words with some values put in, each under its field's own name."""
        words = self._words.copy()
        for name, value in changed.items():
            at = self._places[name]
            if isinstance(value, np.ndarray):
                words[at], words[at + 1] = value.ctypes.data, len(value)
            else:
                words[at] = value
        return words

    def at(self, name: str) -> int:
        """Return the place of a number among the words."""
        return self._places[name]

    def __call__(self, words: Array) -> int:
        """Call the kernel; return what it returns."""
        returned = int(self._entry(words.tobytes()))
        if returned < 0:
            raise RuntimeError(f"the compiled loop {self._name} has failed")
        return returned


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested named tuples in the order in which they are packed, with their names."""
    if not isinstance(value, tuple):
        yield name, value
        return
    names = getattr(value, "_fields", [""] * len(value))
    for field, part in zip(names, value, strict=True):
        yield from _leaves(part, field)
