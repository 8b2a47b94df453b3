"""Regression of logS from 200 RDKit descriptors (see config below)."""
import torch
from torch import nn

CONFIG = dict(
    in_dim=200,
    hidden_dim=128,
    n_hidden=4,
    dropout=0.15,
    lr=3e-4,
    epochs=300,
    seed=7,
)


class QSARNet(nn.Module):
    def __init__(self, in_dim, hidden_dim, n_hidden, dropout, **_):
        super().__init__()
        self.hidden = nn.ModuleList()
        prev = in_dim
        for _i in range(n_hidden):
            self.hidden.append(nn.Linear(prev, hidden_dim))
            prev = hidden_dim
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(prev, 1)

    def forward(self, x):
        for lin in self.hidden:
            x = self.drop(torch.nn.functional.elu(lin(x)))
        return self.out(x).squeeze(-1)


model = QSARNet(**CONFIG)
