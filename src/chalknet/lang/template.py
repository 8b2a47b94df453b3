"""A text with `{names}` for values, and the values of a text that was made from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from string import Formatter


class Template:
    """A text with `{names}` for values.

    Args:
        text: as `str.format` takes it; `{name!t}` in a translation asks for the value to be translated too.

    Example:
        >>> Template("got {n} layers").values_of("got 3 layers")
        {'n': '3'}
        >>> Template("got {n} layers").values_of("got nothing")
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def pieces(self) -> Iterator[tuple[str, str, bool]]:
        """Yield the letters before each value, its name (blank at the end) and whether it is translated."""
        for before, name, _, conversion in Formatter().parse(self.text):
            yield before, name or "", conversion == "t"

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Return its own letters: before, between and after the values."""
        parts, ends_in_value = [], False
        for before, name, _ in self.pieces():
            parts.append(before)
            ends_in_value = bool(name)
        return (*parts, "") if ends_in_value else tuple(parts)

    @cached_property
    def own_length(self) -> int:
        """Return how many letters are its own."""
        return sum(map(len, self.own))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of its values, in order."""
        return tuple(name for _, name, _ in self.pieces() if name)

    def values_of(self, text: str) -> dict[str, str] | None:
        """Return the values by name where a text was made from this template, else None."""
        first, last = self.own[0], self.own[-1]
        if len(text) < self.own_length or not (text.startswith(first) and text.endswith(last)):
            return None
        if not all(part in text for part in self.own):
            return None
        found = self._pattern.fullmatch(text)
        return None if found is None else dict(zip(self.names, found.groups(), strict=True))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        between = "".join(f"(.*?){re.escape(part)}" for part in self.own[1:])
        return re.compile(re.escape(self.own[0]) + between, re.DOTALL)
