"""Decision regions, curves and weights as bytes."""

import numpy as np
import pytest
import torch

import chalknet as cn
from chalknet.studio.features import Features
from chalknet.studio.points import DrawOptions, Points, draw_points, points_of
from chalknet.studio.regions import ALONG, SIDE, RegionGrid, SnapshotModel, as_bytes, weight_tiles


def grid_of(points: Points, *features: str) -> RegionGrid:
    return RegionGrid.of(points, Features.of(features or points.names, points.names))


def test_a_grid_goes_row_by_row_from_the_top_left_and_holds_every_point():
    points = draw_points("gaussians", DrawOptions(400, 1.0))
    grid = grid_of(points)
    assert grid.x.shape == (SIDE * SIDE, 2)
    np.testing.assert_allclose(grid.x[0], [grid.low[0], grid.high[1]], rtol=1e-6)
    np.testing.assert_allclose(grid.x[-1], [grid.high[0], grid.low[1]], rtol=1e-6)
    assert (points.x >= grid.low).all() and (points.x <= grid.high).all()


def test_a_grid_has_the_features_of_the_network():
    points = draw_points("xor", DrawOptions(100))
    grid = grid_of(points, "x1*x2", "x1", "x2**2")
    np.testing.assert_allclose(grid.inputs[:, 0], grid.x.prod(1), rtol=1e-4, atol=1e-5)
    assert grid.inputs.shape == (SIDE * SIDE, 3)


def test_one_column_is_a_curve_and_more_than_two_are_no_picture():
    assert grid_of(draw_points("wave", DrawOptions(100))).x.shape == (ALONG, 1)
    x = np.zeros((4, 3))
    assert grid_of(points_of("", x, np.arange(4) % 2, classes="01")) is None


@pytest.mark.parametrize(
    ("text", "loss", "function"),
    [
        ("2 -> 3 tanh -> 1 sigmoid", "bce", lambda z: z),
        ("2 -> 3 tanh -> 1", "bce_logits", torch.sigmoid),
        ("2 -> 3 tanh -> 4", "cross_entropy", lambda z: z.softmax(1)),
        ("2 -> 3 tanh -> 1", "mse", lambda z: z),
    ],
)
def test_answers_are_what_the_loss_takes_yhat_for(text, loss, function):
    model, x = (
        SnapshotModel(cn.read(text), loss, 1),
        np.random.default_rng(1).normal(size=(50, 2)).astype("f4"),
    )
    with torch.no_grad():
        wanted = function(cn.build(text, seed=1)(torch.from_numpy(x)))
    np.testing.assert_allclose(model.predictions(model.weights(), x), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "loss", "classes"),
    [
        ("2 -> 3 -> 1 sigmoid", "bce", 2),
        ("2 -> 3 -> 1", "bce_logits", 2),
        ("2 -> 3 -> 4", "cross_entropy", 4),
    ],
)
def test_a_judgement_is_the_evaluation_of_a_fit(text, loss, classes):
    random = np.random.default_rng(1)
    x, y = random.normal(size=(60, 2)).astype("f4"), np.arange(60) % classes
    y = y.astype(np.int64) if classes > 2 else y[:, None].astype("f4")
    result = cn.fit(text, (x, y), loss=loss, updates=20, lr=0.1)
    model = SnapshotModel(cn.read(text), loss, 0)
    weights = {name: value.numpy() for name, value in result.module.state_dict().items()}
    assert model.loss_and_accuracy(weights, x, y) == pytest.approx(
        (result.evaluation.train_loss, result.evaluation.train), rel=1e-5
    )


def test_the_weights_of_a_moment_take_the_place_of_those_before():
    model, x = SnapshotModel(cn.read("2 -> 1"), "mse", 1), np.ones((1, 2), "f4")
    weights = {"0.weight": np.array([[2.0, 3.0]], "f4"), "0.bias": np.array([1.0], "f4")}
    assert model.predictions(weights, x).tolist() == [[6.0]]


def test_bytes_go_from_the_smallest_to_the_largest_value():
    grid = grid_of(draw_points("xor", DrawOptions(10)))
    assert list(as_bytes(grid, np.array([[-1.0], [0.0], [0.5], [1.0], [9.0], [np.nan]]))) == [
        0,
        0,
        128,
        255,
        255,
        0,
    ]


def test_of_several_classes_the_likeliest_is_sent_and_how_likely():
    grid = grid_of(draw_points("xor", DrawOptions(10)))
    assert list(as_bytes(grid, np.array([[0.2, 0.8, 0.0], [1.0, 0.0, 0.0]]))) == [1, 0, 204, 255]


def test_weights_of_pictures_are_pictures():
    weights = {"0.weight": np.array([[0, 1, -1, 0.5], [0, 0, 0, 0]], "f4"), "0.bias": np.zeros(2)}
    count, sent = weight_tiles(weights, 2)
    assert count == 2 and list(sent) == [128, 255, 0, 191, 128, 128, 128, 128]
    assert weight_tiles(weights, 28) == (0, b"")
