"""Formulas layer by layer as lectures and papers write them: sizes in words, compositions, both conventions."""

import random

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError, ShapeMismatch
from chalknet.network import Activation, Linear, Network
from chalknet.notation import recognise

NAMES = {
    "relu": (r"\operatorname{ReLU}", r"\mathrm{ReLU}", r"\text{ReLU}"),
    "sigmoid": (r"\operatorname{sigmoid}", r"\mathrm{sigmoid}"),
    "tanh": (r"\tanh", r"\operatorname{tanh}"),
    "elu": (r"\mathrm{ELU}",),
}
BRACKETS = (("(", ")"), (r"\left(", r"\right)"), (r"\bigl(", r"\bigr)"), (r"\!\left(", r"\right)"))
OPEN = {
    "align": (r"\begin{align}", r"\end{align}"),
    "align*": (r"\begin{align*}", r"\end{align*}"),
    "brackets": (r"\[", r"\]"),
    "dollars": ("$$", "$$"),
}


class Draw:
    """A random network, and the parts of its formulas in one manner of writing."""

    def __init__(self, seed):
        draw = self.draw = random.Random(seed)
        self.count = draw.randint(1, 4)
        self.sizes = [draw.randint(2, 900) for _ in range(self.count + 1)]
        self.kinds = [draw.choice([*NAMES]) for _ in range(self.count - 1)]
        self.kinds.append(draw.choice(["sigmoid", None, "tanh"]))
        self.biases = [draw.random() < 0.7 for _ in range(self.count)]
        self.font = draw.choice(("%s", r"\mathbf{%s}", r"\boldsymbol{%s}", r"\bm{%s}"))
        self.index = draw.choice(("_{%d}", "^{(%d)}", "_%d", "^{[%d]}"))
        self.rows = draw.random() < 0.5

    @property
    def network(self):
        steps = []
        for width, kind, bias in zip(self.sizes[1:], self.kinds, self.biases, strict=True):
            steps += [Linear(width, bias=bias), *([Activation(kind)] if kind else [])]
        return Network(self.sizes[0], tuple(steps))

    def name(self, letter, place):
        return self.font % letter + self.index % place

    def size(self, place):
        pair = self.sizes[place], self.sizes[place - 1]
        return pair[::-1] if self.rows else pair

    def layer(self, place, value):
        opening, closing = self.draw.choice(BRACKETS)
        weight = self.name("W", place)
        inside = f"{value} {weight}" if self.rows else rf"{weight} {value}"
        inside += f" + {self.name('b', place)}" * self.biases[place - 1]
        kind = self.kinds[place - 1]
        if kind == "relu" and self.draw.random() < 0.3:
            return self.draw.choice((rf"\max(0, {inside})", rf"\max\{{0,\, {inside}\}}", rf"[{inside}]_+"))
        return f"{self.draw.choice(NAMES[kind])}{opening}{inside}{closing}" if kind else inside


def layered(seed):
    """Return a text with an equation a layer, and its network."""
    one = Draw(seed)
    draw, value, lines = one.draw, one.font % "x", []
    for place in range(1, one.count + 1):
        left = one.name("h", place) if place < one.count else r"\hat{y}"
        lines.append((left, one.layer(place, value)))
        value = left
    told = draw.choice(("in", "words"))
    sizes = []
    for place in range(1, one.count + 1):
        rows, columns = one.size(place)
        name = one.name("W", place)
        if told == "words":
            word = draw.choice(("a matrix", "eine Matrix", "матрица", "---"))
            sizes.append(rf"${name}$ {word} ${rows}\times {columns}$")
        else:
            sizes.append(rf"${name} \in \mathbb{{R}}^{{{rows} \times {columns}}}$")
    if draw.random() < 0.3:
        equations = ", ".join(f"${left} = {right}$" for left, right in lines)
    else:
        opening, closing = OPEN[draw.choice([*OPEN])]
        gap = " \\\\\n" if "align" in opening else r", \quad "
        sign = " &= " if "align" in opening else " = "
        equations = f"{opening}\n" + gap.join(f"{a}{sign}{b}" for a, b in lines) + f"\n{closing}"
    return f"The network computes\n{equations}\nwhere {', '.join(sizes)}.", one.network


def nested(seed):
    """Return a text with one nested formula, and its network."""
    one = Draw(seed)
    value = "x"
    for place in range(1, one.count + 1):
        value = one.layer(place, value if place == 1 or one.kinds[place - 2] else f"({value})")
    sizes = r",\ ".join(
        rf"{one.name('W', place)} \in \mathbb{{R}}^{{{one.size(place)[0]}\times {one.size(place)[1]}}}"
        for place in range(1, one.count + 1)
    )
    return f"\\begin{{equation}}\n f(x) = {value}, \\qquad {sizes}.\n\\end{{equation}}", one.network


