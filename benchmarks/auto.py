"""What `auto` takes against the best engine, over a survey of fits long and short: the time of the whole `cn.fit`."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch

import chalknet as cn
from benchmarks.sections import Asked, Found, table
from chalknet.units import show_seconds

ROUNDS, AIM = 5, 1.2
_ENGINES = ("auto", "fused_cpu", "eager")
_REST_S = 0.2  # before each call: the threads of the one before spin on
_LONG_S = 2.0  # an engine that takes so long, and three times as long as the fastest, is timed once
_INTRODUCTION = f"""The whole `cn.fit` by default against the same call with an engine named, the calls in turn, {ROUNDS} rounds, the code of
the kernels loaded: plan, weights, updates and the evaluation at the end. The ratio is the median over the rounds: how
many times as long `auto` takes as the faster engine; the aim is {AIM} ×. An engine that is several times slower is timed
once. Data are random numbers."""


@dataclass(frozen=True)
class Shape:
    """A fit of the survey."""

    formula: str
    batch_size: int | None
    updates: int
    optimizer: str = "adam"
    loss: str = "mse"
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        batch = f"batch {self.batch_size}" if self.batch_size else "all"
        said = " ".join(name if value is True else value for name, value in self.options.items())
        return f"{self.formula}, {batch}, {self.optimizer}{said and f' {said}'}, {self.updates:,} updates"


SHAPES = (
    Shape("10 -> 32 relu -> 1", 64, 8000),
    Shape("10 -> 32 relu -> 1", 1, 5000),
    Shape("64 -> 64 relu -> 10", 64, 630, loss="cross_entropy"),
    Shape("784 -> 32 relu -> 1 sigmoid", 2048, 300, loss="bce"),
    Shape("3 -> 1000 tanh -> 2", 64, 400),
    Shape("784 -> 512 relu -> 10", 128, 100, loss="cross_entropy"),
    Shape("10 -> 1024 relu -> 1024 relu -> 1", 256, 60),
    Shape("1 -> 500 sigmoid -> 1", None, 1000, "sgd"),
    Shape("10 -> 50000 relu -> 1", 100, 60),
    Shape("16 -> " + "64 relu -> " * 8 + "1", 64, 300),
    Shape("10 -> 32 relu -> 1", 64, 1000, options={"dtype": "float64"}),
    Shape("20 -> 100 relu dropout(0.3) -> 1", 32, 500),
    Shape("10 -> 32 relu -> 1", 64, 300, options={"amsgrad": True}),
)


def measured(asked: Asked) -> Found:
    """Time the shapes of the survey by each engine that runs them."""
    rows: list[str] = []
    raw: dict[str, dict[str, list[float]]] = {}
    for shape in SHAPES[:2] if asked.quick else SHAPES:
        taken, times = _times(shape, 1 if asked.quick else ROUNDS)
        raw[str(shape)] = times
        rows.append(_row(shape, taken, times))
        print(rows[-1], file=sys.stderr, flush=True)
    heads = ("fit", "auto takes", *_ENGINES, "auto against the best", "aim")
    return Found([*_INTRODUCTION.splitlines(), *table(*heads, rows=rows)], raw)


def _times(shape: Shape, rounds: int) -> tuple[str, dict[str, list[float]]]:
    """Return what `auto` takes, and the seconds of each engine that runs the fit, one a round."""
    data = data_of(shape)
    fit = partial(fit_of, shape, data)
    plan = fit_of(replace(shape, updates=1), data, "auto")[1].plan
    runs = [name for name in _ENGINES if name in ("auto", "eager") or plan.engine == name]
    first = {name: fit(name)[0] for name in runs}  # the warm-up, after which the code is loaded
    slow = [name for name in runs if first[name] > max(_LONG_S, 3 * min(first.values()))]
    times = {name: [first[name]] if name in slow else [] for name in runs}
    for _ in range(rounds):
        for name in runs:
            if name not in slow:
                time.sleep(_REST_S)
                times[name].append(fit(name)[0])
    threads = plan.placement.threads
    return f"{plan.engine}, {threads} thread{'s' * (threads != 1)}", times


def fit_of(shape: Shape, data: Any, engine: str) -> tuple[float, cn.FitResult]:
    """Return the seconds of the whole call, and its result."""
    started = time.perf_counter()
    result = cn.fit(
        cn.read(shape.formula),
        data,
        loss=shape.loss,
        optimizer=shape.optimizer,
        batch_size=shape.batch_size,
        updates=shape.updates,
        shuffle=shape.batch_size is not None,
        device="cpu",
        engine=engine,
        progress=False,
        **shape.options,
    )
    return time.perf_counter() - started, result


def data_of(shape: Shape) -> tuple[torch.Tensor, torch.Tensor]:
    """Return random samples for a shape."""
    network, chance = cn.read(shape.formula), torch.Generator().manual_seed(0)
    features, outputs = network.input_shape[0], network.output_shape[0]
    rows = 100 if shape.batch_size is None else max(4000, shape.batch_size * 2)
    x = torch.rand(rows, features, generator=chance)
    y = {
        "cross_entropy": lambda: torch.randint(outputs, (rows,), generator=chance),
        "bce": lambda: torch.randint(2, (rows, outputs), generator=chance).float(),
        "mse": lambda: torch.rand(rows, outputs, generator=chance),
    }[shape.loss]()
    return (x.double(), y.double()) if "dtype" in shape.options else (x, y)


def _row(shape: Shape, taken: str, times: dict[str, list[float]]) -> str:
    named = {name: seconds for name, seconds in times.items() if name != "auto"}
    best = min(named.values(), key=statistics.median)
    ratio = statistics.median(mine / theirs for mine, theirs in zip(times["auto"], best, strict=True))
    shown = [show_seconds(statistics.median(times[name])) if name in times else "" for name in _ENGINES]
    aim = "reached" if ratio <= AIM else "MISSED"
    return f"| {' | '.join([str(shape), taken, *shown, f'{ratio:.2f} ×', f'{AIM:g} ×: {aim}'])} |"
