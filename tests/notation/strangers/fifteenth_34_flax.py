import jax, jax.numpy as jnp
import flax.linen as nn
from typing import Sequence

class Potential(nn.Module):
    """Energy of a descriptor vector. Descriptors: 36 symmetry functions."""
    features: Sequence[int] = (72, 36, 18)

    @nn.compact
    def __call__(self, d):
        for f in self.features:
            d = nn.Dense(f)(d)
            d = nn.softplus(d)
        return nn.Dense(1, use_bias=False)(d)[..., 0]

key = jax.random.PRNGKey(0)
params = Potential().init(key, jnp.zeros((1, 36)))
print(jax.tree_util.tree_map(jnp.shape, params))
