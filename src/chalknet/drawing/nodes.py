"""D9, D10, D11: each pair u→v as one node, a column a layer, a frame around each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chalknet.drawing.diagram import Diagram, Edge, Frame, Node, from_one, shown_indices
from chalknet.drawing.layers import DrawnLayer, ShownWeights, layer_title, layers_of
from chalknet.drawing.style import Style
from chalknet.network import Network


@dataclass(frozen=True)
class NodeNames:
    """What a dialect calls its nodes and frames.

    Args:
        dialect: its own number.
        x: a node of the input.
        node: a node of a hidden layer.
        titles: "layer" for frames `Layer 1`, "role" for `Hidden Layer 1`.
    """

    dialect: str
    x: str = "X"
    node: str = "node"
    titles: str = "layer"

    def label(self, layer: DrawnLayer, index: int | str, style: Style) -> str:
        """Return the name of one node."""
        own = style.node_names
        names = {"input": own.get("x", self.x), "hidden": own.get("node", self.node)}
        name = names.get(layer.role, own.get("yhat", r"\hat{y}"))
        if layer.width == 1 and layer.role != "hidden":
            return name
        number = from_one(index)
        return f"{name}_{{{number}}}" if len(name) == 1 or "hat" in name else f"{name}{number}"

    def draw(self, network: Network, style: Style, weights: ShownWeights) -> Diagram:
        """Return `X` → `node1`, `node2` → `yhat` in a frame a layer: `Layer 1: relu`."""
        layers = layers_of(network, self.dialect)
        columns: list[tuple[Node, ...]] = []
        edges: list[Edge] = []
        frames = []
        for layer in layers:
            following = None if layer.last else layers[layer.number + 1]
            columns.append(tuple(_column(layer, following, style, self)))
            if layer.linear is not None:
                edges += weights.edges(layer.linear.path, *columns[-2:])
            title = layer_title(layer, layers, network, style, self.titles)
            frames.append(Frame(f"frame{layer.number}", title, layer.number, layer.number))
        return Diagram(tuple(columns), tuple(edges), tuple(frames))


def _column(
    layer: DrawnLayer, following: DrawnLayer | None, style: Style, names: NodeNames
) -> Iterator[Node]:
    if style.bias == "nodes" and following is not None and following.bias:
        yield Node(f"bias{following.number}", "1", "bias", f"the bias of layer {following.number}")
    for index in shown_indices(layer.width, style.max_nodes):
        key = f"layer{layer.number}-{'dots' if index is None else f'node{from_one(index)}'}"
        if index is None:
            yield Node(key, "", "dots", f"{layer.width} nodes in all", width=layer.width)
        else:
            label = names.label(layer, index, style)
            yield Node(key, label, layer.role, _hover(layer, index))


def _hover(layer: DrawnLayer, index: int | str) -> str:
    if layer.linear is None:
        return f"feature {from_one(index)} of {layer.width}"
    incoming = layer.linear.input_shape[-1]
    parameters = incoming + layer.bias if isinstance(incoming, int) else f"{incoming}{' + 1' * layer.bias}"
    return f"node {from_one(index)} of {layer.width} in layer {layer.number}, {parameters} parameters"
