"""MATLAB's networks of one call, `patternnet([10 5])`, whose widths at the ends are those of the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from chalknet.errors import ChalknetError
from chalknet.network import UNKNOWN_WIDTH, Activation, Linear, Network, Size
from chalknet.notation.languages.layers import ProgramReading, members_of
from chalknet.notation.languages.terms import CallTerm, ListTerm, MemberTerm, NameTerm, Term, TextTerm
from chalknet.notation.torch_layers import CodeLayer
from chalknet.notation.torch_network import network_of_layers

OPEN_ENDS = "the widths at both ends are those of the data"
_RESCALES = "rescales inputs and targets by itself, which is no step of the network: prepare the data so"
FUNCTIONS: Mapping[str, str] = {
    "tansig": "tanh", "logsig": "sigmoid", "purelin": "", "poslin": "relu", "softmax": "softmax",
    "elliotsig": "softsign",
}  # fmt: skip


class ShallowRow(NamedTuple):
    """A function that makes a network.

    Args:
        last: the function of the last layer.
        sizes: the place of the argument with the widths.
        refused: why it is no chain; empty for one.
    """

    last: str = "purelin"
    sizes: int = 0
    refused: str = ""


ROWS: Mapping[str, ShallowRow] = {
    "patternnet": ShallowRow("softmax"),
    "feedforwardnet": ShallowRow(),
    "fitnet": ShallowRow(),
    "newff": ShallowRow(sizes=2),
    "newpr": ShallowRow("tansig", sizes=2),
    "newfit": ShallowRow(sizes=2),
    "cascadeforwardnet": ShallowRow(refused="whose layers are connected with all layers before them"),
    "newcf": ShallowRow(refused="whose layers are connected with all layers before them"),
    "layrecnet": ShallowRow(refused="which is recurrent"),
    "narxnet": ShallowRow(refused="which is recurrent"),
    "narnet": ShallowRow(refused="which is recurrent"),
    "newelm": ShallowRow(refused="which is recurrent"),
}
# Fields of such a network that say nothing about its layers.
_SILENT = frozenset(
    "trainParam divideParam divideFcn divideMode performFcn performParam trainFcn plotFcns name userdata "
    "adaptFcn adaptParam efficiency plotParams initFcn derivFcn gradientFcn sampleTime".split()
)
_HARMLESS = ("train", "configure", "init", "adapt", "revert", "initzero")
_WEIGHTS = frozenset("IW LW b".split())


@dataclass
class _Shallow:
    """A network of one call, and what is set of it afterwards."""

    name: str
    call: CallTerm | NameTerm
    sizes: list[Size]
    functions: list[str]
    input: Size = UNKNOWN_WIDTH
    processes: bool = True
    notes: list[str] = field(default_factory=list)


def shallow_networks(reading: ProgramReading) -> list[int]:
    """Return the index of each call that makes a network."""
    words = reading.words
    return [
        index
        for index, word in enumerate(words.all)
        if word.kind == "name"
        and word.text in ROWS
        and words.is_sign(index - 1, "=")
        and (words.is_sign(index + 1, "(", ";") or words.all[index + 1].kind == "newline")
        and (words.is_sign(index + 1, ";") or _ends(reading, index))
    ]


def _ends(reading: ProgramReading, index: int) -> bool:
    words = reading.words
    closing = words.closing.get(index + 1, index)
    return words.all[closing + 1].kind == "newline" or words.is_sign(closing + 1, ";", ",")


def read_shallow(reading: ProgramReading, found: list[int], name: str | None) -> Network:
    """Return the network that one call makes.

    Args:
        reading: the program.
        found: the calls.
        name: which of them, where there are several.

    Raises:
        NotationError: where it is not known which is meant.
        CannotExpress: for what no chain is.
    """
    made = [_made(reading, index) for index in found]
    chosen = [one for one in made if name in (None, one.name)]
    if len(chosen) != 1:
        listed = ", ".join(f"{one.name} in line {_line(reading, one.call)}" for one in made)
        offers = " or ".join(repr(one.name) for one in made)
        raise reading.source.refuse(
            None,
            got=f"{len(made)} networks: {listed}",
            wanted="one, or the name of one",
            remedy=f"Say which: name={offers}; --name on the command line.",
        )
    network = chosen[0]
    _apply_settings(reading, network)
    span = network.call.span
    layers = [CodeLayer(span, takes=(network.input,))]
    for size, function in zip(network.sizes, network.functions, strict=True):
        layers.append(CodeLayer(span, Linear(size)))
        if kind := FUNCTIONS[function]:
            layers.append(CodeLayer(span, Activation(kind)))
    read = network_of_layers(reading.source, layers, name=network.name)
    open_ends = [OPEN_ENDS] if UNKNOWN_WIDTH in (network.input, network.sizes[-1]) else []
    scaled = [f"line {_line(reading, network.call)}: {reading.shown(span)} {_RESCALES}"] * network.processes
    return replace(read, notes=(*read.notes, *open_ends, *scaled, *network.notes))


def _line(reading: ProgramReading, term: Term) -> int:
    return reading.source.excerpt(term.span).line_number


def _made(reading: ProgramReading, index: int) -> _Shallow:
    """Return what a call makes."""
    words = reading.words
    term, _ = reading.terms.read(index)
    if not isinstance(term, CallTerm | NameTerm):
        raise reading.refuse(term, f"{reading.shown(term)}, which is not read")
    kind = words.all[index].text
    row = ROWS[kind]
    if row.refused:
        raise reading.refuse(term, f"{kind}, {row.refused}", layer=True)
    if (loop := words.repeating[index]) >= 0:
        got = f"{kind} inside '{words.all[loop].text}', of which only running the code tells how it goes"
        raise reading.refuse(term, got, "a network that is made once")
    given = term.positional if isinstance(term, CallTerm) else []
    arriving: Size = UNKNOWN_WIDTH
    if row.sizes and len(given) > 1 and isinstance(given[1], ListTerm):
        return _of_ranges(reading, index, term, given)
    hidden = _sizes(reading, given[row.sizes]) if len(given) > row.sizes else [10]
    functions = ["tansig"] * len(hidden) + [row.last]
    if row.sizes and len(given) > row.sizes + 1:
        functions = _functions(reading, given[row.sizes + 1], len(functions))
    return _Shallow(words.all[index - 2].text, term, [*hidden, UNKNOWN_WIDTH], functions, arriving)


def _of_ranges(reading: ProgramReading, index: int, term: CallTerm | NameTerm, given: list[Term]) -> _Shallow:
    """Return what `newff(ranges, [5 1], {'tansig', 'purelin'})` makes, with the width of the output."""
    sizes = _sizes(reading, given[1])
    if len(given) < 3:
        got = f"{reading.shown(term)}, whose functions depend on the release of MATLAB"
        remedy = "Write them: newff(minmax(P), [5 1], {'tansig', 'purelin'})."
        raise reading.refuse(term, got, "the function of each layer", remedy)
    ranges = given[0]
    arriving: Size = ranges.rows if isinstance(ranges, ListTerm) and ranges.bracket == "[" else UNKNOWN_WIDTH
    functions = _functions(reading, given[2], len(sizes))
    return _Shallow(reading.words.all[index - 2].text, term, sizes, functions, arriving, processes=False)


def _sizes(reading: ProgramReading, term: Term) -> list[Size]:
    meant = reading.constants.value(term)
    written = [reading.size(one) for one in members_of(meant)]
    if not written:
        raise reading.refuse(term, "no widths", "the widths of the layers", "Write [10 5], for instance.")
    return [int(one) if one.isdigit() else one for one in written]


def _functions(reading: ProgramReading, term: Term, count: int) -> list[str]:
    names = [_function(reading, one) for one in members_of(reading.constants.value(term))]
    if len(names) == count - 1 and count > 1:
        names.append("purelin")
    if len(names) != count:
        got = f"{len(names)} functions for {count} layers"
        raise reading.refuse(term, got, "one for each layer", "Write one for each layer.")
    return names


def _function(reading: ProgramReading, term: Term) -> str:
    if isinstance(term, TextTerm) and term.value in FUNCTIONS:
        return term.value
    raise reading.refuse(
        term, f"the function {reading.shown(term)}", f"one of {', '.join(FUNCTIONS)}", layer=True
    )


def _apply_settings(reading: ProgramReading, network: _Shallow) -> None:
    """Apply what is set of a network behind its call: `net.layers{1}.transferFcn = 'logsig'`.

    Raises:
        NotationError, CannotExpress: for what changes its layers otherwise.
    """
    words = reading.words
    for index, word in enumerate(words.all):
        begins = not index or words.all[index - 1].kind == "newline" or words.is_sign(index - 1, ";", ",")
        if word.text != network.name or word.kind != "name" or not begins or words.opened[index] >= 0:
            continue
        given = words.all[index + 2 : index + 3]
        if words.is_sign(index + 1, "=") and given and given[0].text not in (*_HARMLESS, *ROWS):
            line = reading.source.excerpt(reading.place(word)).line_number
            left = f"what {network.name} is from there on is not known: read as it was before"
            network.notes.append(f"line {line}: {left}")
        if not words.is_sign(index + 1, "."):
            continue
        term, behind = reading.terms.read(index)
        if words.is_sign(behind, "="):
            value, _ = reading.terms.read(behind + 1)
            _set(reading, network, term, value)


def _set(reading: ProgramReading, network: _Shallow, term: Term, value: Term) -> None:
    fields = _fields(term)
    first = fields[1] if len(fields) > 1 else ""
    loop = reading.words.repeating[reading.index_at(term.span)]
    if first in _SILENT:
        return
    if first in _WEIGHTS:
        reading.note(term, "sets weights: they are not read, and the network starts with others")
        return
    if first in ("inputs", "outputs", "input", "output") and fields[-1] in ("processFcns", "processParams"):
        network.processes = True
        return
    place = _layer_place(reading, term, len(network.sizes))
    if loop < 0 and first == "layers" and place is not None:
        if fields[-1] == "transferFcn":
            network.functions[place] = _function(reading, value)
            return
        if fields[-1] in ("size", "dimensions") and place < len(network.sizes) - 1:
            network.sizes[place] = _sizes(reading, value)[0]
            return
        if fields[-1] in ("name", "initFcn", "userdata"):
            return
    raise _no_setting(reading, term)


def _no_setting(reading: ProgramReading, term: Term) -> ChalknetError:
    got = f"{reading.shown(term)}, which changes the network in a way that is not read"
    return reading.refuse(term, got, "net.layers{1}.transferFcn = 'logsig', and settings of the training")


def _fields(term: Term) -> list[str]:
    """Return the names of a field of a field, without what is in brackets."""
    names: list[str] = []
    while True:
        match term:
            case MemberTerm(of=of, last=last):
                names.insert(0, last)
                term = of
            case CallTerm(callee=callee):
                term = callee
            case NameTerm(path=path):
                return [*path.split("."), *names]
            case _:
                return names


def _layer_place(reading: ProgramReading, term: Term, count: int) -> int | None:
    """Return which layer `net.layers{1}.transferFcn` is, from 0; None where that is not known."""
    while isinstance(term, MemberTerm):
        term = term.of
    if not isinstance(term, CallTerm) or term.bracket not in ("{", "(") or len(term.positional) != 1:
        return None
    index = term.positional[0]
    place = count if isinstance(index, NameTerm) and index.path == "end" else reading.constants.number(index)
    return int(place) - 1 if place is not None and place in range(1, count + 1) else None
