"""The updates that are captured: they take their samples from fixed places and leave their losses in one."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from chalknet.engine.graph.sample_buffers import SampleBuffer
from chalknet.engine.torch_rows import PieceLoss, optimizer_over
from chalknet.planning import Recipe

# The forms of torch's optimizers that count their steps in tensors on the device. Fused where there is one:
# it corrects Adam's bias in float64, where the foreach form that can be captured does it in float32, and the
# losses of a fit in float64 part from the plain loop's at 1e-5; and it is one kernel instead of a dozen.
CAPTURABLE: Mapping[str, Mapping[str, bool]] = {
    "sgd": {"fused": True},
    "adam": {"fused": True, "capturable": True},
    "adamw": {"fused": True, "capturable": True},
    "rmsprop": {"foreach": True, "capturable": True},
}


class Updates:
    """Makes some updates in a row, in nothing but work for the device.

    Args:
        module: on its device.
        recipe: how it is fitted.
        buffer: where the samples lie.
        losses: where the losses go, `(updates,)` at least.
    """

    def __init__(self, module: nn.Module, recipe: Recipe, buffer: SampleBuffer, losses: torch.Tensor) -> None:
        self.optimizer = optimizer_over(module, recipe, **CAPTURABLE[recipe.optimizer])
        self.losses = losses
        self._module, self._buffer = module, buffer
        self._parameters = list(module.parameters())
        self._loss = PieceLoss(recipe, on_device=True)

    def __call__(self, lengths: tuple[int, ...]) -> None:
        """Make an update of each of these numbers of samples; gradients are none before and behind."""
        for place, (x, y) in enumerate(self._buffer.batches(lengths)):
            loss = self._loss(self._module(x), y, len(y))
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            for parameter in self._parameters:
                parameter.grad = None  # the next update writes its own: there is nothing to set to zero
            self.losses[place].copy_(loss.detach())
