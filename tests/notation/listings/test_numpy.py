"""Plain-NumPy networks, as courses write them: followed to the network, and run as an oracle."""

import math
import random
from itertools import pairwise

import numpy as np
import pytest
import torch

import chalknet as cn
from chalknet.errors import CannotExpress, ChalknetError, NotationError, ShapeMismatch
from chalknet.network import Activation, Linear, Network
from chalknet.notation import recognise

RELU, TANH, SIG, SOFTMAX = map(Activation, ("relu", "tanh", "sigmoid", "softmax"))
HELPERS = {
    "sigmoid": ("def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n", "sigmoid({})"),
    "relu": ("def rectify(z):\n    s = np.maximum(0, z)\n    return s\n", "rectify({})"),
    "tanh": ("", "np.tanh({})"),
    "softmax": (
        "def softmax(z):\n    e = np.exp(z)\n    return e / e.sum(axis={axis}, keepdims=True)\n",
        "softmax({})",
    ),
}


def program(seed):
    """Return a program in the manner of a course, the inputs it takes, and the sizes and activations it has."""
    draw = random.Random(seed)
    columns = draw.random() < 0.5  # a sample a column, W X + b
    dictionary, method = draw.random() < 0.5, draw.random() < 0.5
    sizes = [draw.randint(1, 6) for _ in range(draw.randint(2, 5))]
    kinds = [draw.choice([*HELPERS]) for _ in sizes[1:]]
    lines, made = ["import numpy as np\n"], []
    lines += [HELPERS[kind][0].replace("{axis}", str(0 if columns else 1)) for kind in set(kinds)]
    for place, (inputs, outputs) in enumerate(pairwise(sizes), 1):
        shape = f"{outputs}, {inputs}" if columns else f"{inputs}, {outputs}"
        bias = f"({outputs}, 1)" if columns else f"(1, {outputs})"
        made += [f"W{place} = np.random.randn({shape}) * 0.5", f"b{place} = np.zeros({bias}) + 0.1"]
    body, x = [], "X"
    for place, kind in enumerate(kinds, 1):
        weight = f'p["W{place}"]' if dictionary else f"W{place}"
        bias = f'p["b{place}"]' if dictionary else f"b{place}"
        first, last = (weight, x) if columns else (x, weight)
        product = f"np.dot({first}, {last})" if draw.random() < 0.5 else f"{first} @ {last}"
        body += [f"Z{place} = {product} + {bias}", f"A{place} = {HELPERS[kind][1].format(f'Z{place}')}"]
        x = f"A{place}"
    lines += [f"{line}\n" for line in made]
    if dictionary:
        names = [line.partition(" ")[0] for line in made]
        lines.append(f"p = {{{', '.join(f'{name!r}: {name}' for name in names)}}}\n")
    head = "def forward(X, p):\n" if dictionary else "def forward(X):\n"
    lines.append(head + "".join(f"    {line}\n" for line in body) + f"    return {x}{', Z1' * method}\n")
    shape = (sizes[0], 3) if columns else (3, sizes[0])
    return "".join(lines), np.random.default_rng(seed).normal(size=shape), columns, (sizes, kinds)


@pytest.mark.parametrize("seed", range(60))
def test_programs_are_read_to_the_network_that_they_compute_when_run(seed):
    text, x, columns, (sizes, kinds) = program(seed)
    network = cn.read(text)
    assert recognise(text).name == "numpy"
    steps = [
        step for out, kind in zip(sizes[1:], kinds, strict=True) for step in (Linear(out), Activation(kind))
    ]
    assert network == Network(sizes[0], tuple(steps))
    names = {}
    exec(text, names)
    result = names["forward"](x, *([names["p"]] if "p" in names else []))
    module = cn.build(network).double()
    state = {}
    for place in range(1, len(sizes)):
        weight = names[f"W{place}"] if columns else names[f"W{place}"].T
        state |= {f"{2 * place - 2}.weight": weight, f"{2 * place - 2}.bias": names[f"b{place}"].ravel()}
    module.load_state_dict({name: torch.as_tensor(values) for name, values in state.items()})
    wanted = (result[0] if isinstance(result, tuple) else result).T if columns else result
    wanted = wanted[0] if isinstance(wanted, tuple) else wanted
    found = module(torch.as_tensor(x.T if columns else x)).detach().numpy()
    assert math.isclose(
        np.abs(found - wanted).max(), 0, abs_tol=1e-12
    )  # float64, a few sums of a few numbers


