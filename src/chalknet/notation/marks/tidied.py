"""The marks of a drawing made ready: the ground and doubles put aside, tables cut up, rows of dots found."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

from chalknet.notation.drawings.sketch import Place
from chalknet.notation.drawings.vocabulary import said
from chalknet.notation.marks.heads import give_heads
from chalknet.notation.marks.legends import find_keys, is_small
from chalknet.notation.marks.mark import AnyMark, DotsMark, ShapeMark, StrokeMark, TextMark, Tidied
from chalknet.notation.marks.nearby import BoxIndex, Rim, median, rim_of, whole_place
from chalknet.notation.marks.outlines import place_of
from chalknet.notation.marks.settings import join_settings

_KEYS = ("disc", "ellipse", "box", "rounded")  # forms of dots, and of the keys of legends
_LARGE = 0.9  # of the whole drawing: its ground
_WHITE = {
    "white",
    "#fff",
    "#ffffff",
    "#fefefe",
    "rgb(255,255,255)",
    "rgb(255, 255, 255)",
    "rgb(100%,100%,100%)",
}


def tidied(marks: Sequence[AnyMark], spend: Callable[[int], None]) -> Tidied:
    """Return the marks sorted by what they are.

    Args:
        marks: in the order of drawing.
        spend: is told of steps that are more than one for each mark.
    """
    found = Tidied()
    for mark in marks:
        if isinstance(mark, ShapeMark):
            found.shapes.append(mark)
        elif isinstance(mark, StrokeMark):
            found.strokes.append(mark)
        elif isinstance(mark, TextMark):
            found.texts.append(mark)
        elif isinstance(mark, DotsMark):
            found.dots.append(mark)
        else:
            found.unused.append((mark, mark.what))
    _drop_ground(found)
    join_settings(found, spend)
    give_heads(found, spend)  # before doubles are dropped: heads pile up where many arrows end
    _drop_doubles(found, spend)
    _drop_grounds_of_texts(found, spend)
    found.unit = median(min(shape.place.width, shape.place.height) for shape in found.shapes)
    _cut_tables(found, spend)
    _join_parts(found, spend)
    return found


def _drop_ground(found: Tidied) -> None:
    """Put aside what covers everything and has no outline."""
    plain = [
        shape
        for shape in found.shapes
        if shape.kind in ("box", "rounded")
        and not shape.key
        and (not shape.outline or shape.outline.lower() in _WHITE)
    ]
    if not plain:
        return
    places = [whole_place(shape) for shape in found.shapes]
    places += [place_of(stroke.points) for stroke in found.strokes]
    corners = [
        (one.x + side * one.width / 2, one.y + side * one.height / 2) for one in places for side in (-1, 1)
    ]
    whole = place_of(corners)
    grounds = [
        shape
        for shape in plain
        if shape.place.width >= _LARGE * whole.width and shape.place.height >= _LARGE * whole.height
    ]
    if len(places) > 2:
        found.unused += [(shape, "the ground") for shape in grounds]
        gone = set(map(id, grounds))
        found.shapes = [shape for shape in found.shapes if id(shape) not in gone]


def _drop_doubles(found: Tidied, spend: Callable[[int], None]) -> None:
    """Make one of shapes that are drawn twice: filling and outline, shadow, double rim."""
    index = BoxIndex(spend)
    kept: list[ShapeMark | None] = []
    for shape in found.shapes:
        place = shape.place
        twin = None
        for other in index.at(place.x, place.y):
            known = kept[other]
            if known is not None and _is_twin(known, shape):
                twin = other
        if twin is not None and (known := kept[twin]) is not None:
            larger = max(known, shape, key=lambda one: one.place.width)
            kept[twin] = larger._replace(
                fill=shape.fill or known.fill,
                outline=shape.outline or known.outline,
                style=shape.style or known.style,
                at=known.at,
                key=known.key or shape.key,
            )
            continue
        index.add(len(kept), Place(place.x, place.y), 0.15 * min(place.width, place.height))
        kept.append(shape)
    found.shapes = [shape for shape in kept if shape is not None]


def _is_twin(one: ShapeMark, other: ShapeMark) -> bool:
    """Return whether two shapes are the same one, drawn twice."""
    a, b = one.place, other.place
    if one.key and other.key:
        return False
    off = max(abs(a.width - b.width), abs(a.height - b.height))
    size = max(a.width, a.height)
    apart = max(abs(a.x - b.x), abs(a.y - b.y))
    same_kind = one.kind == other.kind or {one.kind, other.kind} <= {"box", "rounded", "disc", "ellipse"}
    return same_kind and apart <= 0.06 * size and off <= (0.3 if one.kind == other.kind else 0.1) * size


def _drop_grounds_of_texts(found: Tidied, spend: Callable[[int], None]) -> None:
    """Put aside white boxes without an outline that only keep lines from running through words."""
    index = BoxIndex(spend)
    for number, text in enumerate(found.texts):
        index.add(number, Place(text.place.x, text.place.y), 0.3 * text.size)
    kept = []
    for shape in found.shapes:
        place = shape.place
        plain = shape.kind in ("box", "rounded") and not shape.outline and not shape.key
        words = [found.texts[number] for number in index.at(place.x, place.y)] if plain else []
        snug = any(
            math.hypot(text.place.x - place.x, text.place.y - place.y) < 0.6 * text.size
            and place.height <= text.place.height + 0.8 * text.size
            and place.width <= 1.6 * text.place.width + text.size
            for text in words
        )
        if snug and shape.fill.lower().replace(" ", "") in _WHITE:
            found.unused.append((shape, "the ground of a text"))
        else:
            kept.append(shape)
    found.shapes = kept


def _cut_tables(found: Tidied, spend: Callable[[int], None]) -> None:
    """Put the cells in the place of a box that lines divide from side to side."""
    boxes = [number for number, shape in enumerate(found.shapes) if shape.kind in ("box", "rounded")]
    index, rims = BoxIndex(spend), {number: rim_of(found.shapes[number]) for number in boxes}
    for number in boxes:
        if not found.shapes[number].angle:
            index.add(number, found.shapes[number].place, 0.0)
    lines: dict[int, list[StrokeMark]] = defaultdict(list)
    kept = []
    for stroke in found.strokes:
        plain = len(stroke.points) == 2 and not (stroke.start_head or stroke.end_head)
        divided = _box_divided(stroke, index, rims) if plain else None
        if divided is None:
            kept.append(stroke)
        else:
            lines[divided].append(stroke)
    shapes: list[ShapeMark] = []
    for number, shape in enumerate(found.shapes):
        cells = _cells(shape, lines[number], found.texts, spend) if number in lines else [shape]
        if len(cells) > 1:
            found.records |= {len(shapes) + place: number for place in range(len(cells))}
            found.unused += [(line, "a line within a table") for line in lines[number]]
        elif number in lines:
            kept += lines[number]
        shapes += cells
    found.shapes, found.strokes = shapes, sorted(kept, key=lambda stroke: stroke.at)


def _box_divided(stroke: StrokeMark, index: BoxIndex, rims: dict[int, Rim]) -> int | None:
    """Return the box that a line divides: both its ends are on the rim, on opposite sides."""
    (x1, y1), (x2, y2) = stroke.points
    upright, level = abs(x1 - x2) < 1e-3 * abs(y1 - y2), abs(y1 - y2) < 1e-3 * abs(x1 - x2)
    if not (upright or level):
        return None
    for number in index.at((x1 + x2) / 2, (y1 + y2) / 2):
        rim = rims[number]
        whole = 2 * (rim.half_y if upright else rim.half_x)
        near = 0.03 * whole
        off = rim.half_x - abs(x1 - rim.x) if upright else rim.half_y - abs(y1 - rim.y)
        spans = abs(math.dist(*stroke.points) - whole) < 2 * near
        if spans and off > 0.04 * rim.size and rim.gap((x1 + x2) / 2, (y1 + y2) / 2) < 0:
            ends = max(abs(rim.gap(x1, y1)), abs(rim.gap(x2, y2)))
            if ends < near + 0.02 * rim.size:
                return number
    return None


def _cells(
    shape: ShapeMark, lines: list[StrokeMark], texts: list[TextMark], spend: Callable[[int], None]
) -> list[ShapeMark]:
    """Return the cells of a box; the box itself where not every cell has words."""
    x, y, width, height = shape.place
    spend(len(lines) * 4)
    across = sorted(
        {line.points[0][0] for line in lines if abs(line.points[0][0] - line.points[1][0]) < 1e-6}
    )
    down = sorted({line.points[0][1] for line in lines if line.points[0][0] != line.points[1][0]})
    lefts = [x - width / 2, *across, x + width / 2]
    tops = [y - height / 2, *down, y + height / 2]
    if len(lefts) * len(tops) > 400:
        return [shape]
    spend(len(texts) * len(lefts) * len(tops))
    cells = []
    for top, bottom in pairwise(tops):
        for left, right in pairwise(lefts):
            place = Place((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
            cells.append(shape._replace(kind="box", place=place, key=""))
    rims = [rim_of(cell) for cell in cells]
    written = sum(any(_holds(rim, text) for text in texts) for rim in rims)
    if len(cells) == 2 and _is_a_neuron([text.words for rim in rims for text in texts if _holds(rim, text)]):
        return [shape]
    return cells if 2 * written >= len(cells) else [shape]


def _join_parts(found: Tidied, spend: Callable[[int], None]) -> None:
    """Put aside the heading and the body of a box filled each on its own: the box has their words."""
    index = BoxIndex(spend)
    boxes = {
        number: shape
        for number, shape in enumerate(found.shapes)
        if shape.kind in ("box", "rounded") and not shape.angle and not shape.key
    }
    for number, shape in boxes.items():
        index.add(number, shape.place, 0.0)
    gone: set[int] = set()
    for number, shape in boxes.items():
        x, y, _, height = shape.place
        ends = {each for top in (-0.45, 0.45) for each in index.at(x, y + top * height)} - {number}
        parts = sorted(
            (n for n in ends if _is_band(boxes[n].place, shape.place)), key=lambda n: boxes[n].place.y
        )
        if len(parts) == 2 and abs(sum(boxes[n].place.height for n in parts) - height) < 0.04 * height:
            words = [_words_in(boxes[n], found.texts, spend) for n in parts]
            if said(words[0]).operation and not _is_layer(words[1]):
                gone |= set(parts)
    found.unused += [(found.shapes[number], "a part of a box") for number in sorted(gone)]
    found.records = _renumbered(found.records, gone, len(found.shapes))
    found.shapes = [shape for number, shape in enumerate(found.shapes) if number not in gone]


def _is_band(place: Place, whole: Place) -> bool:
    """Return whether a box is as wide as the one that it lies in, and lower."""
    near = 0.04 * whole.width
    inside = abs(place.y - whole.y) + place.height / 2 < whole.height / 2 + near
    alike = abs(place.x - whole.x) < near and abs(place.width - whole.width) < near
    return alike and inside and place.height < 0.9 * whole.height


def _words_in(shape: ShapeMark, texts: Sequence[TextMark], spend: Callable[[int], None]) -> str:
    spend(len(texts))
    rim = rim_of(shape)
    return "\n".join(text.words for text in texts if _holds(rim, text))


def _is_layer(words: str) -> bool:
    told = said(words)
    return bool(told.operation or told.steps or told.role)


def _holds(rim: Rim, text: TextMark) -> bool:
    return rim.gap(text.place.x, text.place.y) < 0


def _is_a_neuron(inside: list[str]) -> bool:
    """Return whether two halves of a shape are the sum of a neuron and its activation: `Σ | f`."""
    return (
        len(inside) == 2 and said(inside[0]).state and said(inside[1]).width is None and len(inside[1]) <= 12
    )


def rows_of_dots(found: Tidied, touched: set[int], unit: float, spend: Callable[[int], None]) -> None:
    """Make rows of small discs that nothing touches to dots, which stand for what is left out.

    Args:
        found: the marks.
        touched: the shapes at which strokes end, or that hold words.
        unit: the usual size of those.
        spend: is told of the steps.
    """
    free = [
        n
        for n, shape in enumerate(found.shapes)
        if n not in touched and is_small(shape, unit) and shape.kind in _KEYS
    ]
    gone = find_keys(found, free, spend)
    small = [
        number
        for number, shape in ((n, found.shapes[n]) for n in free if n not in gone)
        if shape.kind in ("disc", "ellipse", "box")
        and max(shape.place.width, shape.place.height) < 0.55 * unit
        and max(shape.place.width, shape.place.height) < 2 * min(shape.place.width, shape.place.height)
    ]
    index = BoxIndex(lambda steps: spend(4 * steps))
    for number in small:
        place = found.shapes[number].place
        index.add(number, place, 5 * min(place.width, place.height))
    left = dict.fromkeys(small)
    while left:
        row = [next(iter(left))]
        del left[row[0]]
        for number in row:
            place = found.shapes[number].place
            for other in list(index.at(place.x, place.y)):
                size, known = found.shapes[other].place.width, found.shapes[number].place.width
                if other in left and abs(size - known) < 0.2 * known:
                    row.append(other)
                    del left[other]
        points = [(found.shapes[number].place.x, found.shapes[number].place.y) for number in row]
        if _are_keys(found, row, spend):
            gone |= set(row)
            found.unused += [(found.shapes[number], "a key of a legend") for number in row]
        elif 2 <= len(row) <= 6 and _are_in_line(points, found.shapes[row[0]].place.width):
            corners = [
                (x + side * found.shapes[row[0]].place.width / 2, y) for x, y in points for side in (-1, 1)
            ]
            found.dots.append(DotsMark(place_of(corners), len(row), found.shapes[row[0]].at))
            gone |= set(row)
    found.records = _renumbered(found.records, gone, len(found.shapes))
    found.shapes = [shape for number, shape in enumerate(found.shapes) if number not in gone]


def _are_keys(found: Tidied, row: list[int], spend: Callable[[int], None]) -> bool:
    """Return whether small discs in a row are those of a legend: of several colours, or words beside each."""
    shapes = [found.shapes[number] for number in row]
    if not 2 <= len(row) <= 6:
        return False
    spend(len(row) * len(found.texts))
    worded = all(
        any(
            abs(text.place.y - shape.place.y) < shape.place.height
            and 0 < text.place.x - text.place.width / 2 - shape.place.x < 2.5 * shape.place.width
            for text in found.texts
        )
        for shape in shapes
    )
    return worded or len({shape.fill for shape in shapes}) == len(row)


def _are_in_line(points: list[tuple[float, float]], size: float) -> bool:
    ends = max(((a, b) for a in points for b in points), key=lambda pair: math.dist(*pair))
    whole = math.dist(*ends)
    off = max(math.dist(ends[0], point) + math.dist(point, ends[1]) - whole for point in points)
    return off < 0.5 * size and whole > 0


def _renumbered(records: dict[int, int], gone: set[int], count: int) -> dict[int, int]:
    new, after = {}, 0
    for number in range(count):
        if number in gone:
            continue
        if number in records:
            new[after] = records[number]
        after += 1
    return new
