"""Random fits over the whole space that `fused_cpu` is for, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
import torch

import chalknet as cn
from chalknet.network import ACTIVATIONS, Activation, Dropout, Linear, Network, Step
from chalknet.planning import LOSSES, Recipe

MOST_WORK = 4e9  # multiply-adds of an update: a fifth of a second
_MOST_NUMBERS = 4_000_000  # of x
_MOST_VALUES = (
    20_000_000  # of the hidden layers in an update: softmax and Dropout take as long as many products
)
_RECIPES = (
    ("sgd", {}),
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"momentum": 0.9, "nesterov": True, "weight_decay": 1e-4}),
    ("adam", {}),
    ("adamw", {}),
    ("rmsprop", {}),
)


@dataclass(frozen=True)
class Draw:
    """One fit.

    Args:
        number: its place among the draws.
        network: what is fitted.
        x, y: the samples.
        recipe: how.
        dtype: of weights and data.
    """

    number: int
    network: Network
    x: torch.Tensor
    y: torch.Tensor
    recipe: Recipe
    dtype: str

    @property
    def rows(self) -> int:
        """Return the samples of an update."""
        return min(self.recipe.batch_size or len(self.x), len(self.x))

    @property
    def work(self) -> int:
        """Return the multiply-adds of an update."""
        return update_work(self.network, self.rows)

    def __str__(self) -> str:
        batch = f"batch {self.recipe.batch_size}" if self.rows < len(self.x) else f"all {self.rows}"
        said = [formula_of(self.network), batch, self.recipe.loss, self.recipe.optimizer]
        said += [
            name if value is True else f"{name} {value:g}"
            for name, value in self.recipe.optimizer_options.items()
        ]  # type: ignore[misc]
        said += ["shuffled"] * self.recipe.shuffle + [self.dtype] * (self.dtype != "float32")
        return ", ".join(said)


def update_work(network: Network, rows: int) -> int:
    """Return the multiply-adds of an update: forward, and each gradient."""
    linears = [visit for visit in network.walk() if isinstance(visit.step, Linear)]
    each = [visit.step.multiply_adds(visit.input_shape) or 0 for visit in linears]
    return rows * (3 * sum(each) - each[0])


def formula_of(network: Network) -> str:
    """Return the network in one line, equal layers in a row once with their number."""
    layers: list[str] = []
    for step in network.steps:
        if isinstance(step, Linear):
            layers.append(f"{step.out_features}" + ("" if step.bias else " no bias"))
        elif isinstance(step, Activation):
            layers[-1] += f" {step.kind}"
        elif isinstance(step, Dropout):
            layers[-1] += f" dropout({step.p:g})"
    found = [str(network.input_shape[0])]
    for layer in layers:
        name, _, times = found[-1].partition(" × ")
        if name == layer:
            found[-1] = f"{name} × {int(times or 1) + 1}"
        else:
            found.append(layer)
    return " → ".join(found)


def drawn(seed: int, draws: int) -> list[Draw]:
    """Return fits, the same ones for the same seed."""
    chance = np.random.default_rng(seed)
    found: list[Draw] = []
    while len(found) < draws:
        draw = _one(chance, len(found))
        if draw is not None:
            found.append(draw)
    return found


def _one(chance: np.random.Generator, number: int) -> Draw | None:
    """Return a fit; None for one whose update would take longer than anybody waits for here."""

    def between(low: int, high: int) -> int:  # each order of magnitude as often as any other
        return round(exp(chance.uniform(log(low), log(high))))

    def maybe(share: float) -> bool:
        return bool(chance.random() < share)

    loss = str(chance.choice(list(LOSSES)))
    activation = str(chance.choice([row.name for row in ACTIVATIONS.values() if row.settled]))
    bias, p = maybe(0.8), 0.5 if maybe(0.2) else 0.0
    if maybe(0.15):
        inputs, hidden, outputs = between(1, 16), [between(2000, 300_000)], between(1, 10)
    else:
        depth = between(1, 12)
        inputs, outputs = between(1, 2000), between(1, 2000)
        hidden = [between(1, 2000)] * depth if maybe(0.5) else [between(1, 2000) for _ in range(depth)]
    outputs = max(2, outputs) if loss == "cross_entropy" else outputs
    hidden = hidden if ACTIVATIONS[activation].elementwise else [max(2, width) for width in hidden]
    n = between(100, 20_000)
    batch = None if maybe(0.2) else between(1, n)
    steps: list[Step] = []
    for width in hidden:
        steps += [Linear(width, bias=bias), Activation(activation), *([Dropout(p)] if p else [])]
    steps += [Linear(outputs, bias=bias), *([Activation("sigmoid")] if loss == "bce" else [])]
    network = Network((inputs,), tuple(steps))
    name, options = _RECIPES[int(chance.integers(len(_RECIPES)))]
    shuffle, dtype = maybe(0.5), "float64" if maybe(0.2) else "float32"
    data_seed = int(chance.integers(2**31))
    rows = min(batch or n, n)
    if update_work(network, rows) > MOST_WORK or rows * sum(hidden) > _MOST_VALUES:
        return None
    if n * max(inputs, outputs) > _MOST_NUMBERS:
        return None
    recipe = Recipe(
        loss=loss, optimizer=name, optimizer_options=options, lr=1e-4, updates=1, batch_size=batch,
        shuffle=shuffle, seed=number,
    )  # fmt: skip
    x, y = _samples(loss, n, inputs, outputs, getattr(torch, dtype), data_seed)
    return Draw(number, network, x, y, recipe, dtype)


def _samples(
    loss: str, n: int, inputs: int, outputs: int, dtype: torch.dtype, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, inputs, generator=generator, dtype=dtype)
    if LOSSES[loss].target == "class":
        return x, torch.randint(0, outputs, (n,), generator=generator)
    return x, torch.rand(n, outputs, generator=generator, dtype=dtype)


def fit(draw: Draw, engine: str, updates: int) -> cn.FitResult:
    """Return the fit of a draw by an engine."""
    recipe = draw.recipe
    return cn.fit(
        draw.network, (draw.x, draw.y), loss=recipe.loss, optimizer=recipe.optimizer,
        **recipe.optimizer_options, lr=recipe.lr, updates=updates,
        batch_size=recipe.batch_size, shuffle=recipe.shuffle, seed=recipe.seed, engine=engine, dtype=draw.dtype,
        device="cpu", progress=False,
    )  # type: ignore[arg-type]  # fmt: skip
