"""Losses that `torch.nn` has not, as modules that are called as its own are."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

_REDUCED: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "mean": torch.mean,
    "sum": torch.sum,
    "none": lambda losses: losses,
}
_LEAST = 1e-30  # of a probability that is raised to a power


class _Reduced(nn.Module):
    """A loss with torch's three ways to reduce."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def reduced(self, losses: torch.Tensor) -> torch.Tensor:
        """Return the losses as they are asked for."""
        return _REDUCED[self.reduction](losses)


class PinballLoss(_Reduced):
    """The loss whose least is the quantile q: q (y - yhat) above yhat, (1 - q) (yhat - y) below it.

    Source: R. Koenker, G. Bassett, Regression quantiles (1978).
    """

    def __init__(self, q: float = 0.5, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.q = q

    def forward(self, yhat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the loss."""
        above = y - yhat
        return self.reduced(torch.where(above > 0, self.q * above, (self.q - 1) * above))


class FocalLoss(_Reduced):
    """Binary cross-entropy of logits, times (1 - p)^gamma of the probability p that y is given.

    Source: T.-Y. Lin et al., Focal loss for dense object detection (2017), without its alpha.
    """

    def __init__(self, gamma: float = 2.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.gamma = gamma

    def forward(self, yhat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the loss."""
        p = torch.sigmoid(yhat)
        missed = (p + y - 2 * p * y).clamp(min=_LEAST)
        losses = functional.binary_cross_entropy_with_logits(yhat, y, reduction="none")
        return self.reduced(losses * missed**self.gamma)


class FocalCrossEntropyLoss(_Reduced):
    """Cross-entropy of class numbers, times (1 - p)^gamma of the probability p of the class."""

    def __init__(self, gamma: float = 2.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.gamma = gamma

    def forward(self, yhat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the loss of logits `(n, classes, ...)`."""
        logarithms = -functional.cross_entropy(yhat, y, reduction="none")
        missed = (-torch.expm1(logarithms)).clamp(min=_LEAST)
        return self.reduced(-logarithms * missed**self.gamma)


class GaussianLoss(_Reduced):
    """Torch's GaussianNLLLoss of a mean and the logarithm of a variance, the halves of yhat's last axis."""

    def forward(self, yhat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the loss of yhat `(n, ..., 2 k)` and y `(n, ..., k)`."""
        mean, spread = yhat.chunk(2, dim=-1)
        return functional.gaussian_nll_loss(mean, y, spread.exp(), reduction=self.reduction)
