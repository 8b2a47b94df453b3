"""The layers that PyTorch code makes, each read as the step it is by the table of `torch.nn`'s classes."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from chalknet.errors import CannotExpress, ChalknetError, InvalidValue, NotationError, unknown_name
from chalknet.network import Arguments, Shape, Size, Step, TorchLayer, activation_name, torch_layers
from chalknet.notation.tokens import SourceText, Span


@dataclass(frozen=True)
class Unknown:
    """A value that is known only when the code runs; a name that nothing defines is a symbol.

    Args:
        source: the expression as it was written.
        name: what is called in it, for `Relu()`; empty otherwise.
    """

    source: str
    name: str = ""


@dataclass(frozen=True, eq=False)
class CodeLayer:
    """One layer that the code makes; two names of the same object are the same layer.

    Args:
        span: where it was made.
        step: the step it is; None with a problem.
        takes: the last sizes of the shape that it takes; empty where the call does not say.
        problem: why it is no step, raised once a network needs it.
    """

    span: Span
    step: Step | None = None
    takes: Shape = ()
    problem: ChalknetError | None = None


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
            known = {key: _known(layer, key, given.get(key)) for key in layer.effective if key in given}
            widths = {key: _width(name, key, given) for key in layer.widths}
            step = layer.make({**known, **widths})
            return CodeLayer(span, step, layer.sizes_taken({**known, **widths}))
    except ChalknetError as problem:
        return CodeLayer(span, problem=problem)


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
        remedy="A module of another kind can be fitted as it is: give the module itself to fit.",
    )


def layer_of_function(name: str) -> TorchLayer | None:
    """Return the layer that a function of x is, such as `F.relu(x)` or `torch.sigmoid(x)`, or None."""
    functions = {layer.function: layer for layer in torch_layers().values() if layer.function}
    return functions.get(name) or functions.get(activation_name(name) or "")


def _bind(layer: TorchLayer, positional: list[object], keywords: Arguments) -> Arguments:
    if layer.parameters is None:
        return {}
    if len(positional) > len(layer.parameters):
        raise NotationError(
            where=layer.name,
            got=f"{len(positional)} arguments",
            wanted=f"at most {len(layer.parameters)}: {', '.join(layer.parameters) or 'none'}",
            remedy="Leave out what is too much.",
        )
    given = dict(zip(layer.parameters, positional, strict=False))
    for keyword, value in keywords.items():
        if keyword not in layer.parameters:
            raise unknown_name(layer.name, "argument", keyword, layer.parameters or ("no argument at all",))
        if keyword in given:
            raise NotationError(
                where=layer.name,
                got=f"{keyword} twice",
                wanted="each argument once",
                remedy=f"Give {keyword} by place or by name.",
            )
        given[keyword] = value
    return given


def _known(layer: TorchLayer, argument: str, value: object) -> object:
    if isinstance(value, Unknown) and argument not in layer.widths:
        raise _refuse_unknown(layer.name, argument, value)
    return value


def _refuse_unknown(name: str, argument: str, value: Unknown) -> NotationError:
    return NotationError(
        where=name,
        got=f"{argument} = {value.source}, which only running the code would tell",
        wanted="a number that stands in the text",
        remedy=f"Write the number of {argument}.",
    )


def _width(name: str, argument: str, given: Arguments) -> Size:
    if argument not in given:
        raise NotationError(
            where=name,
            got=f"no {argument}",
            wanted="both widths",
            remedy=f"Write {argument}=32, for instance.",
        )
    value = given[argument]
    if isinstance(value, Unknown) and value.source.isidentifier():
        return value.source  # a name that nothing defines: a symbolic width
    if isinstance(value, Unknown):
        raise _refuse_unknown(name, argument, value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidValue(
            where=name,
            got=f"{argument} = {value!r}",
            wanted="a whole number of at least 1",
            remedy="Write how many features there are.",
        )
    return value
