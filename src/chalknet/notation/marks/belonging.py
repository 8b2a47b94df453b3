"""What belongs to what: words to shapes, strokes and columns, and which way the links run."""

from __future__ import annotations

import math
import re
from statistics import fmean, pstdev

from chalknet.notation.drawings.sketch import Sketch
from chalknet.notation.marks.captions import (
    alike,
    beside,
    index_of_texts,
    labels_beside,
    text_at_end,
    texts_along,
    titles_of_columns,
)
from chalknet.notation.marks.frames import Nesting
from chalknet.notation.marks.joins import Joined
from chalknet.notation.marks.legends import columns_told
from chalknet.notation.marks.mark import TextMark, Tidied
from chalknet.notation.marks.nearby import BoxIndex, whole_place

_WEIGHT = re.compile(r"[-+−–]?\d{0,2}[.,]\d{1,3}")  # a number that stands along a line, not at a unit


class Belongings:
    """Finds what belongs to what.

    Args:
        sketch: counts the steps.
        found: the marks.
        nesting: which shapes are frames around others.
        joined: what each stroke joins.
        unit: the usual size of a shape.

    Attributes:
        labels: for each shape the texts in it or beside it.
        words: for each stroke the texts along it.
        loose: the texts that belong to none of them, by their number.
        text_ends: the texts at which ends of strokes stop, by the stroke and whether it is its last point.
        ranks: the columns over or under which loose texts stand.
        sideways: whether links run to the right or left.
        columns: for each shape its column.
    """

    def __init__(
        self, sketch: Sketch, found: Tidied, nesting: Nesting, joined: list[Joined], unit: float
    ) -> None:
        self._sketch, self._nesting, self._joined = sketch, nesting, joined
        self._keys = found.keys
        self._shapes, self._strokes = found.shapes, found.strokes
        self._texts = [text._replace(place=whole_place(text)) for text in found.texts]
        self._unit = unit or 1.0
        self.labels: dict[int, list[TextMark]] = {}
        self.words: dict[int, list[TextMark]] = {}
        self.loose: dict[int, TextMark] = dict(enumerate(found.texts))
        self.text_ends: dict[tuple[int, bool], int] = {}
        self.ranks: dict[int, int] = {}
        self.sideways = self._runs_sideways()
        self.columns = self._in_columns()

    def give_texts(self, owners: list[int | None]) -> None:
        """Give every text to what it belongs to.

        Args:
            owners: for each text the smallest shape in which it stands, or None.
        """
        strokes = {stroke.key: number for number, stroke in enumerate(self._strokes) if stroke.key}
        for number, text in enumerate(self._texts):
            owner = owners[number]
            if text.of in strokes:
                self.words.setdefault(strokes[text.of], []).append(self.loose.pop(number))
            elif owner is not None and (owner not in self._nesting.frames or self._is_title(text, owner)):
                self.labels.setdefault(owner, []).append(self.loose.pop(number))
        self._give_ends()
        self.ranks |= columns_told(self._keys, self._shapes, self.columns)
        aside = {*self.text_ends.values(), *self.ranks}
        loose = {number: self._texts[number] for number in self.loose if number not in aside}
        weights = {number: text for number, text in loose.items() if _WEIGHT.fullmatch(text.words.strip())}
        if not texts_along(weights, self._strokes, self._sketch.spend):
            weights = {}
        self._give_beside({n: text for n, text in loose.items() if n not in weights}, sure=True)
        loose = {number: text for number, text in loose.items() if number in self.loose}
        titles = self._titles(loose)
        linked = [
            number
            for number, ends in enumerate(self._joined)
            if ends.start is not None or ends.end is not None
        ]
        strokes_here = [self._strokes[number] for number in linked]
        others = {number: text for number, text in loose.items() if number not in titles}
        as_drawn = {number: self.loose[number] for number in others}
        for number, place in texts_along(as_drawn, strokes_here, self._sketch.spend).items():
            self.words.setdefault(linked[place], []).append(self.loose.pop(number))
        self._give_beside({n: t for n, t in others.items() if n in self.loose and n not in weights})
        self.ranks |= {number: column for number, column in titles.items() if number in self.loose}

    def _is_title(self, text: TextMark, frame: int) -> bool:
        """Return whether a text within a frame stands at its upper or lower rim, beyond all that it holds."""
        place = self._nesting.places[frame]
        if self._shapes[frame].key == text.of != "":
            return True
        inside = [
            self._nesting.places[n] for n, parent in enumerate(self._nesting.parents) if parent == frame
        ]
        self._sketch.spend(len(self._nesting.parents))
        if not inside:
            return True
        top = min(one.y - one.height / 2 for one in inside)
        bottom = max(one.y + one.height / 2 for one in inside)
        half = 0.3 * text.place.height
        near_rim = min(text.place.y - place.y + place.height / 2, place.y + place.height / 2 - text.place.y)
        return (
            text.place.y + half < top or text.place.y - half > bottom
        ) and near_rim < text.place.height + text.size

    def _give_ends(self) -> None:
        """Let free ends of strokes lead to the texts at which they stop."""
        index = index_of_texts({number: self._texts[number] for number in self.loose}, self._sketch.spend)
        for number, (stroke, ends) in enumerate(zip(self._strokes, self._joined, strict=True)):
            if ends.start is not None and ends.end is not None:
                continue
            met = {
                at_end: text_at_end(stroke, at_end, self._texts, index)
                for at_end, end in ((False, ends.start), (True, ends.end))
                if end is None
            }
            both = len(met) == 2 and None not in met.values() and met[False] != met[True]
            if len(met) == 1 or (both and (stroke.start_head or stroke.end_head)):
                self.text_ends |= {(number, at_end): text for at_end, text in met.items() if text is not None}

    def _titles(self, loose: dict[int, TextMark]) -> dict[int, int]:
        """Return the texts that stand beyond the ends of the columns, in a row or as far from each."""
        units = [number for number in range(len(self._shapes)) if number not in self._nesting.frames]
        linked = {end for pair in self._joined for end in pair if end is not None}
        units = [number for number in units if number in linked] or units  # not the bars of a chart beside it
        if not units or not loose:
            return {}
        places = [self._nesting.places[number] for number in units]
        columns = [self.columns[number] for number in units]
        return titles_of_columns(loose, columns, places, sideways=self.sideways)

    def _give_beside(self, loose: dict[int, TextMark], *, sure: bool = False) -> None:
        """Give shapes without words the words right beside them.

        Args:
            loose: the texts.
            sure: give only those that stand beside most shapes, or beside several of a column, alike.
        """
        index = BoxIndex(self._sketch.spend)
        places = self._nesting.places
        loose = {number: text for number, text in loose.items() if not self._spans_columns(text)}
        largest = max((text.size for text in loose.values()), default=0.0)
        for number in range(len(self._shapes)):
            if number not in self._nesting.frames or number not in self.labels:
                index.add(number, places[number], 0.8 * largest + 0.25 * self._unit)
        near = beside(loose, places, index, self._unit)
        if sure:
            count = sum(
                n not in self._nesting.frames and n not in self.labels for n in range(len(self._shapes))
            )
            near = alike(near, self.columns, count, sideways=self.sideways)
        labels, titles = labels_beside(near, self.columns, sideways=self.sideways)
        for number, shape in labels.items():
            if shape not in self.labels:
                self.labels[shape] = [self.loose.pop(number)]
        if not sure:
            self.ranks |= titles

    def _spans_columns(self, text: TextMark) -> bool:
        """Return whether a text reaches over the middles of several columns: it belongs to none of them."""
        if not self.sideways or text.place.width < 2 * self._unit:
            return False
        self._sketch.spend(len(self.columns))
        low, high = text.place.x - text.place.width / 2, text.place.x + text.place.width / 2
        over = zip(self.columns, self._nesting.places, strict=True)
        return len({column for column, place in over if column and low < place.x < high}) > 1

    def _runs_sideways(self) -> bool:
        """Return whether links run to the right or left: that way they are all about as long."""
        steps: tuple[list[float], list[float]] = ([], [])
        for start, end in self._joined:
            if start is not None and end is not None and start != end:
                one, other = self._shapes[start].place, self._shapes[end].place
                steps[0].append(abs(one.x - other.x))
                steps[1].append(abs(one.y - other.y))
        if not steps[0]:
            return True
        across, down = (fmean(each) / (pstdev(each) + 0.1 * self._unit) for each in steps)
        return across >= down

    def _in_columns(self) -> list[int]:
        """Return for each shape the number of its column: shapes in line across the links."""
        where = [(place.x if self.sideways else place.y) for place in self._nesting.places]
        columns, column, last = [0] * len(where), 0, -math.inf
        for number in sorted(range(len(where)), key=where.__getitem__):
            if number in self._nesting.frames:
                continue
            if where[number] - last > 0.4 * self._unit:
                column += 1
            columns[number], last = column, where[number]
        return columns
