"""The tokens of a formula in any notation: states, arrows, marks, and their places in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from chalknet.errors import ChalknetError, Excerpt, NotationError
from chalknet.network import Linear, Shape, Step

# The meaning of a word: a step; a linear map, whose width the next state states; or whether it has a bias.
Meaning: TypeAlias = Step | type[Linear] | bool
_BRACKET = re.compile(r"[()]")


class Span(NamedTuple):
    """A range of characters of the text that is read."""

    start: int
    end: int


def closing_bracket(text: str, at: int) -> int:
    """Return where the round bracket that is open at a place is closed; its length where it is not."""
    depth = 1
    for bracket in _BRACKET.finditer(text, at):
        depth += 1 if bracket.group() == "(" else -1
        if not depth:
            return bracket.start()
    return len(text)


@dataclass(frozen=True)
class SourceText:
    """A text that is being read, and how to point into it.

    Args:
        what: what it is called in an error, such as "arrow text".
        text: the text that is read.
        original: the text the user gave, when `text` was made from it.
        places: where each character of `text` stands in `original`; empty for the same place.
        remedy: what helps where an error has no remedy of its own: an example of the form.
    """

    what: str
    text: str
    original: str = ""
    places: Sequence[int] = ()
    remedy: str = "Write for instance X(n,784) -l1-> u1(n,1) -sig-> v1(n,1) = yhat."

    def excerpt(self, span: Span) -> Excerpt:
        """Return the user's line with a caret under the span."""
        if not self.places:
            return Excerpt(self.original or self.text, span.start, span.end - span.start)
        places = self.places[span.start : span.end] or [len(self.original)]
        return Excerpt(self.original, min(places), max(places) + 1 - min(places))

    def refuse(
        self,
        at: Span | int | None,
        *,
        got: str,
        wanted: str,
        remedy: str = "",
        kind: type[ChalknetError] = NotationError,
    ) -> ChalknetError:
        """Return the error for what stands at a span or at one character; None points nowhere."""
        where, excerpt = self._place(at)
        return kind(where=where, got=got, wanted=wanted, remedy=remedy or self.remedy, excerpt=excerpt)

    @contextmanager
    def pointing(self, span: Span) -> Iterator[None]:
        """Add the place to an error of a lower floor, which does not know the text."""
        try:
            yield
        except ChalknetError as problem:
            where, excerpt = self._place(span)
            problem.where = f"{where}, {problem.where}"
            problem.excerpt = problem.excerpt or excerpt
            raise

    def _place(self, at: Span | int | None) -> tuple[str, Excerpt | None]:
        """Return how an error says where something stands, and the line that it shows."""
        span = Span(at, at + 1) if isinstance(at, int) else at
        return self.what, None if span is None else self.excerpt(span)


@dataclass(frozen=True)
class Word:
    """One word of the vocabulary, at its place in the text."""

    meaning: Meaning
    span: Span


@dataclass(frozen=True)
class Sizes:
    """A shape as it is written under a state: `(n,784)`, with or without the batch axis."""

    batch: str | None
    shape: Shape
    span: Span


@dataclass(frozen=True)
class StateToken:
    """A state such as `u1(n,32)`, or a bare width such as `32`, and the words after it.

    Args:
        name: its name; empty for a bare width.
        sizes: its shape, if given.
        words: what follows in shorthand, `relu dropout(0.2)`.
        span: where it stands.
    """

    name: str
    sizes: Sizes | None
    words: tuple[Word, ...]
    span: Span

    def __str__(self) -> str:
        width = self.sizes.shape if self.sizes else ()
        return f"'{self.name}'" if self.name else f"the width {'x'.join(map(str, width))}"


@dataclass(frozen=True)
class Arrow:
    """An arrow, and the words over it; none for `->`."""

    words: tuple[Word, ...]
    span: Span


@dataclass(frozen=True)
class Mark:
    """A bracket, an equals sign or a comma."""

    sign: Literal["(", ")", "=", ","]
    span: Span


Token: TypeAlias = StateToken | Arrow | Mark
