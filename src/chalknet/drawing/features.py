"""D5 to D8 and the blocks: u and v drawn apart, as states, as features, with numbers, in grey boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product

from chalknet.drawing.diagram import Diagram, Edge, Frame, Node, shown_indices, units
from chalknet.drawing.layers import ShownWeights, layer_title, layers_of
from chalknet.drawing.style import Style
from chalknet.network import Activation, Linear, Network, Shape, Step, Visit, show_shape
from chalknet.notation import NamedState, states_of, write_step
from chalknet.units import show_count

_LONGEST_EXPRESSION = 26  # characters a node named by what it computes may have


def draw_states(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D5: `x` → `u` –sigmoid→ `y`, a node a state, with its shape unless all are single numbers."""
    row = states_of(network)
    alone = all(state.shape == (1,) for state in row)
    one = sum(isinstance(state.step, Linear) for state in row) == 1
    columns, edges = [], []
    for place, state in enumerate(row):
        linear = isinstance(state.step, Linear)
        name = state.letter.lower()
        name += f"_{{{state.index}}}" + "'" * state.primes if state.step and not one else ""
        name = "y" if state is row[-1] and not linear else name
        shape = "" if alone else f" {show_shape(state.shape)}"
        label = name + shape + _bias_line(state)
        columns.append((Node(f"state{place}", label, _kind(state, row), show_shape(state.shape)),))
        if state.step is not None:
            word = "" if linear else write_step(state.step, short=False)
            edges.append(Edge(f"state{place - 1}", f"state{place}", word))
    return Diagram(tuple(columns), tuple(edges))


def draw_features(network: Network, style: Style, weights: ShownWeights, *, dialect: str = "D7") -> Diagram:
    """Return D7: the columns of X, u1, v1, ... as nodes, relu and sig on the edges."""
    layers_of(network, dialect)  # refuses samples that are no vectors
    row = states_of(network)
    columns: list[tuple[Node, ...]] = []
    edges: list[Edge] = []
    for place, state in enumerate(row):
        following = row[place + 1].step if state is not row[-1] else None
        here = tuple(_column(state, row, following, style))
        if isinstance(state.step, Linear):
            edges += weights.edges(str(place - 1), columns[-1], here)
        elif state.step is not None:
            word, before = write_step(state.step, short=False), columns[-1]
            if _is_joint(state.step, state.shape):  # each value comes of all those before it
                title = f"{word} over all the values of {row[place - 1].name}"
                columns.append((Node(f"step{place}", word, "block", title, tall=True),))
                edges += _pairs(before, columns[-1]) + _pairs(columns[-1], here)
            else:
                edges += _pairs(before, here, word)
        columns.append(here)
    return Diagram(tuple(columns), tuple(edges))


def _pairs(before: Sequence[Node], here: Sequence[Node], word: str = "") -> list[Edge]:
    """Return the edges of a step: from unit to unit, or from one to many (an image) and back."""
    pairs = (zip if len(units(before)) == len(units(here)) else product)(units(before), units(here))
    return [Edge(source.key, target.key, word) for source, target in pairs]


def _is_joint(step: Step, shape: Shape) -> bool:
    """Return whether a step takes all values of a sample at once, and there are several."""
    return isinstance(step, Activation) and not step.row.elementwise and shape != (1,)


