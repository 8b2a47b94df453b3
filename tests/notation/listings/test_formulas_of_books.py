"""Formulas as textbooks and lecture notes write them: sums with biases as weights, rows of samples, gradients."""

import pytest

import chalknet as cn

SUMS = r"y_k = \sigma\!\left( \sum_{j=1}^{M} w_{kj}^{(2)} \tanh\!\left( \sum_{i=1}^{D} w_{ji}^{(1)} x_i + BIAS1 \right) + BIAS2 \right)"


@pytest.mark.parametrize(
    "biases",
    [("w_{j0}^{(1)}", "w_{k0}^{(2)}"), ("w_{j,0}^{(1)}", "w_{k,0}^{(2)}"), ("b_j^{(1)}", "b_k^{(2)}")],
)
def test_the_weight_of_a_constant_is_a_bias_and_letters_have_the_numbers_of_the_text(biases):
    formula = SUMS.replace("BIAS1", biases[0]).replace("BIAS2", biases[1])
    text = f"A network with $D=9$ inputs, $M = 20$ hidden units.\n\\[ {formula}, \\quad k = 1,\\dots,K \\]\nand $K=2$."
    network = cn.read(text)
    assert network == cn.read("9 -> 20 tanh -> 2 sigmoid")
    assert "D = 9 was taken from the text" in network.notes


def test_a_letter_with_two_numbers_stays_a_letter():
    formula = SUMS.replace("BIAS1", "b_j").replace("BIAS2", "b_k")
    network = cn.read(f"For $D=9$ and later $D=12$:\n\\[ {formula} \\]")
    assert network.input_shape == ("D",)


@pytest.mark.parametrize("ones", ["", r"\mathbf{1} ", r"\mathbf{1}_N ", r"\boldsymbol{1}"])
def test_a_row_of_biases_for_each_sample_and_gradients_behind(ones):
    text = rf"""\[ Z^{{[1]}} = X W^{{[1]}} + {ones}b^{{[1]\top}}, W^{{[1]}} \in \mathbb{{R}}^{{4 \times 10}} \]
\[ A^{{[1]}} = \tanh(Z^{{[1]}}) \]
\[ Z^{{[2]}} = A^{{[1]}} W^{{[2]}} + {ones}b^{{[2]\top}}, W^{{[2]}} \in \mathbb{{R}}^{{10 \times 3}} \]
\[ dZ^{{[2]}} = \tfrac{{1}}{{N}}(Z^{{[2]}} - Y) \]
\[ dW^{{[2]}} = A^{{[1]\top}} dZ^{{[2]}} \]"""
    assert cn.write(cn.read(text), "shorthand") == "4 -> 10 tanh -> 3"


def test_the_way_back_of_a_numpy_program_is_no_layer():
    program = """import numpy as np
X = np.random.randn(200, 5)
W1 = np.random.randn(5, 12); b1 = np.zeros((1, 12))
W2 = np.random.randn(12, 1); b2 = np.zeros((1, 1))
z1 = X @ W1 + b1
a1 = np.maximum(0, z1)
y = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
dz2 = (y - t) / 200
dW2 = a1.T @ dz2
dz1 = (dz2 @ W2.T) * (z1 > 0)
dW1 = X.T @ dz1
"""
    assert cn.read(program) == cn.read("5 -> 12 relu -> 1 sigmoid")


def test_activations_in_a_line_beside_an_arrow_formula_are_noted():
    notes = (
        "best so far:\n\n  3072 -> 1024 -> 256 -> 10\n        relu    relu   (logits)\n\n sgd momentum 0.9"
    )
    network = cn.read(notes)
    assert any("relu relu" in note for note in network.notes)


@pytest.mark.parametrize(
    "said", ["φ は Leaky ReLU，φ(z) = max(0.01z, z)。", "φ is the Leaky ReLU", "where φ(z) = max(0.01z, z)"]
)
@pytest.mark.parametrize("gap", ["        ", ",   ", "\n"])
def test_sizes_stand_beside_an_equation_and_functions_have_a_name_and_a_formula(said, gap):
    text = f"""h⁽¹⁾ = φ(W⁽¹⁾x + b⁽¹⁾){gap}W⁽¹⁾ ∈ ℝ³²ˣ¹⁰,  b⁽¹⁾ ∈ ℝ³²
ŷ    = W⁽²⁾h⁽¹⁾ + b⁽²⁾{gap}W⁽²⁾ ∈ ℝ¹ˣ³²,   b⁽²⁾ ∈ ℝ

{said}
"""
    assert cn.write(cn.read(text), "shorthand") == "10 -> 32 leaky_relu -> 1"


def test_the_derivative_of_a_function_is_no_layer():
    text = r"""Show that $\sigma'(z)=\sigma(z)\,(1-\sigma(z))$ for the logistic function $\sigma(z)=1/(1+e^{-z})$.
\begin{align}
  a &= W x + b, & W&\in\mathbb{R}^{7\times 3}\\
  h &= \sigma(a)\\
  o &= V h + c, & V&\in\mathbb{R}^{2\times 7}\\
  \hat y &= \operatorname{softmax}(o)
\end{align}"""
    assert cn.write(cn.read(text), "shorthand") == "3 -> 7 sigmoid -> 2 softmax"


@pytest.mark.parametrize("high", [r"^{(1)\top}", "^{(1)T}", r"^{[1]\top}", r"^{[1]T}"])
def test_an_index_and_transposed_stand_in_one_superscript(high):
    second = high.replace("1", "2")
    index = high[2:5]
    text = rf"""\begin{{align}}
h^{{{index}}} &= \max\{{0, W{high} x + b^{{{index}}}\}} \\
\hat y &= W{second} h^{{{index}}} + b^{{{index.replace("1", "2")}}}
\end{{align}}
where $W^{{{index}}} \in \mathbb{{R}}^{{10 \times 50}}$, $W^{{{index.replace("1", "2")}}} \in \mathbb{{R}}^{{50 \times 3}}$"""
    assert cn.write(cn.read(text), "shorthand") == "10 -> 50 relu -> 3"


@pytest.mark.parametrize(
    ("said", "kind"),
    [("where $h(a) = \\tanh(a)$", "tanh"), ("where $h$ is the logistic function", "sigmoid"), ("", "h")],
)
def test_h_is_any_activation_unless_the_text_says_which(said, kind):
    network = cn.read(rf"\[ y = \mathrm{{softmax}}(W_2 h(W_1 x + b_1) + b_2) \] {said}.")
    assert [step.kind for step in network.steps if hasattr(step, "kind")] == [kind, "softmax"]
