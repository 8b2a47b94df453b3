"""Which weight each edge of a drawn network stands for, so that a fit can colour it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import NamedTuple
from zlib import crc32

import numpy as np

import chalknet as cn
from chalknet.studio.features import Array
from chalknet.studio.layer_edits import layers_of

_EDGE = re.compile(r'<[a-z]+ class="edge [^"]*" id="([^"]+)"')
_BIAS = "bias"
# The ids of the edges that stand for a weight, by dialect: the layer, its output and its input. Nodes of a
# layer count from 1, states of a formula from 0.
_LAYER_NODES = re.compile(r"layer\d+-node(?P<input>\d+)--layer(?P<layer>\d+)-node(?P<output>\d+)")
_STATES = re.compile(r".+-(?P<input>\d+|bias)--u(?P<layer>\d+)-(?P<output>\d+)")
_SUM = re.compile(r"(?:one(?:-\w+)?|x(?:-\w+)?-(?P<input>\d+))--sum(?:-\w+)?")


class EdgeWeight(NamedTuple):
    """The place of an edge's weight.

    Args:
        layer: the number of the linear map, from 1.
        output: the row of its weight.
        input: the column of its weight; None for the bias of the row.
    """

    layer: int
    output: int
    input: int | None


@dataclass(frozen=True)
class DrawnEdges:
    """The edges of a picture that stand for weights.

    Args:
        network: the network that is drawn.
        ids: of the edges in the picture.
        places: of their weights, in the same order.
    """

    network: cn.Network
    ids: tuple[str, ...]
    places: tuple[EdgeWeight, ...]

    @classmethod
    def of(cls, network: cn.Network, svg: str) -> DrawnEdges:
        """Return those of a picture of the network; none in a style whose edges are no weights."""
        found = {name: edge_weight(name) for name in map(unescape, _EDGE.findall(svg))}
        kept = {name: place for name, place in found.items() if place is not None}
        return cls(network, tuple(kept), tuple(kept.values()))

    @property
    def version(self) -> int:
        """Return a number that other edges do not have."""
        return crc32(" ".join(self.ids).encode())

    def weights(self, weights: Mapping[str, Array]) -> Array:
        """Return the weight of each edge, `(edges,)` of float32.

        Args:
            weights: of the network that is drawn, by the names of its module.
        """
        layers = layers_of(self.network)
        found = np.empty(len(self.places), np.float32)
        for number, place in enumerate(self.places):
            step = layers[place.layer].begin
            if place.input is None:
                found[number] = weights[f"{step}.bias"][place.output]
            else:
                found[number] = weights[f"{step}.weight"][place.output, place.input]
        return found


def edge_weight(name: str) -> EdgeWeight | None:
    """Return the place of the weight for which an edge stands; None for an edge without one.

    Args:
        name: the id of the edge.

    Example:
        >>> edge_weight("layer0-node2--layer1-node3")
        EdgeWeight(layer=1, output=2, input=1)
        >>> edge_weight("v1-bias--u2-0")
        EdgeWeight(layer=2, output=0, input=None)
        >>> edge_weight("u1-0--v1-0")
    """
    if found := _LAYER_NODES.fullmatch(name):
        return EdgeWeight(int(found["layer"]), int(found["output"]) - 1, int(found["input"]) - 1)
    if found := _STATES.fullmatch(name):
        input_ = None if found["input"] == _BIAS else int(found["input"])
        return EdgeWeight(int(found["layer"]), int(found["output"]), input_)
    if found := _SUM.fullmatch(name):
        return EdgeWeight(1, 0, None if found["input"] is None else int(found["input"]) - 1)
    return None
