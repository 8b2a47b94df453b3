"""The widths `?` at the ends of a network: as many features and outputs as the data has."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TypeVar

from chalknet.data import Source, target_blocks
from chalknet.errors import Unsettled
from chalknet.hardware.categories import with_categories
from chalknet.network import UNKNOWN_WIDTH, Linear, Network
from chalknet.planning import Loss

T = TypeVar("T")


def with_widths(model: T, source: Source, loss: Loss) -> T | Network:
    """Return a network with the widths `?` at its ends taken from data; anything else as it is.

    Args:
        model: a network, or a module, which has its widths.
        source: as it was prepared: the number of its features is the width of x, that of its targets, or of
            their classes, the width of yhat.
        loss: says whether targets are classes.

    Raises:
        Unsettled: for a width that the data does not tell.
    """
    if not isinstance(model, Network):
        return model
    network = with_categories(model, source)
    if UNKNOWN_WIDTH not in network.symbols:
        return network
    steps = list(network.steps)
    if network.input_shape == (UNKNOWN_WIDTH,):
        network = replace(network, input_shape=(prod(source.x_shape),))
    for place in reversed(range(len(steps))):
        step = steps[place]
        if isinstance(step, Linear):  # the last one gives yhat its width
            if step.out_features == UNKNOWN_WIDTH:
                steps[place] = replace(step, out_features=_outputs(network, source, loss))
            break
    network = replace(network, steps=tuple(steps))
    if UNKNOWN_WIDTH in network.symbols:
        raise Unsettled(
            where=f"network {network.name}",
            got="a width ? in its middle",
            wanted="a number there: the data tells the widths of x and yhat alone",
            remedy="Write how many features there are to be, such as 32.",
        )
    return network


def _outputs(network: Network, source: Source, loss: Loss) -> int:
    """Return how many numbers yhat has for a sample."""
    if loss.target != "class":
        return loss.outputs * prod(source.y_shape)
    found = source.preparation
    if found is not None and found.classes:
        return len(found.y[0].words or ())
    parts = [source, *([source.held_out] if source.held_out is not None else [])]
    largest = [int(y.max()) for part in parts for _, y in target_blocks(part)]
    if not largest:
        raise Unsettled(
            where=f"network {network.name}",
            got=f"the width ? of yhat, for {source.name}, whose classes are not counted beforehand",
            wanted="the number of classes",
            remedy="Write it in the place of the last ?.",
        )
    return max(2, max(largest) + 1)
