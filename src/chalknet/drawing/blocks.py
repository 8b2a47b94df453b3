"""The blocks: one box a step, with its shape and its parameters, for networks too wide to draw by node."""

from __future__ import annotations

from itertools import pairwise

from chalknet.drawing.diagram import Diagram, Edge, Node
from chalknet.drawing.style import Style
from chalknet.drawing.weights import ShownWeights
from chalknet.network import Linear, Network, Visit, show_shape
from chalknet.notation import write_step
from chalknet.units import show_count


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
