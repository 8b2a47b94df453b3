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
from chalknet.cli.say import is_launched, say, tell

INTERRUPTED = 130  # the exit code after Ctrl-C: 128 + SIGINT


class Terminated(KeyboardInterrupt):
    """Raised by SIGTERM; the process ends by that signal once everything is printed."""


@contextmanager
def stoppable(out: Path | None) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end what runs inside with a sentence on what is kept.

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
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except KeyboardInterrupt as stopped:
        _tell_how_far(out)
        if isinstance(stopped, Terminated):
            sys.stdout.flush()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def tell_what_is_kept(run: Path | None) -> None:
    """Print where a stopped fit is kept and the command that goes on with it; None says that it is not."""
    folder = shlex.quote(str(run))
    kept = f"kept in {folder}; go on with: chalknet resume {folder}"
    nothing = "nothing was kept; with --out FOLDER a fit can go on where it was stopped"
    # Several processes share the launcher's standard error, which has errors alone.
    (say if is_launched() else tell)(nothing if run is None else kept)


def _tell_how_far(out: Path | None) -> None:
    """Print how far a run got that ended without a result, if it was kept."""
    try:
        if out is not None:
            say(str(cn.load_run(out)))
    except cn.ChalknetError:  # stopped before anything was kept
        out = None
    tell_what_is_kept(out)
