"""What the calls of a JavaScript program make: layers, values on their way, models."""

from __future__ import annotations

from chalknet.errors import ChalknetError
from chalknet.notation.languages.javascript_layers import brain_of, input_of, layer_of, perceptron_of
from chalknet.notation.languages.javascript_values import JsFlow, JsLayer, JsModel, JsValues
from chalknet.notation.languages.javascript_words import JsWords
from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.languages.terms import CallTerm
from chalknet.notation.tokens import Span
from chalknet.notation.torch_layers import CodeLayer

_ONE_CHAIN = "layers one after the other, from the input to the output"


class JsCalls:
    """Says what calls make, and keeps the models.

    Args:
        reading: the program.
        words: its words.
    """

    def __init__(self, reading: ProgramReading, words: JsWords) -> None:
        self._reading = reading
        self._words = words
        self.values = JsValues(reading, words, self._called)
        self.models: list[JsModel] = []
        self.returned: dict[str, object] = {}  # by functions
        self.function = ""  # whose body is followed
        self.unsure = ""  # the word of the loop or condition whose rounds are not known
        self.made: dict[int, object] = {}  # what a call made in this round, by the place of the call

    def in_doubt(self, place: Span) -> ChalknetError:
        """Return the error for layers that are made or added under a condition."""
        got = f"layers inside '{self.unsure}', of which only running the code tells how it goes"
        return self._reading.refuse(place, got, "layers that are added once", "Write all layers, one by one.")

    def add(self, model: JsModel, layer: object, shown: str, place: Span) -> None:
        """Add a layer to a model, or say why that is not read.

        Args:
            model: the model.
            layer: what is added.
            shown: what is added where, as it is written.
            place: where that stands.
        """
        if self.unsure:
            problem: ChalknetError | None = self.in_doubt(place)
        elif model.shared:
            got = f"{shown}, to a model of a function that is called several times"
            problem = self._reading.refuse(place, got, "a model that is made once")
        elif isinstance(layer, JsLayer | JsModel):
            model.layers += layer.layers
            problem = layer.problem if isinstance(layer, JsModel) else None
        else:
            problem = self._reading.refuse(place, f"{shown}, which is no layer that is known")
        model.problem = model.problem or problem

    def _called(self, term: CallTerm) -> object:
        """Return what a call makes: a layer, an x, a model; None for what is not known."""
        place = term.span.start
        if place in self.made and isinstance(self.made[place], JsModel | JsFlow):
            return self.made[place]
        found = self._making(term)
        if isinstance(found, JsModel | JsFlow):
            self.made[place] = found
        if isinstance(found, JsModel) and found not in self.models:
            self.models.append(found)
            found.function = self.function
            self._reading.check_chains(len(self.models))
            if self.unsure:
                found.problem = found.problem or self.in_doubt(term.span)
        return found

    def _making(self, term: CallTerm) -> object:
        reading = self._reading
        given = [self.values.of(one) for one in term.positional]
        options = given[0] if given and isinstance(given[0], dict) else {}
        kind, name = self._words.makes(term.path)
        if kind == "layers":
            if given and not isinstance(given[0], dict):
                got = f"{reading.shown(term)}, whose options are not known"
                return JsLayer(term.span, (CodeLayer(term.span, problem=reading.refuse(term, got)),))
            return layer_of(reading, name, options, term.span)
        if kind == "input":
            return input_of(reading, options, term.span)
        if kind == "sequential":
            return self._sequential(term, options, known=not given or isinstance(given[0], dict))
        if kind == "model":
            return self._functional(term, options)
        if kind == "brain":
            return brain_of(reading, options, term.span)
        if kind == "perceptron":
            return perceptron_of(reading, given, term.span)
        if term.name == "apply" and len(given) == 1:
            return self._applied(term, self.values.owner(term), given[0])
        found = self.returned.get(term.path.removeprefix("this."))
        if isinstance(found, JsModel) and self._words.calls(term.name) > 1:
            found.shared = True
        return found

    def _sequential(self, term: CallTerm, options: dict[str, object], *, known: bool) -> JsModel:
        model = JsModel(term.span)
        layers = options.get("layers", [])
        if not known or not isinstance(layers, list):
            got = f"layers of {self._reading.shown(term)}, which only running the code would tell"
            model.problem = self._reading.refuse(term, got)
            return model
        for one in layers:
            if isinstance(one, JsLayer | JsModel):
                model.layers += one.layers
            else:
                shown = getattr(one, "source", one)
                got = f"{shown} in tf.sequential, which is no layer that is known"
                model.problem = model.problem or self._reading.refuse(term, got)
        return model

    def _functional(self, term: CallTerm, options: dict[str, object]) -> JsModel:
        """Return the model of `tf.model({inputs: x, outputs: y})`."""
        first, last = (_alone(options.get(name)) for name in ("inputs", "outputs"))
        if isinstance(first, JsFlow) and isinstance(last, JsFlow) and first.start is last.start:
            return JsModel(term.span, list(last.layers))
        several = any(isinstance(_alone(options.get(name)), list | dict) for name in ("inputs", "outputs"))
        got = (
            "a model of several inputs or outputs"
            if several
            else "a model whose output does not come from its input, as far as it is known"
        )
        problem = self._reading.refuse(term, got, _ONE_CHAIN, layer=several)
        return JsModel(term.span, problem=problem)

    def _applied(self, term: CallTerm, layer: object, x: object) -> object:
        """Return the x that a layer gives: `layer.apply(x)`."""
        x = _alone(x)
        flows = [one for one in x if isinstance(one, JsFlow)] if isinstance(x, list) else []
        if isinstance(layer, JsLayer | JsModel) and isinstance(x, JsFlow):
            return JsFlow(term.span, x.start, (*x.layers, *layer.layers))
        if flows:
            got = f"{len(x) if isinstance(x, list) else 2} values at once for {self._reading.shown(term)}"
            problem = self._reading.refuse(term, got, _ONE_CHAIN, layer=True)
            return JsFlow(term.span, flows[0].start, (CodeLayer(term.span, problem=problem),))
        return None


def _alone(value: object) -> object:
    """Return the only member of a list; any other value as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
