"""Code of flax, equinox and scikit-learn: followed to the network, never run."""

import pytest

import chalknet as cn
from chalknet.errors import CannotExpress, UnknownName
from chalknet.network import Activation, Dropout, Flatten, Linear, Network
from chalknet.notation import recognise

RELU, SIG, UNKNOWN = Activation("relu"), Activation("sigmoid"), Activation("?")
F4 = (Linear(32), RELU, Linear(1), SIG)
COMPACT = "class Net(nn.Module):\n  @nn.compact\n  def __call__(self, x):\n"
FLAX = {
    "compact": f"{COMPACT}    x = nn.relu(nn.Dense(32)(x))\n    return nn.sigmoid(nn.Dense(features=1)(x))",
    "named": f"{COMPACT}    x = nn.Dense(32, name='a')(x)\n    x = jnp.maximum(x, 0)\n"
    "    x = nn.Dense(1, dtype=jnp.float32)(x)\n    return jax.nn.sigmoid(x)\nmodel = Net()",
    "setup": "import flax.linen as nn\nclass Net(nn.Module):\n  def setup(self):\n    self.a, self.b = nn.Dense(32), nn.Dense(1)\n"
    "  def __call__(self, x):\n    return nn.sigmoid(self.b(nn.relu(self.a(x))))",
    "fields": "from typing import Sequence\nfrom flax import linen as nn\nclass MLP(nn.Module):\n  features: Sequence[int]\n"
    "  act: Callable = nn.relu\n  @nn.compact\n  def __call__(self, x):\n    for n in self.features[:-1]:\n"
    "      x = self.act(nn.Dense(n)(x))\n    return nn.sigmoid(nn.Dense(self.features[-1])(x))\nnet = MLP([32, 1])",
    "Sequential": "import flax.linen as nn\nmodel = nn.Sequential([nn.Dense(32), nn.relu, nn.Dense(1), nn.sigmoid])",
}
SIZED = {
    "nnx": "from flax import nnx\nclass Net(nnx.Module):\n  def __init__(self, rngs: nnx.Rngs):\n"
    "    self.a = nnx.Linear(784, 32, rngs=rngs)\n    self.b = nnx.Linear(in_features=32, out_features=1, rngs=rngs)\n"
    "  def __call__(self, x):\n    return nnx.sigmoid(self.b(nnx.relu(self.a(x))))\nmodel = Net(rngs=nnx.Rngs(0))",
    "nnx Sequential": "net = nnx.Sequential(nnx.Linear(784, 32, rngs=r), nnx.relu, nnx.Linear(32, 1, rngs=r), nnx.sigmoid)",
    "equinox": "import equinox as eqx\nclass Net(eqx.Module):\n  layers: list\n  def __init__(self, key):\n"
    "    a, b = jax.random.split(key)\n    self.layers = [eqx.nn.Linear(784, 32, key=a), jax.nn.relu,\n"
    "                   eqx.nn.Linear(32, 1, key=b), jax.nn.sigmoid]\n"
    "  def __call__(self, x):\n    for layer in self.layers:\n      x = layer(x)\n    return x",
    "equinox MLP": "import equinox\nnet = equinox.nn.MLP(784, 1, 32, 1, final_activation=jax.nn.sigmoid, key=key)",
    "equinox Lambda": "net = eqx.nn.Sequential([eqx.nn.Linear(784, 32, key=k), eqx.nn.Lambda(jax.nn.relu), "
    "eqx.nn.Linear(32, 'scalar', key=k), eqx.nn.Lambda(jax.nn.sigmoid)])",
}


@pytest.mark.parametrize("code", FLAX.values(), ids=FLAX)
def test_linen_which_does_not_say_how_many_features_x_has(code):
    assert recognise(code).name == "flax"
    assert cn.read(code) == Network("m", F4)


@pytest.mark.parametrize("code", SIZED.values(), ids=SIZED)
def test_nnx_and_equinox_which_say_it(code):
    assert recognise(code).name in ("flax", "equinox")
    assert cn.read(code) == Network(784, F4)


