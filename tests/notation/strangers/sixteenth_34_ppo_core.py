import numpy as np
import torch
import torch.nn as nn


def mlp(sizes, activation, output_activation=nn.Identity):
    layers = []
    for j in range(len(sizes) - 1):
        act = activation if j < len(sizes) - 2 else output_activation
        layers += [nn.Linear(sizes[j], sizes[j + 1]), act()]
    return nn.Sequential(*layers)


def discount_cumsum(x, discount):
    out = np.zeros_like(x)
    run = 0.0
    for t in reversed(range(len(x))):
        run = x[t] + discount * run
        out[t] = run
    return out


class Critic(nn.Module):
    """V(s). The policy lives in the Rust binary, only the critic is trained here."""

    def __init__(self, obs_dim, hidden_sizes, activation):
        super().__init__()
        self.v_net = mlp([obs_dim] + list(hidden_sizes) + [1], activation)

    def forward(self, obs):
        return torch.squeeze(self.v_net(obs), -1)


# walker env: 24 lidar + hull readings
critic = Critic(obs_dim=24, hidden_sizes=(128, 128), activation=nn.ELU)
optim = torch.optim.Adam(critic.parameters(), lr=1e-3)
