"""Ctrl-C and SIGTERM as wishes to stop after a whole update."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

_WISHES = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Interrupt:
    """Whether somebody wishes the fit to stop: the first signal that said so."""

    number: int | None = None

    def raise_again(self) -> None:
        """Let the process end as it was asked to, now that all is kept; Ctrl-C has done its work."""
        if self.number == signal.SIGTERM:
            signal.raise_signal(signal.SIGTERM)


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Turn the first Ctrl-C or SIGTERM into a wish to stop; the second one does what it does otherwise.

    Only the main thread can do so; in another one nothing changes.
    """
    interrupt = Interrupt()
    before = {number: signal.getsignal(number) for number in _WISHES}
    if threading.current_thread() is not threading.main_thread() or None in before.values():
        yield interrupt
        return

    def wish_to_stop(number: int, frame: FrameType | None) -> None:
        interrupt.number = number
        put_back()

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in _WISHES:
        signal.signal(number, wish_to_stop)
    try:
        yield interrupt
    finally:
        put_back()
