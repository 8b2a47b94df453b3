import jax
import jax.numpy as jnp
from jax import random, grad, jit

LAYER_SIZES = [3, 50, 50, 50, 1]     # (x, y, t) -> u


def init_params(key, sizes=LAYER_SIZES):
    keys = random.split(key, len(sizes) - 1)
    params = []
    for k, m, n in zip(keys, sizes[:-1], sizes[1:]):
        std = jnp.sqrt(2.0 / (m + n))
        params.append((std * random.normal(k, (m, n)), jnp.zeros(n)))
    return params


def u(params, z):
    for W, b in params[:-1]:
        z = jnp.tanh(z @ W + b)
    W, b = params[-1]
    return (z @ W + b)[0]


u_t = grad(lambda p, z: u(p, z), argnums=1)     # (u_x, u_y, u_t)


@jit
def residual(params, z, kappa=0.1):
    H = jax.hessian(u, argnums=1)(params, z)
    return u_t(params, z)[2] - kappa * (H[0, 0] + H[1, 1])
