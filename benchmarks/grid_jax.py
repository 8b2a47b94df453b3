"""JAX on a drawn fit: all updates in one compiled scan, weights `(in, out)` as XLA likes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

import chalknet as cn
from benchmarks.draws import Draw
from chalknet.network import Activation, Dropout, Linear

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "gelu": lambda z: jax.nn.gelu(z, approximate=False),
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "softmax": jax.nn.softmax,
    "log_softmax": jax.nn.log_softmax,
    "identity": lambda z: z,
}
LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "mse": lambda h, y: jnp.mean((h - y) ** 2),
    "l1": lambda h, y: jnp.mean(jnp.abs(h - y)),
    "huber": lambda h, y: jnp.mean(jnp.where(jnp.abs(h - y) > 1, jnp.abs(h - y) - 0.5, (h - y) ** 2 / 2)),
    "bce": lambda h, y: -jnp.mean(y * jnp.log(h) + (1 - y) * jnp.log(1 - h)),
    "bce_logits": lambda h, y: jnp.mean(jax.nn.softplus(h) - y * h),
    "cross_entropy": lambda h, y: -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(h), y[:, None], 1)),
}


def scan_of(draw: Draw, updates: int) -> Callable[[], float]:
    """Return a call that makes the updates, from the start each time, and returns the last loss.

    Short last batches are left out, and the order is drawn once: a scan wants one shape.
    """
    jax.config.update("jax_enable_x64", draw.dtype == "float64")
    network, recipe, n, size = draw.network, draw.recipe, len(draw.x), draw.rows
    module = cn.build(network, seed=1).to(draw.x.dtype)
    linears = [layer for layer in module if hasattr(layer, "weight")]
    start = [[jnp.array(p.detach().numpy().T) for p in layer.parameters()] for layer in linears]
    x, y = jnp.array(draw.x.numpy()), jnp.array(draw.y.numpy())

    def loss_of(weights: Any, xx: Any, yy: Any, key: Any) -> Any:
        h, place = xx, 0
        for step in network.steps:
            if isinstance(step, Linear):
                h = h @ weights[place][0]
                h = h + weights[place][1] if step.bias else h
                place += 1
            elif isinstance(step, Activation):
                h = ACTIVATIONS[step.kind](h)
            elif isinstance(step, Dropout):
                key, own = jax.random.split(key)
                h = jnp.where(jax.random.bernoulli(own, 1 - step.p, h.shape), h / (1 - step.p), 0)
        return LOSSES[recipe.loss_row.name](h, yy)

    def update(state: Any, number: Any) -> Any:
        weights, slots, order, key = state
        at, key = (number % (n // size)) * size, jax.random.fold_in(key, number)
        if size == n and not recipe.shuffle:
            xx, yy = x, y
        elif recipe.shuffle:
            rows = jax.lax.dynamic_slice_in_dim(order, at, size)
            xx, yy = x[rows], y[rows]
        else:
            xx, yy = (jax.lax.dynamic_slice_in_dim(all_of, at, size) for all_of in (x, y))
        loss, slopes = jax.value_and_grad(loss_of)(weights, xx, yy, key)
        weights, slots = _stepped(draw, weights, slots, slopes, number)
        return (weights, slots, order, key), loss

    @jax.jit
    def whole(state: Any) -> Any:
        return jax.lax.scan(update, state, jnp.arange(updates))

    zeros = jax.tree_util.tree_map(jnp.zeros_like, start)
    order = jax.random.permutation(jax.random.PRNGKey(0), n)
    state = (start, (zeros, zeros), order, jax.random.PRNGKey(1))
    return lambda: float(jax.block_until_ready(whole(state))[1][-1])


def _stepped(draw: Draw, weights: Any, slots: Any, slopes: Any, number: Any) -> Any:
    """Return the weights and the optimizer's state after an update."""
    recipe, each, (first, second) = draw.recipe, jax.tree_util.tree_map, slots
    options: Any = {**recipe.optimizer_row.options, **recipe.optimizer_options}
    lr, decay = recipe.lr or 0.0, options["weight_decay"]
    if decay and recipe.optimizer == "adamw":
        weights = each(lambda w: w * (1 - lr * decay), weights)
    elif decay:
        slopes = each(lambda g, w: g + decay * w, slopes, weights)
    if recipe.optimizer == "sgd":
        momentum = options["momentum"]
        if not momentum:
            return each(lambda w, g: w - lr * g, weights, slopes), slots
        first = each(lambda m, g: momentum * m + g, first, slopes)
        moves = each(lambda g, m: g + momentum * m, slopes, first) if options["nesterov"] else first
        return each(lambda w, m: w - lr * m, weights, moves), (first, second)
    keep = options["alpha"] if recipe.optimizer == "rmsprop" else options["betas"][1]
    second = each(lambda v, g: keep * v + (1 - keep) * g * g, second, slopes)
    if recipe.optimizer == "rmsprop":
        moved = each(lambda w, g, v: w - lr * g / (jnp.sqrt(v) + 1e-8), weights, slopes, second)
        return moved, (first, second)
    beta = options["betas"][0]
    first = each(lambda m, g: beta * m + (1 - beta) * g, first, slopes)
    rate, down = lr / (1 - beta ** (number + 1.0)), jnp.sqrt(1 - keep ** (number + 1.0))
    rate, down = rate.astype(draw.dtype), down.astype(draw.dtype)
    moved = each(lambda w, m, v: w - rate * m / (jnp.sqrt(v) / down + 1e-8), weights, first, second)
    return moved, (first, second)
