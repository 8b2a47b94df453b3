"""The loss, the optimizer and what is done to gradients, of a recipe, as torch objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from math import prod
from typing import Any

import torch
from torch import nn

from chalknet.engine.own_loss import CallableLoss
from chalknet.module import class_named
from chalknet.planning import OWN, Optimizer, Recipe


def loss_function(recipe: Recipe, *, reduction: str | None = None) -> nn.Module:
    """Return the loss module of `torch.nn` for a recipe, or one around the user's own function.

    Args:
        recipe: names the loss and how it is reduced.
        reduction: another reduction than the recipe's: "mean", "sum" or "none".
    """
    row, reduction = recipe.loss_row, reduction or recipe.reduction
    if row.name.startswith(OWN):
        return CallableLoss(row.name.removeprefix(OWN), row.function, reduction or "mean")
    return class_named(row.torch_class)(reduction=reduction, **row.options)


def optimizer_class(row: Optimizer) -> Callable[..., torch.optim.Optimizer]:
    """Return the class of an optimizer: of `torch.optim`, or for `module.Class` of another module."""
    module, _, name = row.torch_class.rpartition(".")
    found: Callable[..., torch.optim.Optimizer] = getattr(import_module(module or "torch.optim"), name)
    return found


def optimizer_over(module: nn.Module, recipe: Recipe, **how: bool) -> torch.optim.Optimizer:
    """Return the optimizer of a recipe over a module's parameters.

    Frozen parameters (`requires_grad=False`) are included, as in a script; torch skips them.

    Args:
        module: whose parameters.
        recipe: names the optimizer and its options.
        **how: which of torch's implementations: `fused`, `foreach`, `capturable`.
    """
    options: dict[str, Any] = {"lr": recipe.lr, **recipe.optimizer_options, **how}
    return optimizer_class(recipe.optimizer_row)(module.parameters(), **options)


class WeightedLoss(nn.Module):
    """A loss of samples that weigh differently: what each weighs is the last number of its y.

    Args:
        recipe: names the loss.
        reduction: "mean", "sum" or "none".
    """

    def __init__(self, recipe: Recipe, reduction: str) -> None:
        super().__init__()
        self._each, self._reduction = loss_function(recipe, reduction="none"), reduction
        self._classes, self._outputs = recipe.loss_row.target == "class", recipe.loss_row.outputs

    def forward(self, yhat: torch.Tensor, packed: torch.Tensor) -> torch.Tensor:
        """Return the loss of yhat and of y with its weights."""
        y, weights = unpacked(yhat, packed, classes=self._classes, outputs=self._outputs)
        losses: torch.Tensor = self._each(yhat, y)
        losses = losses * weights.reshape(-1, *[1] * (losses.dim() - 1))
        if self._reduction == "none":
            return losses
        return losses.mean() if self._reduction == "mean" else losses.sum()


def unpacked(
    yhat: torch.Tensor, packed: torch.Tensor, *, classes: bool, outputs: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return y as the loss takes it, and what each sample weighs.

    Args:
        yhat: tells the shape of y.
        packed: `(n, k + 1)`: the numbers of y, then the weight.
        classes: whether y is class numbers.
        outputs: how many numbers yhat has for one of y.
    """
    weights = packed[:, -1].contiguous()
    if classes:
        return packed[:, 0].long(), weights
    shape = (*yhat.shape[:-1], yhat.shape[-1] // outputs) if outputs > 1 else yhat.shape
    return packed[:, :-1].reshape(shape).contiguous(), weights


def penalised(parameters: Iterable[torch.Tensor]) -> list[torch.Tensor]:
    """Return the weights that penalties are taken of: those that are fitted and have two axes or more."""
    return [parameter for parameter in parameters if parameter.requires_grad and parameter.dim() > 1]


def penalty_of(weights: Sequence[torch.Tensor], recipe: Recipe) -> torch.Tensor | None:
    """Return what the penalties add to the loss; None where there are none."""
    parts = []
    if recipe.l1 and weights:
        parts.append(recipe.l1 * torch.stack([weight.abs().sum() for weight in weights]).sum())
    if recipe.l2 and weights:
        parts.append(recipe.l2 * torch.stack([weight.square().sum() for weight in weights]).sum())
    return sum(parts[1:], parts[0]) if parts else None


def clip_gradients(parameters: Sequence[nn.Parameter], recipe: Recipe) -> None:
    """Clip the gradients of an update by their norm, then by their values, as the recipe asks for."""
    if recipe.clip_norm is not None:
        nn.utils.clip_grad_norm_(parameters, recipe.clip_norm)
    if recipe.clip_value is not None:
        nn.utils.clip_grad_value_(parameters, recipe.clip_value)


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
        if recipe.weighs:
            self._whole: nn.Module = WeightedLoss(recipe, recipe.reduction or "mean")
            self._added: nn.Module = WeightedLoss(recipe, "sum")
        else:
            self._whole, self._added = loss_function(recipe), loss_function(recipe, reduction="sum")
        self._mean, self._shards, self._weighs = recipe.reduction == "mean", shards, recipe.weighs

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
        numbers = prod(y.shape[1:]) - 1 if self._weighs else prod(y.shape[1:])
        parts = of * numbers if self._mean else 1
        part: torch.Tensor = self._added(yhat, y) * (self._shards / parts)
        return part
