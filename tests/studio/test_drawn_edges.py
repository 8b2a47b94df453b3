"""Which weight an edge of a picture stands for, in every style whose edges are weights."""

import numpy as np
import pytest

import chalknet as cn
from chalknet.studio.drawn_edges import DrawnEdges, edge_weight

NET = cn.read("3 -> 4 dropout(0.5) relu -> 2 -> 3 batchnorm relu -> 1 sigmoid")
WIDE = cn.read("784 -> 40 relu -> 10")


def edges_of(network, dialect):
    return DrawnEdges.of(network, cn.draw(network, dialect).svg)


def weights_of(network):
    return {name: value.numpy() for name, value in cn.build(network, seed=3).state_dict().items()}


@pytest.mark.parametrize("dialect", ["D7", "D8", "D9", "D10", "D11"])
def test_every_weight_of_a_narrow_network_is_an_edge(dialect):
    edges, weights = edges_of(NET, dialect), weights_of(NET)
    linear = [weights[f"{place}.weight"] for place in (0, 3, 4, 7)]
    assert sorted(edges.weights(weights)) == sorted(value for each in linear for value in each.ravel())
    assert edges.version != edges_of(WIDE, dialect).version


@pytest.mark.parametrize("dialect", ["D7", "D9"])
def test_edges_of_a_wide_network_have_the_weights_of_the_units_that_are_drawn(dialect):
    edges, weights = edges_of(WIDE, dialect), weights_of(WIDE)
    found = dict(zip(edges.places, edges.weights(weights), strict=True))
    assert {(place.output, place.input) for place in found if place.layer == 1} >= {
        (0, 0),
        (39, 783),
        (0, 783),
    }
    for place, value in found.items():
        assert value == weights[f"{2 * (place.layer - 1)}.weight"][place.output, place.input]


@pytest.mark.parametrize("dialect", ["D1", "D2", "D3"])
def test_logistic_regression_has_its_bias_among_the_edges(dialect):
    network = cn.read("2 -> 1 sigmoid")
    edges, weights = edges_of(network, dialect), weights_of(network)
    assert set(edges.weights(weights)) == {*weights["0.weight"].ravel(), *weights["0.bias"]}


@pytest.mark.parametrize("dialect", ["D5", "blocks"])
def test_an_edge_between_whole_layers_is_no_weight(dialect):
    edges = edges_of(NET, dialect)
    assert edges.ids == () and edges.weights(weights_of(NET)).dtype == np.float32


def test_a_bias_of_a_hidden_layer_is_known_by_its_name():
    assert edge_weight("v1-bias--u2-3") == (2, 3, None)
    assert edge_weight("u1-0--v1-0") is edge_weight("u2-1--step3") is edge_weight("sum-i--step0-i") is None
