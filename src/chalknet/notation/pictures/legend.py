"""The keys of a legend in pixels: small shapes of one size, each with words right beside it."""

from __future__ import annotations

from collections.abc import Sequence

from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found

_SMALL = 0.75  # of a unit
_ALIKE = 1.25  # times larger or smaller is one size
_FAR = 2.5  # times wider than a key is the gap to its words at most
_FEWEST = 2
_LONG = 3  # letters, that words beside a key have at least: a label of a unit is shorter


def legend_keys(shapes: Sequence[Found], words: Sequence[Lettering], size: float) -> list[Found]:
    """Return the shapes that are keys of a legend.

    Args:
        shapes: all that may be units.
        words: lines of words.
        size: the usual size of a unit.
    """
    small = [one for one in shapes if one.is_filled and one.size < _SMALL * size and _has_words(one, words)]
    return [
        one for one in small if sum(1 / _ALIKE < one.size / other.size < _ALIKE for other in small) >= _FEWEST
    ]


def _has_words(shape: Found, words: Sequence[Lettering]) -> bool:
    """Return whether words begin right of a shape, in line with it, and none stand in it."""
    if any(shape.holds(one.x, one.y) for one in words):
        return False
    return any(
        len(one.text) >= _LONG
        and abs(one.y - shape.y) < 0.6 * max(shape.height, one.height)
        and -0.2 * shape.width < one.x - one.width / 2 - shape.x - shape.width / 2 < _FAR * shape.width
        for one in words
    )
