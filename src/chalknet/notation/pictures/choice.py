"""Which outlines in a picture are units, which hold others, and which discs stand for what is left out."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.no_words import is_plain_word
from chalknet.notation.pictures.outlined import Found

PALE = 0.5  # of the ink that the rims of units have, has a mesh between finer lines
_PAINTED, _OTHER_COLOUR = 0.5, 40.0  # of the units, that are painted; from whose colours blots differ
_NEARLY_ALL, _VAGUE = 0.7, 0.03  # of the units; off by this much is no clear outline
_MANY, _AS_EVEN = 12, 0.9  # clear outlines; of the evenness that nearly all of them have
_EVEN, _MOTTLED = 0.86, 0.75  # of the inside of units that have one colour; of that, in one that has several
_ONE_COLOUR = 24.0  # by which the shades of one colour differ at most
_TALL, _INEXACT = 3.0, 0.02  # times a unit; off by this much: no bar that was drawn, among discs
_OVERLAP = 0.08  # of a rim, that lies in other shapes


@dataclass(frozen=True)
class Chosen:
    """Outlines by what they may be.

    Args:
        units: that lines may join.
        frames: that hold several of them.
        size: the usual size of a unit.
    """

    units: list[Found]
    frames: list[Found]
    size: float


def chosen(shapes: Sequence[Found], words: Sequence[Lettering]) -> Chosen:
    """Return the outlines that may be units: no holes of letters, and of about the usual size."""
    found = [shape for shape in shapes if not _is_in_letter(shape, words)]
    size = usual_size(shapes, words)
    found = [shape for shape in found if not _is_around_clearer(shape, found, size)]
    units, frames = [], []
    for shape in found:
        inside = [other for other in found if other is not shape and _is_inside(other, shape)]
        units_inside = sum(other.kind == "disc" and 0.8 < other.size / size < 1.25 for other in inside)
        panel = units_inside and not shape.is_round and shape.size > 1.25 * size
        if panel or (sum(_is_clear_of(other, shape) for other in inside) >= 2 and shape.size > 1.3 * size):
            frames.append(shape)
    for shape in found:
        if shape in frames:
            continue
        around = [
            other
            for other in found
            if other is not shape and other not in frames and _is_inside(shape, other)
        ]
        if any(shape.size < 0.8 * other.size or _is_slice(shape, other) for other in around):
            continue
        fits = 0.55 * size <= shape.size <= 1.9 * size
        large = shape.size > 1.9 * size and shape.seen > 0.8
        small = (
            0.3 * size < shape.size < 0.55 * size and shape.is_filled and shape.off < 0.02 and shape.is_round
        )
        if fits or large or small:
            units.append(shape)
    units = _without_overlaps(_without_panels(units))
    return Chosen(_without_meshes(units, words, size), frames, size)


def _is_around_clearer(shape: Found, shapes: Sequence[Found], size: float) -> bool:
    """Return whether a vague outline holds several shapes of the usual size: lines around them form it."""
    if shape.off < _VAGUE:
        return False
    clear = [other for other in shapes if other.off < 0.5 * shape.off and 0.8 < other.size / size < 1.25]
    return sum(_is_inside(other, shape) for other in clear) >= 2


def _is_slice(shape: Found, other: Found) -> bool:
    """Return whether a shape within a box is a part of it that a line cuts off."""
    as_high = shape.height > 0.8 * other.height and shape.width < 0.8 * other.width
    as_wide = shape.width > 0.8 * other.width and shape.height < 0.8 * other.height
    return not shape.is_round and not other.is_round and (as_high or as_wide)


def _without_overlaps(units: list[Found]) -> list[Found]:
    """Return the units without what lies on others that are much more like shapes: the space between them."""
    found = []
    for unit in units:
        clearer = [other for other in units if unit.off > 2 * other.off + 0.008]
        if sum(_part_in(unit, other) for other in clearer) < _OVERLAP:
            found.append(unit)
    return found


def _part_in(unit: Found, other: Found) -> float:
    """Return how much of a unit's rim lies in another one."""
    dx, dy = abs(unit.x - other.x), abs(unit.y - other.y)
    if dx > (unit.width + other.width) / 2 or dy > (unit.height + other.height) / 2:
        return 0.0
    turn = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    x = (unit.x + unit.width / 2 * np.cos(turn) - other.x) / (0.49 * other.width)
    y = (unit.y + unit.height / 2 * np.sin(turn) - other.y) / (0.49 * other.height)
    inside = np.hypot(x, y) < 1 if other.is_round else np.maximum(np.abs(x), np.abs(y)) < 1
    return float(inside.mean())


