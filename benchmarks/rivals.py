"""Whoever does the training of a case: the loops people write, our engines, torch.compile, scikit-learn."""

from __future__ import annotations

import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import chalknet as cn
from benchmarks.cases import COMPILE, EAGER, FUSED, JAX, LECTURE, LOOP, SKLEARN, Case
from chalknet.network import Activation, Dropout, Linear

LOSSES = {"mse": nn.MSELoss, "bce": nn.BCELoss, "cross_entropy": nn.CrossEntropyLoss}
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
Step = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Taken(NamedTuple):
    """What a call took: seconds of an update, and the last loss."""

    update_s: float
    loss: float


@dataclass(frozen=True)
class Ready:
    """A rival to be timed.

    Args:
        call: makes some updates.
        compile_s: seconds spent compiling before.
    """

    call: Callable[[], Taken]
    compile_s: float = 0.0


@dataclass(frozen=True)
class NotRun:
    """A rival that belongs to the table and could not be run, and why."""

    reason: str


def lecture_loop(case: Case) -> Ready | None:
    """The DataLoader loop of the lecture, where its case is."""
    if case.name != "S3":
        return None
    step = step_of(case)
    loader = DataLoader(TensorDataset(case.x, case.y), batch_size=case.batch_size)

    def batches() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        while True:
            yield from loader

    return Ready(lambda: _timed(step, batches(), case.updates[0]))


def plain_loop(case: Case) -> Ready:
    """The loop with slices; it draws an order each epoch where batches are shuffled."""
    step = step_of(case)
    return Ready(lambda: _timed(step, _slices(case), case.updates[0]))


def torch_compile(case: Case) -> Ready | NotRun:
    """The plain loop with its whole step, optimizer included, compiled by torch."""
    if shutil.which(os.environ.get("CXX", "g++")) is None:
        return NotRun("torch.compile wants a C++ compiler, and there is no g++ here")
    torch._dynamo.reset()
    step = torch.compile(step_of(case), dynamic=False)
    started = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _timed(step, _slices(case, whole=True), 3)
    except Exception as problem:  # whatever inductor and the compiler behind it may say
        return NotRun(str(problem).splitlines()[0][:100])
    compile_s = time.perf_counter() - started
    return Ready(lambda: _timed(step, _slices(case, whole=True), case.updates[0]), compile_s)


def eager(case: Case) -> Ready:
    """Our eager engine."""
    return Ready(lambda: _ours(case, EAGER, case.updates[0])[0])


def fused(case: Case) -> Ready | NotRun:
    """Our compiled engine."""
    try:
        _, compile_s = _ours(case, FUSED, 1)
    except cn.ChalknetError as problem:
        return NotRun(str(problem).splitlines()[0])
    return Ready(lambda: _ours(case, FUSED, case.updates[1])[0], compile_s)


def jax_scan(case: Case) -> Ready | NotRun:
    """JAX with all updates in one compiled scan."""
    try:
        from benchmarks.jax_rival import scan_of
    except ImportError:
        return NotRun("JAX is not installed")
    updates = case.updates[0 if case.name in ("S2", "S4") else 1]
    started = time.perf_counter()
    whole = scan_of(case, updates)
    whole()
    compile_s = time.perf_counter() - started

    def call() -> Taken:
        started = time.perf_counter()
        loss = whole()
        return Taken((time.perf_counter() - started) / updates, loss)

    return Ready(call, compile_s - call().update_s * updates)


def sklearn_mlp(case: Case) -> Ready | NotRun | None:
    """scikit-learn's MLP; None where it has no such network, or takes minutes."""
    try:
        from sklearn.neural_network import MLPClassifier, MLPRegressor
    except ImportError:
        return NotRun("scikit-learn is not installed")
    network = cn.read(case.formula)
    if case.name in ("S2", "S5") or any(isinstance(step, Dropout) for step in network.steps):
        return None
    kinds = [step.kind for step in network.steps if isinstance(step, Activation)]
    names = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}
    hidden = [step.out_features for step in network.steps if isinstance(step, Linear)][:-1]
    epochs = max(1, case.updates[0] * case.batch_size // len(case.x) // 2)
    make = MLPRegressor if case.options["loss"] == "mse" else MLPClassifier
    model = make(
        hidden_layer_sizes=hidden,
        activation=names[kinds[0]],
        solver=str(case.options.get("optimizer", "sgd")),
        alpha=0.0,
        batch_size=case.batch_size,
        learning_rate_init=float(str(case.options.get("lr", 1e-3))),
        momentum=float(str(case.options.get("momentum", 0.0))),
        nesterovs_momentum=False,
        shuffle=bool(case.options.get("shuffle", False)),
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=10**9,
    )
    x, y = case.x.numpy(), case.y.numpy().ravel()

    def call() -> Taken:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            started = time.perf_counter()
            model.fit(x, y)
        return Taken((time.perf_counter() - started) / (epochs * -(-len(x) // case.batch_size)), model.loss_)

    return Ready(call)


RIVALS: dict[str, Callable[[Case], Ready | NotRun | None]] = {
    LECTURE: lecture_loop,
    LOOP: plain_loop,
    EAGER: eager,
    COMPILE: torch_compile,
    JAX: jax_scan,
    SKLEARN: sklearn_mlp,
    FUSED: fused,
}


def step_of(case: Case) -> Step:
    """Return the four lines everyone writes, with a network and an optimizer of their own."""
    net = cn.build(cn.read(case.formula), seed=1)
    options = {name: case.options[name] for name in ("lr", "momentum") if name in case.options}
    optimizer = OPTIMIZERS[str(case.options.get("optimizer", "sgd"))](net.parameters(), **options)
    loss_of = LOSSES[str(case.options["loss"])]()

    def step(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        loss = loss_of(net(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return step


def _slices(case: Case, whole: bool = False) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield batch after batch; whole ones alone for those who want one shape."""
    n, size = len(case.x), case.batch_size
    while True:
        order = torch.randperm(n) if case.options.get("shuffle") else None
        for position in range(0, n - size + 1 if whole else n, size):
            rows = slice(position, position + size) if order is None else order[position : position + size]
            yield (case.x, case.y) if size == n else (case.x[rows], case.y[rows])


def _timed(step: Step, batches: Iterator[tuple[torch.Tensor, torch.Tensor]], updates: int) -> Taken:
    started = time.perf_counter()
    for _ in range(updates):
        x, y = next(batches)
        loss = step(x, y)
    return Taken((time.perf_counter() - started) / updates, loss.item())


def _ours(case: Case, engine: str, updates: int) -> tuple[Taken, float]:
    """Return what some updates took, and the seconds of compiling before them."""
    result = cn.fit(
        cn.read(case.formula), (case.x, case.y), **case.options, updates=updates, engine=engine, progress=False,
        seed=1,
    )  # fmt: skip
    return Taken(result.history.seconds[-1] / updates, result.history.loss[-1]), result.compile_s
