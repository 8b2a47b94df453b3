"""To what a text belongs that stands in no shape: a stroke, a shape beside it, or a column under it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.heads import outward
from chalknet.notation.marks.mark import Point, StrokeMark, TextMark
from chalknet.notation.marks.nearby import BoxIndex, median
from chalknet.notation.marks.outlines import place_of

_FAR = 1.3  # how many letters' heights a text may stand off a stroke
_ROW = 1.2  # letters' heights within which titles of columns stand in a row
_LEADING = 1.0  # letters' heights between lines that stand one under the other
_ASIDE = 0.6  # letters' heights by which the middles of such lines differ at most
_NEAR_COLUMN = 2.0  # units, by which a title stands off the end of its column at most
_ALIKE = 12.0  # degrees
_MOST_CELLS = 2_000_000


def text_at_end(stroke: StrokeMark, at_end: bool, texts: Sequence[TextMark], index: BoxIndex) -> int | None:
    """Return the text to which the free end of a stroke leads, or from which it comes."""
    x, y = stroke.points[-1 if at_end else 0]
    ux, uy = outward(stroke.points, at_end)
    best: tuple[float, int] | None = None
    for number in index.at(x, y):
        text = texts[number]
        dx, dy = text.place.x - x, text.place.y - y
        gap = math.hypot(max(abs(dx) - text.place.width / 2, 0.0), max(abs(dy) - text.place.height / 2, 0.0))
        aside = abs(dx * uy - dy * ux) - (abs(uy) * text.place.width + abs(ux) * text.place.height) / 2
        ahead = dx * ux + dy * uy > -0.2 * text.size
        if gap <= 1.2 * text.size and ahead and aside <= 0.4 * text.size and (best is None or gap < best[0]):
            best = (gap, number)
    return None if best is None else best[1]


def index_of_texts(texts: dict[int, TextMark], spend: Callable[[int], None]) -> BoxIndex:
    """Return where texts stand, with what a stroke may stay away from them."""
    index = BoxIndex(spend)
    for number, text in texts.items():
        index.add(number, text.place, 1.2 * text.size)
    return index


def texts_along(
    texts: dict[int, TextMark], strokes: Sequence[StrokeMark], spend: Callable[[int], None]
) -> dict[int, int]:
    """Return the stroke of each text that lies along one, and clearly along one alone."""
    if not texts or not strokes:
        return {}
    reach = max(_FAR * median(text.size for text in texts.values()), 1e-6)
    places = [text.place for text in texts.values()]
    whole = place_of([(place.x, place.y) for place in places])
    cell = max(2 * reach, max(whole.width, whole.height) / max(4, min(400, _MOST_CELLS // len(strokes))))
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, text in texts.items():
        across, down = math.floor(text.place.x / cell), math.floor(text.place.y / cell)
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                cells[across + dx, down + dy].append(number)
    best: dict[int, list[tuple[float, int]]] = {number: [] for number in texts}
    for place, stroke in enumerate(strokes):
        for number in _texts_near(stroke.points, cells, cell, spend):
            off = _off_stroke(texts[number], stroke)
            if off is not None:
                best[number] = sorted([*best[number], (off, place)])[:2]
    found = {}
    for number, nearest in best.items():
        if nearest and (len(nearest) == 1 or nearest[0][0] * 1.5 + 0.05 < nearest[1][0]):
            found[number] = nearest[0][1]
    return found


def _texts_near(
    points: tuple[Point, ...],
    cells: dict[tuple[int, int], list[int]],
    cell: float,
    spend: Callable[[int], None],
) -> set[int]:
    """Return the texts in the cells that a stroke runs through."""
    near: set[int] = set()
    for (x1, y1), (x2, y2) in pairwise(points):
        steps = min(4096, 1 + int(max(abs(x2 - x1), abs(y2 - y1)) / cell))
        for step in range(steps + 1):
            part = step / steps
            key = (math.floor((x1 + part * (x2 - x1)) / cell), math.floor((y1 + part * (y2 - y1)) / cell))
            if key in cells:
                near.update(cells[key])
    spend(len(near))
    return near


def _off_stroke(text: TextMark, stroke: StrokeMark) -> float | None:
    """Return how far a text stands off a stroke, in letters' heights; None where it does not lie along it."""
    x, y = text.place.x, text.place.y
    least = math.inf
    slope = 0.0
    ends = (stroke.points[0], stroke.points[-1])
    for (x1, y1), (x2, y2) in pairwise(stroke.points):
        dx, dy = x2 - x1, y2 - y1
        squared = dx * dx + dy * dy
        if not squared:
            continue
        part = ((x - x1) * dx + (y - y1) * dy) / squared
        is_end = ((x1, y1) == ends[0] and part < 0) or ((x2, y2) == ends[1] and part > 1)
        part = min(1.0, max(0.0, part))
        off = math.hypot(x - x1 - part * dx, y - y1 - part * dy)
        if off < least and not is_end:
            least, slope = off, math.degrees(math.atan2(dy, dx))
    turned = (text.angle - slope + 90) % 180 - 90
    size = text.size
    aside = abs(math.sin(math.radians(turned))) * text.place.width / 2  # words across the stroke
    if text.angle and abs(turned) > _ALIKE:
        return None
    off = max(0.0, least - aside) / size
    return off if least <= _FAR * size + aside else None