def draw_layers(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D8: D7 inside grey boxes, `Layer 1` around u1 and v1."""
    diagram = draw_features(network, style, weights, dialect="D8")
    layers = layers_of(network, "D8")
    frames, column = [], 0
    for layer in layers:
        title = layer_title(layer, layers, network, style, "layer").partition(":")[0]
        last = column + sum(1 + _is_joint(visit.step, visit.output_shape) for visit in layer.steps)
        frames.append(Frame(f"frame{layer.number}", title, column, last))
        column = last + 1
    return replace(diagram, frames=tuple(frames))


def draw_numbers(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return D6: the weights' values on the edges, each node named by what it computes."""
    weights.require("dialect numbers")
    diagram = draw_features(network, style, weights, dialect="D6")
    names = _expressions(states_of(network), style, weights)
    columns = [
        tuple(replace(node, label=names.get(node.key, node.label)) for node in column)
        for column in diagram.columns
    ]
    return replace(diagram, columns=tuple(columns))


def draw_blocks(network: Network, style: Style, weights: ShownWeights) -> Diagram:
    """Return a box for the input and one for every step."""
    title = style.layer_titles[0] if style.layer_titles else style.word("Input")
    boxes = [(Node("block-input", f"{title}\n{show_shape(network.input_shape)}", "block", "the input"),)]
    for visit in network.walk():
        boxes.append((Node(f"block{visit.path}", _label(visit, style), "block", f"step {visit.path}"),))
    edges = [Edge(first.key, second.key) for (first,), (second,) in pairwise(boxes)]
    return Diagram(tuple(boxes), tuple(edges))


def _label(visit: Visit, style: Style) -> str:
    shape = show_shape(visit.output_shape)
    if not isinstance(visit.step, Linear):
        return f"{write_step(visit.step, short=False)}\n{shape}"
    widths = f"Linear {visit.input_shape[-1]} → {visit.step.out_features}"
    bias = "" if visit.step.bias else ", bias=False"
    parameters = visit.step.parameters(visit.input_shape)
    counted = "" if parameters is None else "\n" + style.word("parameters", show_count(parameters))
    return f"{widths}{bias}\n{shape}{counted}"


def _column(state: NamedState, row: list[NamedState], following: object, style: Style) -> Iterator[Node]:
    if style.bias == "nodes" and isinstance(following, Linear) and following.bias:
        yield Node(f"{state.name}-bias", "1", "bias", "the bias")
    width = state.shape[0] if len(state.shape) == 1 else 1  # an image is one node with its shape
    hat = r"=\hat{y}" if state is row[-1] else ""
    for index in shown_indices(width, style.max_nodes):
        if index is None:
            yield Node(f"{state.name}-dots", "", "dots", f"{width} features in all", width=width)
            continue
        name = state.name if width == 1 else f"{state.name}[:,{index}]"
        name += f" {show_shape(state.shape)}" if len(state.shape) > 1 else ""
        label = name + (hat if width == 1 or not hat else f"{hat}[:,{index}]")
        key = f"{state.name}-{index}"
        yield Node(key, label + _bias_line(state), _kind(state, row), f"{name} {show_shape(state.shape)}")


def _kind(state: NamedState, row: list[NamedState]) -> str:
    if state.step is None:
        return "input"
    return "output" if state.index == row[-1].index else "hidden"


def _bias_line(state: NamedState) -> str:
    return "\nbias=False" if isinstance(state.step, Linear) and not state.step.bias else ""


def _expressions(row: Sequence[NamedState], style: Style, weights: ShownWeights) -> dict[str, str]:
    """Return the nodes' names by what they compute, where that is short: `-x`, `relu(-x)`, `sig(u)=yhat`."""
    width = row[0].shape[0]
    if width not in (1, 2, 3) or len(row[0].shape) > 1:
        return {}
    now = ["x"] if width == 1 else [f"x_{{{index + 1}}}" for index in range(int(width))]
    found = {f"X-{index}": name for index, name in enumerate(now)}
    for place, state in enumerate(row[1:]):
        if isinstance(state.step, Activation):
            now = [f"{write_step(state.step)}({name})" for name in now]
        elif isinstance(state.step, Linear) and state.index != row[-1].index:
            now = _linear_expressions(str(place), now, style, weights)
        else:
            now = []
        last = r"=\hat{y}" if state is row[-1] else ""
        if not now or max(map(len, now)) > _LONGEST_EXPRESSION:
            now = [state.letter] if state.shape == (1,) else []
        for index, name in enumerate(now):
            found[f"{state.name}-{index}"] = name + last + _bias_line(state)
        if not now:
            break
    return found


def _linear_expressions(path: str, now: Sequence[str], style: Style, weights: ShownWeights) -> list[str]:
    """Return what the outputs of a linear map compute from its inputs' expressions; none of a wide one."""
    matrix = weights.of(path, "weight")
    if matrix is None or len(matrix) > style.max_nodes:
        return []
    biases = weights.of(path, "bias") or [0.0] * len(matrix)
    names = [*now, ""]
    return [_combination([*row, bias], names, style) for row, bias in zip(matrix, biases, strict=True)]


def _combination(weights: Sequence[float], names: Sequence[str], style: Style) -> str:
    """Return a sum such as `-x+2`; the name of the bias is empty."""
    pieces = []
    for weight, name in zip(weights, names, strict=True):
        factor = style.number(abs(weight))
        if factor != "0":
            pieces.append(("-" if weight < 0 else "+") + (name if name and factor == "1" else factor + name))
    return "".join(pieces).removeprefix("+") or "0"
