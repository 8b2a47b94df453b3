import torch
import torch.nn as nn


class ResBlock(nn.Module):
    def __init__(self, d, p=0.1):
        super().__init__()
        self.norm = nn.LayerNorm(d)
        self.up = nn.Linear(d, 2 * d)
        self.down = nn.Linear(2 * d, d)
        self.p = nn.Dropout(p)

    def forward(self, x):
        h = self.down(self.p(torch.relu(self.up(self.norm(x)))))
        return x + h            # skip connection


class TabResNet(nn.Module):
    """Tabular ResNet a la Gorishniy et al. 2021, + raw features concatenated before the head"""

    def __init__(self, n_in=27, d=128, n_blocks=3, n_out=1):
        super().__init__()
        self.stem = nn.Linear(n_in, d)
        self.blocks = nn.ModuleList(ResBlock(d) for _ in range(n_blocks))
        self.head = nn.Linear(d + n_in, n_out)

    def forward(self, x):
        h = self.stem(x)
        for blk in self.blocks:
            h = blk(h)
        return self.head(torch.cat([h, x], dim=-1))
