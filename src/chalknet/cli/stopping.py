"""Ctrl-C and SIGTERM during a fit: what is kept, how to go on, and how the process ends."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

import chalknet as cn
from chalknet.cli.say import answers, is_launched, say, tell

INTERRUPTED = 130  # the exit code after Ctrl-C: 128 + SIGINT


class Terminated(KeyboardInterrupt):
    """Raised by SIGTERM; the process ends by that signal once all is said."""


@contextmanager
def stoppable(out: Path | None) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end what runs inside with a sentence on what is kept.

    A fit that is stopped between two updates keeps its run and returns after Ctrl-C; after SIGTERM, and
    where it is stopped before its first update, the sentence is printed here.

    Args:
        out: the folder of the run, if it is kept.
    """

    def terminate(number: int, frame: object) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except KeyboardInterrupt as stopped:
        if answers():
            tell_what_is_kept(out, with_result=True)
        if isinstance(stopped, Terminated):
            sys.stdout.flush()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def tell_what_is_kept(out: Path | None, *, with_result: bool = False) -> None:
    """Print where a stopped fit is kept and the command that goes on with it, or that nothing is kept.

    Args:
        out: the folder of the run, if one was asked for.
        with_result: whether to print first how far the kept run got.
    """
    result = None if out is None else _kept(out)
    if result is not None and with_result:
        say(str(result))
    folder = shlex.quote(str(out))
    kept = f"kept in {folder}; go on with: chalknet resume {folder}"
    # Several processes share the launcher's standard error, which has errors alone.
    (say if is_launched() else tell)(
        "nothing was kept; with --out FOLDER a fit can go on where it was stopped" if result is None else kept
    )


def _kept(out: Path) -> cn.FitResult | None:
    try:
        return cn.load_run(out)
    except cn.ChalknetError:  # stopped before anything was kept
        return None
