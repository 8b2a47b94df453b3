"""A picture that is read: its errors say a place in it, where those of a text show a line."""

from __future__ import annotations

from dataclasses import dataclass

from chalknet.errors import Excerpt
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

    def _place(self, at: Span | int | None) -> tuple[str, Excerpt | None]:
        """Return how an error says at which mark something stands; 0 and None point nowhere."""
        number = at.start if isinstance(at, Span) else at
        if not number or not 0 < number <= len(self.spots):
            return self.what, None
        x, y = self.spots[number - 1]
        return f"{self.what}, at {x:.0f}, {y:.0f} {self.unit}", None
