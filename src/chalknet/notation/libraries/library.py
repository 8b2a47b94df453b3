"""What a library besides torch calls its layers and activations: rows, from a call to steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TypeAlias

from chalknet.errors import CannotExpress, ChalknetError, InvalidValue, NotationError, unknown_name
from chalknet.network import (
    Activation,
    BatchNorm,
    Dropout,
    Flatten,
    LayerNorm,
    Linear,
    Shape,
    Size,
    Step,
    activation_name,
)
from chalknet.notation.tokens import Span
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_values import Call, CodeChain, Function

Given: TypeAlias = Mapping[str, object]


@dataclass(frozen=True)
class Piece:
    """What one call contributes: a step, and the sizes that must arrive at it; without a step an input.

    Args:
        step: the step.
        takes: the last sizes of the shape that it takes.
        always: for a Dropout, whether it drops in evaluation too.
        prepares: how it prepares the data, where it is no step.
    """

    step: Step | None
    takes: Shape = ()
    always: bool = False
    prepares: str = ""
    rows_alone: bool = False  # whether it is the step for samples of one axis alone


@dataclass(frozen=True)
class LayerRow:
    """A class of a library that is read as steps.

    Args:
        parameters: the names of its parameters, in the library's order.
        make: the pieces that it is, of the library and the arguments that are given, by name.
        further: keywords that say nothing about the steps, as a pattern.
    """

    parameters: tuple[str, ...]
    make: Callable[[Library, Given], Iterable[Piece]]
    further: str = r"name|dtype|trainable|key|rngs|param_dtype|precision|parent|seed|promote_dtype|\w+_init"


@dataclass(frozen=True)
class Library:
    """A library whose layers are read.

    Args:
        name: what it is called in errors.
        layers: its classes by name.
        activations: names of its activations that are not those of the table here, or have other options.
        refused: names that the table here has, for another function.
    """

    name: str
    layers: Mapping[str, LayerRow]
    activations: Mapping[str, Activation] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()

    def activation(self, name: str) -> Activation | None:
        """Return the activation that the library calls so, or None."""
        kind = None if name in self.refused else activation_name(name)
        known = self.activations.get(name.lower())
        if known is None and kind not in (None, "h", "?"):
            known = Activation(kind)
        return known

    def named(self, value: object) -> list[Piece]:
        """Return the pieces of an argument `activation=`.

        Raises:
            CannotExpress: for a function that is none of the table.
            NotationError: for a value that is known only when the code runs.
        """
        if value is None:
            return []
        if isinstance(value, CodeLayer) and (value.step is not None or value.problem is not None):
            if value.problem is not None:
                raise value.problem
            return [Piece(value.step)]
        name = value if isinstance(value, str) else str(getattr(value, "last", getattr(value, "source", "")))
        step = self.activation(name) if name else None
        if step is not None:
            return [] if step.kind == "identity" else [Piece(step)]
        if isinstance(value, Unknown):
            raise NotationError(
                where=self.name,
                got=f"activation={value.source}, which only running the code would tell",
                wanted="the name of an activation",
                remedy='Write activation="relu", for instance.',
            )
        shown = value.node.name if isinstance(value, Function) else name or value
        raise self.no_step(f"the activation {shown}")

    def no_step(self, what: str) -> ChalknetError:
        """Return the error for a layer or a function that no step describes."""
        return CannotExpress(
            where=self.name,
            got=f"{what}, which no step of a network describes",
            wanted=f"one of {', '.join(self.layers)}, and the activations relu, sigmoid, tanh, ...",
            remedy="Leave it out, or fit a torch module that has it: chalknet fits a module as it is.",
        )

    def make(self, name: str, call: Call) -> CodeLayer | CodeChain:
        """Return the layer that a call makes; a mistake in it is raised only when a network uses it."""
        source, span = call.source, call.span
        try:
            with source.pointing(span):
                row = self.layers.get(name)
                if row is None:
                    raise self._no_layer(name)
                pieces = list(row.make(self, self._bound(name, row, call)))
        except ChalknetError as problem:
            return CodeLayer(span, problem=problem, kind=name)
        made = [
            CodeLayer(
                span,
                piece.step,
                piece.takes,
                always=piece.always,
                kind=f"{self.name} {name}",
                prepares=piece.prepares,
                rows_alone=piece.rows_alone,
            )
            for piece in pieces
        ]
        return made[0] if len(made) == 1 else CodeChain.of(span, made, layer=True)

    def _no_layer(self, name: str) -> ChalknetError:
        folded = {known.lower(): known for known in self.layers}
        if near := get_close_matches(name.lower(), folded, 1, cutoff=0.8):
            return unknown_name(self.name, "layer", name, [folded[near[0]]])
        return self.no_step(f"the layer {name}")

    def _bound(self, name: str, row: LayerRow, call: Call) -> Given:
        given = dict(zip(row.parameters, call.positional, strict=False))
        for keyword, value in call.keywords.items():
            if keyword not in row.parameters and not re.fullmatch(f"(?:{row.further})", keyword):
                raise unknown_name(f"{self.name}, {name}", "argument", keyword, row.parameters)
            given[keyword] = value
        return given


def width(given: Given, name: str) -> Size:
    """Return an argument that is a number of features; a name that nothing defines is a symbol.

    Raises:
        NotationError, InvalidValue: for one that is missing, or no such number.
    """
    value = given.get(name)
    if isinstance(value, Unknown) and value.source.isidentifier():
        return value.source
    if isinstance(value, Unknown):
        shown = f"{value.source}, which only running the code would tell"
        raise NotationError(
            where=name,
            got=shown,
            wanted="a number that stands in the text",
            remedy=f"Write the number of {name}.",
        )
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidValue(
            where=name,
            got="no width" if value is None else repr(value),
            wanted="a whole number of at least 1",
            remedy="Write how many features there are.",
        )
    return value


def truth(given: Given, name: str, default: bool = True) -> bool:
    """Return an argument that is True or False.

    Raises:
        NotationError: for one that is known only when the code runs.
    """
    value = given.get(name, default)
    if isinstance(value, Unknown):
        raise NotationError(
            where=name,
            got=f"{name}={value.source}, which only running the code would tell",
            wanted="True or False",
            remedy=f"Write {name}=True or {name}=False.",
        )
    return bool(value)


def number(given: Given, name: str, default: float | None = None) -> float:
    """Return an argument that is a number.

    Raises:
        NotationError: for one that is not there, or known only when the code runs.
    """
    value = given.get(name, default)
    if not isinstance(value, int | float):
        shown = "nothing" if value is None else getattr(value, "source", repr(value))
        raise NotationError(
            where=name,
            got=shown,
            wanted="a number that stands in the text",
            remedy=f"Write {name}=0.5, for instance.",
        )
    return float(value)


def linear(out: str, bias: str, takes: str = "") -> Callable[[Library, Given], list[Piece]]:
    """Return the maker of a linear map, by the names of its arguments.

    Args:
        out: how many features it gives.
        bias: whether it has a constant.
        takes: how many features it takes; empty where the call does not say.
    """

    def make(library: Library, given: Given) -> list[Piece]:
        arriving = (width(given, takes),) if takes else ()
        step = Linear(width(given, out), bias=truth(given, bias))
        return [Piece(step, arriving), *library.named(given.get("activation"))]

    return make


def dropout(*names: str, default: float | None = None) -> Callable[[Library, Given], list[Piece]]:
    """Return the maker of a Dropout, whose probability has one of some names."""

    def make(library: Library, given: Given) -> list[Piece]:
        name = next((name for name in names if name in given), names[0])
        off = given.get("deterministic", given.get("inference"))
        if off is True:
            return []
        return [
            Piece(Dropout(number(given, name, default)), always=off is False and "inference" not in given)
        ]

    return make


def norm(
    kind: type[BatchNorm | LayerNorm], affine: str, bias: str, eps: float, takes: str = ""
) -> Callable[[Library, Given], list[Piece]]:
    """Return the maker of a norm over the last axis.

    Args:
        kind: which one.
        affine: the argument that says whether it has factors.
        bias: the one that says whether it has shifts.
        eps: the library's default of `epsilon`.
        takes: how many features it takes; empty where the call does not say.
    """

    def make(library: Library, given: Given) -> list[Piece]:
        scaled, shifted = truth(given, affine), truth(given, bias)
        axes = [given.get(name, -1) for name in ("axis", "reduction_axes", "feature_axes")]
        others = [axis for axis in axes if axis not in (-1, 1, [-1], [1], (-1,), (1,))]
        name = kind.__name__
        if others:
            raise library.no_step(f"a {name} over the axis {others[0]}")
        if truth(given, "rms_scaling", False):
            raise library.no_step(f"a {name} without a mean")
        if shifted and not scaled:
            raise library.no_step(f"a {name} with shifts and without factors")
        step = kind(eps=number(given, "epsilon", eps), affine=scaled, bias=shifted)
        if isinstance(step, BatchNorm):  # torch's momentum is the share of what is new
            step = replace(step, momentum=round(1 - number(given, "momentum", 0.99), 15))
        return [
            Piece(
                step,
                (width(given, takes),) if takes else (),
                rows_alone=any(axis in (1, [1], (1,)) for axis in axes),
            )
        ]

    return make


def fixed(step: Step) -> Callable[[Library, Given], list[Piece]]:
    """Return the maker of a step that takes no argument."""
    return lambda library, given: [Piece(step)]


FLATTEN = fixed(Flatten())


def as_layer(library: Library, name: str, span: Span) -> CodeLayer | None:
    """Return the layer that a function of x is, or None."""
    step = library.activation(name)
    return None if step is None else CodeLayer(span, step, kind=f"{library.name} {name}")
