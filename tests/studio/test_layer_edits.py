import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chalknet as cn
from chalknet.network import ACTIVATIONS as KNOWN
from chalknet.studio.layer_edits import ACTIVATIONS, edited, layers_of

NET = cn.read("784 -> 32 relu -> dropout(0.5) -> 1 sigmoid")


def text(network):
    return cn.write(network, "shorthand")


def edit(network, kind, layer, value=None):
    return edited(network, {"kind": kind, "layer": layer, "value": value})


def test_the_layers_are_the_input_and_each_linear_map_with_what_stands_behind_it():
    shown = [(part.number, part.width, part.activation, part.parameters) for part in layers_of(NET)]
    assert shown == [(0, 784, "none", 0), (1, 32, "relu", 25_120), (2, 1, "sigmoid", 33)]
    assert sum(part.parameters for part in layers_of(NET)) == cn.count(NET).parameters


@pytest.mark.parametrize(
    ("kind", "layer", "value", "wanted"),
    [
        ("width", 0, 100, "100 -> 32 relu dropout(0.5) -> 1 sigmoid"),
        ("width", 1, 7, "784 -> 7 relu dropout(0.5) -> 1 sigmoid"),
        ("width", 1, 0, "784 -> 1 relu dropout(0.5) -> 1 sigmoid"),
        ("activation", 1, "tanh", "784 -> 32 tanh dropout(0.5) -> 1 sigmoid"),
        ("activation", 1, "none", "784 -> 32 dropout(0.5) -> 1 sigmoid"),
        ("add", 1, None, "784 -> 32 relu dropout(0.5) -> 32 relu -> 1 sigmoid"),
        ("add", 0, None, "784 -> 8 relu -> 32 relu dropout(0.5) -> 1 sigmoid"),
        ("remove", 1, None, "784 -> 1 sigmoid"),
        ("remove", 0, None, text(NET)),
        ("remove", 9, None, text(NET)),
        ("remove", -1, None, text(NET)),
    ],
)
def test_an_edit_changes_one_thing(kind, layer, value, wanted):
    assert edit(NET, kind, layer, value) == cn.read(wanted)


def test_the_last_layer_stays():
    assert edit(cn.read("2 -> 1"), "remove", 1) == cn.read("2 -> 1")


def test_an_activation_taken_away_and_put_back_is_the_same_network():
    without = edit(NET, "activation", 1, "none")
    assert edit(without, "activation", 1, "relu") == NET


def test_what_a_drawing_said_is_no_longer_said_of_an_edited_network():
    drawn = cn.read("digraph { {x1 x2} -> y }")
    assert drawn.account is not None
    assert edit(drawn, "width", 0, 5).account is None


def test_the_activations_that_are_offered_are_those_of_the_package():
    assert set(ACTIVATIONS) - {"none"} == {name for name, row in KNOWN.items() if row.settled} - {"identity"}


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(["width", "activation", "add", "remove"]), st.integers(0, 5),
                          st.integers(0, 50)), max_size=12))  # fmt: skip
def test_whatever_is_edited_is_a_network_that_reads_back(edits):
    network = cn.read("3 -> 4 relu -> 2 softmax")
    for kind, layer, number in edits:
        value = ACTIVATIONS[number % len(ACTIVATIONS)] if kind == "activation" else number
        if kind == "activation" and layer == 0:
            continue
        network = edit(network, kind, layer, value)
    assert cn.read(text(network)) == network
