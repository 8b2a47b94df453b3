"""Fact C1: of 100,000 points on a noisy line, every hundredth already gives the line.

Run it with `python examples/line.py`; it prints both slopes and writes line.svg.
"""

import torch

import chalknet as cn

torch.manual_seed(43052)
x = torch.linspace(-10, 10, 100_000)
y = 2 * x + torch.randn(100_000)

network = cn.read("X(n,1) -l1-> yhat(n,1)")
data = {"all 100,000 points": (x, y), "every 100th point": (x[::100], y[::100])}
fits = {name: cn.fit(network, points, loss="mse", lr=0.01, updates=200) for name, points in data.items()}

for name, result in fits.items():
    line = result.module[0]
    print(f"{name}: yhat = {line.weight.item():.3f} x + {line.bias.item():.3f}")
cn.plot(fits, "x", data=(x, y)).save("line.svg")
