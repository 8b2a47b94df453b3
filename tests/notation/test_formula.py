"""The assembler: what arrows with nothing over them mean, and how a formula is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notation.formulas import ARROWS

from chalknet.errors import ChalknetError, NotationError, ShapeMismatch, UnknownName
from chalknet.network import Activation, Linear, Network
from chalknet.notation.arrows import read_arrows

PIECES = [
    "X",
    "u1",
    "v1",
    "yhat",
    "net:",
    "(n,2)",
    "(n,1)",
    "(2)",
    "->",
    "-relu->",
    "-l1->",
    "-",
    "=",
    "(",
    ")",
    ",",
    "relu",
    "sig",
    "l",
    "h",
    "?",
    "dropout",
    "(0.2)",
    "0.2",
    "784",
    "28x28",
    "m",
    "n",
    "#",
    "→",
    "flatten",
    "^",
    "_",
    "{",
    "}",
    "nobias",
    "bias",
    "'",
    "[",
    "]",
    ".",
    "é",
    "²",
]
UNKNOWN = Activation("?")


@given(st.lists(st.sampled_from([*PIECES, " ", "\n"]), max_size=12).map("".join) | st.text(max_size=10))
def test_whatever_is_typed_is_a_network_or_an_error_with_a_caret(text):
    try:
        read_arrows(text)
    except ChalknetError as problem:
        assert problem.excerpt is not None
        assert "^" in str(problem)


@pytest.mark.parametrize(
    "formula", [*ARROWS.values(), "28x28 flatten -> 32 nobias leaky_relu(0.2) -> (n,1) sig"]
)
def test_a_formula_cut_off_anywhere_is_a_network_or_an_error_with_a_caret(formula):
    for end in range(len(formula)):
        try:
            assert isinstance(read_arrows(formula[:end]), Network)
        except ChalknetError as problem:
            assert problem.excerpt is not None
            assert problem.excerpt.position <= len(formula)


@pytest.mark.parametrize(
    ("text", "steps", "notes"),
    [
        ("X(n,2) -> u1(n,3) -h-> v1(n,3) -> yhat(n,1)", (Linear(3), Activation("h"), Linear(1)), 2),
        ("X(n,2) -> u1(n,2) -> v1(n,2) -> yhat(n,2)", (Linear(2), UNKNOWN, Linear(2)), 3),
        ("X(n,2) -> u1(n,2) -> yhat", (Linear(2), UNKNOWN), 2),
        ("X(n,2) -l1-> u1(n,2) relu -> yhat(n,1)", (Linear(2), Activation("relu"), Linear(1)), 1),
        ("X(n,784) -> h(n,32) -> yhat(n,1)", (Linear(32), Linear(1)), 2),
        ("2 -> 3 -> 1", (Linear(3), Linear(1)), 0),
    ],
)
def test_a1_an_arrow_with_nothing_over_it_is_linear_or_unknown_and_noted(text, steps, notes):
    network = read_arrows(text)
    assert network.steps == steps
    assert len(network.notes) == notes


def test_a_note_says_what_was_assumed():
    assert read_arrows("X(n,2) -l1-> u1(n,2) -> v1").notes == (
        "The arrow from 'u1' to 'v1' has no label: "
        "read as an activation that is not known, say which before building.",
    )


def test_the_whole_message_of_an_unknown_activation():
    with pytest.raises(UnknownName) as problem:
        read_arrows("X(n,1) -l1-> u1(n,2)\n  -rleu-> v1(n,2)")
    assert str(problem.value) == (
        "arrow text: got the unknown activation 'rleu'; wanted one of relu, sigmoid, tanh, leaky_relu, elu, "
        "gelu, silu, softplus, mish, hardswish, selu, relu6, hardsigmoid, softsign, softmax, log_softmax, identity, h, ?, batchnorm, dropout, embed, flatten, layernorm, linear, prelu. "
        "Did you mean relu or relu6?\n"
        "  line 2:\n"
        "      -rleu-> v1(n,2)\n"
        "       ^^^^"
    )


def test_the_whole_message_of_widths_that_do_not_meet():
    with pytest.raises(ShapeMismatch) as problem:
        read_arrows("X(n,1) -l1-> u1(n,2) -relu-> v1(n,3)")
    assert str(problem.value) == (
        "arrow text: got the shape (n,3) for 'v1'; wanted (n,2), the shape behind relu. "
        "Write (n,2), or change the width by a linear map, -l->.\n"
        "  line 1:\n"
        "    X(n,1) -l1-> u1(n,2) -relu-> v1(n,3)\n"
        "                                   ^^^^^"
    )


@pytest.mark.parametrize(
    ("text", "caret", "says"),
    [
        ("784 -> 32 relu = yhat(n,2)", "(n,2)", "States joined by = have one shape: write (n,32)"),
        ("X(n,28,28) -flatten-> a(n,783)", "(n,783)", "wanted (n,784), the shape behind flatten"),
        ("28x28 -> 32 relu", "32", "put a flatten before it: 28x28 flatten -> 32 relu"),
        ("X(n,1) -l1-> u1(N,2)", "(N,2)", "Write the same batch in all states"),
    ],
)
def test_shapes_that_do_not_meet_are_refused(text, caret, says):
    with pytest.raises(ShapeMismatch) as problem:
        read_arrows(text)
    assert says in str(problem.value)
    assert problem.value.excerpt.position == text.index(caret)
    assert problem.value.excerpt.length == len(caret)


@pytest.mark.parametrize(
    ("text", "caret", "says"),
    [
        ("", 0, "got an empty formula"),
        ("784", 0, "got a formula without an arrow"),
        ("X(n,784) = yhat", 0, "got a formula without an arrow"),
        ("X(n,784) -l1->", 14, "got the end of the text"),
        ("X(n,784) -l1-> u1(n,2) =", 24, "got the end of the text"),
        ("X(n,784) -l1", 9, "got an arrow without a head"),
        ("X(n,1) -l1 u1(n,2) -relu-> v1", 7, "got an arrow without a head"),
        ("X(n,784", 1, "a shape that is not closed"),
        ("X(n) -l1-> u1(n,2)", 1, "has the shape (n,1)"),
        ("n -> 2", 0, "has the shape (n,1)"),
        ("X(m) -l1-> u1(m,2)", 1, "Write the same batch in all states"),
        ("X(n,,1) -l1-> u1(n,2)", 4, "an empty entry in a shape"),
        ("X(n,0) -l1-> u1(n,2)", 4, "the size '0'"),
        ("X(n,-1) -l1-> u1(n,2)", 4, "the size '-1'"),
        ("784 -> 1" + "0" * 5000, 7, "wanted a whole number of at least 1"),
        ("-> 32", 0, "an arrow that begins nowhere"),
        ("784 -> -> 32", 7, "an arrow that begins nowhere"),
        ("X(n,1) -l1-> ( u1(n,2)", 13, "a bracket that is never closed"),
        ("X(n,1) -l1-> u1(n,2) )", 21, "a bracket that was never opened"),
        ("X(n,1) -l1-> u1 -relu-> v1", 13, "Write for instance u1(n,32)"),
        ("X -relu-> v1", 0, "Write for instance X(n,32)"),
        ("X(n,1) -l1-> u1(n,2) v1(n,2)", 21, "got 'v1' right behind 'u1'"),
        ("784 32", 4, "wanted an arrow such as -relu->"),
        ("784 -> 3.5", 8, "wanted an arrow such as -relu->"),
        ("784 -> %", 7, "wanted a state such as u1(n,32)"),
        ("X(n,1) -l1-> u1(n,2), z1 -relu-> v1(n,2)", 25, "got a second formula"),
        ("784 linear", 4, "Write for instance 784 -l-> 32"),
        ("784 nobias -> 3", 4, "wanted it behind a linear map"),
        ("784 -> 32 -> yhat", 10, "or = where no step is meant"),
    ],
)
def test_what_is_no_formula_is_refused_at_its_place(text, caret, says):
    with pytest.raises(NotationError) as problem:
        read_arrows(text)
    assert says in str(problem.value)
    assert problem.value.excerpt.position == caret


def test_a_flatten_of_symbols_is_refused_at_its_place():
    with pytest.raises(ChalknetError, match="Give the symbol a number first") as problem:
        read_arrows("X(n,28,m) -flatten-> v(n,3)")
    assert problem.value.excerpt.position == 11