class Beside(NamedTuple):
    """A text beside a shape: which one, on which side, and how far off."""

    shape: int
    side: str
    gap: float


def beside(
    texts: dict[int, TextMark], places: Sequence[Place], index: BoxIndex, unit: float
) -> dict[int, Beside]:
    """Return the shape that each text stands right beside; of two as near, that on the usual side."""
    near = {number: _all_beside(text, places, index, unit) for number, text in texts.items()}
    sides = Counter(side for each in near.values() for side in {one.side for one in each})
    found = {}
    for number, each in near.items():
        least = min((one.gap for one in each), default=0.0)
        close = [one for one in each if one.gap <= least + 0.6 * texts[number].size]
        if close:
            found[number] = max(close, key=lambda one: (sides[one.side], -one.gap))
    return found


def _all_beside(text: TextMark, places: Sequence[Place], index: BoxIndex, unit: float) -> list[Beside]:
    place = text.place
    found = []
    probes = [(place.x + dx * place.width / 2, place.y + dy * place.height / 2) for dx, dy in _PROBES]
    for number in sorted({each for probe in probes for each in index.at(*probe)}):
        other = places[number]
        dx, dy = place.x - other.x, place.y - other.y
        out_x = abs(dx) - (place.width + other.width) / 2
        out_y = abs(dy) - (place.height + other.height) / 2
        gap = max(out_x, out_y)
        upright = out_y >= out_x
        in_row = abs(dx) < 0.5 * max(place.width, other.width) if upright else abs(dy) < 0.4 * other.height
        side = ("over" if dy < 0 else "under") if upright else ("left" if dx < 0 else "right")
        if in_row and gap <= 0.8 * text.size + 0.25 * unit:
            found.append(Beside(number, side, gap))
    return found


_PROBES = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))


def alike(
    near: dict[int, Beside], columns: Sequence[int], count: int, *, sideways: bool
) -> dict[int, Beside]:
    """Return the texts that stand on one side of most shapes, or of several in a column.

    Args:
        near: the texts, each with the shape that it stands beside.
        columns: for each shape its column.
        count: how many shapes have no words.
        sideways: whether the columns stand side by side.
    """
    sides = Counter(each.side for each in near.values())
    inside = Counter((columns[each.shape], each.side) for each in near.values())
    across = ("over", "under") if sideways else ("left", "right")
    return {
        number: each
        for number, each in near.items()
        if sides[each.side] >= max(2, 0.6 * count)
        or (each.side in across and inside[columns[each.shape], each.side] > 1)
    }


def labels_beside(
    near: dict[int, Beside], columns: Sequence[int], *, sideways: bool
) -> tuple[dict[int, int], dict[int, int]]:
    """Tell the labels of single shapes from the titles of columns.

    Args:
        near: the texts, each with the shape that it stands beside.
        columns: for each shape its column.
        sideways: whether the columns stand side by side; else they are rows, one over the other.

    Returns:
        for each label the shape, and for each title the column.
    """
    members = Counter(columns)
    alike = Counter((columns[each.shape], each.side) for each in near.values())
    ends = ("over", "under") if sideways else ("left", "right")
    labels: dict[int, tuple[float, int]] = {}
    titles: dict[int, int] = {}
    for number, each in near.items():
        column = columns[each.shape]
        if each.side in ends and members[column] > 1 and alike[column, each.side] == 1:
            titles[number] = column
        elif each.shape not in labels or each.gap < labels[each.shape][0]:
            labels[each.shape] = (each.gap, number)
    return {number: shape for shape, (_, number) in labels.items()}, titles