def composed(seed):
    """Return a text with a composition of affine maps, and its network."""
    one = Draw(seed)
    one.biases = [True] * one.count
    parts = []
    for place in range(one.count, 0, -1):
        kind = one.kinds[place - 1]
        parts += [*([one.draw.choice(NAMES[kind])] if kind else []), f"A_{place}"]
    maps = [
        rf"$A_{place}:\mathbb{{R}}^{{{one.sizes[place - 1]}}}\to\mathbb{{R}}^{{{one.sizes[place]}}}$"
        for place in range(1, one.count + 1)
    ]
    if len(parts) < 2:
        parts = [r"\tanh", *parts]
        one.kinds = ["tanh"]
    chain = "\\circ ".join(parts)
    return rf"\[ f = {chain}, \] where {', '.join(maps)} are affine maps.", one.network


def numbered(seed):
    """Return a text whose weights are matrices of numbers, German decimals among them, and its network."""
    one = Draw(seed)
    one.sizes = [one.draw.randint(2, 5) for _ in one.sizes]

    def matrix(rows, columns):
        entry = lambda: one.draw.choice(("1", "-2", "0{,}5", "0.25", "3"))  # noqa: E731
        lines = [" & ".join(entry() for _ in range(columns)) for _ in range(rows)]
        return r"\begin{pmatrix} " + r" \\ ".join(lines) + r" \end{pmatrix}"

    one.rows = False
    one.name = lambda letter, place: matrix(one.sizes[place], one.sizes[place - 1] if letter == "W" else 1)
    value, lines = "x", []
    for place in range(1, one.count + 1):
        left = f"h_{place}" if place < one.count else "y"
        lines.append(f"{left} = {one.layer(place, value)}")
        value = left
    return "\\[\n" + ",\n\\qquad\n".join(lines) + " .\n\\]", one.network


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("written", [layered, nested, composed, numbered])
def test_formulas_of_random_networks_are_read_back(written, seed):
    text, network = written(seed)
    assert recognise(text).name == "nested"
    assert cn.read(text) == network


TWO = r"$h = \varphi(W_1 x + b_1)$ and $y = W_2 h$, "
TOLD = {
    TWO + r"where $\varphi$ is the logistic function.": "sigmoid",
    TWO + r"mit $\varphi(z)=\frac{1}{1+e^{-z}}$.": "sigmoid",
    TWO + r"with $\varphi(t) = \max(0, t)$.": "relu",
    TWO + r"with $\varphi = \tanh$.": "tanh",
    TWO + r"where the activation function $\varphi$ is ReLU.": "relu",
    TWO + r"where $\varphi$ is not ReLU but tanh.": "?",
    TWO + r"with the logistic function $\varphi$.": "sigmoid",
    TWO + r"where $\varphi$ acts on each entry, and softmax is left out.": "?",
    r"$h = \sigma_1(W_1 x + b_1)$, $y = W_2 h$ where $\sigma_1$ is ReLU and $\sigma_2$ softmax": "relu",
    r"$h = \sigma_1(W_1 x + b_1)$, $y = W_2 h$": "?",
    TWO + "which is trained by gradient descent.": "?",
    r"$h = \sigma(W_1 x + b_1)$ and $y = W_2 h$, where $\sigma$ is the ReLU.": "relu",
    r"$h = \frac{1}{1 + e^{-(W_1 x + b_1)}}$ and $y = W_2 h$": "sigmoid",
}


@pytest.mark.parametrize("text", TOLD)
def test_a_letter_is_the_function_that_the_text_says(text):
    network = cn.read(text)
    assert network.steps == (Linear("W1_out"), Activation(TOLD[text]), Linear("W2_out", bias=False))
    assert ("it stays ?" in " ".join(network.notes)) == (TOLD[text] == "?")


def test_sigma_that_is_not_explained_is_told_before_another_layer():
    assert "σ is not explained: read as the logistic function" in cn.read("y = W2 σ(W1 x)").notes


@pytest.mark.parametrize(
    "size",
    [
        r"\mathbb{R}^{4,3}",
        r"\mathcal{M}_{4,3}(\mathbb{R})",
        r"\mathrm{Mat}_{4\times 3}(\mathbb{R})",
        r"\mathbb{R}^{4\times 3}",
    ],
)
def test_sizes_of_matrices_in_every_spelling(size):
    network = Network(3, (Linear(4, bias=False), Activation("tanh")))
    assert cn.read(rf"$y = \tanh(W x)$ with $W \in {size}$.") == network


