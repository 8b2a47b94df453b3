"""Lines of writing in boxes that were passed over beside those that were read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found

_INSIDE = 0.44  # of a box to either side of its middle: without its rim
_HIGH, _WIDE = (0.5, 2.5), 1.5  # of the height of the words that were read: a line of writing
_SHADE = 45.0  # by which writing differs from the box


def lines_passed_over(
    canvas: InkedPicture, shapes: Sequence[Found], words: Sequence[Lettering], tables: Sequence[Found] = ()
) -> list[Found]:
    """Return where lines of writing stand in boxes in which other words were read.

    Args:
        canvas: the picture.
        shapes: the units.
        words: lines of words.
        tables: those of the units whose cells have been read.
    """
    boxes = [shape for shape in shapes if not (shape.is_round or shape in tables)]
    return [line for shape in boxes for line in _lines_in(canvas, shape, words)]


def _lines_in(canvas: InkedPicture, shape: Found, words: Sequence[Lettering]) -> Iterator[Found]:
    own = [one for one in words if shape.holds(one.x, one.y)]
    if not own or abs(shape.angle) > 3:
        return
    size = median(one.height for one in own)
    left, top = (
        max(0, round(at)) for at in (shape.x - _INSIDE * shape.width, shape.y - _INSIDE * shape.height)
    )
    right, bottom = round(shape.x + _INSIDE * shape.width), round(shape.y + _INSIDE * shape.height)
    ink = _writing(canvas.colours[top:bottom, left:right])
    for one in own:
        over, aside = 0.65 * one.height, 0.5 * one.width + 0.5 * one.height
        rows = slice(max(0, int(one.y - over) - top), max(0, int(one.y + over) - top))
        ink[rows, max(0, int(one.x - aside) - left) : max(0, int(one.x + aside) - left)] = False
    for first, last in _runs(np.asarray(ink.any(axis=1))):
        across = np.flatnonzero(ink[first:last].any(axis=0))
        wide, high = int(across[-1] - across[0] + 1), last - first
        if _HIGH[0] * size <= high <= _HIGH[1] * size and wide >= _WIDE * size:
            x, y = left + (across[0] + across[-1]) / 2, top + (first + last) / 2
            yield Found("box", float(x), float(y), wide / 0.88, high / 0.88)


def _writing(inside: Pixels) -> Pixels:
    """Return where the colour differs from the usual one; nowhere in a box of many colours."""
    if not inside.size:
        return np.zeros(inside.shape[:2], bool)
    off = np.abs(inside.astype(np.float32) - np.median(inside.reshape(-1, 3), axis=0)).max(axis=2)
    found: Pixels = off > max(_SHADE, 0.4 * float(off.max()))
    return found if float(found.mean()) < 0.4 else np.zeros(found.shape, bool)


def _runs(rows: Pixels) -> Iterator[tuple[int, int]]:
    """Yield where rows with ink begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], rows.astype(np.int8), [0]))))
    yield from ((int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True))
