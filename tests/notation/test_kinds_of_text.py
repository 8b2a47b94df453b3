"""Kinds of texts and drawings by strangers: plots of Keras, lists and chains of layers, rules for layers, R."""

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

BOX = '{n} [label="{name}|{{input:|output:}}|{{{{(None, {a})}}|{{(None, {b})}}}}"]; '
RULE = r"\[ z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)}, \quad a^{(l)} = \tanh(z^{(l)}) \]"
WIDTHS = "$n_0 = 6$, $n_1 = 5$, $n_2 = 4$, $n_3 = 2$. "
SEQUENTIAL = "m <- keras_model_sequential() %>%\n"


def shorthand(text):
    return cn.write(cn.read(text), "shorthand")


def plot(*boxes):
    drawn = "".join(BOX.format(n=n, name=name, a=a, b=b) for n, (name, a, b) in enumerate(boxes))
    links = "; ".join(f"{n} -> {n + 1}" for n in range(len(boxes) - 1))
    return f"digraph {{ node [shape=record]; {drawn} {links} }}"


def test_numbers_of_layers_in_a_plot_of_keras_are_no_rates_and_norms_no_layers():
    network = cn.read(
        plot(
            ("dense_input: InputLayer", 9, 9),
            ("dense_4: Dense", 9, 30),
            ("batch_normalization_3: BatchNormalization", 30, 30),
            ("re_lu_2: ReLU", 30, 30),
            ("dropout_4: Dropout", 30, 30),
            ("tanh_out: Dense", 30, 2),
        )
    )
    assert cn.write(network, "shorthand").split(" ?")[0] == "9 -> 30 batchnorm relu dropout(0.5) -> 2"
    assert any("no rate is drawn" in note for note in network.notes)


@pytest.mark.parametrize("norm", ["BatchNormalization", "LayerNormalization"])
def test_a_plot_of_keras_that_names_a_layer_and_its_class_in_fields_of_their_own_is_read(norm):
    network = cn.read(
        plot(
            ("{a_input|InputLayer}", 20, 20),
            ("{dense_12|Dense|relu}", 20, 64),
            (f"{{norm_4|{norm}}}", 64, 64),
            ("{activation_2|Activation|tanh}", 64, 64),
            ("{out|Dense|softmax}", 64, 7),
        )
    )
    kind = {"BatchNormalization": "batchnorm", "LayerNormalization": "layernorm"}[norm]
    assert cn.write(network, "shorthand") == f"20 -> 64 relu {kind} tanh -> 7 softmax"


@pytest.mark.parametrize("label", ["argmax", "ε-greedy", "arg max over actions"])
def test_what_an_arrow_chooses_is_no_layer(label):
    chart = "flowchart LR\n s[4 inputs] --> a[Dense 8, ReLU] --> q[Dense 3, linear]\n"
    assert shorthand(f'{chart} q -- "{label}" --> act[action]\n act -.-> mem[(replay buffer, 500)]') == (
        "4 -> 8 relu -> 3"
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("* 5 inputs (age, sex)\n* 9 hidden units, tanh\n* 2 outputs, softmax", "5 -> 9 tanh -> 2 softmax"),
        ("- 3 inputs\n- 8 ReLU units\n- 1 output, linear", "3 -> 8 relu -> 1"),
        ("net A\n in[7] => fc(9) + relu => drop(.25)\n   => fc(2) + softmax\nlr 1e-3", "7 -> 9 relu dropout(0.25) -> 2 softmax"),
        ("# best MLP 11-[32 sigm]-[16 sigm]-1[lin]", "11 -> 32 sigmoid -> 16 sigmoid -> 1"),
        ("A 4-8-3 network with tanh hidden units and softmax output.", "4 -> 8 tanh -> 3 softmax"),
    ],
)  # fmt: skip
def test_lists_with_counts_first_and_chains_of_layers_are_read(text, read):
    assert shorthand(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "call 555-1234-9876 about the network",
        "* 5 inputs\n* 2 hidden layers, 20 neurons each, tanh\n* 1 output, linear",
        "A: 8-[12 relu]-1[sigmoid]\nB: 8-[16 relu]-1[sigmoid]",
        SEQUENTIAL + "layer_dense(8, input_shape = c(4))\nfor (i in 1:3) {\n m %>% layer_dense(8)\n}",
        "n <- 8\n" + SEQUENTIAL + "layer_dense(n, input_shape = c(4))\nn <- 9\nm %>% layer_dense(n)",
    ],
)
def test_what_only_looks_like_a_chain_is_refused(text):
    with pytest.raises(ChalknetError):
        cn.read(text)


@pytest.mark.parametrize(
    ("rules", "read"),
    [
        (RULE, "6 -> 5 tanh -> 4 tanh -> 2 tanh"),
        (RULE + r" and $\hat y = \sigma(z^{(3)})$", "6 -> 5 tanh -> 4 tanh -> 2 sigmoid"),
        (r"$h_l = \mathrm{ReLU}(W_l h_{l-1} + b_l)$, $y = W_L h_{L-1} + b_L$", "6 -> 5 relu -> 4 relu -> 2"),
    ],
)
def test_rules_for_layer_l_are_written_out_where_all_widths_are_stated(rules, read):
    assert shorthand(WIDTHS + rules) == read
    with pytest.raises(ChalknetError):
        cn.read(rules)


def test_r_code_for_keras_is_read_as_its_python():
    layers = 'layer_dense(n, activation = "relu", input_shape = c(20)) %>% # first\nlayer_dense(3, use_bias = FALSE)'
    assert shorthand(f"n <- 8L\n{SEQUENTIAL}{layers}") == "20 -> 8 relu -> 3 nobias"