def test_a_dropout_of_flax_is_told_the_mode():
    code = (
        "class Net(nn.Module):\n  rate: float = 0.25\n  @nn.compact\n  def __call__(self, x, train: bool = True):\n"
        "    x = x.reshape((x.shape[0], -1))\n    x = nn.Dense(4, use_bias=False)(x)\n    {}\n    return nn.gelu(x)"
    )
    wanted = (Flatten(), Linear(4, bias=False), Dropout(0.25), Activation("gelu", {"approximate": "tanh"}))
    for line in (
        "x = nn.Dropout(self.rate, deterministic=not train)(x)",
        "x = nn.Dropout(rate=self.rate)(x, deterministic=not train)",
    ):
        assert cn.read(code.format(line)).steps == wanted
    with pytest.raises(CannotExpress, match="a dropout that is on in evaluation too"):
        cn.read(code.format("x = nn.Dropout(0.5, deterministic=False)(x)"))


@pytest.mark.parametrize(
    ("line", "kind", "said"),
    [
        ("nn.Conv(32, (3, 3))(x)", CannotExpress, "the layer Conv,"),
        ("nn.GroupNorm()(x)", CannotExpress, "the layer GroupNorm"),
        ("nn.celu(x)", CannotExpress, "celu"),
        ("x * nn.Dense(3)(x)", CannotExpress, "one layer after the other"),
        ("nn.Dense(2, bias=False)(x)", UnknownName, "use_bias"),
    ],
)
def test_what_no_step_describes_is_refused_with_its_line(line, kind, said):
    with pytest.raises(kind, match=said) as problem:
        cn.read(f"{COMPACT}    x = nn.Dense(3)(x)\n    return {line}")
    assert "line 5:" in str(problem.value)


SKLEARN = {
    "MLPClassifier(hidden_layer_sizes=(5, 2), solver='lbfgs', alpha=1e-5)": (
        Linear(5),
        RELU,
        Linear(2),
        RELU,
    ),
    "m = MLPRegressor(64, 'tanh', max_iter=500)\nm.fit(X, y)": (Linear(64), Activation("tanh")),
    "from sklearn.neural_network import MLPClassifier as M\nM()": (Linear(100), RELU),
    "n = 7\nmake_pipeline(StandardScaler(), MLPRegressor([n] * 2, activation='logistic'))": (
        Linear(7),
        SIG,
        Linear(7),
        SIG,
    ),
    "GridSearchCV(MLPRegressor((3,), activation='identity'), grid)": (Linear(3),),
}


@pytest.mark.parametrize("code", SKLEARN)
def test_perceptrons_of_scikit_learn_have_the_widths_of_their_data(code):
    assert recognise(code).name == "sklearn"
    last = (UNKNOWN,) if "Regressor" not in code else ()
    network = cn.read(code)
    assert network == Network("?", (*SKLEARN[code], Linear("?"), *last))
    assert "the widths at both ends are those of the data" in network.notes[0]


def test_an_activation_that_scikit_learn_does_not_have_is_refused():
    with pytest.raises(CannotExpress, match="the activation gelu"):
        cn.read("MLPRegressor((3,), activation='gelu')")


SEARCH = "GridSearchCV(MLPClassifier(), {grid})"


def test_a_search_over_widths_is_no_one_network():
    with pytest.raises(CannotExpress, match="a search over mlp__hidden_layer_sizes, which is no one network"):
        cn.read(SEARCH.format(grid="{'mlp__hidden_layer_sizes': [(5,), (9,)]}"))
    assert cn.read(SEARCH.format(grid="{'alpha': [0.1, 1]}")).steps[0] == Linear(100)
    unsure = "a search may choose other widths and activations: those of its estimator are read"
    assert unsure in cn.read(SEARCH.format(grid="grid")).notes


def test_a_layer_that_is_nearly_one_of_the_library_is_offered():
    with pytest.raises(UnknownName, match="Did you mean Dense"):
        cn.read("import flax.linen as nn\nnet = nn.Sequential([nn.Dence(3), nn.relu])")
