"""How many CPU threads torch has: a number that a fit sets for its own thread and no other thread sees."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from queue import SimpleQueue

import torch

from chalknet.errors import Refused
from chalknet.system import ForkSafeLock

# Measured: an update of the plain loop takes 0.34 ms where it computes next to nothing; on one thread each
# multiply-add forward takes 80 ps more, each weight 5 ns (Adam). Below 4 million two threads save less than a
# quarter of the time, and lose many times that where other programs keep them waiting for each other.
_SMALL_UPDATE, _MULTIPLY_ADDS_A_WEIGHT = 4_000_000, 50

_SETTING = ForkSafeLock()
_FORKED = threading.Event()
_LEFT: ContextVar[bool] = ContextVar("whether torch's threads are left as they are", default=False)
_BEFORE: ContextVar[int | None] = ContextVar("threads before the first one_thread", default=None)


@contextmanager
def using_threads(threads: int) -> Iterator[None]:
    """Let torch use so many CPU threads in the body; this thread's number is put back behind it."""
    if threads > 1:
        _prepare_for_forks()
    before = torch.get_num_threads()
    if threads == before:
        yield
        return
    _set_here(threads)
    try:
        yield
    finally:
        _set_here(before)


@contextmanager
def threads_left() -> Iterator[None]:
    """Leave torch's threads as they are in the body, also where `one_thread` would set them.

    It is for a fit of so few numbers that torch shares no work among threads: setting their number costs two
    threads of Python, as long as all that a small fit prepares.
    """
    token = _LEFT.set(True)
    try:
        yield
    finally:
        _LEFT.reset(token)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one CPU thread in the body, in which a fit is prepared: several only delay short work.

    A fit that begins in the body still has as many threads as there were before it.
    """
    if _LEFT.get():
        yield
        return
    token = _BEFORE.set(threads_before())
    try:
        with using_threads(1):
            yield
    finally:
        _BEFORE.reset(token)


def threads_before() -> int:
    """Return how many threads torch has in this thread, or had before the first `one_thread`."""
    return _BEFORE.get() or torch.get_num_threads()


def usable_threads(asked: int | None) -> tuple[int, tuple[str, ...]]:
    """Return the CPU threads of a fit, and the reason where a fork limits them.

    Args:
        asked: how many; None for as many as torch has in this thread, or had before `one_thread`.

    Raises:
        Refused: for several in a forked process: torch would wait for ever for threads that are not there.
    """
    if not _FORKED.is_set():
        return asked or threads_before(), ()
    if asked is not None and asked > 1:
        raise Refused(
            where="threads",
            got=f"{asked} in a process that was forked from one in which torch's threads had worked",
            wanted="1, since those threads do not survive a fork",
            remedy='Say threads=1, or start the processes with multiprocessing.get_context("spawn").',
        )
    return 1, ("1 thread: this process was forked, and torch's threads do not survive a fork",)


def eager_threads(threads: int, multiply_adds: int, weights: int) -> int:
    """Return how many of a number of threads the plain loop on the CPU is given: one where updates are small.

    The shape alone decides, since sums over another number of threads may round otherwise.

    Args:
        threads: as many as there may be.
        multiply_adds: of an update, forward.
        weights: numbers that the optimizer changes.
    """
    return 1 if multiply_adds + _MULTIPLY_ADDS_A_WEIGHT * weights < _SMALL_UPDATE else threads


def _set_here(threads: int) -> None:
    """Set this thread's number; a thread that begins later has the number it would have had.

    Torch keeps a number for each thread and one for new threads; `torch.set_num_threads` sets both.
    """
    with _SETTING:
        kept, was_set = SimpleQueue[int](), SimpleQueue[None]()

        def keep() -> None:
            number = torch.get_num_threads()
            kept.put(number)
            was_set.get()
            torch.set_num_threads(number)

        helper = threading.Thread(target=keep, daemon=True)
        try:
            helper.start()
        except RuntimeError:  # the program is ending: no thread begins any more
            torch.set_num_threads(threads)
            return
        kept.get()
        torch.set_num_threads(threads)
        was_set.put(None)
        helper.join()
    if torch.get_num_threads() != threads:  # a torch with one number for all threads
        torch.set_num_threads(threads)


@cache
def _prepare_for_forks() -> None:
    """Leave one thread to processes that are forked off from now on: with more, torch would hang there."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_fork)


def _after_fork() -> None:
    _FORKED.set()
    torch.set_num_threads(1)


class Activity:
    """Counts what computes in this process, to know whether a measurement was alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = self._begun = 0

    @contextmanager
    def working(self) -> Iterator[Callable[[], bool]]:
        """Count the body; yield what tells whether nothing else that is counted ran since it began."""
        with self._lock:
            self._now += 1
            self._begun += 1
            alone, begun = self._now == 1, self._begun
        try:
            yield lambda: alone and self._begun == begun
        finally:
            with self._lock:
                self._now -= 1


FITS = Activity()
"""The fits and trial runs of this process."""
