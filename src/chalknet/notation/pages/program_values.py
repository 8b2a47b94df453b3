"""The kinds of values in a program that draws, and how large they may become."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

LONGEST = 100_000  # members of a list
LONGEST_TEXT = 1_000_000
NOT_FOLLOWED = (ArithmeticError, TypeError, LookupError, ValueError, AttributeError, StopIteration)
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, eq=False)
class Routine:
    """A function or a lambda of the text.

    Args:
        arguments, body: as they are written; a lambda's body is what it returns.
        scopes: the names around it.
        owner: the object that it is a method of.
    """

    arguments: ast.arguments
    body: list[ast.stmt]
    scopes: tuple[dict[str, object], ...] = ()
    owner: object = None


@dataclass(frozen=True, eq=False)
class Kind:
    """A class of the text."""

    members: dict[str, object]


@dataclass(frozen=True, eq=False)
class Thing:
    """An object of such a class."""

    kind: Kind
    attributes: dict[str, object] = field(default_factory=dict)


def flat(value: object) -> object:
    """Return a value that is a text, a number or a few of them; it may be a key, or written in a text.

    Raises:
        TypeError: for anything else, which may be as large as its parts multiplied.
    """
    parts = value if isinstance(value, tuple) else (value,)
    if len(parts) > 8 or not all(isinstance(part, _PLAIN) for part in parts):
        raise TypeError("what is no text and no number")
    return value


def check_text(pattern: str, values: Iterable[object]) -> None:
    """Refuse to put values into a text that would become too long.

    Raises:
        ValueError: for one.
    """
    parts = [part for value in values for part in (value if isinstance(value, list | tuple) else [value])]
    longest = max((len(part) for part in parts if isinstance(part, str)), default=0)
    if len(pattern) + longest * (len(parts) + pattern.count("{")) > 10 * LONGEST_TEXT:
        raise ValueError("a text that is too long to make")
