"""The figures on a page: marks that hang together by strokes, and the words that stand in or beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from chalknet.notation.disjoint_sets import DisjointSets
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.joins import touching
from chalknet.notation.marks.mark import AnyMark, DotsMark, ShapeMark, StrokeMark, TextMark, UnreadMark
from chalknet.notation.marks.nearby import BoxIndex, median, whole_place
from chalknet.notation.marks.outlines import place_of

_NEAR = 0.4  # of a shape's size: how far a stroke may end from what it joins
_BESIDE = 2.0  # of a shape's size: how far a part without strokes may stand from its figure
_FEWEST = 3  # shapes of a network
_LINES, _WORDS = 3, 25  # of a text that belongs to the page: more than these
_CAPTION = re.compile(
    r"\s*+(?:fig(?:ure|\.)?|abb(?:ildung|\.)?|图|圖|図|그림|рис(?:унок|\.)?|figura)\s*+[0-9]", re.I
)


class Figure(NamedTuple):
    """A figure.

    Args:
        place: what it covers, with its words.
        marks: in the order of drawing.
        shapes: how many of its shapes strokes lead to.
        caption: what stands under or over it; empty for nothing.
    """

    place: Place
    marks: list[AnyMark]
    shapes: int
    caption: str = ""


def figures_of(marks: Sequence[AnyMark], spend: Callable[[int], None]) -> list[Figure]:
    """Return the figures of a page that may be networks, in the order of reading.

    Args:
        marks: of the page.
        spend: is told of the steps.
    """
    drawn = [
        number for number, mark in enumerate(marks) if isinstance(mark, ShapeMark | StrokeMark | DotsMark)
    ]
    places = {number: _place(marks[number]) for number in drawn}
    unit = _unit(marks, drawn)
    parts = _parts(marks, drawn, places, unit, spend)
    cores = [part for part in parts if _joined_shapes(marks, part) >= _FEWEST]
    if not cores and _joined_shapes(marks, drawn) >= _FEWEST - 1:  # ends that stop far from what they join
        cores = [drawn]
    if not cores:
        return []
    covers = _merged(
        [(whole_of(places[number] for number in core), list(core)) for core in cores], 0.3 * unit, spend
    )
    small = [part for part in parts if part not in cores]
    for part in small:
        place = whole_of(places[number] for number in part)
        _give(covers, place, part, _BESIDE * unit, spend)
    texts = [(number, mark) for number, mark in enumerate(marks) if isinstance(mark, TextMark)]
    captions = _give_texts(covers, texts, unit, spend)
    for number, mark in enumerate(marks):
        if isinstance(mark, UnreadMark):
            _give(covers, mark.place, [number], 0.0, spend)
    found = [
        Figure(place, [marks[number] for number in sorted(numbers)], _joined_shapes(marks, numbers), caption)
        for (place, numbers), caption in zip(covers, captions, strict=True)
    ]
    return sorted(found, key=lambda figure: (round(figure.place.y / max(6 * unit, 1.0)), figure.place.x))


def whole_of(places: Iterable[Place]) -> Place:
    """Return what places cover together."""
    boxes = [(p.x - p.width / 2, p.y - p.height / 2, p.x + p.width / 2, p.y + p.height / 2) for p in places]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return Place((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def _place(mark: AnyMark) -> Place:
    if isinstance(mark, StrokeMark):
        return place_of(mark.points)
    return whole_place(mark) if isinstance(mark, ShapeMark) else mark.place


def _unit(marks: Sequence[AnyMark], drawn: list[int]) -> float:
    sizes = [
        min(mark.place.width, mark.place.height)
        for mark in map(marks.__getitem__, drawn)
        if isinstance(mark, ShapeMark)
    ]
    return median((size for size in sizes if size > 0), 10.0)


def _parts(
    marks: Sequence[AnyMark],
    drawn: list[int],
    places: dict[int, Place],
    unit: float,
    spend: Callable[[int], None],
) -> list[list[int]]:
    """Return what hangs together: shapes, the strokes that end near them, and what stands in one another."""
    parts = DisjointSets(drawn)
    index = BoxIndex(spend)
    shapes = [number for number in drawn if not isinstance(marks[number], StrokeMark)]
    for number in shapes:
        size = min(places[number].width, places[number].height)
        index.add(number, places[number], _NEAR * min(max(size, 0.2 * unit), 2 * unit))
    for number in drawn:
        mark = marks[number]
        ends = (
            (mark.points[0], mark.points[-1])
            if isinstance(mark, StrokeMark)
            else ((places[number].x, places[number].y),)
        )
        for x, y in ends:
            for other in index.at(x, y):
                near = _NEAR * min(max(min(places[other].width, places[other].height), 0.2 * unit), 2 * unit)
                if other != number and touching(Place(x, y), places[other], near):
                    parts.join(number, other)
    return parts.all


def _joined_shapes(marks: Sequence[AnyMark], part: Iterable[int]) -> int:
    """Return how many shapes a part has, 0 where no stroke is in it."""
    kinds = [type(marks[number]) for number in part]
    return kinds.count(ShapeMark) if StrokeMark in kinds else 0


def _merged(
    covers: list[tuple[Place, list[int]]], gap: float, spend: Callable[[int], None]
) -> list[tuple[Place, list[int]]]:
    """Return parts, those made one that overlap."""
    found: list[tuple[Place, list[int]]] = []
    for place, numbers in sorted(covers, key=lambda cover: -cover[0].width * cover[0].height):
        spend(len(found))
        for at, (other, known) in enumerate(found):
            if touching(place, other, gap if min(place.width, place.height) > 0 else 0.0):
                found[at] = (whole_of((place, other)), known + numbers)
                break
        else:
            found.append((place, numbers))
    return found if len(found) == len(covers) else _merged(found, gap, spend)


def _give(
    covers: list[tuple[Place, list[int]]],
    place: Place,
    numbers: list[int],
    most: float,
    spend: Callable[[int], None],
) -> None:
    """Give marks to the figure that they stand nearest to, where that is near enough."""
    spend(len(covers))
    at = min(range(len(covers)), key=lambda n: distance(covers[n][0], place))
    if distance(covers[at][0], place) <= most:
        cover, known = covers[at]
        known += numbers
        covers[at] = (whole_of((cover, place)) if most else cover, known)


def distance(one: Place, other: Place) -> float:
    """Return how far two boxes are apart; 0 where they touch."""
    across = abs(one.x - other.x) - (one.width + other.width) / 2
    down = abs(one.y - other.y) - (one.height + other.height) / 2
    return max(across, down, 0.0)


def _give_texts(
    covers: list[tuple[Place, list[int]]],
    texts: list[tuple[int, TextMark]],
    unit: float,
    spend: Callable[[int], None],
) -> list[str]:
    """Give words to the figures in or beside which they stand, and return the captions."""
    drawn = [place for place, _ in covers]
    captions = [""] * len(covers)
    for lines in _blocks(texts, spend):
        place = whole_of(whole_place(text) for _, text in lines)
        words = " ".join(text.words for _, text in lines)
        size = max(text.size for _, text in lines)
        spend(len(covers))
        at = min(range(len(covers)), key=lambda n: distance(drawn[n], place))
        apart = distance(drawn[at], place)
        long = len(lines) > _LINES or len(words.split()) > _WORDS
        is_caption = bool(_CAPTION.match(words))
        if apart > max(_BESIDE * unit, (8.0 if is_caption else 2.5) * size) or (
            long and apart > 0 and not is_caption
        ):
            continue
        if is_caption:
            captions[at] = captions[at] or words
        covers[at][1].extend(number for number, _ in lines)
    return captions


def _blocks(
    texts: list[tuple[int, TextMark]], spend: Callable[[int], None]
) -> list[list[tuple[int, TextMark]]]:
    """Return lines of text that follow one another with the same size and beginning."""
    blocks: list[list[tuple[int, TextMark]]] = []
    for number, text in texts:
        spend(1)
        last = blocks[-1][-1][1] if blocks else None
        if last is not None and not text.angle and not last.angle:
            below = text.place.y - last.place.y
            left = text.place.x - text.place.width / 2 - last.place.x + last.place.width / 2
            same = 0.85 < text.size / last.size < 1.18
            follows = 0.5 * last.size < below < 1.8 * last.size and abs(left) < 3 * last.size
            beside = abs(below) < 0.4 * last.size and text.place.x - last.place.x >= 0
            close = distance(text.place, last.place) < 1.6 * last.size
            if same and (follows or (beside and close)) and len(text.words) > 1:
                blocks[-1].append((number, text))
                continue
        blocks.append([(number, text)])
    return blocks
