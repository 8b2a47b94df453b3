"""Whether an error means that memory ran out: one answer for every room."""

from __future__ import annotations

import re

import torch

_WORDS = re.compile(r"can't allocate memory|out of memory|Unable to allocate|bad_alloc", re.IGNORECASE)


def is_out_of_memory(problem: BaseException) -> bool:
    """Return whether torch, Python or numpy had no more memory; torch often says so in a RuntimeError."""
    return isinstance(problem, MemoryError | torch.OutOfMemoryError) or bool(_WORDS.search(str(problem)))
