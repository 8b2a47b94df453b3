import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float


class RewardModel(eqx.Module):
    """state (17) + action (6) -> scalar reward in (-1, 1)"""

    lin_in: eqx.nn.Linear
    lin_mid: eqx.nn.Linear
    lin_out: eqx.nn.Linear

    def __init__(self, *, key):
        k1, k2, k3 = jax.random.split(key, 3)
        self.lin_in = eqx.nn.Linear(17 + 6, 200, key=k1)
        self.lin_mid = eqx.nn.Linear(200, 200, key=k2)
        self.lin_out = eqx.nn.Linear(200, 1, key=k3)

    def __call__(self, sa: Float[Array, "23"]) -> Float[Array, "1"]:
        h = jax.nn.silu(self.lin_in(sa))
        h = jax.nn.silu(self.lin_mid(h))
        return jnp.tanh(self.lin_out(h))


@eqx.filter_value_and_grad
def mse(model, sa, r):
    return jnp.mean((jax.vmap(model)(sa)[:, 0] - r) ** 2)


@eqx.filter_jit
def step(model, opt_state, sa, r, optim):
    value, grads = mse(model, sa, r)
    updates, opt_state = optim.update(grads, opt_state, model)
    return eqx.apply_updates(model, updates), opt_state, value


model = RewardModel(key=jax.random.PRNGKey(7))
optim = optax.adam(3e-4)
opt_state = optim.init(eqx.filter(model, eqx.is_array))
