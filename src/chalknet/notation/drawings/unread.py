"""What is written in a drawing and that its network lacks: numbers, functions, several layers in one box."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import prod

from chalknet.network import Activation, Linear, Network
from chalknet.notation.drawings.columns import UnitColumn
from chalknet.notation.drawings.doubts import IN_DOUBT, OTHER_FUNCTION, PREPARES, UNCERTAIN
from chalknet.notation.drawings.facts import ROUND
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.number_words import in_digits
from chalknet.notation.drawings.repetition import TIMES_ALONE
from chalknet.notation.drawings.sizes_said import COUNTED, NOT_A_WIDTH, number_of
from chalknet.notation.drawings.structures import Structure
from chalknet.notation.drawings.view import Reading
from chalknet.notation.drawings.vocabulary import is_weight, roles_in, said, weight_of
from chalknet.notation.drawings.words import (
    DROPOUT,
    FIGURE_NUMBER,
    SAMPLES,
    SOME_OF,
    WRITTEN_COUNT,
    pattern,
)
from chalknet.notation.tokens import SourceText

_NUMBER = pattern(r"(?<![\w.,^_\[#+'=-])(?<!\d )(?:\d{1,3}(?:,\d\d\d)+|\d+)(?![\w%°]|[.,]\d|\s*%)")
_BEHIND_A_WORD = pattern(r"[^\W\d]\s*$")
_LAYERS = pattern(
    r"\b(?:layers|schichten|capas|couches|camadas|strati|warstwy|warstw|katmanlar)\b|слои|слоя|слоёв", re.I
)
_ROW = pattern(
    r"(?<![\w.,^_\[#-])\d[\d,]*(?:\s*(?:[-–—/,;&+]|and|und|et|y|e|и|와|和|と)\s*\d[\d,]*)+(?![\w%.])", re.I
)
_SIZED = frozenset(("input", "unit", "operation", "value", "hand-in", "hand-out"))
_REMARK = re.compile(
    r"(?m)(?:^|(?<=[\s;]))(?://|%%|#|%)[ \t]{1,9}([^\n]{3,200})|/\*([^*]{3,300})\*/"
    r"|<!--([^<>]{3,300})-->|^[ \t]{0,99}'([^'\n]{3,200})$"
)
_SAID_COUNT = pattern(
    rf"{COUNTED.pattern}"
    r"|(?:hidden|input|output)(?: (?:layer|size|units?|dim))?[ :=(]{1,3}(\d\d{1,5})(?![\d.])",
    re.I,
)
_DIGITS = re.compile(r"\d{1,12}")
_PARAMETERS = pattern(r"(?:param\w*|weights)\s*#?\s*[:=]\s*\d[\d,]*", re.I)
_POWER = pattern(r"[\^_]\s*[\[({]?\d+[\])}]?")  # `a^(2)` is an a of layer 2
_OUTPUT_NAME = pattern(r"y_?\d*|outputs?[ _]?\d*|out_?\d*|o_?\d+")
_INPUT_NAME = pattern(r"x_?\d*|inputs?[ _]?\d*|in_?\d*|i_?\d+")
_INDEXED = pattern(r"(?<![^\W_])([a-z]{1,2})_?(\d{1,3})(?![\w.])", re.I)
_SUM_OF_PARTS = pattern(r"[+=Σ∑·*]|sum")
_LONGEST_REMARK = 200
_MOST_SHOWN = 60  # characters of a label in a note


@dataclass(frozen=True, eq=False)
class _Layer:
    """A column with what the reading made of it.

    Args:
        column: what is drawn.
        into, out: the widths of what goes in and of what comes out.
        number: how many layers there are up to it.
        is_map: whether it is a layer behind the input.
        among_units: whether other columns are several units, so that a bare number may be a name.
    """

    column: UnitColumn
    into: int | str
    out: int | str
    number: int
    is_map: bool
    among_units: bool

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Return what is written of the whole layer: in its only box, over it, at its arrows."""
        column = self.column
        labels = {link.label for link in column.links if link.label}
        labels = {label for label in labels if label.isdigit() or not is_weight(label)}
        own = [column.units[0].text] if len(column.units) == 1 else []
        return tuple(dict.fromkeys([*own, *column.texts, *(labels if len(labels) == 1 else ())]))


