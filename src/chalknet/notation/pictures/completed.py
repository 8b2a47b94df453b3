"""Units that were missed are added, meshes are dropped, by how much of a circle's rim is seen.

How much that is of those that surely are units says how much is enough: a hand is less steady than a program.
Less is enough where a circle is to be expected, in line with others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.choice import PALE, unit_holds
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found, rim_ink
from chalknet.notation.pictures.rims import Rims, rim_seen, rims_of, votes_for

_MOST = 150
_STEADY, _UNSTEADY = 0.08, 0.2  # of the radius
_ENOUGH = 0.85  # of what is usual, of the rim of a circle anywhere
_IN_LINE = 0.7  # where others stand in line with it
_AROUND_WORDS = 0.6
_IN_INK = 0.72  # of the ink that nothing else explains
_IN_GAP = 0.45  # where a column of even steps leaves a place empty
_CROSSED = 0.2  # of a ring within, more than what is usual
_CROSSED_STEADY = 0.12
_CLOSED_CROSSED = 0.2  # more, where the whole rim is seen: a hand that overlaps itself
_WITHIN, _WITHIN_STEADY = (0.55, 0.65, 0.75), (0.68, 0.75, 0.8)  # of the radius: that ring
_ALIKE = 1.2  # times larger or smaller
_CLEAR = 0.018  # off by this little is a circle
_LEAST_SIZE = 12
_LONGER = 1.2  # than a circle is wide, are words that run out of it


def completed(canvas: InkedPicture, units: Sequence[Found], words: Sequence[Lettering]) -> list[Found]:
    """Return the units with those added that were missed, and without meshes between lines.

    Args:
        canvas: the picture.
        units: those that were found.
        words: lines of words; a circle around one is likely, and none is a part of a word.
    """
    discs = [unit for unit in units if unit.kind == "disc"]
    if len(discs) < 2:  # of those that a hand draws, many are a little longer than wide
        units = [_as_disc(unit) if unit.is_round and _is_even(unit) else unit for unit in units]
        discs = [unit for unit in units if unit.kind == "disc"]
    if len(discs) < 2 or 2 * len(discs) < len(units):
        return list(units)
    size = float(np.median([disc.size for disc in discs]))
    units = [_as_disc(unit) if _may_be_disc(unit, size) else unit for unit in units]
    if size < _LEAST_SIZE:
        return units
    return _Circles(canvas, units, words, size).all()


def missed(
    canvas: InkedPicture, units: Sequence[Found], words: Sequence[Lettering], left: Pixels
) -> list[Found]:
    """Return circles in the ink that is left over: those of a hand that does not close them.

    Args:
        canvas: the picture.
        units: those that were found.
        words: lines of words.
        left: where there is ink that belongs to no unit, word or line.
    """
    discs = [unit for unit in units if unit.kind == "disc"]
    size = float(np.median([disc.size for disc in discs])) if discs else 0.0
    if len(discs) < 3 or 2 * len(discs) < len(units) or size < _LEAST_SIZE:
        return []
    return _Circles(canvas, units, words, size).among(left)


def _may_be_disc(unit: Found, size: float) -> bool:
    """Return whether a box is as large as the discs that most units are, whose rims lines may straighten."""
    return not unit.is_round and _is_even(unit) and 1 / _ALIKE < unit.size / size < _ALIKE


def _is_even(unit: Found) -> bool:
    return 1 / _ALIKE < unit.width / unit.height < _ALIKE


def _as_disc(unit: Found) -> Found:
    size = (unit.width + unit.height) / 2
    return replace(unit, kind="disc", width=size, height=size, angle=0.0, off=max(unit.off, 0.05))


class _Circles:
    """Looks for circles of one size."""

    def __init__(
        self, canvas: InkedPicture, units: Sequence[Found], words: Sequence[Lettering], size: float
    ) -> None:
        self._canvas, self._words, self._size = canvas, words, size
        self._units = list(units)
        self._rims: Rims = rims_of(canvas)
        self._alike = [u for u in units if u.kind == "disc" and 1 / _ALIKE < u.size / size < _ALIKE]
        steady = self._seen(self._alike, _STEADY)
        self._wobble = _STEADY if float(np.median(steady)) > 0.8 else _UNSTEADY
        self._usual = float(np.median(self._seen(self._alike, self._wobble)))
        self._crossed = (_CROSSED if self._wobble > _STEADY else _CROSSED_STEADY) + float(
            np.median([self._lines_within(disc) for disc in self._alike] or [0])
        )
        self._dark = float(np.median([rim_ink(canvas, disc) for disc in self._alike] or [0]))
        self._off = float(np.median([disc.off for disc in self._alike] or [0]))
        self._are_filled = sum(disc.is_filled for disc in self._alike) > 0.9 * len(self._alike)

    def all(self) -> list[Found]:
        kept = self._without_meshes()
        found = [*kept]
        for disc in self._candidates():
            enough = disc.seen >= self._bar(disc, kept) * self._usual
            if enough and not _is_taken(disc, found) and not self._is_mesh(disc):
                found.append(disc)
        return found + self._in_gaps(found)

    def among(self, left: Pixels) -> list[Found]:
        """Return circles of which most is seen in the ink that is left, and to which lines lead."""
        near = cv2.dilate(left, np.ones((5, 5), np.uint8)) > 0
        across, down, strength = (
            np.where(near, field, 0) for field in (self._rims.across, self._rims.down, self._rims.strength)
        )
        self._rims, self._wobble = Rims(across, down, strength, self._rims.bar), _UNSTEADY
        found: list[Found] = []
        for disc in self._candidates():
            if disc.seen >= _IN_INK and not _is_taken(disc, [*self._units, *found]) and _leads(left, disc):
                found.append(disc)
        return found

    def _in_gaps(self, units: Sequence[Found]) -> list[Found]:
        """Return circles of which little is seen at the places that columns of even steps leave empty."""
        found: list[Found] = []
        for spot in _gaps([unit for unit in units if unit.kind == "disc"], self._size):
            disc = self._placed(Found("disc", *spot, self._size, self._size, 0.0, 0.05))
            enough = disc is not None and disc.seen >= _IN_GAP * self._usual
            if disc is not None and enough and not _is_taken(disc, [*units, *found], 0.45):
                found.append(disc)
        return found

    def _is_mesh(self, disc: Found) -> bool:
        """Return whether lines run within a disc, its rim is pale, or it alone is not filled."""
        crossed = self._crossed + (_CLOSED_CROSSED if disc.seen > 0.93 * self._usual else 0)
        if rim_ink(self._canvas, disc) < PALE * self._dark or self._lines_within(disc) > crossed:
            return True
        return self._are_filled and not self._is_filled(disc) and not self._holds_words(disc)

    def _lines_within(self, disc: Found) -> float:
        """Return on how much of a ring within a disc, around its words, colours change."""
        x, y = _ring(disc, _WITHIN if self._wobble > _STEADY else _WITHIN_STEADY)
        inner = cv2.remap(self._rims.strength, x, y, cv2.INTER_LINEAR)
        return float((inner > self._rims.bar).mean())

    def _is_filled(self, disc: Found) -> bool:
        x, y = _ring(disc, (0.3, 0.5, 0.65))
        return float(np.median(cv2.remap(self._canvas.ink, x, y, cv2.INTER_LINEAR))) > self._canvas.least

    def _seen(self, discs: Sequence[Found], wobble: float) -> Pixels:
        return np.array([rim_seen(self._rims, [(d.x, d.y)], d.size / 2, wobble)[0] for d in discs] or [0.0])

    def _without_meshes(self) -> list[Found]:
        """Return the units without discs that lines form where they cross."""
        kept = []
        for unit in self._units:
            if unit.kind != "disc" or unit.is_filled or self._holds_words(unit) or self._is_clear(unit):
                kept.append(unit)
                continue
            others = [other for other in self._alike if other is not unit]
            bar = 0.5 if _in_line(unit, others, self._size) >= 2 else _ENOUGH
            if self._seen([unit], self._wobble)[0] >= bar * self._usual and (
                bar < _ENOUGH or not self._is_mesh(unit)
            ):
                kept.append(unit)
        return kept

    def _is_clear(self, unit: Found) -> bool:
        """Return whether a disc is as round, closed and dark as others are: meshes have straight sides."""
        alike = 1 / _ALIKE < unit.size / self._size < _ALIKE and unit.off < max(_CLEAR, 1.4 * self._off)
        return alike and unit.seen > 0.95 and rim_ink(self._canvas, unit) > PALE * self._dark

    def _holds_words(self, disc: Found) -> bool:
        return any(one.text and unit_holds(disc, one) for one in self._words)

    def _bar(self, disc: Found, others: Sequence[Found]) -> float:
        """Return how much of the usual rim is enough for a circle."""
        in_line = _in_line(disc, others, self._size)
        if self._holds_words(disc):
            return _AROUND_WORDS if in_line else _IN_LINE
        return _IN_LINE if in_line >= 2 else _ENOUGH

    def _candidates(self) -> list[Found]:
        """Return circles of the usual size of whose rim much is seen, those first of which most is."""
        radius = self._size / 2
        votes = votes_for(self._rims, radius - 0.5, self._wobble / 2)
        for unit in self._units:
            cv2.circle(votes, (round(unit.x), round(unit.y)), math.ceil(0.7 * unit.size), 0, -1)
        found = []
        for _ in range(_MOST):
            _, best, _, (x, y) = cv2.minMaxLoc(votes)
            if best < 0.3:
                break
            cv2.circle(votes, (x, y), math.ceil(0.5 * radius), 0, -1)
            disc = self._placed(Found("disc", x, y, self._size, self._size, 0.0, 0.05))
            if disc is not None:
                found.append(disc)
        return sorted(found, key=lambda one: -one.seen)

    def _placed(self, disc: Found) -> Found | None:
        """Return a circle where most of its rim is seen; None for a part of a word or of another drawing."""
        if any(_is_in_words(disc, one) for one in self._words):
            return None
        moves = np.array([-0.12, -0.06, 0.0, 0.06, 0.12]) * disc.size / 2
        spots = [(disc.x + dx, disc.y + dy) for dx in moves for dy in moves]
        best = (0.0, 1.0, spots[0])
        for grown in (0.9, 1.0, 1.1):
            seen = rim_seen(self._rims, spots, grown * disc.size / 2, self._wobble)
            at = int(seen.argmax())
            best = max(best, (float(seen[at]) - 0.03 * abs(grown - 1) / 0.1, grown, spots[at]))
        seen_part, grown, (x, y) = best
        size = grown * disc.size
        return Found("disc", x, y, size, size, 0.0, 0.05, min(1.0, seen_part))


def _is_in_words(disc: Found, words: Lettering) -> bool:
    """Return whether a circle is a part of words: these are longer, or it is made of their brackets."""
    if not (words.is_long or words.text[2:]):
        return False
    is_on = words.holds(disc.x, disc.y)
    if is_on and words.text and (words.height > 0.8 * disc.size or words.text[0] in "(（"):
        return True
    return words.width > _LONGER * disc.size and words.holds(disc.x, disc.y, 0.35 * disc.size)


def _leads(left: Pixels, disc: Found) -> bool:
    """Return whether lines lead to a circle, and less than half of what is around it is full of them."""
    x, y = _ring(disc, (1.5,))
    around = cv2.remap(cv2.dilate(left, np.ones((9, 9), np.uint8)), x, y, cv2.INTER_NEAREST)[0] > 0
    return 0 < float(around.mean()) < 0.5


def _is_taken(disc: Found, units: Sequence[Found], apart: float = 0.47) -> bool:
    """Return whether a unit stands where a disc would, or so near that they would overlap."""
    return any(math.hypot(disc.x - one.x, disc.y - one.y) < apart * (disc.size + one.size) for one in units)


def _gaps(units: Sequence[Found], size: float) -> list[tuple[float, float]]:
    """Return the empty places of columns and rows whose members stand evenly apart."""
    found = []
    for turned in (False, True):
        places = [(one.y, one.x) if turned else (one.x, one.y) for one in units]
        for place in places:
            line = sorted((v, u) for u, v in places if abs(u - place[0]) < 0.25 * size)
            if len(line) < 4 or line[0][0] != place[1]:
                continue  # each column once, by its first member
            steps = np.diff([v for v, _ in line])
            step = float(np.median(steps))
            for (before, u), (after, other) in pairwise(line):
                count = round((after - before) / step) if step > size / 2 else 0
                if 2 <= count <= 3 and abs((after - before) / count - step) < 0.12 * step:
                    spots = [(u + (other - u) * n / count, before + step * n) for n in range(1, count)]
                    found += [(v, u) if turned else (u, v) for u, v in spots]
    return found


def _ring(disc: Found, parts: Sequence[float]) -> tuple[Pixels, Pixels]:
    """Return places on circles within a disc, at parts of its radius."""
    turn = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    far = np.array(parts)[:, None] * disc.size / 2
    x, y = disc.x + np.cos(turn)[None] * far, disc.y + np.sin(turn)[None] * far
    return x.astype(np.float32), y.astype(np.float32)


def _in_line(disc: Found, others: Sequence[Found], size: float) -> int:
    """Return how many units stand in line with a disc, above and below or to its sides: more of either.

    What stands nearer to the next one than the others stand to one another is in no line with them.
    """
    counts = []
    for turned in (False, True):
        places = [(one.y, one.x) if turned else (one.x, one.y) for one in others]
        x, y = (disc.y, disc.x) if turned else (disc.x, disc.y)
        line = [v for u, v in places if abs(u - x) < 0.2 * size]
        steps = _steps(places, size)
        far = min((abs(v - y) for v in line), default=0.0)
        counts.append(len(line) if not steps or far > 0.8 * float(np.median(steps)) else 0)
    return max(counts)


def _steps(places: Sequence[tuple[float, float]], size: float) -> list[float]:
    """Return how far each place is from the next one in line with it."""
    near = (
        min((abs(w - v) for t, w in places if abs(t - u) < 0.2 * size and w != v), default=0.0)
        for u, v in places
    )
    return [far for far in near if far]
