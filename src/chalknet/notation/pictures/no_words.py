"""What was taken for words and is none: rims of units, rows of units, scraps of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalknet.notation.pictures.lettering import LIKE_LINES, ROUND_LETTERS, Lettering, as_label
from chalknet.notation.pictures.outlined import Found

_SPANS = (0.92, 1.15)  # of a box, that words cover whose ends are its sides


def without_rims(words: Sequence[Lettering], shapes: Sequence[Found]) -> list[Lettering]:
    """Return the words without the rims of units that were taken for letters or brackets.

    Args:
        words: lines of words.
        shapes: the units.
    """
    found = []
    for one in words:
        around = [s for s in shapes if abs(one.x - s.x) < 0.3 * s.width and abs(one.y - s.y) < 0.3 * s.height]
        may_be_rim = one.is_round_letter or one.text in LIKE_LINES
        if around and may_be_rim and one.height > 0.7 * around[0].size:
            continue
        if _takes_in_rims(one, shapes):  # each unit is read alone
            continue
        bare = as_label(one.text.strip("()（）[]|"))
        found.append(replace(one, text=bare) if around and bare else one)
    return found


def _takes_in_rims(words: Lettering, shapes: Sequence[Found]) -> bool:
    """Return whether words run over several units, or from side to side of a box, with its rims."""
    if words.angle:
        return False
    on = [shape for shape in shapes if words.holds(shape.x, shape.y) and shape.height > words.height]
    boxes = [
        shape for shape in on if not shape.is_round and _SPANS[0] < words.width / shape.width < _SPANS[1]
    ]
    return len(on) > 1 or bool(boxes)


def without_shapes(words: Sequence[Lettering], shapes: Sequence[Found], size: float) -> list[Lettering]:
    """Return the words that are no units taken for letters.

    Args:
        words: lines of words.
        shapes: the outlines in the picture.
        size: the usual size of a unit.
    """
    if not size:
        return list(words)
    large = [shape for shape in shapes if shape.size > 0.7 * size and shape.off < 0.05]
    return [
        one
        for one in words
        if not any(_is_around(one, shape) for shape in large) and not _is_row_of(one, large)
    ]


def _is_row_of(words: Lettering, shapes: Sequence[Found]) -> bool:
    """Return whether words are a row of shapes: two at least, and most of what a plain word would be."""
    inside = [shape for shape in shapes if words.holds(shape.x, shape.y) and shape.size < words.height]
    most = sum(shape.width for shape in inside) > 0.5 * words.width
    return len(inside) > 1 and (most or not is_plain_word(words))


def _is_around(words: Lettering, shape: Found) -> bool:
    """Return whether a shape is as large as the letters of words in whose place it stands."""
    fits = shape.width <= 1.15 * words.width and shape.height <= 1.25 * words.height
    if words.angle:
        fits = shape.size <= 1.2 * words.height
    is_letter = is_plain_word(words) and shape.width < 0.5 * words.width
    return fits and not is_letter and words.holds(shape.x, shape.y) and shape.size > 0.3 * words.height


def without_scraps(words: Sequence[Lettering], shapes: Sequence[Found]) -> list[Lettering]:
    """Return the words that are no pieces of lines taken for letters: these stand alone, outside of units.

    Args:
        words: lines of words.
        shapes: the units.
    """
    return [
        one
        for one in words
        if len(one.text) > 1
        or (one.trust > 0.9 and one.text not in LIKE_LINES)
        or any(abs(one.x - s.x) < 0.4 * s.width and abs(one.y - s.y) < 0.4 * s.height for s in shapes)
    ]


def is_plain_word(words: Lettering) -> bool:
    """Return whether words surely are some, and no row of circles."""
    return (
        words.trust > 0.75
        and len(words.text) > 2
        and bool(set(words.text) - ROUND_LETTERS - set("VvUu0123456789 "))
    )
