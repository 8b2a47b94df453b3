"""Words beside the lines and circles of a drawing of characters: `│ GELU`, `| dropout 0.2`, `x1 ○`."""

from __future__ import annotations

import re
from itertools import pairwise

from chalknet.notation.dialects.ascii_canvas import Canvas, Text
from chalknet.notation.drawings.vocabulary import said

_FARTHEST = 4  # columns between a line and the words at it
_WEIGHT = re.compile(r"[wW]\W?[0-9,]{0,4}")


class WordsAtLines:
    """Finds the words at an upright line; each is taken once.

    Args:
        canvas: the drawing.
        texts: what may stand there; units and boxes do not.
    """

    def __init__(self, canvas: Canvas, texts: list[Text]) -> None:
        self._canvas = canvas
        self._by_row: dict[int, list[Text]] = {}
        self.taken: set[int] = set()  # ids of texts
        for text in texts:
            if text.shape == "plaintext" and text.bottom < 0 and _acts(text.text):
                self._by_row.setdefault(text.row, []).append(text)

    def between(self, one: Text, other: Text, column: int) -> str:
        """Return what stands at the line in a column that joins two texts; empty for nothing."""
        if not self._by_row:
            return ""
        upper, lower = (one, other) if one.row < other.row else (other, one)
        found = []
        for row in range(max(upper.bottom, upper.row) + 1, lower.row):
            self._canvas.sketch.spend(1)
            for text in self._by_row.get(row, ()):
                gap = max(text.first - column, column - text.last)
                if (
                    0 < gap <= _FARTHEST
                    and (row, column) in self._canvas.strokes
                    and id(text) not in self.taken
                ):
                    self.taken.add(id(text))
                    found.append(text.text)
        return ", ".join(found)


def _acts(text: str) -> bool:
    """Return whether words say what is done on the way, and nothing else."""
    return said(text).only_steps or bool(_WEIGHT.fullmatch(text))


def name_circles(canvas: Canvas) -> None:
    """Give a bare circle the text beside it: `x1 ○`, `● y`."""
    by_row: dict[int, list[Text]] = {}
    for text in canvas.texts:
        by_row.setdefault(text.row, []).append(text)
    for row in by_row.values():
        for one, other in pairwise(sorted(row, key=lambda text: text.first)):
            for circle, text in ((other, one), (one, other)):
                close = other.first - one.last <= 2
                if (
                    close
                    and circle.shape == "circle"
                    and not circle.text
                    and text.shape == "plaintext"
                    and text.text
                ):
                    if text in canvas.texts:
                        circle.text = text.text
                        circle.first, circle.last = (
                            min(circle.first, text.first),
                            max(circle.last, text.last),
                        )
                        canvas.texts.remove(text)
                        for column in range(text.first, text.last + 1):
                            canvas.owner[text.row, column] = circle
                    break
