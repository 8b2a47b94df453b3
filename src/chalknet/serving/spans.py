"""The range or words of a column in the training rows, as text for people."""

from __future__ import annotations

from collections.abc import Sequence

from chalknet.data import PreparedColumn
from chalknet.units import show_value

_WORDS_SHOWN = 20


def span_of(column: PreparedColumn) -> str:
    """Return the words of a column in the training rows, or its smallest and largest number."""
    if column.words is not None:
        return listed([repr(word) for word in column.words])
    return "not noted" if column.span is None else " to ".join(map(show_value, column.span))


def listed(names: Sequence[str]) -> str:
    """Return a list of names as text; of many the first ones, and how many there are."""
    more = f", ... ({len(names)} in all)" if len(names) > _WORDS_SHOWN else ""
    return ", ".join(names[:_WORDS_SHOWN]) + more
