"""Layers that people write one below the other: what each says, their order, and their sketch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import NamedTuple

from chalknet.network import Activation, Dropout, Flatten, Linear, Network, Step
from chalknet.notation.drawings import words
from chalknet.notation.drawings.doubts import OTHER_FUNCTION, UNCERTAIN
from chalknet.notation.drawings.repetition import once
from chalknet.notation.drawings.sketch import Link, Place, Sketch
from chalknet.notation.drawings.vocabulary import Said, said
from chalknet.notation.tokens import SourceText
from chalknet.notation.words import write_step

REMEDY = 'Write the layers as a formula, such as "784 -> 32 relu -> 1 sigmoid".'
_NUMBER = r"\d{1,3}(?:[,\u202f\u00a0 ]\d{3})+|\d{1,12}"
_WIDTH = re.compile(rf"(?<![A-Za-z\d.,])(?:{_NUMBER})(?![\d.%]|\s%|,\d)")
_OTHER_NUMBER = re.compile(r"\d(?:\s?[kKMGT](?![A-Za-z])|[eE]\d|\s?[\^+])|[~≈<>≤≥±]\s?\d")
_PICTURE = re.compile(r"(?<![\w.])\d{1,6}(?:\s?[x×*]\s?\d{1,6}){1,2}(?![\w.])")
_COMMA = re.compile(r"(?<!\d)0,(?=\d)")
_BARE_NAME = re.compile(r"\([^()]{0,80}\)|\d{1,3}|[#:：.]")
_DOUBT = re.compile(r"\?|？|\b(?:or|oder|not|nicht|instead|statt|vs)\b|\bили\b|または|또는|或", re.I)
_SHARE = re.compile(r"[.,]\d|\d\s*%")
_SEVERAL = re.compile(
    r"^\d{1,4}\s+[^\W\d_]|\d\s*(?:[-–—,&+/]|to|bis|à|a|and|und|et|y)\s*\d"
    r"|[×✕*]\s*\d|\d\s*[×✕*]|(?<!\w)x\s*\d|\d\s*x(?!\w)"
    r"|(?<![^\W\d_])(?:layers|couches|schichten|capas|camadas|strati|warstwy|слои)(?![^\W\d_])(?!\s*#?\d)",
    re.I,
)
_MOST_ROWS = 1_000
_LONGEST = 120  # characters of a row


class WrittenLayer(NamedTuple):
    """What a row says of one layer.

    Args:
        name: what it is called.
        line: where it stands, counted from 1.
        width: the axes of what comes out; empty where it says none.
        into: how many features go in, where it says so.
        steps: the activation, dropout and other steps.
        linear: whether it says that there is no activation.
        bias: whether there is one; None where nothing is said.
        parameters: how many there are, where it says so.
        text: all that it says.
        times: how often such a layer stands there.
    """

    name: str
    line: int
    width: tuple[int, ...] = ()
    into: int | None = None
    steps: tuple[Step, ...] = ()
    linear: bool = False
    bias: bool | None = None
    parameters: int | None = None
    text: str = ""
    times: int = 1

    @property
    def named(self) -> Said:
        """Return what its name says."""
        return said(self.name)

    @property
    def is_step(self) -> bool:
        """Return whether it is no layer with units, but a step such as dropout."""
        return bool(self.named.steps) and not self.named.role and not self.named.operation

    @property
    def is_layer(self) -> bool:
        """Return whether its name is that of a layer."""
        named = self.named
        if named.repeats != 1 or (self.times == 1 and _SEVERAL.search(self.name)):
            return False  # how many layers these are is not read
        known = named.role or named.operation or self.is_step or words.LAYER.search(self.name)
        return bool(known) and not named.foreign


class WrittenLayers(NamedTuple):
    """Rows that are the layers of a network, in their order.

    Args:
        rows: of which the first is the input.
        notes: what had to be assumed.
        problem: why they are no network; empty where they are one.
        in_sentences: whether sentences tell them, and no rows.
    """

    rows: tuple[WrittenLayer, ...]
    notes: tuple[str, ...] = ()
    problem: str = ""
    in_sentences: bool = False

    @property
    def meant(self) -> tuple[object, ...]:
        """Return what two tables of the same network have in common."""
        return tuple((row.width, row.steps, row.linear, row.bias) for row in self.rows)


def width_in(text: str) -> tuple[int, ...] | None:
    """Return the one width that a text says, as its axes; empty for none, None for several.

    Example:
        >>> width_in("784 (28×28)"), width_in("14 neurons, tanh"), width_in("32 or 64")
        ((784,), (14,), None)
    """
    text = _COMMA.sub("0.", text)
    pictures = [tuple(int(one) for one in re.findall(r"\d+", found)) for found in _PICTURE.findall(text)]
    rest = _PICTURE.sub(" ", text)
    widths = [(int(re.sub(r"\D", "", found)),) for found in _WIDTH.findall(rest)]
    if len(pictures) == 1 and len(widths) <= 1:
        return pictures[0] if not widths else widths[0] if widths[0][0] == prod(pictures[0]) else None
    if pictures or len(widths) > 1 or _DOUBT.search(text) or _OTHER_NUMBER.search(text):
        return None
    return widths[0] if widths else ()


def repeated(name: str, sizes: str) -> tuple[str, str, int]:
    """Return a name and its sizes without what says how often the layer stands there, and how often.

    Example:
        >>> repeated("hidden", "2 x 64"), repeated("hidden ×2", "20")
        (('hidden', '64', 2), ('hidden', '20', 2))
    """
    rest, times = once(f"{name} ¦ {sizes}", lambda words: True)
    if not isinstance(times, int) or times == 1 or rest.count("¦") != 1:
        return name, sizes, 1
    name, _, sizes = rest.partition("¦")
    return name.strip(), sizes.strip(), times


def number_in(text: str) -> int | None:
    """Return the whole number that a cell is; None for any other."""
    digits = re.sub(r"[,\u202f\u00a0 ]", "", text.strip())
    return int(digits) if re.fullmatch(r"\d{1,15}", digits) else None


def steps_in(text: str) -> tuple[tuple[Step, ...], bool] | None:
    """Return the steps of a text, and whether it says that there is no activation; None for several kinds."""
    what = said(_COMMA.sub("0.", text))
    kinds = {step for step in what.steps if isinstance(step, Activation)}
    if len(kinds) + bool(what.linear and not kinds) > 1 or Activation("?") in kinds:
        return None
    return what.steps, what.linear and not kinds


def in_order(rows: Sequence[WrittenLayer], notes: Sequence[str] = ()) -> WrittenLayers | None:
    """Return rows as layers from the input to the output; None for rows that are evidently none."""
    if len(rows) < 2 or not all(row.is_layer for row in rows) or sum(row.times for row in rows) > _MOST_ROWS:
        return None
    rows = [row._replace(times=1) for row in rows for _ in range(row.times)]
    roles = [row.named.role for row in rows]
    if roles[-1] == "input" or (roles[0] == "output" and "output" not in roles[1:]):
        rows, roles = rows[::-1], roles[::-1]
        notes = [*notes, "the rows lead from the output to the input: they are read backwards"]
    if roles[0] != "input":
        first = rows[0]
        if first.into is None:
            return None
        rows, roles = (WrittenLayer("input", first.line, (first.into,)), *rows), ["input", *roles]
    units = [row for row in rows[1:] if not row.is_step]
    if "input" in roles[1:] or ("output" in roles[:-1] and _is_map_behind_output(rows, roles)):
        return None
    if not units or not rows[0].width or any(len(row.width) != 1 for row in units):
        return None
    if any(prod(row.width) == 0 for row in rows if row.width):
        return None
    return _checked(tuple(rows), notes)


def _is_map_behind_output(rows: Sequence[WrittenLayer], roles: Sequence[str]) -> bool:
    return any(not row.is_step for row in rows[roles.index("output") + 1 :])


def _checked(rows: tuple[WrittenLayer, ...], notes: Sequence[str]) -> WrittenLayers:
    """Return layers with what their numbers of inputs and of parameters say of their widths."""
    found, now = [*notes], prod(rows[0].width)
    without = [
        row.parameters == into * row.width[0]
        for into, row in _maps(rows)
        if row.parameters is not None
    ]  # fmt: skip
    if without and all(without) and not any(row.bias for row in rows):
        rows = tuple(row if row.is_step else row._replace(bias=False) for row in rows)
        found.append("the numbers of parameters are those of layers without bias")
    for row in rows[1:]:
        if doubt := UNCERTAIN.search(row.text) or OTHER_FUNCTION.search(row.text):
            found.append(f"line {row.line} says {doubt.group().strip()!r}: it was read without that")
        if Dropout(0.5) in row.steps and not _SHARE.search(row.text):
            found.append(f"line {row.line} says no rate of dropout: 0.5, as in torch")
        if row.is_step:
            if row.width and prod(row.width) != now:
                return WrittenLayers(
                    rows, problem=f"line {row.line}: {prod(row.width):,} behind {now:,} units"
                )
            continue
        if row.into is not None and row.into != now:
            return WrittenLayers(rows, problem=f"line {row.line}: {row.into:,} inputs behind {now:,} units")
        wanted = now * row.width[0] + (row.width[0] if row.bias is not False else 0)
        if row.parameters is not None and row.parameters != wanted:
            found.append(
                f"line {row.line} says {row.parameters:,} parameters; its widths, {now:,} and "
                f"{row.width[0]:,}, make {wanted:,}"
            )
        now = row.width[0]
    return WrittenLayers(rows, tuple(found))


def _maps(rows: Sequence[WrittenLayer]) -> list[tuple[int, WrittenLayer]]:
    """Return the layers with units, each with the number of features that go in."""
    units = [row for row in rows if not row.is_step]
    return [(prod(one.width), other) for one, other in pairwise(units)]


def sketch_of(layers: WrittenLayers, text: str) -> Sketch:
    """Return a chain of boxes, one for each row."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    sketch = Sketch(SourceText("rows of layers", text, remedy=REMEDY))
    for number, row in enumerate(layers.rows):
        at = min(starts[row.line - 1], max(len(text) - 1, 0))
        node = sketch.node(f"row {number + 1}", at)
        node.label, node.shape, node.place = _label(row, number == 0), "box", Place(number, 0)
    for one, other in pairwise(sketch.nodes.values()):
        sketch.connect([one.key], [other.key], Link("", "", at=other.at))
    return sketch


