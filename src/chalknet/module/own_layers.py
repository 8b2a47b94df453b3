"""The layers that a network may have and torch does not: a residual block."""

from __future__ import annotations

import torch
from torch import nn


class Residual(nn.Module):
    """Add what arrives to what some layers make of it.

    Args:
        *layers: in their order.
    """

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x + layers(x)."""
        added: torch.Tensor = x + self.layers(x)
        return added
