"""Arrow text and shorthand: what is written is read back, and what people type is understood."""

import pytest
from hypothesis import given
from tests.notation.formulas import ARROWS as FORMULAS
from tests.notation.formulas import NETWORKS
from tests.strategies import networks

from chalknet.network import Activation, Dropout, Flatten, Linear, Network
from chalknet.notation.arrows import ARROWS, read_arrows, write_arrows, write_shorthand

RELU, SIGMOID = Activation("relu"), Activation("sigmoid")
F4 = NETWORKS["F4"]


@given(networks(symbolic=True, settled=False))
def test_every_network_is_read_back_as_it_was_written(network):
    for written in (write_arrows(network), write_shorthand(network)):
        again = read_arrows(written)
        assert again == network
        assert again.notes == ()


@pytest.mark.parametrize(
    "symbol",
    ["n", "N", "x", "u1", "yhat", "relu", "h", "l", "dropout", "näher", "_", "a·b", "r", "leaky", "σ", "g"],
)
@pytest.mark.parametrize("kind", ["relu", "elu"])
def test_any_symbol_can_be_a_width(symbol, kind):
    network = Network((symbol,), (Linear(symbol), Activation(kind), Linear(2)))
    assert read_arrows(write_arrows(network)) == network
    assert read_arrows(write_shorthand(network)) == network


@pytest.mark.parametrize("formula", FORMULAS)
def test_a1_the_four_formulas_are_read(formula):
    assert read_arrows(FORMULAS[formula]) == NETWORKS[formula]


def test_a1_the_four_formulas_are_written_with_each_linear_map_numbered():
    assert write_arrows(NETWORKS["F1"]) == FORMULAS["F1"]
    assert write_arrows(NETWORKS["F2"]) == FORMULAS["F2"]
    assert write_arrows(NETWORKS["F3"]) == FORMULAS["F2"]
    assert write_arrows(F4) == FORMULAS["F4"].replace("-l1-> u2", "-l2-> u2")


def test_shorthand_is_as_short_as_that():
    assert write_shorthand(F4) == "784 -> 32 relu -> 1 sigmoid"


