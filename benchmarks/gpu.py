"""The engines on a GPU beside the usual loop and JAX there: S1 to S8, and fits drawn over the whole space."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import islice
from math import exp, log
from time import perf_counter
from typing import Any

import torch

import chalknet as cn
from benchmarks.cases import FUSED, JAX, LOOP, Case, cases
from benchmarks.draws import Draw, drawn
from benchmarks.sections import ROOT, Asked, Found, table
from chalknet.data import ArraySource, Batches
from chalknet.engine import ENGINES, loss_function, optimizer_over
from chalknet.network import Network
from chalknet.planning import DataFacts, Placement, Plan, Recipe

GRAPH, CUDA = "graph", "fused_cuda"
RIVALS = (CUDA, JAX, GRAPH, FUSED, LOOP)
DRAWS = 20
AIMS_US = {"S1": 2, "S2": 11, "S3": 15, "S4": 45, "S5": 3, "S6": 5, "S7": 15, "S8": 8}  # of an update, H100
_ROUNDS, _CALL_S, _MOST_UPDATES = 5, 0.06, 60_000
_DRAWN_WORK = 2e8  # multiply-adds of a drawn update, at most
_INTRODUCTION = f"""An update's time is the median of {_ROUNDS} calls, its device waited for; compiling and capturing are not counted.
In brackets: how many times as long as by `fused_cuda`."""
_ELSEWHERE = ROOT / "benchmarks" / "results" / "gpu.md"  # figures of a machine that has a GPU
Call = Callable[[int], object]  # makes so many updates, and waits for the device


@dataclass(frozen=True)
class Cell:
    """One fit that every rival makes; `scan` is JAX's."""

    name: str
    what: str
    network: Network
    x: torch.Tensor
    y: torch.Tensor
    recipe: Recipe
    dtype: str
    scan: Callable[[int], Callable[[], float]]


def measured(asked: Asked) -> Found:
    """Time the rivals of each cell; without a GPU, return the figures that a machine with one gave."""
    if not torch.cuda.is_available():
        return Found(_ELSEWHERE.read_text(encoding="utf-8").rstrip().splitlines(), {"device": None})
    device, rows, raw = torch.cuda.get_device_name(), [], {}
    for cell in _cells(asked.seed, 2 if asked.quick else DRAWS):
        if asked.wants(cell.name):
            raw[cell.name] = {rival: _time(cell, rival) for rival in RIVALS}
            rows.append(_row(cell, raw[cell.name]))
            print(rows[-1], file=sys.stderr, flush=True)
    heads = ("cell", *RIVALS, "aim")
    return Found([f"On {device}, torch {torch.__version__}. {_INTRODUCTION}", *table(*heads, rows=rows)], raw)


def _cells(seed: int, draws: int) -> list[Cell]:
    few = islice((draw for draw in drawn(seed, 20 * draws) if draw.work <= _DRAWN_WORK), draws)
    return [*map(_case_cell, cases()), *map(_draw_cell, few)]


def _case_cell(case: Case) -> Cell:
    options = dict(case.options)
    rule = {name: options.pop(name) for name in ("momentum",) if name in options}
    recipe = Recipe(**options, optimizer_options=rule, updates=1)  # type: ignore[arg-type]
    what = f"{case.name} `{case.formula}`, batch {case.batch_size}"
    return Cell(
        case.name,
        what,
        cn.read(case.formula),
        case.x,
        case.y,
        recipe,
        "float32",
        partial(_scan, "jax_rival", case),
    )


def _draw_cell(draw: Draw) -> Cell:
    scan = partial(_scan, "grid_jax", draw)
    return Cell(
        f"D{draw.number}",
        f"D{draw.number} {draw}",
        draw.network,
        draw.x,
        draw.y,
        draw.recipe,
        draw.dtype,
        scan,
    )


