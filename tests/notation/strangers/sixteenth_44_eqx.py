"""Learn a spring's potential energy V(q, p) -- minimal equinox example."""
import equinox as eqx
import jax
import jax.numpy as jnp
import optax

key = jax.random.PRNGKey(2022)

# hidden: two layers of 32
net = eqx.nn.MLP(
    in_size=2,
    out_size=1,
    width_size=32,
    depth=2,
    activation=jax.nn.softplus,
    key=key,
)


def energy(model, qp):
    return model(qp)[0]


@eqx.filter_jit
def step(model, state, qp, target):
    def loss(m):
        pred = jax.vmap(lambda s: energy(m, s))(qp)
        return jnp.mean((pred - target) ** 2)

    value, grads = eqx.filter_value_and_grad(loss)(model)
    updates, state = opt.update(grads, state)
    return eqx.apply_updates(model, updates), state, value


opt = optax.adam(1e-3)
state = opt.init(eqx.filter(net, eqx.is_array))
