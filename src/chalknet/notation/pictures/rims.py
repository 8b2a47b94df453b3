"""How much of a circle's rim is seen: colours change across it, and not along it as they do beside lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels

_ANGLES = 72
_ACROSS = 0.85  # cosine of the angle between the change of colour and the radius


@dataclass(frozen=True)
class Rims:
    """Where colours change, and which way.

    Args:
        across, down: the change of the colour that changes most, at each pixel.
        strength: its amount.
        bar: from which amount on it is one.
    """

    across: Pixels
    down: Pixels
    strength: Pixels
    bar: float


def rims_of(canvas: InkedPicture) -> Rims:
    """Return where colours change in a picture.

    Args:
        canvas: the picture.
    """
    smooth = cv2.GaussianBlur(canvas.colours, (0, 0), 1.0)
    across, down = cv2.Scharr(smooth, cv2.CV_32F, 1, 0) / 32, cv2.Scharr(smooth, cv2.CV_32F, 0, 1) / 32
    strength = np.hypot(across, down)
    most = strength.argmax(axis=2)[:, :, None]
    across, down, strength = (
        np.take_along_axis(each, most, axis=2)[:, :, 0] for each in (across, down, strength)
    )
    return Rims(across, down, strength, max(0.25 * canvas.least, 0.06 * canvas.level))


def votes_for(rims: Rims, radius: float, wobble: float) -> Pixels:
    """Return how much of the rim of a circle around each pixel is seen, 0 to about 1.

    Args:
        rims: where colours change.
        radius: that of the circle.
        wobble: by which part of the radius a rim may be off.
    """
    rows, columns = rims.strength.shape
    down, across = np.nonzero(rims.strength > rims.bar)
    unit_x = rims.across[down, across] / rims.strength[down, across]
    unit_y = rims.down[down, across] / rims.strength[down, across]
    total = np.zeros((rows, columns), np.float32)
    for sign in (-1, 1):
        x = np.round(across + sign * radius * unit_x).astype(int)
        y = np.round(down + sign * radius * unit_y).astype(int)
        inside = (x >= 0) & (y >= 0) & (x < columns) & (y < rows)
        flat = np.bincount(y[inside] * columns + x[inside], minlength=rows * columns)
        total += flat.reshape(rows, columns).astype(np.float32)
    spread = max(1.2, wobble * radius)
    near = cv2.GaussianBlur(total, (0, 0), spread) * (2 * math.pi * spread**2)
    return near / (2 * math.pi * radius)


def rim_seen(rims: Rims, spots: Sequence[tuple[float, float]], radius: float, wobble: float) -> Pixels:
    """Return for circles around spots which part of their rim is seen.

    Args:
        rims: where colours change.
        spots: their middles.
        radius: that of all of them.
        wobble: by which part of the radius the rim may be off.
    """
    if not len(spots):
        return np.zeros(0, np.float32)
    turn = np.linspace(0, 2 * math.pi, _ANGLES, endpoint=False)
    reach = max(2.0, wobble * radius)
    steps = np.arange(-math.ceil(reach), math.ceil(reach) + 1, dtype=np.float32)
    far = (radius + steps)[None, :]
    ways = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    offsets = (ways[:, None, :] * far[:, :, None]).reshape(-1, 2)
    at = np.asarray(spots, np.float32)[:, None, :] + offsets[None]
    x, y = at[:, :, 0].astype(np.float32), at[:, :, 1].astype(np.float32)
    gx, gy = (cv2.remap(field, x, y, cv2.INTER_LINEAR) for field in (rims.across, rims.down))
    strength = np.hypot(gx, gy)
    ways = np.repeat(ways, len(steps), axis=0)
    straight = np.abs(gx * ways[:, 0] + gy * ways[:, 1]) > _ACROSS * strength
    seen = (strength > rims.bar) & straight
    found: Pixels = seen.reshape(len(spots), _ANGLES, len(steps)).any(axis=2).mean(axis=1)
    return found
