"""Cost against scale: time an update over hidden width, batch size and depth, beside the machine's bounds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch

import chalknet as cn
from benchmarks.sections import Asked, Found, table
from chalknet.measure import Ceilings, measure_ceilings
from chalknet.planning import Placement
from chalknet.training import estimate_cost
from chalknet.units import show_seconds

INTRODUCTION = """Seconds an update: 1→width→1 with 100 samples and Adam; 784-32-1 over the batch size; 64 units a layer over the
depth. The yardstick is the larger of the arithmetic at torch's best sgemm and the weights' way through memory;
kernels that multiply faster than torch's, or skip zeros, can be below it.

![Cost against scale](pictures/scale.svg)"""
WIDTHS = [10**2, 10**3, 10**4, 10**5, 10**6, 10**7, 2 * 10**7]
BATCHES = [1, 8, 64, 512, 4096, 12_665]
DEPTHS = [1, 2, 4, 8, 16]
_LARGEST_EAGER = 10**6  # hidden units times 100 samples: the plain loop stores several such arrays


def measured(asked: Asked) -> Found:
    """Measure, draw the picture and return the table."""
    ceilings = measure_ceilings(repeats=7)
    time.sleep(0.4)
    axes = {"hidden width": _widths(), "batch size": _batches(), "depth": _depths()}
    axes = {name: list(points)[: 2 if asked.quick else None] for name, points in axes.items()}
    found: dict[str, list[tuple[int, dict[str, float], float]]] = {name: [] for name in axes}
    lines = [f"| the machine | {ceilings} | | |"]
    for name, points in axes.items():
        for value, network, data, options in points:
            taken = {"fused_cpu": _per_update(network, data, options, "fused_cpu")}
            if network.steps[0].out_features * len(data[0]) <= 100 * _LARGEST_EAGER:  # type: ignore[attr-defined]
                taken["eager"] = _per_update(network, data, options, "eager")
            bound = _yardstick(network, options.get("batch_size") or len(data[0]), options, ceilings)
            found[name].append((value, taken, bound))
            eager = show_seconds(taken["eager"]) if "eager" in taken else "not run: its arrays are too large"
            lines.append(
                f"| {name} {value:,} | {show_seconds(taken['fused_cpu'])} | {eager} | {show_seconds(bound)} |"
            )
            print(lines[-1], file=sys.stderr, flush=True)
    _draw(found, asked.pictures / "scale.svg")
    raw = {"gflops": ceilings.flops_per_s / 1e9, "gbytes": ceilings.bytes_per_s / 1e9, **found}
    return Found(
        [*INTRODUCTION.splitlines(), *table("", "fused_cpu", "eager", "sgemm or memory", rows=lines)], raw
    )


def _widths() -> Iterator[tuple[int, cn.Network, tuple[torch.Tensor, torch.Tensor], dict[str, object]]]:
    x = torch.linspace(0, 1, 100).reshape(-1, 1)
    for width in WIDTHS:
        yield width, cn.read(f"1 -> {width} relu -> 1"), (x, x * 0.01), {"loss": "mse", "optimizer": "adam"}


def _batches() -> Iterator[tuple[int, cn.Network, tuple[torch.Tensor, torch.Tensor], dict[str, object]]]:
    source = cn.load("mnist01")
    digits = source.take(slice(0, len(source)))
    for size in BATCHES:
        yield size, cn.read("784 -> 32 relu -> 1 sigmoid"), tuple(digits), {"loss": "bce", "batch_size": size}


def _depths() -> Iterator[tuple[int, cn.Network, tuple[torch.Tensor, torch.Tensor], dict[str, object]]]:
    torch.manual_seed(0)
    data = torch.randn(10_000, 64), torch.randn(10_000, 1)
    for depth in DEPTHS:
        formula = "64" + " -> 64 relu" * depth + " -> 1"
        yield depth, cn.read(formula), data, {"loss": "mse", "optimizer": "adam", "batch_size": 128}


def _per_update(network: cn.Network, data: object, options: dict[str, object], engine: str) -> float:
    """Return the seconds of an update, of as many as fit into about half a second."""

    def run(updates: int) -> float:
        result = cn.fit(network, data, **options, updates=updates, engine=engine, progress=False)
        return result.history.seconds[-1] / updates

    first = run(3)
    return run(max(3, min(20_000, int(0.5 / first))))


def _yardstick(network: cn.Network, samples: object, options: dict[str, object], ceilings: Ceilings) -> float:
    """Return the seconds of the arithmetic at torch's best sgemm, or of the weights' way through memory."""
    kind = str(options.get("optimizer", "sgd"))
    recipe = cn.Recipe(loss=str(options["loss"]), optimizer=kind, updates=1)
    work = estimate_cost(network, int(str(samples)), recipe, Placement("cpu", "float32", 1), "fused_cpu")
    return max(work.flops / ceilings.flops_per_s, work.bytes / ceilings.bytes_per_s)


def _draw(measured: dict[str, list[tuple[int, dict[str, float], float]]], picture: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.2), layout="constrained")
    for axes, (name, points) in zip(figure.subplots(1, len(measured)), measured.items(), strict=True):
        for engine, marker in (("eager", "o"), ("fused_cpu", "s")):
            values = [(value, taken[engine]) for value, taken, _ in points if engine in taken]
            axes.loglog(*zip(*values, strict=True), marker=marker, label=engine)
        bounds = [(value, bound) for value, _, bound in points if bound > 0]
        axes.loglog(*zip(*bounds, strict=True), "k:", label="sgemm or memory")
        axes.set_xlabel(name)
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("seconds an update")
    figure.axes[0].legend()
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, metadata={"Date": None})
