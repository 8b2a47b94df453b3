"""A picture that is read: its errors say a place in it, where those of a text show a line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chalknet.errors import ChalknetError, NotationError
from chalknet.notation.marks.mark import Point
from chalknet.notation.tokens import SourceText, Span

REMEDY = "Give a larger or clearer picture of the network alone, or write it as a formula."


@dataclass(frozen=True)
class PictureSource(SourceText):
    """What is read of a picture.

    Args:
        spots: the middle of each mark; the mark numbered n, from 1, is written "at" n.
        unit: in what they are measured: "px" or "pt".
    """

    text: str = ""
    remedy: str = REMEDY
    spots: tuple[Point, ...] = ()
    unit: str = "px"

    def refuse(
        self,
        at: Span | int | None,
        *,
        got: str,
        wanted: str,
        remedy: str = "",
        kind: type[ChalknetError] = NotationError,
    ) -> ChalknetError:
        """Return the error for what stands at a mark; 0 and None point nowhere."""
        where = f"{self.what}{self._place(at)}"
        return kind(where=where, got=got, wanted=wanted, remedy=remedy or self.remedy)

    @contextmanager
    def pointing(self, span: Span) -> Iterator[None]:
        """Add the place of a mark to an error of a lower floor, which does not know the picture."""
        try:
            yield
        except ChalknetError as problem:
            problem.where = f"{self.what}{self._place(span)}, {problem.where}"
            raise

    def _place(self, at: Span | int | None) -> str:
        number = at.start if isinstance(at, Span) else at
        if not number or not 0 < number <= len(self.spots):
            return ""
        x, y = self.spots[number - 1]
        return f", at {x:.0f}, {y:.0f} {self.unit}"
