"""D1 to D4b: logistic regression, observation by observation, and what is left out step by step."""

from __future__ import annotations

from dataclasses import dataclass

from chalknet.drawing.diagram import Diagram, Edge, Node, from_one, shown_indices
from chalknet.drawing.layers import DrawnLayer, layers_of
from chalknet.drawing.style import Style
from chalknet.drawing.weights import ShownWeights
from chalknet.errors import CannotExpress
from chalknet.network import Network
from chalknet.notation import write_step


@dataclass(frozen=True)
class _ObservationForm:
    """What a dialect of this family shows.

    Args:
        dialect: its name.
        rows: the indices of the observations; an empty one for none, None for the rows left out.
        one: whether the node 1 is drawn where there is a bias.
        numbered: whether a single weight is `ŵ₁` or plain `ŵ`.
    """

    dialect: str
    rows: tuple[str | None, ...]
    one: bool
    numbered: bool = True


def draw_observations(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D1: every observation its own row 1, 2, ..., n."""
    return _draw(network, style, weights, _ObservationForm("D1", ("1", "2", None, "n"), True))


def draw_observation(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D2: the row of observation i, to be repeated for every i."""
    return _draw(network, style, weights, _ObservationForm("D2", ("i",), True))


def draw_index_free(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D3: D2 with `x` instead of `x_i`."""
    return _draw(network, style, weights, _ObservationForm("D3", ("",), True))


def draw_bias_implied(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D4: the node 1 left out, since `bias=True` supplies it."""
    return _draw(network, style, weights, _ObservationForm("D4", ("",), False))


def draw_plain_weight(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D4b: D4 with `ŵ` instead of `ŵ₁`."""
    return _draw(network, style, weights, _ObservationForm("D4b", ("",), False, numbered=False))


def _draw(network: Network, style: Style, weights: ShownWeights, form: _ObservationForm) -> Diagram:
    layer = _only_layer(network, form.dialect)
    columns: list[list[Node]] = [[] for _ in range(2 + len(layer.steps))]
    edges: list[Edge] = []
    for row in form.rows:
        if row is None:
            for place, column in enumerate(columns):
                column.append(Node(f"rows-dots{place}", "", "dots", "the other observations"))
        else:
            nodes, row_edges = _row(layer, row, style, weights, form)
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
    layer: DrawnLayer, row: str, style: Style, weights: ShownWeights, form: _ObservationForm
) -> tuple[list[list[Node]], list[Edge]]:
    """Return the nodes of one observation, a list for each column, and its edges."""
    assert layer.linear is not None
    width = layer.linear.input_shape[-1]
    one, sign = form.one and layer.bias, f"-{row}" if row else ""
    indices = shown_indices(width, style.max_nodes)
    behind = Node(f"sum{sign}", "", "output")
    inputs, terms, edges = [], [], []
    if one:
        inputs.append(Node(f"one{sign}", "1", "bias", "the constant 1"))
        terms.append(r"\hat{w}_{0}")
        edges += weights.on_bias(layer, [behind], [Edge(f"one{sign}", f"sum{sign}")])
    plain = []
    for index in indices:
        if index is None:
            inputs.append(Node(f"x{sign}-dots", "", "dots", f"{width} features in all"))
            terms.append("...")
            continue
        x = _indexed(style.node_names.get("x", "x"), row, "" if width == 1 else from_one(index))
        w = r"\hat{w}" if not form.numbered and width == 1 else rf"\hat{{w}}_{{{from_one(index)}}}"
        key = f"x{sign}-{from_one(index)}"
        inputs.append(Node(key, x, "input", "a feature"))
        terms.append(f"{x}*{w}")
        plain.append((Edge(key, f"sum{sign}"), f"*{w}"))
    weighted = weights.on(layer, inputs, [behind], [edge for edge, _ in plain])
    edges += [
        edge if edge.label else Edge(edge.source, edge.target, label, edge.weight)
        for edge, (_, label) in zip(weighted, plain, strict=True)
    ]
    if one:
        first = edges[0]
        edges[0] = first if first.label else Edge(first.source, first.target, r"*\hat{w}_{0}", first.weight)
    stated = "True" if layer.bias and not form.one else "False"
    yhat = _indexed(style.node_names.get("yhat", r"\hat{y}"), row, "")
    formula = " + ".join(terms)
    label = f"{formula},  bias={stated}" if layer.steps else f"{yhat} = {formula},  bias={stated}"
    nodes = [inputs, [Node(f"sum{sign}", label, "output", "the linear map")]]
    for place, visit in enumerate(layer.steps):
        last = place == len(layer.steps) - 1
        key = f"step{place}{sign}"
        nodes.append(
            [Node(key, yhat if last else f"v{place + 1}", "output", "behind " + write_step(visit.step))]
        )
        before = f"step{place - 1}{sign}" if place else f"sum{sign}"
        edges.append(Edge(before, key, write_step(visit.step, short=False)))
    return nodes, edges


def _indexed(name: str, *indices: str) -> str:
    index = ",".join(filter(None, indices))
    return f"{name}_{{{index}}}" if index else name