def titles_of_columns(
    texts: dict[int, TextMark], columns: Sequence[int], places: Sequence[Place], *, sideways: bool
) -> dict[int, int]:
    """Return for each text that stands over or under a column, in a row of such texts, the column.

    Args:
        texts: by number.
        columns: for each place its column.
        places: those of the units.
        sideways: whether the columns stand side by side.
    """
    low, high = reach(places, sideways=sideways)
    spans: dict[int, list[Place]] = defaultdict(list)
    for column, place in zip(columns, places, strict=True):
        spans[column].append(place)
    middles = {
        column: median(place.x if sideways else place.y for place in inside)
        for column, inside in spans.items()
    }
    ordered = sorted(middles, key=middles.__getitem__)
    gaps = [middles[other] - middles[one] for one, other in pairwise(ordered)]
    pitch = median(gaps, math.inf)
    rows: dict[float, list[tuple[float, int]]] = defaultdict(list)
    over: dict[int, int] = {}
    for number, text in texts.items():
        along = text.place.x if sideways else text.place.y
        column = min(ordered, key=lambda each: abs(middles[each] - along))
        if abs(middles[column] - along) > 0.35 * pitch:
            continue
        wide = text.place.width if sideways else text.place.height
        if wide <= 1.5 * pitch:
            over[number] = column
            if low < (text.place.y if sideways else text.place.x) < high:
                continue
            for part in (0.0,) if sideways else (-0.5, 0.0, 0.5):  # words beside rows begin or end alike
                across = text.place.y if sideways else text.place.x + part * text.place.width
                rows[part].append((across, number))
    found: dict[int, int] = {}
    for members in rows.values():
        for row in _in_rows(members, texts):
            if len({over[number] for number in row}) > 1 and not _is_of_more(row, over, texts):
                found |= {number: over[number] for number in row}
    for stacks in _gaps_to(spans, {n: texts[n] for n in over}, over, sideways=sideways):
        below = {lines[0][1]: lines for lines in stacks}
        for row in _in_rows([lines[0] for lines in stacks], texts):
            if len({over[number] for number in row}) > 1:
                found |= {line: over[line] for number in row for _, line in below[number]}
    return found


def _gaps_to(
    spans: dict[int, list[Place]], texts: dict[int, TextMark], over: dict[int, int], *, sideways: bool
) -> list[list[list[tuple[float, int]]]]:
    """Return how far texts stand beyond the end of their own columns, before it and behind it.

    On boards, and where columns are unequally long, titles keep this distance and stand in no row. Of several
    texts at one end of a column none is meant, unless they are lines one under the other: then all are.

    Args:
        spans: the places in each column.
        texts: those over or under columns.
        over: the column of each.
        sideways: whether the columns stand side by side.
    """
    ends = {column: reach(inside, sideways=sideways) for column, inside in spans.items()}
    units = [place.height if sideways else place.width for inside in spans.values() for place in inside]
    most = _NEAR_COLUMN * median(units)
    sides: tuple[dict[int, list[tuple[float, int]]], ...] = (defaultdict(list), defaultdict(list))
    for number, text in texts.items():
        low, high = ends[over[number]]
        middle, long = (text.place.y, text.place.height) if sideways else (text.place.x, text.place.width)
        is_behind = bool(middle > high)
        gap = middle - long / 2 - high if is_behind else low - middle - long / 2
        if 0 <= gap < most:
            sides[is_behind][over[number]].append((gap, number))
    stacks = [[sorted(members) for members in side.values()] for side in sides]
    return [[lines for lines in side if _is_one_text([texts[n] for _, n in lines])] for side in stacks]


def _is_one_text(texts: Sequence[TextMark]) -> bool:
    """Return whether texts are lines one under the other, with their middles in line."""
    lines = sorted(texts, key=lambda text: text.place.y)
    return all(
        other.place.y - one.place.y - (one.place.height + other.place.height) / 2
        < _LEADING * min(one.size, other.size)
        and abs(one.place.x - other.place.x) < _ASIDE * max(one.size, other.size)
        for one, other in pairwise(lines)
    )


def _is_of_more(row: list[int], over: dict[int, int], texts: dict[int, TextMark]) -> bool:
    """Return whether most texts in a line stand over no column, as in a bar of settings above a network."""
    first = texts[row[0]]
    others = sum(
        number not in over and abs(text.place.y - first.place.y) < 0.5 * first.size
        for number, text in texts.items()
    )
    return others > len(row)


def _in_rows(places: list[tuple[float, int]], texts: dict[int, TextMark]) -> list[list[int]]:
    """Return texts that begin within one line of each other, in the order of their places."""
    rows: list[list[int]] = []
    first = -math.inf
    for across, number in sorted(places):
        if not rows or across - first > _ROW * max(texts[number].size, texts[rows[-1][0]].size):
            rows.append([])
            first = across
        rows[-1].append(number)
    return rows


def reach(places: Sequence[Place], *, sideways: bool) -> tuple[float, float]:
    """Return from where to where places reach across the direction of the links."""
    if sideways:
        return min(p.y - p.height / 2 for p in places), max(p.y + p.height / 2 for p in places)
    return min(p.x - p.width / 2 for p in places), max(p.x + p.width / 2 for p in places)
