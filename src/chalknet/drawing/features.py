"""D5 to D8: u and v drawn apart, as states, as features, with numbers, in grey boxes."""

from __future__ import annotations

from collections.abc import Iterator

from chalknet.drawing.diagram import Diagram, Edge, Frame, Node, dense, parallel, shown_indices, units
from chalknet.drawing.layers import layer_title, layers_of
from chalknet.drawing.style import Style
from chalknet.drawing.weights import Weights
from chalknet.network import Activation, Linear, Network, Size, show_shape
from chalknet.notation import Station, stations, write_step

_LONGEST_EXPRESSION = 26  # characters a node named by what it computes may have


def draw_states(network: Network, style: Style, weights: Weights) -> Diagram:
    """Return D5: `x` → `u` –sigmoid→ `y`, a node a state, with its shape where it is wider than 1."""
    row = stations(network)
    one = sum(isinstance(station.step, Linear) for station in row) == 1
    columns = []
    for place, station in enumerate(row):
        name = {"X": "x", "u": "u", "v": "v"}[station.letter]
        name += f"_{{{station.index}}}{chr(39) * station.primes}" if station.step and not one else ""
        name = "y" if place == len(row) - 1 and not isinstance(station.step, Linear) else name
        shape = "" if station.shape == (1,) else f" {show_shape(station.shape)}"
        label = name + shape + _bias_line(station)
        columns.append((Node(f"state{place}", label, _kind(station, row), show_shape(station.shape)),))
    edges = []
    for place, station in enumerate(row[1:], start=1):
        word = (
            ""
            if isinstance(station.step, Linear) or not station.step
            else write_step(station.step, short=False)
        )
        edges.append(Edge(f"state{place - 1}", f"state{place}", word))
    return Diagram(tuple(columns), tuple(edges))


def draw_features(network: Network, style: Style, weights: Weights) -> Diagram:
    """Return D7: the columns of X, u1, v1, ... as nodes, relu and sig on the edges."""
    return _features(network, style, weights, "D7")


def draw_layers(network: Network, style: Style, weights: Weights) -> Diagram:
    """Return D8: D7 inside grey boxes, `Layer 1` around u1 and v1."""
    diagram = _features(network, style, weights, "D8")
    layers = layers_of(network, "D8")
    frames, column = [], 0
    for layer in layers:
        title = layer_title(layer, layers, network, style, "layer").partition(":")[0]
        last = column + len(layer.steps)
        frames.append(Frame(f"frame{layer.number}", title, column, last))
        column = last + 1
    return Diagram(diagram.columns, diagram.edges, tuple(frames))


def draw_numbers(network: Network, style: Style, weights: Weights) -> Diagram:
    """Return D6: the weights' values on the edges, each node named by what it computes."""
    weights.require("dialect numbers")
    diagram = _features(network, style, weights, "D6")
    names = _Expressions(network, style, weights).names()
    renamed = [
        tuple(Node(node.key, names.get(node.key, node.label), node.kind, node.title) for node in column)
        for column in diagram.columns
    ]
    return Diagram(tuple(renamed), diagram.edges)


def _features(network: Network, style: Style, weights: Weights, dialect: str) -> Diagram:
    layers = layers_of(network, dialect)
    by_linear = {layer.linear.path: layer for layer in layers if layer.linear}
    row = stations(network)
    visits = list(network.walk())
    columns: list[tuple[Node, ...]] = []
    edges: list[Edge] = []
    for place, station in enumerate(row):
        following = visits[place].step if place < len(visits) else None
        width = station.shape[0] if len(station.shape) == 1 else 1  # an image is one node with its shape
        columns.append(tuple(_column(station, row, width, following, style)))
        if station.step is None:
            continue
        before, here = columns[-2], columns[-1]
        if isinstance(station.step, Linear):
            layer = by_linear[str(place - 1)]
            edges += weights.on(layer, before, here, list(dense(before, here)))
            biases = [node.key for node in before if node.kind == "bias"]
            targets = [node.key for node in here if node.kind not in ("dots", "bias")]
            edges += weights.on_bias(layer, here, [Edge(a, b) for a in biases for b in targets])
        else:
            word = write_step(station.step, short=False)
            alike = len(units(before)) == len(units(here))
            edges += parallel(before, here, word) if alike else _fan(before, here, word)
    return Diagram(tuple(columns), tuple(edges))


