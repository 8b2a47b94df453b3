"""What is small enough to be held in memory as a whole."""

from __future__ import annotations

from chalknet.system import main_memory

_PARTS_IN_MEMORY = 4


def fits_in_memory(needed_bytes: int) -> bool:
    """Return whether so many bytes take at most a quarter of the memory that is left to this process."""
    return needed_bytes * _PARTS_IN_MEMORY <= available_bytes()


def available_bytes() -> int:
    """Return the least of what the machine, the control groups and the process's limits leave."""
    return main_memory().free_bytes