def unread(structure: Structure, reading: Reading, network: Network) -> Iterator[str]:
    """Yield a sentence for each number or function that is written and that the network does not have.

    Args:
        structure: the columns.
        reading: what each of them is.
        network: what the reading gave.
    """
    columns = structure.columns
    known = [size for size in network.input_shape if isinstance(size, int)]
    into = prod(known) if len(known) == len(network.input_shape) else "?"
    widths = [into, *_widths(network)]
    functions = frozenset(step.kind for step in network.steps if isinstance(step, Activation))
    for layer in _layers(columns.all, reading, widths):
        for text in layer.texts:
            yield from _numbers(text, layer)
            yield from _several(text, layer)
        yield from _in_each(layer)
        yield from _units_in_one(layer)
        yield from _weights(layer)
    yield from _behind_the_output(columns.all, reading)
    yield from _restated(columns.all, reading)
    yield from _twice(columns.all, reading)
    yield from _against_names(columns.all)
    yield from _unplaced(structure)
    texts = [
        text for column in columns.all for text in (*column.texts, *(unit.text for unit in column.units))
    ]
    over = {link.label: None for column in columns.all for link in column.links if link.label}
    for text in dict.fromkeys((*texts, *over, *columns.captions)):
        yield from _functions(text, functions)
    for text in dict.fromkeys((*texts, *over)):
        yield from _doubtful(text)
    names_inputs = any(plain(caption).lower() == "x1" for caption in columns.captions)  # and x2 the next one
    for caption in (*columns.captions, *over):
        if TIMES_ALONE.fullmatch(plain(caption)) and not (names_inputs and plain(caption)[0] in "xX"):
            yield f"{_shown(caption)} was used for nothing: it may say how often a layer stands there"
        yield from _counts(caption, widths, "a caption")
    for remark in _remarks(structure.facts.sketch.source):
        yield from _counts(remark, widths, "a comment")
        yield from _functions(remark, functions)


def _remarks(source: SourceText) -> list[str]:
    """Return the comments in the text of a drawing, as they are written in any of the forms."""
    found = (
        next(filter(None, match.groups()), "") for match in _REMARK.finditer(source.original or source.text)
    )
    return list(dict.fromkeys(remark.strip() for remark in found if len(remark) < _LONGEST_REMARK))


def _unplaced(structure: Structure) -> Iterator[str]:
    """Yield a note for each node with words that is neither a unit nor anything beside the network."""
    for key, fact in structure.facts.nodes.items():
        if key in structure.columns.place or structure.sides.role(key) != "unit":
            continue
        if _named(fact.text) or re.search(r"\d", fact.text) or UNCERTAIN.search(fact.text):
            yield f"{_shown(fact.text)} belongs to no layer: left out"


def _widths(network: Network) -> list[int | str]:
    return [step.out_features for step in network.steps if isinstance(step, Linear)]


def _layers(columns: Sequence[UnitColumn], reading: Reading, widths: Sequence[int | str]) -> Iterator[_Layer]:
    """Yield each column that is a layer, or states the size of one."""
    among_units = any(len(column.units) > 1 for column in columns)
    for part in reading.parts:
        if part.role in _SIZED:
            reached = sum(one.column <= part.column for one in reading.maps)
            yield _Layer(
                columns[part.column],
                widths[max(reached - 1, 0)],
                widths[reached],
                reached,
                part.role in ("unit", "operation"),
                among_units,
            )


def _shown(text: str) -> str:
    """Return a label as a note shows it."""
    return repr(" ".join(plain(text).split())[:_MOST_SHOWN])


