"""Networks written as Keras and flax code, and read back."""

import ast

import pytest
from hypothesis import given
from tests.strategies import networks

import chalknet as cn
from chalknet.errors import CannotExpress
from chalknet.network import Activation, Dropout, Flatten, Linear, Network
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
