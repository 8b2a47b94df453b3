"""From marks to a sketch: which strokes join which shapes, and what every text belongs to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, pstdev

from chalknet.notation.drawings.sketch import Drawn, Link, Place, PutAside, Sketch
from chalknet.notation.marks.captions import (
    alike,
    beside,
    index_of_texts,
    labels_beside,
    text_at_end,
    texts_along,
    titles_of_columns,
)
from chalknet.notation.marks.frames import Nesting, nesting_of, owners_of_texts
from chalknet.notation.marks.joins import Joined, Joints, is_mere_ornament, usual_size
from chalknet.notation.marks.mark import AnyMark, ShapeMark, StrokeMark, TextMark, Tidied
from chalknet.notation.marks.nearby import BoxIndex, whole_place
from chalknet.notation.marks.outlines import place_of
from chalknet.notation.marks.tidied import rows_of_dots, tidied
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText

# Graphviz's words for shapes
_SHAPES = {"disc": "circle", "rounded": "box"}


def sketch_of(marks: Iterable[AnyMark], source: SourceText) -> Sketch:
    """Return what marks show: shapes with their words as nodes, strokes between them as links.

    Nothing is left out: a text that belongs to nothing is a node of its own, and whatever else found no use
    stands in `unused` with the reason.

    Args:
        marks: in the order of drawing.
        source: the text they were read from.

    Raises:
        NotationError: for more marks than any drawing has.

    Example:
        >>> shapes = [ShapeMark("disc", Place(x, 0, 10, 10)) for x in (0, 50)]
        >>> arrow = StrokeMark(((6, 0), (44, 0)), end_head=True)
        >>> sketch_of([*shapes, arrow], SourceText("marks", "")).links
        [Link(source='n1', target='n2', label='', visible=True, at=0, style='', directed=True)]
    """
    sketch = Sketch(source)
    found = tidied(list(marks), sketch.spend)
    check_limit(source, None, "nodes", len(found.shapes))
    owners = owners_of_texts(found.texts, found.shapes, sketch.spend)
    nesting = nesting_of(found.shapes, owners, sketch.spend)
    joined = Joints(found.shapes, nesting.frames, sketch.spend).join(found.strokes)
    unit = usual_size(found.shapes, joined, found.unit)
    touched = {end for pair in joined for end in pair if end is not None} | {*owners} - {None}
    before = len(found.shapes)
    rows_of_dots(found, touched, unit, sketch.spend)
    if len(found.shapes) < before:
        owners = owners_of_texts(found.texts, found.shapes, sketch.spend)
        nesting = nesting_of(found.shapes, owners, sketch.spend)
        joined = Joints(found.shapes, nesting.frames, sketch.spend).join(found.strokes)
    _Sketching(sketch, found, nesting, joined, unit).fill(owners)
    return sketch


class _Sketching:
    """Fills a sketch."""

    def __init__(
        self, sketch: Sketch, found: Tidied, nesting: Nesting, joined: list[Joined], unit: float
    ) -> None:
        self._sketch, self._found, self._nesting, self._joined = sketch, found, nesting, joined
        self._shapes, self._strokes, self._texts = found.shapes, found.strokes, found.texts
        self._unit = unit or 1.0
        self._labels: dict[int, list[TextMark]] = {}
        self._words: dict[int, list[TextMark]] = {}  # along strokes
        self._loose: dict[int, TextMark] = dict(enumerate(found.texts))
        self._text_ends: dict[tuple[int, bool], int] = {}
        self._ranks: dict[int, int] = {}  # of loose texts
        self._sideways = self._runs_sideways()
        self._columns = self._in_columns()
        self._keys: dict[int, str] = {}
        self._taken: set[str] = set()

    def fill(self, owners: list[int | None]) -> None:
        self._give_texts(owners)
        self._draw_shapes()
        self._draw_texts()
        self._draw_links()
        self._sketch.unused = [PutAside(_called(mark), why, _where(mark), mark.at) for mark, why in self._found.unused]

    # Texts

    def _give_texts(self, owners: list[int | None]) -> None:
        strokes = {stroke.key: number for number, stroke in enumerate(self._strokes) if stroke.key}
        for number, text in enumerate(self._texts):
            owner = owners[number]
            if text.of in strokes:
                self._words.setdefault(strokes[text.of], []).append(self._loose.pop(number))
            elif owner is not None and (owner not in self._nesting.frames or self._is_title(text, owner)):
                self._labels.setdefault(owner, []).append(self._loose.pop(number))
        self._give_ends()
        at_ends = set(self._text_ends.values())
        loose = {number: text for number, text in self._loose.items() if number not in at_ends}
        self._give_beside(loose, sure=True)
        loose = {number: text for number, text in loose.items() if number in self._loose}
        titles = self._titles(loose)
        linked = [
            number
            for number, ends in enumerate(self._joined)
            if ends.start is not None or ends.end is not None
        ]
        strokes_here = [self._strokes[number] for number in linked]
        others = {number: text for number, text in loose.items() if number not in titles}
        for number, place in texts_along(others, strokes_here, self._sketch.spend).items():
            self._words.setdefault(linked[place], []).append(self._loose.pop(number))
        self._give_beside({n: t for n, t in others.items() if n in self._loose})
        self._ranks |= {number: column for number, column in titles.items() if number in self._loose}

    def _is_title(self, text: TextMark, frame: int) -> bool:
        """Return whether a text within a frame stands at its upper or lower rim, beyond all that it holds."""
        place = self._nesting.places[frame]
        if self._shapes[frame].key == text.of != "":
            return True
        inside = [self._nesting.places[n] for n, parent in enumerate(self._nesting.parents) if parent == frame]
        self._sketch.spend(len(self._nesting.parents))
        if not inside:
            return True
        top = min(one.y - one.height / 2 for one in inside)
        bottom = max(one.y + one.height / 2 for one in inside)
        half = 0.3 * text.place.height
        near_rim = min(
            text.place.y - place.y + place.height / 2, place.y + place.height / 2 - text.place.y
        )
        return (text.place.y + half < top or text.place.y - half > bottom) and near_rim < text.place.height + text.size

    def _give_ends(self) -> None:
        """Let free ends of strokes lead to the texts at which they stop."""
        index = index_of_texts(self._loose, self._sketch.spend)
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
                self._text_ends |= {(number, at_end): text for at_end, text in met.items() if text is not None}

    def _titles(self, loose: dict[int, TextMark]) -> dict[int, int]:
        """Return the texts that stand in a row beyond the ends of the columns."""
        units = [number for number in range(len(self._shapes)) if number not in self._nesting.frames]
        if not units or not loose:
            return {}
        places = [self._nesting.places[number] for number in units]
        low, high = _reach(places, sideways=self._sideways)
        outside = {}
        for number, text in loose.items():
            across = text.place.y if self._sideways else text.place.x
            if not low < across < high:
                outside[number] = text
        columns = [self._columns[number] for number in units]
        found = titles_of_columns(outside, columns, places, sideways=self._sideways)
        members = {column: columns.count(column) for column in set(found.values())}
        return found if any(count > 1 for count in members.values()) else {}

    def _give_beside(self, loose: dict[int, TextMark], *, sure: bool = False) -> None:
        """Give shapes without words the words right beside them.

        Args:
            loose: the texts.
            sure: give only those that stand beside most shapes, or beside several of a column, alike.
        """
        index = BoxIndex(self._sketch.spend)
        places = self._nesting.places
        largest = max((text.size for text in loose.values()), default=0.0)
        for number in range(len(self._shapes)):
            if number not in self._nesting.frames or number not in self._labels:
                index.add(number, places[number], 0.8 * largest + 0.25 * self._unit)
        near = beside(loose, places, index, self._unit)
        if sure:
            count = sum(n not in self._nesting.frames and n not in self._labels for n in range(len(self._shapes)))
            near = alike(near, self._columns, count, sideways=self._sideways)
        labels, titles = labels_beside(near, self._columns, sideways=self._sideways)
        for number, shape in labels.items():
            if shape not in self._labels:
                self._labels[shape] = [self._loose.pop(number)]
        if not sure:
            self._ranks |= titles

    # Columns

    def _runs_sideways(self) -> bool:
        """Return whether links run to the right or left: there they are as long as one another, and not short."""
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
        """Return for each shape the number of its column: shapes in line across the direction of the links."""
        where = [(place.x if self._sideways else place.y) for place in self._nesting.places]
        columns, column, last = [0] * len(where), 0, -math.inf
        for number in sorted(range(len(where)), key=where.__getitem__):
            if number in self._nesting.frames:
                continue
            if where[number] - last > 0.4 * self._unit:
                column += 1
            columns[number], last = column, where[number]
        return columns

    # The sketch

    def _key(self, wanted: str, letter: str, number: int) -> str:
        key = wanted or f"{letter}{number}"
        while key in self._taken:
            key += "'"
        self._taken.add(key)
        return key

    def _draw_shapes(self) -> None:
        frames = self._nesting.frames
        for number in sorted(frames, key=lambda n: -self._nesting.places[n].width):
            self._keys[number] = self._key(self._shapes[number].key, "g", number + 1)
        for number in frames:
            parent = self._nesting.parents[number]
            title = _joined_words(self._labels.get(number, []))
            above = self._keys[parent] if parent is not None else ""
            self._sketch.group(self._keys[number], title, above, self._shapes[number].at)
        for number, shape in enumerate(self._shapes):
            if number in frames:
                continue
            key = self._keys[number] = self._key(shape.key, "n", number + 1)
            node = self._sketch.node(key, shape.at)
            node.label = _joined_words(self._labels.get(number, []))
            node.shape = _SHAPES.get(shape.kind, shape.kind)
            node.place, node.colour = self._nesting.places[number], shape.fill
            parent = self._nesting.parents[number]
            node.group = self._keys[parent] if parent is not None else ""
            record = self._found.records.get(number)
            node.rank = f"column-{self._columns[number]}" if record is None else f"record-{record}"

    def _draw_texts(self) -> None:
        for number, dots in enumerate(self._found.dots):
            node = self._loose_node(self._key("", "d", number + 1), dots.place, dots.at)
            node.label = "⋮" if dots.place.height > dots.place.width else "…"
        captions = self._captions()
        self._sketch.caption = "\n".join(self._loose.pop(number).words for number in captions)
        for number, text in self._loose.items():
            node = self._loose_node(f"t{number + 1}", text.place, text.at)
            node.label = text.words
            column = self._ranks.get(number)
            node.rank = node.rank if column is None else f"column-{column}"

    def _loose_node(self, wanted: str, place: Place, at: int) -> Drawn:
        node = self._sketch.node(wanted if wanted not in self._sketch.nodes else self._key(wanted, "", 0), at)
        node.shape, node.place = "plaintext", place
        frame = self._nesting.around(place.x, place.y, self._sketch.spend)
        node.group = self._keys[frame] if frame is not None else ""
        where = place.x if self._sideways else place.y
        for number in self._nearest_in_line(where, place):
            node.rank = f"column-{self._columns[number]}"
        return node

    def _nearest_in_line(self, where: float, place: Place) -> list[int]:
        """Return a shape of the column in whose line something stands, between its members."""
        self._sketch.spend(len(self._shapes))
        found = []
        for number, other in enumerate(self._nesting.places):
            middle = other.x if self._sideways else other.y
            if number not in self._nesting.frames and abs(middle - where) <= 0.3 * self._unit:
                found.append(number)
        spots = [self._nesting.places[number] for number in found]
        low, high = _reach(spots, sideways=self._sideways) if spots else (0.0, 0.0)
        here = place.y if self._sideways else place.x
        return found[:1] if low < here < high else []

    def _captions(self) -> list[int]:
        """Return the texts over or under everything that stand alone in their row."""
        at_ends = set(self._text_ends.values())
        places = self._nesting.places
        if not places:
            return []
        low, high = _reach(places, sideways=True)
        found = []
        rows = [round(text.place.y / text.size) for text in self._loose.values()]
        for number, text in self._loose.items():
            alone = rows.count(round(text.place.y / text.size)) == 1 if len(rows) < 200 else False
            beyond = not low < text.place.y < high
            if alone and beyond and number not in at_ends and number not in self._ranks:
                found.append(number)
        return found

    # Links

    def _draw_links(self) -> None:
        drawn: dict[tuple[int, int], list[tuple[StrokeMark, Link]]] = {}
        for number, (stroke, ends) in enumerate(zip(self._strokes, self._joined, strict=True)):
            why = self._why_unused(number, stroke, ends)
            if why:
                self._found.unused.append((stroke, why))
                continue
            pair = (ends.start, ends.end)
            twin = None
            if pair[0] is not None and pair[1] is not None:
                known = drawn.setdefault((min(pair[0], pair[1]), max(pair[0], pair[1])), [])
                twin = next((link for other, link in known[:20] if self._is_twin(other, stroke)), None)
            if twin is not None:
                twin.directed = twin.directed or stroke.start_head or stroke.end_head
                self._found.unused.append((stroke, "drawn twice"))
                continue
            links = self._link(number, stroke, ends)
            if pair[0] is not None and pair[1] is not None:
                known.append((stroke, links[0]))

    def _why_unused(self, number: int, stroke: StrokeMark, ends: Joined) -> str:
        free = [at_end for at_end, end in ((False, ends.start), (True, ends.end)) if end is None]
        if any((number, at_end) in self._text_ends for at_end in free):
            return ""
        if len(free) == 2:
            return "a line that joins nothing"
        if is_mere_ornament(stroke, ends, self._shapes):
            return "a line within a shape"
        for one, other in ((ends.start, ends.end), (ends.end, ends.start)):
            if one in self._nesting.frames and other is not None and one == self._nesting.parents[other]:
                return "a line from a frame to what it holds"
        return ""

    def _is_twin(self, one: StrokeMark, other: StrokeMark) -> bool:
        near = 0.12 * self._unit
        straight = max(math.dist(one.points[0], other.points[0]), math.dist(one.points[-1], other.points[-1]))
        crossed = max(math.dist(one.points[0], other.points[-1]), math.dist(one.points[-1], other.points[0]))
        middles = math.dist(one.points[len(one.points) // 2], other.points[len(other.points) // 2])
        same_count = len(one.points) == len(other.points)
        return min(straight, crossed) < near and (not same_count or middles < 2 * near)

    def _link(self, number: int, stroke: StrokeMark, ends: Joined) -> list[Link]:
        sources, targets = (self._end(number, stroke, end, at_end) for at_end, end in enumerate(ends))
        directed = stroke.start_head or stroke.end_head
        label = _joined_words(self._words.get(number, []))
        link = Link("", "", label, True, stroke.at, stroke.style, directed)
        before = len(self._sketch.links)
        turned = stroke.start_head and not stroke.end_head
        if not directed:
            turned = self._runs_backwards(sources[0], targets[0])
        if turned:
            sources, targets = targets, sources
        self._sketch.connect(sources, targets, link)
        if stroke.start_head and stroke.end_head:
            self._sketch.connect(targets, sources, link)
        return self._sketch.links[before:]

    def _runs_backwards(self, source: str, target: str) -> bool:
        """Return whether a line without heads is drawn from right to left, or upwards."""
        one, other = self._sketch.nodes[source].place, self._sketch.nodes[target].place
        assert one is not None and other is not None
        return one.x > other.x if self._sideways else one.y > other.y

    def _end(self, number: int, stroke: StrokeMark, end: int | None, at_end: bool | int) -> list[str]:
        """Return the nodes at an end of a stroke: a shape, all in a frame, a text, or a point for none."""
        text = self._text_ends.get((number, bool(at_end)))
        if end is not None:
            return self._members(end) if end in self._nesting.frames else [self._keys[end]]
        if text is not None and f"t{text + 1}" in self._sketch.nodes:
            return [f"t{text + 1}"]
        x, y = stroke.points[-1 if at_end else 0]
        node = self._sketch.node(self._key("", "p", 2 * number + 1 + bool(at_end)), stroke.at)
        node.label, node.shape, node.place = "", "point", Place(x, y)
        return [node.key]

    def _members(self, frame: int) -> list[str]:
        self._sketch.spend(len(self._shapes))
        inside = {frame}
        for number in sorted(self._nesting.frames, key=lambda n: -self._nesting.places[n].width):
            if self._nesting.parents[number] in inside:
                inside.add(number)
        found = [
            self._keys[number]
            for number, parent in enumerate(self._nesting.parents)
            if parent in inside and number not in self._nesting.frames
        ]
        return found or [self._frame_as_node(frame)]

    def _frame_as_node(self, frame: int) -> str:
        """Return the node that stands for a frame around nothing."""
        key = f"{self._keys[frame]}-frame"
        node = self._sketch.node(key, self._shapes[frame].at)
        node.label = self._sketch.groups[self._keys[frame]].title
        node.shape, node.place = "box", self._nesting.places[frame]
        return key


def _reach(places: Sequence[Place], *, sideways: bool) -> tuple[float, float]:
    """Return from where to where places reach across the direction of the links."""
    if sideways:
        return min(p.y - p.height / 2 for p in places), max(p.y + p.height / 2 for p in places)
    return min(p.x - p.width / 2 for p in places), max(p.x + p.width / 2 for p in places)


def _joined_words(texts: list[TextMark]) -> str:
    """Return words in the order of reading: from the top, and from the left within a line."""
    ordered = sorted(texts, key=lambda text: text.place.y)
    rows: list[list[TextMark]] = []
    for text in ordered:
        if rows and abs(text.place.y - rows[-1][0].place.y) < 0.5 * max(text.size, rows[-1][0].size):
            rows[-1].append(text)
        else:
            rows.append([text])
    lines = [" ".join(text.words for text in sorted(row, key=lambda text: text.place.x)) for row in rows]
    return "\n".join(lines)


def _called(mark: AnyMark) -> str:
    if isinstance(mark, ShapeMark):
        return mark.kind
    if isinstance(mark, StrokeMark):
        return "stroke"
    return mark.words if isinstance(mark, TextMark) else "mark"


def _where(mark: AnyMark) -> Place:
    if isinstance(mark, StrokeMark):
        return place_of(mark.points)
    return whole_place(mark) if isinstance(mark, ShapeMark) else mark.place
