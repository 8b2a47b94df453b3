"""The command itself, to which the verbs are added."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="chalknet",
    help="From the blackboard to the GPU: write a network, count it, fit it, compare the methods.",
    epilog="Start with: chalknet demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
