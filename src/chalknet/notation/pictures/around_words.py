"""Units around words that stand in line with units that hold words: lines at their rims had hidden them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture
from chalknet.notation.pictures.choice import unit_holds
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found, is_inked_within, rim_lines

_FEWEST = 2  # units in line with the words, that hold words of their size
_SEEN = 0.75  # of the rim
_SEEN_IN_STEP = 0.55  # where it stands as far from the next as others do
_IN_STEP = 3  # units that show how far they stand apart
_IN_LINE = 0.2  # of a unit, by which the words may stand off the line
_ALIKE = 1.7  # times larger or smaller


def around_words(canvas: InkedPicture, units: Sequence[Found], words: Sequence[Lettering]) -> list[Found]:
    """Return units of the form of others around words in line with them, where most of the rim is seen.

    Args:
        canvas: the picture.
        units: those that were found.
        words: lines of words.
    """
    written = [(unit, one) for unit in units for one in words if unit_holds(unit, one)]
    if len(written) < _FEWEST:
        return []
    found: list[Found] = []
    for one in words:
        mates = [unit for unit, inside in written if _is_in_line(unit, one) and _is_like(inside, one)]
        if len(mates) < _FEWEST or any(_covers(unit, one) for unit in [*units, *found]):
            continue
        model = min(mates, key=lambda unit: math.hypot(unit.x - one.x, unit.y - one.y))
        best = max(_tried(canvas, model, one), key=lambda unit: unit.seen)
        enough = _SEEN_IN_STEP if _keeps_step(mates, one) else _SEEN
        is_bare = model.is_paint and not is_inked_within(canvas, best)
        if (
            best.seen >= enough
            and not is_bare
            and not any(_overlaps(best, unit) for unit in [*units, *found])
        ):
            found.append(best)
    return found


def _is_in_line(unit: Found, words: Lettering) -> bool:
    return abs(unit.x - words.x) < _IN_LINE * unit.width or abs(unit.y - words.y) < _IN_LINE * unit.height


def _keeps_step(mates: Sequence[Found], words: Lettering) -> bool:
    """Return whether words stand as far at least from units in line with them as these from one another."""
    for across, along in (("x", "y"), ("y", "x")):
        line = [
            one
            for one in mates
            if abs(getattr(one, across) - getattr(words, across)) < 0.5 * _IN_LINE * one.size
        ]
        places = sorted(getattr(one, along) for one in line)
        if len(places) >= _IN_STEP:
            step = min(later - earlier for earlier, later in pairwise(places))
            nearest = min(abs(place - float(getattr(words, along))) for place in places)
            return bool(nearest > 0.85 * step)
    return False


def _is_like(one: Lettering, other: Lettering) -> bool:
    """Return whether words are about as high as others, and not much longer."""
    return 1 / _ALIKE < one.height / other.height < _ALIKE and other.width < _ALIKE * one.width


def _covers(unit: Found, words: Lettering) -> bool:
    return abs(unit.x - words.x) < 0.6 * unit.width and abs(unit.y - words.y) < 0.6 * unit.height


def _overlaps(one: Found, other: Found) -> bool:
    across, down = abs(one.x - other.x), abs(one.y - other.y)
    return across < 0.45 * (one.width + other.width) and down < 0.45 * (one.height + other.height)


def _tried(canvas: InkedPicture, model: Found, words: Lettering) -> list[Found]:
    """Return the form of a unit at places around the middle of words, each with how much of it is seen."""
    moves = np.arange(-3, 4) * 0.05 * model.size
    level, upright = abs(model.y - words.y) < abs(model.x - words.x), model.x
    found = []
    for dx in moves:
        for dy in moves:
            x = words.x + dx if level else upright + dx
            y = model.y + dy if level else words.y + dy
            placed = replace(model, x=float(x), y=float(y))
            rows, columns = canvas.mask.shape
            inside = 0 < x < columns and 0 < y < rows
            found.append(replace(placed, seen=rim_lines(canvas, placed) if inside else 0.0, off=0.04))
    return found
