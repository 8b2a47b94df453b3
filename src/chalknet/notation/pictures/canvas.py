"""A picture made ready: its size as wanted, its ground found, and how far every pixel is from the ground."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from chalknet.notation.pictures.page import page_alone
from chalknet.notation.pictures.panels import Pixels as Pixels
from chalknet.notation.pictures.panels import distance, without_panels

_LONGEST, _SHORTEST = 1500, 1000  # of the longer side, in pixels, to work with
_MOST_ENLARGED = 3.0
_VERY_GROUND = 0.2  # of the pixels have no other colour than the ground
_SMALL = 300  # pixels of the longer side, to look for the ground
_EVEN, _SHADED = 3.0, 0.6  # of ink that the ground has; of that, what is left where its shadows are known
_MUCH = 0.15  # of a picture, that is ink
_PLAIN, _RIM_PLAIN = 0.2, 0.6  # of the pixels, and of those at the rim, have exactly the ground's colour
_FLAT = 0.35  # of the pixels have the colour of a ground that is everywhere the same


@dataclass(frozen=True)
class InkedPicture:
    """A picture to work on.

    Args:
        colours: red, green and blue, (height, width, 3).
        ink: how far each pixel's colour is from the ground, 0 to about 255, (height, width).
        mask: where there is ink, (height, width).
        least: from which value on it is ink.
        level: how much ink a stroke has.
        scale: pixels here for one of the picture.
        ground: the usual colour of the ground.
        is_flat: whether the ground has one colour, as in pictures that a program made.
    """

    colours: Pixels
    ink: Pixels
    mask: Pixels
    least: float
    level: float
    scale: float
    ground: tuple[int, int, int]
    is_flat: bool


def canvas_of(image: Pixels) -> InkedPicture:
    """Return a picture made ready.

    Args:
        image: (height, width), or (height, width, 1 to 4), of bytes; a fourth channel is opacity.
    """
    whole = opaque(image)
    colours, scale = _resized(_denoised(whole))
    ground, is_flat = _ground_of(colours)
    if not is_flat and (plain := _plain_ground(whole)) is not None:  # fine lines all over it are no noise
        (colours, scale), ground, is_flat = _resized(whole), plain, True
    if not is_flat or _unevenness(distance(colours, ground)) > _EVEN:  # a photograph
        colours = page_alone(colours)
        ground, is_flat = _ground_of(colours)
    if is_flat:
        colours = without_panels(colours, ground)
    ink = distance(colours, ground)
    usual = _unevenness(ink)
    if is_flat and usual > _EVEN:  # a shadow lies on it
        shaded = _local_ground(colours)
        off = distance(colours, shaded)
        rest = _unevenness(off)
        if rest < _SHADED * usual or (rest < usual and _covers_less(off, ink, usual)):
            ground, is_flat, ink, usual = shaded, False, off, rest
    least = max(16.0, 4.0 * 1.48 * usual)
    ink = _without_grid(ink, least) if not is_flat or usual >= 0 else ink
    mask = ink > least
    level = float(np.percentile(ink[mask], 70)) if bool(mask.any()) else 255.0
    middle = np.median(ground.reshape(-1, 3), axis=0)
    return InkedPicture(
        colours, ink, mask, least, level, scale, (int(middle[0]), int(middle[1]), int(middle[2])), is_flat
    )


def _covers_less(off: Pixels, ink: Pixels, usual: float) -> bool:
    """Return whether far less of a picture is ink beside its local ground than beside one for all of it.

    What is left out are whole areas, such as a shadow with a sharp rim, or the desk around the paper.
    """
    least = 4.0 * 1.48 * usual
    whole = float((ink > least).mean())
    return whole > _MUCH and float((off > least).mean()) < 0.5 * whole


def _unevenness(ink: Pixels) -> float:
    """Return how far the ground usually is from its own colour; 0 where much of it has that very colour.

    There a program painted it, and what is a little off it are its pale panels.
    """
    near = ink[ink < 60]
    if not near.size or float((ink < 2).mean()) > _VERY_GROUND:
        return 0.0
    return float(np.median(near))


def opaque(image: Pixels) -> Pixels:
    """Return a picture without opacity: laid on white, or on black where that shows more of it."""
    if image.ndim == 2:
        image = image[:, :, None]
    count = image.shape[2]
    colours = np.repeat(image[:, :, :1], 3, axis=2) if count < 3 else image[:, :, :3]
    if count in (1, 3):
        return np.ascontiguousarray(colours)
    alpha = image[:, :, -1]
    if int(alpha.min()) > 250:
        return np.ascontiguousarray(colours)
    paper = _paper_below(colours, alpha)
    part = alpha[:, :, None].astype(np.float32) / 255
    mixed = colours * part + paper * (1 - part)
    return np.ascontiguousarray((mixed + 0.5).astype(np.uint8))


def _paper_below(colours: Pixels, alpha: Pixels) -> float:
    """Return the grey on which what borders on nothing can be seen best."""
    clear = cv2.dilate((alpha < 100).astype(np.uint8), np.ones((5, 5), np.uint8))
    rim = (clear > 0) & (alpha > 150)
    if not bool(rim.any()):
        rim = alpha > 60
    if not bool(rim.any()):
        return 255.0
    grey = cv2.cvtColor(np.ascontiguousarray(colours), cv2.COLOR_RGB2GRAY)[rim].astype(np.float32)
    seen = {paper: float((abs(grey - paper) > 50).mean()) for paper in (255.0, 0.0, 128.0)}
    seen[255.0] += 0.05
    seen[128.0] -= 0.1
    return max(seen, key=seen.__getitem__)


def _denoised(colours: Pixels) -> Pixels:
    grey = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)
    step = max(1, max(grey.shape) // 1200)
    noise = _noise_of(np.ascontiguousarray(grey[:: step or 1, :: step or 1])) if step > 1 else _noise_of(grey)
    if noise > 7:
        colours = cv2.medianBlur(colours, 3)
    return cv2.GaussianBlur(colours, (0, 0), 0.8) if noise > 3 else colours


def _noise_of(grey: Pixels) -> float:
    """Return the deviation of noise; Immerkær's mask (1996), which neither ground nor slopes answer to."""
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    return float(np.median(np.abs(cv2.filter2D(grey, cv2.CV_32F, mask)))) / 0.6745 / 6


