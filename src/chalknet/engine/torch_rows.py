"""The loss and the optimizer of a recipe as torch objects."""

from __future__ import annotations

from math import prod

import torch
from torch import nn

from chalknet.module import class_named
from chalknet.planning import Recipe


def loss_function(recipe: Recipe, *, reduction: str | None = None) -> nn.Module:
    """Return the loss module of `torch.nn` for a recipe.

    Args:
        recipe: names the loss and how it is reduced.
        reduction: another reduction than the recipe's: "mean", "sum" or "none".
    """
    return class_named(recipe.loss_row.torch_class)(reduction=reduction or recipe.reduction)


def optimizer_over(module: nn.Module, recipe: Recipe, **how: bool) -> torch.optim.Optimizer:
    """Return the optimizer of `torch.optim` over a module's parameters.

    Frozen parameters (`requires_grad=False`) are included, as in a script; torch skips them.

    Args:
        module: whose parameters.
        recipe: names the optimizer and its options.
        **how: which of torch's implementations: `fused`, `foreach`, `capturable`.
    """
    make = getattr(torch.optim, recipe.optimizer_row.torch_class)
    options = {"lr": recipe.lr, **recipe.optimizer_options, **how}
    optimizer: torch.optim.Optimizer = make(module.parameters(), **options)
    return optimizer


class MicroBatchLoss:
    """The loss of some samples of an update: their contribution to the loss of the whole update.

    An update in one micro-batch has the recipe's own loss, to the last bit. For a part, the losses are summed
    and divided by the whole update's divisor, so that the parts' losses and gradients add up to those of the
    update.

    Args:
        recipe: names the loss and how it is reduced.
        shards: how many processes share an update; since their gradients are averaged, each loss is
            multiplied by this number.
        on_device: whether yhat is on another device than the CPU. There, BCELoss meets a yhat that is no
            number with a device assertion, after which the process cannot use the device any more.
    """

    def __init__(self, recipe: Recipe, *, shards: int = 1, on_device: bool = False) -> None:
        self._refuses_nan = on_device and recipe.loss == "bce"
        self._whole, self._added = loss_function(recipe), loss_function(recipe, reduction="sum")
        self._mean, self._shards = recipe.reduction == "mean", shards

    @property
    def module(self) -> nn.Module:
        """Return the loss of `torch.nn`, or what stands in its place."""
        return self._whole

    def __call__(self, yhat: torch.Tensor, y: torch.Tensor, of: int) -> torch.Tensor:
        """Return the loss of a micro-batch `(rows, ...)` of an update of so many samples."""
        if not self._refuses_nan:
            return self._loss(yhat, y, of)
        loss = self._loss(yhat.nan_to_num(nan=0.5), y, of)
        return loss + 0 * yhat.detach().sum()  # NaN where yhat has one, else the loss itself

    def _loss(self, yhat: torch.Tensor, y: torch.Tensor, of: int) -> torch.Tensor:
        if y.shape[0] == of and self._shards == 1:
            whole: torch.Tensor = self._whole(yhat, y)
            return whole
        parts = of * prod(y.shape[1:]) if self._mean else 1
        part: torch.Tensor = self._added(yhat, y) * (self._shards / parts)
        return part