def test_a_script_that_trains_is_read_up_to_its_prediction():
    text = (
        "import numpy as np\nX = np.array([[0,0,1],[0,1,1],[1,0,1],[1,1,1]])\n"
        "def nonlin(x, deriv=False):\n    if deriv: return x*(1-x)\n    return 1/(1+np.exp(-x))\n"
        "syn0 = 2*np.random.random((3,4)) - 1\nsyn1 = 2*np.random.random((4,1)) - 1\nfor j in range(60000):\n"
        "    l0 = X\n    l1 = nonlin(np.dot(l0, syn0))\n    l2 = nonlin(np.dot(l1, syn1))\n    e = y - l2\n"
        "    d = e*nonlin(l2, deriv=True)\n    l1_error = d.dot(syn1.T)\n    syn1 += l1.T.dot(d)\n"
    )
    assert cn.read(text) == Network(3, (Linear(4, bias=False), SIG, Linear(1, bias=False), SIG))


WIDTHS = "W1 = np.random.randn(4, 3)\nW2 = np.random.randn(4, 1) * np.sqrt(2 / 4)\nb = np.zeros(4)\n"


@pytest.mark.parametrize(
    "body",
    [
        "def f(x):\n    return relu(x @ W1.T + b) @ W2",
        "def net(x):\n    h = x.dot(W1.T)\n    h += b\n    h = h * (h > 0)\n    return np.matmul(h, W2)",
        "class N:\n    def forward(self, x):\n        self.h = np.maximum(x @ self.W1.T + self.b, 0)\n        return self.h @ self.W2",
        "h = np.where(W1 @ x.T + b > 0, W1 @ x.T + b, 0)\ny = W2.T @ h",
    ],
)
def test_ways_to_write_a_product_a_bias_and_a_relu(body):
    assert cn.read(WIDTHS + body) == Network(3, (Linear(4), RELU, Linear(1, bias=False)))


def test_widths_that_are_not_said_are_symbols_and_unused_weights_are_told():
    network = cn.read("h = np.tanh(x @ W1 + b1)\ny = h @ W2 + b2")
    assert network == Network("W1_in", (Linear("W1_out"), TANH, Linear("W2_out")))
    sized = cn.read(
        "def init(n_x, n_h):\n    W1 = np.random.randn(n_h, n_x)\ndef forward(X):\n    return np.dot(W1, X)"
    )
    assert sized == Network("n_x", (Linear("n_h", bias=False),))
    left = cn.read(f"{WIDTHS}y = np.tanh(x @ W1.T)")
    assert left.notes == ("W2 is not used on the way of x: it is left out",)


