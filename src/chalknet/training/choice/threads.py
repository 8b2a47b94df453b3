"""The CPU threads that torch may use, for a stretch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def using_threads(threads: int) -> Iterator[None]:
    """Let torch use so many CPU threads in the body; the caller's number is put back behind it."""
    before = torch.get_num_threads()
    if threads != before:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        if threads != before:
            torch.set_num_threads(before)
