from typing import Sequence

import jax
import jax.numpy as jnp
import flax.linen as nn
import optax


class MLP(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        x = x.reshape((x.shape[0], -1))
        for feat in self.features[:-1]:
            x = nn.Dense(feat)(x)
            x = nn.relu(x)
        return nn.Dense(self.features[-1])(x)


model = MLP(features=(128, 64, 10))
params = model.init(jax.random.PRNGKey(0), jnp.ones((1, 784)))["params"]
tx = optax.adam(1e-3)


def loss_fn(params, images, labels):
    logits = model.apply({"params": params}, images)
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
