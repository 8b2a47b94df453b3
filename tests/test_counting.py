"""Counting, against hand counts and the built module."""

import pytest
from hypothesis import given
from tests.strategies import networks

from chalknet import count
from chalknet.errors import UnknownName
from chalknet.module import build
from chalknet.network import Activation, Dropout, Linear, Network

RELU, SIGMOID = Activation("relu"), Activation("sigmoid")
A4 = [
    ((Linear(2), RELU, Linear(1)), (2, 1)),
    ((Linear(2), RELU, Linear(1), SIGMOID), (2, 1)),
    ((Linear(1),), (1, 0)),
    ((Linear(1), SIGMOID), (1, 0)),
    ((Linear(3), SIGMOID, Linear(3), SIGMOID, Linear(1)), (3, 2)),
    ((Linear(5), RELU, Dropout(), Linear(5), RELU, Dropout(), Linear(1), SIGMOID), (3, 2)),
]


@pytest.mark.parametrize(("steps", "answer"), A4)
def test_a4_layers_and_hidden_layers_of_the_six_examples(steps, answer):
    network = Network(1, steps)
    assert (count(network).layers, count(network).hidden_layers) == answer
    textbook = count(network, "textbook")
    assert (textbook.layers, textbook.hidden_layers) == (answer[0] + 1, answer[1])


def test_a4_the_answer_says_which_convention_was_used():
    network = Network(1, A4[0][0])
    assert "2 (a layer is a linear map with trainable parameters)" in str(count(network))
    assert "3 (the input is counted as a layer too)" in str(count(network, "textbook"))


def test_a5_the_nodes_of_a_layer_are_its_features():
    f4 = Network(784, (Linear(32), RELU, Linear(1), SIGMOID))
    assert count(f4).nodes == (32, 1)
    assert count(f4, "textbook").nodes == (784, 32, 1)


def test_the_sums_of_f4_are_a_hand_count():
    counts = count(Network(784, (Linear(32), RELU, Linear(1), SIGMOID)))
    assert counts.parameters == 784 * 32 + 32 + 32 + 1
    assert counts.multiply_adds == 784 * 32 + 32


@given(networks())
def test_the_built_module_has_as_many_parameters_as_were_counted(network):
    assert count(network).parameters == sum(weights.numel() for weights in build(network).parameters())


def test_a_symbolic_width_leaves_its_sums_unknown_and_says_so():
    counts = count(Network("m", (Linear(2), RELU, Linear(1))))
    assert (counts.layers, counts.hidden_layers, counts.parameters) == (2, 1, None)
    assert "unknown until every width is a number" in str(counts)


def test_a_network_without_weights_has_no_layers():
    assert (count(Network(3, (RELU,))).layers, count(Network(3, (RELU,))).hidden_layers) == (0, 0)


def test_an_unknown_convention_is_refused():
    with pytest.raises(UnknownName, match="Did you mean textbook"):
        count(Network(1, (RELU,)), "textbok")
