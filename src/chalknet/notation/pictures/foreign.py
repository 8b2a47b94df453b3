"""Writing in a script that the models do not know: its letters are no shapes."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from chalknet.notation.pictures.canvas import InkedPicture
from chalknet.notation.pictures.lettering import Lettered, Lettering, letters_in
from chalknet.notation.pictures.outlined import Found

_FEWEST = 8  # letters of a line that surely is one
_LONG = 2.2  # times longer than high are words
_SPARSE = 3.0  # heights to each letter, of a line most of whose letters were not read
_ALIKE, _MOSTLY = 1.15, 0.7  # times larger or smaller; of the shapes in a row of units
_HIGHER = 1.2  # than the lines, are titles at most


def without_letters(canvas: InkedPicture, shapes: Sequence[Found], lettered: Lettered) -> list[Found]:
    """Return the shapes without the letters of lines that could not be read.

    Where two long lines cannot be read, all shorter ones that are as high are in the same script.

    Args:
        canvas: the picture.
        shapes: the outlines in the picture.
        lettered: its words.
    """
    places = [*lettered.blank, *(one for one in lettered.words if _is_sparse(one))]
    places = [one for one in places if abs(one.angle) < 45 and one.width > _LONG * one.height]
    count = letters_in(canvas, places)
    lines = [one for one in places if count[one] >= _FEWEST and not _is_row(one, shapes)]
    if len(lines) < 2:
        return list(shapes)
    high = _HIGHER * median(line.height for line in lines)
    written = [one for one in places if one.height < high]
    return [shape for shape in shapes if not any(_is_letter(shape, one) for one in written)]


def _is_sparse(words: Lettering) -> bool:
    return words.width > _SPARSE * words.height * len(words.text.replace(" ", ""))


def _is_row(words: Lettering, shapes: Sequence[Found]) -> bool:
    """Return whether shapes of one size and kind stand in a line, as units do and letters do not."""
    inside = [shape for shape in shapes if _is_letter(shape, words)]
    alike = max(
        (
            sum(one.kind == other.kind and 1 / _ALIKE < one.size / other.size < _ALIKE for one in inside)
            for other in inside
        ),
        default=0,
    )
    return alike > _MOSTLY * len(inside)


def _is_letter(shape: Found, words: Lettering) -> bool:
    return words.holds(shape.x, shape.y) and shape.height < 1.1 * words.height