def _numbers(text: str, layer: _Layer) -> Iterator[str]:
    """Yield a note for the numbers in a label that are neither width of the layer nor its own number."""
    what, rest, column = said(text), _without_other_numbers(text), layer.column
    if rest.strip().isdigit() and (column.units[0].shape in ROUND or layer.among_units):
        return  # the name of a unit
    drawn = len(column.units)
    known = {0, 1, layer.into, layer.out, drawn, drawn + column.left_out, column.left_out}
    known |= {what.repeats, *what.shape, prod(what.shape), *(what.matrix or ())}
    unused = [
        size
        for size, match in _sizes(rest)
        if size not in known
        and not (_is_own_number(size, layer) and _BEHIND_A_WORD.search(rest[: match.start()]))
    ]
    if unused and layer.out not in (sum(unused), prod(unused)):
        sizes = ", ".join(map(str, dict.fromkeys(unused)))
        yield f"{sizes} in {_shown(text)} was used for nothing: {layer.out} was read"
        return
    if (
        what.shape
        and layer.is_map
        and 1 not in what.shape
        and prod(what.shape) == layer.out
        and not what.matrix
    ):
        yield f"{'x'.join(map(str, what.shape))} in {_shown(text)} was read as {layer.out} units"
    for row in _ROW.finditer(rest):
        sizes_in_row = [
            size for size in map(int, _DIGITS.findall(row.group().replace(",", ", "))) if size > 1
        ]
        if sizes_in_row[:1] == [layer.number] and _BEHIND_A_WORD.search(rest[: row.start()]):
            del sizes_in_row[0]  # `hidden layer 2, 3 neurons`
        if (
            what.in_width is None
            and not what.shape
            and set(pairwise(sizes_in_row)) - {(layer.into, layer.out)}
        ):
            yield f"{row.group()} in {_shown(text)} may be several layers: one of {layer.out} was read"


def _is_own_number(size: int, layer: _Layer) -> bool:
    """Return whether a number may count the layers up to this one, with the input or without."""
    uncounted = layer.column.is_single and layer.out == 1
    return abs(size - layer.number) <= 1 and not uncounted


def _without_other_numbers(text: str) -> str:
    """Return a text without the numbers that say something else than how many units there are."""
    rest = _POWER.sub(" ", plain(text))
    for other in (_PARAMETERS, FIGURE_NUMBER, WRITTEN_COUNT, DROPOUT, SAMPLES, NOT_A_WIDTH, SOME_OF):
        rest = other.sub(lambda match: " " * len(match.group()), rest)
    return rest


def _in_each(layer: _Layer) -> Iterator[str]:
    """Yield a note for a number that stands in each of several units, which may be layers side by side."""
    units = layer.column.units
    if len(units) < 2 or len({unit.text for unit in units}) < 2:
        return
    each = [{size for size, _ in _sizes(_without_other_numbers(unit.text)) if size > 1} for unit in units]
    common = set.intersection(*each) - {layer.into, layer.out}
    if common:
        yield f"{min(common)} stands in each of {_shown(units[0].text)}, ...: {len(units)} units were read"


def _sizes(text: str) -> list[tuple[int, re.Match[str]]]:
    """Return the whole numbers in a text that count something, and where they stand."""
    found = [(number_of(match.group()), match) for match in _NUMBER.finditer(text)]
    return [(size, match) for size, match in found if isinstance(size, int)]


def _several(text: str, layer: _Layer) -> Iterator[str]:
    """Yield a note for a box that speaks of layers and is one."""
    column = layer.column
    if not layer.is_map or len(column.units) > 1 or text != column.units[0].text:
        return
    if _LAYERS.search(plain(text)) and said(text).repeats == 1 and column.is_single:
        yield f"{_shown(text)} speaks of layers: one was read"


def _weights(layer: _Layer) -> Iterator[str]:
    """Yield a note for numbers that stand at some arrows to a layer, and not at all."""
    links = layer.column.links
    given = sum(weight_of(link.label) is not None for link in links if link.label)
    if 0 < given < len(links) and not layer.column.is_single:
        name = _shown(layer.column.units[0].text)
        yield f"numbers stand at {given} of {len(links)} arrows to {name}: no weights were read"


def _units_in_one(layer: _Layer) -> Iterator[str]:
    """Yield a note for a node that names several units, `z1|a1 z2|a2`, where one was read."""
    text = plain(layer.column.units[0].text)
    if layer.out != 1 or not layer.column.is_single or _SUM_OF_PARTS.search(text):
        return
    numbers: dict[str, set[str]] = {}
    for name, number in _INDEXED.findall(text):
        numbers.setdefault(name, set()).add(number)
    if any(len(several) > 1 for several in numbers.values()):
        yield f"{_shown(text)} names several units: one was read"


