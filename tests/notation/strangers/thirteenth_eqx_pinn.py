# Burgers equation, PINN. u(t, x) -> scalar
import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

nu = 0.01 / jnp.pi
n_colloc, n_bc = 10_000, 100

key = jr.PRNGKey(1234)
u = eqx.nn.MLP(
    in_size=2,
    out_size=1,
    width_size=20,
    depth=4,              # four hidden layers
    activation=jnp.tanh,
    key=key,
)


def residual(u, t, x):
    f = lambda t, x: u(jnp.stack([t, x]))[0]
    u_t = jax.grad(f, 0)(t, x)
    u_x = jax.grad(f, 1)(t, x)
    u_xx = jax.grad(jax.grad(f, 1), 1)(t, x)
    return u_t + f(t, x) * u_x - nu * u_xx
