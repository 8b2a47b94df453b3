"""The rows of the plan's tables as torch objects."""

from __future__ import annotations

import torch
from torch import nn

from chalknet.plan import Recipe


def loss_function(recipe: Recipe, *, reduction: str | None = None) -> nn.Module:
    """Return the loss module of `torch.nn` for a recipe.

    Args:
        recipe: names the loss and how it is reduced.
        reduction: another reduction than the recipe's: "mean", "sum" or "none".
    """
    module: nn.Module = getattr(nn, recipe.loss_row.torch_class)(reduction=reduction or recipe.reduction)
    return module


def optimizer_over(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the optimizer of `torch.optim` over a module's parameters.

    Parameters that are frozen (`requires_grad=False`) are handed over too, as in the script; torch
    passes over them.
    """
    make = getattr(torch.optim, recipe.optimizer_row.torch_class)
    optimizer: torch.optim.Optimizer = make(module.parameters(), lr=recipe.lr, **recipe.optimizer_options)
    return optimizer