def _resized(colours: Pixels) -> tuple[Pixels, float]:
    longer = max(colours.shape[:2])
    if longer > _LONGEST:
        scale = _LONGEST / longer
        return cv2.resize(colours, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), scale
    if longer < _SHORTEST:
        scale = min(_MOST_ENLARGED, _SHORTEST / longer)
        return cv2.resize(colours, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), scale
    return colours, 1.0


def _ground_of(colours: Pixels) -> tuple[Pixels, bool]:
    """Return the colour of the ground at each pixel, or (1, 1, 3) where it is the same everywhere."""
    height, width = colours.shape[:2]
    part = min(1.0, _SMALL / max(height, width))
    small = cv2.resize(colours, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
    flat = small.reshape(-1, 3).astype(np.int32)
    bins = (flat[:, 0] >> 4) * 256 + (flat[:, 1] >> 4) * 16 + (flat[:, 2] >> 4)
    usual = int(np.bincount(bins).argmax())
    colour = np.median(flat[bins == usual], axis=0)
    near = np.abs(flat - colour).max(axis=1) < 14
    colour = np.median(flat[near], axis=0)
    share = float((np.abs(flat - colour).max(axis=1) < 14).mean())
    if share >= _FLAT:
        return colour.astype(np.float32).reshape(1, 1, 3), True
    return _local_ground(colours), False


def _plain_ground(colours: Pixels) -> Pixels | None:
    """Return the one colour, (1, 1, 3), that a program painted as the ground; None where there is none."""
    codes = colours.astype(np.int32) @ np.array([65536, 256, 1])
    rim = np.concatenate([codes[0], codes[-1], codes[:, 0], codes[:, -1]])
    values, counts = np.unique(rim, return_counts=True)
    usual = int(values[counts.argmax()])
    if counts.max() < _RIM_PLAIN * rim.size or float((codes == usual).mean()) < _PLAIN:
        return None
    found: Pixels = np.array([[[usual >> 16, usual >> 8 & 255, usual & 255]]], np.float32)
    return found


def _local_ground(colours: Pixels) -> Pixels:
    """Return the usual colour around each pixel."""
    height, width = colours.shape[:2]
    part = min(1.0, _SMALL / max(height, width))
    small = cv2.resize(colours, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
    size = (max(small.shape[:2]) // 6) | 1
    local = cv2.medianBlur(small, min(size, 255))
    local = cv2.GaussianBlur(local, (0, 0), size / 6)
    return cv2.resize(local, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)


def _without_grid(ink: Pixels, least: float) -> Pixels:
    """Return the ink without the faint lines of squared paper or of a plot's grid."""
    mask = (ink > 0.6 * least).astype(np.uint8)
    height, width = mask.shape
    lines = []
    for size in ((width // 3, 1), (1, height // 3)):
        found = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((size[1], size[0]), np.uint8))
        along = found.sum(axis=1 if size[1] == 1 else 0) > (width if size[1] == 1 else height) // 3
        starts = int((along[1:] & ~along[:-1]).sum())
        if starts >= 7:
            lines.append(found > 0)
    if not lines:
        return ink
    grid = np.logical_or.reduce(lines)
    usual = float(np.median(ink[grid]))
    others = ink[(ink > least) & ~grid]
    if others.size == 0 or usual > 0.55 * float(np.percentile(others, 80)):
        return ink
    near = cv2.dilate(grid.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    cleared = ink.copy()
    cleared[near & (ink < 1.5 * usual)] = 0
    return cleared
