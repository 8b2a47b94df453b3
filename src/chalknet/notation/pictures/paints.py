"""Areas painted in one colour: a filled unit is one, whatever lines of other colours run up to it."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels

_MOST = 10  # colours
_NEAR = 25  # of a colour, in its largest part, are its own shades
_LEAST_PART = 0.0001  # of the picture, that a colour covers
_MOST_WRITTEN = 0.5  # of an area, that words cover
_FLAT = 6.0  # change from pixel to pixel, within an area of one colour


def painted(canvas: InkedPicture, edges: Pixels) -> Iterator[Pixels]:
    """Yield a mask for each colour that fills areas, where a program painted them: paper has none.

    Args:
        canvas: the picture.
        edges: how fast colours change at each pixel.
    """
    for colour in _colours_of(canvas, edges) if canvas.is_flat else ():
        near = cv2.inRange(canvas.colours, np.maximum(colour - _NEAR, 0), np.minimum(colour + _NEAR, 255))
        yield _without_holes(near // 255)


def _without_holes(paint: Pixels) -> Pixels:
    """Return areas with the holes filled that words leave in them; most of what lines enclose is empty."""
    contours, tree = cv2.findContours(paint, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return paint
    holes = np.zeros(len(contours))
    for contour, (_, _, _, parent) in zip(contours, tree[0], strict=True):
        if parent >= 0:
            holes[parent] += cv2.contourArea(contour)
    for number, contour in enumerate(contours):
        if 0 < holes[number] < _MOST_WRITTEN * cv2.contourArea(contour):
            cv2.drawContours(paint, contours, number, 1, -1)
    return paint


def _colours_of(canvas: InkedPicture, edges: Pixels) -> list[Pixels]:
    """Return the colours, other than the ground's, that most of the flat ink has."""
    inside = canvas.mask & (edges < max(_FLAT, 0.25 * canvas.least))
    flat = canvas.colours[inside].astype(np.int16)
    least = _LEAST_PART * canvas.mask.size
    found: list[Pixels] = []
    while len(flat) > least and len(found) < _MOST:
        bins = (flat[:, 0] >> 4) * 256 + (flat[:, 1] >> 4) * 16 + (flat[:, 2] >> 4)
        usual = int(np.bincount(bins).argmax())
        colour = np.median(flat[bins == usual], axis=0)
        near = np.abs(flat - colour).max(axis=1) < _NEAR
        if int(near.sum()) > least:
            found.append(colour.astype(np.int16))
        flat = flat[~near & (bins != usual)]
    return found
