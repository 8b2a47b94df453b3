"""D5 to D8: u and v drawn apart, as states, as features, with numbers, in grey boxes."""

from __future__ import annotations

from collections.abc import Iterator

from chalknet.drawing.diagram import Diagram, Edge, Frame, Node, dense, parallel, shown_indices, units
from chalknet.drawing.layers import layer_title, layers_of
from chalknet.drawing.style import Style
from chalknet.drawing.weights import ShownWeights
from chalknet.network import Activation, Linear, Network, Size, show_shape
from chalknet.notation import NamedState, states_of, write_step

_LONGEST_EXPRESSION = 26  # characters a node named by what it computes may have


def draw_states(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D5: `x` → `u` –sigmoid→ `y`, a node a state, with its shape where it is wider than 1."""
    row = states_of(network)
    one = sum(isinstance(state.step, Linear) for state in row) == 1
    columns = []
    for place, state in enumerate(row):
        name = {"X": "x", "u": "u", "v": "v"}[state.letter]
        name += f"_{{{state.index}}}{chr(39) * state.primes}" if state.step and not one else ""
        name = "y" if place == len(row) - 1 and not isinstance(state.step, Linear) else name
        shape = "" if state.shape == (1,) else f" {show_shape(state.shape)}"
        label = name + shape + _bias_line(state)
        columns.append((Node(f"state{place}", label, _kind(state, row), show_shape(state.shape)),))
    edges = []
    for place, state in enumerate(row[1:], start=1):
        word = "" if isinstance(state.step, Linear) or not state.step else write_step(state.step, short=False)
        edges.append(Edge(f"state{place - 1}", f"state{place}", word))
    return Diagram(tuple(columns), tuple(edges))


def draw_features(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D7: the columns of X, u1, v1, ... as nodes, relu and sig on the edges."""
    return _features(network, style, weights, "D7")


def draw_layers(network: Network, style: Style, weights: ShownWeights) -> Diagram:
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


def draw_numbers(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D6: the weights' values on the edges, each node named by what it computes."""
    weights.require("dialect numbers")
    diagram = _features(network, style, weights, "D6")
    names = _NodeExpressions(network, style, weights).names()
    renamed = [
        tuple(Node(node.key, names.get(node.key, node.label), node.kind, node.title) for node in column)
        for column in diagram.columns
    ]
    return Diagram(tuple(renamed), diagram.edges)


def _features(network: Network, style: Style, weights: ShownWeights, dialect: str) -> Diagram:
    layers = layers_of(network, dialect)
    by_linear = {layer.linear.path: layer for layer in layers if layer.linear}
    row = states_of(network)
    visits = list(network.walk())
    columns: list[tuple[Node, ...]] = []
    edges: list[Edge] = []
    for place, state in enumerate(row):
        following = visits[place].step if place < len(visits) else None
        width = state.shape[0] if len(state.shape) == 1 else 1  # an image is one node with its shape
        columns.append(tuple(_column(state, row, width, following, style)))
        if state.step is None:
            continue
        before, here = columns[-2], columns[-1]
        if isinstance(state.step, Linear):
            layer = by_linear[str(place - 1)]
            edges += weights.on(layer, before, here, list(dense(before, here)))
            biases = [node.key for node in before if node.kind == "bias"]
            targets = [node.key for node in here if node.kind not in ("dots", "bias")]
            edges += weights.on_bias(layer, here, [Edge(a, b) for a in biases for b in targets])
        else:
            word = write_step(state.step, short=False)
            alike = len(units(before)) == len(units(here))
            edges += parallel(before, here, word) if alike else _fan(before, here, word)
    return Diagram(tuple(columns), tuple(edges))


def _column(
    state: NamedState, row: list[NamedState], width: Size, following: object, style: Style
) -> Iterator[Node]:
    if style.bias == "nodes" and isinstance(following, Linear) and following.bias:
        yield Node(f"{state.name}-bias", "1", "bias", "the bias")
    hat = r"=\hat{y}" if state is row[-1] else ""
    for index in shown_indices(width, style.max_nodes):
        if index is None:
            yield Node(f"{state.name}-dots", "", "dots", f"{width} features in all")
            continue
        name = state.name if width == 1 else f"{state.name}[:,{index}]"
        name += f" {show_shape(state.shape)}" if len(state.shape) > 1 else ""
        label = name + (hat if width == 1 or not hat else f"{hat}[:,{index}]")
        key = f"{state.name}-{index}"
        yield Node(key, label + _bias_line(state), _kind(state, row), f"{name} {show_shape(state.shape)}")


def _fan(before: tuple[Node, ...], here: tuple[Node, ...], word: str) -> Iterator[Edge]:
    """Yield the edges of a Flatten: from the image to each of its values."""
    for edge in dense(before, here):
        yield Edge(edge.source, edge.target, word)


def _kind(state: NamedState, row: list[NamedState]) -> str:
    if state.step is None:
        return "input"
    return "output" if state.index == row[-1].index else "hidden"


def _bias_line(state: NamedState) -> str:
    return "\nbias=False" if isinstance(state.step, Linear) and not state.step.bias else ""


class _NodeExpressions:
    """Names of the nodes of D6 by what they compute: `-x`, `relu(-x)`, `u`, `sig(u)=yhat`."""

    def __init__(self, network: Network, style: Style, weights: ShownWeights) -> None:
        self._network, self._style, self._weights = network, style, weights
        self._layers = {layer.linear.path: layer for layer in layers_of(network, "D6") if layer.linear}

    def names(self) -> dict[str, str]:
        """Return the names of the nodes whose expression is short enough to be one."""
        row = states_of(self._network)
        width = row[0].shape[0]
        if width not in (1, 2, 3) or len(row[0].shape) > 1:
            return {}
        now = ["x"] if width == 1 else [f"x_{{{index + 1}}}" for index in range(int(width))]
        found = dict(zip([f"X-{index}" for index in range(int(width))], now, strict=True))
        for place, state in enumerate(row[1:]):
            now = self._after(state, str(place), now)
            last = r"=\hat{y}" if state is row[-1] else ""
            if not now or max(map(len, now)) > _LONGEST_EXPRESSION:
                now = [state.letter] if state.shape == (1,) else []
            for index, name in enumerate(now):
                found[f"{state.name}-{index}"] = name + last + _bias_line(state)
            if not now:
                break
        return found

    def _after(self, state: NamedState, path: str, now: list[str]) -> list[str]:
        if isinstance(state.step, Activation):
            return [f"{write_step(state.step)}({name})" for name in now]
        if not isinstance(state.step, Linear):
            return []
        matrix = self._weights.matrix(self._layers[path])
        bias = self._weights.bias(self._layers[path])
        if matrix is None or len(matrix) > self._style.max_nodes or state.index == len(self._layers):
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
