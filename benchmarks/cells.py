"""The cells: each a case with its rivals, every rival the same training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import chalknet as cn


@dataclass(frozen=True)
class Cell:
    """One case of the benchmark.

    Args:
        name: its short name.
        what: the case in words.
        updates: updates in one timed call.
        rivals: names and calls, the first one is what everyone writes; each returns its last loss.
        ours: the rival that is chalknet's.
        aim: how many times faster than the first ours is to be.
    """

    name: str
    what: str
    updates: int
    rivals: dict[str, Callable[[], float]]
    ours: str
    aim: float


def cells() -> list[Cell]:
    """Return the cells: S1 (overhead), S3 (the data path), S4 (matrix products)."""
    return [_s1(), _s3(), _s4()]


def _s1() -> Cell:
    torch.manual_seed(5)
    x = torch.linspace(0, 1, 100).reshape(-1, 1)
    y = torch.randn(100).reshape(-1, 1) * 0.01
    updates = 1000

    def plain() -> float:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(1, 500), nn.ReLU(), nn.Linear(500, 1))
        return _plain_loop(net, nn.MSELoss(), torch.optim.Adam(net.parameters()), x, y, updates)

    def ours() -> float:
        net = cn.read("1 -> 500 relu -> 1")
        options = {"loss": "mse", "optimizer": "adam", "updates": updates}
        return cn.fit(net, (x, y), **options, engine="eager", progress=False).history.loss[-1]

    rivals = {"the plain loop": plain, "cn.fit(engine='eager')": ours}
    return Cell("S1", "1→500→1 ReLU, MSE, Adam, n=100", updates, rivals, "cn.fit(engine='eager')", 1 / 1.05)


def _mnist() -> tuple[torch.Tensor, torch.Tensor]:
    source = cn.load("mnist01")
    sample = source.take(slice(0, len(source)))
    return sample.x, sample.y


def _f4() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())


def _ours_on_mnist(x: torch.Tensor, y: torch.Tensor, updates: int, batch_size: int | None) -> float:
    net = cn.read("784 -> 32 relu -> 1 sigmoid")
    options = {"loss": "bce", "batch_size": batch_size, "updates": updates, "seed": 1}
    return cn.fit(net, (x, y), **options, engine="eager", progress=False).history.loss[-1]


def _s3() -> Cell:
    x, y = _mnist()
    updates, batch_size = 350, 2048

    def lecture() -> float:
        net = _f4()
        optimizer, loss_of = torch.optim.SGD(net.parameters()), nn.BCELoss()
        loader = DataLoader(TensorDataset(x, y), batch_size=batch_size)
        for _ in range(updates // 7):
            for xx, yy in loader:
                loss = loss_of(net(xx), yy)
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
        return loss.item()

    def slices() -> float:
        net = _f4()
        optimizer, loss_of = torch.optim.SGD(net.parameters()), nn.BCELoss()
        for _ in range(updates // 7):
            for start in range(0, len(x), batch_size):
                loss = loss_of(net(x[start : start + batch_size]), y[start : start + batch_size])
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
        return loss.item()

    rivals = {
        "the lecture's loop (DataLoader)": lecture,
        "the loop with slices": slices,
        "cn.fit(engine='eager')": lambda: _ours_on_mnist(x, y, updates, batch_size),
    }
    return Cell(
        "S3", "784-32-1 on MNIST 0/1, batches of 2048", updates, rivals, "cn.fit(engine='eager')", 7.0
    )


def _s4() -> Cell:
    x, y = _mnist()
    updates = 140

    def plain() -> float:
        net = _f4()
        return _plain_loop(net, nn.BCELoss(), torch.optim.SGD(net.parameters()), x, y, updates)

    rivals = {"the plain loop": plain, "cn.fit(engine='eager')": lambda: _ours_on_mnist(x, y, updates, None)}
    return Cell(
        "S4", "784-32-1 on MNIST 0/1, gradient descent", updates, rivals, "cn.fit(engine='eager')", 1 / 1.05
    )


def _plain_loop(
    net: nn.Module,
    loss_of: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    updates: int,
) -> float:
    for _ in range(updates):
        loss = loss_of(net(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return loss.item()
