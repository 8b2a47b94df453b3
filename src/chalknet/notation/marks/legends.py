"""Legends: small shapes, the keys, each with words beside it that speak of all units of its colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from chalknet.notation.drawings.colours import parts_of
from chalknet.notation.marks.mark import ShapeMark, TextMark, Tidied

_SMALL = 0.75  # of a unit
_ALIKE = 1.25  # times larger or smaller is one size
_FAR = 2.5  # times wider than a key is the gap to its words at most
_FEWEST = 2
_NEAR = 24  # of 255, by which the colours of a key and its units differ at most


def find_keys(found: Tidied, small: Sequence[int], spend: Callable[[int], None]) -> set[int]:
    """Return the shapes that are keys of a legend, and note the colour of each for the words beside it.

    Args:
        found: the marks.
        small: the shapes that may be keys: much smaller than a unit, without lines and words.
        spend: is told of the steps.
    """
    filled = [number for number in small if found.shapes[number].fill]
    spend(len(filled) * len(found.texts))
    beside = {n: text for n in filled if (text := _words_beside(found.shapes[n], found.texts)) is not None}
    sizes = {n: min(found.shapes[n].place.width, found.shapes[n].place.height) for n in beside}
    keys = {
        n for n in beside if sum(1 / _ALIKE < sizes[n] / size < _ALIKE for size in sizes.values()) >= _FEWEST
    }
    if len(keys) < _FEWEST or len({beside[n] for n in keys}) < len(keys):
        return set()
    found.keys |= {beside[n]: found.shapes[n].fill for n in keys}
    found.unused += [(found.shapes[n], "a key of a legend") for n in sorted(keys)]
    return keys


def is_small(shape: ShapeMark, unit: float) -> bool:
    """Return whether a shape is so much smaller than a unit that it may be a key."""
    return min(shape.place.width, shape.place.height) < _SMALL * unit


def columns_told(keys: dict[int, str], shapes: Sequence[ShapeMark], columns: Sequence[int]) -> dict[int, int]:
    """Return for each text of a legend the one column whose units have the colour of its key.

    Args:
        keys: for each text the colour of the key that it stands beside.
        shapes: all shapes.
        columns: for each shape its column; 0 for frames.
    """
    fills: dict[int, Counter[str]] = {}
    for shape, column in zip(shapes, columns, strict=True):
        if column:
            fills.setdefault(column, Counter())[shape.fill] += 1
    usual = {column: count.most_common(1)[0][0] for column, count in fills.items()}
    found = {}
    for text, colour in keys.items():
        told = [column for column, fill in usual.items() if _are_alike(colour, fill)]
        if len(told) == 1:
            found[text] = told[0]
    return found


def _words_beside(shape: ShapeMark, texts: Sequence[TextMark]) -> int | None:
    """Return the text that begins right of a shape, in line with it."""
    place = shape.place
    gaps = {
        number: text.place.x - text.place.width / 2 - place.x - place.width / 2
        for number, text in enumerate(texts)
        if abs(text.place.y - place.y) < 0.6 * max(place.height, text.size)
    }
    near = {number: gap for number, gap in gaps.items() if -0.2 * place.width < gap < _FAR * place.width}
    return min(near, key=near.__getitem__, default=None)


def _are_alike(one: str, other: str) -> bool:
    if one == other:
        return True
    parts, others = parts_of(one.strip()), parts_of(other.strip())
    return (
        parts is not None
        and others is not None
        and all(abs(a - b) <= _NEAR for a, b in zip(parts, others, strict=True))
    )
