"""Keras: its layers, the names of its activations, and the functions that make models of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from math import prod

from chalknet.errors import InvalidValue, NotationError
from chalknet.network import Activation, BatchNorm, Flatten, LayerNorm, Linear, PReLU, Shape
from chalknet.notation.libraries.library import (
    FLATTEN,
    Given,
    LayerRow,
    Library,
    Piece,
    dropout,
    norm,
    number,
    truth,
    width,
)
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_values import Added, Call, CodeChain, Flow, around, elements, no_chain, roots

_FURTHER = (
    r"name|dtype|trainable|seed|weights|dynamic|autocast|sparse|ragged|tensor|batch_size|optional|noise_shape|"
    r"(?:kernel|bias|activity|beta|gamma|moving_\w+|alpha)_(?:initializer|regularizer|constraint)|lora_\w+|quantization_config|data_format|"
    r"input_shape|input_dim|batch_input_shape|batch_shape|type_spec|synchronized|"
    r"output_dim|bias|p|init|[Wb]_(?:regularizer|constraint)|input_length"  # of Keras 1
)
_INPUTS = ("shape", "input_shape", "batch_shape", "batch_input_shape", "input_dim")


def input_shape(given: Given) -> Shape:
    """Return the shape of a sample that a call states under one of Keras's names; empty for none.

    Raises:
        InvalidValue: for a shape that is none.
    """
    name = next((name for name in _INPUTS if given.get(name) is not None), "")
    if not name:
        return ()
    value = given[name]
    if isinstance(value, Unknown):
        value = [value] if value.source.isidentifier() else None
    sizes = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    sizes = sizes[1:] if name.startswith("batch") else sizes
    if not sizes:
        raise InvalidValue(
            where=name,
            got="a sample of no size",
            wanted="a shape such as (784,)",
            remedy=f"Write {name}=(784,).",
        )
    if len(sizes) == 1 and (
        sizes[0] is None or (isinstance(sizes[0], Unknown) and not sizes[0].source.isidentifier())
    ):
        return ()  # X.shape[1], which only the data tell
    return tuple(width({name: size}, name) for size in sizes)


def _with_input(make: Callable[[Library, Given], Iterable[Piece]]) -> Callable[[Library, Given], list[Piece]]:
    """Return the maker of a layer that may state the shape of a sample, as the first of a model does."""

    def made(library: Library, given: Given) -> list[Piece]:
        shape = input_shape(given)
        return [*([Piece(None, shape)] if shape else []), *make(library, given)]

    return made


def _dense(library: Library, given: Given) -> list[Piece]:
    units = "output_dim" if "output_dim" in given else "units"
    step = Linear(width(given, units), bias=truth(given, "bias" if "bias" in given else "use_bias"))
    return [Piece(step), *library.named(given.get("activation"))]


def _dropout(library: Library, given: Given) -> Iterable[Piece]:
    return dropout("p" if "p" in given else "rate")(library, given)


def _activation(library: Library, given: Given) -> list[Piece]:
    """Return the function of a layer of its own, where Dense says nothing for the identity."""
    return library.named(given.get("activation")) or [Piece(Activation("identity"))]


def _leaky(library: Library, given: Given) -> list[Piece]:
    name = next((name for name in ("negative_slope", "alpha") if name in given), "negative_slope")
    return [Piece(Activation("leaky_relu", {"negative_slope": number(given, name, 0.3)}))]


def _relu(library: Library, given: Given) -> list[Piece]:
    if given.get("max_value") is not None or given.get("threshold", 0) != 0:
        raise library.no_step("a ReLU with a max_value or a threshold")
    slope = number(given, "negative_slope", 0.0)
    return [Piece(Activation("leaky_relu", {"negative_slope": slope}) if slope else Activation("relu"))]


def _softmax(library: Library, given: Given) -> list[Piece]:
    if given.get("axis", -1) not in (-1, 1):
        raise library.no_step(f"a Softmax over the axis {given['axis']}")
    return [Piece(Activation("softmax"))]


def _reshape(library: Library, given: Given) -> list[Piece]:
    target = given.get("target_shape")
    sizes = list(target) if isinstance(target, list | tuple) else [target]
    if len(sizes) != 1:
        raise library.no_step("a Reshape to more than one axis")
    return [Piece(Flatten())]


def _prepares(name: str, *options: str) -> Callable[[Library, Given], list[Piece]]:
    """Return the maker of a layer that prepares the data, with the options that say how."""

    def make(library: Library, given: Given) -> list[Piece]:
        told = [f"{key}={getattr(given[key], 'source', given[key])}" for key in options if key in given]
        return [Piece(None, prepares=f"{name}({', '.join(told)})" if told else name)]

    return make


def _prelu(library: Library, given: Given) -> list[Piece]:
    """Return the step; a slope for each feature, unless they are shared over the axis of the features."""
    start = given.get("alpha_initializer", 0.0)
    start = _STARTS.get(start.lower(), start) if isinstance(start, str) else start
    if isinstance(start, bool) or not isinstance(start, int | float):
        raise library.no_step("a PReLU whose first slopes are no number")
    shared = given.get("shared_axes")
    if shared not in (None, 1, [1], (1,), [-1], (-1,)):
        raise library.no_step(f"a PReLU that shares its slopes over the axes {shared}")
    return [Piece(PReLU(shared is None, float(start)), rows_alone=True)]


_STARTS: Mapping[str, float] = {"zeros": 0.0, "zero": 0.0, "ones": 1.0, "one": 1.0}
_ROWS: Mapping[str, LayerRow] = {
    "Dense": LayerRow(("units", "activation", "use_bias"), _with_input(_dense)),
    "Activation": LayerRow(("activation",), _with_input(_activation)),
    "Dropout": LayerRow(("rate", "noise_shape", "seed"), _with_input(_dropout)),
    "Flatten": LayerRow(("data_format",), _with_input(FLATTEN)),
    "Reshape": LayerRow(("target_shape",), _with_input(_reshape)),
    "ReLU": LayerRow(("max_value", "negative_slope", "threshold"), _with_input(_relu)),
    "LeakyReLU": LayerRow(("negative_slope", "alpha"), _with_input(_leaky)),
    "ELU": LayerRow(
        ("alpha",),
        _with_input(
            lambda library, given: [Piece(Activation("elu", {"alpha": number(given, "alpha", 1.0)}))]
        ),
    ),
    "Softmax": LayerRow(("axis",), _with_input(_softmax)),
    "BatchNormalization": LayerRow(
        ("axis", "momentum", "epsilon", "center", "scale"),
        _with_input(norm(BatchNorm, "scale", "center", 1e-3)),
    ),
    "LayerNormalization": LayerRow(
        ("axis", "epsilon", "center", "scale", "rms_scaling"),
        _with_input(norm(LayerNorm, "scale", "center", 1e-3)),
    ),
    "PReLU": LayerRow(
        ("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes"), _with_input(_prelu)
    ),
    "Normalization": LayerRow(
        ("axis", "mean", "variance", "invert"), _with_input(_prepares("Normalization", "mean", "variance"))
    ),
    "Rescaling": LayerRow(("scale", "offset"), _with_input(_prepares("Rescaling", "scale", "offset"))),
    "InputLayer": LayerRow(
        ("input_shape", "batch_size"), lambda library, given: [Piece(None, input_shape(given))]
    ),
}
KERAS = Library(
    "Keras",
    {
        name: LayerRow(row.parameters, row.make, f"{_FURTHER}|shape|{row.further}")
        for name, row in _ROWS.items()
    },
    {"leaky_relu": Activation("leaky_relu", {"negative_slope": 0.2}), "linear": Activation("identity")},
    refused=frozenset({"none", "id", "g", "act", "phi", "unknown"}),
)


def input_of(call: Call) -> object:
    """Return the x that `Input(shape=...)` makes."""
    given = {**dict(zip(("shape", "batch_size"), call.positional, strict=False)), **call.keywords}
    try:
        with call.source.pointing(call.span):
            shape = input_shape(given)
    except (InvalidValue, NotationError) as problem:
        return Flow(call.span, (CodeLayer(call.span, problem=problem),))
    return Flow(call.span, (CodeLayer(call.span, takes=shape, kind="Input"),), "inputs")


def model_of(call: Call) -> object:
    """Return the chain that `Model(inputs, outputs)` makes."""
    first, last = (_alone(call.argument(*place)) for place in ((0, "inputs"), (1, "outputs")))
    if isinstance(first, Flow) and isinstance(last, Flow) and first.start is last.start:
        return CodeChain.of(call.span, last.items)
    got = "a Model of several inputs or outputs, or of an output that does not come from its input"
    return CodeChain.of(call.span, [no_chain(call.source, call.span, got)])


def _alone(value: object) -> object:
    """Return the only member of a list or a dict; any other value as it is."""
    many = elements(value) if isinstance(value, list | tuple | dict) else []
    return many[0] if len(many) == 1 else value


# What makes the first values of weights: the number that all of them are.
INITIALIZERS: Mapping[str, Callable[[Call], object]] = {
    "Constant": lambda call: call.argument(0, "value"),
    "Zeros": lambda call: 0.0,
    "Ones": lambda call: 1.0,
}
ADD = "Keras Add"


def adder_of(call: Call) -> CodeLayer:
    """Return the layer that `Add()` makes, which adds two values and is no step of a chain."""
    return replace(no_chain(call.source, call.span, "Add() in a chain of layers"), kind=ADD)


def sum_of(call: Call) -> object:
    """Return x with what it passed around added, of `Add()([x, y])`, `add([x, y])` or `ops.add(x, y)`."""
    values = call.positional if len(call.positional) > 1 else elements(call.argument(0, "inputs") or [])
    found = around(*values) if len(values) == 2 else None
    if found is not None:
        return found.before.through(Added(call.span, found.passed))
    flow = next((value for value in roots(*values) if isinstance(value, Flow)), Flow(call.span))
    return flow.through(no_chain(call.source, call.span, f"a sum of {len(values)} values"))


def sequential_of(call: Call) -> object:
    """Return the chain that `Sequential([...])` makes."""
    given = call.argument(0, "layers")
    items = elements(given) if isinstance(given, list | tuple) else [] if given is None else [given]
    return CodeChain.of(call.span, items)


def reshaped_sizes(sizes: object) -> int | None:
    """Return how many values `tf.reshape(x, [-1, 784])` gives a sample; None for another reshape."""
    if isinstance(sizes, list | tuple) and len(sizes) == 2 and all(isinstance(one, int) for one in sizes):
        return prod(sizes[1:]) if sizes[0] == -1 else None
    return None
