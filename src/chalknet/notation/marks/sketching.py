"""From marks to a sketch: which strokes join which shapes, and what every text belongs to."""

from __future__ import annotations

import math
from collections.abc import Iterable

from chalknet.notation.drawings.sketch import Drawn, Link, Place, PutAside, Sketch
from chalknet.notation.limits import check_limit
from chalknet.notation.marks.belonging import Belongings
from chalknet.notation.marks.captions import reach
from chalknet.notation.marks.frames import Nesting, nesting_of, owners_of_texts
from chalknet.notation.marks.joins import Joined, Joints, is_mere_ornament, usual_size
from chalknet.notation.marks.mark import AnyMark, ShapeMark, StrokeMark, TextMark, Tidied
from chalknet.notation.marks.nearby import whole_place
from chalknet.notation.marks.outlines import place_of
from chalknet.notation.marks.plots import lines_of_plots
from chalknet.notation.marks.tidied import rows_of_dots, tidied
from chalknet.notation.tokens import SourceText

_MOST_TEXTS = 200  # among which captions are looked for
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
    touched = {end for pair in (*joined, owners) for end in pair if end is not None}
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
        self._shapes, self._strokes = found.shapes, found.strokes
        self._unit = unit or 1.0
        self._of = Belongings(sketch, found, nesting, joined, unit)
        self._keys: dict[int, str] = {}
        self._taken: set[str] = set()

    def fill(self, owners: list[int | None]) -> None:
        self._of.give_texts(owners)
        self._draw_shapes()
        self._draw_texts()
        self._draw_links()
        self._sketch.unused = [
            PutAside(_called(mark), why, _where(mark), mark.at) for mark, why in self._found.unused
        ]

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
            title = _joined_words(self._of.labels.get(number, []))
            above = self._keys[parent] if parent is not None else ""
            self._sketch.group(self._keys[number], title, above, self._shapes[number].at)
            self._sketch.groups[self._keys[number]].place = self._nesting.places[number]
        for number, shape in enumerate(self._shapes):
            if number in frames:
                continue
            key = self._keys[number] = self._key(shape.key, "n", number + 1)
            node = self._sketch.node(key, shape.at)
            node.label = _joined_words(self._of.labels.get(number, []))
            node.shape = _SHAPES.get(shape.kind, shape.kind)
            node.place, node.colour = self._nesting.places[number], shape.fill
            parent = self._nesting.parents[number]
            node.group = self._keys[parent] if parent is not None else ""
            record = self._found.records.get(number)
            node.rank = f"column-{self._of.columns[number]}" if record is None else f"record-{record}"

    def _draw_texts(self) -> None:
        for number, dots in enumerate(self._found.dots):
            node = self._loose_node(self._key("", "d", number + 1), dots.place, dots.at)
            node.label = "⋮" if dots.place.height > dots.place.width else "…"
        captions = self._captions()
        self._sketch.caption = "\n".join(self._of.loose.pop(number).words for number in captions)
        for number, text in self._of.loose.items():
            node = self._loose_node(f"t{number + 1}", text.place, text.at)
            node.label = text.words
            column = self._of.ranks.get(number)
            node.rank = node.rank if column is None else f"column-{column}"

    def _loose_node(self, wanted: str, place: Place, at: int) -> Drawn:
        node = self._sketch.node(wanted if wanted not in self._sketch.nodes else self._key(wanted, "", 0), at)
        node.shape, node.place = "plaintext", place
        frame = self._nesting.around(place.x, place.y, self._sketch.spend)
        node.group = self._keys[frame] if frame is not None else ""
        where = place.x if self._of.sideways else place.y
        for number in self._nearest_in_line(where, place):
            node.rank = f"column-{self._of.columns[number]}"
        return node

    def _nearest_in_line(self, where: float, place: Place) -> list[int]:
        """Return a shape of the column in whose line something stands, between its members."""
        self._sketch.spend(len(self._shapes))
        found = []
        for number, other in enumerate(self._nesting.places):
            middle = other.x if self._of.sideways else other.y
            if number not in self._nesting.frames and abs(middle - where) <= 0.3 * self._unit:
                found.append(number)
        spots = [self._nesting.places[number] for number in found]
        low, high = reach(spots, sideways=self._of.sideways) if spots else (0.0, 0.0)
        here = place.y if self._of.sideways else place.x
        return found[:1] if low < here < high else []

    def _captions(self) -> list[int]:
        """Return the texts over or under everything that stand alone in their row."""
        at_ends = set(self._of.text_ends.values())
        places = self._nesting.places
        if not places:
            return []
        low, high = reach(places, sideways=True)
        found = []
        texts = list(self._of.loose.values()) if len(self._of.loose) < _MOST_TEXTS else []
        for number, text in self._of.loose.items():
            beside = [
                one for one in texts if abs(one.place.y - text.place.y) < 0.5 * max(one.size, text.size)
            ]
            beyond = not low < text.place.y < high
            if len(beside) == 1 and beyond and number not in at_ends and number not in self._of.ranks:
                found.append(number)
        return found

    def _draw_links(self) -> None:
        drawn: dict[tuple[int, int], list[tuple[StrokeMark, Link]]] = {}
        self._plotted = lines_of_plots(self._strokes, self._joined, self._shapes, self._nesting.parents)
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
            link = self._link(number, stroke, ends)
            if pair[0] is not None and pair[1] is not None:
                known.append((stroke, link))

    def _why_unused(self, number: int, stroke: StrokeMark, ends: Joined) -> str:
        if number in self._plotted:
            return self._plotted[number]
        free = [at_end for at_end, end in ((False, ends.start), (True, ends.end)) if end is None]
        headed = stroke.start_head or stroke.end_head
        if len(free) == 1 and not headed and {ends.start, ends.end} & self._nesting.frames:
            return "a line at a frame"
        if any((number, at_end) in self._of.text_ends for at_end in free):
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

    def _link(self, number: int, stroke: StrokeMark, ends: Joined) -> Link:
        """Draw a stroke, and return the link that it is drawn as."""
        source, target = (self._end(number, stroke, end, at_end) for at_end, end in enumerate(ends))
        directed = stroke.start_head or stroke.end_head
        label = _joined_words(self._of.words.get(number, []))
        link = Link("", "", label, True, stroke.at, stroke.style, directed)
        turned = stroke.start_head and not stroke.end_head
        if not directed:
            turned = self._runs_backwards(source, target)
        if turned:
            source, target = target, source
        known = len(self._sketch.links)
        self._sketch.connect([source], [target], link)
        drawn = (self._sketch.links[known:] or self._sketch.frame_links[-1:])[0]
        if stroke.start_head and stroke.end_head:
            self._sketch.connect([target], [source], link)
        return drawn

    def _runs_backwards(self, source: str, target: str) -> bool:
        """Return whether a line without heads is drawn from right to left, or upwards."""
        one, other = self._place_of(source), self._place_of(target)
        return one.x > other.x if self._of.sideways else one.y > other.y

    def _place_of(self, key: str) -> Place:
        marked = self._sketch.nodes.get(key) or self._sketch.groups[key]
        assert marked.place is not None
        return marked.place

    def _end(self, number: int, stroke: StrokeMark, end: int | None, at_end: bool | int) -> str:
        """Return what stands at an end of a stroke: a shape, a frame, a text, or a point for none."""
        text = self._of.text_ends.get((number, bool(at_end)))
        if end is not None:
            return self._keys[end]
        if text is not None and f"t{text + 1}" in self._sketch.nodes:
            return f"t{text + 1}"
        x, y = stroke.points[-1 if at_end else 0]
        node = self._sketch.node(self._key("", "p", 2 * number + 1 + bool(at_end)), stroke.at)
        node.label, node.shape, node.place = "", "point", Place(x, y)
        return node.key


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
