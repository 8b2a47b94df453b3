"""haiku code is read as the other libraries of jax are."""

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

HEAD = "import haiku as hk\nimport jax\nimport jax.numpy as jnp\n"
READ = [
    ("def f(x):\n    return hk.Linear(10)(jax.nn.relu(hk.Linear(5)(x)))", "m -> 5 relu -> 10"),
    ("net = hk.transform(lambda x: hk.Sequential([hk.Linear(32), jax.nn.relu, hk.Linear(1)])(x))", "m -> 32 relu -> 1"),
    ("def forward(x):\n  mlp = hk.Sequential([\n    hk.Linear(32, with_bias=False), jax.nn.gelu,\n    hk.Linear(1)])\n  return mlp(x)\n"
     "net = hk.without_apply_rng(hk.transform(forward))\nparams = net.init(rng, jnp.ones([1, 8]))", "m -> 32 nobias gelu(tanh) -> 1"),
    ("N = 8\ndef forward(x):\n  x = jax.nn.relu(hk.Linear(32)(x))\n  return jax.nn.softmax(hk.Linear(3)(x))\n"
     "net = hk.transform(forward)\nparams = net.init(jax.random.PRNGKey(0), jnp.zeros((1, N)))", "8 -> 32 relu -> 3 softmax"),
    ("f = hk.transform(lambda x: hk.nets.MLP([50, 50, 6], activation=jnp.tanh)(x))\np = f.init(k, jax.random.normal(k, (4, 9)))",
     "9 -> 50 tanh -> 50 tanh -> 6"),
    ("def net_fn(x):\n  return hk.nets.MLP((20, 3), activate_final=True)(x)\nnet = hk.transform(net_fn)", "m -> 20 relu -> 3 relu"),
    ("class Net(hk.Module):\n  def __init__(self, n, name=None):\n    super().__init__(name=name)\n    self.n = n\n  def __call__(self, x):\n"
     "    x = hk.Flatten()(x)\n    x = hk.LayerNorm(axis=-1, create_scale=True, create_offset=True)(x)\n    return hk.Linear(self.n)(jnp.tanh(x))\n"
     "def f(x):\n  return Net(5)(x)\nnet = hk.transform(f)\np = net.init(k, jnp.ones((1, 4)))", "4 flatten layernorm tanh -> 5"),
    ("def block(x, n):\n  return jax.nn.silu(hk.Linear(n)(x))\n@hk.without_apply_rng\n@hk.transform\ndef model(x):\n  for n in [8, 8]:\n    x = block(x, n)\n"
     "  return hk.Linear(2)(x)", "m -> 8 silu -> 8 silu -> 2"),
]  # fmt: skip
REFUSED = [
    ("net = hk.transform(lambda x: hk.Sequential([hk.Conv2D(8, 3), hk.Linear(1)])(x))", "Conv2D"),
    ("net = hk.transform(lambda x: hk.nets.MLP(sizes())(x))", "output_sizes"),
    ("a = hk.transform(lambda x: hk.nets.MLP([4, 1])(x))\nb = hk.transform(lambda x: hk.nets.MLP([5, 1])(x))", "2 networks"),
    ("def f(x):\n  y = hk.Linear(4)(x)\n  return y * hk.Linear(4)(x)\nnet = hk.transform(f)", ""),
    ("def f(x):\n  x = hk.Linear(4)(x)\n  x = hk.dropout(hk.next_rng_key(), 0.5, x)\n  return hk.Linear(1)(x)\nnet = hk.transform(f)", "dropout"),
    ("def f(x):\n  return hk.nets.MLP([8, 8, 1])(x, dropout_rate=0.2, rng=hk.next_rng_key())\nnet = hk.transform(f)", "dropout_rate"),
    ("def f(x):\n  return x + hk.nets.MLP([8, 8, 4])(x)\nnet = hk.transform(f)", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "read"), READ)
def test_haiku_code_is_read(text, read):
    if "jnp.ones([1, 8])" in text:
        read = read.replace("m ->", "8 ->")
    assert cn.write(cn.read(HEAD + text), "shorthand") == read


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_is_no_plain_chain_is_refused_with_the_reason(text, words):
    with pytest.raises(ChalknetError, match=f"(?s){words}") as problem:
        print(cn.write(cn.read(HEAD + text), "shorthand"))
    assert "haiku" in str(problem.value)
    assert problem.value.remedy


def test_samples_that_are_joined_are_as_wide_as_all_together():
    text = (
        "def f(s, u):\n  return hk.nets.MLP([5, 3])(jnp.concatenate([s, u], axis=-1))\nnet = hk.transform(f)\n"
        "p = net.init(k, jnp.zeros((1, 3)), jnp.zeros((1, 2)))"
    )
    assert cn.write(cn.read(HEAD + text), "shorthand") == "5 -> 5 relu -> 3"


@pytest.mark.parametrize(
    "sample", ["jnp.ones((32, 42))", "jax.random.normal(jax.random.key(1), (32, 42))", "jnp.zeros([1, N])"]
)
@pytest.mark.parametrize("use", ["", "\ny = model.apply(params, x)"])
def test_a_named_sample_says_what_goes_into_a_network_of_flax(sample, use):
    text = f"""import jax, jax.numpy as jnp
from flax import linen as nn
N = 42
class MLP(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(8)(x))
        return nn.Dense(2)(x)
model = MLP()
x = {sample}
params = model.init(jax.random.key(0), x){use}
"""
    network = cn.read(text)
    assert (cn.write(network, "shorthand"), network.notes) == ("42 -> 8 relu -> 2", ())
