"""A grid search of scikit-learn over small networks, by NetRegressor and by MLPRegressor, whole."""

from __future__ import annotations

import os
import statistics
import sys
import time
import warnings
from dataclasses import dataclass
from typing import Any

from benchmarks.sections import Asked, Found, table
from chalknet.units import show_seconds

AIM, FOLDS, PARTS = 8.0, 3, 4
_WIDTHS = (8, 16, 24, 32, 48)
_RATES = (1e-3, 2e-3, 5e-3, 1e-2, 2e-2)
_PENALTIES = (0.0, 1e-4, 1e-3, 1e-2)
_INTRODUCTION = f"""`GridSearchCV(...).fit(X, y)` over 100 settings of `? -> width relu -> ?` ({len(_WIDTHS)} widths,
{len(_RATES)} learning rates, {len(_PENALTIES)} penalties l2) with {FOLDS} folds, {100 * FOLDS} fits and as many scores, whole, on scikit-learn's
diabetes (442 rows, 10 features, standardised): Adam, the same batches and epochs, no early stopping, one process. The
grid is searched in {PARTS} parts, which the two take in turn, and the ratio is the median of the parts'. NetRegressor
computes in float32, as everywhere here, MLPRegressor in float64. The aim is {AIM:g} ×. An epoch of MLPRegressor costs what
its updates cost, a fit of NetRegressor some milliseconds before the first: the fewer updates, the smaller the ratio."""


@dataclass(frozen=True)
class Budget:
    """How long each member of the search is fitted."""

    epochs: int
    batch_size: int


BUDGETS = {
    "100 epochs, batches of 32": Budget(100, 32),
    "200 epochs, batches of 200": Budget(200, 200),
    "20 epochs, batches of 32": Budget(20, 32),
}


def measured(asked: Asked) -> Found:
    """Time the search for each budget."""
    rows: list[str] = []
    raw: dict[str, Any] = {}
    for name, budget in BUDGETS.items():
        if not asked.wants(name):
            continue
        found = _searched(Budget(1, 200) if asked.quick else budget)
        ratio = statistics.median(
            theirs / ours for ours, theirs in zip(found["NetRegressor"], found["MLPRegressor"], strict=True)
        )
        cells = [show_seconds(sum(found[each])) for each in ("NetRegressor", "MLPRegressor")]
        verdict = "reached" if ratio >= AIM else "MISSED"
        best = [f"{score:.3f}" for score in found["best R²"]]
        rows.append(f"| {name} | {cells[0]} | {cells[1]} | {ratio:.1f} × {verdict} | {' | '.join(best)} |")
        raw[name] = found
        print(rows[-1], file=sys.stderr, flush=True)
    heads = ("each fit", "NetRegressor", "MLPRegressor", "ratio", "best R², ours", "theirs")
    load = f"Load average of the machine meanwhile: {os.getloadavg()[1]:.1f}."
    return Found([*_INTRODUCTION.splitlines(), "", load, *table(*heads, rows=rows)], raw)


def _searched(budget: Budget) -> dict[str, list[float]]:
    """Return the seconds of each part of the search, and the best score, by both."""
    from sklearn.datasets import load_diabetes
    from sklearn.model_selection import GridSearchCV
    from sklearn.neural_network import MLPRegressor
    from sklearn.preprocessing import StandardScaler

    import chalknet as cn

    x, y = load_diabetes(return_X_y=True)
    x, y = StandardScaler().fit_transform(x), (y - y.mean()) / y.std()
    ours = cn.NetRegressor(batch_size=budget.batch_size, epochs=budget.epochs)
    theirs = MLPRegressor(
        batch_size=budget.batch_size, max_iter=budget.epochs, n_iter_no_change=budget.epochs, random_state=0
    )
    grids = {
        "NetRegressor": (ours, "model", lambda width: f"? -> {width} relu -> ?", "lr", "l2"),
        "MLPRegressor": (theirs, "hidden_layer_sizes", lambda width: (width,), "learning_rate_init", "alpha"),
    }
    found: dict[str, list[float]] = {name: [] for name in grids}
    best = dict.fromkeys(grids, -1.0)
    for penalty in _PENALTIES:
        for name, (net, model, spelled, rate, decay) in grids.items():
            grid = {model: [spelled(width) for width in _WIDTHS], rate: _RATES, decay: [penalty]}
            search = GridSearchCV(net, grid, cv=FOLDS, refit=False)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of fits that might go on
                started = time.perf_counter()
                search.fit(x, y)
                found[name].append(time.perf_counter() - started)
            best[name] = max(best[name], float(search.best_score_))
    return {**found, "best R²": list(best.values())}
