"""The layers that PyTorch code makes, each read as the step it is by the table of `torch.nn`'s classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from chalknet.errors import CannotExpress, ChalknetError, InvalidValue, NotationError, unknown_name
from chalknet.network import Arguments, Shape, Step, TorchLayer, activation_name, torch_layers
from chalknet.notation.tokens import SourceText, Span

FIT_AS_IT_IS = "A module of another kind can be fitted as it is: give the module itself to fit."


@dataclass(frozen=True)
class Unknown:
    """A value that is known only when the code runs; a name that nothing defines is a symbol.

    Args:
        source: the expression as it was written.
        name: what is called in it, for `Relu()`; empty otherwise.
        of: the layers, chains, objects and x that it is a part of or was made from: of a weight, its layer.
    """

    source: str
    name: str = ""
    of: tuple[object, ...] = ()


@dataclass(frozen=True, eq=False)
class CodeLayer:
    """One layer that the code makes; two names of the same object are the same layer.

    Args:
        span: where it was made.
        step: the step it is; None with a problem.
        takes: the last sizes of the shape that it takes; empty where the call does not say.
        problem: why it is no step, raised once a network needs it.
        in_place: whether it writes its result over x.
        always: for a Dropout, whether it drops in evaluation too.
        gives: for a view, the size that it gives a sample.
        origin: for a copy, the layer that it was copied from.
        kind: its class in `torch.nn`; empty where that is not known.
        inner: the layers that x passes while it goes around them, of a residual block.
        prepares: how it prepares the data, where it is no step of a network: `Rescaling(1/255)`.
        drops_axis: whether it only leaves out the axis of the features, as `x.squeeze(1)` does.
        rows_alone: whether it is the step for samples of one axis alone.
    """

    span: Span
    step: Step | None = None
    takes: Shape = ()
    problem: ChalknetError | None = None
    in_place: bool = False
    always: bool = False
    gives: int | None = None
    origin: CodeLayer | None = None
    kind: str = ""
    drops_axis: bool = False
    inner: tuple[CodeLayer, ...] = ()
    prepares: str = ""
    rows_alone: bool = False


def every(layers: Iterable[CodeLayer]) -> Iterator[CodeLayer]:
    """Yield layers, and those inside residual blocks behind each block."""
    for layer in layers:
        yield layer
        yield from every(layer.inner)


def make_layer(
    source: SourceText, name: str, positional: list[object], keywords: Arguments, span: Span
) -> CodeLayer:
    """Return the layer that a call makes; a mistake in it is raised only when a network uses it.

    Args:
        source: the text, to point into.
        name: the class of `torch.nn`.
        positional: the call's values without a name.
        keywords: the call's values with one.
        span: where the call stands.
    """
    try:
        with source.pointing(span):
            layer = torch_layers().get(name)
            if layer is None:
                raise no_layer(name)
            given = _bind(layer, positional, keywords)
            known = {key: given[key] for key in layer.effective if key in given}
            known |= {key: _width(layer, key, given) for key in layer.widths}
            for key, value in known.items():
                if isinstance(value, Unknown):
                    got = f"{key} = {value.source}, which only running the code would tell"
                    raise _mistake(
                        layer, got, "a number that stands in the text", f"Write the number of {key}."
                    )
            in_place = given.get("inplace", False) is not False
            return CodeLayer(span, layer.make(known), layer.sizes_taken(known), in_place=in_place, kind=name)
    except ChalknetError as problem:
        return CodeLayer(span, problem=problem, kind=name)


def no_layer(name: str) -> ChalknetError:
    """Return the error for a class that is no layer here: a misspelling, or a layer of another kind."""
    layers = [name for name in torch_layers() if name.isidentifier()]
    folded = {known.lower(): known for known in layers}
    spelled = folded.get(name.lower()) or folded.get((activation_name(name) or "").replace("_", ""))
    if spelled or get_close_matches(name.lower(), folded, n=1, cutoff=0.8):
        return unknown_name(name, "layer", name, [spelled] if spelled else layers)
    return CannotExpress(
        where=name,
        got="a layer that no step of a network describes",
        wanted=f"one of {', '.join(layers)}",
        remedy=FIT_AS_IT_IS,
    )


def layer_of_function(name: str) -> TorchLayer | None:
    """Return the layer that a function of x is, such as `F.relu(x)` or `torch.sigmoid(x)`, or None."""
    functions = {layer.function: layer for layer in torch_layers().values() if layer.function}
    return functions.get(name) or functions.get(activation_name(name) or "")  # expit, swish


def _bind(layer: TorchLayer, positional: list[object], keywords: Arguments) -> Arguments:
    if layer.parameters is None:
        return {}
    if len(positional) > len(layer.parameters):
        wanted = f"at most {len(layer.parameters)}: {', '.join(layer.parameters) or 'none'}"
        raise _mistake(layer, f"{len(positional)} arguments", wanted, "Leave out what is too much.")
    given = dict(zip(layer.parameters, positional, strict=False))
    for keyword, value in keywords.items():
        if keyword not in layer.parameters:
            raise unknown_name(layer.name, "argument", keyword, layer.parameters or ("no argument at all",))
        if keyword in given:
            remedy = f"Give {keyword} by place or by name."
            raise _mistake(layer, f"{keyword} twice", "each argument once", remedy)
        given[keyword] = value
    return given


def _width(layer: TorchLayer, argument: str, given: Arguments) -> object:
    if argument not in given:
        raise _mistake(layer, f"no {argument}", "both widths", f"Write {argument}=32, for instance.")
    value = given[argument]
    if isinstance(value, Unknown):  # a name that nothing defines is a symbolic width
        named = re.fullmatch(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*", value.source)  # config.hidden: config_hidden
        return value.source.replace(".", "_") if named else value
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        got, wanted = f"{argument} = {value!r}", "a whole number of at least 1"
        raise _mistake(layer, got, wanted, "Write how many features there are.", InvalidValue)
    return value


def _mistake(
    layer: TorchLayer, got: str, wanted: str, remedy: str, kind: type[ChalknetError] = NotationError
) -> ChalknetError:
    return kind(where=layer.name, got=got, wanted=wanted, remedy=remedy)
