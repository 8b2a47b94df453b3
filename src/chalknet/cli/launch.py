"""How a fit ends early: Ctrl-C and SIGTERM, and the several processes that torch's own launcher starts."""

from __future__ import annotations

import logging
import math
import os
import shlex
import signal
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

import chalknet as cn
from chalknet.cli.say import is_launched, leave_streams, say, tell
from chalknet.errors import Elsewhere

INTERRUPTED = 130  # the exit code after Ctrl-C: 128 + SIGINT
# The signals that torch's launcher handles, without restoring the handlers; Windows has two of them.
_ENDING = [each for each in signal.Signals if each.name in ("SIGTERM", "SIGHUP")]
_HANDLED = [each for each in signal.Signals if each.name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")]


_LAUNCHER = "CHALKNET_LAUNCHER"  # tells the processes of a fit which process started them
_LOOKS_EVERY_S = 0.5
_PAUSE_S = 1.0


class Terminated(KeyboardInterrupt):
    """Raised by SIGTERM or SIGHUP; the process ends by that signal once everything is printed.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


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
def one_interrupt() -> Iterator[None]:
    """Let Ctrl-C interrupt the body once, however often it is pressed until it is left alone for a second.

    What the first one interrupted has then the time to end in order. After the body none has an effect.
    """
    if signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None):
        yield
        return
    last = -math.inf

    def interrupt(number: int, frame: object) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before > _PAUSE_S:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


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

    def terminate(number: int, frame: object) -> None:
        raise Terminated(number)

    # a signal that the caller ignores, as nohup does SIGHUP, stays ignored
    handlers = {number: signal.getsignal(number) for number in _ENDING}
    before = {number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN}
    for number in before:
        signal.signal(number, terminate)
    try:
        yield
    except KeyboardInterrupt as stopped:
        _tell_how_far(out)
        if isinstance(stopped, Terminated):
            leave_streams()
            signal.signal(stopped.number, signal.SIG_DFL)
            signal.raise_signal(stopped.number)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def tell_what_is_kept(run: Path | None) -> None:
    """Print where a stopped fit is kept and the command that goes on with it; None says that it is not."""
    folder = shlex.quote(str(run))
    kept = f"kept in {folder}; go on with: chalknet resume {folder}"
    nothing = "nothing was kept; with --out FOLDER a fit can go on where it was stopped"
    # Several processes share the launcher's standard error, which has errors alone.
    (say if is_launched() else tell)(nothing if run is None else kept)


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

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",  # a port that is free
        max_restarts=0,
    )
    os.environ[_LAUNCHER] = str(os.getpid())
    logging.disable(logging.CRITICAL)  # the launcher's own messages; ours are printed below
    before = {number: signal.getsignal(number) for number in _HANDLED}
    try:
        elastic_launch(config, sys.executable)("-m", "chalknet", *words)
    except SignalException as ended:
        return 128 + ended.sigval
    except ChildFailedError as ended:
        rank, failure = ended.get_first_failure()
        return _exit_code(rank, processes, failure.exitcode, out)
    finally:
        os.environ.pop(_LAUNCHER, None)
        logging.disable(logging.NOTSET)
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    return 0


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
    try:
        if out is not None:
            say(str(cn.load_run(out)))
    except cn.ChalknetError:  # stopped before anything was kept
        out = None
    tell_what_is_kept(out)
