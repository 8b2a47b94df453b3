"""Ctrl-C and SIGTERM end a fit after a whole update."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from chalknet.engine import ProcessGroup

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Interrupt:
    """Whether a signal asked the fit to stop.

    Args:
        number: the first signal that came to this process; set the moment it comes.
        agreed_number: the signal that all processes of the fit stop for.
    """

    number: int | None = None
    agreed_number: int | None = None

    def agreed(self, group: ProcessGroup) -> bool:
        """Return whether a signal came to any of the processes; all of them get the same answer."""
        self.agreed_number = int(group.largest(self.number or 0)) or None
        return self.agreed_number is not None

    def raise_again(self) -> None:
        """Send SIGTERM again, which ends the process now that all is kept; Ctrl-C only ends the fit."""
        if signal.SIGTERM in (self.number, self.agreed_number):
            signal.raise_signal(signal.SIGTERM)


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Note the first Ctrl-C or SIGTERM in place of its effect; the second one has its usual effect.

    Only the main thread can do so; in another one nothing changes.
    """
    interrupt = Interrupt()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    if threading.current_thread() is not threading.main_thread() or None in before.values():
        yield interrupt
        return

    def note_signal(number: int, frame: FrameType | None) -> None:
        interrupt.number = number
        put_back()

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in _SIGNALS:
        signal.signal(number, note_signal)
    try:
        yield interrupt
    finally:
        put_back()