def _scan(module: str, fit: Case | Draw, updates: int) -> Callable[[], float]:
    found: Callable[[], float] = import_module(f"benchmarks.{module}").scan_of(fit, updates)
    return found


def _time(cell: Cell, rival: str) -> float | str:
    """Return the seconds of an update, or why the rival has none."""
    try:
        if rival == JAX:
            return _time_jax(cell)
        if rival == LOOP:
            return _seconds(_loop(cell), 20)
        return _seconds(_session(cell, rival).advance, _MOST_UPDATES)
    except Exception as problem:
        return f"{type(problem).__name__}: {' '.join(str(problem).split())[:80]}"


def _session(cell: Cell, engine: str) -> Any:
    source = ArraySource(cell.x, cell.y)
    recipe = cell.recipe
    batches = Batches(source, recipe.batch_size, recipe.shuffle, recipe.drop_last)
    facts = DataFacts("data", len(source), source.x_shape, source.y_shape)
    placement = Placement("cpu" if engine == FUSED else "cuda", cell.dtype, torch.get_num_threads())
    plan = Plan(cell.network, "", recipe, facts, placement, engine, None, batches.updates_per_epoch)
    return ENGINES[engine].open(plan, batches, None)


def _loop(cell: Cell) -> Call:
    """Return the loop that everyone writes, with the samples on the device."""
    x, y = cell.x.cuda(), cell.y.cuda()
    module = cn.build(cell.network, seed=1).to("cuda", x.dtype)
    loss_of, optimizer = loss_function(cell.recipe), optimizer_over(module, cell.recipe)
    size = cell.recipe.batch_size or len(x)

    def call(updates: int) -> None:
        for number in range(updates):
            at = number * size % max(1, len(x) - size + 1)
            optimizer.zero_grad()
            loss_of(module(x[at : at + size]), y[at : at + size]).backward()
            optimizer.step()
        torch.cuda.synchronize()

    return call


def _time_jax(cell: Cell) -> float:
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the memory is for all rivals
    import jax

    jax.config.update("jax_default_matmul_precision", "highest")
    updates = 500
    call = cell.scan(updates)
    call()
    return min(_taken(lambda _: call(), updates) for _ in range(3)) / updates


def _seconds(call: Call, most: int) -> float:
    call(2)
    updates, taken = 10, _taken(call, 10)
    while taken < _CALL_S / 4 and updates < most:  # a call costs as much as many small updates
        updates = min(most, updates * max(2, int(_CALL_S / 2 / taken)))
        taken = _taken(call, updates)
    updates = max(10, min(most, int(_CALL_S * updates / taken)))
    return statistics.median(_taken(call, updates) / updates for _ in range(_ROUNDS))


def _taken(call: Call, updates: int) -> float:
    started = perf_counter()
    call(updates)
    return perf_counter() - started


def _row(cell: Cell, times: dict[str, float | str]) -> str:
    ours = times[CUDA]
    cells = [_shown(times[rival], None if rival == CUDA else ours) for rival in RIVALS]
    aim = AIMS_US.get(cell.name)
    reached = (
        ""
        if aim is None
        else f"{aim} µs: {'reached' if isinstance(ours, float) and ours * 1e6 <= aim else 'MISSED'}"
    )
    return f"| {cell.what} | {' | '.join(cells)} | {reached} |"


def _shown(time_s: float | str, ours: float | str | None) -> str:
    if isinstance(time_s, str):
        return time_s
    ratio = f" ({time_s / ours:.2f} ×)" if isinstance(ours, float) else ""
    return f"{1e6 * time_s:.2f} µs{ratio}"


def mean_ratio(raw: dict[str, dict[str, float | str]], rival: str) -> float:
    """Return how many times as long a rival takes as fused_cuda, the geometric mean over the cells with both."""
    pairs = [(row[rival], row[CUDA]) for row in raw.values()]
    logs = [log(a / b) for a, b in pairs if isinstance(a, float) and isinstance(b, float)]
    return exp(sum(logs) / len(logs))
