"""The marks of a plain network, as a reader of pixels gives them."""

from itertools import pairwise

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks import ShapeMark, StrokeMark, TextMark


def drawn(*widths, confidence=0.9, r=20.0):
    """Return the marks of columns of discs, each joined with all of the next."""
    columns = [[(100 + 150 * n, 150 + (place - (width - 1) / 2) * 60) for place in range(width)]
               for n, width in enumerate(widths)]  # fmt: skip
    marks = [ShapeMark("disc", Place(x, y, 2 * r, 2 * r), fill="#ffffff", outline="#000000", confidence=0.9)
             for column in columns for x, y in column]  # fmt: skip
    for one, other in pairwise(columns):
        marks += [
            StrokeMark(((a + r, b), (c - r, d)), confidence=confidence) for a, b in one for c, d in other
        ]
    labels = [
        (f"{'xhy'[min(n, 2)]}{place + 1}", at)
        for n, column in enumerate(columns)
        for place, at in enumerate(column)
    ]
    marks += [TextMark(words, Place(*at, 16, 12), 12, confidence=0.8) for words, at in labels]
    return marks
