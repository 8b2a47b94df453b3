import jax
import jax.numpy as jnp
import flax.linen as nn
import optax
from flax.training import train_state


class MLP(nn.Module):
    """Simple MNIST classifier."""

    @nn.compact
    def __call__(self, x, *, train: bool = False):
        x = x.reshape((x.shape[0], -1))
        x = nn.Dense(features=300)(x)
        x = nn.gelu(x)
        x = nn.Dropout(rate=0.1, deterministic=not train)(x)
        x = nn.Dense(features=100)(x)
        x = nn.gelu(x)
        x = nn.Dense(features=10)(x)
        return x


def create_state(rng, lr=1e-3):
    model = MLP()
    params = model.init(rng, jnp.ones((1, 28, 28)))["params"]
    tx = optax.adamw(lr)
    return train_state.TrainState.create(apply_fn=model.apply, params=params, tx=tx)


def loss_fn(params, apply_fn, images, labels, rng):
    logits = apply_fn({"params": params}, images, train=True, rngs={"dropout": rng})
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


if __name__ == "__main__":
    state = create_state(jax.random.PRNGKey(0))
    print(jax.tree_util.tree_map(jnp.shape, state.params))
