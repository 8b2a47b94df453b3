import argparse
import torch
from torch import nn


class MLP(nn.Module):
    """Generic MLP: sizes[0] inputs, sizes[-1] outputs, tanh in between."""

    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:])
        )
        for layer in self.layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        *body, last = self.layers
        for layer in body:
            x = torch.tanh(layer(x))
        return last(x)


def burgers_residual(net, x, t, nu=0.01 / torch.pi):
    x.requires_grad_(True)
    t.requires_grad_(True)
    u = net(torch.stack([x, t], dim=1)).squeeze(1)
    u_x, u_t = torch.autograd.grad(u.sum(), (x, t), create_graph=True)
    (u_xx,) = torch.autograd.grad(u_x.sum(), x, create_graph=True)
    return u_t + u * u_x - nu * u_xx


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--steps", type=int, default=20_000)
    args = ap.parse_args()

    net = MLP([2] + 5 * [40] + [1])
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    for step in range(args.steps):
        xc, tc = torch.rand(2000) * 2 - 1, torch.rand(2000)
        x0 = torch.rand(200) * 2 - 1
        u0 = net(torch.stack([x0, torch.zeros_like(x0)], 1)).squeeze(1)
        loss = burgers_residual(net, xc, tc).pow(2).mean() + (u0 + torch.sin(torch.pi * x0)).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 1000 == 0:
            print(step, loss.item())
