"""How wide a column is: what is said of it, the indices of its units, or the units that are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chalknet.notation.drawings.columns import UnitColumn, index_gap
from chalknet.notation.drawings.facts import LOOSE, ROUND
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.vocabulary import layer_number, trailing_index
from chalknet.notation.drawings.words import LAYER, ONE_UNIT

_BY_SIZES = re.compile(r"(?<!gemm)(?<!matmul)\s+\(?(\d{1,9})\s*[x×]\s*(\d{1,9})(?!\s*[x×\d])", re.I)
_NUMBERED = re.compile(r"(\d{1,9})(?=\s*(?:$|[|\n]|[,(]\s*[^\W\d]))")


class Width(NamedTuple):
    """The width of a column.

    Args:
        value: None where nobody can know it.
        notes: what disagrees or is not said, with `{which}` for the layer, `{symbol}` for its width.
        rule: why.
    """

    value: int | str | None
    notes: tuple[str, ...] = ()
    rule: str = ""


_BEGINS = re.compile(r"\d+\b")
_NOT_DRAWN = "the width of {which} is not drawn: {symbol}"


def stated_width(columns: Sequence[UnitColumn], place: int, *, surely: bool = False) -> int | str | None:
    """Return the width that a column states in words; None where it does not.

    Args:
        columns: all of them.
        place: which one.
        surely: whether a bare number counts only beside an activation, a map or a layer's name.
    """
    column = columns[place]
    what, title, count = column.said, column.title, len(column.units)
    if title.sure:
        return title.width
    if count > 1:
        return what.width if column.dots and what.sure else None
    if column.number is not None and what.width is not None:
        return what.width
    elided = column.dots or column.left_out  # beside dots a number is the unit's own
    unit = elided and trailing_index(column.units[0].text) is not None and not (what.role or what.counted)
    if (what.sure and not unit) or (not elided and _is_width(columns, place, surely)):
        return what.width
    by_index, _ = index_gap(column.units, column.dots)
    if title.operation or by_index:
        return None
    own = {layer_number(text) for text in column.texts}
    if _is_one_of_several_widths(columns, place):
        return title.width
    return title.width if title.width not in (place, place + 1, *own) else None


def _is_one_of_several_widths(columns: Sequence[UnitColumn], place: int) -> bool:
    """Return whether a title begins with a number, as others do that do not number the layers: 12, 6, 3."""
    numbers = {
        at: column.title.width for at, column in enumerate(columns) if _BEGINS.match(column.title.text)
    }
    return place in numbers and any(number not in (at, at + 1) for at, number in numbers.items())


def width_of(columns: Sequence[UnitColumn], place: int) -> Width:
    """Return the width of a column: what it states, its indices, its dots, or its units."""
    column = columns[place]
    count, title = len(column.units), column.title
    by_index, elided = index_gap(column.units, column.dots)
    stated = stated_width(columns, place)
    if stated is not None:
        drawn: int | str = by_index if elided and by_index is not None else count + column.left_out
        differs = stated != drawn and (elided or (count > 1 and not column.dots))
        notes = (f"{{which}} says {stated}, but {drawn} are drawn: {stated} was read",) if differs else ()
        return Width(stated, notes, "its words state how many there are")
    notes = ()
    whole = count > 1 and not (elided or column.dots or column.left_out)
    if whole and isinstance(title.width, int) and title.width > count:
        notes = (f"the title of {{which}} has a {title.width}, but {count} are drawn: {count} was read",)
    if elided and by_index is not None:
        if not column.dots and isinstance(by_index, int) and by_index > count:
            notes = (f"the indices of {{which}} go up to {by_index}, but {count} are drawn without dots",)
        return Width(by_index, notes, "the indices beside the dots say how many there are")
    if column.left_out:
        return Width(
            count + column.left_out, notes, "so many are drawn, and it is said how many are left out"
        )
    if column.dots and isinstance(title.width, int) and title.width > count:
        return Width(title.width, (), "its title states how many there are, and dots stand for the rest")
    if column.dots:
        notes = ("the dots of {which} do not say how many there are: {symbol}",)
        return Width(None, notes, "the dots do not say how many there are")
    if count == 1 and (is_box(columns, place) or _is_among_boxes(columns, place)):
        return _of_box(columns, place)
    return Width(count, notes, "so many are drawn")


def embedded(columns: Sequence[UnitColumn], start: int, place: int, width: int | str) -> int | str:
    """Return the width that the input has behind the embeddings in the columns up to a place.

    Args:
        columns: all of them.
        start: that of the input, which is drawn behind the embeddings that its own title names.
        place: the last column that is looked at.
        width: of the input as drawn.
    """
    for column in columns[start + 1 : place + 1]:
        for step in column.said.steps or column.edge.steps:
            if step.at_the_start:
                (width,) = step.output_shape((width,))
    return width


def is_box(columns: Sequence[UnitColumn], place: int) -> bool:
    """Return whether a single node is a box for a whole layer, and no unit."""
    column = columns[place]
    unit, what = column.units[0], column.said
    text = plain(unit.text)
    if what.operation and what.is_function and not what.state:
        return all(each.is_single for each in columns)
    single = all(each.is_single for each in columns)
    words = f"{text}\n{chr(10).join(column.texts) if single else ''}"
    others = sum(len(each.units) > 1 or each.dots for each in columns)
    roles = sum(bool(each.said.role) for each in columns)
    weight = 0.0
    weight += 2.5 * bool(LAYER.search(words)) + 0.5 * bool(what.role and LAYER.search(text))
    weight += 1.0 * bool(what.role and roles > 1)
    weight += 0.5 * (unit.shape not in ROUND and unit.shape not in LOOSE)
    weight -= 2.5 * (unit.shape in ROUND) + 1.0 * min(others, 2) + 3.0 * bool(ONE_UNIT.search(words))
    weight -= 2.0 * (trailing_index(text) is not None and not LAYER.search(words)) + 2.0 * column.is_weighty
    return weight > 1.0


def _is_among_boxes(columns: Sequence[UnitColumn], place: int) -> bool:
    """Return whether a node without a number stands in a chain of single nodes that are whole layers."""
    text = plain(columns[place].units[0].text)
    if ONE_UNIT.search(text) or not all(each.is_single for each in columns):
        return False
    if sum(_is_called_by_role(each) for each in columns) > 1:
        return place < len(columns) - 1 or _is_called_by_role(columns[place])
    known = any(
        (each.said.width or 1) != 1 or (each.said.operation and not each.said.state) for each in columns
    )
    return known and trailing_index(text) is None and place < len(columns) - 1


def _is_called_by_role(column: UnitColumn) -> bool:
    """Return whether a node is called by a word for its place: `Input`, `Hidden 2`; no letter such as x."""
    text = plain(column.units[0].text)
    return bool(column.said.role and re.match(r"[^\W\d_]{3,}", text)) and not ONE_UNIT.search(text)


def _of_box(columns: Sequence[UnitColumn], place: int) -> Width:
    behind = _behind(columns, place) if columns[place].said.operation else None
    if behind is not None:
        return Width(behind, (), "the layer behind it takes so many")
    return Width(None, (_NOT_DRAWN,), "one box for a layer without a width")


def input_known(notes: Iterable[str]) -> list[str]:
    """Return the notes once the first map states the width of an input that is drawn without one."""
    unknown = _NOT_DRAWN.format(which="the input", symbol="m")
    return [note for note in notes if note != unknown]


def _is_width(columns: Sequence[UnitColumn], place: int, surely: bool) -> bool:
    """Return whether a bare number in a node is its width, and not the number of a layer or a unit."""
    what = columns[place].said
    if what.width is None:
        return False
    alone = _number_of(plain(columns[place].units[0].text)) == str(what.width)
    if alone and (is_numbered(columns, what.width) or _looks_like_a_unit(columns, place)):
        return False
    if what.operation or what.role or what.steps or what.linear or alone:
        small = isinstance(what.width, int) and what.width <= len(columns)
        counted = re.match(rf"{what.width}\s*[^\W\d]", plain(columns[place].units[0].text))
        numbered = what.role == "hidden" and small and not counted
        if not numbered:
            return True
        others = [one.said.width for one in columns if one.said.width is not None]
        return len(set(others)) < len(others)
    written = what.state and re.search(rf":\s*{what.width}\b", what.text)  # `z: 16`
    words = len(what.text.split()) > 1 and not _looks_like_a_unit(columns, place)
    return bool(written) or (not surely and (what.state or words))


def _looks_like_a_unit(columns: Sequence[UnitColumn], place: int) -> bool:
    """Return whether a node is drawn as the units of other columns are, in a round shape."""
    shape = columns[place].units[0].shape
    return shape in ROUND and any(
        len(column.units) > 1 and column.units[0].shape == shape for column in columns
    )


def _number_of(label: str) -> str:
    """Return the number that names a unit, without its activation: `11`, `11 | σ`; empty for others."""
    match = _NUMBERED.match(label)
    return match[1] if match else ""


def is_numbered(columns: Sequence[UnitColumn], number: int | str) -> bool:
    """Return whether a number in a node is its name: one of a row of numbered nodes."""
    labels = [plain(unit.text) for column in columns if len(column.units) > 1 for unit in column.units]
    numbers = [found for label in labels if (found := _number_of(label))]
    row = isinstance(number, int) and bool({str(number - 1), str(number + 1)} & set(numbers))
    return row or (len(set(numbers)) == len(numbers) > 1)


def _behind(columns: Sequence[UnitColumn], place: int) -> int | str | None:
    for column in columns[place + 1 :]:
        one = column.said
        if one.in_width is not None:
            return one.in_width
        if one.width is not None and one.sure and not one.operation:
            return one.width
        if one.operation:
            return None
    return None


def matrix_of(column: UnitColumn) -> tuple[int, int] | None:
    """Return the sizes of the weights that lead to a column: on its arrows or in its box, `Linear 64×32`."""
    what = column.said
    written = _BY_SIZES.search(what.text) if what.operation and what.in_width is not None else None
    sizes = (int(written[1]), int(written[2])) if written else None
    return column.edge.matrix or what.matrix or sizes
