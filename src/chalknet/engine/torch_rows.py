"""The rows of the plan's tables as torch objects."""

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

    Parameters that are frozen (`requires_grad=False`) are handed over too, as in the script; torch
    passes over them.

    Args:
        module: whose parameters.
        recipe: names the optimizer and its options.
        **how: which of torch's implementations of it: `fused`, `foreach`, `capturable`.
    """
    make = getattr(torch.optim, recipe.optimizer_row.torch_class)
    options = {"lr": recipe.lr, **recipe.optimizer_options, **how}
    optimizer: torch.optim.Optimizer = make(module.parameters(), **options)
    return optimizer


class PieceLoss:
    """The loss of some samples of an update: what they add to the loss of the whole update.

    An update that is taken whole has the recipe's own loss, to the last bit. Of a piece, the losses are
    added and divided by what the whole update would be divided by, so that the pieces' losses and
    gradients add up to those of the update.

    Args:
        recipe: names the loss and how it is reduced.
        lanes: how many processes share an update; their gradients are averaged, so each counts so often.
        on_device: whether it is taken on another device than the CPU. There BCELoss answers a yhat that is
            no number with an assertion, after which the device is lost to the process; here with an error.
    """

    def __init__(self, recipe: Recipe, *, lanes: int = 1, on_device: bool = False) -> None:
        self._refuses_nan = on_device and recipe.loss == "bce"
        self._whole, self._added = loss_function(recipe), loss_function(recipe, reduction="sum")
        self._mean, self._lanes = recipe.reduction == "mean", lanes

    def __call__(self, yhat: torch.Tensor, y: torch.Tensor, of: int) -> torch.Tensor:
        """Return the loss of a piece `(rows, ...)` of an update of so many samples."""
        if not self._refuses_nan:
            return self._loss(yhat, y, of)
        loss = self._loss(yhat.nan_to_num(nan=0.5), y, of)
        return loss + 0 * yhat.detach().sum()  # NaN where yhat has one, else the loss itself

    def _loss(self, yhat: torch.Tensor, y: torch.Tensor, of: int) -> torch.Tensor:
        if y.shape[0] == of and self._lanes == 1:
            whole: torch.Tensor = self._whole(yhat, y)
            return whole
        parts = of * prod(y.shape[1:]) if self._mean else 1
        piece: torch.Tensor = self._added(yhat, y) * (self._lanes / parts)
        return piece