LOOP = "def forward(X):\n    A = X\n    for l in range(L):\n        W = P['W' + str(l)]\n        A = np.tanh(np.dot(W, A))\n    return A"
REFUSED = {
    "W1 = np.ones((4, 4))\ny = np.tanh(np.tanh(x @ W1) @ W1)": (CannotExpress, "W1 a second time", 2),
    "W1 = np.ones((4, 3)); W2 = np.ones((7, 2))\nh = np.tanh(x @ W1)\ny = np.concatenate([x, h], 1) @ W2": (
        CannotExpress,
        "np.concatenate([x, h], 1), which is no layer",
        3,
    ),
    f"{WIDTHS}def f(x):\n    h = np.sin(x @ W1.T)\n    return h @ W2": (CannotExpress, "np.sin(x @ W1.T)", 5),
    f"{WIDTHS}def f(x):\n    h = x @ W1.T\n    return (h + h) @ W2": (CannotExpress, "h + h", 6),
    f"{WIDTHS}def f(x):\n    return np.tanh(x @ W1.T) @ W2.T": (
        ShapeMismatch,
        "takes 1 features, but 4 arrive",
        5,
    ),
    LOOP: (CannotExpress, "a loop with layers in it", 3),
    f"{WIDTHS}def f(x):\n    h = x @ W1.T\n    if a:\n        h = np.tanh(h)\n    else:\n        h = relu(h)\n    return h @ W2": (
        CannotExpress,
        "if a",
        6,
    ),
    "import numpy as np\ny = np.dot(a, b)": (NotationError, "code without a product", None),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_chain_of_layers_is_refused_with_its_line(text):
    kind, said, line = REFUSED[text]
    with pytest.raises(kind) as problem:
        cn.read(text)
    assert said in str(problem.value)
    assert (problem.value.excerpt.line_number if problem.value.excerpt else None) == line


WEIGHTS = "W1 = np.ones((4, 4)); W2 = np.ones((4, 1))\n"


@pytest.mark.parametrize(
    "written",
    [
        "np.where(z > 0, z, 0.2 * z)",
        "np.maximum(0.2 * z, z)",
        "np.maximum(z, z * 0.2)",
        "lrelu(z)\ndef lrelu(z, alpha=0.2):\n    return np.where(z > 0, z, alpha * z)",
    ],
)
def test_a_leaky_relu_keeps_the_slope_that_is_written(written):
    expression, _, function = written.partition("\n")
    found = cn.read(f"{function}\n{WEIGHTS}z = x @ W1\nh = {expression}\ny = h @ W2")
    assert found.steps[1] == Activation("leaky_relu", {"negative_slope": 0.2})
    assert found.notes == ()


def test_a_function_whose_code_is_not_known_is_read_by_its_name_and_told():
    body = "def relu(z):\n    return np.minimum(np.maximum(z, 0), 6)\n"
    found = cn.read(f"{body}{WEIGHTS}y = relu(x @ W1) @ W2")
    assert found.steps[1] == RELU
    assert found.notes == ("line 1: relu is read as relu by its name alone: its code is not known here",)


def test_what_becomes_of_x_behind_the_network_is_told_unless_it_is_a_loss():
    network = f"{WEIGHTS}y = np.tanh(x @ W1) @ W2\n"
    assert cn.read(f"{network}out = y * mask").notes == ("line 3: y * mask is no layer: out is not read",)
    assert cn.read(f"{network}loss = np.mean((y - target) ** 2)\nerror = y - target").notes == ()


def test_an_object_named_nn_makes_no_pytorch_code():
    text = f"{WEIGHTS}class Net:\n    def forward(self, x):\n        return np.tanh(x @ W1) @ W2\nnn = Net()\nnn.forward(x)"
    assert recognise(text).name == "numpy"
    assert cn.read(text) == Network(4, (Linear(4, bias=False), TANH, Linear(1, bias=False)))


TENSORFLOW = """import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data
n_hidden, n_out = 30, 3
x = tf.placeholder("float", [None, 54])
weights = {'h': tf.Variable(tf.random_normal([54, n_hidden])), 'out': tf.Variable(tf.random_normal([n_hidden, n_out]))}
biases = {'h': tf.Variable(tf.zeros([n_hidden])), 'out': tf.Variable(tf.zeros([n_out]))}
def perceptron(x):
    h = tf.nn.relu(tf.add(tf.matmul(x, weights['h']), biases['h']))
    return tf.matmul(h, weights['out']) + biases['out']
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=perceptron(x), labels=y))
with tf.Session() as session:
    session.run(loss)
"""


def test_products_of_tensorflow_are_read_alike():
    assert cn.write(cn.read(TENSORFLOW), "shorthand") == "54 -> 30 relu -> 3"
    variable = TENSORFLOW.replace(
        "tf.Variable(tf.random_normal([54, n_hidden]))", "tf.get_variable('w', [54, 30])"
    )
    assert cn.read(variable) == cn.read(TENSORFLOW)


def test_convolutions_of_tensorflow_are_refused():
    with pytest.raises(ChalknetError):
        cn.read(
            TENSORFLOW.replace("tf.matmul(x, weights['h'])", "tf.nn.conv2d(x, weights['h'], [1], 'SAME')")
        )
