"""What a listing of layers does not show: the functions that a forward applies between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalknet.network import Activation, Dropout, Linear, Network, Step
from chalknet.notation.torch_layers import CodeLayer

UNKNOWN = Activation("?")


def with_unknown(
    layers: Sequence[CodeLayer], *, after_last: bool, groups: Sequence[object] = ()
) -> tuple[list[CodeLayer], int]:
    """Return layers with an unknown activation behind each linear map that no activation follows.

    Args:
        layers: in their order.
        after_last: whether also behind the last linear map.
        groups: for each layer, the chain that it is in; nothing is between two layers of one. None for none.

    Returns:
        The layers, and how many activations were put in.
    """
    groups = groups or [None] * len(layers)
    filled: list[CodeLayer] = []
    for place, layer in enumerate(layers):
        filled.append(layer)
        if not isinstance(layer.step, Linear):
            continue
        behind = next((at for at in range(place + 1, len(layers)) if not _passes(layers[at].step)), None)
        if behind is None:
            unknown = after_last
        else:
            chained = groups[place] is not None and groups[place] == groups[behind]
            unknown = isinstance(layers[behind].step, Linear) and not chained
        if unknown:
            filled.append(replace(layer, step=UNKNOWN, takes=()))
    return filled, len(filled) - len(layers)


def settles(network: Network) -> str:
    """Return how the unknown activations of a network are named."""
    last = network.steps[-1] == UNKNOWN
    example = ["relu"] * (len(network.unsettled) - last) + ["linear"] * last
    return f"name them with --activation {','.join(example)}, or network.settle(...)"


def _passes(step: Step | None) -> bool:
    return step is None or isinstance(step, Dropout)
