"""D1 to D4b: logistic regression, observation by observation, and what is left out step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalknet.drawing.diagram import Diagram, Edge, Node, from_one, shown_indices
from chalknet.drawing.layers import DrawnLayer, ShownWeights, layers_of
from chalknet.drawing.style import Style
from chalknet.errors import CannotExpress
from chalknet.network import Network
from chalknet.notation import write_step


@dataclass(frozen=True)
class Observations:
    """What a dialect of this family shows.

    Args:
        dialect: its own number.
        rows: the indices of the observations; an empty one for none, None for the rows left out.
        one: whether the node 1 is drawn where there is a bias.
        numbered: whether a single weight is `ŵ₁` or plain `ŵ`.
    """

    dialect: str
    rows: tuple[str | None, ...] = ("",)
    one: bool = False
    numbered: bool = True

    def draw(self, network: Network, style: Style, weights: ShownWeights) -> Diagram:
        """Return a row of nodes for each observation."""
        layer = _only_layer(network, self.dialect)
        columns: list[list[Node]] = [[] for _ in range(2 + len(layer.steps))]
        edges: list[Edge] = []
        for row in self.rows:
            if row is None:
                for place, column in enumerate(columns):
                    column.append(Node(f"rows-dots{place}", "", "dots", "the other observations"))
            else:
                nodes, row_edges = _row(layer, row, style, weights, self)
                for column, more in zip(columns, nodes, strict=True):
                    column += more
                edges += row_edges
        return Diagram(tuple(map(tuple, columns)), tuple(edges))


def _only_layer(network: Network, dialect: str) -> DrawnLayer:
    layers = layers_of(network, dialect)
    if len(layers) != 2 or layers[1].width != 1 or layers[0].steps:
        raise CannotExpress(
            where=f"dialect {dialect}",
            got=f"{len(layers) - 1} linear maps" if len(layers) != 2 else "another network",
            wanted="one linear map to one output, as in logistic regression",
            remedy="Take D5 to D11 or blocks for other networks.",
        )
    return layers[1]


def _row(
    layer: DrawnLayer, row: str, style: Style, weights: ShownWeights, form: Observations
) -> tuple[list[list[Node]], list[Edge]]:
    """Return the nodes of one observation, a list for each column, and its edges."""
    assert layer.linear is not None
    width = layer.linear.input_shape[-1]
    one, sign = form.one and layer.bias, f"-{row}" if row else ""
    inputs, terms, labels = [], [], {}
    if one:
        inputs.append(Node(f"one{sign}", "1", "bias", "the constant 1"))
        terms.append(r"\hat{w}_{0}")
        labels[f"one{sign}"] = r"*\hat{w}_{0}"
    for index in shown_indices(width, style.max_nodes):
        if index is None:
            inputs.append(Node(f"x{sign}-dots", "", "dots", f"{width} features in all", width=width))
            terms.append("...")
            continue
        x = _indexed(style.node_names.get("x", "x"), row, "" if width == 1 else from_one(index))
        w = r"\hat{w}" if not form.numbered and width == 1 else rf"\hat{{w}}_{{{from_one(index)}}}"
        inputs.append(Node(f"x{sign}-{from_one(index)}", x, "input", "a feature"))
        terms.append(f"{x}*{w}")
        labels[inputs[-1].key] = f"*{w}"
    weighted = weights.edges(layer.linear.path, inputs, [Node(f"sum{sign}", "", "output")])
    edges = [replace(edge, label=edge.label or labels[edge.source]) for edge in weighted]
    if one:  # above the features
        edges = [edges[-1], *edges[:-1]]
    yhat = _indexed(style.node_names.get("yhat", r"\hat{y}"), row, "")
    formula = f"{' + '.join(terms)},  bias={layer.bias and not form.one}"
    label = formula if layer.steps else f"{yhat} = {formula}"
    nodes = [inputs, [Node(f"sum{sign}", label, "output", "the linear map")]]
    for place, visit in enumerate(layer.steps):
        name = yhat if visit is layer.steps[-1] else f"v{place + 1}"
        node = Node(f"step{place}{sign}", name, "output", "behind " + write_step(visit.step))
        edges.append(Edge(nodes[-1][0].key, node.key, write_step(visit.step, short=False)))
        nodes.append([node])
    return nodes, edges


def _indexed(name: str, *indices: str) -> str:
    index = ",".join(filter(None, indices))
    return f"{name}_{{{index}}}" if index else name
