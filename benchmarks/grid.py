"""`fused_cpu` against the plain loop, eager, JAX and scikit-learn on fits drawn from the whole space."""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from math import exp, log
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

import chalknet as cn
from benchmarks.draws import Draw, drawn, fit
from benchmarks.sections import Asked, Call, Found, lasting, table
from chalknet.measure import measure_ceilings
from chalknet.network import Activation, Dropout, Linear
from chalknet.units import show_seconds

FUSED, LOOP, EAGER, JAX, SKLEARN = "fused_cpu", "plain loop", "eager", "JAX jit+scan", "scikit-learn"
DRAWS, ROUNDS = 60, 5
_CALL_S = 0.1  # what a timed call lasts at least
_REST_S = 0.1  # before each call: the threads of the one before spin on
_WORST = 10
_AIMS = {LOOP: 8.0, JAX: 2.0}
_INTRODUCTION = """Fits drawn at random, `python -m benchmarks grid --seed {seeds}`: widths 1 to 2,000 (one hidden layer to 300,000),
depth 1 to 12, batch 1 to all, every activation, loss and optimizer, with and without bias, Dropout and shuffling,
float32 and float64; at most 4e9 multiply-adds and 2e7 hidden values an update. An update's time is the median of
{rounds} calls of at least {call_s} s, the rivals in turn. A ratio is the median over the rounds: how many times as long the
rival takes as `fused_cpu`; its spread is half the range of the ratios. Compiling is not counted. JAX draws its order
once and leaves short last batches out; scikit-learn runs where it has the network, the loss and the optimizer.

![Time against arithmetic](pictures/grid.svg)"""


class Timed(NamedTuple):
    """A draw that was timed.

    Args:
        name: its seed and its number.
        fit: in words.
        work: multiply-adds of an update.
        times: seconds of an update by rival, one a round.
    """

    name: str
    fit: str
    work: int
    times: dict[str, list[float]]


def measured(asked: Asked) -> Found:
    """Time all rivals on every draw of every seed."""
    ceilings = measure_ceilings(repeats=3)
    found: list[Timed] = []
    for seed in asked.seeds:
        for draw in drawn(seed, 2 if asked.quick else asked.draws):
            name = f"{seed}/{draw.number}"
            if asked.wants(str(draw.number)):
                found.append(Timed(name, str(draw), draw.work, _times(draw, 1 if asked.quick else ROUNDS)))
                print(f"{name}: {draw}: {_shown(found[-1].times)}", file=sys.stderr, flush=True)
    if not asked.only:
        _picture(found, ceilings.flops_per_s, asked.pictures / "grid.svg")
    raw = {one.name: {"fit": one.fit, "work": one.work, "seconds": one.times} for one in found}
    return Found([*_summary(asked.seeds, found), *_worst(found), *_table(found)], raw)


