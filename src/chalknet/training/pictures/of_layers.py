"""Pictures of what is in a network: its weights at the start and the end, and what its layers give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from chalknet.module import build
from chalknet.training.chart import COLOURS, Chart, new_figure
from chalknet.training.metrics.answers import Array
from chalknet.training.pictures.material import Material, refused
from chalknet.training.record.module_use import evaluation_mode
from chalknet.units import show_share, show_value

_MOST_PANELS = 6
_BINS = 40


def weights(material: Material) -> Chart:
    """Return a histogram of each layer's weights, at the start where it is known, and at the end."""
    module, network = material.result.module, material.plan.network
    ends = [
        (name, each.detach().cpu().float().numpy().reshape(-1)) for name, each in module.named_parameters()
    ]
    before: list[Array] = []
    if network is not None and getattr(material.plan.recipe, "init", None) is None:
        built = build(network, seed=material.plan.recipe.seed)
        before = [each.detach().numpy().reshape(-1) for each in built.parameters()]
        if [each.shape for each in before] != [each.shape for _, each in ends]:
            before = []
    kept = [i for i, (name, _) in enumerate(ends) if not name.endswith("bias")][:_MOST_PANELS]
    if not kept:
        raise refused(material.kind, "a module without weights", "at least one layer", "history")
    figure, all_axes = new_figure(len(kept), (3.6 * len(kept) + 0.4, 3.2))
    for axes, i in zip(all_axes, kept, strict=True):
        parts = [ends[i][1], *([before[i]] if before else [])]
        span = (float(min(part.min() for part in parts)), float(max(part.max() for part in parts)) or 1e-9)
        bins = int(np.clip(2 * np.sqrt(len(ends[i][1])), 5, _BINS))
        axes.hist(ends[i][1], bins=bins, range=span, color=COLOURS[0], alpha=0.6, label="at the end")
        if before:
            axes.hist(
                before[i], bins=bins, range=span, histtype="step", color=COLOURS[1], label="at the start"
            )
        axes.set_title(f"{ends[i][0]}: {len(ends[i][1]):,}", fontsize=10, loc="left")
        axes.set(xlabel="weight", ylabel="how many")
    all_axes[0].legend(frameon=False, fontsize=8)
    said = "; ".join(f"{ends[i][0]} between {_between(ends[i][1])}" for i in kept)
    return Chart(figure, f"Histograms of the weights, at the start and the end: {said}")


def _between(values: Array) -> str:
    return f"{show_value(float(values.min()))} and {show_value(float(values.max()))}"


def activations(material: Material) -> Chart:
    """Return a histogram of what each activation gives for the rows, and which share of it is 0."""
    found = _recorded(material)
    if not found:
        raise refused(
            material.kind,
            "a module whose activations are no layers of their own",
            "nn.ReLU() and the like",
            "weights",
        )
    found = found[:_MOST_PANELS]
    figure, all_axes = new_figure(len(found), (3.6 * len(found) + 0.4, 3.2))
    said = []
    for axes, (name, values) in zip(all_axes, found, strict=True):
        axes.hist(values.reshape(-1), bins=_BINS, color=COLOURS[0], alpha=0.6)
        zero, idle = float((values == 0).mean()), float((np.ptp(values, axis=0) == 0).mean())
        axes.set_title(f"{name}: {show_share(zero)} are 0", fontsize=10, loc="left")
        axes.set(xlabel="value", ylabel="how many")
        said.append(f"{name} between {_between(values)}, {show_share(idle)} of its units always the same")
    return Chart(figure, f"Histograms of what the activations give, {material.part}: {'; '.join(said)}")


def _recorded(material: Material) -> Sequence[tuple[str, Array]]:
    """Return name and values `(rows, units)` of each layer without parameters that changes its values."""
    module, found = material.result.module, []
    hooks = []

    def noting(name: str):  # type: ignore[no-untyped-def]
        def note(layer: torch.nn.Module, inputs: object, output: object) -> None:
            if isinstance(output, torch.Tensor):
                found.append((name, output.detach().float().cpu().reshape(len(output), -1).numpy()))

        return note

    for name, layer in module.named_modules():
        kind = type(layer).__name__
        if type(layer).__module__ == "torch.nn.modules.activation":
            hooks.append(layer.register_forward_hook(noting(f"{name} {kind}".strip())))
    try:
        parameter = next(iter(module.parameters()))
        with evaluation_mode(module):
            dtype = torch.int64 if material.plan.data.whole_numbers else parameter.dtype
            shape = [size for size in material.plan.data.x_shape if isinstance(size, int)]
            module(material.x.to(parameter.device, dtype).reshape(len(material.x), *shape))
    finally:
        for hook in hooks:
            hook.remove()
    return found
