"""Java, Scala and Kotlin for Deeplearning4j: the layers that a `NeuralNetConfiguration.Builder` is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from chalknet.errors import ChalknetError
from chalknet.network import Network, Shape
from chalknet.notation.languages.deeplearning4j_layers import Builder, BuilderLayers, calls_of
from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.languages.terms import CallTerm, Term, TextTerm
from chalknet.notation.tokens import Span
from chalknet.notation.torch_layers import CodeLayer
from chalknet.notation.torch_network import network_of_layers

_LONGEST_HEAD = 12  # words between the parameters of a method and its body
_CHAIN = "layers one after the other: .list().layer(...).layer(...)"
_FLAT, _PICTURE = ("feedForward", "convolutionalFlat"), "convolutional"


@dataclass
class _Configuration:
    """A configuration: what is set for all layers, the layers, and the shape of a sample.

    Args:
        span: where it begins.
        name: the variable that it is given to; empty for none.
        calls: the calls of its builder, in their order.
    """

    span: Span
    name: str
    calls: list[CallTerm] = field(default_factory=list)


class Configurations:
    """Finds the configurations of a program.

    Args:
        reading: the program.
    """

    def __init__(self, reading: ProgramReading) -> None:
        self._reading = reading
        self._openings = {closing: opening for opening, closing in reading.words.closing.items()}

    def starts(self) -> Iterator[int]:
        """Yield the index of each word at which a builder of a network is made."""
        words = self._reading.words
        for index, word in enumerate(words.all[:-3]):
            made = word.text == "NeuralNetConfiguration" and words.is_sign(index + 1, ".")
            called = words.all[index + 2].text == "Builder" and words.is_sign(index + 3, "(")
            if made and called and index + 3 in words.closing:
                yield index

    def network(self, name: str | None) -> Network:
        """Return the network of the only configuration, or of the one that a name asks for.

        Raises:
            NotationError: for several configurations, and for what only running the program would tell.
            CannotExpress: for a layer that no step describes.
        """
        found = [self._configuration(index) for index in self.starts()]
        self._reading.check_chains(len(found))
        line = self._reading.source.excerpt
        places = {id(one): f"line {line(one.span).line_number}" for one in found}
        chosen = [one for one in found if name in (None, one.name, places[id(one)])]
        if len(chosen) != 1:
            listed = ", ".join(f"{one.name or 'one'} in {places[id(one)]}" for one in found)
            names = [one.name for one in found]
            unique = [one.name if names.count(one.name) == 1 else "" for one in found]
            offers = " or ".join(
                repr(name or places[id(one)]) for name, one in zip(unique, found, strict=True)
            )
            raise self._reading.source.refuse(
                None,
                got=f"{len(found)} networks: {listed}",
                wanted="one, or the name of one",
                remedy=f"Say which: name={offers}; --name on the command line.",
            )
        return self._made(chosen[0])

    def _configuration(self, index: int) -> _Configuration:
        """Return the configuration that begins at a word, with what its variable is told later."""
        reading, words = self._reading, self._reading.words
        self._refuse_loop(index)
        self._hide_parameters(index)
        term, _ = reading.terms.read(index)
        before = words.before_lines(index - 1 - (words.all[index - 1].text == "new"))
        named = words.is_sign(before, "=") and words.all[before - 1].kind == "name"
        name = words.all[self._name_before(before)].text if named else ""
        found = _Configuration(term.span, name, calls_of(term)[1:])
        if not name or any(call.name == "build" for call in found.calls):
            return found
        behind = next((at for at, word in enumerate(words.all) if word.start >= term.span.end), index)
        for at in range(behind, len(words.all) - 2):
            if words.all[at].text != name or words.all[at].kind != "name":
                continue
            if words.is_sign(at + 1, "="):
                break
            if words.is_sign(at + 1, ".") and not words.is_sign(at - 1, "."):
                more = calls_of(reading.terms.read(at)[0])
                if more and more[0].name != "build":
                    self._refuse_loop(at)
                found.calls += more
        return found

    def _hide_parameters(self, index: int) -> None:
        """Hide the parameters of the methods around a word, whatever has their names elsewhere."""
        words = self._reading.words
        around = words.opened[index]
        while around > 0:
            before = words.before_lines(around - 1)
            for _ in range(_LONGEST_HEAD):  # `) throws Exception {`, `): Configuration = {`
                if words.is_sign(before, ")", ";", "{", "}") or before <= 0:
                    break
                before -= 1
            if words.is_sign(around, "{") and words.is_sign(before, ")"):
                for at in range(self._openings.get(before, before) + 1, before):
                    if words.all[at].kind == "name" and words.is_sign(at + 1, ",", ")", ":"):
                        self._reading.constants.hide(words.all[at].text)
            around = words.opened[around]

    def _name_before(self, equals: int) -> int:
        """Return the index of the name that a sign `=` gives a value: of `conf` in `val conf: Type = `."""
        words = self._reading.words
        at = equals - 1
        while at > 0 and words.is_sign(at - 1, "."):
            at -= 2
        return at - 2 if words.is_sign(at - 1, ":") and words.all[at - 2].kind == "name" else equals - 1

    def _refuse_loop(self, index: int) -> None:
        words = self._reading.words
        if (loop := words.repeating[index]) >= 0:
            got = f"layers inside '{words.all[loop].text}', of which only running the code tells how it goes"
            place = self._reading.place(words.all[index])
            raise self._reading.refuse(
                place, got, "layers that are added once", "Write all layers, one by one."
            )

    def _made(self, configuration: _Configuration) -> Network:
        reading = self._reading
        shape: Shape = ()
        layers: list[tuple[CallTerm, Term]] = []
        whole = Builder(reading, "all layers", [])
        listed = False
        for call in configuration.calls:
            if call.name in ("list", "graphBuilder"):
                listed = True
                layers += [(call, one) for one in call.positional]
            elif call.name in ("layer", "addLayer"):
                layers.append((call, self._layer(call)))
            elif call.name in ("setInputType", "inputType", "setInputTypes"):
                shape = self._shape(call)
            elif not listed:
                whole.calls.append(call)
            else:
                self._check(call)
        if not layers:
            raise reading.refuse(configuration.span, "a configuration without layers", _CHAIN)
        self._check_order(layers)
        made: list[CodeLayer] = [CodeLayer(configuration.span, takes=shape)] if shape else []
        maker = BuilderLayers(reading, whole, flat=len(shape) < 2)
        made += [one for _, term in layers for one in maker.layers(term)]
        name = configuration.name if configuration.name.isidentifier() else "net"
        network = network_of_layers(reading.source, made, name=name)
        return replace(network, notes=(*dict.fromkeys([*network.notes, *reading.notes]),))

    def _layer(self, call: CallTerm) -> Term:
        """Return the layer that `.layer(0, layer)` or `.addLayer("name", layer, "input")` adds."""
        given = call.positional
        if call.name == "layer" and len(given) in (1, 2):
            return given[-1]
        if call.name == "addLayer" and len(given) == 3:
            return given[1]
        raise self._no_chain(call, f"{self._reading.shown(call)}, which does not say one layer and one input")

    def _check_order(self, layers: list[tuple[CallTerm, Term]]) -> None:
        """Refuse layers whose numbers or inputs are not those of a chain."""
        before = ""
        for place, (call, _) in enumerate(layers):
            given = call.positional
            if call.name == "layer" and len(given) == 2:
                number = self._reading.constants.number(given[0])
                if number is not None and number != place:
                    got = f"the layer of the number {number} in the place of {place}"
                    raise self._reading.refuse(call, got, "layers in the order of their numbers")
            if call.name == "addLayer":
                name, source = given[0], given[2]
                known = isinstance(name, TextTerm) and isinstance(source, TextTerm)
                if not known or (before and isinstance(source, TextTerm) and source.value != before):
                    raise self._no_chain(call, f"{self._reading.shown(call)}, which does not follow {before}")
                before = name.value if isinstance(name, TextTerm) else ""

    def _shape(self, call: CallTerm) -> Shape:
        """Return the shape of a sample that `setInputType(InputType.feedForward(784))` says."""
        given = call.positional[0] if len(call.positional) == 1 else None
        kind = given.name if isinstance(given, CallTerm) else ""
        sizes = [self._reading.size(one) for one in given.positional] if isinstance(given, CallTerm) else []
        widths = [int(one) if one.isdigit() else one for one in sizes]
        if kind == "feedForward" and len(widths) == 1:
            return (widths[0],)
        numbers = [one for one in widths if isinstance(one, int)]
        if kind in (*_FLAT, _PICTURE) and len(numbers) == 3 == len(widths):
            height, width, depth = numbers
            return (height * width * depth,) if kind == "convolutionalFlat" else (depth, height, width)
        raise self._no_chain(call, f"{self._reading.shown(call)}, which is not read")

    def _check(self, call: CallTerm) -> None:
        """Refuse what changes the layers besides `.layer(...)`."""
        if call.name not in _AROUND:
            raise self._no_chain(call, f"{call.name} of a configuration, which is not read")

    def _no_chain(self, call: CallTerm, got: str) -> ChalknetError:
        return self._reading.refuse(call, got, _CHAIN, layer=True)


# What a configuration says behind `.list()` that changes no layer.
_AROUND = frozenset(
    "build backprop pretrain backpropType addInputs setOutputs tBPTTLength tBPTTForwardLength "
    "tBPTTBackwardLength validateOutputLayerConfig trainingWorkspaceMode inferenceWorkspaceMode cacheMode "
    "allowDisconnected allowNoOutput dataType toString toJson toYaml".split()
)