def _times(draw: Draw, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of an update by rival, one a round; a rival that cannot run it is left out."""
    rivals = {name: call for name, make in _RIVALS.items() if (call := make(draw)) is not None}
    updates = {name: lasting(call, _CALL_S) for name, call in rivals.items() if name != JAX}
    if JAX in rivals:  # it compiles for each number of updates
        updates[JAX] = max(2, updates[FUSED] // 2)
        rivals[JAX](updates[JAX])
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, call in rivals.items():
            time.sleep(_REST_S)
            times[name].append(call(updates[name]) / updates[name])
    return times


def _ours(engine: str) -> Callable[[Draw], Call]:
    return lambda draw: lambda updates: fit(draw, engine, updates).history.seconds[-1]


def _loop(draw: Draw) -> Call:
    """Return the four lines everyone writes."""
    recipe, n, size = draw.recipe, len(draw.x), draw.rows
    net = cn.build(draw.network, seed=1).to(draw.x.dtype)
    name = recipe.optimizer_row.torch_class
    optimizer = getattr(torch.optim, name)(net.parameters(), lr=recipe.lr, **recipe.optimizer_options)
    loss_of = _TORCH_LOSSES[recipe.loss_row.name]()

    def batches() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        while True:
            order = torch.randperm(n) if recipe.shuffle else None
            for at in range(0, n, size):
                rows = slice(at, at + size) if order is None else order[at : at + size]
                yield (draw.x, draw.y) if size == n and order is None else (draw.x[rows], draw.y[rows])

    def call(updates: int) -> float:
        started = time.perf_counter()
        for _, (x, y) in zip(range(updates), batches(), strict=False):
            loss_of(net(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()
        return time.perf_counter() - started

    return call


_TORCH_LOSSES: dict[str, Callable[[], nn.Module]] = {
    "mse": nn.MSELoss, "l1": nn.L1Loss, "huber": nn.HuberLoss, "bce": nn.BCELoss,
    "bce_logits": nn.BCEWithLogitsLoss, "cross_entropy": nn.CrossEntropyLoss,
}  # fmt: skip


def _jax(draw: Draw) -> Call | None:
    try:
        from benchmarks.grid_jax import scan_of
    except ImportError:
        return None
    scans: dict[int, Callable[[], float]] = {}

    def call(updates: int) -> float:
        if updates not in scans:
            scans[updates] = scan_of(draw, updates)
            scans[updates]()  # compiles
        started = time.perf_counter()
        scans[updates]()
        return time.perf_counter() - started

    return call


def _sklearn(draw: Draw) -> Call | None:
    """Return scikit-learn's MLP; None where it has no such fit."""
    try:
        from sklearn.neural_network import MLPClassifier, MLPRegressor
    except ImportError:
        return None
    kinds = [step.kind for step in draw.network.steps if isinstance(step, Activation)]
    linears = [step for step in draw.network.steps if isinstance(step, Linear)]
    names = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "identity": "identity"}
    makes = {"mse": MLPRegressor, "cross_entropy": MLPClassifier}
    options = dict(draw.recipe.optimizer_options)
    known = kinds[0] in names and draw.recipe.loss in makes and draw.recipe.optimizer in ("sgd", "adam")
    if not known or any(isinstance(step, Dropout) for step in draw.network.steps) or not linears[0].bias:
        return None
    x, y = draw.x.numpy(), draw.y.numpy()
    y = y.ravel() if y.ndim > 1 and y.shape[1] == 1 else y
    per_epoch = -(-len(x) // draw.rows)

    def call(updates: int) -> float:
        epochs = -(-updates // per_epoch)
        model = makes[str(draw.recipe.loss)](
            hidden_layer_sizes=[step.out_features for step in linears[:-1]], activation=names[kinds[0]],
            solver=draw.recipe.optimizer, alpha=float(str(options.get("weight_decay", 0.0))),
            batch_size=draw.rows, learning_rate_init=draw.recipe.lr,
            momentum=float(str(options.get("momentum", 0.0))), nesterovs_momentum=bool(options.get("nesterov")),
            shuffle=draw.recipe.shuffle, max_iter=epochs, tol=0.0, n_iter_no_change=10**9,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            started = time.perf_counter()
            model.fit(x, y)
        return (time.perf_counter() - started) * updates / (epochs * per_epoch)

    return call


_RIVALS: dict[str, Callable[[Draw], Call | None]] = {
    LOOP: _loop, EAGER: _ours(EAGER), JAX: _jax, SKLEARN: _sklearn, FUSED: _ours(FUSED),
}  # fmt: skip


def ratio(times: dict[str, list[float]], rival: str) -> tuple[float, float]:
    """Return how many times as long a rival takes as `fused_cpu`, and the spread."""
    each = sorted(theirs / ours for theirs, ours in zip(times[rival], times[FUSED], strict=True))
    return statistics.median(each), (each[-1] - each[0]) / 2


def best_rival(times: dict[str, list[float]]) -> str:
    """Return the rival that is fastest."""
    return min((name for name in times if name != FUSED), key=lambda name: ratio(times, name)[0])


def _shown(times: dict[str, list[float]]) -> str:
    ratios = (f"{name} {ratio(times, name)[0]:.2f} ×" for name in times if name != FUSED)
    return f"{show_seconds(statistics.median(times[FUSED]))}; {', '.join(ratios)}"


def _summary(seeds: Sequence[int], found: list[Timed]) -> list[str]:
    words = " ".join(map(str, seeds))
    lines = _INTRODUCTION.format(seeds=words, rounds=ROUNDS, call_s=_CALL_S).splitlines()
    rows = []
    for name in _RIVALS:
        of_seed = {s: _ratios([one for one in found if one.name.startswith(f"{s}/")], name) for s in seeds}
        every = [value for some in of_seed.values() for value in some]
        if every:
            aim, mean = _AIMS.get(name), _geometric(every)
            said = f"{aim:g} ×: {'reached' if mean >= aim else 'MISSED'}" if aim else ""
            each = [f"{_geometric(some):.2f} ×" if some else "" for some in of_seed.values()]
            rows.append(
                f"| {name} | {len(every)} | {' | '.join(each)} | {mean:.2f} × | {min(every):.2f} × | {said} |"
            )
    heads = ("rival", "draws", *(f"geometric mean, seed {seed}" for seed in seeds), "all", "least", "aim")
    lost = [one for one in found if _is_lost(one.times)]
    return [
        *lines,
        *table(*heads, rows=rows),
        "",
        f"Draws below 1.0 × the best rival by more than the spread: {len(lost)} of {len(found)}.",
    ]


def _ratios(found: list[Timed], name: str) -> list[float]:
    return [ratio(one.times, name)[0] for one in found if name != FUSED and name in one.times]


def _geometric(values: list[float]) -> float:
    return exp(statistics.fmean(map(log, values)))


def _is_lost(times: dict[str, list[float]]) -> bool:
    value, spread = ratio(times, best_rival(times))
    return value + spread < 1


def _rows(found: list[Timed]) -> list[str]:
    rows = []
    for name, fit_in_words, _, times in found:
        cells = [
            f"{ratio(times, rival)[0]:.2f}" if rival in times else "" for rival in _RIVALS if rival != FUSED
        ]
        best = best_rival(times)
        value, spread = ratio(times, best)
        judged = f"{best} {value:.2f} ± {spread:.2f}" + (" LOST" if _is_lost(times) else "")
        taken = show_seconds(statistics.median(times[FUSED]))
        rows.append(f"| {name} | {fit_in_words} | {taken} | {' | '.join(cells)} | {judged} |")
    return rows


_HEADS = ("", "fit", "fused_cpu", LOOP, EAGER, JAX, SKLEARN, "best rival")


def _worst(found: list[Timed]) -> list[str]:
    worst = sorted(found, key=lambda one: ratio(one.times, best_rival(one.times))[0])[:_WORST]
    return ["", f"The worst {len(worst)} of them:", *table(*_HEADS, rows=_rows(worst))]


def _table(found: list[Timed]) -> list[str]:
    return ["", "All draws:", *table(*_HEADS, rows=_rows(found))]


def _picture(found: list[Timed], flops_per_s: float, picture: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, marker in ((LOOP, "o"), (JAX, "^"), (FUSED, "s")):
        points = [(one.work, statistics.median(one.times[name])) for one in found if name in one.times]
        if points:
            axes.loglog(*zip(*points, strict=True), marker, label=name, alpha=0.7, markersize=4)
    ends = [min(one.work for one in found), max(one.work for one in found)]
    axes.loglog(ends, [2 * end / flops_per_s for end in ends], "k:", label="torch's best sgemm")
    axes.set(xlabel="multiply-adds of an update", ylabel="seconds an update")
    axes.grid(alpha=0.3)
    axes.legend()
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, metadata={"Date": None})
