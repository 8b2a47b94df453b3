"""What ends a command early: Ctrl-C, SIGTERM and SIGHUP, at any instant and whatever code is running."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from chalknet.system import BURST

INTERRUPTED = 130  # the exit code after Ctrl-C: 128 + SIGINT
_PATIENCE_S = 10.0  # for cleaning up


class Interrupted(KeyboardInterrupt):
    """Raised where a signal comes; where other code drops it, the process ends.

    Args:
        ending: what raised it.
    """

    def __init__(self, ending: EndBySignal) -> None:
        super().__init__()
        self._ending = ending

    def __del__(self) -> None:
        self._ending.see_dropped()


class EndBySignal:
    """The handler of the signals that end this process.

    The first signal raises `Interrupted`, so that what is under way cleans up. Code of other packages may
    drop an exception, or hold it for long: imports, callbacks and finalizers do. So the process ends at once
    when the exception is dropped, when a second signal comes, and ten seconds after the first.

    Args:
        number: of the signal that came; 0 for none.
        is_over: whether the exception arrived, or the command is done: signals have no effect any more.
        last_words: returns what is printed where the process ends at once.
    """

    def __init__(self) -> None:
        self.number = 0
        self.is_over = False
        self.last_words: Callable[[], str] = str
        self._may_drop = False
        self._turn = 0  # which exception the ten seconds are for

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal; all Ctrl-C within a second are one."""
        if self.is_over or (number == signal.SIGINT and BURST.repeats()):
            return
        if self.number:
            self.leave()
        self.number = number
        # a Thread would take locks that the interrupted code may hold
        _thread.start_new_thread(self._leave_later, (self._turn,))
        raise Interrupted(self)

    def leave(self) -> None:
        """End the process now."""
        with suppress(OSError):
            os.write(2, self.last_words().encode())
        if self.number != signal.SIGINT:
            with suppress(ValueError):  # in another thread than the main one
                signal.signal(self.number, signal.SIG_DFL)
                os.kill(os.getpid(), self.number)
        os._exit(128 + self.number)

    def see_dropped(self) -> None:
        """Note that the exception is gone; end the process unless it went where it should."""
        if not (self.is_over or self._may_drop):
            self.leave()

    @contextmanager
    def caught_inside(self) -> Iterator[None]:
        """Let the body catch the exception and go on, as what returns the part that was done does."""
        self._may_drop = True
        try:
            yield
        finally:
            self._may_drop, self.number, self._turn = False, 0, self._turn + 1

    @contextmanager
    def by_ctrl_c(self) -> Iterator[None]:
        """Let Ctrl-C end the body; after the body it has no effect. Where it is ignored, it stays so."""
        if signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None):
            yield
            return
        shown = sys.unraisablehook

        def show(problem: sys.UnraisableHookArgs) -> None:
            if not self.number:
                shown(problem)

        sys.unraisablehook = show  # an exception in a finalizer is printed there
        signal.signal(signal.SIGINT, self)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _leave_later(self, turn: int) -> None:
        time.sleep(_PATIENCE_S)
        if self._turn == turn:
            self.leave()


ENDING = EndBySignal()
