"""Pale areas behind several units, such as bands behind columns, get the colour of the ground."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import cv2
import numpy as np

Pixels: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

_LEAST, _PALE = 16.0, 70.0  # of ink: less is none, more is the colour of what is drawn on it
_LEAST_PART = 0.02  # of the picture, that a panel covers
_SHADE = 3  # of a colour, to either side, that one area has
_MOST = 8  # colours
_FLAT = 0.5  # of the pixels of its colour, that lie together
_SHARP = 0.4  # of the rim of a panel; two that overlap have nearly one colour there
_FEWEST = 2  # things of one size that stand in it
_ALIKE = 1.3  # times larger or smaller
_HIGHEST = 0.45  # of the panel, that one of them measures


def distance(colours: Pixels, ground: Pixels) -> Pixels:
    """Return how far colours are apart: lightness in full, hue for less.

    Args:
        colours: red, green and blue, (height, width, 3).
        ground: likewise, or one colour for all, (1, 1, 3).
    """
    weights = np.array([[0.299, 0.587, 0.114], [0.5, -0.419, -0.081], [-0.169, -0.331, 0.5]], np.float32)
    off = colours.astype(np.float32) - ground
    parts = cv2.transform(off, weights)
    found: Pixels = np.sqrt(parts[:, :, 0] ** 2 + 0.8 * (parts[:, :, 1] ** 2 + parts[:, :, 2] ** 2))
    return found


def without_panels(colours: Pixels, ground: Pixels) -> Pixels:
    """Return a picture whose panels have the colour of the ground.

    A panel is pale, of one colour, and holds at least two things of one size that are no letters.

    Args:
        colours: red, green and blue, (height, width, 3), of bytes.
        ground: the one colour of the ground, (1, 1, 3).
    """
    ink = distance(colours, ground)
    found = colours
    reach = max(7, round(0.012 * max(ink.shape))) | 1
    for colour in _flat_colours(colours, ink):
        near = (np.abs(colours.astype(np.int16) - colour).max(axis=2) <= _SHADE).astype(np.uint8)
        exact = cv2.morphologyEx(near, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        if int(exact.sum()) < _FLAT * int(near.sum()):
            continue  # a haze of fine lines
        whole = cv2.morphologyEx(exact, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
        for panel in _panels_in(whole):
            if _has_sharp_rim(colours, panel, colour):
                found = _painted_over(found, panel, colour, ground)
    return found


def _flat_colours(colours: Pixels, ink: Pixels) -> Iterator[Pixels]:
    """Yield the pale colours that cover much of a picture."""
    flat = colours[(ink > _LEAST) & (ink < _PALE)].astype(np.int16)
    least = _LEAST_PART * ink.size
    for _ in range(_MOST):
        if len(flat) < least:
            return
        bins = (flat[:, 0] >> 3) * 1024 + (flat[:, 1] >> 3) * 32 + (flat[:, 2] >> 3)
        usual = int(np.bincount(bins).argmax())
        colour = np.median(flat[bins == usual], axis=0).astype(np.int16)
        near = np.abs(flat - colour).max(axis=1) <= _SHADE
        if int(near.sum()) >= least:
            yield colour
        flat = flat[~near & (bins != usual)]


def _panels_in(mask: Pixels) -> Iterator[Pixels]:
    """Yield the areas of a mask that hold several things of one size, whole."""
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return
    holes: dict[int, list[float]] = {}
    for contour, (_, _, _, parent) in zip(contours, tree[0], strict=True):
        if parent >= 0:
            _, _, width, height = cv2.boundingRect(contour)
            if cv2.contourArea(contour) > 0.6 * width * height:
                holes.setdefault(int(parent), []).append(float(min(width, height)))
    for number, sizes in holes.items():
        _, _, width, height = cv2.boundingRect(contours[number])
        largest = max(sizes)
        alike = sum(size * _ALIKE > largest for size in sizes)
        is_large = cv2.contourArea(contours[number]) > _LEAST_PART * mask.size
        if is_large and alike >= _FEWEST and largest < _HIGHEST * max(width, height):
            panel = np.zeros(mask.shape, np.uint8)
            cv2.drawContours(panel, contours, number, 1, -1)
            yield panel


def _has_sharp_rim(colours: Pixels, panel: Pixels, colour: Pixels) -> bool:
    """Return whether a panel has another colour than what is beside it: a shade in a photograph has not."""
    near, far = (cv2.dilate(panel, np.ones((size, size), np.uint8)) for size in (7, 13))
    beside = colours[(far - near) > 0].astype(np.int16)
    off = np.abs(beside - colour).max(axis=1) if len(beside) else np.zeros(1)
    return float((off > 2 * _SHADE + 1).mean()) > _SHARP


def _painted_over(colours: Pixels, panel: Pixels, colour: Pixels, ground: Pixels) -> Pixels:
    """Return a picture with one panel less: what is drawn on it is as much lighter or darker as the ground.

    The rim of the panel, where its colour runs into that of the ground, gets the colour of the ground.
    """
    edge = cv2.dilate(panel, np.ones((5, 5), np.uint8)) - cv2.erode(panel, np.ones((3, 3), np.uint8))
    shift = ground.reshape(3) - colour
    moved = np.where(panel[:, :, None] > 0, colours + shift, colours)
    pale = distance(colours, ground) < 1.1 * float(distance(colour.reshape(1, 1, 3), ground)[0, 0])
    moved[(edge > 0) & pale] = ground.reshape(3)
    return np.clip(np.round(moved), 0, 255).astype(np.uint8)
