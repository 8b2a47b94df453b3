"""A function of the user's as the loss: called as torch's losses are, its errors answered by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from chalknet.errors import ChalknetError, InvalidValue


class CallableLoss(nn.Module):
    """A function `(yhat, y)` of the user's as a loss.

    Args:
        name: of the function.
        function: returns the loss of each value, or one number for all; None where it is not known any more.
        reduction: "mean", "sum" or "none": of losses of each value; a single number is taken as it is.
    """

    def __init__(self, name: str, function: Callable[..., Any] | None, reduction: str) -> None:
        super().__init__()
        self._name, self._function, self._reduction = name, function, reduction

    def forward(self, yhat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the loss."""
        losses = self._called(yhat, y)
        if not losses.dim():
            return losses.expand(len(y)) if self._reduction == "none" else losses
        if self._reduction == "none":
            return losses
        return losses.mean() if self._reduction == "mean" else losses.sum()

    def _called(self, yhat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if self._function is None:
            raise self._refused(
                "a function that was not kept with the run, as only its name can be",
                "the function itself",
                "Begin another fit with loss=your_function.",
            )
        try:
            losses = self._function(yhat, y)
        except (ChalknetError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as problem:  # the user's own code
            raise self._refused(
                f"{type(problem).__name__} for yhat {tuple(yhat.shape)} and y {tuple(y.shape)}: "
                f"{(str(problem).strip() or 'no words').splitlines()[0]}",
                "a function of (yhat, y), two tensors, that returns the loss",
                "Correct it, or look at the two shapes.",
            ) from problem
        if not isinstance(losses, torch.Tensor) or not losses.is_floating_point() or not losses.numel():
            raise self._refused(
                f"a {type(losses).__name__}",
                "a tensor of the losses, or of their mean",
                "Compute it with torch's functions of yhat and y.",
            )
        if torch.is_grad_enabled() and yhat.requires_grad and not losses.requires_grad:
            raise self._refused(
                "a loss that does not depend on yhat",
                "one with a gradient",
                "Leave .detach(), .item() and numpy out of it.",
            )
        return losses

    def _refused(self, got: str, wanted: str, remedy: str) -> InvalidValue:
        return InvalidValue(where=f"loss {self._name}", got=got, wanted=wanted, remedy=remedy)
