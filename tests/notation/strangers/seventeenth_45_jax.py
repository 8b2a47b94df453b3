"""Two moons with nothing but jax.numpy -- companion code for the reading group."""
import jax
import jax.numpy as jnp
from jax import random, grad, jit
from sklearn.datasets import make_moons

LAYER_SIZES = (2, 32, 16, 1)
STEP = 0.05


def init(key, sizes):
    keys = random.split(key, len(sizes) - 1)
    return [
        (random.normal(k, (n_out, n_in)) * jnp.sqrt(2.0 / n_in), jnp.zeros(n_out))
        for k, n_in, n_out in zip(keys, sizes[:-1], sizes[1:])
    ]


def predict(params, x):
    h = x
    for w, b in params[:-1]:
        h = jax.nn.relu(w @ h + b)
    w, b = params[-1]
    return jax.nn.sigmoid(w @ h + b)[0]


batched = jax.vmap(predict, in_axes=(None, 0))


def loss(params, X, y):
    p = jnp.clip(batched(params, X), 1e-6, 1 - 1e-6)
    return -jnp.mean(y * jnp.log(p) + (1 - y) * jnp.log(1 - p))


@jit
def update(params, X, y):
    g = grad(loss)(params, X, y)
    return jax.tree_util.tree_map(lambda p, d: p - STEP * d, params, g)


X, y = make_moons(500, noise=0.2, random_state=1)
params = init(random.PRNGKey(0), LAYER_SIZES)
for i in range(2000):
    params = update(params, X, y)
print("accuracy", jnp.mean((batched(params, X) > 0.5) == y))