def _is_clear_of(shape: Found, frame: Found) -> bool:
    """Return whether a shape is smaller than a frame both ways: what lines cut off a box is not."""
    return shape.width < 0.94 * frame.width and shape.height < 0.94 * frame.height


def _without_panels(units: list[Found]) -> list[Found]:
    """Return the units without pieces of coloured panels behind discs: boxes that discs reach into."""
    discs = [unit for unit in units if unit.is_round]
    if 2 * len(discs) < len(units):
        return units
    return [
        unit
        for unit in units
        if unit.is_round
        or not any(
            abs(unit.x - disc.x) < 0.45 * (unit.width + disc.width)
            and abs(unit.y - disc.y) < 0.45 * (unit.height + disc.height)
            for disc in discs
        )
    ]


def _without_meshes(units: list[Found], words: Sequence[Lettering], size: float) -> list[Found]:
    """Return units without meshes between lines: most units are alike, and these are not."""
    core = [unit for unit in units if 0.8 < unit.size / size < 1.25]
    if len(core) < 3:
        return units
    off = float(np.median([unit.off for unit in core]))
    filled = sum(unit.is_filled for unit in core) / len(core)
    written = {unit for unit in units if any(unit_holds(unit, one) for one in words)}
    full = sum(unit in written for unit in core) / len(core)
    is_round = sum(unit.kind == "disc" for unit in core) / len(core)
    dark = float(np.median([unit.dark for unit in core]))
    kept = []
    for unit in units:
        empty = not unit.is_filled and unit not in written
        doubts = 2.0 * (unit.off > 2.5 * off + 0.012) + 1.0 * (unit.size < 0.75 * size)
        doubts += 1.5 * (empty and filled > 0.7) + 1.0 * (empty and full > 0.7)
        doubts += 1.0 * (is_round > 0.7 and unit.kind != "disc") + 0.5 * (unit.size > 1.4 * size)
        is_vague_bar = unit.off > _INEXACT and max(unit.width, unit.height) > _TALL * size
        doubts += 2.0 * (is_round > 0.7 and is_vague_bar and unit not in written)
        doubts += 2.0 * (unit.dark < PALE * dark)
        exact = not unit.is_round and unit.off <= min(off, _INEXACT)
        doubts -= 0.5 * (exact and any(_are_alike(unit, other) for other in units))
        if not empty:
            doubts -= 1.0
        if doubts < 2.0:
            kept.append(unit)
    return kept


def _are_alike(one: Found, other: Found) -> bool:
    """Return whether two shapes are of one kind and size, as those of a column are."""
    return one is not other and one.kind == other.kind and 0.9 < one.size / other.size < 1.1


def without_blots(canvas: InkedPicture, units: Sequence[Found], words: Sequence[Lettering]) -> list[Found]:
    """Return the units without places where lines cross or lie on one another.

    These are of another colour than all others, or of several where each of the others has one.

    Args:
        canvas: the picture.
        units: those that were found.
        words: lines of words: a shape that holds one is no blot.
    """
    vague = {unit for unit in units if unit.off >= _VAGUE and not any(unit_holds(unit, one) for one in words)}
    units = _without_mottled(canvas, units, vague)
    paints = [colour_within(canvas, unit) for unit in units if unit.is_paint]
    if len(paints) < max(3, _PAINTED * len(units)):
        return _without_pale(canvas, units, vague)
    known = np.array([*paints, np.array(canvas.ground, np.float32)])
    few_are_empty = len(paints) > _NEARLY_ALL * len(units)

    def is_alike(unit: Found) -> bool:
        off = np.abs(known - colour_within(canvas, unit)).max(axis=1)
        is_empty = int(off.argmin()) == len(paints)
        return float(off.min()) < _OTHER_COLOUR and not (is_empty and few_are_empty and unit.off > _VAGUE)

    return [unit for unit in units if unit.is_paint or is_alike(unit)]


