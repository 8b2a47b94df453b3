"""Formulas neuron by neuron, functions case by case, and matrices whose numbers are the weights."""

import random

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError
from chalknet.network import Activation, Linear, Network
from chalknet.notation import recognise

NAMES = {"relu": r"\mathrm{ReLU}", "sigmoid": r"\operatorname{sigmoid}", "tanh": r"\tanh"}
INDICES = ("i", "j", "k", "l")


def summed(seed):
    """Return a text with a sum for each layer, and its network."""
    draw = random.Random(seed)
    count = draw.randint(1, 3)
    sizes = [draw.randint(2, 60) for _ in range(count + 1)]
    kinds = [draw.choice([*NAMES]) for _ in range(count - 1)] + [draw.choice([None, "sigmoid"])]
    biases = [draw.random() < 0.7 for _ in range(count)]
    by_layer, behind = draw.random() < 0.5, draw.random() < 0.4
    value, lines, steps = "x", [], []
    for place in range(1, count + 1):
        old, new = INDICES[place - 1], INDICES[place]
        layer = f"^{{({place})}}" if by_layer else ""
        name = "w" if by_layer else "wvu"[place - 1]
        pair = draw.choice((new + old, old + new, f"{new},{old}"))
        weight, arriving = f"{name}_{{{pair}}}{layer}", f"{value}_{old}"
        product = f"{arriving} {weight}" if behind else rf"{weight}\, {arriving}"
        bias = f" + b_{new}{layer}" if biases[place - 1] else ""
        total = rf"\sum_{{{old}=1}}^{{{sizes[place - 1]}}} {product}{bias}"
        value = f"h^{{({place})}}" if place < count else r"\hat{y}"
        kind = kinds[place - 1]
        right = rf"{NAMES[kind]}\left({total}\right)" if kind else total
        reach = draw.choice((rf"{new} = 1, \dots, {sizes[place]}", rf"{new}=1,\ldots,{sizes[place]}"))
        lines.append(rf"{value}_{new} = {right}, \quad {reach}")
        steps += [Linear(sizes[place], bias=biases[place - 1]), *([Activation(kind)] if kind else [])]
    opening, gap, closing = draw.choice(
        (
            (r"\begin{align}", "\\\\\n", r"\end{align}"),
            ("$$ ", " $$\nand\n$$ ", " $$"),
            (r"\[ ", ",\\qquad ", r" \]"),
        )
    )
    return f"The neurons compute\n{opening}{gap.join(lines)}{closing}\n", Network(sizes[0], tuple(steps))


@pytest.mark.parametrize("seed", range(30))
def test_sums_over_neurons_are_products_of_matrices(seed):
    text, network = summed(seed)
    assert recognise(text).name == "nested"
    assert cn.read(text) == network, text


SUMS = {
    r"\[ y = \sigma\left(\sum_{i=0}^{3} w_i x_i\right), \quad x_0 = 1 \]": "3 -> 1 sigmoid",
    r"$$ y = \tanh(w_1x_1 + w_2x_2 + w_3x_3 + b) $$": "3 -> 1 tanh",
    r"\[ f(x) = \sum_{j=1}^{10} v_j \tanh\Big(\sum_{i=1}^5 w_{ji} x_i + b_j\Big) + c \]": "5 -> 10 tanh -> 1",
    r"$h_j = \tanh(\sum_i w_{ji} x_i)$, $y = \sum_j v_j h_j$ with $i=1,\dots,n$ and $j \in \{1,\dots,m\}$": "(n,n) -> m nobias tanh -> 1 nobias",
}


@pytest.mark.parametrize("text", SUMS)
def test_sums_of_single_neurons_and_with_letters(text):
    assert cn.read(text) == cn.read(SUMS[text])


OTHER_SUMS = {
    "a bias that nobody says is one": r"\[ y = \sigma\left(\sum_{i=0}^{3} w_i x_i\right) \]",
    "a mean": r"The mean is $\bar x = \frac{1}{n}\sum_{i=1}^n w_i x_i$.",
    "a recurrence": r"$$ h_j^{t} = \tanh\Big(\sum_i w_{ji} x_i^{t} + \sum_k u_{jk} h_k^{t-1}\Big) $$",
    "three indices": r"$$ y_j = \tanh\Big(\sum_i w_{jik} x_i\Big) $$",
}


@pytest.mark.parametrize("text", OTHER_SUMS.values(), ids=OTHER_SUMS)
def test_other_sums_are_refused(text):
    with pytest.raises(ChalknetError):
        cn.read(text)


LAYERS = (
    r"$y = W_2\, g(W_1 x + b_1)$, $W_1 \in \mathbb{R}^{4\times 3}$, $W_2 \in \mathbb{R}^{1 \times 4}$, where "
)
CASES = {
    r"z & \text{if } z > 0 \\ 0 & \text{otherwise}": Activation("relu"),
    r"0, & z \le 0, \\ z, & z > 0": Activation("relu"),
    r"z & z \geq 0 \\ 0{,}2 z & \text{sonst}": Activation("leaky_relu", {"negative_slope": 0.2}),
    r"z & z \geq 0 \\ e^{z} - 1 & z < 0": Activation("elu"),
    r"1 & z > 0.5 \\ 0 & \text{else}": Activation("?"),
    r"z & z > 1 \\ 0 & z \le 1": Activation("?"),
    r"-1 & z < -1 \\ z & -1 \le z \le 1 \\ 1 & z > 1": Activation("?"),
}


