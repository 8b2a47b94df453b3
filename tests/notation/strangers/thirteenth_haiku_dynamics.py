"""Learned dynamics residual, quadrotor in the plane."""
import haiku as hk
import jax
import jax.numpy as jnp

STATE = 6   # x, z, theta and velocities
CTRL = 2    # two rotors


def forward(state, u):
    z = jnp.concatenate([state, u], axis=-1)
    net = hk.nets.MLP([50, 50, STATE], activation=jnp.tanh)
    return net(z)


model = hk.without_apply_rng(hk.transform(forward))
params = model.init(
    jax.random.PRNGKey(42), jnp.zeros((1, STATE)), jnp.zeros((1, CTRL))
)
