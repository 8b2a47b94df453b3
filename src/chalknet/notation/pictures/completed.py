"""Units that were missed: open or faint circles of the usual size, by how much of their rim is seen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found, edges_of

_MOST = 60
_SEEN = 0.85  # of the rim


def completed(canvas: InkedPicture, units: Sequence[Found], words: Sequence[Lettering]) -> list[Found]:
    """Return units with those added that look like the others and overlap none.

    Args:
        canvas: the picture.
        units: those that were found.
        words: lines of words; none of the circles that are added is a letter.
    """
    discs = [unit for unit in units if unit.kind == "disc"]
    if len(discs) < 2 or 2 * len(discs) < len(units):
        return list(units)
    size = float(np.median([disc.size for disc in discs]))
    if size < 14:
        return list(units)
    radius = size / 2
    edges = edges_of(canvas)
    strong = (edges > max(0.25 * canvas.least, 0.06 * canvas.level)).astype(np.uint8)
    seen = cv2.filter2D(strong, cv2.CV_32F, _ring(radius), borderType=cv2.BORDER_CONSTANT)
    for unit in units:
        cv2.circle(seen, (round(unit.x), round(unit.y)), math.ceil(0.8 * radius + 0.3 * unit.size), 0, -1)
    found = list(units)
    for _ in range(_MOST):
        _, best, _, (x, y) = cv2.minMaxLoc(seen)
        if best < 0.55:
            break
        cv2.circle(seen, (x, y), math.ceil(0.3 * radius), 0, -1)
        disc = _verified(canvas, edges, Found("disc", x, y, size, size, 0.0, 0.05), discs)
        if disc is None or any(
            math.hypot(disc.x - o.x, disc.y - o.y) < 0.42 * (disc.size + o.size) for o in found
        ):
            continue
        if any(one.holds(disc.x, disc.y) and one.height > 0.8 * size and len(one.text) > 2 for one in words):
            continue
        found.append(disc)
        cv2.circle(seen, (x, y), math.ceil(1.4 * radius), 0, -1)
    return found


def _ring(radius: float) -> Pixels:
    """Return a mask of a circle's rim, the sum of which is 1 where most of a thin one lies on it."""
    half = math.ceil(radius) + 3
    down, across = np.mgrid[-half : half + 1, -half : half + 1]
    far = np.hypot(across, down)
    ring = (np.abs(far - radius + 0.5) <= max(1.5, 0.09 * radius)).astype(np.float32)
    found: Pixels = ring / ring.sum()
    return found


def _verified(canvas: InkedPicture, edges: Pixels, disc: Found, others: Sequence[Found]) -> Found | None:
    """Return a disc at the best place and with how much of its rim is seen; None where that is too little."""
    turn = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    radius = disc.size / 2
    best = (0.0, disc)
    steps = np.arange(-max(5.0, 0.3 * radius), max(4.0, 0.22 * radius) + 0.5, 1.0)
    bar = max(0.3 * canvas.least, 0.08 * canvas.level)
    for dx in (-0.15, -0.07, 0.0, 0.07, 0.15):
        for dy in (-0.15, -0.07, 0.0, 0.07, 0.15):
            x, y = disc.x + dx * radius, disc.y + dy * radius
            px = (x + np.cos(turn)[:, None] * (radius + steps)).astype(np.float32)
            py = (y + np.sin(turn)[:, None] * (radius + steps)).astype(np.float32)
            change = _prominence(cv2.remap(edges, px, py, cv2.INTER_LINEAR))
            seen = float((change > bar).mean()) - 0.05 * math.hypot(dx, dy)
            best = max(best, (seen, Found("disc", x, y, disc.size, disc.size, 0.0, 0.05, seen)),
                       key=lambda pair: pair[0])  # fmt: skip
    seen, found = best
    inner = _inner_edges(edges, found, bar)
    usual = float(np.median([_inner_edges(edges, other, bar) for other in others]))
    return found if seen > _SEEN and inner < usual + 0.1 else None


def _prominence(values: Pixels) -> Pixels:
    """Return by how much the highest value of each row stands out from the lowest ones before and after it.

    A line that runs through the rim of a circle has edges all along the radius: they do not stand out.
    """
    before = np.minimum.accumulate(values, axis=1)
    after = np.minimum.accumulate(values[:, ::-1], axis=1)[:, ::-1]
    out: Pixels = (values - np.maximum(before, after)).max(axis=1)
    return out


def _inner_edges(edges: Pixels, disc: Found, bar: float) -> float:
    """Return on how much of a circle within a disc colours change: lines cross what is none."""
    turn = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    px = (disc.x + np.cos(turn) * 0.33 * disc.size).astype(np.float32)[None]
    py = (disc.y + np.sin(turn) * 0.33 * disc.size).astype(np.float32)[None]
    return float((cv2.remap(edges, px, py, cv2.INTER_LINEAR) > bar).mean())
