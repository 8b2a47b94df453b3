from typing import List

import torch
from torch import nn, Tensor


class DeformField(nn.Module):
    """Maps (pose, point) pairs to a displacement."""

    def __init__(self, sizes: List[int] = [6, 32, 32, 32, 3]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:])
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        for lin in self.layers:
            nn.init.xavier_uniform_(lin.weight)
            nn.init.zeros_(lin.bias)

    def forward(self, x: Tensor) -> Tensor:
        last = len(self.layers) - 1
        for i, lin in enumerate(self.layers):
            x = lin(x)
            if i < last:
                x = torch.tanh(x)
        return x
