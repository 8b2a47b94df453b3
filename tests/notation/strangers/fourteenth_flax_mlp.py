from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class MLP(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for feat in self.features[:-1]:
            x = nn.gelu(nn.Dense(feat)(x))
        x = nn.Dense(self.features[-1])(x)
        return x


model = MLP([128, 128, 10])
batch = jnp.ones((32, 42))
variables = model.init(jax.random.key(0), batch)
print(jax.tree_util.tree_map(jnp.shape, variables))
output = model.apply(variables, batch)
