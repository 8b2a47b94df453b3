"""What a checkpoint costs: the time of a save against a run that saves every 30 seconds."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import torch

import chalknet as cn
from benchmarks.sections import Asked, Found, table
from chalknet.data import Batches, load
from chalknet.engine import ENGINES
from chalknet.measure import measure
from chalknet.planning import DataFacts, Placement, Plan, Recipe
from chalknet.training.history import History
from chalknet.training.kept.checkpoint import Checkpoint, save
from chalknet.units import show_bytes, show_count, show_seconds

_EVERY_S, _MOST = 30.0, 0.02
# What is saved: a network and how many rows its history has.
_CASES = {
    "S3": ("784 -> 32 relu -> 1 sigmoid", 700),
    "S3, a long history": ("784 -> 32 relu -> 1 sigmoid", 1_000_000),
    "S2": ("1 -> 200000 relu -> 1", 1_000),
    "a million weights": ("784 -> 1024 relu -> 256 relu -> 10", 10_000),
}


def measured(asked: Asked) -> Found:
    """Return the table of saves and their times."""
    lines, raw = [], {}
    for name, (formula, rows) in _CASES.items():
        if not asked.wants(name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            checkpoint, run = _checkpoint(formula, rows), Path(folder)
            repeats = 3 if asked.quick else 7
            timing = measure({"save": partial(save, run, checkpoint)}, repeats=repeats)["save"]
            size = max(path.stat().st_size for path in run.rglob("*.safetensors"))
        share = timing.median_s / _EVERY_S
        verdict = "reached" if share < _MOST else "MISSED"
        cells = (
            f"{name}: {formula}, Adam, {show_count(rows)} updates recorded", show_bytes(size),
            show_seconds(timing.median_s), f"± {50 * timing.spread:.0f} %", f"{100 * share:.2g} %",
            f"{100 * _MOST:.0f} %: {verdict}",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
        raw[name] = timing.elapsed_s
    head = ("what", "a checkpoint", "a save", "spread", "of a run that saves every 30 s", "to be under")
    return Found(table(*head, rows=lines), raw)


def _checkpoint(formula: str, rows: int) -> Checkpoint:
    network = cn.read(formula)
    x = torch.zeros(10, int(network.input_shape[0]))
    source = load((x, x[:, :1]))
    recipe = Recipe("mse", "adam", updates=2)
    facts = DataFacts("data", 10, source.x_shape, (network.output_shape[0],))
    plan = Plan(network, "", recipe, facts, Placement("cpu", "float32", 2), "eager", 2, 1)
    y = torch.zeros(10, int(network.output_shape[0]))
    session = ENGINES["eager"].open(plan, Batches(load((x, y))), None)
    session.advance(1)
    history = History("error")
    for row in range(rows):
        history.append(row + 1, row + 1, row + 1.0, row * 1e-3, 0.5)
    return Checkpoint(session.state(), history, 1.0, 0.5)
