"""Lines of characters followed from text to text: straight, slanting, around corners and over crossings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from chalknet.notation.dialects.ascii_canvas import (
    ACROSS,
    CROSSES,
    DOWN_HEADS,
    FALLING,
    HEADS,
    JOINTS,
    LEFT_HEADS,
    LOWER_CORNERS,
    RIGHT_HEADS,
    RISING,
    UP_HEADS,
    UPPER_CORNERS,
    UPRIGHT,
    Canvas,
    Cell,
    Text,
)  # fmt: skip

Way: TypeAlias = "tuple[int, int]"  # rows down and columns to the right

EAST, WEST, NORTH, SOUTH = (0, 1), (0, -1), (-1, 0), (1, 0)
_SLANTED = {RISING: ((-1, 1), (1, -1)), FALLING: ((1, 1), (-1, -1))}
_LEVEL_SIGNS = ACROSS | RIGHT_HEADS | LEFT_HEADS
_COST = 20  # steps of reading, for one character of a line
_FARTHEST_LINE = 3  # blanks between a unit and a line at it
_LONGEST = 4_000  # characters of a line
_ARMS = {
    "┌╭╔┏": (EAST, SOUTH), "┐╮╗┓": (WEST, SOUTH), "└╰╚┗": (EAST, NORTH), "┘╯╝┛": (WEST, NORTH),
    "├╠┣": (NORTH, SOUTH, EAST), "┤╣┫": (NORTH, SOUTH, WEST), "┬╦┳": (EAST, WEST, SOUTH),
    "┴╩┻": (EAST, WEST, NORTH), "┼╬╋": (EAST, WEST, NORTH, SOUTH),
}  # fmt: skip
_ARMS_OF = {char: arms for chars, arms in _ARMS.items() for char in chars}
_ARMS_OF |= dict.fromkeys(UPPER_CORNERS, (EAST, WEST, SOUTH, (1, 1), (1, -1)))
_ARMS_OF |= dict.fromkeys(LOWER_CORNERS, (EAST, WEST, NORTH, (-1, 1), (-1, -1)))
_CORNERS = UPPER_CORNERS | LOWER_CORNERS
_FORKS = frozenset("<>")  # within a line: (x1) ---<--- (h1), over another one


class Ended(NamedTuple):
    """Where a line ended: at a text or at none, and whether a tip stands at either end."""

    text: Text | None
    tip_here: bool
    tip_there: bool
    cells: tuple[Cell, ...]
    returns: bool = False  # over a joint, to the side that it came from
    shared: bool = False  # with other lines that run into it


_FEW = 2  # cells of a line that was followed may stand beside it


@dataclass
class LineFollower:
    """Follows the lines of a canvas; `passed` are the places that it came by."""

    canvas: Canvas
    passed: set[Cell] = field(default_factory=set)

    def starts(self, text: Text) -> Iterator[tuple[Cell, Way]]:
        """Yield where lines begin around a text or a box, and which way they lead."""
        top, bottom = text.row, max(text.bottom, text.row)
        for row in range(top, bottom + 1):
            for column, way in ((text.last + 1, EAST), (text.first - 1, WEST)):
                farthest = 1 if text.shape == "plaintext" else _FARTHEST_LINE
                yield from self._sideways(row, column, way, farthest=farthest)
        for row, way in ((top - 1, NORTH), (bottom + 1, SOUTH)):
            for column in range(text.first - 1, text.last + 2):
                inside = text.first <= column <= text.last
                char = self.canvas.at(row, column)
                if (row, column) not in self.canvas.strokes:
                    continue
                if inside and (char in UPRIGHT or char in JOINTS or char in UP_HEADS | DOWN_HEADS):
                    yield (row, column), way
                elif (
                    char in RISING and column >= text.first
                    if way == NORTH
                    else char in RISING and column <= text.last
                ):
                    yield (row, column), (way[0], -way[0])
                elif (
                    char in FALLING and column <= text.last
                    if way == NORTH
                    else char in FALLING and column >= text.first
                ):
                    yield (row, column), (way[0], way[0])

    def _sideways(self, row: int, column: int, way: Way, *, farthest: int) -> Iterator[tuple[Cell, Way]]:
        for gap in range(farthest + 1):
            at = (row, column + gap * way[1])
            char = self.canvas.at(*at)
            if at in self.canvas.strokes:
                if gap > 1 and self._stands_alone(at):
                    return
                right = way[1] > 0
                if char in ACROSS | JOINTS | RIGHT_HEADS | LEFT_HEADS:
                    yield at, way
                elif char in RISING:
                    yield at, (-1, 1) if right else (1, -1)
                elif char in FALLING:
                    yield at, (1, 1) if right else (-1, -1)
                return
            if char != " ":
                return

    def _stands_alone(self, cell: Cell) -> bool:
        """Return whether a stroke belongs to an arrow between two columns, with nothing at its ends."""
        row, column = cell
        return all(
            self.canvas.at(row, end) == " "
            for end in (self._end_of_run(row, column, side) for side in (-1, 1))
        )

    def _end_of_run(self, row: int, column: int, side: int) -> int:
        while (row, column) in self.canvas.strokes and self.canvas.at(row, column) in _LEVEL_SIGNS:
            self.canvas.sketch.spend(1)
            column += side
        return column

    def follow(self, text: Text, start: Cell, way: Way) -> list[Ended]:
        """Return where the lines end that begin at a place; a joint leads on several ways."""
        found: list[Ended] = []
        free: list[Ended] = []
        tip_here = _is_tip(self.canvas.at(*start), (-way[0], -way[1]))
        begun, branched = way, False
        waiting: list[tuple[Cell, Way, tuple[Cell, ...]]] = [(start, way, ())]
        seen: set[tuple[Cell, Way]] = set()
        while waiting:
            cell, way, cells = waiting.pop()
            tip_there = False
            while len(cells) < _LONGEST and (cell, way) not in seen:
                seen.add((cell, way))
                self.passed.add(cell)
                self.canvas.sketch.spend(_COST)
                ended = self._arrived(cell, way, text)
                if ended is not None:
                    turned = (begun[1] and way[1] == -begun[1]) or way == (-begun[0], -begun[1])
                    returns = branched and bool(turned)
                    found.append(Ended(ended, tip_here, tip_there, cells, returns, branched))
                    break
                if cell not in self.canvas.strokes:
                    free.append(Ended(None, tip_here, tip_there, cells))
                    break
                cells = (*cells, cell) if len(cells) < 3 else (*cells[:2], cell)
                char = self.canvas.at(*cell)
                tip_there = _is_tip(char, way)
                ways = self._onward(cell, char, way)
                branched = branched or len(ways) > 1
                waiting += [((cell[0] + one[0], cell[1] + one[1]), one, cells) for one in ways[1:]]
                if not ways:
                    free.append(Ended(None, tip_here, tip_there, cells))
                    break
                way = ways[0]
                cell = (cell[0] + way[0], cell[1] + way[1])
        return found or free[:1]

    def _arrived(self, cell: Cell, way: Way, start: Text) -> Text | None:
        """Return the text at a place, or the one a blank further on."""
        owner = self.canvas.owner
        if (text := owner.get(cell)) is not None and text is not start:
            return text
        if cell in self.canvas.strokes or self.canvas.at(*cell) != " ":
            return None
        beyond = (cell[0] + way[0], cell[1] + way[1])
        if (text := owner.get(beyond)) is not None and text is not start:
            return text
        if not way[0] and (unit := self._unit_ahead(cell, way)) is not None and unit is not start:
            return unit
        if way[0] and way[1]:  # a slanting line may end beside the text or over its corner
            for near in (
                (cell[0], cell[1] + way[1]),
                (cell[0], cell[1] - way[1]),
                (cell[0] - way[0], cell[1] + way[1]),
            ):
                if (text := owner.get(near)) is not None and text is not start:
                    return text
        return None

    def _unit_ahead(self, cell: Cell, way: Way) -> Text | None:
        """Return the circle or box a few blanks behind the end of a level line."""
        for gap in range(2, _FARTHEST_LINE):
            place = (cell[0], cell[1] + gap * way[1])
            if (text := self.canvas.owner.get(place)) is not None:
                return None if text.shape == "plaintext" else text
            if self.canvas.at(*place) != " ":
                return None
        return None

    def _onward(self, cell: Cell, char: str, way: Way) -> list[Way]:
        """Return which ways a line leads on from one of its characters."""
        down, right = way
        if char in ACROSS:
            return self._along(cell, way)
        if char in UPRIGHT:
            beside = [one for one in (EAST, WEST) if self._begins(cell, one)]
            return [(down, 0), *beside] if down else []
        for signs, ways in _SLANTED.items():
            if char in signs and self._is_within_line(cell):
                slanted = [one for one in ways if one != (-down, -right)]
                level = [EAST, WEST] if right == 0 else [(0, right)]
                return [one for one in (*level, *slanted) if self._leads(cell, one)]
            if char in signs:
                fitting = [
                    one for one in ways if (right and one[1] == right) or (not right and one[0] == down)
                ]
                beside = [(0, right)] if right and self._begins(cell, (0, right)) else []
                return [*fitting[:1], *beside]
        if char in CROSSES and char not in "+":
            return [way]
        if char in _FORKS and self._is_within_line(cell):
            level = [EAST, WEST] if right == 0 else [(0, right)]
            turned = [one for one in (NORTH, SOUTH) if one != (-down, -right) and self._forks(cell, one)]
            return [*level, *turned]
        if char in RIGHT_HEADS | LEFT_HEADS and right:
            return [(0, right)]
        if char in HEADS:
            return [way]
        return self._joint(cell, char, way)

    def _along(self, cell: Cell, way: Way) -> list[Way]:
        """Return which ways lead on along a level line: to where corners turn into it, too."""
        row, column = cell
        down, right = way
        if right and down:
            return [(0, right)]
        if not right:  # from a corner or an upright line into this one
            beyond = self.canvas.at(row + down, column)
            return [way] if beyond in UPRIGHT else [EAST, WEST]
        ways = [way]
        for side, corners in ((NORTH, UPPER_CORNERS), (SOUTH, LOWER_CORNERS)):
            other = (row + side[0], column)
            if other in self.canvas.strokes and self.canvas.at(*other) in corners:
                ways.append(side)
        return ways

    def _begins(self, cell: Cell, way: Way) -> bool:
        """Return whether a level line begins right beside an upright one."""
        row, column = cell[0], cell[1] + way[1]
        return all(
            (row, place) in self.canvas.strokes and self.canvas.at(row, place) in ACROSS
            for place in (column, column + way[1])
        )

    def _is_within_line(self, cell: Cell) -> bool:
        """Return whether a level line leads to a place from both sides."""
        row, column = cell
        return all(
            (row, column + side) in self.canvas.strokes
            and self.canvas.at(row, column + side) in ACROSS | RIGHT_HEADS
            for side in (-1, 1)
        )

    def _forks(self, cell: Cell, way: Way) -> bool:
        other = (cell[0] + way[0], cell[1])
        char = self.canvas.at(*other)
        return other in self.canvas.strokes and (
            char in UPRIGHT | JOINTS or (char in _FORKS and self._is_within_line(other))
        )

    def _joint(self, cell: Cell, char: str, way: Way) -> list[Way]:
        arms = _ARMS_OF.get(char, (EAST, WEST, NORTH, SOUTH, (-1, 1), (1, -1), (1, 1), (-1, -1)))
        back = (-way[0], -way[1])
        leading = [one for one in arms if one != back and self._leads(cell, one)]
        straight = way in leading
        if straight and len(leading) >= 3:
            return [way]
        return leading

    def _leads(self, cell: Cell, way: Way) -> bool:
        beyond = (cell[0] + way[0], cell[1] + way[1])
        char = self.canvas.at(*beyond)
        if beyond in self.canvas.owner:
            return way[0] == 0 or way[1] == 0
        if beyond not in self.canvas.strokes:
            return False
        if char in _CORNERS:
            return (
                way[0] == 0
                or (way == SOUTH and char in LOWER_CORNERS)
                or (way == NORTH and char in UPPER_CORNERS)
            )
        if char in JOINTS:
            return way[0] == 0 or way[1] == 0
        if self.canvas.at(*cell) in _CORNERS and way in (NORTH, SOUTH) and char in ACROSS:
            return True
        kinds = {
            EAST: ACROSS | RIGHT_HEADS,
            WEST: ACROSS | LEFT_HEADS,
            NORTH: UPRIGHT | UP_HEADS,
            SOUTH: UPRIGHT | DOWN_HEADS,
        }
        return char in kinds.get(way, RISING if way[0] != way[1] else FALLING)


def _is_tip(char: str, way: Way) -> bool:
    """Return whether a character is a tip that points this way."""
    down, right = way
    if char in RIGHT_HEADS or char in LEFT_HEADS:
        return (char in RIGHT_HEADS) == (right > 0) and right != 0
    return (char in UP_HEADS and down < 0) or (char in DOWN_HEADS and down > 0)


def untouched(strokes: set[Cell], touched: set[Cell]) -> list[Cell]:
    """Return the first cell of each line, or of several that cross, of which nobody came by at three cells."""
    waiting, found = strokes - touched, []
    for first in sorted(waiting):
        if first not in waiting:
            continue
        waiting.discard(first)
        count, ready = 1, [first]
        while ready:
            row, column = ready.pop()
            near = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & waiting
            waiting -= near
            ready += near
            count += len(near)
        if count > _FEW:
            found.append(first)
    return found
