"""The command itself, and how a verb becomes one of its commands: from rows of the table of options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter, Signature, getdoc, isfunction
from typing import Any, TypeVar

import typer

import chalknet as cn
from chalknet.cli.help import CommandInLanguage, VerbInLanguage
from chalknet.cli.options import Asked, Group, Option, flag
from chalknet.cli.say import say

EXIT_CODES = "Exit codes: 0 done, or yes; 1 failed, or no; 2 a wrong word in the command; 130 Ctrl-C."
Verb = TypeVar("Verb", bound=Callable[[Asked], int | None])
_VERBS: list[tuple[Callable[[Asked], int | None], list[Option]]] = []  # as their modules add them on import


def app_for(typed: Sequence[str] | None = None) -> typer.Typer:
    """Return the command; only verbs that were typed have their options, since making them takes time.

    Args:
        typed: the words; None where every verb needs its options.
    """
    app = typer.Typer(
        name="chalknet",
        cls=CommandInLanguage,
        help="From the blackboard to the GPU: write a network, count it, fit it, compare the methods.",
        epilog=f"Start with: chalknet demo\n\n{EXIT_CODES}",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_top)
    for verb, options in _VERBS:
        needed = options if typed is None or verb.__name__ in typed else []
        app.command(verb.__name__, cls=VerbInLanguage, help=getdoc(verb), epilog=EXIT_CODES)(
            _run(verb, needed)
        )
    return app


def _show_version(asked: bool) -> None:
    if asked:
        say(f"chalknet {cn.__version__}")
        raise typer.Exit


def _top(
    version: bool = typer.Option(
        False, "--version", help="Print the version.", callback=_show_version, is_eager=True
    ),
    debug: bool = typer.Option(False, "--debug", help="Show where in the code an error was raised."),
) -> None:
    """Hold the options that come before a command; `--debug` is also taken behind it."""


def command(*rows: Option | Group) -> Callable[[Verb], Verb]:
    """Return a decorator that adds a verb to the command.

    Args:
        *rows: its options, in the order of its help. The verb is called with their values by name, and
            returns the exit code, or None for 0.
    """
    options = [option for row in rows for option in ((row,) if isinstance(row, Option) else row)]

    def added(verb: Verb) -> Verb:
        _VERBS.append((verb, options))
        return verb

    return added


def _run(verb: Callable[[Asked], int | None], options: Sequence[Option]) -> Callable[..., int | None]:
    """Return a function that typer calls with the values of the options."""

    def run(**asked: Any) -> int | None:
        return verb(asked)

    run.__signature__ = Signature([_parameter(option) for option in options])  # type: ignore[attr-defined]
    return run


def _parameter(option: Option) -> Parameter:
    """Return the option as typer takes it."""
    parser = option.kind if isfunction(option.kind) else None
    kind: Any = str if parser else option.kind
    kind = list[kind] if option.many else kind
    shown: dict[str, Any] = {"help": option.help, "metavar": option.metavar, "rich_help_panel": option.panel}
    if option.argument:
        info = typer.Argument(option.default, parser=parser, **shown)
    else:
        flags = option.flags or (flag(option.name),)
        info = typer.Option(option.default, *flags, parser=parser, show_default=False, **shown)
    return Parameter(option.name, Parameter.KEYWORD_ONLY, default=info, annotation=kind | None)
