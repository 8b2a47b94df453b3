"""Ctrl-C and SIGTERM as wishes to stop after a whole update."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from chalknet.engine import ProcessGroup

_WISHES = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Interrupt:
    """Whether somebody wishes the fit to stop: the first signal that said so.

    Args:
        number: the signal; set the moment it comes.
        heeded: the signal that the loop has taken notice of; alike in all processes that share the fit.
    """

    number: int | None = None
    heeded: int | None = None

    def heed(self, group: ProcessGroup) -> bool:
        """Return whether any of the processes was told to stop; all of them get the same answer."""
        self.heeded = int(group.largest(self.number or 0)) or None
        return self.heeded is not None

    def raise_again(self) -> None:
        """Let the process end as it was asked to, now that all is kept; Ctrl-C has done its work."""
        if signal.SIGTERM in (self.number, self.heeded):
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
