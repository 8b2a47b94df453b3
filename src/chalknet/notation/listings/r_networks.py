"""Networks of R: what nnet printed (`a 9-7-6 network with 118 weights`), and calls of neuralnet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.network import UNKNOWN_WIDTH, Activation, Linear, Network, Size
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText, Span, closing_bracket
from chalknet.notation.torch_layers import FIT_AS_IT_IS, CodeLayer
from chalknet.notation.torch_network import network_of_layers

_LONGEST = 200_000
_MOST = 100  # networks in a text
_PRINTED = re.compile(
    r"(?<![\w-])a (?P<x>\d{1,9})-(?P<h>\d{1,9})-(?P<y>\d{1,9}) network with (?P<weights>\d{1,12}) weights"
)
_OPTIONS = re.compile(r"^[ \t#>*|]{0,20}options were -(?P<options>[^\n]*+)", re.M)
_CALL = re.compile(
    r"(?<![\w.$@:])(?:(?P<name>[A-Za-z.][\w.]*+)[ \t]*+(?:<-|=)[ \t]*+)?(?:neuralnet::)?"
    r"(?P<call>neuralnet)[ \t]*+\("
)
_ASSIGNED = re.compile(r"(?<![\w.$@])([A-Za-z.][\w.]*+)[ \t]*+<-[ \t]*+([^\n;]++)")
_REMARK = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|#[^\n]*")
_ORDER = ("formula", "data", "hidden", "threshold")
_COLUMN = re.compile(r"(?:[A-Za-z.][\w.]*|`[^`\n]+`)(?<!\A\.)")
_NUMBERS = re.compile(r"c\((?P<several>[\dL,\s]*)\)|(?P<one>\d{1,9})L?")
_FUNCTIONS = {'"logistic"': "sigmoid", "'logistic'": "sigmoid", '"tanh"': "tanh", "'tanh'": "tanh"}
_REMEDY = "Give what print(model) printed, or write a formula: 784 -> 32 relu -> 1 sigmoid."
_WEIGHTS = re.compile(r"\bb->h1\b")
_ROUNDED = "the weights that summary() printed are rounded, and not read"
_OPEN = "how many columns go in or come out is that of the data"
_FACTOR = "{column} is read as one output: a factor has one for each class"
_CUT = "what nnet prints behind 'options were' is missing: the activation of the last layer stays ?"


class _RNetwork(NamedTuple):
    """A network that a text holds.

    Args:
        span: where it stands.
        name: what it is given to; empty for none.
        network: it.
    """

    span: Span
    name: str
    network: Network


def read_r_networks(text: str, name: str | None = None) -> Network:
    """Return the network that nnet printed, or that a call of neuralnet makes.

    Args:
        text: a printout, also with code around it, or code.
        name: the variable that is the network, or `line 12`, where there are several.

    Raises:
        NotationError: for several different networks, and for widths that only running the code would tell.
        CannotExpress: for connections that skip a layer, and for connections that are left out.
    """
    source = SourceText("text of R", text, remedy=_REMEDY)
    count = sum(1 for pattern in (_PRINTED, _CALL) for _ in pattern.finditer(text))
    if count > _MOST:
        raise source.refuse(None, got=f"{count:,} networks", wanted=f"at most {_MOST}")
    found = [*_printed(source), *_called(source)]
    if not found:
        raise source.refuse(None, got="no network of nnet or neuralnet", wanted="what print(model) printed")
    lines = {one.span: f"line {source.excerpt(one.span).line_number}" for one in found}
    chosen = [one for one in found if name in (None, one.name, lines[one.span])]
    first = chosen[0].network if chosen else None
    same = [one for one in chosen if first is not None and _shape(one.network) == _shape(first)]
    if first is None or len(same) != len(chosen):
        listed = ", ".join(f"{one.name or 'one'} in {lines[one.span]}" for one in found[:20])
        names = [one.name for one in found]
        unique = [one.name if names.count(one.name) == 1 else "" for one in found[:20]]
        offers = " or ".join(repr(name or lines[one.span]) for name, one in zip(unique, found, strict=False))
        raise source.refuse(
            None,
            got=f"{len(found)} networks: {listed}",
            wanted="one, or the name of one",
            remedy=f"Say which: name={offers}; --name on the command line.",
        )
    return first


def _shape(network: Network) -> object:
    return network.input_shape, network.steps


def _printed(source: SourceText) -> Iterator[_RNetwork]:
    """Yield the networks that nnet printed."""
    found = list(_PRINTED.finditer(source.text))
    for place, one in enumerate(found):
        end = found[place + 1].start() if place + 1 < len(found) else len(source.text)
        said = _OPTIONS.search(source.text, one.end(), end)
        span = Span(*one.span())
        yield _RNetwork(span, "", _of_print(source, one, span, said["options"] if said else None))


def _of_print(source: SourceText, one: re.Match[str], span: Span, options: str | None) -> Network:
    """Return the network of one printout of nnet."""
    arriving, hidden, leaving, weights = (int(one[key]) for key in ("x", "h", "y", "weights"))
    plain = (arriving + 1) * hidden + (hidden + 1) * leaving
    skips = "skip-layer" in (options or "") or weights == plain + arriving * leaving
    if not arriving or not leaving:
        raise source.refuse(span, got="a layer of no width", wanted="at least one input and one output")
    if skips and hidden:
        raise source.refuse(
            span,
            kind=CannotExpress,
            got="skip-layer connections, from the inputs to the outputs beside the hidden layer",
            wanted="one layer after the other, from x to yhat",
            remedy=FIT_AS_IT_IS,
        )
    expected = (arriving + 1) * leaving if skips else plain
    notes = (
        []
        if weights == expected
        else [f"the printout says {weights} weights, the network read has {expected}"]
    )
    if options is None:
        notes.append(_CUT)
        last: Activation | None = Activation("?")
    else:
        last = _last(options)
    if _WEIGHTS.search(source.text, span.end):
        notes.append(_ROUNDED)
    layers = [CodeLayer(span, takes=(arriving,))]
    if hidden:
        layers += [CodeLayer(span, Linear(hidden)), CodeLayer(span, Activation("sigmoid"))]
    layers.append(CodeLayer(span, Linear(leaving)))
    layers += [CodeLayer(span, last)] if last else []
    network = network_of_layers(source, layers)
    return replace(network, notes=(*network.notes, *notes))


def _last(options: str) -> Activation | None:
    """Return the activation of the outputs; None for linear ones."""
    if "linear output" in options:
        return None
    return Activation("softmax" if "softmax" in options else "sigmoid")


def _called(source: SourceText) -> Iterator[_RNetwork]:
    """Yield the networks that calls of neuralnet make."""
    text = _REMARK.sub(lambda found: found[0] if found[0][0] != "#" else " " * len(found[0]), source.text)
    assigned: dict[str, list[str]] = {}
    for name, value in _ASSIGNED.findall(text):
        assigned.setdefault(name, []).append(value.strip())
    for one in _CALL.finditer(text):
        end = closing_bracket(text, one.end())
        span = Span(one.start("call"), min(end + 1, len(text)))
        name = one["name"] or ""
        given = _arguments(text[one.end() : end])
        if "formula" in given:
            yield _RNetwork(
                span, "" if name == "formula" else name, _Neuralnet(source, assigned, span, given).network()
            )


def _arguments(inside: str) -> dict[str, str]:
    """Return the arguments of a call, by their names or by the order of neuralnet's."""
    parts, depth, start, quote = [], 0, 0, ""
    for at, letter in enumerate(inside):
        if quote or letter in "\"'`":
            quote = "" if quote == letter else quote or letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == "," and not depth:
            parts.append(inside[start:at])
            start = at + 1
    found: dict[str, str] = {}
    for part in [*parts, inside[start:]]:
        named = re.match(r"\s*([A-Za-z.][\w.]*)\s*=(?!=)\s*", part)
        key = named[1] if named else next((one for one in _ORDER if one not in found), "")
        found[key] = part[named.end() if named else 0 :].strip()
    return {key: value for key, value in found.items() if value}