@pytest.mark.parametrize(
    "text",
    [
        "784 -l-> 32 -relu-> 32 -l-> 1 -sig-> 1",
        "784 -> 32 relu -> 1 sigmoid",
        "784 -> 32 ReLU -> 1 sig = yhat",
        "784->32 relu->1 sigmoid",
        "784 -> 32, relu -> 1 + sigmoid",
        "784 -> (32 relu) -> (1 sigmoid)",
        "784 -> 32 -> relu -> 1 -> sigmoid",
        "784 -l-> 32 relu -linear-> 1 sigmoid",
        "(784) -> (32) relu -> (1) sig",
        "(n,784) -> (n,32) relu -> (n,1) sig",
        "28*28*1 -> 32 relu -> 1 sig",
        "X(784) -l1-> u1(32) -relu-> v1 -l2-> u2(1) -sig-> yhat",
        "X(n,784) -l1-> u1(n,32) -relu-> v1 -l2-> u2(n,1) -sig-> v2",
        "X(n,784) -l1-> u1 -relu-> v1(n,32) -l2-> u2 -sig-> v2 = yhat(n,1)",
        "X(n,28*28*1) --l1--> u1(n,32) --relu--> v1(n,32) --l2--> u2(n,1) --sig--> v2(n,1)",
        "X(n,784) -l1→ u1(n,32) –relu→ v1(n,32) —l2⟶ u2(n,1) -sig⟹ v2(n,1)",
        "X(n,784)-l1->u1(n,32)-relu->v1(n,32)-l2->u2(n,1)-sig->v2(n,1)=yhat",
        "X (n, 784)\n  -l1-> u1 ( n,32 )  # hidden ->\n  -relu-> v1\n  -l2-> u2(n,1)\n  -sig-> v2 = yhat\n",
        "X[n,784] -W1-> z1[n,32] -relu-> a1[n,32] -W2-> z2[n,1] -σ-> a2[n,1] = ŷ",
        "X(100,784) -l1-> u1(100,32) -relu-> v1(100,32) -l2-> u2(100,1) -sig-> v2(100,1)",
        "X(n×784) -l1-> u1(n×32) -relu-> v1(n x 32) -l2-> u2(n×1) -sig-> v2",
        "x(n,784) -l_1-> u^{(1)}(n,32) -relu-> v_1(n,32) -l_2-> u^(2)(n,1) -sig-> v_{2}(n,1), yhat = v2(n,1)",
        "net: X(n,784) -l1-> u1(n,32) -relu-> v1 -l2-> u2(n,1) -sig-> v2 = net(X) = yhat(n,1)",
        "X(n,784) -l1-> u1(n,32), u1 -relu-> v1(n,32), v1 -l2-> u2(n,1), u2 -sig-> v2 = yhat.",
        "X(n,784) ( -l1-> u1(n,32) -relu-> v1(n,32) ) ( -l2-> u2(n,1) -sig-> v2 )",
        "X: (n,784) -l1 relu-> v1(n,32) -l2, sig-> yhat(n,1)",
    ],
)
def test_f4_is_understood_in_many_spellings(text):
    assert read_arrows(text) == F4


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("1 -> 2", Network(1, (Linear(2),))),
        ("X(n,3) -relu-> v1", Network(3, (RELU,))),
        ("784 relu", Network(784, (RELU,))),
        ("784 dropout(0.2) -> 1", Network(784, (Dropout(0.2), Linear(1)))),
        ("784 -> 64 nobias tanh -> 1", Network(784, (Linear(64, bias=False), Activation("tanh"), Linear(1)))),
        ("X(n,3) -l1 nobias-> u1(n,2)", Network(3, (Linear(2, bias=False),))),
        ("28x28 flatten -> 32 relu", Network((28, 28), (Flatten(), Linear(32), RELU))),
        ("28 × 28 -> 28x10", Network((28, 28), (Linear(10),))),
        ("X(n,28,28) -flatten-> a(n,784) -l1-> b(n,2)", Network((28, 28), (Flatten(), Linear(2)))),
        ("X(n,m) -l1-> u1(n,k) -h-> v1(n,k)", Network(("m",), (Linear("k"), Activation("h")))),
        ("m -> k relu -> 1 sig = yhat", Network(("m",), (Linear("k"), RELU, Linear(1), SIGMOID))),
        ("X(n,2) -leaky-relu(0.2)-> v", Network(2, (Activation("leaky_relu", {"negative_slope": 0.2}),))),
        ("2 leaky-relu -> 1", Network(2, (Activation("leaky_relu"), Linear(1)))),
        ("2 -> 2 ?", Network(2, (Linear(2), Activation("?")))),
    ],
)
def test_formulas_of_other_networks_are_read(text, network):
    assert read_arrows(text) == network


def test_a_name_before_the_formula_is_the_networks_name():
    assert read_arrows("small: 784 -> 1 sigmoid").name == "small"


def test_steps_without_weights_get_states_of_their_own():
    network = read_arrows("4x4 flatten -> 3 relu dropout(0.2)")
    assert write_arrows(network) == (
        "X(n,4,4) -flatten-> v0(n,16) -l1-> u1(n,3) -relu-> v1(n,3) -dropout(0.2)-> v1'(n,3) = yhat"
    )


@pytest.mark.parametrize(
    "text",
    ["import torch\nx -> y", "def f(x) -> int: ...", "nn.Sequential(a)  # ->", r"X \to u", '{"a": "->"}'],
)
def test_code_and_latex_are_not_taken_for_arrows(text):
    assert ARROWS.recognise(text) == 0


@pytest.mark.parametrize("text", [*FORMULAS.values(), "784 -> 1", "X(n,1) -l1", "784 relu", "x → y"])
def test_formulas_and_their_beginnings_are_taken_for_arrows(text):
    assert ARROWS.recognise(text) > 0
