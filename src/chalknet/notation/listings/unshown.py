"""What a listing of layers does not show: the functions between them, and widths that have no number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chalknet.network import Activation, BatchNorm, Dropout, LayerNorm, Linear, Network, Step
from chalknet.notation.torch_layers import CodeLayer

UNKNOWN = Activation("?")
_NORMS = BatchNorm | LayerNorm


def with_unknown(
    layers: Sequence[CodeLayer], *, after_last: bool, groups: Sequence[object] = (), in_map: bool = False
) -> tuple[list[CodeLayer], int]:
    """Return layers with an unknown activation behind each linear map that no activation follows.

    Args:
        layers: in their order.
        after_last: whether also behind the last linear map.
        groups: for each layer, the chain that it is in; nothing is between two layers of one. None for none.
        in_map: whether a map may have its activation within it, as Dense has: before a norm behind it.

    Returns:
        The layers, and how many activations were put in.
    """
    groups = groups or [None] * len(layers)
    filled: list[CodeLayer] = []
    due: CodeLayer | None = None  # an unknown activation behind the norms that follow its map
    for place, layer in enumerate(layers):
        if due is not None and not isinstance(layer.step, _NORMS):
            filled.append(due)
            due = None
        filled.append(layer)
        if not isinstance(layer.step, Linear):
            continue
        behind = next((at for at in range(place + 1, len(layers)) if not _passes(layers[at].step)), None)
        if behind is None:
            unknown = after_last
        else:
            chained = groups[place] is not None and groups[place] == groups[behind]
            unknown = isinstance(layers[behind].step, Linear) and not chained
        due = replace(layer, step=UNKNOWN, takes=()) if unknown else None
        if due is not None and in_map:
            filled.append(due)
            due = None
    filled += [due] if due is not None else []
    return filled, len(filled) - len(layers)


def settles(network: Network) -> str:
    """Return how the unknown activations of a network are named."""
    last = network.steps[-1] == UNKNOWN
    example = ["relu"] * (len(network.unsettled) - last) + ["linear"] * last
    return f"name them with --activation {','.join(example)}, or network.settle(...)"


def _passes(step: Step | None) -> bool:
    return step is None or isinstance(step, Dropout | _NORMS)


def joined(layers: Sequence[CodeLayer]) -> list[CodeLayer]:
    """Return layers with one name for each unknown width, of what leaves one map and arrives at the next.

    Args:
        layers: in their order; of a linear map, `kind` is the name of its weights.
    """
    made: list[CodeLayer] = []
    before: int | None = None
    for layer in layers:
        if isinstance(layer.step, Linear):
            if before is not None:
                layer, made[before] = _met(layer, made[before])
            before = len(made)
        made.append(layer)
    return made


def _met(layer: CodeLayer, before: CodeLayer) -> tuple[CodeLayer, CodeLayer]:
    """Return a linear map and the one before it, the unknown width between them under one name."""
    assert isinstance(before.step, Linear)
    if layer.takes == (named_end(layer.kind, "in"),):
        return replace(layer, takes=(before.step.out_features,)), before
    if before.step.out_features == named_end(before.kind, "out"):
        return layer, replace(before, step=replace(before.step, out_features=layer.takes[0]))
    return layer, before


def named_end(weight: str, end: str) -> str:
    """Return the symbol for an unknown width of a weight, of its `in` or its `out`."""
    return f"{re.sub(r'[^0-9A-Za-z]+', '_', weight).strip('_')}_{end}"
