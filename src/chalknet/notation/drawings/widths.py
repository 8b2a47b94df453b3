"""How wide a level is: what is said of it, the indices of its units, or the units that are drawn."""

from __future__ import annotations

from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.levels import Level, index_gap
from chalknet.notation.drawings.vocabulary import Said


class Widths:
    """Finds the widths of levels, and notes where what is said and what is drawn disagree.

    Args:
        levels: from X to yhat.
        said: what the units of each level say together.
        titles: what the titles of each level say.
        notes: where assumptions are added.
    """

    def __init__(self, levels: list[Level], said: list[Said], titles: list[Said], notes: list[str]) -> None:
        self._levels, self._said, self._titles, self._notes = levels, said, titles, notes

    def of(self, place: int, number: int) -> int | str:
        """Return the width of a level, whose layer has a number; 0 is the input."""
        level, what, title = self._levels[place], self._said[place], self._titles[place]
        count = len(level.units)
        which = f"layer {number}" if number else "the input"
        by_index, elided = index_gap(level.units, level.dots)
        told = title.width if title.sure else None
        if count == 1 and told is None:
            told = what.width if what.sure or self._is_width(place) else None
            if told is None and not title.operation and not by_index:
                told = title.width if title.width not in (place, place + 1) else None
        if told is None and count > 1 and level.dots and what.sure:
            told = what.width
        if told is not None:
            drawn: int | str = by_index if elided and by_index is not None else count + level.left_out
            if told != drawn and (elided or (count > 1 and not level.dots)):
                self._notes.append(f"{which} says {told}, but {drawn} are drawn: {told} was read")
            return told
        whole = count > 1 and not (elided or level.dots or level.left_out)
        if whole and isinstance(title.width, int) and title.width > count:
            more = f"the title of {which} has a {title.width}, but {count} are drawn: {count} was read"
            self._notes.append(more)
        if elided and by_index is not None:
            return by_index
        if level.left_out:
            return count + level.left_out
        if level.dots:
            symbol = f"k{number}" if number else "m"
            self._notes.append(f"the dots of {which} do not say how many there are: {symbol}")
            return symbol
        blocks = all(len(level.units) == 1 and not level.dots for level in self._levels)
        if blocks and what.operation and what.is_function and not what.state:
            behind = self._behind(place)
            if behind is None:
                self._notes.append(f"the width of {which} is not drawn: k{number}")
            return behind or f"k{number}"
        return count

    def _is_width(self, place: int) -> bool:
        """Return whether a bare number in a node is its width, and not the number of a layer or a unit."""
        what = self._said[place]
        if what.width is None:
            return False
        alone = plain(self._levels[place].units[0].text) == str(what.width)
        if what.operation or what.role or what.steps or alone:
            others = [one.width for one in self._said if one.width is not None]
            small = isinstance(what.width, int) and what.width <= len(self._levels)
            numbered = what.role == "hidden" and small
            return not numbered or len(set(others)) < len(others)
        return what.state or len(what.text.split()) > 1

    def _behind(self, place: int) -> int | str | None:
        for one in self._said[place + 1 :]:
            if one.in_width is not None:
                return one.in_width
            if one.width is not None and one.sure and not one.operation:
                return one.width
            if one.operation:
                return None
        return None
