"""The help of the command in the language chosen: a copy of each verb and option as it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from chalknet.lang import _, language

_PANELS = {"argument": "Arguments", "option": "Options"}  # typer's own titles, by kind of parameter


class VerbInLanguage(TyperCommand):
    """A command whose help is in the language chosen."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, of a copy whose texts are translated."""
        TyperCommand.format_help(_in_language(self), ctx, formatter)

    def get_usage(self, ctx: Any) -> str:
        """Return the line of usage."""
        return super().get_usage(ctx).replace("Usage:", _("Usage:"), 1)


class CommandInLanguage(TyperGroup):
    """The command of commands, whose help is in the language chosen."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, of a copy whose texts are translated."""
        shown = _in_language(self)
        if shown is not self:
            shown.commands = {name: _in_language(verb) for name, verb in self.commands.items()}
        TyperGroup.format_help(shown, ctx, formatter)

    def get_usage(self, ctx: Any) -> str:
        """Return the line of usage."""
        return super().get_usage(ctx).replace("Usage:", _("Usage:"), 1)


def texts_of(app: typer.Typer) -> Iterator[str]:
    """Yield the English texts of the help of a command and of its verbs."""
    top: Any = typer.main.get_command(app)
    for shown in (top, *top.commands.values()):
        for text in (shown.help, shown.epilog):
            yield from (part for part in _paragraphs(text or "") if not part.startswith("Example:"))
        for option in shown.params:
            yield from filter(None, (option.help, getattr(option, "rich_help_panel", None)))
    yield "Example:"


def in_language(text: str | None) -> str | None:
    """Return a help of several paragraphs in the language chosen; the lines of its examples stay."""
    if text is None or language() == "en":
        return text
    example = _("Example:")
    return "\n\n".join(
        part.replace("Example:", example) if part.startswith("Example:") else _(part)
        for part in _paragraphs(text)
    )


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a help, each on one line but for examples, which have a line each."""
    parts = text.strip().split("\n\n")
    return [part if part.startswith("Example:") else " ".join(part.split()) for part in parts]


def _in_language(shown: Any) -> Any:
    """Return a copy of a command whose texts are translated, or itself in English."""
    if language() == "en":
        return shown
    spoken = copy(shown)
    spoken.help, spoken.epilog = in_language(shown.help), in_language(shown.epilog)
    spoken.short_help = in_language(shown.short_help)
    spoken.rich_help_panel = _("Commands")
    spoken.get_usage = shown.get_usage
    spoken.get_params = lambda ctx: [_option(option) for option in shown.get_params(ctx)]
    return spoken


def _option(option: Any) -> Any:
    """Return a copy of an option whose help and panel are translated."""
    spoken = copy(option)
    spoken.help = _(option.help) if option.help else option.help
    spoken.rich_help_panel = _(getattr(option, "rich_help_panel", None) or _PANELS[option.param_type_name])
    if option.required:
        spoken.help, spoken.required = rf"{spoken.help or ''} \[{_('required')}]".strip(), False
    return spoken
