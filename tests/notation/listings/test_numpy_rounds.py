"""Loops over the layers of a plain-NumPy program are followed where the widths are given; else they are refused."""

import random

import pytest

import chalknet as cn

CLASS = """import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
class Network:
    def __init__(self, sizes):
        self.num_layers = len(sizes)
        self.biases = [np.random.randn(y, 1) for y in sizes[1:]]
        self.weights = [np.random.randn(y, x) for x, y in zip(sizes[:-1], sizes[1:])]
    def feedforward(self, a):
        for {loop}:
            a = sigmoid(np.dot({w}, a) + {b})
        return a
net = Network({sizes})
"""
LOOPS = (
    ("b, w in zip(self.biases, self.weights)", "w", "b"),
    ("w, b in zip(self.weights, self.biases)", "w", "b"),
    ("i, (w, b) in enumerate(zip(self.weights, self.biases))", "w", "b"),
    ("i in range(len(self.weights))", "self.weights[i]", "self.biases[i]"),
    ("i in range(self.num_layers - 1)", "self.weights[i]", "self.biases[i]"),
)
COURSE = """import numpy as np
def relu(Z):
    return np.maximum(0, Z)
def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))
def L_model_forward(X, parameters):
    A = X
    L = len(parameters) // 2
    for l in range(1, L):
        A_prev = A
        A = relu(np.dot(parameters['W' + str(l)], A_prev) + parameters['b' + str(l)])
    AL = sigmoid(np.dot(parameters['W' + str(L)], A) + parameters['b' + str(L)])
    return AL
layers_dims = {sizes}
"""


def some_sizes(seed):
    draw = random.Random(seed)
    return [draw.randint(1, 900) for _ in range(draw.randint(2, 6))]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("loop", LOOPS, ids=[loop for loop, _, _ in LOOPS])
def test_each_round_is_a_layer_of_the_widths_that_are_given(loop, seed):
    sizes = some_sizes(seed)
    program = CLASS.format(loop=loop[0], w=loop[1], b=loop[2], sizes=sizes)
    wanted = f"{sizes[0]} -> " + " -> ".join(f"{size} sigmoid" for size in sizes[1:])
    assert cn.read(program) == cn.read(wanted)


@pytest.mark.parametrize("seed", range(4))
def test_the_last_layer_may_stand_behind_the_loop(seed):
    first, *others, last = [7, *some_sizes(seed)]
    hidden = "".join(f"{size} relu -> " for size in others)
    assert cn.read(COURSE.format(sizes=[first, *others, last])) == cn.read(
        f"{first} -> {hidden}{last} sigmoid"
    )


@pytest.mark.parametrize(
    "change", [("net = Network([5, 3])", ""), ("net =", "other = Network([2, 9, 1])\nnet =")]
)
def test_widths_that_are_not_given_or_twice_are_asked_for(change):
    program = CLASS.format(loop=LOOPS[0][0], w="w", b="b", sizes=[5, 3])
    with pytest.raises(cn.ChalknetError, match="whose rounds only running the code would tell"):
        cn.read(program.replace(*change), notation="numpy")


JAX = """import jax.numpy as jnp
from jax import random
SIZES = {sizes}
def init_params(key, sizes=SIZES):
    keys = random.split(key, len(sizes) - 1)
    return [(random.normal(k, (m, n)), jnp.zeros(n)) for k, m, n in zip(keys, sizes[:-1], sizes[1:])]
def u(params, x):
    for W, b in params[:-1]:
        x = jnp.tanh(x @ W + b)
    W, b = params[-1]
    return {end}
"""


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("end", ["x @ W + b", "(x @ W + b)[0]"])
def test_a_list_of_weights_with_their_biases_is_followed_to_its_last_pair(end, seed):
    first, *others, last = [7, *some_sizes(seed)]
    network = cn.read(JAX.format(sizes=[first, *others, last], end=end))
    assert network == cn.read(f"{first} -> " + "".join(f"{size} tanh -> " for size in others) + str(last))
    assert bool(network.notes) == ("[0]" in end)


def test_a_name_of_two_functions_is_that_of_each():
    made = (
        "def initialize(layer_dims):\n    L = len(layer_dims)\n    for l in range(1, L):\n        print(l)\n"
    )
    sizes = [7, 5, 4, 1]
    assert cn.read(made + COURSE.format(sizes=sizes)) == cn.read(COURSE.format(sizes=sizes))
