"""Drawings made of characters, read into a sketch as far as their lines can be followed."""

from __future__ import annotations

import re
from itertools import pairwise

from chalknet.errors import CannotExpress
from chalknet.notation.dialects.ascii_beside import WordsAtLines, name_circles
from chalknet.notation.dialects.ascii_canvas import (
    ACROSS,
    HEADS,
    LEFT_HEADS,
    RIGHT_HEADS,
    Canvas,
    Cell,
    CharacterBox,
    Text,
)
from chalknet.notation.dialects.ascii_columns import (
    is_dots,
    is_sentence,
    layers_of,
    missing_pairs,
    says_all,
    speaks_of_one,
    stand_in,
    words_beside,
)
from chalknet.notation.dialects.ascii_legend import in_words, legends, stands_over_several
from chalknet.notation.dialects.ascii_lines import Ended, LineFollower, untouched
from chalknet.notation.dialects.ascii_recognition import is_tree
from chalknet.notation.dialects.ascii_said import SaidLayers, layers_by_name
from chalknet.notation.drawings.sketch import Link, Place, Sketch
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText

REMEDY = "Draw it with (x1), [h1] and lines of - / \\ |, or write it as DOT: digraph { x1 -> h1 }."
_DECIMAL = re.compile(r"[-+−]?(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)|[wWθv]_?[0-9,]*")
_FARTHEST = 14  # columns between a column of units and an arrow beside it


def read_ascii_sketch(text: str) -> Sketch:
    """Return what a drawing made of characters shows; what could not be followed is kept as `unread`.

    Raises:
        NotationError: for a listing of folders, and where no line joins anything.
    """
    source = SourceText("drawing of characters", text, remedy=REMEDY)
    check_limit(source, None, "characters in a drawing of characters", len(text))
    sketch = Sketch(source)
    if is_tree(text):
        raise source.refuse(0, got="a listing of folders", wanted="units joined by lines")
    canvas = Canvas(sketch, text)
    _Reader(sketch, canvas, text).read()
    if not sketch.links:
        raise source.refuse(0, got="no line that joins two things", wanted="units joined by lines")
    ends = {end for link in sketch.links for end in (link.source, link.target)}
    if not any(speaks_of_one(sketch.nodes[key].text) for key in ends):
        got = "words joined by lines, without a width, a unit or an activation"
        wanted = "units such as (x1), or widths such as [Dense 32 relu]"
        raise source.refuse(0, kind=CannotExpress, got=got, wanted=wanted)
    return sketch


