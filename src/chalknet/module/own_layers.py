"""The layers that a network may have and torch does not: a residual block, an embedding beside numbers."""

from __future__ import annotations

import torch
from torch import nn


class ResidualLayer(nn.Module):
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


class EmbedLayer(nn.Embedding):
    """Put the first feature, the number of a category, behind the others as the row fitted for it.

    Args:
        num_embeddings: how many categories there are.
        embedding_dim: numbers that each becomes.
        column: the column of a table that it is the category of.

    Example:
        >>> EmbedLayer(3, 2)(torch.tensor([[2.0, 0.5]])).shape
        torch.Size([1, 3])
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, column: str = "") -> None:
        super().__init__(num_embeddings, embedding_dim)
        self.column = column

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x `(n, features)` without its first feature, and the row of that category behind it."""
        return torch.cat([x[..., 1:], super().forward(x[..., 0].long())], dim=-1)