def _behind_the_output(columns: Sequence[UnitColumn], reading: Reading) -> Iterator[str]:
    """Yield a note for a layer that stands behind units that are called outputs."""
    units = [columns[part.column] for part in reading.parts if part.role in ("unit", "operation")]
    for before, column in pairwise(units):
        if "output" in (before.said.role, before.title.role) and column.said.role != "output":
            yield f"{_shown(column.units[0].text)} stands behind the output: read as a layer"


def _restated(columns: Sequence[UnitColumn], reading: Reading) -> Iterator[str]:
    """Yield notes for boxes that were taken for the value before them, or that may prepare the data."""
    for part in reading.parts:
        column = columns[part.column]
        if not column.is_single:
            continue
        text = column.units[0].text
        if part.role == "value" and not column.said.state and _sizes(_without_other_numbers(text)):
            yield f"{_shown(text)} was taken for the value before it, and not for a layer"
        if part.role == "unit" and PREPARES.search(plain(text)):
            yield f"{_shown(text)} may prepare the data: read as a layer"


def _twice(columns: Sequence[UnitColumn], reading: Reading) -> Iterator[str]:
    """Yield a note for a box with the activation that the layer before it names already."""
    for before, part in pairwise(reading.parts):
        one, other = columns[max(before.column, 0)], columns[max(part.column, 0)]
        if before.role == "unit" and part.role == "activation" and one.is_single and other.is_single:
            for kind in sorted(_named(one.units[0].text) & _named(other.units[0].text)):
                yield f"{kind} stands in {_shown(one.units[0].text)} and in the box behind it: read once"


def _against_names(columns: Sequence[UnitColumn]) -> Iterator[str]:
    """Yield a note for a network that leads from units named as outputs are to those named as inputs are."""
    ends = [[plain(unit.text).lower() for unit in column.units] for column in (columns[0], columns[-1])]
    if all(_OUTPUT_NAME.fullmatch(name) for name in ends[0]) and all(
        _INPUT_NAME.fullmatch(name) for name in ends[1]
    ):
        yield f"the arrows lead from {ends[0][0]} to {ends[1][0]}: read in this order"


def _functions(text: str, functions: frozenset[str]) -> Iterator[str]:
    """Yield a note for functions in a text that no step is, and for those that the network lacks."""
    words = plain(text)
    if match := OTHER_FUNCTION.search(words):
        yield f"{' '.join(match.group().split())!r} in {_shown(text)} is no function that is known here"
    if missing := _named(text) - functions:
        yield f"{', '.join(sorted(missing))} in {_shown(text)} was used for nothing"


def _named(text: str) -> frozenset[str]:
    return frozenset(step.kind for step in said(text).steps if isinstance(step, Activation)) - {"?"}


def _doubtful(text: str) -> Iterator[str]:
    """Yield a note for a label whose functions are negated, asked about, or several of which one is meant."""
    named = _named(text)
    if named and (match := IN_DOUBT.search(plain(text))):
        means = match.group().strip()
        yield f"{_shown(text)} was read as {' and '.join(sorted(named))}, whatever {means!r} means there"
    if match := UNCERTAIN.search(plain(text)):
        yield f"{_shown(text)} was read where it stands, whatever {match.group().strip()!r} means there"
    elif len(named) > 1 and roles_in(text) < 2:
        yield f"{_shown(text)} names several functions: {', '.join(sorted(named))}"


def _counts(caption: str, widths: Sequence[int | str], where: str) -> Iterator[str]:
    """Yield a note for numbers of units in a caption or a comment that no layer has."""
    known = {*widths, sum(size for size in widths[1:-1] if isinstance(size, int))}
    known |= {sum(size for size in part if isinstance(size, int)) for part in (widths, widths[1:])}
    for match in _SAID_COUNT.finditer(SAMPLES.sub(" ", in_digits(FIGURE_NUMBER.sub("", plain(caption))))):
        size = number_of(next(filter(None, match.groups())))
        if isinstance(size, int) and size not in (widths if "hidden" in match.group().lower() else known):
            yield f"{match.group()!r} in {where} was used for nothing: no layer has {size}"
