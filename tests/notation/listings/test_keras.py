"""Keras code and JSON: followed to the network, never run."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notation.listings import keras_code
from tests.strategies import widths

import chalknet as cn
from chalknet.errors import CannotExpress, InvalidValue, NotationError, ShapeMismatch, UnknownName
from chalknet.network import Activation, Dropout, Flatten, Linear, Network
from chalknet.notation import recognise

RELU, DENSE = Activation("relu"), "from keras.layers import *\nfrom keras import Sequential, Model, Input\n"


class Draw:
    """Choices from a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def bool(self):
        return self.random.random() < 0.5

    def choice(self, *options):
        return self.random.choice(options)


@st.composite
def chains(draw):
    """Draw a network of the layers that Keras has too."""
    kinds = st.sampled_from(keras_code.KINDS).map(Activation)
    step = st.one_of(st.builds(Linear, widths, st.booleans()), kinds, st.just(Dropout(0.25)))
    steps = draw(st.lists(step, min_size=1, max_size=7))
    if draw(st.booleans()):
        return Network((draw(widths), 3), (Flatten(), *steps))
    return Network(draw(widths), tuple(steps))


@given(chains(), st.integers(0, 10**6))
def test_code_of_keras_in_every_way_is_read_to_the_network_that_it_makes(network, seed):
    text = keras_code.code(network, Draw(seed))
    assert recognise(text).name == "keras"
    assert cn.read(text) == network


@given(chains(), st.integers(0, 10**6))
def test_json_of_keras_is_read_to_the_network_that_was_saved(network, seed):
    text = keras_code.to_json(network, Draw(seed))
    assert recognise(text).name == "keras-json"
    assert cn.read(text) == network


F4 = Network(784, (Linear(32), RELU, Linear(1), Activation("sigmoid")))
CODE = {
    "no imports": "model = Sequential([Dense(32, 'relu', input_shape=(784,)), Dense(1, activation='sigmoid')])",
    "input_dim": "model = Sequential()\nmodel.add(Dense(32, activation='relu', input_dim=784))\n"
    "model.add(Dense(1))\nmodel.add(Activation('sigmoid'))",
    "tf.nn": "model = tf.keras.Sequential([tf.keras.Input((784,)), tf.keras.layers.Dense(32, tf.nn.relu), "
    "tf.keras.layers.Dense(1, tf.nn.sigmoid)])",
    "a loop": "x = inputs = keras.Input(shape=(784,))\nfor n, act in [(32, 'relu'), (1, 'sigmoid')]:\n"
    "    x = layers.Dense(n, activation=act)(x)\nmodel = keras.Model(inputs=inputs, outputs=[x])",
    "a chain without a model": "i = Input((784,))\nh = Dense(32, activation='relu')\nout = Dense(1)(h(i))\n"
    "out = tf.sigmoid(out)",
    "built": "model = Sequential([Dense(32), ReLU(), Dense(1, 'sigmoid')])\nmodel.build((None, 784))",
    "a function": "def build(n, act='relu'):\n    m = models.Sequential()\n    m.add(layers.Dense(32, input_shape=[n]))\n"
    "    m.add(layers.Activation(act))\n    m.add(layers.Dense(1, activation='sigmoid'))\n    return m\nnet = build(784)",
    "models in models": "a = Sequential([Input((784,)), Dense(32), Activation('relu')])\n"
    "net = Sequential([a, Sequential([Dense(1, 'sigmoid')])])",
    "a class": "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = layers.Dense(32, activation='relu', input_shape=(784,))\n        self.b = layers.Dense(1)\n"
    "    def call(self, x):\n        return tf.nn.sigmoid(self.b(self.a(x)))\nmodel = Net()\nmodel.compile('adam', 'mse')",
}


@pytest.mark.parametrize("code", CODE.values(), ids=CODE)
def test_one_network_as_people_write_it(code):
    assert cn.read(code) == F4


def test_dropout_that_is_told_the_mode_is_a_dropout():
    code = (
        "class Net(tf.keras.Model):\n  def __init__(self):\n    super().__init__()\n"
        "    self.d = tf.keras.layers.Dense(5)\n    self.drop = tf.keras.layers.Dropout(0.5)\n"
        "  def call(self, x, training=False):\n    x = self.d(x)\n{}    return x\n"
    )
    for line in (
        "    x = self.drop(x, training=training)\n",
        "    if training:\n      x = self.drop(x, training=training)\n",
    ):
        assert cn.read(code.format(line)).steps == (Linear(5), Dropout(0.5))
    with pytest.raises(CannotExpress, match="a dropout that is on in evaluation too"):
        cn.read(code.format("    x = self.drop(x, training=True)\n"))


