"""The cases S1 to S8: one training each, and how many times as fast as whom ours is to be."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

import chalknet as cn

LECTURE, LOOP, EAGER, FUSED = "the lecture's DataLoader loop", "the plain loop", "eager", "fused_cpu"
COMPILE, JAX, SKLEARN = "torch.compile of the step", "JAX jit+scan", "scikit-learn MLP"


@dataclass(frozen=True)
class Case:
    """One training that every rival does.

    Args:
        name: its short name.
        formula: the network.
        x, y: the samples.
        options: of `cn.fit`.
        updates: in one timed call, of the slow rivals and of the fast ones.
        aims: how many times as fast as a rival ours are to be, by ours and rival.
    """

    name: str
    formula: str
    x: torch.Tensor
    y: torch.Tensor
    options: dict[str, object]
    updates: tuple[int, int]
    aims: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def batch_size(self) -> int:
        """Return the samples of an update."""
        size = self.options.get("batch_size")
        return len(self.x) if size is None else int(str(size))

    @property
    def left_to_chance(self) -> bool:
        """Return whether two trainings end at another loss, by their order or by Dropout."""
        return bool(self.options.get("shuffle")) or "dropout" in self.formula


def cases() -> list[Case]:
    """Return S1 to S8."""
    torch.manual_seed(5)
    line = torch.linspace(0, 1, 100).reshape(-1, 1), torch.randn(100).reshape(-1, 1) * 0.01
    source = cn.load("mnist01")
    digits = source.take(slice(0, len(source)))
    table = torch.randn(10_000, 16), torch.randn(10_000, 1)
    classes = torch.rand(10_000, 784), torch.randint(0, 10, (10_000,))
    three = torch.randn(2_000, 3), torch.randn(2_000, 2)
    f4, adam, bce = "784 -> 32 relu -> 1 sigmoid", {"loss": "mse", "optimizer": "adam"}, {"loss": "bce"}
    momentum = {"loss": "cross_entropy", "lr": 0.01, "momentum": 0.9, "batch_size": 128}
    shuffled = {**adam, "batch_size": 32, "shuffle": True}
    loop, jax, same = (FUSED, LOOP), (FUSED, JAX), {(EAGER, LOOP): 0.95}
    lecture = {(FUSED, LECTURE): 13, (EAGER, LECTURE): 7}
    return [
        Case("S1", "1 -> 500 relu -> 1", *line, adam, (300, 6000), {loop: 40, jax: 3.5, **same}),
        Case("S2", "1 -> 200000 relu -> 1", *line, adam, (4, 60), {loop: 40, jax: 30}),
        Case("S3", f4, *digits, {**bce, "batch_size": 2048}, (70, 350), {**lecture, loop: 1.9, jax: 1}),
        Case("S4", f4, *digits, bce, (20, 60), {loop: 1.8, jax: 1, **same}),
        Case("S5", f4, *digits, {**bce, "batch_size": 1}, (300, 10_000), {loop: 25, jax: 1.2}),
        Case("S6", "16 -> 64 tanh -> 64 tanh -> 1", *table, shuffled, (200, 3000), {loop: 18, jax: 1.2}),
        Case("S7", "784 -> 128 relu -> 64 relu -> 10", *classes, momentum, (150, 900), {loop: 1.8, jax: 1}),
        Case(
            "S8", "3 -> 1000 sigmoid dropout(0.5) -> 2", *three, {**adam, "batch_size": 64}, (100, 1000),
            {loop: 15, jax: 1.3},
        ),
    ]  # fmt: skip
