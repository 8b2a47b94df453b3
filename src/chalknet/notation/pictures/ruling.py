"""Squared paper: its lines are fainter than what is drawn on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture
from chalknet.notation.pictures.outlined import Found

_FEWEST = 40  # squares
_ALIKE = 1.25  # times larger or smaller
_FAINTER = 1.8  # times more ink than the ruling has what is drawn


def ruled(shapes: Sequence[Found]) -> list[Found]:
    """Return the squares of squared paper; none where there are too few of one size.

    Args:
        shapes: the outlines in a picture.
    """
    boxes = [shape for shape in shapes if not (shape.is_round or shape.is_filled)]
    if len(boxes) < _FEWEST:
        return []
    size = float(np.median([box.size for box in boxes]))
    alike = [
        box
        for box in boxes
        if 1 / _ALIKE < box.size / size < _ALIKE and max(box.width, box.height) < _ALIKE * size
    ]
    return alike if len(alike) >= max(_FEWEST, 0.4 * len(boxes)) else []


def without_ruling(canvas: InkedPicture, squares: Sequence[Found]) -> InkedPicture:
    """Return a picture in which the ruling counts as ground, where the pen has much more ink.

    Args:
        canvas: the picture.
        squares: those of the paper.
    """
    rims = [
        canvas.ink[round(y), round(x)]
        for box in squares
        for x, y in _sides(box)
        if 0 <= round(y) < canvas.ink.shape[0] and 0 <= round(x) < canvas.ink.shape[1]
    ]
    faint = float(np.percentile(rims, 90))
    pen = float(np.percentile(canvas.ink[canvas.mask], 95))
    if pen < _FAINTER * faint:
        return canvas
    least = max(canvas.least, min(1.3 * faint, 0.6 * pen))
    mask = canvas.ink > least
    level = float(np.percentile(canvas.ink[mask], 70)) if bool(mask.any()) else canvas.level
    return replace(canvas, ink=np.where(mask, canvas.ink, 0), mask=mask, least=least, level=level)


def _sides(box: Found) -> list[tuple[float, float]]:
    """Return the middles of the four sides."""
    across, down = box.width / 2 - 1, box.height / 2 - 1
    return [(box.x - across, box.y), (box.x + across, box.y), (box.x, box.y - down), (box.x, box.y + down)]
