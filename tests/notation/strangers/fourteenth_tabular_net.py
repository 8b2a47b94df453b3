import torch
import torch.nn as nn
import torch.nn.functional as F


class TabularNet(nn.Module):
    """Plain MLP for the tabular baselines."""

    def __init__(self, in_dim, n_classes):
        super().__init__()
        self.head = nn.Linear(32, n_classes)
        self.fc2 = nn.Linear(64, 32, bias=False)
        self.fc1 = nn.Linear(in_dim, 64, bias=False)
        self.aux = nn.Linear(64, 7)      # FIXME: left over from the multi-task experiment, not used
        self.act = nn.Tanh()

    def forward(self, x):
        x = self.act(self.fc1(x))
        x = self.act(self.fc2(x))
        return F.softmax(self.head(x), dim=-1)
