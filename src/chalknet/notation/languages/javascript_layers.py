"""The layers of JavaScript's libraries: those of TensorFlow.js are Keras's; brain.js and synaptic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from chalknet.errors import ChalknetError, unknown_name
from chalknet.network import UNKNOWN_WIDTH, Activation, Linear, Size
from chalknet.notation.languages.javascript_values import JsFlow, JsLayer, JsModel
from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.libraries.keras import KERAS, input_shape
from chalknet.notation.libraries.library import Given
from chalknet.notation.tokens import Span
from chalknet.notation.torch_effects import EFFECTS
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_values import Call, CodeChain

_CLASSES: Mapping[str, str] = {
    "dense": "Dense", "activation": "Activation", "reLU": "ReLU", "leakyReLU": "LeakyReLU", "elu": "ELU",
    "prelu": "PReLU", "softmax": "Softmax", "dropout": "Dropout", "flatten": "Flatten", "reshape": "Reshape",
    "batchNormalization": "BatchNormalization", "layerNormalization": "LayerNormalization",
    "inputLayer": "InputLayer",
}  # fmt: skip
TENSORFLOW_JS = replace(
    KERAS, name="TensorFlow.js", layers={name: KERAS.layers[row] for name, row in _CLASSES.items()}
)
_ACTIVATIONS: Mapping[str, Activation] = {
    **{name: Activation(name) for name in ("relu", "relu6", "elu", "selu", "sigmoid", "tanh", "softmax")},
    **{name: Activation(name) for name in ("softplus", "softsign", "mish", "gelu")},
    "swish": Activation("silu"),
    "gelu_new": Activation("gelu", {"approximate": "tanh"}),
    "linear": Activation("identity"),
}
_STARTS = re.compile(r"\w*(initializer|regularizer|constraint)")
_SMALL = re.compile(r"_([a-z])")
_CAPITAL = re.compile(r"(?<=[a-z])([A-Z])")


def layer_of(reading: ProgramReading, name: str, options: Given, span: Span) -> JsLayer:
    """Return the layer that `tf.layers.dense({units: 32})` makes; a mistake is raised where it is used.

    Args:
        reading: the program.
        name: such as "dense".
        options: those of the call.
        span: where the call stands.
    """
    given = _in_snake_case(options)
    if refusal := _wrong_option(reading, name, options, span):
        return JsLayer(span, (CodeLayer(span, problem=refusal),))
    for key in given:
        if (said := _STARTS.fullmatch(key)) and name != "prelu":
            reading.note(span, f"({said[0]}) {EFFECTS[said[1]].words}")
    if "activation" in given:
        try:
            given["activation"] = _activation(reading, given["activation"], span)
        except ChalknetError as refusal:
            return JsLayer(span, (CodeLayer(span, problem=refusal),))
    made = TENSORFLOW_JS.make(name, Call(reading.source, span, [], given))
    layers = made.items if isinstance(made, CodeChain) else [made]
    return JsLayer(span, tuple(one for one in layers if isinstance(one, CodeLayer)))


def _wrong_option(reading: ProgramReading, name: str, options: Given, span: Span) -> ChalknetError | None:
    """Return the error for an option that a layer does not have, or that is not known."""
    row = TENSORFLOW_JS.layers.get(name)
    known = {_SMALL.sub(lambda found: found[1].upper(), one): one for one in row.parameters} if row else {}
    for key in options:
        if not key.isidentifier():
            got = f"{key} in the options of {name}, which only running the code would tell"
            return reading.refuse(span, got)
        if row and key not in known and not re.fullmatch(row.further, _CAPITAL.sub(r"_\1", key).lower()):
            excerpt = reading.source.excerpt(span)
            return unknown_name(f"{TENSORFLOW_JS.name}, {name}", "option", key, [*known], excerpt=excerpt)
    return None


def _in_snake_case(options: Given) -> dict[str, object]:
    """Return options by the names that Keras has for them, without those that are not defined."""
    return {_CAPITAL.sub(r"_\1", key).lower(): value for key, value in options.items() if value is not None}


def _activation(reading: ProgramReading, value: object, span: Span) -> object:
    """Return an activation by the name that TensorFlow.js has for it.

    Raises:
        CannotExpress: for one that it does not have, or that no step is.
    """
    step = _ACTIVATIONS.get(value) if isinstance(value, str) else None
    if step is not None:
        return CodeLayer(span, step) if step.kind != "identity" else "linear"
    if isinstance(value, Unknown):
        got = f"activation: {value.source}, which only running the code would tell"
        raise reading.refuse(
            span, got, "the name of an activation", "Write activation: 'relu', for instance."
        )
    with reading.source.pointing(span):
        raise TENSORFLOW_JS.no_step(f"the activation {value}")


def input_of(reading: ProgramReading, options: Given, span: Span) -> JsFlow:
    """Return the x that `tf.input({shape: [4]})` makes."""
    given = _in_snake_case(options)
    try:
        with reading.source.pointing(span):
            first = CodeLayer(span, takes=input_shape(given), kind="Input")
    except ChalknetError as problem:
        first = CodeLayer(span, problem=problem)
    return JsFlow(span, span, (first,))


_BRAIN: Mapping[str, Activation] = {
    "sigmoid": Activation("sigmoid"), "relu": Activation("relu"), "tanh": Activation("tanh"),
    "leaky-relu": Activation("leaky_relu", {"negative_slope": 0.01}),
}  # fmt: skip
_BRAIN_OPEN = "brain.js takes the widths at both ends from the data of train(...)"


def brain_of(reading: ProgramReading, options: Given, span: Span) -> JsModel:
    """Return the model of `new brain.NeuralNetwork({hiddenLayers: [3]})`, with one function for all layers.

    Args:
        reading: the program.
        options: those of the call.
        span: where the call stands.
    """
    model = JsModel(span)
    named = options.get("activation", "sigmoid")
    step = _BRAIN.get(named) if isinstance(named, str) else None
    slope = options.get("leakyReluAlpha", 0.01)
    if step is None or not isinstance(slope, int | float):
        shown = getattr(named, "source", named) if step is None else getattr(slope, "source", slope)
        model.problem = reading.refuse(
            span, f"the activation {shown}", f"one of {', '.join(_BRAIN)}", layer=True
        )
        return model
    if step.kind == "leaky_relu":
        step = Activation("leaky_relu", {"negative_slope": float(slope)})
    hidden = options.get("hiddenLayers", options.get("hiddenSizes"))
    arriving, leaving = options.get("inputSize"), options.get("outputSize")
    if hidden is None and isinstance(arriving, int):
        hidden = [max(3, arriving // 2)]
    if not isinstance(hidden, list):
        shown = getattr(hidden, "source", "no hiddenLayers, which then depend on the data")
        wanted = "the widths of the hidden layers"
        model.problem = reading.refuse(span, f"{shown}", wanted, "Write hiddenLayers: [3], for instance.")
        return model
    _layers(reading, model, [arriving, *hidden, leaving], step)
    if arriving is None or leaving is None:
        reading.notes.append(_BRAIN_OPEN)
    return model


def perceptron_of(reading: ProgramReading, sizes: list[object], span: Span) -> JsModel:
    """Return the model of synaptic's `new Architect.Perceptron(2, 3, 1)`: all is logistic."""
    model = JsModel(span)
    if len(sizes) < 2:
        got = "a Perceptron with fewer than two widths"
        model.problem = reading.refuse(span, got, "its widths", "Write new Architect.Perceptron(2, 3, 1).")
    else:
        _layers(reading, model, sizes, Activation("sigmoid"))
    return model


def _layers(reading: ProgramReading, model: JsModel, sizes: list[object], step: Activation) -> None:
    """Give a model the linear maps between some widths, each with a function behind it."""
    widths: list[Size] = []
    for size in sizes:
        if isinstance(size, Unknown) and size.source.isidentifier():
            widths.append(size.source)
        elif isinstance(size, int) and not isinstance(size, bool) and size > 0:
            widths.append(size)
        elif size is None:
            widths.append(UNKNOWN_WIDTH)
        else:
            got = f"a width of {getattr(size, 'source', size)}"
            remedy = "Write how many there are."
            model.problem = reading.refuse(model.span, got, "a whole number of at least 1", remedy)
            return
    model.layers.append(CodeLayer(model.span, takes=(widths[0],)))
    for width in widths[1:]:
        model.layers += [CodeLayer(model.span, Linear(width)), CodeLayer(model.span, step)]
