"""Many networks at once: a search over 200 small networks, beside the ways in which people fit as many."""

from __future__ import annotations

import resource
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

import chalknet as cn
from benchmarks.sections import Asked, Found, table

WIDTHS, ROWS, FEATURES, BATCH, LR = (8, 16, 32, 64), 1000, 10, 32, 0.01
_EPOCHS = 25  # of 32 updates: 800
_PART = 10  # of the slow rivals one net in so many is fitted, and the time multiplied
RECIPE = {
    "loss": "mse", "optimizer": "adam", "lr": LR, "batch_size": BATCH, "epochs": _EPOCHS, "shuffle": True,
}  # fmt: skip


def measured(asked: Asked) -> Found:
    """Time each way to fit 200 networks of one hidden layer, in turn; the better of two rounds."""
    seeds = 1 if asked.quick else 50
    x, y, held_out = _data()
    nets = len(WIDTHS) * seeds
    ways: dict[str, tuple[str, Callable[[], None], float]] = {
        "search": ("`cn.search`, all cores", lambda: _search(x, y, held_out, seeds), 1),
        "search 1": ("`cn.search`, one thread", lambda: _search(x, y, held_out, seeds, n_jobs=1), 1),
        "fits": ("a loop over `cn.fit`", lambda: _fits(x, y, held_out, seeds), 1),
    }
    part = max(1, seeds // _PART)
    times = seeds / part
    ways |= {
        "torch": (f"a loop by hand in torch, one thread{_of_part(times)}", lambda: _by_hand(x, y, part), times),
        "vmap": ("`torch.func.vmap`, all nets of a width at once, one thread", lambda: _by_vmap(x, y, seeds), 1),
        "sklearn": (
            f"scikit-learn's `MLPRegressor` under joblib{_of_part(times)}", lambda: _sklearn(x, y, part), times,
        ),
    }  # fmt: skip
    if find_spec("jax"):
        ways["jax"] = (
            "JAX, jit, scan and vmap over all nets of a width, compiling included",
            lambda: _jax(x, y, seeds),
            1,
        )
    ways = {name: way for name, way in ways.items() if asked.wants(name)}
    _search(x, y, held_out, 1)  # loads compiled code
    threads = torch.get_num_threads()
    found: dict[str, list[list[float]]] = {name: [] for name in ways}
    for turn in range(1 if asked.quick else 3):
        for name, (_, call, factor) in ways.items():
            if turn and name not in ("search", "search 1", "fits"):
                continue  # minutes each
            torch.set_num_threads(1 if name in ("torch", "vmap") else threads)  # more are slower there
            started, used = time.perf_counter(), _cpu_s()
            call()
            found[name].append([factor * (time.perf_counter() - started), factor * (_cpu_s() - used)])
    torch.set_num_threads(threads)
    least = {name: np.min(times, axis=0).tolist() for name, times in found.items()}
    first = least.get("search", [np.nan, np.nan])[1]
    rows = [
        f"| {text} | {least[name][0]:.2f} | {least[name][1]:.2f} | {least[name][1] / first:.1f} |"
        for name, (text, _, _) in ways.items()
    ]
    lines = [
        f"{nets} networks, {FEATURES} → {', '.join(map(str, WIDTHS))} → 1, ReLU, Adam, on {ROWS:,} rows: "
        f"{_EPOCHS} epochs of {-(-ROWS // BATCH)} updates each, {BATCH} rows an update, shuffled. Seconds for all "
        "of them, on the clock and of the processors: the first tells what one waits, and on a machine with other "
        "work the second what it costs. The best of three rounds of the first three ways, one of the others. Only the first three evaluate each network on held-out rows "
        "and give the same numbers, bit for bit.",
        *table("way", "seconds", "CPU seconds", "times the search's", rows=rows),
    ]
    return Found(lines, found)


def _cpu_s() -> float:
    """Return the processor time of this process and of those that it has ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _of_part(times: float) -> str:
    return "" if times == 1 else f" (one in {times:.0f} nets, the time multiplied)"


def _data() -> tuple[Any, Any, Any]:
    draw = np.random.default_rng(0)
    x = draw.standard_normal((ROWS + 250, FEATURES)).astype(np.float32)
    y = (2 * x[:, :1] + np.sin(3 * x[:, 1:2])).astype(np.float32)
    return x[:ROWS], y[:ROWS], (x[ROWS:], y[ROWS:])


def _search(x: Any, y: Any, held_out: Any, seeds: int, **more: Any) -> None:
    over = {"width": WIDTHS, "seed": range(seeds)}
    cn.search(f"{FEATURES} -> width relu -> 1", (x, y), over, held_out=held_out, **RECIPE, **more)


def _fits(x: Any, y: Any, held_out: Any, seeds: int) -> None:
    for width in WIDTHS:
        for seed in range(seeds):
            cn.fit(f"{FEATURES} -> {width} relu -> 1", (x, y), held_out=held_out, seed=seed, **RECIPE)


def _module(width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(FEATURES, width), nn.ReLU(), nn.Linear(width, 1))


def _by_hand(x: Any, y: Any, seeds: int) -> None:
    """Fit with slices of tensors, which is the fastest plain loop."""
    xs, ys = torch.from_numpy(x), torch.from_numpy(y)
    for width in WIDTHS:
        for seed in range(seeds):
            torch.manual_seed(seed)
            net = _module(width)
            optimizer, loss_of = torch.optim.Adam(net.parameters(), lr=LR), nn.MSELoss()
            for _ in range(_EPOCHS):
                order = torch.randperm(ROWS)
                for rows in order.split(BATCH):
                    optimizer.zero_grad()
                    loss_of(net(xs[rows]), ys[rows]).backward()
                    optimizer.step()


def _by_vmap(x: Any, y: Any, seeds: int) -> None:
    xs, ys = torch.from_numpy(x), torch.from_numpy(y)
    for width in WIDTHS:
        nets = [_module(width) for _ in range(seeds)]
        weights, buffers = stack_module_state(nets)  # type: ignore[arg-type]
        base = _module(width).to("meta")

        def loss_of(own: Any, none: Any, xx: Any, yy: Any, base: nn.Module = base) -> torch.Tensor:
            return ((functional_call(base, (own, none), (xx,)) - yy) ** 2).mean()

        gradients = vmap(grad_and_value(loss_of), in_dims=(0, 0, 0, 0))
        weights = {name: value.detach() for name, value in weights.items()}
        optimizer = torch.optim.Adam(list(weights.values()), lr=LR)
        for _ in range(_EPOCHS):
            orders = torch.stack([torch.randperm(ROWS) for _ in range(seeds)])
            for rows in orders.split(BATCH, dim=1):
                found, _ = gradients(weights, buffers, xs[rows], ys[rows])
                for name, value in weights.items():
                    value.grad = found[name]
                optimizer.step()


def _sklearn(x: Any, y: Any, seeds: int) -> None:
    import joblib
    from joblib.externals.loky import get_reusable_executor

    joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_fit_sklearn)(x, y[:, 0], width, seed) for width in WIDTHS for seed in range(seeds)
    )
    get_reusable_executor().shutdown(wait=True)


def _fit_sklearn(x: Any, y: Any, width: int, seed: int) -> None:
    from sklearn.neural_network import MLPRegressor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        MLPRegressor(
            hidden_layer_sizes=(width,), batch_size=BATCH, learning_rate_init=LR, max_iter=_EPOCHS, n_iter_no_change=_EPOCHS,
            alpha=0.0, random_state=seed,
        ).fit(x, y)  # fmt: skip


def _jax(x: Any, y: Any, seeds: int) -> None:
    import jax
    import jax.numpy as jnp

    xs, ys, size = jnp.array(x), jnp.array(y), BATCH
    batches = ROWS // size  # whole ones alone: a scan wants one shape

    def loss_of(weights: Any, xx: Any, yy: Any) -> Any:
        first, bias, second, last = weights
        return jnp.mean((jax.nn.relu(xx @ first + bias) @ second + last - yy) ** 2)

    def update(state: Any, rows: Any) -> Any:
        weights, moment, square, number = state
        slopes = jax.grad(loss_of)(weights, xs[rows], ys[rows])
        each = jax.tree_util.tree_map
        moment = each(lambda m, g: 0.9 * m + 0.1 * g, moment, slopes)
        square = each(lambda s, g: 0.999 * s + 0.001 * g * g, square, slopes)
        number = number + 1
        up, root = 1 - 0.9**number, 1 - 0.999**number
        weights = each(
            lambda w, m, s: w - LR * (m / up) / (jnp.sqrt(s / root) + 1e-8), weights, moment, square
        )
        return (weights, moment, square, number), None

    for width in WIDTHS:

        def fit(key: Any, width: int = width) -> Any:
            keys = jax.random.split(key, _EPOCHS + 2)
            first = jax.random.normal(keys[0], (FEATURES, width)) / FEATURES**0.5
            second = jax.random.normal(keys[1], (width, 1)) / width**0.5
            weights = (first, jnp.zeros(width), second, jnp.zeros(1))
            zeros = jax.tree_util.tree_map(jnp.zeros_like, weights)
            orders = jax.vmap(lambda k: jax.random.permutation(k, ROWS))(keys[2:])
            rows = orders[:, : batches * size].reshape(-1, size)
            (weights, *_), _ = jax.lax.scan(update, (weights, zeros, zeros, 0), rows)
            return weights

        jax.block_until_ready(jax.jit(jax.vmap(fit))(jax.random.split(jax.random.PRNGKey(0), seeds)))
