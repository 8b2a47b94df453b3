"""The commands that hand a fit to others: export, serve."""

from __future__ import annotations

import chalknet as cn
from chalknet.cli import options, words
from chalknet.cli.app import command
from chalknet.cli.options import Asked, Option, given
from chalknet.cli.say import say, tell_written
from chalknet.files import user_path
from chalknet.lang import translated

_LIMITS = (
    Option("max_bytes", "The largest body of a request; 1048576 (1 MiB) when left out.", int, panel="Limits"),
    Option("max_rows", "The most rows of a request; 10000 when left out.", int, panel="Limits"),
    Option(
        "max_seconds", "The most time until a request is there and answered; 10 when left out.", float,
        panel="Limits",
    ),
)  # fmt: skip
_UNKNOWN = next(row for row in options.FILE if row.name == "unknown")
_WHERE = (
    Option("host", "The address to listen at; 127.0.0.1, this machine alone, when left out; 0.0.0.0: all."),
    Option("port", "The port; 8000 when left out, 0 for one that is free.", int),
    Option("workers", "How many processes answer; 1 when left out.", words.process_count, "N"),
)


@command(
    options.RUN,
    Option(
        "path", "What to write, by its ending: .onnx, or .md for a model card.", user_path, "FILE",
        default=..., argument=True,
    ),
)  # fmt: skip
def export(asked: Asked) -> None:
    """Write a kept fit for others: ONNX with its preparation inside, or a model card.

    Example: chalknet export run/ model.onnx
    Example: chalknet export run/ card.md
    """
    cn.export(asked["run"], asked["path"])
    tell_written(asked["path"])


@command(options.RUN, _WHERE, (_UNKNOWN,), _LIMITS)
def serve(asked: Asked) -> None:
    """Serve a kept fit over HTTP until Ctrl-C: POST /predict takes JSON or CSV.

    Example: chalknet serve run/
    Example: chalknet serve run/ --port 8080 --workers 2
    Example: chalknet serve run/ --host 0.0.0.0 --max-rows 100
    """
    cn.serve(
        asked["run"], **given(asked, _WHERE, (_UNKNOWN,), _LIMITS),
        on_start=lambda address: say(
            translated(f"serving {asked['run']} at {address} (Ctrl-C ends it)")
        ),
    )  # fmt: skip
