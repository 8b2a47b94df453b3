"""From a reading of the columns to the steps of a network, with a note for all that had to be assumed."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from chalknet.errors import CannotExpress
from chalknet.network import Activation, Flatten, Linear, Network, Shape, Step
from chalknet.notation.drawings.agreement import unplaced
from chalknet.notation.drawings.clauses import contradicts, speaks_of, stem_of
from chalknet.notation.drawings.columns import NOT_COUNTED, UnitColumn
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.readings import closed
from chalknet.notation.drawings.repetition import is_repeated
from chalknet.notation.drawings.structures import Structure
from chalknet.notation.drawings.view import Map, Part, Reading, activates
from chalknet.notation.drawings.vocabulary import (
    Said,
    clauses,
    is_heading,
    layer_number,
    roles_in,
    said,
    step_function,
    weight_of,
    without_more,
)
from chalknet.notation.drawings.widths import Width, embedded, input_known, matrix_of, stated_width, width_of
from chalknet.notation.drawings.words import FIGURE_NUMBER, WIDTHS_IN_A_ROW
from chalknet.notation.drawings.written_counts import misfits


def name_of(column: UnitColumn) -> str:
    """Return what a column is called in a sentence."""
    texts = [plain(unit.text).split("\n")[0] or unit.key for unit in column.units]
    return repr(texts[0]) if len(texts) == 1 else f"the column {texts[0]!r}, ..."


_UNKNOWN = Activation("?")


@dataclass
class _Linear:
    """A linear map with its width and its numbers."""

    map: Map
    width: int | str
    weights: list[list[float]] | None = None
    biases: list[float] | None = None


class Walk:
    """Goes through a reading and gathers the steps."""

    def __init__(self, structure: Structure, reading: Reading) -> None:
        self._structure, self._reading = structure, reading
        self._columns, self._captions = structure.columns.all, structure.columns.captions
        self._notes = list(structure.notes)
        self._maps: list[_Linear] = []

    def network(self) -> Network:
        """Return the network of the reading."""
        reading = self._reading
        if reading.hidden:
            source = self._structure.facts.sketch.source
            raise source.refuse(
                None,
                kind=CannotExpress,
                got="layers that are left out or repeated, and nothing says how many",
                wanted="each layer, or how many there are",
                remedy="Write the number into the box, such as '... 3 more layers ...' or 'Dense 64 ReLU ×3'.",
            )
        if not reading.maps and not reading.before:
            raise self._structure.facts.sketch.source.refuse(
                0, got="no layer behind X", wanted="at least one step"
            )
        self._refuse_repeated_frames()
        self._entered = self._input()
        self._x = self._behind(len(self._columns))
        for one in self._follow_captions(list(reading.maps)):
            self._linear(one)
        self._follow_row()
        steps: list[Step] = list(reading.before)
        if activates(reading.before):
            self._notes.append("an activation stands before the first linear map: an input may be missing")
        parameters: dict[str, list[Any]] = {}
        for number, linear in enumerate(self._maps, start=1):
            path = len(steps)
            steps.append(Linear(linear.width, bias=self._bias(linear.map, number)))
            if linear.weights is not None:
                parameters[f"{path}.weight"] = linear.weights
                if linear.biases is not None:
                    parameters[f"{path}.bias"] = linear.biases
            steps += linear.map.steps
            if not linear.map.activated and not linear.map.as_state:
                steps.append(_UNKNOWN)
                self._note_open("the last layer" if number == len(self._maps) else f"layer {number}")
        self._note_rest()
        for name in filter(None, map(step_function, self._captions)):
            self._notes.append(
                f"a caption speaks of {name}: a step function has no gradient and is no activation here"
            )
        widths = [self._x, *(linear.width for linear in self._maps)]
        mapped = [self._columns[linear.map.column] for linear in self._maps]
        self._notes += misfits(widths, mapped, self._captions)
        notes = tuple(dict.fromkeys(self._notes))
        return Network(self._arriving(), tuple(steps), notes=notes, weights=parameters)

    def _refuse_repeated_frames(self) -> None:
        """Refuse a frame around several columns that says how often these stand there."""
        frames = {plain(group.title) for group in self._structure.facts.sketch.groups.values()}
        for caption in self._captions:
            text = plain(caption)
            if text in frames and is_repeated(text):
                raise self._structure.facts.sketch.source.refuse(
                    None,
                    kind=CannotExpress,
                    got=f"a frame of several layers that are repeated ({text!r})",
                    wanted="each layer drawn, or a number of times on each layer's box",
                    remedy="Draw each layer, or write it on the box, such as 'Dense 64 ReLU ×3'.",
                )

    def _follow_row(self) -> None:
        """Fill widths that nobody knows from a caption that lists all of them, and tell where it disagrees."""
        row = self._widths_in_a_row(len(self._maps) + 1)
        if row is None:
            return
        known = [self._x, *[linear.width for linear in self._maps]]
        pairs = list(zip(known, row, strict=True))
        loose = any(NOT_COUNTED in note for note in self._structure.columns.notes)
        if any(
            isinstance(size, int) and size != told and not (loose and size < told) for size, told in pairs
        ):
            self._notes.append(
                f"a caption says {'-'.join(map(str, row))}, but {'-'.join(map(str, known))} was read"
            )
            return
        self._x = row[0]
        for linear, size in zip(self._maps, row[1:], strict=True):
            linear.width = size

    def _note_open(self, which: str) -> None:
        self._notes.append(f"the activation of {which} is not drawn: it stays ?")

    def _note_rest(self) -> None:
        """Note what was read as no layer without a word that says so, and connections that are missing."""
        for part in self._reading.parts:
            column = self._columns[part.column]
            if part.role in ("hand-in", "hand-out") and part.rule:
                does = "comes before the network" if part.role == "hand-in" else "only hands out the result"
                self._notes.append(f"{name_of(column)}: read as what {does}")
            if part.role in ("activation", "unit"):
                self._note_function(part, column)
            self._note_width(part, column)
            sparse = part.role == "unit" and column.join == "some"
            if sparse and not column.dots and not self._columns[part.column - 1].dots:
                self._notes.append(
                    "not every node is connected to every node of the next layer: read as if it were"
                )

    def _note_function(self, part: Part, column: UnitColumn) -> None:
        """Note a step function, and a letter that stands for any activation."""
        arriving = self._map_at(part.column)
        for one in (column.said, column.title, column.edge):
            if _UNKNOWN not in one.steps or (arriving and _UNKNOWN not in arriving.map.steps):
                continue
            name = step_function(one.text)
            first = one.text.splitlines()[0]
            if name:
                self._notes.append(
                    f"{name}: a step function has no gradient and is no activation here: it stays ?"
                )
            elif part.role == "activation":
                self._notes.append(f"{first} does not say which activation it is: it stays ?")

    def _note_width(self, part: Part, column: UnitColumn) -> None:
        """Note a width that a step, a value or what stands beside the network states, where another one arrives."""
        stated = stated_width(self._columns, part.column, surely=True)
        if stated is None or part.role not in ("activation", "value", "hand-in", "hand-out"):
            return
        arriving = self._map_at(part.column)
        arrives = arriving.width if arriving else self._behind(part.column)
        if stated != arrives:
            self._notes.append(f"{name_of(column)} says {stated}, but {arrives} was read")

    def _map_at(self, column: int) -> _Linear | None:
        """Return the last map that leads to a column or to one before it."""
        at = bisect_right(self._maps, column, key=lambda linear: linear.map.column)
        return self._maps[at - 1] if at else None

    # Widths

    def _input(self) -> int | str:
        reading = self._reading
        if reading.parts[max(reading.start, 0)].role == "operation":
            into = self._columns[reading.start].said.in_width
            if into is None:
                self._notes.append("no input is drawn: x has m features")
            return into or "m"
        return self._sized(width_of(self._columns, reading.start), 0)

    def _arriving(self) -> Shape:
        """Return the shape of x, before its embeddings."""
        before, column = self._reading.before, self._columns[max(self._reading.start, 0)]
        shape: Shape = column.said.shape or column.title.shape
        x: Shape = shape if len(shape) > 1 and Flatten() in before else (self._x,)
        for step in reversed(before):
            x = step.shape_before(x) if step.at_the_start else x
        return x

    def _behind(self, place: int) -> int | str:
        """Return the width behind the embeddings in the columns up to a place."""
        return embedded(self._columns, max(self._reading.start, 0), place, self._entered)

    def _sized(self, width: Width, number: int) -> int | str:
        which, symbol = (f"layer {number}", f"k{number}") if number else ("the input", "m")
        drawn = width.value if isinstance(width.value, int) else 0
        told, more = self._headed(drawn, number)
        if more or (told and not drawn):
            return drawn + more if more else told
        if told not in (0, drawn):
            self._notes.append(f"a heading says {told} for {which}, but {drawn} was read")
        self._notes += [note.format(which=which, symbol=symbol) for note in width.notes]
        if isinstance(width.value, str) and (given := self._told_of(width.value)):
            return given
        return symbol if width.value is None else width.value

    def _headed(self, drawn: int, number: int) -> tuple[int, int]:
        """Return the width that a heading, a text without a frame such as `Hidden layer 2 (30)`, gives a layer.

        The second number is how many more than drawn there are, where it says that instead; 0 for nothing said.
        """
        last = len(self._reading.maps)
        role = "input" if not number else "output" if number == last else "hidden"
        own = (0, number) if role == "hidden" and last == 2 else (number if role == "hidden" else 0,)
        for caption in self._captions:
            what = said(caption)
            if (
                (what.role or "hidden" * what.operation) != role
                or roles_in(caption) > 1
                or not is_heading(caption)
                or any(
                    re.search(r"\d\s*[-–—→>]\s*\d", row.group())
                    for row in WIDTHS_IN_A_ROW.finditer(plain(caption))
                )
            ):
                continue
            if layer_number(caption) in own:
                text, more = without_more(caption, drawn)
                width = said(text).width
                if not isinstance(width, int) or width == layer_number(caption):
                    width = 0
                return width, more * bool(drawn)
        return 0, 0

    def _told_of(self, symbol: str) -> int | None:
        """Return the number that a caption gives a symbol: `n = 10 inputs`."""
        told = re.compile(rf"(?<![\w.]){re.escape(symbol)}\s*=\s*(\d{{1,9}})(?![\w.])")
        match = next(filter(None, (told.search(plain(caption)) for caption in self._captions)), None)
        if match is None or not int(match[1]):
            return None
        self._notes.append(f"{symbol} = {match[1]} was taken from the caption")
        return int(match[1])

    def _linear(self, one: Map) -> None:
        column, number = self._columns[one.column], len(self._maps) + 1
        what, edge = column.said, column.edge
        width = self._matrix_width(column, one.column)
        if width is None and edge.operation and edge.sure:
            width = edge.width
        if width is None:
            width = self._sized(width_of(self._columns, one.width_from), number)
        if matrix_of(column) is None:
            self._check_in_width(what if what.in_width else edge)
        found = _Linear(one, width)
        self._maps.append(found)
        self._weigh(found)

    def _now(self) -> int | str:
        return self._maps[-1].width if self._maps else self._x

    def _matrix_width(self, column: UnitColumn, place: int) -> int | str | None:
        """Return the features behind a weight matrix, whose order is what fits to those before it."""
        matrix = matrix_of(column)
        if matrix is None:
            return None
        now = self._now()
        if now not in matrix or (not self._maps and now == 1):
            later = next(filter(None, map(matrix_of, self._columns[place + 1 :])), None)
            swapped = later is not None and matrix[0] in later and matrix[1] not in later
            into, out = matrix[::-1] if swapped else matrix
            if not self._maps:
                self._x, self._notes = into, input_known(self._notes)
            return out
        return matrix[1] if matrix[0] == now else matrix[0]

    def _check_in_width(self, what: Said) -> None:
        now = self._now()
        if what.in_width is None or now is None or what.in_width == now:
            return
        if not self._maps and (now == 1 or isinstance(now, str)):
            self._x, self._notes = what.in_width, input_known(self._notes)
            return
        first = what.text.splitlines()[0]
        self._notes.append(f"{first} takes {what.in_width} features, but {now} arrive: {now} was read")

    # Biases and weights

    def _bias(self, one: Map, number: int) -> bool:
        column = self._columns[one.column]
        if not column.biases and one.bias is not None:
            return one.bias
        if self._none_has_bias:
            return False
        if column.biases or any("bias=True" in caption for caption in self._captions):
            return True
        if self._some_has_bias:
            self._notes.append(f"layer {number} has no bias drawn, while others have: it has none")
            return False
        self._notes.append("no bias is drawn: every linear map has one, as in torch")
        return True

    @cached_property
    def _none_has_bias(self) -> bool:
        """Return whether a caption says that there are no biases, and none is drawn."""
        says = any(said(caption).bias is False for caption in self._captions)
        return says and not any(each.biases for each in self._columns)

    @cached_property
    def _some_has_bias(self) -> bool:
        """Return whether a bias is drawn or told anywhere."""
        return any(each.biases or each.said.bias or each.title.bias for each in self._columns)

    def _weigh(self, linear: _Linear) -> None:
        """Keep the numbers on the edges, where every edge has one."""
        place = linear.map.column
        column, before = self._columns[place], self._columns[place - 1] if place else UnitColumn()
        if not column.links or len(column.links) != len(column.units) * len(before.units):
            return
        if column.dots or before.dots or len(column.units) != linear.width:
            return
        numbers = {(link.source, link.target): weight_of(link.label) for link in column.links}
        if any(number is None for number in numbers.values()):
            return
        sources, targets = [unit.key for unit in before.units], [unit.key for unit in column.units]
        linear.weights = [[numbers[source, target] or 0.0 for source in sources] for target in targets]
        biases = {link.target: weight_of(link.label) for link in column.biases}
        if biases and all(biases.get(target) is not None for target in targets):
            linear.biases = [biases[target] or 0.0 for target in targets]

    # Captions

    def _follow_captions(self, maps: list[Map]) -> list[Map]:
        """Return the maps whose activation is open with what a caption says of their role, or of all of them."""
        said_of = [clause for caption in self._captions for clause in clauses(caption)]
        for at, one in enumerate(maps):
            role = "output" if at + 1 == len(maps) else "hidden"
            stem = stem_of(self._columns[one.column])
            named = next((clause for clause in said_of if stem and clause.text.startswith(f"{stem}:")), None)
            if named is not None and self._is_open(one):
                one = replace(one, steps=(*one.steps, *named.steps), told=named.linear)
            for wanted in (role, "all"):
                clause = next((clause for clause in said_of if speaks_of(clause, wanted, at + 1)), None)
                if clause is None:
                    continue
                if self._is_open(one):
                    known = tuple(step for step in one.steps if step != _UNKNOWN)
                    one = replace(one, steps=(*known, *clause.steps), told=clause.linear)
                    self._notes.append(f"layer {at + 1}: {clause.text!r} was taken from the caption")
                    break
                if wanted == role and contradicts(clause, one):
                    self._notes.append(
                        f"layer {at + 1} is drawn otherwise than {clause.text!r} says: as drawn was read"
                    )
            maps[at] = one
        self._notes += unplaced(said_of, [one.steps for one in maps])
        return list(closed(tuple(maps), self._columns))

    def _is_open(self, one: Map) -> bool:
        """Return whether nothing in the drawing says which activation follows a map, but the way of writing it alone."""
        column = self._columns[one.column]
        said_so = column.said.linear or column.title.linear or column.edge.linear
        only_letter = _UNKNOWN in one.steps and not step_function(
            "\n".join((column.said.text, *column.texts, column.edge.text))
        )
        return only_letter or not one.activated or (one.told and not activates(one.steps) and not said_so)

    def _widths_in_a_row(self, count: int) -> list[int] | None:
        """Return the widths that a caption lists for all layers, as in `MLP 784-128-10`."""
        for caption in self._captions:
            for match in WIDTHS_IN_A_ROW.finditer(FIGURE_NUMBER.sub("", plain(caption))):
                sizes = [int(size.replace(",", "")) for size in re.findall(r"\d[\d,]*", match.group())]
                if len(sizes) == count and all(sizes):
                    return sizes
        return None
