"""The layers of `torch.nn` that a text can name, a row each: its parameters and the step it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from chalknet.errors import CannotExpress, ChalknetError, InvalidValue, NotationError, unknown_name
from chalknet.network import (
    ACTIVATIONS,
    Activation,
    ActivationKind,
    Dropout,
    Flatten,
    Linear,
    Size,
    Step,
    activation_name,
)
from chalknet.notation.tokens import Source, Span


@dataclass(frozen=True)
class Unknown:
    """A value that only running the code would tell; a name that nothing defines is a symbol.

    Args:
        source: the expression as it was written.
        name: what is called in it, for `Relu()`; empty otherwise.
    """

    source: str
    name: str = ""


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer as it was met; two names of the same object are the same layer.

    Args:
        span: where it was made.
        step: the step it is; None with a problem.
        in_features: the width a Linear says it takes.
        problem: why it is no step, raised once a network needs it.
    """

    span: Span
    step: Step | None = None
    in_features: Size | None = None
    problem: ChalknetError | None = None


Given: TypeAlias = Mapping[str, object]


@dataclass(frozen=True)
class LayerKind:
    """What a class of `torch.nn` takes, in torch's order, and the layer it makes."""

    parameters: tuple[str, ...]
    make: Callable[[str, Given, Span], Layer]


def make_layer(source: Source, name: str, positional: list[object], keywords: Given, span: Span) -> Layer:
    """Return the layer that a call makes; what is wrong with it is kept until a network needs it.

    Args:
        source: the text, to point into.
        name: the class of `torch.nn`.
        positional: the call's values without a name.
        keywords: the call's values with one.
        span: where the call stands.
    """
    try:
        with source.pointing(span):
            kind = layer_kind(name)
            if kind is None:
                raise no_layer(name)
            return kind.make(name, _bind(name, kind, positional, keywords), span)
    except ChalknetError as problem:
        return Layer(span, problem=problem)


def no_layer(name: str) -> ChalknetError:
    """Return the error for a class that is no layer here: a slip of the pen, or a layer of another kind."""
    known = (*_LAYERS, *(row.torch_class for row in ACTIVATIONS.values() if _is_of_torch(row)))
    folded = {layer.lower(): layer for layer in known}
    spelled = folded.get(name.lower()) or folded.get((activation_name(name) or "").replace("_", ""))
    if spelled or get_close_matches(name.lower(), folded, n=1, cutoff=0.8):
        return unknown_name(name, "layer", name, [spelled] if spelled else known)
    return CannotExpress(
        where=name,
        got="a layer that no step of a network describes",
        wanted=f"one of {', '.join(known)}",
        remedy="A module of another kind can be fitted as it is: give the module itself to fit.",
    )


def _bind(name: str, kind: LayerKind, positional: list[object], keywords: Given) -> Given:
    if name == "Identity":  # takes anything and ignores it
        return {}
    if len(positional) > len(kind.parameters):
        raise NotationError(
            where=name,
            got=f"{len(positional)} arguments",
            wanted=f"at most {len(kind.parameters)}: {', '.join(kind.parameters) or 'none'}",
            remedy="Leave out what is too much.",
        )
    given = dict(zip(kind.parameters, positional, strict=False))
    for keyword, value in keywords.items():
        if keyword not in kind.parameters:
            raise unknown_name(name, "argument", keyword, kind.parameters or ("no argument at all",))
        if keyword in given:
            raise NotationError(
                where=name,
                got=f"{keyword} twice",
                wanted="each argument once",
                remedy=f"Give {keyword} by place or by name.",
            )
        given[keyword] = value
    return given


def _known(name: str, argument: str, value: object) -> object:
    if isinstance(value, Unknown):
        raise NotationError(
            where=name,
            got=f"{argument} = {value.source}, which only running the code would tell",
            wanted="a number that stands in the text",
            remedy=f"Write the number of {argument}.",
        )
    return value


def _width(name: str, argument: str, given: Given) -> Size:
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
    value = _known(name, argument, value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidValue(
            where=name,
            got=f"{argument} = {value!r}",
            wanted="a whole number of at least 1",
            remedy="Write how many features there are.",
        )
    return value


def _linear(name: str, given: Given, span: Span) -> Layer:
    width = _width(name, "out_features", given)
    in_features = _width(name, "in_features", given) if name == "Linear" else None
    bias = _known(name, "bias", given.get("bias", True))
    return Layer(span, Linear(width, bias=bool(bias)), in_features)


def _dropout(name: str, given: Given, span: Span) -> Layer:
    return Layer(span, Dropout(_known(name, "p", given.get("p", 0.5))))  # type: ignore[arg-type]


def _flatten(name: str, given: Given, span: Span) -> Layer:
    axes = given.get("start_dim", 1), given.get("end_dim", -1)
    if axes != (1, -1):
        raise InvalidValue(
            where=name,
            got=f"start_dim={axes[0]!r}, end_dim={axes[1]!r}",
            wanted="all axes of a sample in one row, start_dim=1 and end_dim=-1",
            remedy="Write Flatten().",
        )
    return Layer(span, Flatten())


def _activation(name: str, given: Given, span: Span) -> Layer:
    row = ACTIVATIONS[activation_name(name) or name]
    axis = _known(name, "dim", given.get("dim"))
    if not row.elementwise and axis not in (None, 1, -1):
        raise InvalidValue(
            where=name,
            got=f"dim={axis!r}",
            wanted="dim=1 or dim=-1, over the features",
            remedy="Over the batch, the samples would no longer be mapped one by one.",
        )
    options = {option: _known(name, option, given[option]) for option in row.options if option in given}
    return Layer(span, Activation(row.name, options))  # type: ignore[arg-type]


_PLACE = ("device", "dtype")
_LAYERS: Mapping[str, LayerKind] = {
    "Linear": LayerKind(("in_features", "out_features", "bias", *_PLACE), _linear),
    "LazyLinear": LayerKind(("out_features", "bias", *_PLACE), _linear),
    "Dropout": LayerKind(("p", "inplace"), _dropout),
    "Flatten": LayerKind(("start_dim", "end_dim"), _flatten),
}


def layer_kind(name: str) -> LayerKind | None:
    """Return what a class of `torch.nn` takes and makes; None for a class that is no step."""
    row = next((row for row in ACTIVATIONS.values() if row.torch_class == name and _is_of_torch(row)), None)
    return LayerKind(row.parameters, _activation) if row else _LAYERS.get(name)


def class_of_function(name: str) -> str | None:
    """Return the class of the step that a function of x is, as in `F.relu(x)`, or None."""
    row = ACTIVATIONS.get(activation_name(name) or "")
    if name == "dropout":
        return "Dropout"
    return row.torch_class if row and row.name != "identity" and _is_of_torch(row) else None


def _is_of_torch(row: ActivationKind) -> bool:
    return row.settled and "." not in row.torch_class