@pytest.mark.parametrize("cases", CASES)
def test_a_function_is_known_by_its_cases(cases):
    network = cn.read(LAYERS + rf"$g(z) = \begin{{cases}} {cases} \end{{cases}}$.")
    assert network.steps == (Linear(4), CASES[cases], Linear(1, bias=False))
    assert ("it stays ?" in " ".join(network.notes)) == (CASES[cases] == Activation("?"))


def test_numbers_of_matrices_are_the_weights():
    text = (
        r"$h = \tanh(W_1 x + b_1)$, $y = W_2 h - \theta$, $\theta = 3$, "
        r"$W_1 = \begin{pmatrix} 1 & -2 \\ 0{,}5 & \frac{1}{4} \\ 3 & 0 \end{pmatrix}$, "
        r"$b_1 = \begin{pmatrix} 0 \\ -1 \\ 2 \end{pmatrix}$, $W_2 = \begin{bmatrix} 1 & 2 & 3 \end{bmatrix}$"
    )
    network = cn.read(text)
    assert network == cn.read("2 -> 3 tanh -> 1")
    assert network.weights == {
        "0.weight": [[1.0, -2.0], [0.5, 0.25], [3.0, 0.0]], "0.bias": [0.0, -1.0, 2.0],
        "2.weight": [[1.0, 2.0, 3.0]], "2.bias": [-3.0],
    }  # fmt: skip


def test_numbers_of_a_sample_a_row_are_turned():
    text = r"$y = \tanh(x W + b)$ with $W = \begin{pmatrix} 1 & 2 & 3 \\ 4 & 5 & 6 \end{pmatrix}$"
    network = cn.read(text)
    assert network.weights == {"0.weight": [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]}
    assert "weights that the formula does not give as numbers are left open" in network.notes


def test_numbers_within_the_formula_are_the_weights():
    text = r"\[ y = \sigma\left( \begin{pmatrix} 20 & -20 \end{pmatrix} x - 30 \right) \]"
    assert cn.read(text).weights == {"0.weight": [[20.0, -20.0]], "0.bias": [-30.0]}


def test_any_capital_letter_may_be_a_matrix_and_a_transposed_vector_a_weight():
    sizes = r"$A \in \mathbb{R}^{8\times 4}$, $B \in \mathbb{R}^{2 \times 8}$"
    assert cn.read(rf"$h = \tanh(A x + a)$, $y = B h + b$ with {sizes}") == cn.read("4 -> 8 tanh -> 2")
    network = cn.read(r"$f(x) = v^\top \tanh(W x + b) + c$, $W \in \mathbb{R}^{5 \times 3}$")
    assert network == cn.read("3 -> 5 tanh -> 1")


def test_equations_of_single_neurons_are_those_of_their_layer():
    text = (
        r"\begin{align} h_1 &= \sigma(w_{11} x_1 + w_{12} x_2 + b_1)\\ h_2 &= \sigma(w_{21} x_1 + w_{22} x_2 + b_2)\\"
        r" y &= \sigma(v_1 h_1 + v_2 h_2 + c) \end{align}"
    )
    assert cn.read(text) == cn.read("2 -> 2 sigmoid -> 1 sigmoid")


@pytest.mark.parametrize(
    "text",
    [
        r"$h_1 = \mathrm{ReLU}(x_1 + x_2)$, $h_2 = \mathrm{ReLU}(0{,}5 x_1 - x_3 - 1)$, $y = h_1 - 2 h_2$",
        "h1 = relu(x1 + x2)\nh2 = relu(0.5*x1 - x3 - 1)\ny = h1 - 2*h2\n",
    ],
)
def test_numbers_of_single_neurons_are_weights(text):
    network = cn.read(text)
    assert network == cn.read("3 -> 2 relu -> 1 nobias")
    assert network.weights == {
        "0.weight": [[1.0, 1.0, 0.0], [0.5, 0.0, -1.0]], "0.bias": [0.0, -1.0], "2.weight": [[1.0, -2.0]],
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "Solve $x_1 + 2 x_2 = 3$ and $y = 4 x_1 - x_2 + 2$, $z = 2 x_1 + x_2$.",
        r"$$ x_1 = \sin(x_2 + 1), \quad x_2 = \cos(x_1 - 2) $$",
        r"$h_1 = \tanh(x_1 + x_2)$, $h_3 = \tanh(x_1 - x_2)$, $y = h_1 + h_3$",
        r"$h_1 = \tanh(x_1 + x_2)$, $h_2 = \tanh(h_1 - x_2)$, $y = h_1 + h_2$",
    ],
)
def test_other_equations_are_refused(text):
    with pytest.raises(ChalknetError):
        cn.read(text)


def test_a_letter_that_the_text_says_is_a_function_is_no_weight():
    text = r"\[ y = \theta(w_1 x_1 + w_2 x_2 - s), \quad \theta(z) = \begin{cases} 1 & z \geq 0 \\ 0 & \text{sonst} \end{cases} \]"
    network = cn.read(text)
    assert network == cn.read("2 -> 1 ?")
    assert any("step function" in note for note in network.notes)
