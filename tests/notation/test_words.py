"""The vocabulary of steps, as a door for others and as it is written."""

import pytest
from hypothesis import given
from tests.strategies import activations

from chalknet.errors import ChalknetError, InvalidValue, NotationError, UnknownName
from chalknet.network import Activation, Dropout, Flatten, Linear
from chalknet.notation import read_step
from chalknet.notation.words import write_step


@given(activations(settled=False))
def test_every_activation_is_read_back_from_its_word_short_and_long(activation):
    assert read_step(write_step(activation)) == activation
    assert read_step(write_step(activation, short=False)) == activation


@pytest.mark.parametrize(
    "word",
    [
        "l",
        "l1",
        "l_2",
        "l^{(1)}",
        "l_{12}",
        "ℓ",
        "ell_1",
        "lin",
        "linr1",
        "linear",
        "Linear",
        "fc1",
        "dense",
        "affine",
        "W1",
        "W^{(2)}",
        "LinR",
    ],
)
def test_a_linear_map_has_many_names_and_takes_its_width_from_outside(word):
    assert read_step(word, 32) == Linear(32)


@pytest.mark.parametrize(
    "word", ["l1 nobias", "l1 no-bias", "l bias=False", "linear(bias=False)", "fc no_bias", "l1 (no bias)"]
)
def test_a_linear_map_without_bias(word):
    assert read_step(word, 3) == Linear(3, bias=False)


@pytest.mark.parametrize(
    ("word", "step"),
    [
        ("ReLU()", Activation("relu")),
        ("relu_1", Activation("relu")),
        ("sig", Activation("sigmoid")),
        ("σ", Activation("sigmoid")),
        ("sigma(·)", Activation("sigmoid")),
        ("leaky relu", Activation("leaky_relu")),
        ("leaky-relu(0.2)", Activation("leaky_relu", {"negative_slope": 0.2})),
        ("LeakyReLU_(negative_slope = 0.2)", Activation("leaky_relu", {"negative_slope": 0.2})),
        ("leaky_relu 0.2", Activation("leaky_relu", {"negative_slope": 0.2})),
        ("elu(-1e-05)", Activation("elu", {"alpha": -1e-05})),
        ("softplus(2, threshold=5)", Activation("softplus", {"beta": 2, "threshold": 5})),
        ("gelu('tanh')", Activation("gelu", {"approximate": "tanh"})),
        ("h^{(1)}", Activation("h")),
        ("h1", Activation("h")),
        ("?", Activation("?")),
        ("dropout", Dropout(0.5)),
        ("Dropout(p=0.2)", Dropout(0.2)),
        ("flatten", Flatten()),
    ],
)
def test_words_are_read_generously(word, step):
    assert read_step(word) == step


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("relu6", "relu6"),
        ("ReLU6", "relu6"),
        ("relu_6", "relu"),
        ("relu^{(6)}", "relu"),
        ("relu7", "relu"),
        ("tanh_6", "tanh"),
    ],
)
def test_relu6_is_not_the_sixth_relu(word, kind):
    assert read_step(word) == Activation(kind)


@pytest.mark.parametrize(
    ("word", "kind", "says"),
    [
        ("", NotationError, "wanted one step"),
        ("nobias", NotationError, "wanted one step"),
        ("relu tanh", NotationError, "wanted one step"),
        ("!", NotationError, "wanted a step such as relu"),
        ("l1", NotationError, "wanted the number of features behind it. Give out_features"),
        ("relu nobias", NotationError, "wanted it behind a linear map"),
        ("linear(32)", InvalidValue, "a width stands in the state behind the arrow"),
        ("linear(bias=0)", NotationError, "wanted True or False"),
        ("linear(bais=False)", UnknownName, "Did you mean bias?"),
        ("flatten(1)", InvalidValue, "wanted no number in brackets"),
        ("dropout(1.5)", InvalidValue, "a probability between 0 and 1"),
        ("dropout(x)", InvalidValue, "a probability between 0 and 1"),
        ("dropout(q=0.2)", UnknownName, "unknown option 'q'"),
        ("elu(nan)", InvalidValue, "a finite number"),
        ("elu(alhpa=2)", UnknownName, "Did you mean alpha?"),
        ("elu(1, alpha=2)", InvalidValue, "each once"),
        ("relu(3)", InvalidValue, "wanted no number in brackets"),
    ],
)
def test_a_word_that_says_no_step_is_refused_with_a_caret(word, kind, says):
    with pytest.raises(kind) as problem:
        read_step(word, None if word in ("relu nobias", "l1") else 3)
    assert says in str(problem.value)
    assert problem.value.excerpt is not None
    assert isinstance(problem.value, ChalknetError)
