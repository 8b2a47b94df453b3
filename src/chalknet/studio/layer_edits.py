"""Edits of a network in its picture: change a width or an activation, add or remove a layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import chalknet as cn

# The activations offered, with the package's names.
ACTIVATIONS = (
    "none", "relu", "sigmoid", "tanh", "leaky_relu", "elu", "gelu", "silu", "softplus", "mish", "hardswish",
    "selu", "relu6", "hardsigmoid", "softsign", "softmax", "log_softmax",
)  # fmt: skip
_FIRST_WIDTH = 8  # of a layer added after the input
MOST_WIDTH = 100_000  # for edits in the picture; text may have more


@dataclass(frozen=True)
class LayerPart:
    """One layer in a picture: the input, or a linear map with the steps after it.

    Args:
        number: 0 for the input, then 1 for the first linear map.
        begin: the index of its first step in the network.
        end: the index after its last step.
        width: the number of its features; None if it is a symbol or the input has several axes.
        shape: the shape of one sample after it.
        activation: the name of its first activation; "none" without one.
        parameters: the number in all its steps; None if a width is a symbol.
        steps: a description of each step.
    """

    number: int
    begin: int
    end: int
    width: int | None
    shape: tuple[int | str, ...]
    activation: str
    parameters: int | None
    steps: tuple[str, ...]


def layers_of(network: cn.Network) -> list[LayerPart]:
    """Return the layers of a network, the input first."""
    visits = list(network.walk())
    starts = [0, *(place for place, visit in enumerate(visits) if isinstance(visit.step, cn.Linear))]
    ends = [*starts[1:], len(visits)]
    parts = []
    for number, (begin, end) in enumerate(zip(starts, ends, strict=True)):
        own = visits[begin:end]
        shape = own[-1].output_shape if own else network.input_shape
        first = network.input_shape if number == 0 else own[0].output_shape
        width = first[0] if len(first) == 1 and isinstance(first[0], int) else None
        counts = [visit.step.parameters(visit.input_shape) for visit in own]
        known = None if None in counts else sum(count or 0 for count in counts)
        names = [visit.step.kind for visit in own if isinstance(visit.step, cn.Activation)]
        words = tuple(_word(visit.step) for visit in own if not isinstance(visit.step, cn.Linear))
        parts.append(LayerPart(number, begin, end, width, shape, names[0] if names else "none", known, words))
    return parts


def with_width(network: cn.Network, layer: int, width: int) -> cn.Network:
    """Return the network with a new width for a layer; 0 is the input.

    Raises:
        InvalidValue, ShapeMismatch: if a later step cannot take that width.
    """
    width = max(1, min(MOST_WIDTH, width))
    if layer == 0:
        return _changed(network, network.steps, (width,))
    begin = layers_of(network)[layer].begin
    linear = replace(_linear(network, begin), out_features=width)
    return _changed(network, (*network.steps[:begin], linear, *network.steps[begin + 1 :]))


def with_activation(network: cn.Network, layer: int, kind: str) -> cn.Network:
    """Return the network with a new activation for a layer; "none" removes it."""
    part = layers_of(network)[layer]
    own = list(network.steps[part.begin : part.end])
    places = [place for place, step in enumerate(own) if isinstance(step, cn.Activation)]
    new = [] if kind == "none" else [cn.Activation(kind)]
    place = places[0] if places else min(1, len(own))
    own[place : place + len(places[:1])] = new
    return _changed(network, (*network.steps[: part.begin], *own, *network.steps[part.end :]))


def with_layer(network: cn.Network, behind: int) -> cn.Network:
    """Return the network with a copy of a layer (same width and activation) added after it."""
    part = layers_of(network)[behind]
    width = _FIRST_WIDTH if behind == 0 or part.width is None else part.width
    kind = "relu" if part.activation == "none" or behind == 0 else part.activation
    new = (cn.Linear(width), cn.Activation(kind))
    return _changed(network, (*network.steps[: part.end], *new, *network.steps[part.end :]))


def without_layer(network: cn.Network, layer: int) -> cn.Network:
    """Return the network without a layer; the only remaining one is kept."""
    parts = layers_of(network)
    if layer == 0 or len(parts) <= 2:
        return network
    part = parts[layer]
    return _changed(network, (*network.steps[: part.begin], *network.steps[part.end :]))


def edited(network: cn.Network, edit: Mapping[str, Any]) -> cn.Network:
    """Return the network after an edit sent by the page.

    Args:
        network: the network to edit.
        edit: `kind` ("width", "activation", "add", "remove"), `layer`, and `value` for the first two.

    Raises:
        ChalknetError: for an edit that the network does not allow.
    """
    layer = int(edit["layer"])
    if not 0 <= layer < len(layers_of(network)):
        return network
    return {
        "width": lambda: with_width(network, layer, int(edit["value"])),
        "activation": lambda: with_activation(network, layer, str(edit["value"])),
        "add": lambda: with_layer(network, layer),
        "remove": lambda: without_layer(network, layer),
    }[str(edit["kind"])]()


def _linear(network: cn.Network, place: int) -> cn.Linear:
    step = network.steps[place]
    assert isinstance(step, cn.Linear)
    return step


def _changed(
    network: cn.Network, steps: tuple[Any, ...], input_shape: tuple[int | str, ...] | None = None
) -> cn.Network:
    """Return it with other steps, without the weights, notes and roles, which belong to the old ones."""
    return replace(
        network,
        steps=steps,
        input_shape=input_shape or network.input_shape,
        notes=(),
        weights={},
        account=None,
    )


def _word(step: object) -> str:
    return step.kind if isinstance(step, cn.Activation) else type(step).__name__


def fields_of(network: cn.Network) -> Iterator[dict[str, Any]]:
    """Yield the data of each layer that the page's picture needs, as JSON."""
    parts = layers_of(network)
    for part in parts:
        yield {
            "number": part.number,
            "width": part.width,
            "shape": " × ".join(map(str, part.shape)),
            "activation": part.activation,
            "parameters": part.parameters,
            "steps": list(part.steps),
            "first": part.begin,
            "last": part.end,
            "removable": part.number > 0 and len(parts) > 2,
        }