class _Neuralnet:
    """The network of one call.

    Args:
        source: the text, to point into.
        assigned: what each name of the text is given.
        span: where the call stands.
        given: its arguments.
    """

    def __init__(
        self, source: SourceText, assigned: dict[str, list[str]], span: Span, given: dict[str, str]
    ) -> None:
        self._source = source
        self._assigned = assigned
        self._span = span
        self._given = given
        self._notes: list[str] = []

    def network(self) -> Network:
        """Return the network.

        Raises:
            NotationError: for hidden layers that only running the code would tell.
            CannotExpress: for connections that are left out.
        """
        if self._given.get("exclude", "NULL") != "NULL":
            wanted = "all connections between the layers"
            raise self._refuse("exclude, which leaves connections out", wanted, kind=CannotExpress)
        arriving, leaving = self._widths()
        function = self._function()
        sizes: list[Size] = [*self._hidden(), leaving]
        layers = [CodeLayer(self._span, takes=(arriving,))]
        for size in sizes:
            layers += [CodeLayer(self._span, Linear(size)), CodeLayer(self._span, function)]
        if self._truth("linear.output", default=True):
            layers.pop()
        network = network_of_layers(self._source, layers)
        return replace(network, notes=(*network.notes, *self._notes))

    def _widths(self) -> tuple[Size, Size]:
        """Return how many inputs and outputs a formula has, open where the data tell it."""
        formula = self._meant(self._given["formula"])
        before, tilde, behind = formula.partition("~")
        inputs, outputs = (_columns(side) if tilde else None for side in (behind, before))
        if outputs is not None and len(outputs) == 1:
            self._notes.append(_FACTOR.format(column=outputs[0]))
        if inputs is None or outputs is None:
            self._notes.append(_OPEN)
        return (
            UNKNOWN_WIDTH if inputs is None else len(inputs),
            UNKNOWN_WIDTH if outputs is None else len(outputs),
        )

    def _hidden(self) -> list[int]:
        written = self._meant(self._given.get("hidden", "1"))
        found = _NUMBERS.fullmatch(written)
        sizes = re.findall(r"\d+", found[0]) if found else []
        if not sizes or any(len(size) > 9 for size in sizes):
            got = f"hidden = {written[:40]}, which only running the code would tell"
            raise self._refuse(got, "numbers that stand in the text, such as hidden = c(5, 3)")
        return [] if sizes == ["0"] else [int(size) for size in sizes]

    def _function(self) -> Activation:
        written = self._meant(self._given.get("act.fct", '"logistic"'))
        if written in _FUNCTIONS:
            return Activation(_FUNCTIONS[written])
        self._notes.append(f"act.fct = {written[:40]} is no function that is known: it stays ?")
        return Activation("?")

    def _truth(self, name: str, *, default: bool) -> bool:
        written = self._meant(self._given.get(name, str(default).upper()))
        if written in ("TRUE", "T", "FALSE", "F"):
            return written.startswith("T")
        got = f"{name} = {written[:40]}, which only running the code would tell"
        raise self._refuse(got, "TRUE or FALSE")

    def _meant(self, written: str) -> str:
        """Return what a name is given in the only statement that gives it something; else what is written."""
        found = self._assigned.get(written, [])
        return found[0] if len(found) == 1 else written

    def _refuse(self, got: str, wanted: str, kind: type[ChalknetError] | None = None) -> ChalknetError:
        if kind is not None:
            return self._source.refuse(self._span, got=got, wanted=wanted, remedy=FIT_AS_IT_IS, kind=kind)
        return self._source.refuse(self._span, got=got, wanted=wanted)


def _columns(side: str) -> list[str] | None:
    """Return the columns of one side of a formula; None for those that only the data tell."""
    columns = [one.strip() for one in side.split("+")]
    return columns if all(_COLUMN.fullmatch(one) for one in columns) else None


def recognise_r_networks(text: str) -> float:
    """Return how likely it is that a text holds what nnet printed, or a call of neuralnet."""
    if len(text) > _LONGEST or not ("network with" in text or "neuralnet" in text):
        return 0.0
    return 0.985 if _PRINTED.search(text) or _CALL.search(text) else 0.0


R_NETWORKS = Notation(name="r-networks", recognise=recognise_r_networks, read=read_r_networks)
