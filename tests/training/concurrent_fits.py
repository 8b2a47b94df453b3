"""Fits of every kind, by number: the same number is the same fit, in whichever thread or process."""

import random
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import torch
from torch import nn

import chalknet as cn

PLAIN = (
    "3 -> 8 relu -> 1",
    "3 -> 8 relu dropout(0.3) -> 1",
    "3 -> 5 tanh -> 4 relu dropout(0.5) -> 1",
    "3 -> 300 relu -> 1",
)
ENGINES = ("eager", "fused_cpu", "auto")


class Noisy(nn.Module):
    """Draws from torch's default generator, as a user's own module may."""

    def __init__(self):
        super().__init__()
        self.linear, self.last = nn.Linear(3, 6), nn.Linear(6, 1)

    def forward(self, x):
        hidden = nn.functional.dropout(torch.relu(self.linear(x + 0.01 * torch.randn_like(x))), 0.2)
        return self.last(hidden)


def _normalised():
    return nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 1))


def _dropping_channels():
    return nn.Sequential(nn.Linear(3, 6), nn.AlphaDropout(0.2), nn.RReLU(), nn.Linear(6, 1))


MODULES = (Noisy, _normalised, _dropping_channels)


def samples(n):
    x = torch.linspace(-1, 1, 3 * n).reshape(n, 3).sin()
    return x, x.square().sum(1, keepdim=True)


def made(number):
    """Return the model, the data and the options of the fit of a number."""
    chance = random.Random(number)
    is_module = chance.random() < 0.4
    options = {
        "loss": chance.choice(("mse", "huber")),
        "optimizer": chance.choice(("sgd", "adam", "rmsprop")),
        "lr": 0.01,
        "batch_size": chance.choice((None, 7, 16) if is_module else (None, 1, 7, 16)),
        "drop_last": is_module,
        "updates": chance.choice((12, 40)),
        "shuffle": chance.random() < 0.6,
        "seed": chance.randrange(2**40),
        "threads": chance.choice((1, 1, 1, 1, 2)),
        "evaluate_every": chance.choice((None, 10)),
        "held_out": chance.choice((None, 0.2)),
        "progress": False,
    }
    data = samples(chance.choice((30, 300)))
    if is_module:
        return _weighted(chance.choice(MODULES), number), data, options | {"engine": "eager"}
    options |= {"engine": chance.choice(ENGINES), "dtype": chance.choice(("float32", "float64"))}
    return chance.choice(PLAIN), data, options


def _weighted(make, number):
    """Return a module whose weights follow from a number and from no generator."""
    with torch.device("meta"):
        module = make()
    module = module.to_empty(device="cpu")
    for at, parameter in enumerate(module.parameters()):
        values = torch.arange(parameter.numel(), dtype=parameter.dtype).add(number + at).sin().mul(0.5)
        parameter.data.copy_(values.reshape(parameter.shape))
    for child in module.modules():
        if isinstance(child, nn.BatchNorm1d):
            child.reset_running_stats()
    return module


def outcome(result):
    """Return all that a fit gives but for its seconds, comparable and picklable."""
    state = {name: value.numpy().tobytes() for name, value in result.module.state_dict().items()}
    seen = [(each.updates, each.train, each.held_out) for each in result.history.evaluations]
    return state, list(result.history.loss), seen


def fit(number, out: Path | None = None):
    """Return the outcome of the fit of a number, kept in a folder with checkpoints where one is given."""
    model, data, options = made(number)
    kept = {} if out is None else {"out": out / f"run{number}", "checkpoint_every": 5}
    result = cn.fit(model, data, **options, **kept)
    if out is not None:
        again = cn.load_run(out / f"run{number}", module=None if result.plan.network else made(number)[0])
        assert outcome(again)[0] == outcome(result)[0]
    if number % 3 == 0 and not isinstance(model, Noisy):
        assert torch.equal(cn.predict(result, data[0]), cn.predict(result, data[0]))
    return outcome(result)


def main(fits: int = 200, threads: int = 8) -> None:
    """Print how many fits a second there are in series and on threads, and how many of these are equal."""
    numbers = range(fits)
    fit_all(numbers[:30])  # what is loaded once
    started = perf_counter()
    series = fit_all(numbers)
    between = perf_counter()
    with tempfile.TemporaryDirectory() as out, ThreadPoolExecutor(threads) as pool:
        together = list(pool.map(lambda number: fit(number, None if number % 4 else Path(out)), numbers))
    ended = perf_counter()
    equal = sum(one == other for one, other in zip(series, together, strict=True))
    print(f"{fits} fits, a second: {fits / (between - started):.0f} in series, ", end="")
    print(f"{fits / (ended - between):.0f} on {threads} threads; equal to the last bit: {equal}")


def fit_all(numbers):
    """Return the outcomes of fits in series."""
    return [fit(number) for number in numbers]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
