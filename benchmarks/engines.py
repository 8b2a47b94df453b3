"""The engines against the loops people write and the libraries they take: cells S1 to S10."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import chalknet as cn
from benchmarks.rivals import jax_scan, sklearn_mlp
from chalknet.units import show_seconds

ROUNDS = 5
_REST_S = 0.4  # before each call: the threads of the one before spin on for 0.2 s


@dataclass(frozen=True)
class Case:
    """One training that every rival does.

    Args:
        name: its short name.
        formula: the network.
        x, y: the samples.
        options: of `cn.fit`.
        updates: in one timed call, of the slow rivals and of the fast ones.
        aims: how many times as fast as a rival `fused_cpu` is to be.
    """

    name: str
    formula: str
    x: torch.Tensor
    y: torch.Tensor
    options: dict[str, object]
    updates: tuple[int, int]
    aims: dict[str, float] = field(default_factory=dict)

    @property
    def batch_size(self) -> int:
        """Return the samples of an update."""
        size = self.options.get("batch_size")
        return len(self.x) if size is None else int(str(size))


LOSSES = {"mse": nn.MSELoss, "bce": nn.BCELoss, "cross_entropy": nn.CrossEntropyLoss}
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
LOOP, LECTURE, EAGER, FUSED, JAX = (
    "the plain loop",
    "the lecture's DataLoader loop",
    "eager",
    "fused_cpu",
    "JAX jit+scan",
)
SKLEARN = "scikit-learn MLP"


def cases() -> list[Case]:
    """Return S1 to S8."""
    torch.manual_seed(5)
    line = torch.linspace(0, 1, 100).reshape(-1, 1), torch.randn(100).reshape(-1, 1) * 0.01
    source = cn.load("mnist01")
    digits = source.take(slice(0, len(source)))
    f4, adam = "784 -> 32 relu -> 1 sigmoid", {"loss": "mse", "optimizer": "adam"}
    table = torch.randn(10_000, 16), torch.randn(10_000, 1)
    classes = torch.rand(10_000, 784), torch.randint(0, 10, (10_000,))
    three = torch.randn(2_000, 3), torch.randn(2_000, 2)
    momentum = {"loss": "cross_entropy", "lr": 0.01, "momentum": 0.9, "batch_size": 128}
    return [
        Case("S1", "1 -> 500 relu -> 1", *line, adam, (300, 6000), {LOOP: 40, JAX: 3.5}),
        Case("S2", "1 -> 200000 relu -> 1", *line, adam, (4, 60), {LOOP: 40, JAX: 30}),
        Case(
            "S3",
            f4,
            *digits,
            {"loss": "bce", "batch_size": 2048},
            (70, 350),
            {LECTURE: 13, LOOP: 1.9, JAX: 1},
        ),
        Case("S4", f4, *digits, {"loss": "bce"}, (20, 60), {LOOP: 1.8, JAX: 1}),
        Case("S5", f4, *digits, {"loss": "bce", "batch_size": 1}, (300, 10_000), {LOOP: 25, JAX: 1.2}),
        Case(
            "S6",
            "16 -> 64 tanh -> 64 tanh -> 1",
            *table,
            {**adam, "batch_size": 32, "shuffle": True},
            (200, 3000),
            {LOOP: 18, JAX: 1.2},
        ),
        Case("S7", "784 -> 128 relu -> 64 relu -> 10", *classes, momentum, (150, 900), {LOOP: 1.8, JAX: 1}),
        Case(
            "S8",
            "3 -> 1000 sigmoid dropout(0.5) -> 2",
            *three,
            {**adam, "batch_size": 64},
            (100, 1000),
            {LOOP: 15, JAX: 1.3},
        ),
    ]


def rows() -> tuple[list[str], dict[str, dict[str, list[float]]]]:
    """Time all rivals of all cases in turn; return the lines of the table and the raw seconds an update."""
    lines: list[str] = []
    raw: dict[str, dict[str, list[float]]] = {}
    for case in cases():
        rivals = dict(_rivals(case))
        times: dict[str, list[float]] = {name: [] for name in rivals}
        for call in rivals.values():
            call()
        for _ in range(ROUNDS):
            for name, call in rivals.items():
                time.sleep(_REST_S)
                times[name].append(call())
        raw[case.name] = times
        lines += _lines(case, times)
        print("\n".join(lines[-len(times) :]), flush=True)
    return lines, raw


def memory_rows() -> list[str]:
    """Return S9 and S10, each measured in a process of its own."""
    code = (
        "import resource, torch, chalknet as cn\n"
        "def resident(): return int(open('/proc/self/statm').read().split()[1]) * 4096 / 1e6\n"
        "x = torch.linspace(0, 1, 100).reshape(-1, 1); y = x * 0.01\n"
        "options = dict(loss='mse', optimizer='adam', engine='fused_cpu', progress=False)\n"
        "cn.fit(cn.read('1 -> 100 relu -> 1'), (x, y), updates=3, **options)\n"
        "before = resident(); width, updates = {0}\n"
        "result = cn.fit(cn.read(f'1 -> {{width}} relu -> 1'), (x, y), updates=updates, **options)\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3\n"
        "print(resident() - before, peak, result.history.seconds[-1] / updates)"
    )
    found = {}
    for name, width, updates in (("S9", 200_000, 200), ("S10", 20_000_000, 10)):
        done = subprocess.run(
            [sys.executable, "-c", code.format((width, updates))], capture_output=True, text=True, check=True
        )
        found[name] = tuple(map(float, done.stdout.split()))
    growth, _, wide_s = found["S9"]
    _, peak, widest_s = found["S10"]
    per_node = (widest_s / 20_000_000) / (wide_s / 200_000)
    return [
        f"| S9 1→200,000→1, resident growth of a fit | {growth:.0f} MB | 40 MB: {_verdict(growth <= 40)} |",
        f"| S10 1→20,000,000→1, 10 updates: peak memory | {peak / 1e3:.2f} GB | 2 GB: {_verdict(peak <= 2e3)} |",
        f"| S10 time an update, per node against S2 | {show_seconds(widest_s)}, {per_node:.2f} × | "
        f"1.3 ×: {_verdict(per_node <= 1.3)} |",
    ]


def _lines(case: Case, times: dict[str, list[float]]) -> Iterator[str]:
    ours = times[FUSED]
    for name, taken in times.items():
        ratio = statistics.median(a / b for a, b in zip(taken, ours, strict=True))
        spread = 50 * (max(taken) - min(taken)) / statistics.median(taken)
        aim = case.aims.get(name)
        verdict = "" if aim is None else f"{aim:g} ×: {_verdict(ratio >= aim)}"
        shown = "" if name == FUSED else f"{ratio:.2f} ×"
        median = show_seconds(statistics.median(taken))
        what = f"{case.name} {case.formula}, batch {case.batch_size}"
        yield f"| {what} | {name} | {median} | ± {spread:.0f} % | {shown} | {verdict} |"


def _verdict(reached: bool) -> str:
    return "reached" if reached else "MISSED"


def _rivals(case: Case) -> Iterator[tuple[str, Callable[[], float]]]:
    """Yield name and call of each rival; a call makes some updates and returns seconds for one."""
    few, many = case.updates
    if case.name == "S3":
        yield LECTURE, lambda: _lecture(case, few // 7)
    yield LOOP, _plain(case, few)
    yield EAGER, lambda: _ours(case, "eager", few)
    jax = jax_scan(case, few if case.name in ("S2", "S4") else many)
    if jax is not None:
        yield JAX, jax
    sklearn = sklearn_mlp(case)
    if sklearn is not None:
        yield SKLEARN, sklearn
    yield FUSED, lambda: _ours(case, "fused_cpu", many)


def _ours(case: Case, engine: str, updates: int) -> float:
    result = cn.fit(
        cn.read(case.formula), (case.x, case.y), **case.options, updates=updates, engine=engine, progress=False
    )  # fmt: skip
    return result.history.seconds[-1] / updates


def _plain(case: Case, updates: int) -> Callable[[], float]:
    net, loss_of, optimizer = _made(case)
    n, size = len(case.x), case.batch_size

    def run() -> float:
        position, order = n, None
        started = time.perf_counter()
        for _ in range(updates):
            if position >= n:
                position, order = 0, torch.randperm(n) if case.options.get("shuffle") else None
            rows = slice(position, position + size) if order is None else order[position : position + size]
            x, y = (case.x, case.y) if size == n else (case.x[rows], case.y[rows])
            loss = loss_of(net(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            position += size
        return (time.perf_counter() - started) / updates

    return run


def _lecture(case: Case, epochs: int) -> float:
    net, loss_of, optimizer = _made(case)
    loader = DataLoader(TensorDataset(case.x, case.y), batch_size=case.batch_size)
    started = time.perf_counter()
    for _ in range(epochs):
        for x, y in loader:
            loss = loss_of(net(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    return (time.perf_counter() - started) / (epochs * len(loader))


def _made(case: Case) -> tuple[nn.Sequential, nn.Module, torch.optim.Optimizer]:
    net = cn.build(cn.read(case.formula), seed=1)
    options = {name: case.options[name] for name in ("lr", "momentum") if name in case.options}
    make = OPTIMIZERS[str(case.options.get("optimizer", "sgd"))]
    return net, LOSSES[str(case.options["loss"])](), make(net.parameters(), **options)
