"""A text with `{names}` for values, and the values of a text that was made from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

_MARKED = re.compile(r"\{\{|\}\}|\{(?P<name>[a-z_]\w*)(?P<translated>!t)?\}")  # a doubled brace is one brace
_ANY, _NUMBER, _BEHIND_VALUE = "(.*?)", r"([\d,.]*\d)", r"((?:\W.*?)?)"
_COUNTS = frozenset(
    "alike batch_size compared count epochs gaps observations patience processes samples threads "
    "updates".split()
)


class Template:
    """A text with `{names}` for values.

    Args:
        text: a `str.format` template; in a translation, the value of `{name!t}` is translated too.

    Example:
        >>> Template("got {n} layers").values_of("got 3 layers")
        {'n': '3'}
        >>> Template("got {n} layers").values_of("got nothing")
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def pieces(self) -> tuple[tuple[str, str, bool], ...]:
        """Return the text before each value, its name (empty at the end) and whether it is translated."""
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
        """Return its literal parts: before, between and after the values."""
        return tuple(before for before, _, _ in self.pieces)

    @cached_property
    def own_length(self) -> int:
        """Return how many literal characters it has."""
        return sum(map(len, self.own))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of its values, in order."""
        return tuple(name for _, name, _ in self.pieces if name)

    def values_of(self, text: str) -> dict[str, str] | None:
        """Return the values by name if the text was made from this template, else None.

        A value directly after another one is empty or begins with a blank or a punctuation mark, like
        `{count}{more}` in `3, or more`. The name of a value determines whether it is a number.
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
