"""A fit that is ended early says what is kept; and the several processes that torch's own launcher starts."""

from __future__ import annotations

import _thread
import dataclasses
import logging
import os
import shlex
import signal
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import typer

import chalknet as cn
from chalknet.cli.interrupts import ENDING, INTERRUPTED
from chalknet.cli.say import is_launched, leave_streams, say, tell
from chalknet.errors import Elsewhere
from chalknet.files import RUN_PLAN, SEARCH_MEMBERS
from chalknet.system import BURST, signal_children

# Windows has two of these signals.
_ENDING = [each for each in signal.Signals if each.name in ("SIGTERM", "SIGHUP")]
_HANDLED = [each for each in signal.Signals if each.name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")]

_LAUNCHER = "CHALKNET_LAUNCHER"  # tells the processes of a fit which process started them
_LOOKS_EVERY_S = 0.5
_PATIENCE_S = 30.0  # for the processes of a fit to end after a signal, each with what it keeps


def end_with_launcher() -> None:
    """End this process, one of several of a fit, as soon as the launcher that started it is gone.

    A launcher that is killed cannot end them itself, and they would wait for each other for hours.
    """
    if not is_launched():
        return
    launcher = int(os.environ.get(_LAUNCHER, os.getppid()))

    def watch() -> None:
        while os.getppid() == launcher:
            time.sleep(_LOOKS_EVERY_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def stoppable(out: Path | None) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP end what runs inside with a sentence on what is kept.

    A fit that is stopped between two updates keeps its run and returns after Ctrl-C; after SIGTERM, and
    where it is stopped before its first update, the sentence is printed here. Of several processes each ends
    as the launcher wants it, without a word.

    Args:
        out: the folder of the run, if it is kept.
    """
    if is_launched():
        yield
        return

    # a signal that the caller ignores, as nohup does SIGHUP, stays ignored
    handlers = {number: signal.getsignal(number) for number in _ENDING}
    before = {number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN}
    ENDING.last_words = lambda: f"{what_is_kept(out)}\n"
    for number in before:
        signal.signal(number, ENDING)
    try:
        yield
    except BaseException as problem:  # other code may have raised its own for that of the signal
        if not (ENDING.number or isinstance(problem, KeyboardInterrupt)):
            raise
        ENDING.is_over = True
        _tell_how_far(out)
        if ENDING.number not in (0, signal.SIGINT):
            leave_streams()
            signal.signal(ENDING.number, signal.SIG_DFL)
            signal.raise_signal(ENDING.number)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        ENDING.last_words = str
        for number, handler in before.items():
            signal.signal(number, handler)


def tell_what_is_kept(run: Path | None) -> None:
    """Print where a stopped fit is kept and the command that goes on with it; None says that it is not."""
    # Several processes share the launcher's standard error, which has errors alone.
    (say if is_launched() else tell)(what_is_kept(run))


def what_is_kept(run: Path | None) -> str:
    """Return where a stopped fit or search is kept, and how it goes on."""
    if run is not None and (run / SEARCH_MEMBERS).exists():
        return f"what has ended is kept in {shlex.quote(str(run))}; the same command goes on there"
    if run is None or not (run / RUN_PLAN).exists():
        return "nothing was kept; with --out FOLDER a fit can go on where it was stopped"
    folder = shlex.quote(str(run))
    return f"kept in {folder}; go on with: chalknet resume {folder}"


def reports(problem: cn.ChalknetError) -> bool:
    """Return whether this process is the one that prints an error.

    That is the process that alone met it; of an error that all of them meet, the first one on each machine.
    """
    if isinstance(problem, Elsewhere):
        return False
    met_alone = bool(vars(problem).get("__notes__"))
    return met_alone or not is_launched() or os.environ.get("LOCAL_RANK", "0") == "0"


def launch(processes: int, words: Sequence[str], out: Path | None) -> int:
    """Run the command in so many processes on this machine and return its exit code.

    Args:
        processes: how many.
        words: the command without its name.
        out: the folder of the run, if it is kept.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # It handles no signals: an exception of its own it could drop. Older versions do not have the option.
    known = {field.name for field in dataclasses.fields(LaunchConfig)}
    quiet: dict[str, Any] = {"signals_to_handle": ""} if "signals_to_handle" in known else {}
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",  # a port that is free
        max_restarts=0,
        **quiet,
    )
    # Of a process that dies torch tells in the others' name too; a user's own level stays.
    ours = {_LAUNCHER: str(os.getpid()), "TORCH_CPP_LOG_LEVEL": "ERROR"}
    ours = {name: value for name, value in ours.items() if name == _LAUNCHER or name not in os.environ}
    os.environ.update(ours)
    logging.disable(logging.CRITICAL)  # the launcher's own messages; ours are printed below
    try:
        with _forwarding() as sent:
            elastic_launch(config, sys.executable)("-m", "chalknet", *words)
    except SignalException as ended:
        return 128 + ended.sigval
    except ChildFailedError as ended:
        rank, failure = ended.get_first_failure()
        return 128 + sent.number if sent.number else _exit_code(rank, processes, failure.exitcode, out)
    finally:
        for name in ours:
            os.environ.pop(name, None)
        logging.disable(logging.NOTSET)
    return 0


class _Forward:
    """The handler of signals in the launcher of a fit in several processes: each process ends it in order.

    Args:
        number: of the signal that was sent on; 0 for none.
    """

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and BURST.repeats():
            return
        if self.number or not signal_children(number):
            self.leave(number)
        self.number = number
        _thread.start_new_thread(self._leave_later, (number,))

    def leave(self, number: int) -> None:
        """End this process and the others now."""
        signal_children(getattr(signal, "SIGKILL", signal.SIGTERM))
        os._exit(128 + number)

    def _leave_later(self, number: int) -> None:
        time.sleep(_PATIENCE_S)
        self.leave(number)


@contextmanager
def _forwarding() -> Iterator[_Forward]:
    """Send signals on to the processes that are started inside.

    A process inherits which signals wait (`__main__` lets them in): none comes before it can handle it. Here
    another thread takes them.
    """
    forward = _Forward()
    before = {number: signal.getsignal(number) for number in _HANDLED}
    caught = [number for number, handler in before.items() if handler != signal.SIG_IGN]
    masks = hasattr(signal, "pthread_sigmask")
    for number in caught:
        signal.signal(number, forward)
    if masks:
        _thread.start_new_thread(_take_signals, (caught,))
        signal.pthread_sigmask(signal.SIG_BLOCK, caught)
    try:
        yield forward
    finally:
        for number in caught:  # those that torch's launcher of older versions left
            signal.signal(number, before[number] or signal.SIG_DFL)
        if masks:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, caught)


def _take_signals(numbers: Sequence[int]) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    while True:
        signal.pause()


def _exit_code(rank: int, processes: int, code: int, out: Path | None) -> int:
    """Return the command's exit code for that of a process; report a kill, which the process could not."""
    if code >= 0:
        return code
    if -code in (signal.SIGINT, signal.SIGTERM):
        return 128 - code
    name = signal.Signals(-code).name
    why = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    go_on = (
        f"Go on from the last checkpoint: chalknet resume {shlex.quote(str(out))}."
        if out is not None
        else "Start again; with --out FOLDER a fit can go on from its last checkpoint."
    )
    tell(f"error: process {rank} of {processes}: got killed by {name}{why}; wanted all at work. {go_on}")
    return 1


def _tell_how_far(out: Path | None) -> None:
    """Print how far a run got that ended without a result, if it was kept."""
    with suppress(cn.ChalknetError):  # stopped before anything was kept
        if out is not None:
            say(str(cn.load_run(out)))
    tell_what_is_kept(out)
