import torch.nn as nn

class MLP(nn.Module):
    def __init__(self, sizes, act=nn.Tanh, last=None):
        super().__init__()
        mods = []
        for i in range(len(sizes) - 1):
            mods.append(nn.Linear(sizes[i], sizes[i + 1]))
            if i < len(sizes) - 2:
                mods.append(act())
        if last is not None:
            mods.append(last())
        self.layers = nn.ModuleList(mods)

    def forward(self, x):
        for m in self.layers:
            x = m(x)
        return x

# PINN for the 2D heat equation: (x, y, t) -> u
net = MLP([3] + 5 * [40] + [1])
