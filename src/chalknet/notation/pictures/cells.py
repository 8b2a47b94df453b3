"""Cells that share their sides: tables of words, as Keras plots a layer, and the two halves of a neuron."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chalknet.notation.disjoint_sets import DisjointSets
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.pictures.figures import whole_of
from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found

_APART = 8.0  # pixels between the rims of neighbours at most
_COVERED = 0.85  # of the whole table, by its cells
_FEWEST = 4
_READ = 0.7  # of the cells of a plot of Keras, which names its parts in any of them
_CLASS = re.compile(r"[A-Z][a-z]{2,}[A-Za-z0-9]*(?!\S)")  # `Dense`, `InputLayer`
_SUMS = ("Σ", "∑", "sum", "SUM", "+")
_SHAPE = re.compile(r"[\[(]*None, ?([0-9][0-9, ]*)[\])]*")  # brackets at the rim of a cell are easily lost


def without_cells(shapes: Sequence[Found], words: Sequence[Lettering]) -> list[Found]:
    """Return the shapes with one box in the place of the cells of each table.

    A table has words in every cell, in at least two rows and two columns: a row of cells without words, or a
    column alone, is a vector of units.
    """
    boxes = [at for at, shape in enumerate(shapes) if shape.kind in ("box", "rounded")]
    groups = DisjointSets(boxes)
    for one in boxes:
        for other in boxes:
            if one < other and _share_a_side(shapes[one], shapes[other]):
                groups.join(one, other)
    found = list(shapes)
    for group in groups.all:
        cells = [shapes[at] for at in group]
        if len(cells) >= _FEWEST and _is_table(cells, words):
            found = [shape for shape in found if shape not in cells] + [_whole(cells)]
    return found


def without_halves(shapes: Sequence[Found], words: Sequence[Lettering]) -> list[Found]:
    """Return the shapes with one box in the place of the two halves of each neuron: its sum and its function.

    Args:
        shapes: the units.
        words: lines of words, among them the sums.
    """
    boxes = [shape for shape in shapes if shape.kind in ("box", "rounded")]
    found = list(shapes)
    for box in boxes:
        is_sum = any(one.text in _SUMS and box.holds(one.x, one.y) for one in words)
        others = [other for other in boxes if is_sum and _is_other_half(box, other)]
        if len(others) == 1 and box in found and others[0] in found:
            found = [shape for shape in found if shape not in (box, others[0])] + [_whole([box, others[0]])]
    return found


def _is_other_half(one: Found, other: Found) -> bool:
    """Return whether two boxes as high as each other stand side by side with nothing between them."""
    across = abs(other.x - one.x) - (one.width + other.width) / 2
    level = abs(other.y - one.y) < 0.1 * one.height and 0.85 < other.height / one.height < 1.18
    return level and abs(across) <= _APART and 0.6 < other.width / one.width < 1.7


def rows_joined(words: Sequence[Lettering], tables: Sequence[Found]) -> list[Lettering]:
    """Return the words with one line in the place of those in the cells of each table, row by row.

    Args:
        words: all of them.
        tables: boxes in the place of their cells.
    """
    found = list(words)
    for table in tables:
        inside = [one for one in found if table.holds(one.x, one.y)]
        text = " ".join(_SHAPE.sub(r"(None, \1)", one.text) for one in _in_order(inside, table))
        whole = max(inside, key=lambda one: one.height)
        joined = replace(
            whole, text=text, x=table.x, y=table.y, width=0.9 * table.width, angle=0.0,
            trust=min(one.trust for one in inside),
        )  # fmt: skip
        found = [one for one in found if one not in inside] + [joined]
    return found


def _in_order(words: Sequence[Lettering], table: Found) -> Iterator[Lettering]:
    """Yield words column by column, each from above."""
    columns: list[list[Lettering]] = []
    for one in sorted(words, key=lambda one: one.x):
        if columns and abs(one.x - columns[-1][0].x) < 0.5 * max(one.width, columns[-1][0].width):
            columns[-1].append(one)
        else:
            columns.append([one])
    for column in columns:
        yield from sorted(column, key=lambda one: one.y)


def _share_a_side(one: Found, other: Found) -> bool:
    """Return whether two boxes stand side by side, or one on the other, with hardly anything between them."""
    across = abs(one.x - other.x) - (one.width + other.width) / 2
    down = abs(one.y - other.y) - (one.height + other.height) / 2
    beside = abs(across) <= _APART and down < -0.7 * min(one.height, other.height)
    below = abs(down) <= _APART and across < -0.7 * min(one.width, other.width)
    return beside or below


def _is_table(cells: Sequence[Found], words: Sequence[Lettering]) -> bool:
    whole = _whole(cells)
    covered = sum(cell.width * cell.height for cell in cells) / (whole.width * whole.height)
    lines = [[one for one in words if cell.holds(one.x, one.y)] for cell in cells]
    named = sum(any(len(one.text) > 1 for one in line) for line in lines)
    texts = [one.text.strip() for line in lines for one in line]
    of_keras = any(map(_SHAPE.search, texts)) and any(map(_CLASS.match, texts))
    enough = named >= _READ * len(cells) if of_keras else named == len(cells)
    several = any(abs(cell.x - cells[0].x) > cell.width / 2 for cell in cells) and any(
        abs(cell.y - cells[0].y) > cell.height / 3 for cell in cells
    )
    return covered >= _COVERED and enough and several


def _whole(cells: Sequence[Found]) -> Found:
    whole = whole_of(Place(cell.x, cell.y, cell.width, cell.height) for cell in cells)
    return replace(cells[0], kind="box", x=whole.x, y=whole.y, width=whole.width, height=whole.height)
