"""A drawing made of characters: which of them are lines, which are texts, and where the boxes stand."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TypeAlias

from chalknet.notation.drawings.sketch import Sketch

Cell: TypeAlias = "tuple[int, int]"  # row and column

ACROSS, UPRIGHT = frozenset("-─━═—–⎯╌┄=~_"), frozenset("|│┃║╎┆")
RISING, FALLING = frozenset("/╱"), frozenset("\\╲＼")
CROSSES = frozenset("Xx╳×*")
JOINTS = frozenset("+┼├┤┬┴┌┐└┘╭╮╰╯╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋")
UPPER_CORNERS, LOWER_CORNERS = frozenset(".,"), frozenset("'`´")
RIGHT_HEADS, LEFT_HEADS = frozenset(">→⟶⇒➔➜►▶▸⟹"), frozenset("<←⟵⇐◀◄◂")
UP_HEADS, DOWN_HEADS = frozenset("^↑▲△⇑"), frozenset("vV↓▼▽⇓")
HEADS = RIGHT_HEADS | LEFT_HEADS | UP_HEADS | DOWN_HEADS
CIRCLES = frozenset("○◯●◉◎⚪⚫⬤⭕⚬〇")
_LEVEL = frozenset("-─━")
_ALWAYS = frozenset("─━═⎯╌┄│┃║╎┆╱╲╳→⟶⇒➔➜►▶▸⟹←⟵⇐◀◄◂↑▲△⇑↓▼▽⇓") | (JOINTS - {"+"})
_CORNERS = {
    "top_left": frozenset("┌╭╔┏+."),
    "top_right": frozenset("┐╮╗┓+."),
    "low_left": frozenset("└╰╚┗+'`"),
    "low_right": frozenset("┘╯╝┛+'´"),
}
_SIDE = UPRIGHT | JOINTS | HEADS | frozenset("o>")
_EDGE = ACROSS | JOINTS | frozenset("vV^↓↑")
_TEXTS = re.compile(
    r"(?:\[[^\[\]\n]{1,60}\]|\([^()\n]{1,60}\)|[^ ])+(?: (?:\[[^\[\]\n]{1,60}\]|\([^()\n]{1,60}\)|[^ ])+)*"
)
_WRITTEN_IN = re.compile(
    r"\[[ \t]*+(?=[^\[\]\n]*[^\W_])[^\[\]\n]{1,60}\]"
)  # a box in one row, arrows in it too
_FILLER = "\0"  # the second column of a wide character
_MOST_COLUMNS = 4_000


@dataclass(eq=False)
class Text:
    """A text, or one circle: what a line may end at.

    Args:
        row, first, last: where it stands.
        text: what it says.
        shape: in Graphviz's words.
        box: its rows and columns, where it is the text of a box.
        key: of its node.
    """

    row: int
    first: int
    last: int
    text: str
    shape: str = "plaintext"
    bottom: int = -1
    key: str = ""
    linked: bool = False

    @property
    def middle(self) -> tuple[float, float]:
        """Return the row and the column of its middle."""
        return (self.row + max(self.bottom, self.row)) / 2, (self.first + self.last) / 2


@dataclass
class CharacterBox:
    """A frame of lines."""

    top: int
    left: int
    bottom: int
    right: int
    inside: list[Text] = field(default_factory=list)
    parent: CharacterBox | None = None


class Canvas:
    """The characters of a drawing, row by row.

    Args:
        sketch: counts the steps.
        text: the drawing.
    """

    def __init__(self, sketch: Sketch, text: str) -> None:
        self.sketch = sketch
        self.rows = [_columns(row.rstrip()) for row in text.expandtabs(8).split("\n")]
        sketch.spend(len(text) // 4)
        self.boxes = self._boxes()
        self.border: dict[Cell, CharacterBox] = {}
        for box in self.boxes:
            self._outline(box)
        self.strokes: set[Cell] = set()
        self.texts: list[Text] = []
        self.owner: dict[Cell, Text] = {}
        for number in range(len(self.rows)):
            self._row(number)

    def at(self, row: int, column: int) -> str:
        """Return a character, a blank outside of the drawing."""
        if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]):
            return self.rows[row][column]
        return " "

    # Boxes.

    def _boxes(self) -> list[CharacterBox]:
        found = []
        tops = re.compile(r"(?=([┌╭╔┏+.])([-─━═]*[-─━═][-─━═┬┴+v^↓↑]*?)([┐╮╗┓+.]))")
        for number, row in enumerate(self.rows):
            at = 0
            while match := tops.search(row, at):
                at = match.start() + 1
                box = self._box(number, match.start(), match.end(3) - 1)
                self.sketch.spend(1)
                if box is not None:
                    found.append(box)
        return found

    def _box(self, top: int, left: int, right: int) -> CharacterBox | None:
        """Return the box with this upper edge, if its sides and its lower edge are drawn."""
        row = self.rows[top]
        ends = (
            [column for column in range(right, len(row)) if row[column] in _CORNERS["top_right"]]
            if row[left] == "+"
            else [right]
        )
        for end in ends[:20]:
            if any(char not in _EDGE and char not in ".+" for char in row[left + 1 : end]):
                break
            bottom = top + 1
            while self.at(bottom, left) in _SIDE and self.at(bottom, end) in _SIDE:
                self.sketch.spend(1)
                lower = self.rows[bottom][left + 1 : end] if bottom < len(self.rows) else ""
                if (
                    self.at(bottom, left) in _CORNERS["low_left"]
                    and self.at(bottom, end) in _CORNERS["low_right"]
                    and lower
                    and all(c in _EDGE for c in lower)
                ):
                    break
                bottom += 1
            lower = self.rows[bottom][left + 1 : end] if bottom < len(self.rows) else ""
            closed = (
                self.at(bottom, left) in _CORNERS["low_left"]
                and self.at(bottom, end) in _CORNERS["low_right"]
            )
            if closed and lower and all(char in _EDGE for char in lower) and bottom > top + 1:
                return CharacterBox(top, left, bottom, end)
        return None

    def _outline(self, box: CharacterBox) -> None:
        self.sketch.spend((box.right - box.left + box.bottom - box.top) // 4)
        for column in range(box.left, box.right + 1):
            self.border[box.top, column] = self.border[box.bottom, column] = box
        for row in range(box.top, box.bottom + 1):
            self.border[row, box.left] = self.border[row, box.right] = box

    # LineFollower and texts.

    def _row(self, number: int) -> None:
        row = self.rows[number]
        kept = list(row)
        written = {column for unit in _WRITTEN_IN.finditer(row) for column in range(*unit.span())}
        for column, char in enumerate(row):
            if column in written:
                continue
            if (number, column) in self.border:
                kept[column] = " "
            elif char != " " and self._is_stroke(number, column, char):
                self.strokes.add((number, column))
                kept[column] = " "
        for start, piece in _pieces("".join(kept)):
            text = Text(number, start, start + len(piece) - 1, piece.replace(_FILLER, "").strip())
            text.shape = _shape(text.text)
            if text.shape != "plaintext" and text.text not in CIRCLES and text.text not in ("o", "O"):
                text.text = text.text[1:-1].strip()
            elif text.shape == "circle":
                text.text = ""
            self.texts.append(text)
            for column in range(text.first, text.last + 1):
                self.owner[number, column] = text

    def _is_stroke(self, row: int, column: int, char: str) -> bool:
        if char in _ALWAYS:
            return True
        before, after = self.at(row, column - 1), self.at(row, column + 1)
        if char in ACROSS:
            return self._is_dash(char, row, column, before, after)
        if char in ("/", "\\", "＼"):
            return not (before.isalnum() and after.isalnum()) and self._slants(row, column, char)
        if char == "|":
            return True
        if char in (">", "<"):
            tail = before if char == ">" else after
            return tail in ACROSS or tail in "/\\" or (tail == " " and False)
        if char in UPPER_CORNERS | LOWER_CORNERS:
            return self._is_corner(row, column, 1 if char in UPPER_CORNERS else -1)
        if before.isalnum() or after.isalnum():
            return False
        if char in CROSSES:
            return self._crosses(row, column)
        if char == "+" and before + after != "()":
            return sum(self.at(*cell) in sides for cell, sides in _around(row, column)) >= 2
        if char in "vV":
            return self.at(row - 1, column) in UPRIGHT or self.at(row - 1, column) == "+"
        return char == "^" and (self.at(row + 1, column) in UPRIGHT or self.at(row + 1, column) == "+")

    def _is_dash(self, char: str, row: int, column: int, before: str, after: str) -> bool:
        if before == char or after == char:
            return True
        if after in ">+" or before in "<+":
            return True
        if before in ")]" + "".join(CIRCLES) or after in "([" + "".join(CIRCLES):
            return not (before == " " and after == " ") and char not in "=_"
        return char in "-_" and (before in "/\\+" or after in "/\\+")

    def _slants(self, row: int, column: int, char: str) -> bool:
        """Return whether a slanting sign leads to something, and is none between words or of an address."""
        before, after = self.at(row, column - 1), self.at(row, column + 1)
        if char == "/" and "/" in (before, after):
            return False
        right = 1 if char == "/" else -1
        beyond = [self.at(row, column + way) for way in (-2, 2)]
        between_words = {before, after} == {" "} and all(one.isalnum() or one == _FILLER for one in beyond)
        if between_words and char not in (self.at(row - 1, column + right), self.at(row + 1, column - right)):
            return False
        ends = [self.at(row + down, column + side) for down in (-1, 1) for side in (-down * right, 0)]
        return any(end != " " for end in ends) or bool({before, after} & _LEVEL)

    def _is_corner(self, row: int, column: int, down: int) -> bool:
        """Return whether a full stop or a quote is the corner of a line: `--.` over a line that goes on."""
        if not {self.at(row, column - 1), self.at(row, column + 1)} & _LEVEL:
            return False
        beyond = (self.at(row + down, column + right) for right in (-1, 0, 1))
        slants = (RISING, FALLING)[:: 1 if down > 0 else -1]
        others = LOWER_CORNERS if down > 0 else UPPER_CORNERS
        signs = (slants[0], _LEVEL | UPRIGHT | JOINTS | others, slants[1])
        return any(char in wanted for char, wanted in zip(beyond, signs, strict=True))

    def _crosses(self, row: int, column: int) -> bool:
        arms = ((-1, -1, FALLING), (1, 1, FALLING), (-1, 1, RISING), (1, -1, RISING))
        return sum(self.at(row + down, column + right) in signs for down, right, signs in arms) >= 2


def _around(row: int, column: int) -> list[tuple[Cell, frozenset[str]]]:
    joined = JOINTS | HEADS
    return [
        ((row, column - 1), ACROSS | joined), ((row, column + 1), ACROSS | joined),
        ((row - 1, column), UPRIGHT | joined), ((row + 1, column), UPRIGHT | joined),
        ((row - 1, column - 1), FALLING), ((row + 1, column + 1), FALLING),
        ((row - 1, column + 1), RISING), ((row + 1, column - 1), RISING),
    ]  # fmt: skip


def _columns(row: str) -> str:
    """Return a row in which each character takes as many places as columns on the screen."""
    if row.isascii():
        return row[:_MOST_COLUMNS]
    found = []
    for char in row[:_MOST_COLUMNS]:
        if unicodedata.combining(char) or char in "\u200b\ufe0f\u200d":
            continue
        found.append(" " if char in "\u3000\u00a0" else char)
        if char == "\u3000":
            found.append(" ")
        elif unicodedata.east_asian_width(char) in "WF" and char not in CIRCLES:
            found.append(_FILLER)
    return "".join(found)


_UNIT = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|[○◯●◉◎⚪⚫⬤⭕⚬〇]|(?<![^\s])[oO](?![^\s])")


def _pieces(row: str) -> list[tuple[int, str]]:
    """Return the texts of a row with their places: between two of them stand lines or several blanks."""
    found: list[tuple[int, str]] = []
    for match in _TEXTS.finditer(row):
        units = list(_UNIT.finditer(match.group()))
        alone = [unit for unit in units if unit.group()[0] not in "(["]
        side_by_side = len(units) > 1 and not re.sub(r"\s", "", _UNIT.sub("", match.group()))
        if not (alone or side_by_side):
            found.append((match.start(), match.group()))
            continue
        at = 0
        for unit in units if side_by_side else alone:
            if text := match.group()[at : unit.start()].strip():
                found.append((match.start() + at + match.group()[at:].index(text[0]), text))
            found.append((match.start() + unit.start(), unit.group()))
            at = unit.end()
        if text := match.group()[at:].strip():
            found.append((match.start() + at + match.group()[at:].index(text[0]), text))
    return found


def _shape(text: str) -> str:
    if text in CIRCLES or text in ("o", "O"):
        return "circle"
    if len(text) > 1 and text[0] + text[-1] == "()" and "(" not in text[1:] and ")" not in text[:-1]:
        return "circle"
    if len(text) > 1 and text[0] + text[-1] == "[]" and "[" not in text[1:] and "]" not in text[:-1]:
        return "box"
    return "plaintext"
