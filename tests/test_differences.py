"""Two descriptions, one network: what makes no difference, and where two part."""

import pytest
from hypothesis import given
from tests.strategies import networks
from torch import nn

import chalknet as cn
from chalknet.network import Activation, Dropout

KEY = "784 -> 32 relu -> 1 sigmoid"
SAME = [
    KEY,
    "X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1) -sig-> v2(n,1) = yhat",
    "nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())",
    "net = Sequential(Linear(out_features=32, in_features=28*28), ReLU(inplace=True), Linear(32, 1), Sigmoid())",
    "nn.Sequential(nn.Sequential(nn.Linear(784, 32), nn.Identity()), nn.Sequential(nn.ReLU(), nn.Dropout(0), nn.Linear(32, 1)), nn.Sigmoid())",
    "nn.Sequential(OrderedDict([('a', nn.Linear(784, 32)), ('b', nn.ReLU()), ('c', nn.Linear(32, 1)), ('d', nn.Sigmoid())]))",
    "nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())",
    'digraph { x [label="784 pixels"]; h [label="32 units, relu"]; y [label="1 unit, sigmoid"]; x -> h -> y }',
    'flowchart LR\nA["Input 784"] --> B["Dense 32 ReLU"] --> C["Dense 1 sigmoid"]',
]


@pytest.mark.parametrize("form", SAME, ids=range(len(SAME)))
def test_spelling_makes_no_difference(form):
    assert not cn.difference(KEY, form), str(cn.difference(KEY, form))
    assert str(cn.difference(KEY, form)) == "the same network"


def test_a_module_is_compared_too():
    module = nn.Sequential(nn.Sequential(nn.Linear(784, 32), nn.ReLU()), nn.Linear(32, 1), nn.Sigmoid())
    assert not cn.difference(module, KEY)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("784 -> 33 relu -> 1 sigmoid", "step 0: linear 784 → 32 | linear 784 → 33"),
        ("784 -> 32 tanh -> 1 sigmoid", "step 1: relu | tanh"),
        ("784 -> 32 nobias relu -> 1 sigmoid", "step 0: linear 784 → 32 | linear 784 → 32 without bias"),
        ("784 -> 32 relu -> 1", "step 3 and behind step 2: sigmoid | nothing"),
        ("783 -> 32 relu -> 1 sigmoid", "X: (n,784) | (n,783)"),
        ("784 -> 32 relu dropout(0.2) -> 1 sigmoid", "behind step 1 and step 2: nothing | dropout(0.2)"),
        ("784 -> 32 leaky_relu(0.1) -> 1 sigmoid", "step 1: relu | leaky_relu(0.1)"),
        ("784 -> 32 ? -> 1 sigmoid", "step 1: relu | ?"),
    ],
)
def test_what_differs_is_told_with_its_place_and_both_sides(other, words):
    found = cn.difference(KEY, other)
    assert found and words in str(found)


def test_a_slope_and_an_order_make_a_difference():
    assert cn.difference("3 -> 3 leaky_relu(0.1)", "3 -> 3 leaky_relu(0.2)")
    assert cn.difference("3 -> 3 relu dropout(0.5)", "3 -> 3 dropout(0.5) relu")


def test_dropout_and_the_last_sigmoid_are_ignored_on_request():
    assert not cn.difference(KEY, "784 -> 32 relu dropout(0.2) -> 1 sigmoid", ignore_dropout=True)
    assert not cn.difference(KEY, "784 -> 32 relu -> 1", logits=True)
    assert cn.difference(KEY, "784 -> 32 relu -> 1 tanh", logits=True)


@given(networks(symbolic=True, settled=False), networks(symbolic=True, settled=False))
def test_the_difference_is_falsy_exactly_when_both_ways_agree(a, b):
    assert not cn.difference(a, a)
    assert bool(cn.difference(a, b)) == bool(cn.difference(b, a))
    if a.input_shape == b.input_shape and a.steps == b.steps:
        assert not cn.difference(a, b)


@given(networks())
def test_idle_steps_make_no_difference(network):
    idle = cn.Network(network.input_shape, (*network.steps, Activation("identity"), Dropout(0)))
    assert not cn.difference(network, idle)
