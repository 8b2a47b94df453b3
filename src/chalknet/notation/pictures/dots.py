"""Rows of small discs in a picture, which stand for what is left out; letters and dirt are none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from chalknet.notation.pictures.canvas import InkedPicture, Pixels
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found

_MOST_ROWS = 12  # of dots
_FULL, _RAGGED = 0.68, 0.64  # of its square, that a dot covers, and one of chalk, which is ragged
_CLOSE = 4.5  # sizes of a dot, from one to the next
_SPECKLES = 8  # dots of the size of those in a row, that stand in none: dirt
_LETTERS, _UNLIKE = 4, 0.35  # small parts in line with dots, of other areas, that are a line of words
_TINY_FULL = 0.6  # the same, of one of few pixels


@dataclass(frozen=True)
class DotRow:
    """Small discs in a row.

    Args:
        x, y: the middle.
        width, height: what they cover together.
        number: how many there are.
        trust: how sure it is.
        size: that of the largest of them.
    """

    x: float
    y: float
    width: float
    height: float
    number: int
    trust: float
    size: float

    @property
    def is_close(self) -> bool:
        """Return whether the dots are few sizes apart."""
        return max(self.width, self.height) - self.size < 2 * _CLOSE * self.size

    def holds(self, x: float, y: float) -> bool:
        """Return whether a point is within what the dots cover."""
        return abs(x - self.x) <= self.width / 2 and abs(y - self.y) <= self.height / 2


def rows_of_dots(
    canvas: InkedPicture, shapes: Sequence[Found], words: Sequence[Lettering], size: float
) -> list[DotRow]:
    """Return rows of small discs of one size, evenly apart, which stand for units that are left out."""
    mask = canvas.mask.astype(np.uint8)
    count, _, stats, middles = cv2.connectedComponentsWithStats(mask, connectivity=8)
    spots, ragged = [], []
    smallest = max(2.0, 0.03 * size)
    largest = 0.6 * size if size else 0.05 * max(mask.shape)
    for number in range(1, min(count, 20_000)):
        _, _, width, height, area = map(int, stats[number])
        small = smallest <= width <= largest and smallest <= height <= largest
        full, is_tiny = area / (width * height), min(width, height) < 6
        if small and 0.6 < width / height < 1.67 and full > (_TINY_FULL if is_tiny else _RAGGED):
            spots.append((float(middles[number][0]), float(middles[number][1]), max(width, height)))
            ragged += [spots[-1]] if full <= _FULL and not is_tiny else []
    spots = [
        spot
        for spot in spots
        if not any(one.holds(spot[0], spot[1]) and _has_letters(one) for one in words)
        and not any(_covers(shape, spot) for shape in shapes)
    ]
    letters = stats[1:][(stats[1:, 2:4].min(axis=1) > 2) & (stats[1:, 2:4].max(axis=1) < max(8, 0.8 * size))]
    rows = [row for row in _in_rows(spots[:400]) if not _is_of_text(row, letters)]
    rows = [row for row in rows if not _is_of_several_words(row, spots, words)]
    rows = [row for row in rows if row.is_close or not any(row.holds(*spot[:2]) for spot in ragged)]
    rows = [row for row in rows if not _is_of_dirt(row, rows, spots)]
    return rows if len(rows) <= _MOST_ROWS else []  # more are a texture


def _has_letters(words: Lettering) -> bool:
    """Return whether words are no dots that were taken for a letter or two."""
    return not words.text or len(words.text) > 3 or (words.is_long and not words.is_round_letter)


def _is_of_several_words(
    row: DotRow, spots: Sequence[tuple[float, float, int]], words: Sequence[Lettering]
) -> bool:
    """Return whether the dots of a row stand in several words: they are parts of their letters."""
    inside = {n for n, one in enumerate(words) for x, y, _ in spots if row.holds(x, y) and one.holds(x, y)}
    return len(inside) > 1


def _is_of_text(row: DotRow, letters: Pixels) -> bool:
    """Return whether a level row goes on to both sides as a line of letters does.

    Args:
        row: three dots.
        letters: left, top, width and height of all small parts of the picture, and their areas.
    """
    if row.width < row.height:
        return False
    x, y = letters[:, 0] + letters[:, 2] / 2, letters[:, 1] + letters[:, 3] / 2
    beside = (abs(y - row.y) < 2 * row.height) & (abs(x - row.x) < 2 * row.width)
    others = abs(letters[beside, 4] / (math.pi / 4 * row.height**2) - 1) > _UNLIKE
    return int(others.sum()) > _LETTERS


def _is_of_dirt(row: DotRow, rows: Sequence[DotRow], spots: Sequence[tuple[float, float, int]]) -> bool:
    """Return whether as small spots as those of a row are strewn all over a picture."""
    strewn = [
        spot
        for spot in spots
        if 0.5 < spot[2] / row.size < 1.5
        and not any(abs(spot[0] - one.x) <= one.width and abs(spot[1] - one.y) <= one.height for one in rows)
    ]
    return len(strewn) > _SPECKLES and len(strewn) > row.number * len(rows)


def _covers(shape: Found, spot: tuple[float, float, int]) -> bool:
    return math.hypot((spot[0] - shape.x) / shape.width, (spot[1] - shape.y) / shape.height) < 0.5


def _in_rows(spots: list[tuple[float, float, int]]) -> list[DotRow]:
    rows: list[DotRow] = []
    taken: set[int] = set()
    triples = []
    for b, (x, y, wide) in enumerate(spots):
        near = [
            n for n, other in enumerate(spots)
            if n != b and math.hypot(other[0] - x, other[1] - y) < 9 * wide and 0.6 < other[2] / wide < 1.67
        ]  # fmt: skip
        for place, a in enumerate(near):
            for c in near[place + 1 :]:
                off = math.hypot(spots[a][0] + spots[c][0] - 2 * x, spots[a][1] + spots[c][1] - 2 * y)
                apart = math.hypot(spots[a][0] - spots[c][0], spots[a][1] - spots[c][1]) / 2
                if apart > 1.1 * wide and off < 0.3 * apart:
                    triples.append((off / apart + 0.02 * apart / wide, a, b, c))
    for off, a, b, c in sorted(triples):
        if taken & {a, b, c}:
            continue
        taken |= {a, b, c}
        members = [spots[n] for n in (a, b, c)]
        wide = max(spot[2] for spot in members)
        x0, x1 = min(s[0] for s in members) - wide / 2, max(s[0] for s in members) + wide / 2
        y0, y1 = min(s[1] for s in members) - wide / 2, max(s[1] for s in members) + wide / 2
        rows.append(
            DotRow((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0, 3, 0.85 if off < 0.2 else 0.6, wide)
        )
    return rows
