import torch
from torch import nn
import torch.nn.functional as F


class Critic(nn.Module):
    # value head for PPO, obs is 24-d (BipedalWalker)
    def __init__(self, obs_dim=24):
        super().__init__()
        self.out = nn.Linear(64, 1)
        self.l1 = nn.Linear(obs_dim, 256)
        self.l2 = nn.Linear(256, 64)
        # self.l3 = nn.Linear(64, 64)   # did not help

    def forward(self, obs):
        z = F.silu(self.l1(obs))
        z = F.silu(self.l2(z))
        # z = F.silu(self.l3(z))
        return self.out(z).squeeze(-1)


if __name__ == '__main__':
    c = Critic()
    print(c(torch.randn(5, 24)).shape)  # torch.Size([5])
