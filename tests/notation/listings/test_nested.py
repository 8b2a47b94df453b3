"""Formulas of products with weights, as papers and courses write them, read to the network."""

import random

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError, NotationError, ShapeMismatch, UnknownName
from chalknet.network import Activation, Linear, Network
from chalknet.notation import recognise

RELU, TANH, SIG, SOFTMAX = map(Activation, ("relu", "tanh", "sigmoid", "softmax"))
KINDS = {
    "relu": (r"\mathrm{ReLU}", r"\operatorname{relu}", "ReLU", "relu"),
    "sigmoid": (r"\sigma", "σ", "sigmoid", r"\text{sigmoid}"),
    "tanh": (r"\tanh", "tanh"),
    "softmax": (r"\operatorname{softmax}", r"\mathrm{softmax}", "softmax"),
}
INDICES = ("_{%d}", "^{(%d)}", "^{[%d]}", "_%d")


def formula(seed):
    """Return a formula, and the network that it describes, its widths stated where they are drawn."""
    draw = random.Random(seed)
    count, index, bold = draw.randint(1, 4), draw.choice(INDICES), draw.random() < 0.5
    sizes = [draw.randint(1, 900) for _ in range(count + 1)]
    kinds = [
        draw.choice([*KINDS, None]) if place == count - 1 else draw.choice([*KINDS]) for place in range(count)
    ]
    biases = [draw.random() < 0.8 for _ in range(count)]

    def name(letter, place):
        return (rf"\mathbf{{{letter}}}" if bold else letter) + index % place

    nested, lines, value = draw.random() < 0.5, [], r"\mathbf{x}" if bold else "x"
    for place, (kind, bias) in enumerate(zip(kinds, biases, strict=True), 1):
        product = f"{name('W', place)} {value}" + f" + {name('b', place)}" * bias
        function = draw.choice(KINDS[kind]) if kind else ""
        if nested:
            value = f"{function}({product})" if kind else f"({product})"
        else:
            lines += [f"{name('z', place)} &= {product}"]
            lines += [f"{name('a', place)} &= {function}({name('z', place)})"] * bool(kind)
            value = name("a" if kind else "z", place)
    stated = [
        rf"{name('W', place)} \in \mathbb{{R}}^{{{sizes[place]} \times {sizes[place - 1]}}}"
        for place in range(1, count + 1)
    ]
    text = (
        rf"\hat{{y}} = {value}" if nested else "\\begin{align}\n" + " \\\\\n".join(lines) + "\n\\end{align}"
    )
    text += r", \quad " + ", ".join(stated)
    steps = []
    for place, kind in enumerate(kinds):
        steps += [Linear(sizes[place + 1], bias=biases[place]), *([Activation(kind)] if kind else [])]
    return text, Network(sizes[0], tuple(steps))


@pytest.mark.parametrize("seed", range(80))
def test_formulas_in_every_way_of_writing_are_read_to_their_network(seed):
    text, network = formula(seed)
    assert recognise(text).name == "nested"
    assert cn.read(text) == network


F2 = (Linear("W1_out"), RELU, Linear("W2_out"), SIG)
WRITTEN = {
    "unicode": "σ(W₂ ReLU(W₁x + b₁) + b₂)",
    "with a name": "ŷ = σ(W₂·ReLU(W₁·x + b₁) + b₂)",
    "upper": "σ(W⁽²⁾ ReLU(W⁽¹⁾x + b⁽¹⁾) + b⁽²⁾)",
    "digits": "y = sigmoid(W2 relu(W1 x + b1) + b2)",
    "max": "y = σ(W2 max(0, W1 x + b1) + b2)",
    "lines": "h = relu(W1 x + b1)\ny = sigmoid(W2 h + b2)",
    "rows": r"H = \mathrm{ReLU}(XW^{(1)} + b^{(1)}), O = \sigma(HW^{(2)} + b^{(2)})",
    "course": "z^{[1]} = W^{[1]} x + b^{[1]}\na^{[1]} = ReLU(z^{[1]})\nz^{[2]} = W^{[2]} a^{[1]} + b^{[2]}\n"
    "ŷ = a^{[2]} = σ(z^{[2]})",
    "from a0": r"$a^{[1]} = \mathrm{ReLU}(W^{[1]} a^{[0]} + b^{[1]})$; $a^{[2]} = \sigma(W^{[2]} a^{[1]} + b^{[2]})$",
    "newcommand": "\\newcommand{\\relu}{\\mathrm{ReLU}}\n\\newcommand{\\W}[0]{\\mathbf{W}}\n"
    r"\[ f(x) = \sigma(\W_2 \relu(\W_1 x + b_1) + b_2) \]",
    "operator": "\\DeclareMathOperator{\\relu}{ReLU}\n\\def\\W{\\mathbf W}\n$$\\sigma\\left(\\W_2 \\relu(\\W_1 x + b_1) + b_2\\right)$$",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_one_network_as_people_write_it(text):
    network = cn.read(text)
    assert network == Network("W1_in", F2)
    assert network.notes == ("the formula does not say the widths: they are named after the weights",)


def test_weights_that_the_last_line_does_not_use_are_told():
    network = cn.read("h = relu(W1 x + b1)\ny = W2 x + b2")
    assert network.steps == (Linear("W2_out"),)
    assert network.notes[0] == "W1 is not used on the way of x: it is left out"


REFUSED = {
    "y = W2 relu(W1 x) x": (NotationError, "'x' times another value of x"),
    "y = W₂·foo(W₁x)": (UnknownName, "'foo'"),
    "y = W2 relu(x + W1 x)": (NotationError, "'+' between two values of x"),
    "y = W1 relu(W1 x + b1)": (NotationError, "a second time, with the same weights"),
    "σ(W₂ ReLU(W₁x + b₁) + b₂": (NotationError, "that is never closed"),
    "a^{[l]} = g(W^{[l]} a^{[l-1]} + b^{[l]})": (NotationError, "which is no weight, bias, function or x"),
    r"y = W_2 \tanh(W_1 x), W_1 \in R^{4 \times 3}, W_2 \in R^{2 \times 5}": (
        ShapeMismatch,
        "W2 takes 5 features, but 4 arrive",
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_chain_of_layers_is_refused(text):
    kind, said = REFUSED[text]
    with pytest.raises(kind) as problem:
        cn.read(text)
    assert said in str(problem.value)


@pytest.mark.parametrize("seed", range(20))
def test_a_formula_cut_off_is_read_or_refused(seed):
    text, _ = formula(seed)
    for end in range(0, len(text), 7):
        try:
            cn.read(text[:end] or "?")
        except ChalknetError as problem:
            assert str(problem)


def test_words_between_equations_end_them():
    text = (
        r"$y = W_2 \tanh(W_1 x)$ with $W_1 \in \mathbb{R}^{5\times 3}$ and $W_2 \in \mathbb{R}^{2\times 5}$"
    )
    assert cn.read(text) == Network(3, (Linear(5, bias=False), TANH, Linear(2, bias=False)))