def _label(row: WrittenLayer, is_first: bool) -> str:
    """Return what stands in the box of a row: `Hidden (64, relu)`, `dropout 0.2`."""
    if row.is_step:
        return ", ".join(map(_written, row.steps)) or row.name
    name = " ".join(_BARE_NAME.sub(" ", row.name).split())
    what = said(name)
    if is_first or not (what.role or what.operation):
        name = name if what.role else "input" if is_first else "dense"
    inside = ["×".join(map(str, row.width)), *map(_written, row.steps)]
    inside += ["linear"] if row.linear and not is_first else []
    inside += [] if row.bias is None else [f"bias={str(row.bias).lower()}"]
    return f"{name} ({', '.join(inside)})"


def _written(step: Step) -> str:
    return write_step(step, short=False)


def is_as_written(layers: WrittenLayers, network: Network) -> bool:
    """Return whether a network has the widths, biases and steps of the rows in their order, and no other."""
    first, *rows = layers.rows
    wanted: list[object] = [*first.steps]
    for row in rows:
        wanted += [] if row.is_step else [(row.width[0], row.bias is not False)]
        wanted += row.steps
    read = [
        (step.out_features, step.bias) if isinstance(step, Linear) else step
        for step in network.steps
        if step != Activation("?")
    ]
    flat = [[one for one in steps if not isinstance(one, Flatten)] for steps in (wanted, read)]
    sizes = [size for size in network.input_shape if isinstance(size, int)]
    return prod(sizes) == prod(first.width) and flat[0] == flat[1]


def is_row(text: str) -> bool:
    """Return whether a text is as short as a row is."""
    return 0 < len(text.strip()) <= _LONGEST
