"""Run the command; turn an error of ours into two sentences and an exit code."""

from __future__ import annotations

import sys

import chalknet as cn
from chalknet.cli import devices, fits, networks, races, sources  # their verbs are added as they are imported
from chalknet.cli.app import app
from chalknet.cli.launch import tells
from chalknet.cli.say import tell

__all__ = ["devices", "fits", "main", "networks", "races", "sources"]


def main() -> None:
    """Run the command; an error of ours is two sentences and an exit code, `--debug` shows where."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    try:
        app(arguments)
    except cn.ChalknetError as problem:
        if debug:
            raise
        if not tells(problem):
            sys.exit(0)  # the process that tells it has the exit code too
        tell(f"error: {', '.join([*getattr(problem, '__notes__', ()), str(problem)])}")
        usage = type(problem).__name__ in ("InvalidValue", "UnknownName")
        sys.exit(2 if usage else 1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away: nothing more to say to it
        sys.exit(1)
