"""Networks written as Keras and flax code, and read back."""

import ast
import random

import pytest
from hypothesis import given
from tests.strategies import networks
from tests.table_networks import random_network

import chalknet as cn
from chalknet.errors import CannotExpress
from chalknet.network import (
    Activation,
    BatchNorm,
    Dropout,
    Flatten,
    LayerNorm,
    Linear,
    Network,
    PReLU,
    Residual,
)
from chalknet.notation import recognise


@pytest.mark.parametrize("library", ["keras", "flax"])
@given(network=networks(symbolic=True))
def test_what_is_written_is_python_and_read_back(library, network):
    try:
        text = cn.write(network, library)
    except CannotExpress as problem:
        assert "softplus" in str(problem) or "gelu" in str(problem)
        return
    ast.parse(text)
    assert recognise(text).name == library
    steps = network.steps
    if library == "flax":  # which has no identity
        steps = tuple(step for step in steps if step != Activation("identity"))
    if steps:
        assert cn.read(text).steps == steps
        assert cn.read(text).input_shape == network.input_shape


def test_a_network_of_each_step_as_one_would_write_it():
    network = Network((2, 3), (Flatten(), Linear(4, bias=False), Activation("relu"), Dropout(0.2), Linear(1)))
    calls = [
        "keras.Input(shape=(2, 3))",
        "keras.layers.Flatten()",
        "keras.layers.Dense(4, use_bias=False)",
        'keras.layers.Activation("relu")',
        "keras.layers.Dropout(0.2)",
        "keras.layers.Dense(1)",
    ]
    rows = "".join(f"        {call},\n" for call in calls)
    assert cn.write(network, "keras") == f"import keras\n\nnet = keras.Sequential(\n    [\n{rows}    ]\n)"
    assert "x = nn.Dropout(0.2, deterministic=not training)(x)" in cn.write(network, "flax")


@pytest.mark.parametrize("text", ["3 -> 4 h", "3 -> 4 ?", "? -> 4"])
@pytest.mark.parametrize("library", ["keras", "flax"])
def test_what_is_not_known_is_not_written(text, library):
    with pytest.raises(CannotExpress, match=r"\?|activation h"):
        cn.write(text, library)


@pytest.mark.parametrize("library", ["keras", "flax"])
@pytest.mark.parametrize("seed", range(25))
def test_norms_slopes_and_blocks_are_written_and_read_back_where_the_library_has_them(library, seed):
    network = random_network(random.Random(seed), dropout=True)
    try:
        text = cn.write(network, library)
    except CannotExpress as problem:  # one slope for all features is all that flax has
        assert library == "flax" and "PReLU with {'per_feature': True" in str(problem)
        return
    ast.parse(text)
    assert cn.read(text) == network


@pytest.mark.parametrize("library", ["keras", "flax"])
def test_an_embedding_is_refused_by_name(library):
    with pytest.raises(CannotExpress, match=r"step 0: got Embed.*BatchNorm, LayerNorm, PReLU, Residual"):
        cn.write("embed(city 46 -> 8) & x(n,5) -> 1", library)


KERAS = "keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.{}, keras.layers.Dense(1)])"
FLAX = (
    "class Net(nn.Module):  # input shape: (4,)\n    @nn.compact\n    def __call__(self, x, training=False):\n"
    "        x = nn.Dense(8)(x)\n        x = nn.{}(x)\n        return nn.Dense(1)(x)\n"
)


@pytest.mark.parametrize(
    ("code", "layer", "step"),
    [
        (KERAS, "BatchNormalization()", BatchNorm(1e-3, 0.01)),
        (KERAS, "BatchNormalization(axis=1, scale=False, center=False)", BatchNorm(1e-3, 0.01, affine=False)),
        (KERAS, "LayerNormalization(epsilon=1e-6, center=False)", LayerNorm(1e-6, bias=False)),
        (KERAS, "PReLU()", PReLU(True, 0.0)),
        (KERAS, "PReLU(keras.initializers.Constant(value=0.1), shared_axes=(1,))", PReLU(False, 0.1)),
        (KERAS, 'PReLU(alpha_initializer="ones")', PReLU(True, 1.0)),
        (FLAX, "BatchNorm(use_running_average=not training)", BatchNorm(1e-5, 0.01)),
        (FLAX, "LayerNorm()", LayerNorm(1e-6)),
        (FLAX, "PReLU()", PReLU(False, 0.01)),
    ],
)
def test_a_layer_of_a_library_is_read_with_the_defaults_of_the_library(code, layer, step):
    assert cn.read(code.format(layer)) == Network(4, (Linear(8), step, Linear(1)))


@pytest.mark.parametrize(
    ("code", "layer", "said"),
    [
        (KERAS, "BatchNormalization(scale=False)", "with shifts and without factors"),
        (KERAS, "BatchNormalization(renorm=True)", "renorm"),
        (KERAS, "LayerNormalization(rms_scaling=True)", "without a mean"),
        (KERAS, "LayerNormalization(axis=2)", "over the axis 2"),
        (KERAS, "PReLU(alpha_initializer='he_normal')", "first slopes are no number"),
        (KERAS, "PReLU(shared_axes=[1, 2])", r"over the axes \[1, 2\]"),
        (KERAS, "Add()", "in a chain of layers"),
        (KERAS.replace("(4,)", "(3, 4)"), "PReLU(shared_axes=[1])", "Put a Flatten before it"),
        (KERAS.replace("(4,)", "(3, 4)"), "LayerNormalization(axis=1)", "Put a Flatten before it"),
        (FLAX, "BatchNorm(use_running_average=False, use_scale=False)", "with shifts and without factors"),
    ],
)
def test_what_a_layer_of_a_library_does_otherwise_is_refused(code, layer, said):
    with pytest.raises(cn.ChalknetError, match=said):
        cn.read(code.format(layer))


GRAPH = (
    "inputs = keras.Input((4,))\nx = keras.layers.Dense(8)(inputs)\n"
    "y = keras.layers.Dense({width})(x)\nz = {sum}\nnet = keras.Model(inputs, keras.layers.Dense(1)(z))"
)


@pytest.mark.parametrize("written", ["x + y", "keras.layers.Add()([y, x])", "keras.layers.add([x, y])",
    "keras.ops.add(x, y)"])  # fmt: skip
def test_a_sum_of_keras_is_a_residual_block_and_one_of_unlike_widths_names_its_line(written):
    block = Network(4, (Linear(8), Residual((Linear(8),)), Linear(1)))
    assert cn.read(GRAPH.format(width=8, sum=written)) == block
    with pytest.raises(cn.ShapeMismatch, match=r"\(n,9\) behind its steps(.|\n)*line 4:\n.*z = "):
        cn.read(GRAPH.format(width=9, sum=written))


def test_a_sum_of_flax_of_unlike_widths_names_its_line():
    code = FLAX.format("relu").replace("x = nn.relu(x)", "x = x + nn.Dense(9)(x)")
    with pytest.raises(cn.ShapeMismatch, match=r"\(n,9\) behind its steps(.|\n)*line 5:\n.*x = x \+ "):
        cn.read(code)
