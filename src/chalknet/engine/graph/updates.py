"""The updates that are captured: they read samples from fixed tensors and write losses into one."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from chalknet.engine.graph.sample_buffers import SampleBuffer
from chalknet.engine.torch_rows import (
    MicroBatchLoss,
    clip_gradients,
    optimizer_over,
    penalised,
    penalty_of,
)
from chalknet.planning import Recipe

# The variants of torch's optimizers that count their steps in tensors on the device. The fused one where it
# exists: it is one kernel instead of a dozen, and corrects Adam's bias in float64. The capturable foreach
# variant corrects it in float32, so that losses in float64 differ from the plain loop's by 1e-5.
CAPTURABLE: Mapping[str, Mapping[str, bool]] = {
    "sgd": {"fused": True},
    "adam": {"fused": True, "capturable": True},
    "adamw": {"fused": True, "capturable": True},
    "rmsprop": {"foreach": True, "capturable": True},
    "nadam": {"foreach": True, "capturable": True},
    "lion": {},  # it counts no steps
}


class Updates:
    """Makes consecutive updates by work for the device alone.

    Args:
        module: on its device.
        recipe: how it is fitted.
        buffer: the samples.
        losses: where the losses go, `(updates,)` at least.
    """

    def __init__(self, module: nn.Module, recipe: Recipe, buffer: SampleBuffer, losses: torch.Tensor) -> None:
        self.optimizer = optimizer_over(module, recipe, **CAPTURABLE[recipe.optimizer])
        self.losses = losses
        self._module, self._buffer = module, buffer
        self._parameters = list(module.parameters())
        self._recipe, self._penalised = recipe, penalised(self._parameters)
        self.loss = MicroBatchLoss(recipe, on_device=True)

    def __call__(self, lengths: tuple[int, ...]) -> None:
        """Make an update of each of these numbers of samples; before and after, gradients are None."""
        for place, (x, y) in enumerate(self._buffer.batches(lengths)):
            loss = self.loss(self._module(x), y, len(y))
            penalty = penalty_of(self._penalised, self._recipe)
            if penalty is not None:
                loss = loss + penalty
            loss.backward()  # type: ignore[no-untyped-call]
            if self._recipe.alters_gradients:
                clip_gradients(self._parameters, self._recipe)
            self.optimizer.step()
            for parameter in self._parameters:
                parameter.grad = None  # the next update writes its own, so there is nothing to zero
            self.losses[place].copy_(loss.detach())
