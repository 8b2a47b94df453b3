"""JAX as a rival: all updates of a case in one compiled scan, weights `(in, out)` as XLA likes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

import chalknet as cn
from benchmarks.cases import Case
from chalknet.network import Activation, Dropout, Linear


def scan_of(case: Case, updates: int) -> Callable[[], float]:
    """Return a call that makes the updates, from the start each time, and returns the last loss.

    Dropout is left out, and short last batches: a scan wants one shape.
    """
    network = cn.read(case.formula)
    module = cn.build(network, seed=1)
    linears = [layer for layer in module if hasattr(layer, "weight")]
    # the layout that suits XLA: x @ w, with w (in, out)
    start = [
        (jnp.array(one.weight.detach().numpy().T), jnp.array(one.bias.detach().numpy())) for one in linears
    ]
    x, y, n, size = jnp.array(case.x.numpy()), jnp.array(case.y.numpy()), len(case.x), case.batch_size
    functions = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}
    adam, lr = case.options.get("optimizer") == "adam", float(str(case.options.get("lr", 1e-3)))
    momentum = float(str(case.options.get("momentum", 0.0)))

    def loss_of(weights: Any, xx: Any, yy: Any) -> Any:
        h, place = xx, 0
        for step in network.steps:
            if isinstance(step, Linear):
                h, place = h @ weights[place][0] + weights[place][1], place + 1
            elif isinstance(step, Activation):
                h = functions[step.kind](h)
            else:
                assert isinstance(step, Dropout)
        if case.options["loss"] == "mse":
            return jnp.mean((h - yy) ** 2)
        if case.options["loss"] == "bce":
            return -jnp.mean(yy * jnp.log(h) + (1 - yy) * jnp.log(1 - h))
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(h), yy[:, None], 1))

    def update(state: Any, number: Any) -> Any:
        weights, first, second, order = state
        batches = n // size  # whole batches alone: a scan wants one shape
        if size == n:
            xx, yy = x, y
        elif case.options.get("shuffle"):
            rows = jax.lax.dynamic_slice_in_dim(order, (number % batches) * size, size)
            xx, yy = x[rows], y[rows]
        else:
            at = (number % batches) * size
            xx, yy = jax.lax.dynamic_slice_in_dim(x, at, size), jax.lax.dynamic_slice_in_dim(y, at, size)
        loss, slopes = jax.value_and_grad(loss_of)(weights, xx, yy)
        each = jax.tree_util.tree_map
        if adam:
            first = each(lambda m, g: 0.9 * m + 0.1 * g, first, slopes)
            second = each(lambda v, g: 0.999 * v + 0.001 * g * g, second, slopes)
            t = number + 1.0
            rate, down = lr / (1 - 0.9**t), jnp.sqrt(1 - 0.999**t)
            weights = each(lambda w, m, v: w - rate * m / (jnp.sqrt(v) / down + 1e-8), weights, first, second)
        else:
            first = each(lambda m, g: momentum * m + g, first, slopes) if momentum else slopes
            weights = each(lambda w, m: w - lr * m, weights, first)
        return (weights, first, second, order), loss

    def loop(state: Any) -> Any:
        return jax.lax.scan(update, state, jnp.arange(updates))

    whole = jax.jit(loop)
    zeros = jax.tree_util.tree_map(jnp.zeros_like, start)
    state = (start, zeros, zeros, jax.random.permutation(jax.random.PRNGKey(0), n))
    return lambda: float(jax.block_until_ready(whole(state))[1][-1])
