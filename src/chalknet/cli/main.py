"""Run the command; turn an error into two sentences and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer

import chalknet as cn
from chalknet.cli import (  # their commands are added as they are imported
    fits,
    hardware,
    networks,
    searches,
    serving,
    studio,
)
from chalknet.cli.app import app_for
from chalknet.cli.interrupts import ENDING, INTERRUPTED
from chalknet.cli.launch import end_with_launcher, reports
from chalknet.cli.options import flag
from chalknet.cli.say import console_language, leave_streams, printing, set_up_streams, tell
from chalknet.lang import _, speaking, translated

__all__ = ["fits", "hardware", "main", "networks", "searches", "serving", "studio"]

# A wrong word in the command: exit code 2. Every other error of ours is a failure: 1.
USAGE_ERRORS = (cn.InvalidValue, cn.UnknownName)
# Click's errors, which typer raises: from click itself, or from the copy of it in newer versions of typer.
_CLICK: Any = import_module(typer.BadParameter.__module__)
_COMPLETING = "_CHALKNET_COMPLETE"  # in the environment where a shell asks how words may go on


def main() -> None:
    """Run the command; an error of ours is two sentences and an exit code, `--debug` shows where."""
    end_with_launcher()
    set_up_streams()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of other packages; what concerns a user is a note
    if "--debug" in sys.argv:
        os.environ["CHALKNET_TRACEBACK"] = "full"  # the public verbs hide their frames without it
    typed = [word for word in sys.argv[1:] if word != "--debug"]
    with ENDING.by_ctrl_c(), speaking(console_language()):
        code = _ended(typed)
        leave_streams()
    sys.exit(code if typed else 2)


def _ended(typed: Sequence[str]) -> int | None:
    """Run a command and return its exit code, also when a signal came meanwhile."""
    try:
        try:
            code = _code_of(typed)
        finally:
            ENDING.is_over = True  # from here on no signal raises
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return 1  # the reader went away: nothing more to say to it
    except Exception:
        if ENDING.number:  # what other code made of it
            return INTERRUPTED
        raise
    return INTERRUPTED if ENDING.number else code


def _code_of(typed: Sequence[str]) -> int | None:
    """Run a command and return its exit code; what went wrong is printed."""
    try:
        with printing():
            app = app_for(None if _COMPLETING in os.environ else typed)
            code: int | None = app(typed or ["--help"], standalone_mode=False, prog_name="chalknet")
            sys.stdout.flush()
        return code
    except cn.ChalknetError as problem:
        if ENDING.number:  # what the interrupted code made of it
            return INTERRUPTED
        if os.environ.get("CHALKNET_TRACEBACK") == "full":
            raise
        return _report(problem)
    except _CLICK.UsageError as problem:
        return _report_usage(problem)


def _report(problem: cn.ChalknetError) -> int:
    """Print an error of ours and return its exit code."""
    if not reports(problem):
        return 0  # the process that reports it has the exit code too
    tell(f"{_('error:')} {', '.join([*vars(problem).get('__notes__', ()), str(problem)])}")
    return 2 if isinstance(problem, USAGE_ERRORS) else 1


def _report_usage(problem: Any) -> int:
    """Print what is wrong with the words of the command and return the exit code for it."""
    message, context = problem.format_message(), problem.ctx
    if isinstance(problem, _CLICK.NoSuchOption):
        from chalknet.planning import OTHER_NAMES  # which --help does not need

        known = [one for option in context.command.params for one in (*option.opts, *option.secondary_opts)]
        meant = {flag(other): flag(ours) for other, ours in OTHER_NAMES.items() if flag(ours) in known}
        name = problem.option_name
        near = [meant[name]] if name in meant else get_close_matches(name, known, 1)
        sentences = [f"No such option: {name}.", *(f"Did you mean {one}?" for one in near)]
        message = " ".join(map(translated, sentences))
    tell(f"{_('error:')} {translated(message)}")
    tell(f"Usage and options: {'chalknet' if context is None else context.command_path} --help")
    return 2
