"""Which shapes stand in which, and which of them are frames around others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.mark import ShapeMark, TextMark
from chalknet.notation.marks.nearby import BoxIndex, rim_of, whole_place

_OVER = 0.08  # how far a shape may stick out of its frame, in sizes of its own


@dataclass
class Nesting:
    """What stands in what.

    Args:
        parents: for each shape the number of the smallest frame around it, or None.
        frames: the numbers of the shapes that are frames.
        places: for each shape the upright box around it.
    """

    parents: list[int | None]
    frames: set[int]
    places: list[Place]

    def around(self, x: float, y: float, spend: Callable[[int], None]) -> int | None:
        """Return the smallest frame around a point."""
        spend(len(self.frames))
        around = [
            (_area(place), number)
            for number, place in ((number, self.places[number]) for number in self.frames)
            if abs(x - place.x) <= place.width / 2 and abs(y - place.y) <= place.height / 2
        ]
        return min(around)[1] if around else None


def _area(place: Place) -> float:
    return place.width * place.height


def nesting_of(
    shapes: Sequence[ShapeMark], owners: Sequence[int | None], spend: Callable[[int], None]
) -> Nesting:
    """Return which shapes are frames: those around several others, around one with a title, or said to be.

    Args:
        shapes: all of them.
        owners: for each text the smallest shape in which it stands, or None.
        spend: is told of the steps.
    """
    places = [whole_place(shape) for shape in shapes]
    index = BoxIndex(lambda steps: spend(3 * steps))
    for number, place in enumerate(places):
        index.add(number, place, 0.0)
    keys = {shape.key: number for number, shape in enumerate(shapes) if shape.key}
    around: list[int | None] = []
    for number, (shape, place) in enumerate(zip(shapes, places, strict=True)):
        holder = keys.get(shape.inside) if shape.inside else None
        around.append(_holder(number, place, places, index) if holder is None else holder)
    inside = Counter(holder for holder in around if holder is not None)
    written = {owner for owner in owners if owner is not None}
    frames = {number for number, count in inside.items() if count > 1}
    frames |= {number for number, shape in enumerate(shapes) if shape.frame}
    for number, holder in enumerate(around):
        if holder is not None and inside[holder] == 1 and holder in written and number in written:
            frames.add(holder)
    looks = {_look(shapes[number]) for number in frames}
    for number, holder in enumerate(around):  # around one alone, and drawn as the other frames are
        if (
            holder is not None
            and inside[holder] == 1
            and _look(shapes[holder]) in looks - {_look(shapes[number])}
        ):
            frames.add(holder)
    parents = [_frame_above(number, around, frames) for number in range(len(shapes))]
    return Nesting(parents, frames, places)


def _look(shape: ShapeMark) -> tuple[str, str, str]:
    return shape.kind, shape.fill, shape.outline


def _holder(number: int, place: Place, places: list[Place], index: BoxIndex) -> int | None:
    """Return the smallest shape that holds another one whole."""
    best = None
    over = _OVER * min(place.width, place.height)
    for other in index.at(place.x, place.y):
        around = places[other]
        if around.width < place.width or around.height < place.height or other == number:
            continue
        holds = (
            abs(place.x - around.x) + place.width / 2 <= around.width / 2 + over
            and abs(place.y - around.y) + place.height / 2 <= around.height / 2 + over
        )
        larger = _area(around) > 1.2 * _area(place)
        if holds and larger and (best is None or _area(around) < _area(places[best])):
            best = other
    return best


def _frame_above(number: int, around: list[int | None], frames: set[int]) -> int | None:
    holder, hops = around[number], 0
    while holder is not None and holder not in frames and hops < 60:
        holder, hops = around[holder], hops + 1
    return holder if holder in frames else None


def owners_of_texts(
    texts: Sequence[TextMark], shapes: Sequence[ShapeMark], spend: Callable[[int], None]
) -> list[int | None]:
    """Return for each text the smallest shape that its middle stands in, or that it is said to belong to."""
    index = BoxIndex(spend)
    rims = [rim_of(shape) for shape in shapes]
    keys = {shape.key: number for number, shape in enumerate(shapes) if shape.key}
    for number, shape in enumerate(shapes):
        index.add(number, whole_place(shape), 0.0)
    found: list[int | None] = []
    for text in texts:
        if text.of:
            found.append(keys.get(text.of))
            continue
        x, y = text.place.x, text.place.y
        around = [number for number in index.at(x, y) if rims[number].gap(x, y) <= 0]
        found.append(min(around, key=lambda number: rims[number].half_x * rims[number].half_y, default=None))
    return found
