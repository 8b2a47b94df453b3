"""The layers of Deeplearning4j, each made by a builder: `new DenseLayer.Builder().nIn(4).nOut(3).build()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from chalknet.errors import ChalknetError
from chalknet.network import Activation, BatchNorm, Dropout, Flatten, Linear, Size
from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.languages.terms import CallTerm, MemberTerm, NameTerm, Term, TextTerm
from chalknet.notation.tokens import Span
from chalknet.notation.torch_effects import EFFECTS
from chalknet.notation.torch_layers import CodeLayer

_ACTIVATIONS: Mapping[str, Activation] = {
    **{name: Activation(name) for name in ("relu", "relu6", "selu", "sigmoid", "softmax", "softplus")},
    **{name: Activation(name) for name in ("softsign", "tanh", "identity", "mish", "elu")},
    "swish": Activation("silu"),
    "leakyrelu": Activation("leaky_relu", {"negative_slope": 0.01}),
    "lrelu": Activation("leaky_relu", {"negative_slope": 0.01}),
}  # fmt: skip
_SLOPES = {"leaky_relu": "negative_slope", "elu": "alpha"}
# Settings that say nothing about the layers, and those that are noted.
_SILENT = frozenset(
    "build name seed iterations optimizationAlgo learningRate biasLearningRate updater biasUpdater momentum "
    "rmsDecay rho epsilon regularization miniBatch minimize maxNumLineSearchIterations stepFunction "
    "cacheMode "
    "trainingWorkspaceMode inferenceWorkspaceMode gradientNormalization gradientNormalizationThreshold "
    "convolutionMode cudnnAlgoMode dataType learningRateDecayPolicy lrPolicyDecayRate lrPolicySteps "
    "lrPolicyPower adamMeanDecay adamVarDecay lossFunction".split()
)
_NOTED: Mapping[str, str] = {
    **dict.fromkeys(("weightInit", "dist", "biasInit"), "initializer"),
    **dict.fromkeys(("l1", "l2", "l1Bias", "l2Bias", "weightDecay", "weightDecayBias"), "regularizer"),
    **dict.fromkeys(("constrainWeights", "constrainBias", "constrainAllParameters"), "regularizer"),
}
_READ = frozenset("nIn nOut units activation dropOut hasBias".split())
_SOFTMAX = (
    "has no activation: softmax, as Deeplearning4j has it from 1.0.0 on (before, that of all layers, "
    "or sigmoid)"
)
_SIGMOID = "has no activation: sigmoid, which Deeplearning4j then takes"
_KEEPS = "says in Deeplearning4j which share of values is kept: read as dropout({rate})"
_NO_OPTION = "a setting that is read"


def calls_of(term: Term) -> list[CallTerm]:
    """Return the calls of a chain `new A().b(1).c(2)` in their order, each where its own name stands."""
    found: list[CallTerm] = []
    while isinstance(term, CallTerm | MemberTerm):
        if isinstance(term, CallTerm):
            place = Span(max(term.span.start, term.callee.span.end - len(term.name)), term.span.end)
            found.append(replace(term, span=place) if isinstance(term.callee, MemberTerm) else term)
            term = term.callee
        else:
            term = term.of
    return found[::-1]


@dataclass
class Builder:
    """What a builder is told.

    Args:
        reading: the program.
        kind: the class of the layer that it makes, or "all layers".
        calls: the calls of its chain.
    """

    reading: ProgramReading
    kind: str
    calls: list[CallTerm]

    def given(self, name: str) -> Term | None:
        """Return the last value that a setting is given; None where it is not set."""
        found = [call for call in self.calls if call.name == name]
        if not found:
            return None
        if len(found[-1].positional) != 1:
            got = f"{self.reading.shown(found[-1])}, which is not read"
            raise self.reading.refuse(found[-1], got, layer=True)
        return found[-1].positional[0]

    def check(self) -> None:
        """Note what is not read, and refuse a setting that is not known.

        Raises:
            CannotExpress: for that.
        """
        for call in self.calls:
            if call.name in _NOTED:
                words = EFFECTS[_NOTED[call.name]].words
                self.reading.notes.append(f"{call.name} {words}")
            elif call.name not in _SILENT and call.name not in _READ:
                got = f"{call.name} of {self.kind}, which is not read"
                raise self.reading.refuse(call, got, _NO_OPTION, layer=True)

    def width(self, *names: str) -> Size | None:
        """Return a width that has one of some names; None where none is set.

        Raises:
            NotationError: for one that only running the program would tell.
        """
        term = next((found for name in names if (found := self.given(name)) is not None), None)
        if term is None:
            return None
        size = self.reading.size(term)
        if size.isidentifier():
            return size
        if size.isdigit() and int(size) > 0:
            return int(size)
        got = f"{self.reading.shown(term)} in the place of a width"
        raise self.reading.refuse(term, got, "a whole number of at least 1", "Write the number of features.")

    def activation(self) -> Activation | None:
        """Return the activation that is set; None where none is.

        Raises:
            CannotExpress: for one that no step is.
        """
        term = self.given("activation")
        return None if term is None else activation_of(self.reading, term)

    def dropout(self) -> list[CodeLayer] | None:
        """Return the Dropout that `dropOut(p)` is, of which p is the share that is kept.

        Returns:
            None where none is set.

        Raises:
            CannotExpress: for one of another kind.
        """
        term = self.given("dropOut")
        if term is None:
            return None
        kept = term
        if isinstance(term, CallTerm) and term.name == "Dropout" and len(term.positional) == 1:
            kept = term.positional[0]
        share = self.reading.constants.number(kept)
        if share is None or not 0 <= share <= 1:
            got = f"dropOut({self.reading.shown(term)}), which is not read"
            raise self.reading.refuse(term, got, "the share that is kept, such as dropOut(0.8)", layer=True)
        return kept_share(self.reading, [one for one in self.calls if one.name == "dropOut"][-1], share)


def kept_share(reading: ProgramReading, term: Term, share: float) -> list[CodeLayer]:
    """Return the Dropout that keeps a share of the values; none for 1, and for 0, which switches it off."""
    if share in (0, 1):
        return []
    rate = round(1 - share, 12)
    reading.note(term, _KEEPS.format(rate=rate))
    return [CodeLayer(term.span, Dropout(rate))]


def activation_of(reading: ProgramReading, term: Term) -> Activation:
    """Return the activation that `Activation.RELU`, `"relu"` or `new ActivationLReLU(0.2)` is.

    Raises:
        CannotExpress: for one that no step is.
    """
    meant = reading.constants.value(term)
    name = meant.value if isinstance(meant, TextTerm) else ""
    name = meant.last if isinstance(meant, NameTerm) else meant.name if isinstance(meant, CallTerm) else name
    step = _ACTIVATIONS.get(name.removeprefix("Activation").lower())
    given = meant.positional if isinstance(meant, CallTerm) else []
    if step is not None and len(given) == 1 and step.kind in _SLOPES:
        slope = reading.constants.number(given[0])
        if slope is not None:
            return Activation(step.kind, {_SLOPES[step.kind]: float(slope)})
    if step is None or given:
        got = f"the activation {reading.shown(term)}, which no step of a network describes"
        raise reading.refuse(term, got, "one such as Activation.RELU", layer=True)
    return step


class BuilderLayers:
    """Makes layers of their builders.

    Args:
        reading: the program.
        whole: what is set for all layers.
        flat: whether samples are rows; else the first layer with weights makes them so.
    """

    def __init__(self, reading: ProgramReading, whole: Builder, *, flat: bool) -> None:
        self._reading = reading
        self._whole = whole
        whole.check()
        self._flat = flat

    def layers(self, term: Term) -> list[CodeLayer]:
        """Return the layers that a builder makes, in the order in which x passes them.

        Args:
            term: the builder, or the name of one.

        Raises:
            NotationError, CannotExpress: for what is no layer that is known.
        """
        reading = self._reading
        meant = reading.constants.value(term)
        calls = calls_of(meant)
        if not calls:
            raise reading.refuse(term, f"{reading.shown(term)}, which is no layer that is known", layer=True)
        kind = calls[0].path.removesuffix(".Builder").rpartition(".")[2]
        make = _LAYERS.get(kind)
        if make is None:
            raise reading.refuse(term, f"the layer {kind or reading.shown(term)}", _KNOWN, layer=True)
        weighted = kind in ("DenseLayer", "OutputLayer")
        if kind == "BatchNormalization" and not self._flat:
            raise reading.refuse(term, f"{kind} over several axes", _KNOWN, layer=True)
        first = [CodeLayer(term.span, Flatten())] if weighted and not self._flat else []
        self._flat = self._flat or weighted
        return first + make(self, Builder(reading, kind, calls[1:]), calls[0])

    def _dense(self, builder: Builder, made: CallTerm) -> list[CodeLayer]:
        """Return the layers of a DenseLayer or an OutputLayer."""
        reading = self._reading
        builder.check()
        if builder.kind == "DenseLayer" and made.positional:
            raise self._no_setting(made)
        width = builder.width("nOut", "units")
        if width is None:
            raise reading.refuse(made, f"{builder.kind} without nOut", "its width", "Write nOut(32).")
        arriving = builder.width("nIn")
        has_bias = builder.given("hasBias")
        bias = has_bias is None or reading.truth(has_bias)
        activation = builder.activation()
        if activation is None and builder.kind == "OutputLayer":
            activation = Activation("softmax")
            reading.note(made, _SOFTMAX)
        elif activation is None:
            activation = self._whole.activation()
        if activation is None:
            activation = Activation("sigmoid")
            reading.note(made, _SIGMOID)
        dropout = builder.dropout()
        dropout = self._whole.dropout() if dropout is None else dropout
        takes = () if arriving is None else (arriving,)
        linear = CodeLayer(made.span, Linear(width, bias=bias), takes, kind=builder.kind)
        behind = [] if activation.kind == "identity" else [CodeLayer(made.span, activation)]
        return [*(dropout or []), linear, *behind]

    def _activation(self, builder: Builder, made: CallTerm) -> list[CodeLayer]:
        """Return the layer of an ActivationLayer or a LossLayer."""
        self._alone(builder, made, {"activation"})
        activation = builder.activation()
        if activation is None and builder.kind == "ActivationLayer" and len(made.positional) == 1:
            activation = activation_of(self._reading, made.positional[0])
        if activation is None:
            got = f"{builder.kind} without an activation"
            raise self._reading.refuse(made, got, ".activation(Activation.RELU)", "Write its activation.")
        return [] if activation.kind == "identity" else [CodeLayer(made.span, activation)]

    def _dropout(self, builder: Builder, made: CallTerm) -> list[CodeLayer]:
        self._alone(builder, made, {"dropOut"})
        found = builder.dropout()
        if found is None and len(made.positional) == 1:
            share = self._reading.constants.number(made.positional[0])
            found = None if share is None or not 0 <= share <= 1 else kept_share(self._reading, made, share)
        if found is None:
            got = f"{self._reading.shown(made)}, which is not read"
            raise self._reading.refuse(made, got, "the share that is kept, such as 0.8", layer=True)
        return found

    def _norm(self, builder: Builder, made: CallTerm) -> list[CodeLayer]:
        self._alone(builder, made, set())
        if made.positional:
            raise self._no_setting(made)
        return [CodeLayer(made.span, BatchNorm(), kind=builder.kind)]

    def _alone(self, builder: Builder, made: CallTerm, read: set[str]) -> None:
        """Refuse settings that a layer does not have, and a dropOut of all layers, which may be its own."""
        builder.check()
        for call in builder.calls:
            if call.name in _READ - {"nIn", "nOut"} - read:
                raise self._no_setting(call)
        if self._whole.given("dropOut") is not None:
            got = f"dropOut of all layers beside {builder.kind}"
            raise self._reading.refuse(made, got, "dropOut of each layer", "Write dropOut at the layers.")

    def _no_setting(self, call: CallTerm) -> ChalknetError:
        got = f"{self._reading.shown(call)}, which is not read"
        return self._reading.refuse(call, got, _NO_OPTION, layer=True)


_Maker = Callable[[BuilderLayers, Builder, CallTerm], list[CodeLayer]]
_LAYERS: Mapping[str, _Maker] = {
    "DenseLayer": BuilderLayers._dense,
    "OutputLayer": BuilderLayers._dense,
    "ActivationLayer": BuilderLayers._activation,
    "LossLayer": BuilderLayers._activation,
    "DropoutLayer": BuilderLayers._dropout,
    "BatchNormalization": BuilderLayers._norm,
}
_KNOWN = "one of DenseLayer, OutputLayer, ActivationLayer, LossLayer, DropoutLayer, BatchNormalization"