class _Reader:
    """Brings a canvas to a sketch."""

    def __init__(self, sketch: Sketch, canvas: Canvas, text: str) -> None:
        self.sketch, self.canvas, self.lines = sketch, canvas, LineFollower(canvas)
        self.starts = [0]
        for row in text.split("\n"):
            self.starts.append(self.starts[-1] + len(row) + 1)
        self.followed: set[Cell] = set()
        self.found: dict[tuple[str, str], tuple[bool, bool, Text, Text, str]] = {}
        self.free: list[tuple[Text, Ended, Cell]] = []
        self.groups: dict[int, CharacterBox] = {}
        self.shared: set[tuple[str, str]] = set()

    def read(self) -> None:
        labels = self._labels()
        self._boxes()
        name_circles(self.canvas)
        texts = [text for text in self.canvas.texts if id(text) not in labels]
        one_name = self._are_names(texts)
        for number, text in enumerate(texts):
            text.key = (
                text.text[:200] if one_name and text.text else f"{text.text or text.shape} {number + 1}"[:200]
            )
        self.beside = WordsAtLines(self.canvas, texts)
        if says_all(texts) and (layers := layers_by_name(self.canvas, texts)) is not None:
            self._join_as_said(layers)
            in_words(texts)
            self._draw(texts)
            self._name_columns(layers.layers, texts)
            return
        for text in texts:
            for start, way in self.lines.starts(text):
                for ended in self.lines.follow(text, start, way):
                    self._ended(text, ended, start)
        texts = [text for text in texts if id(text) not in self.beside.taken]
        in_words(texts)
        columns = layers_of(texts, {pair for ends in self.found for pair in (ends, ends[::-1])})
        self._join_columns(columns, texts)
        self._draw(texts)
        self._name_columns(columns, texts)
        self._columns(texts)
        self._rest()

    def _are_names(self, texts: list[Text]) -> bool:
        """Return whether each row is a chain of names, so that the same name is the same unit."""
        strokes = {self.canvas.at(*cell) for cell in self.canvas.strokes}
        if not strokes <= ACROSS | RIGHT_HEADS | LEFT_HEADS:
            return False
        rows: dict[str, list[int]] = {}
        for text in texts:
            rows.setdefault(text.text, []).append(text.row)
        again = [name for name, where in rows.items() if name and len(where) > 1]
        if not again or any(len(rows[name]) != len(set(rows[name])) for name in again):
            return False
        self.sketch.unread.append(f"{again[0]!r} stands in several rows and is taken for one unit")
        return True

    # Texts.

    def _labels(self) -> set[int]:
        """Put lines through the texts that stand in the middle of one: `--0.5-->`."""
        found: set[int] = set()
        self.label_of: dict[Cell, str] = {}
        strokes, at = self.canvas.strokes, self.canvas.at
        for text in self.canvas.texts:
            left, right = (text.row, text.first - 1), (text.row, text.last + 1)
            if text.shape != "plaintext" or left not in strokes or right not in strokes:
                continue
            if at(*left) not in ACROSS or at(*right) not in ACROSS | RIGHT_HEADS:
                continue
            row, end = text.row, text.last + 1
            while (row, end) in strokes and at(row, end) in ACROSS:
                end += 1
            headed = (row, end) in strokes and at(row, end) in RIGHT_HEADS
            if headed or _DECIMAL.fullmatch(text.text):
                found.add(id(text))
                for column in range(text.first, text.last + 1):
                    del self.canvas.owner[row, column]
                    strokes.add((row, column))
                    self.label_of[row, column] = text.text
                line = self.canvas.rows[row]
                self.canvas.rows[row] = (
                    line[: text.first] + "-" * (text.last + 1 - text.first) + line[text.last + 1 :]
                )
        return found

    def _boxes(self) -> None:
        """Make one text of each box; one around several things is a group."""
        boxes = sorted(self.canvas.boxes, key=lambda box: (box.right - box.left) * (box.bottom - box.top))
        held: dict[int, Text] = {}
        for box in boxes:
            inside = [text for text in self.canvas.texts if _is_in(text, box) and id(text) not in held]
            self.sketch.spend(1 + len(self.canvas.texts) // 4)
            units = [text for text in inside if text.shape != "plaintext"]
            if len(units) > 1 or any(text.bottom >= 0 for text in inside):
                self.groups[id(box)] = box
                box.inside = inside
                for text in inside:
                    held[id(text)] = text
                continue
            whole = Text(
                box.top, box.left, box.right, "\n".join(text.text for text in inside), "box", box.bottom
            )
            for text in inside:
                self.canvas.texts.remove(text)
                for column in range(text.first, text.last + 1):
                    self.canvas.owner.pop((text.row, column), None)
            self.canvas.texts.append(whole)
            for cell in self._border(box):
                self.canvas.owner[cell] = whole
        self.canvas.texts.sort(key=lambda text: (text.row, text.first))

    def _border(self, box: CharacterBox) -> list[Cell]:
        rows, columns = range(box.top, box.bottom + 1), range(box.left, box.right + 1)
        cells = [(row, column) for row in (box.top, box.bottom) for column in columns]
        return cells + [(row, column) for column in (box.left, box.right) for row in rows]

    # LineFollower.

    def _ended(self, text: Text, ended: Ended, start: Cell) -> None:
        self.followed |= {start, *ended.cells}
        if ended.text is None:
            self.free.append((text, ended, start))
            return
        other = ended.text
        if ended.returns:  # two lines that run together come from the same side
            return
        text.linked = other.linked = True
        self.shared |= {(text.key, other.key), (other.key, text.key)} if ended.shared else set()
        label = next(
            (self.label_of[cell] for cell in self._between(text, other) if cell in self.label_of), ""
        )
        if not label and {cell[1] for cell in ended.cells} == {start[1]} and text.row != other.row:
            label = self.beside.between(text, other, start[1])
        first, second = (text, other) if (text.row, text.first) <= (other.row, other.first) else (other, text)
        tips = (ended.tip_here, ended.tip_there) if first is text else (ended.tip_there, ended.tip_here)
        known = self.found.get((first.key, second.key), (False, False, first, second, ""))
        self.found[first.key, second.key] = (
            known[0] or tips[0],
            known[1] or tips[1],
            first,
            second,
            known[4] or label,
        )

    def _join_as_said(self, said: SaidLayers) -> None:
        """Join the units of each layer with those of the next; lines are not followed."""
        self.sketch.spend(len(said.pairs))
        for one, other in said.pairs:
            self.found[one.key, other.key] = (False, True, one, other, "")
            one.linked = other.linked = True
        self.sketch.unread.append("lines that cross: all units are joined, as the words beside them say")

    def _join_columns(self, columns: list[list[Text]], texts: list[Text]) -> None:
        """Join units whose lines run together, or of which a text says that all are joined."""
        self.sketch.spend(sum(len(one) * len(other) for one, other in pairwise(columns)))
        drawn = {pair for ends in self.found for pair in (ends, ends[::-1])}
        said = says_all([text for text in texts if not text.linked])
        missing = missing_pairs(columns, drawn, self.shared, said=said)
        for one, other in missing:
            self.found[one.key, other.key] = (False, True, one, other, "")
            one.linked = other.linked = True
        if missing and not said:
            first = missing[0][0].text or "the first unit"
            self.sketch.unread.append(
                f"lines that run together, as those at {first!r}: they are taken to join each unit of a "
                "column with each of the next"
            )

    def _name_columns(self, columns: list[list[Text]], texts: list[Text]) -> None:
        """Tell in which column a word stands; sentences and blocks beside it are no part of the drawing."""
        lines, told = legends(columns, texts)
        beside = words_beside(columns, texts)
        linked = {text.key for text in texts if text.linked}  # the same name may stand in several rows
        for text in texts:
            node = self.sketch.nodes.get(text.key)
            if node is None or text.key in linked:
                continue
            self.sketch.spend(1 + sum(map(len, columns)))
            place = stand_in(columns, text)
            if id(text) in told:
                del self.sketch.nodes[text.key]
            elif is_sentence(text) or id(text) in beside or stands_over_several(columns, text):
                lines.append(text.text)
                del self.sketch.nodes[text.key]
            elif place is not None:
                node.rank = f"column {place + 1}"
                node.label = "⋮" if is_dots(text) else node.label
        self.sketch.caption = "\n".join(filter(None, (self.sketch.caption, *lines)))
        for number, column in enumerate(columns, 1):
            for unit in column:
                if unit.key in self.sketch.nodes:
                    self.sketch.nodes[unit.key].rank = f"column {number}"

    def _between(self, one: Text, other: Text) -> list[Cell]:
        if one.row != other.row or not self.label_of:
            return []
        left, right = (one, other) if one.first < other.first else (other, one)
        return [(one.row, column) for column in range(left.last + 1, min(right.first, left.last + 200))]

    def _draw(self, texts: list[Text]) -> None:
        for text in texts:
            node = self.sketch.node(text.key, self._at(text.row, text.first))
            node.label, node.shape = text.text, text.shape
            row, column = text.middle
            height = max(text.bottom - text.row, 0) + 1
            node.place = Place(column, 2 * row, text.last - text.first + 1, 2 * height)
        for number, box in enumerate(self.groups.values()):
            titles = [text for text in box.inside if text.shape == "plaintext" and not text.linked]
            self.sketch.group(
                f"frame {number + 1}",
                "\n".join(text.text for text in titles),
                "",
                self._at(box.top, box.left),
            )
            for text in box.inside:
                if text in titles:
                    self.sketch.nodes.pop(text.key, None)
                elif text.key in self.sketch.nodes:
                    self.sketch.nodes[text.key].group = f"frame {number + 1}"
        level = self._is_level()
        for first_tip, last_tip, first, second, label in self.found.values():
            ends = [first.key, second.key]
            turned = first.middle[1] > second.middle[1] + 0.5 if level else first.row > second.row
            if (first_tip and not last_tip) or (first_tip == last_tip and turned):
                ends.reverse()
            link = Link("", "", label, True, self._at(first.row, first.first), "", first_tip != last_tip)
            if ends[0] in self.sketch.nodes and ends[1] in self.sketch.nodes:
                self.sketch.connect(ends[:1], ends[1:], link)
        self._stubs()

    def _is_level(self) -> bool:
        """Return whether layers stand side by side, and not one over the other."""
        ends = {id(text): text for _, _, *both, _ in self.found.values() for text in both}
        columns, rows = (
            {round(text.middle[axis] / width) for text in ends.values()} for axis, width in ((1, 3), (0, 1))
        )
        return len(columns) <= len(rows) or len(rows) == 1

    def _at(self, row: int, column: int) -> int:
        return min(self.starts[row] + column, self.starts[row + 1] - 1)

    def _stubs(self) -> None:
        """Draw arrows with one free end; other lines that end nowhere could not be followed."""
        for text, ended, start in self.free:
            level = all(cell[0] == start[0] for cell in ended.cells)
            if level and (ended.tip_here or ended.tip_there) and text.key in self.sketch.nodes:
                key = f"end {len(self.sketch.nodes)}"
                point = self.sketch.node(key, self._at(*start))
                point.label, point.shape = "", "point"
                column = ended.cells[-1][1] if ended.cells else start[1]
                point.place = Place(column, 2 * start[0])
                ends = [key, text.key] if ended.tip_here else [text.key, key]
                self.sketch.connect(ends[:1], ends[1:], Link("", "", "", True, self._at(*start)))
                text.linked = True
            else:
                self._unread(start, f"a line from {text.text or 'a unit'!r} that ends nowhere")

    def _unread(self, cell: Cell, what: str) -> None:
        if len(self.sketch.unread) < 20:
            self.sketch.unread.append(f"line {cell[0] + 1}, column {cell[1] + 1}: {what}")

    def _columns(self, texts: list[Text]) -> None:
        """Join two columns of units by the arrow that stands alone between them."""
        rows: dict[int, list[Text]] = {}
        for text in texts:
            for row in range(text.row, max(text.bottom, text.row) + 1):
                rows.setdefault(row, []).append(text)
        passed = self.followed | self.lines.passed
        for row, column in sorted(self.canvas.strokes):
            char = self.canvas.at(row, column)
            if (row, column) in passed or char not in RIGHT_HEADS | LEFT_HEADS:
                continue
            left = max(
                (text for text in rows.get(row, ()) if text.last < column),
                key=lambda text: text.last,
                default=None,
            )
            right = min(
                (text for text in rows.get(row, ()) if text.first > column),
                key=lambda text: text.first,
                default=None,
            )
            self.sketch.spend(1 + len(rows.get(row, ())))
            if (
                left is None
                or right is None
                or column - left.last > _FARTHEST
                or right.first - column > _FARTHEST
            ):
                continue
            sides = [self._column(left, texts), self._column(right, texts)]
            if char in LEFT_HEADS:
                sides.reverse()
            keys = [[text.key for text in side if text.key in self.sketch.nodes] for side in sides]
            self.sketch.connect(keys[0], keys[1], Link("", "", "", True, self._at(row, column)))
            for place in range(column - 12, column + 2):
                passed.add((row, place))
                self.followed.add((row, place))

    def _column(self, unit: Text, texts: list[Text]) -> list[Text]:
        """Return the units that stand over and under one, shaped like it."""
        self.sketch.spend(1 + len(texts) // 4)
        return [
            text for text in texts
            if text is unit or (unit.shape != "plaintext" and text.shape == unit.shape and abs(text.middle[1] - unit.middle[1]) <= 2)
        ]  # fmt: skip

    def _rest(self) -> None:
        """Tell of lines that nobody came by."""
        for row, column in untouched(self.canvas.strokes, self.followed | self.lines.passed):
            if self.canvas.at(row, column) not in HEADS:
                self._unread((row, column), "a line that joins nothing")


def _is_in(text: Text, box: CharacterBox) -> bool:
    bottom = max(text.bottom, text.row)
    return box.top < text.row and bottom < box.bottom and box.left < text.first and text.last < box.right
