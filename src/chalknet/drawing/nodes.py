"""D9, D10, D11: each pair u→v as one node, a column a layer, a frame around each."""

from __future__ import annotations

from collections.abc import Iterator

from chalknet.drawing.diagram import Diagram, Edge, Frame, Node, dense, from_one, shown_indices, units
from chalknet.drawing.layers import DrawnLayer, layer_title, layers_of
from chalknet.drawing.style import Style
from chalknet.drawing.weights import ShownWeights
from chalknet.network import Network


def draw_nodes(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D9: `X` → `node1`, `node2` → `yhat` in frames `Layer 1: relu`."""
    return _draw(network, style, weights, _NodeNames("X", "node", "layer", "D9"))


def draw_features_as_nodes(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D10: D9 with `feature1`, since a layer has as many nodes as features."""
    return _draw(network, style, weights, _NodeNames("X", "feature", "layer", "D10"))


def draw_input_hidden_output(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D11: frames `Input Layer`, `Hidden Layer: relu`, `Output Layer: sigmoid`."""
    return _draw(network, style, weights, _NodeNames("x", "node", "role", "D11"))


class _NodeNames:
    """What a dialect calls its nodes and frames."""

    def __init__(self, x: str, node: str, titles: str, dialect: str) -> None:
        self.x, self.node, self.titles, self.dialect = x, node, titles, dialect

    def label(self, layer: DrawnLayer, index: int | str, style: Style) -> str:
        """Return the name of one node."""
        base = {"input": style.node_names.get("x", self.x), "hidden": style.node_names.get("node", self.node)}
        name = base.get(layer.role, style.node_names.get("yhat", r"\hat{y}"))
        if layer.width == 1 and layer.role != "hidden":
            return name
        return _indexed(name, from_one(index))


def _indexed(name: str, index: str) -> str:
    return f"{name}_{{{index}}}" if len(name) == 1 or "hat" in name else f"{name}{index}"


def _draw(network: Network, style: Style, weights: ShownWeights, names: _NodeNames) -> Diagram:
    layers = layers_of(network, names.dialect)
    columns: list[tuple[Node, ...]] = []
    for layer in layers:
        following = layers[layer.number + 1] if not layer.last else None
        columns.append(tuple(_column(layer, following, style, names)))
    edges: list[Edge] = []
    for layer in layers[1:]:
        before, here = columns[layer.number - 1], columns[layer.number]
        edges += weights.on(layer, before, here, list(dense(before, here)))
        edges += _bias_edges(layer, before, here, weights)
    frames = [
        Frame(
            f"frame{layer.number}",
            layer_title(layer, layers, network, style, names.titles),
            layer.number,
            layer.number,
        )
        for layer in layers
    ]
    return Diagram(tuple(columns), tuple(edges), tuple(frames))


def _column(
    layer: DrawnLayer, following: DrawnLayer | None, style: Style, names: _NodeNames
) -> Iterator[Node]:
    if style.bias == "nodes" and following is not None and following.bias:
        yield Node(f"bias{following.number}", "1", "bias", f"the bias of layer {following.number}")
    for index in shown_indices(layer.width, style.max_nodes):
        key = f"layer{layer.number}-{'dots' if index is None else f'node{from_one(index)}'}"
        if index is None:
            yield Node(key, "", "dots", f"{layer.width} nodes in all")
        else:
            label = names.label(layer, index, style)
            yield Node(key, label, layer.role, _hover(layer, index))


def _hover(layer: DrawnLayer, index: int | str) -> str:
    if layer.linear is None:
        return f"feature {from_one(index)} of {layer.width}"
    incoming = layer.linear.input_shape[-1]
    parameters = incoming + layer.bias if isinstance(incoming, int) else f"{incoming}{' + 1' * layer.bias}"
    return f"node {from_one(index)} of {layer.width} in layer {layer.number}, {parameters} parameters"


def _bias_edges(
    layer: DrawnLayer, before: tuple[Node, ...], here: tuple[Node, ...], weights: ShownWeights
) -> Iterator[Edge]:
    for node in before:
        if node.kind == "bias":
            edges = [Edge(node.key, target.key) for target in units(here)]
            yield from weights.on_bias(layer, here, edges)