def test_options_differ_from_torchs_where_kerass_defaults_do():
    steps = cn.read(
        f"{DENSE}Sequential([Dense(2, 'leaky_relu'), LeakyReLU(), LeakyReLU(alpha=.1), ELU(alpha=2)])"
    )
    slopes = [dict(step.options).get("negative_slope") for step in steps.steps[1:4]]
    assert slopes == [0.2, 0.3, 0.1]
    assert steps.steps[4] == Activation("elu", {"alpha": 2.0})


def test_what_a_fit_does_otherwise_is_told():
    code = f"{DENSE}m = Sequential([Dense(2, kernel_initializer='he_normal', kernel_regularizer=l2(.1))])\nm.layers[0].trainable = False"
    notes = " ".join(cn.read(code).notes)
    assert "kernel_initializer='he_normal' says how weights begin" in notes
    assert "kernel_regularizer=l2(0.1) penalises" in notes
    assert "freezes parameters" in notes


REFUSED = {
    "Sequential([Dense(3), Conv2D(32, 3)])": (CannotExpress, "the layer Conv2D", "Conv2D(32, 3)"),
    "Sequential([Embedding(9, 2), Dense(3)])": (CannotExpress, "the layer Embedding", "Embedding(9, 2)"),
    "Sequential([Dense(3, 'celu')])": (CannotExpress, "the activation celu", "Dense(3, 'celu')"),
    "Sequential([Dense(3, lambda x: x**2)])": (CannotExpress, "the activation a lambda", "Dense(3"),
    "Sequential([Dense(3, activation=get(1))])": (
        NotationError,
        "only running the code would tell",
        "Dense(3",
    ),
    "Sequential([Dense()])": (InvalidValue, "units: got no width", "Dense()"),
    "Sequential([Dense(0)])": (InvalidValue, "units: got 0", "Dense(0)"),
    "Sequential([Dense(3, unit=2)])": (UnknownName, "argument 'unit'", "Dense(3, unit=2)"),
    "Sequential([Dropout(1.5)])": (InvalidValue, "1.5", "Dropout(1.5)"),
    "i = Input((3,))\nModel(i, concatenate([Dense(3)(i), i]))": (
        CannotExpress,
        "does not come from its input",
        "Model(",
    ),
    "d = Dense(3)\nx = i = Input((3,))\nModel(i, d(d(x)))": (CannotExpress, "the same weights", "Dense(3)"),
    "a = Input((3,))\nb = Input((4,))\nModel([a, b], Dense(2)(a))": (
        CannotExpress,
        "several inputs",
        "Model(",
    ),
    "Sequential([Dense(3), InputLayer(input_shape=(4,)), Dense(1)])": (
        ShapeMismatch,
        "arrives",
        "InputLayer(",
    ),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_no_network_describes_is_refused_with_its_line(code):
    kind, said, place = REFUSED[code]
    with pytest.raises(kind) as problem:
        cn.read(DENSE + code)
    assert said in str(problem.value)
    excerpt = problem.value.excerpt
    assert excerpt.text[excerpt.position :].startswith(place)
    assert "torch.nn" not in str(problem.value)


def test_an_input_width_which_only_the_data_tell_is_a_symbol_and_a_note():
    for stated in ("input_shape=(X.shape[1],)", "input_dim=X.shape[1]"):
        network = cn.read(f"{DENSE}m = Sequential([Dense(2, {stated}), Dense(1)])")
        assert network == Network("m", (Linear(2), Linear(1)))
        assert network.notes == ("the code does not say how many features x has: m of them",)


JSON_REFUSED = {
    '{"class_name": "Sequential", "config": {"layers": []}}': "a model without layers",
    '{"class_name": "Sequential", "config": 3}': "no layers of a Sequential",
    '{"class_name": "Sequential", "config": {"layers": [3]}}': "3 in the place of a layer",
    '{"class_name": "Sequential", "config": {"layers": [{"class_name": "LSTM", "config": {}}]}}': "the layer LSTM",
    '{"class_name": "Sequential", "config": ': "Expecting value",
    '{"class_name": "Functional", "config": {"layers": ['
    '{"class_name": "InputLayer", "name": "a", "config": {"batch_shape": [null, 3]}, "inbound_nodes": []}, '
    '{"class_name": "Dense", "name": "b", "config": {"units": 3}, "inbound_nodes": [[["a", 0, 0, {}]]]}, '
    '{"class_name": "Add", "name": "c", "config": {}, "inbound_nodes": [[["a", 0, 0, {}], ["b", 0, 0, {}]]]}'
    "]}}": "c, which is connected to a and b",
}


@pytest.mark.parametrize("text", JSON_REFUSED)
def test_json_that_is_no_chain_of_steps_is_refused(text):
    with pytest.raises((NotationError, CannotExpress)) as problem:
        cn.read(text)
    assert JSON_REFUSED[text] in str(problem.value)
