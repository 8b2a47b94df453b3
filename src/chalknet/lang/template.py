"""A text with `{names}` for values, and the values of a text that was made from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

_MARKED = re.compile(r"\{\{|\}\}|\{(?P<name>[a-z_]\w*)(?P<translated>!t)?\}")  # a doubled brace is one brace
_ANY, _NUMBER, _BEHIND_VALUE = "(.*?)", r"([\d,.]*\d)", r"((?:\W.*?)?)"
_COUNTS = frozenset(
    "batch_size count epochs gaps observations patience processes samples threads updates".split()
    + ["word_columns"]
)


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

    @cached_property
    def pieces(self) -> tuple[tuple[str, str, bool], ...]:
        """Return the letters before each value, its name (blank at the end) and whether it is translated."""
        return tuple(self._parsed())

    def _parsed(self) -> Iterator[tuple[str, str, bool]]:
        before, end = "", 0
        for found in _MARKED.finditer(self.text):
            before += self.text[end : found.start()]
            end = found.end()
            if found["name"]:
                yield before, found["name"], bool(found["translated"])
                before = ""
            else:
                before += found[0][0]
        yield before + self.text[end:], "", False

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Return its own letters: before, between and after the values."""
        return tuple(before for before, _, _ in self.pieces)

    @cached_property
    def own_length(self) -> int:
        """Return how many characters are its own."""
        return sum(map(len, self.own))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of its values, in order."""
        return tuple(name for _, name, _ in self.pieces if name)

    def values_of(self, text: str) -> dict[str, str] | None:
        """Return the values by name where a text was made from this template, else None.

        A value that follows another one at once is empty, or begins with a blank or a sign, as in
        `{count}{more}` of `3, or more`. What a value is called tells whether it is a number.
        """
        first, last = self.own[0], self.own[-1]
        if len(text) < self.own_length or not (text.startswith(first) and text.endswith(last)):
            return None
        if not all(part in text for part in self.own):
            return None
        found = self._pattern.fullmatch(text)
        return None if found is None else dict(zip(self.names, found.groups(), strict=True))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        values: list[str] = []
        for before, name in zip(self.own, self.names, strict=False):
            value = _NUMBER if name.rstrip("23") in _COUNTS else _ANY
            values.append(value if before or not values else _BEHIND_VALUE)
        between = "".join(value + re.escape(part) for value, part in zip(values, self.own[1:], strict=True))
        return re.compile(re.escape(self.own[0]) + between, re.DOTALL)
