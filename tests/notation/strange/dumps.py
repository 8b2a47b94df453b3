"""Drawings that tools make of a model: Keras' plot_model, autograd graphs as torchviz draws them."""

from __future__ import annotations

import itertools

from tests.notation.strange.choice import Choices
from tests.notation.strange.plans import Plan

BACKWARD = {
    "relu": "ReluBackward0", "sigmoid": "SigmoidBackward0", "tanh": "TanhBackward0", "softmax": "SoftmaxBackward0",
    "leaky_relu": "LeakyReluBackward0", "gelu": "GeluBackward0", "elu": "EluBackward0", "softplus": "SoftplusBackward0",
}  # fmt: skip


def plot_model(choices: Choices, plan: Plan) -> str:
    """Return the DOT of Keras' plot_model with shapes; the activations are said where it was asked to."""
    shown = choices.chance(0.4)
    choices.keep("form of boxes", "plot_model with activations" if shown else "plot_model")
    number = 140234500000000 + choices.rng.randrange(10**6) * 16
    rows, ids = [], []
    rankdir = choices.one(["TB", "TB", "LR"])
    for place, layer in enumerate(plan.layers):
        before = plan.layers[max(0, place - 1)].width
        name, kind = (
            ("input_1", "InputLayer") if place == 0 else (f"dense_{place}" if place > 1 else "dense", "Dense")
        )
        spelling = {"identity": "linear"}.get(layer.activation, layer.activation)
        layer.place = "in the box" if shown and place else "nowhere"
        head = f"{name}: {kind}" if not (shown and place) else f"{{{name}: {kind}|{spelling}}}"
        left, right = (
            (f"[(None, {layer.width})]",) * 2
            if place == 0
            else (f"(None, {before})", f"(None, {layer.width})")
        )
        ids.append(number + 1232 * place)
        rows.append(f'{ids[-1]} [label="{head}|{{input:|output:}}|{{{{{left}}}|{{{right}}}}}"];')
    edges = [f"{start} -> {end};" for start, end in itertools.pairwise(ids)]
    return "\n".join(
        ["digraph G {", "concentrate=True;", f"rankdir={rankdir};", "node [shape=record];", *rows, *edges, "}"]
    ) + "\n"  # fmt: skip


def autograd(choices: Choices, plan: Plan) -> str:
    """Return an autograd graph with its parameters, as torchviz draws it: every operation is there."""
    choices.keep("form of boxes", "autograd")
    start, biased = 139990000000000 + choices.rng.randrange(10**6) * 16, choices.chance(0.8)
    lines: list[str] = []
    count = 0

    def node(label: str, colour: str = "") -> int:
        nonlocal count
        count += 1
        shown = f'"{label}"' if not label.isalnum() else label
        lines.append(f"\t{start + 48 * count} [label={shown}{f' fillcolor={colour}' if colour else ''}]")
        return start + 48 * count

    names = choices.one(["fc{}", "layer{}", "net.{}", "{}"])
    flow: int | None = None
    for place, layer in enumerate(plan.layers[1:], 1):
        layer.bias, layer.place = biased, "own box"
        before, name = plan.layers[place - 1].width, names.format(place if names != "{}" else 2 * (place - 1))
        step = node("AddmmBackward0" if biased else "MmBackward0")
        if flow is not None:
            lines.append(f"\t{flow} -> {step}")
        for parameter, shape in [("bias", f"({layer.width})"), ("weight", f"({layer.width}, {before})")][
            not biased :
        ]:
            held = node(f"{name}.{parameter}\n {shape}", "lightblue")
            gathered = node("AccumulateGrad")
            lines.append(f"\t{held} -> {gathered}")
            if parameter == "weight":
                turned = node("TBackward0")
                lines.append(f"\t{gathered} -> {turned}")
                gathered = turned
            lines.append(f"\t{gathered} -> {step}")
        flow = step
        if layer.activation in BACKWARD:
            flow = node(BACKWARD[layer.activation])
            lines.append(f"\t{step} -> {flow}")
    out = node(f"\n (1, {plan.layers[-1].width})", "darkolivegreen1")
    lines.append(f"\t{flow} -> {out}")
    head = '\tgraph [size="12,12"]\n\tnode [align=left fontname=monospace fontsize=10 height=0.2 ranksep=0.1 shape=box style=filled]\n'
    return "digraph {\n" + head + "\n".join(lines) + "\n}\n"
