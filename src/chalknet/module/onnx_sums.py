"""Which sums of a graph are residual blocks: what arrives, and what layers made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalknet.module.activation_patterns import OPERATIONS
from chalknet.module.onnx_nodes import GraphNode


def residual_sums(nodes: Sequence[GraphNode], x: str) -> dict[str, str]:
    """Return the value that arrives at each residual block, by the name of the block's sum.

    A sum is one where every way back from one of its operands leads to the other, over a layer at least: sums
    over elementary operations alone belong to activations, such as x * sigmoid(x) or GELU by tanh.

    Args:
        nodes: in an order in which each comes behind those that it takes values from.
        x: the input of the graph.
    """
    places: dict[str, int] = {x: -1}  # of the node that makes a value; of those that depend on x alone
    found: dict[str, str] = {}
    for place, node in enumerate(nodes):
        arriving = [name for name in node.inputs if name in places]
        if not arriving:
            continue
        if node.operation == "Add" and len(arriving) == 2:
            arrived, made = sorted(arriving, key=places.__getitem__)
            if arrived != made and _is_made_by_layers(made, arrived, nodes, places):
                found[node.outputs[0]] = arrived
        places.update(dict.fromkeys(node.outputs, place))
    return found


def _is_made_by_layers(
    made: str, arrived: str, nodes: Sequence[GraphNode], places: Mapping[str, int]
) -> bool:
    has_layer, left, seen = False, [made], {arrived}
    while left:
        name = left.pop()
        if name in seen:
            continue
        if places[name] <= places[arrived]:
            return False  # it depends on something else too
        seen.add(name)
        node = nodes[places[name]]
        has_layer = has_layer or node.operation not in OPERATIONS
        left += [other for other in node.inputs if other in places]
    return has_layer