def test_the_size_behind_an_equation_is_that_of_its_left_side():
    text = r"$h = \tanh(W_1 x + b_1) \in \mathbb{R}^{16}$ and $y = W_2 h \in \mathbb{R}^5$ for $x \in \mathbb{R}^3$"
    assert cn.read(text) == Network(3, (Linear(16), Activation("tanh"), Linear(5, bias=False)))


def test_indices_may_be_words():
    text = r"$y = W_{\text{out}} h$, $h = \tanh(W_{\mathrm{in}} x)$"
    steps = (Linear("Win_out", bias=False), Activation("tanh"), Linear("Wout_out", bias=False))
    assert cn.read(text) == Network("Win_in", steps)


def test_functions_defined_apart_and_in_any_order():
    network = Network("W1_in", (Linear("W1_out"), Activation("tanh"), Linear("W2_out")))
    apart = r"f_1(u) = \tanh(W_1 u + b_1), f_2(u) = W_2 u + b_2"
    assert cn.read(rf"f(x) = f_2(f_1(x)), {apart}") == network
    assert cn.read(rf"{apart}, f = f_2 \circ f_1") == network


def test_widths_of_states_and_of_the_whole_stand_for_those_of_weights():
    text = r"$h = \tanh(W_1 x)$, $f(x) = W_2 h$, $h \in \mathbb{R}^8$, $f:\mathbb{R}^3\to\mathbb{R}^2$"
    assert cn.read(text) == Network(3, (Linear(8, bias=False), Activation("tanh"), Linear(2, bias=False)))


def test_losses_and_predictions_beside_the_network_are_told():
    network = cn.read(r"\hat y = W_2 \tanh(W_1 x), L = \frac{1}{n}\sum (y - \hat y)^2")
    assert network.steps[-1] == Linear("W2_out", bias=False)
    assert "the equation of L is no layer: it is not read" in network.notes


REFUSED = {
    r"h_t = \tanh(W_h h_{t-1} + W_x x_t + b)": "a recurrence",
    r"h_t = \tanh(W h_{t-1} + b)": "a recurrence",
    r"h_\ell = \sigma(W_\ell h_{\ell-1} + b_\ell)": "a rule for layers",
    r"z = \sigma(W_1 x), h = z \odot \tanh(W_2 x)": "as in gates",
    r"y = h \circ g, h = \tanh(W_1 x), g = \tanh(W_2 x)": "a product entry by entry",
    r"y = \mathrm{softmax}(Q K^T / \sqrt{d}) V, Q = W_Q x, K = W_K x": "attention",
    r"y = W \ast x + b": "a convolution",
    r"h = \mathrm{ReLU}(W_1 x + b_1), y = h + x": "a residual connection",
    r"h = \mathrm{ReLU}(W_1 x), y = x + W_2 h": "a residual connection",
    r"y = \max(W_1 x + b_1, W_2 x + b_2)": "beside max(0, z)",
    r"y = W_2 [\tanh(W_1 x), x]": "between two values",
    r"y = W_2 h, h = \sigma'(W_1 x)": "a derivative",
    r"y = 2 W_1 x": "as a factor",
    r"y = W_1 x W_2": "weights before it, too",
    r"y = W_1 x^2": "a power of x",
    r"h = \tanh(W_1 h + b_1), y = W_2 h": "a recurrence",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_chain_is_refused_by_its_name(text):
    with pytest.raises(ChalknetError) as problem:
        cn.read(text)
    assert REFUSED[text] in str(problem.value)


MISMATCHED = {
    r"y = \tanh(W_1 x + b_1), W_1 \in \mathbb{R}^{4\times 3}, b_1 \in \mathbb{R}^5": "the bias b1 with 5",
    r"y = W_1 x, W_1 \in \mathbb{R}^{4\times 3}, x \in \mathbb{R}^4": "W1 takes 3 features, but x has 4",
    r"y = x W_1, W_1 \in \mathbb{R}^{4\times 3}, x \in \mathbb{R}^3": "W1 takes 4 features, but x has 3",
    r"h = W_1 x, W_1 \in \mathbb{R}^{4\times 3}, h \in \mathbb{R}^7": "h with 7 entries",
    r"f(x) = W_1 x, f:\mathbb{R}^3\to\mathbb{R}^2, W_1 \in \mathbb{R}^{2\times 4}": "W1 takes 4 features",
    r"f(x) = W_1 x, f:\mathbb{R}^4\to\mathbb{R}^3, W_1 \in \mathbb{R}^{2\times 4}": "f with 3 entries",
}


@pytest.mark.parametrize("text", MISMATCHED)
def test_sizes_that_contradict_each_other_are_refused(text):
    with pytest.raises(ShapeMismatch, match=MISMATCHED[text]):
        cn.read(text)