def _column(
    station: Station, row: list[Station], width: Size, following: object, style: Style
) -> Iterator[Node]:
    if style.bias == "nodes" and isinstance(following, Linear) and following.bias:
        yield Node(f"{station.name}-bias", "1", "bias", "the bias")
    hat = r"=\hat{y}" if station is row[-1] else ""
    for index in shown_indices(width, style.max_nodes):
        if index is None:
            yield Node(f"{station.name}-dots", "", "dots", f"{width} features in all")
            continue
        name = station.name if width == 1 else f"{station.name}[:,{index}]"
        name += f" {show_shape(station.shape)}" if len(station.shape) > 1 else ""
        label = name + (hat if width == 1 or not hat else f"{hat}[:,{index}]")
        key = f"{station.name}-{index}"
        yield Node(
            key, label + _bias_line(station), _kind(station, row), f"{name} {show_shape(station.shape)}"
        )


def _fan(before: tuple[Node, ...], here: tuple[Node, ...], word: str) -> Iterator[Edge]:
    """Yield the edges of a Flatten: from the image to each of its values."""
    for edge in dense(before, here):
        yield Edge(edge.source, edge.target, word)


def _kind(station: Station, row: list[Station]) -> str:
    if station.step is None:
        return "input"
    return "output" if station.index == row[-1].index else "hidden"


def _bias_line(station: Station) -> str:
    return "\nbias=False" if isinstance(station.step, Linear) and not station.step.bias else ""


class _Expressions:
    """Names of the nodes of D6 by what they compute: `-x`, `relu(-x)`, `u`, `sig(u)=yhat`."""

    def __init__(self, network: Network, style: Style, weights: Weights) -> None:
        self._network, self._style, self._weights = network, style, weights
        self._layers = {layer.linear.path: layer for layer in layers_of(network, "D6") if layer.linear}

    def names(self) -> dict[str, str]:
        """Return the names of the nodes whose expression is short enough to be one."""
        row = stations(self._network)
        width = row[0].shape[0]
        if width not in (1, 2, 3) or len(row[0].shape) > 1:
            return {}
        now = ["x"] if width == 1 else [f"x_{{{index + 1}}}" for index in range(int(width))]
        found = dict(zip([f"X-{index}" for index in range(int(width))], now, strict=True))
        for place, station in enumerate(row[1:]):
            now = self._behind(station, str(place), now)
            last = r"=\hat{y}" if station is row[-1] else ""
            if not now or max(map(len, now)) > _LONGEST_EXPRESSION:
                now = [station.letter] if station.shape == (1,) else []
            for index, name in enumerate(now):
                found[f"{station.name}-{index}"] = name + last + _bias_line(station)
            if not now:
                break
        return found

    def _behind(self, station: Station, path: str, now: list[str]) -> list[str]:
        if isinstance(station.step, Activation):
            return [f"{write_step(station.step)}({name})" for name in now]
        if not isinstance(station.step, Linear):
            return []
        matrix = self._weights.matrix(self._layers[path])
        bias = self._weights.bias(self._layers[path])
        if matrix is None or len(matrix) > self._style.max_nodes or station.index == len(self._layers):
            return []
        return [
            _combination(weights, now, bias[index] if bias else 0.0, self._style)
            for index, weights in enumerate(matrix)
        ]


def _combination(weights: object, names: list[str], bias: float, style: Style) -> str:
    pieces = []
    for weight, name in zip(weights, names, strict=True):  # type: ignore[call-overload]
        factor = style.number(abs(weight))
        if factor != "0":
            pieces.append(("-" if weight < 0 else "+", name if factor == "1" else f"{factor}{name}"))
    if style.number(abs(bias)) != "0":
        pieces.append(("-" if bias < 0 else "+", style.number(abs(bias))))
    if not pieces:
        return "0"
    text = "".join(f"{sign}{piece}" for sign, piece in pieces)
    return text.removeprefix("+")