def _without_mottled(canvas: InkedPicture, units: Sequence[Found], vague: Collection[Found]) -> list[Found]:
    """Return the units without those that have several colours, where others have one."""
    even = {unit: _evenness(canvas, unit) for unit in units}
    usual = float(np.median(list(even.values()))) if even else 0.0
    if usual < _EVEN:
        return list(units)
    sure = [even[unit] for unit in units if unit not in vague]
    bar = _MOTTLED * usual
    if len(sure) > _MANY:  # small ones are less even, all alike
        bar = max(bar, _AS_EVEN * float(np.percentile(sure, 10)))
    return [unit for unit in units if unit not in vague or even[unit] > bar]


def _without_pale(canvas: InkedPicture, units: Sequence[Found], vague: Collection[Found]) -> list[Found]:
    """Return the units without one that is far paler than all others that are filled."""
    ground = np.array(canvas.ground, np.float32)
    depth = {
        unit: float(np.abs(colour_within(canvas, unit) - ground).max()) for unit in units if unit.is_filled
    }
    if len(depth) < max(3, _PAINTED * len(units)):
        return list(units)
    least, next_least = sorted(depth.values())[:2]
    is_alone = least < PALE * next_least
    return [unit for unit in units if not (is_alone and unit in vague and depth.get(unit) == least)]


def colour_within(canvas: InkedPicture, unit: Found) -> Pixels:
    """Return the usual colour between the middle of a unit and its rim, (3,)."""
    found: Pixels = np.median(_colours_in(canvas, unit, (0.5, 0.6, 0.7)), axis=0).astype(np.float32)
    return found


def _evenness(canvas: InkedPicture, unit: Found) -> float:
    """Return how much of the inside of a unit has its usual colour, 0 to 1."""
    inside = _colours_in(canvas, unit, np.linspace(0.1, 0.75, 12)).astype(np.float32)
    return float((np.abs(inside - np.median(inside, axis=0)).max(axis=1) < _ONE_COLOUR).mean())


def _colours_in(canvas: InkedPicture, unit: Found, parts: Sequence[float] | Pixels) -> Pixels:
    """Return the colours on rings within a unit, at parts of its size, (places, 3)."""
    turn = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    far = np.asarray(parts)[:, None] / 2
    x = (unit.x + np.cos(turn) * far * unit.width).astype(np.float32)
    y = (unit.y + np.sin(turn) * far * unit.height).astype(np.float32)
    found: Pixels = cv2.remap(canvas.colours, x, y, cv2.INTER_NEAREST).reshape(-1, 3)
    return found


def unit_holds(unit: Found, words: Lettering) -> bool:
    """Return whether words stand in a unit."""
    return abs(words.x - unit.x) < 0.4 * unit.width and abs(words.y - unit.y) < 0.4 * unit.height


def _is_in_letter(shape: Found, words: Sequence[Lettering]) -> bool:
    return any(
        one.holds(shape.x, shape.y) and shape.size < 0.85 * one.height
        and max(shape.width, shape.height) < 1.1 * one.height
        for one in words
    )  # fmt: skip


def _is_inside(shape: Found, other: Found) -> bool:
    return (
        abs(shape.x - other.x) + shape.width / 2 <= 1.04 * other.width / 2
        and abs(shape.y - other.y) + shape.height / 2 <= 1.04 * other.height / 2
        and shape.width * shape.height < 0.8 * other.width * other.height
    )


def usual_size(shapes: Sequence[Found], words: Sequence[Lettering]) -> float:
    """Return the size of which there are most shapes, each counted as far as it is sure, larger ones more.

    Args:
        shapes: the outlines in a picture.
        words: whose letters do not count.
    """
    plain = [one for one in words if is_plain_word(one)]
    shapes = [shape for shape in shapes if not _is_in_letter(shape, plain)]
    if not shapes:
        return 0.0
    best = (0.0, 0.0)
    for one in shapes:
        alike = [other for other in shapes if 0.8 < other.size / one.size < 1.25]
        weight = sum(other.trust**3 for other in alike) * one.size
        best = max(best, (weight, one.size))
    sizes = [other.size for other in shapes if 0.8 < other.size / best[1] < 1.25]
    return float(np.median(sizes))
