"""Predictions beside the targets of points with three columns and more."""

import json

import numpy as np
import pytest
import torch

import chalknet as cn
from chalknet.studio.comparing import compared_rows, confusion
from chalknet.studio.fitting_animation import moving_picture
from chalknet.studio.fitting_frames import frame_of
from chalknet.studio.fitting_state import FitMethod, FitState
from chalknet.studio.points import points_of
from chalknet.studio.regions import SnapshotModel

X = np.random.default_rng(2).normal(size=(90, 3)).astype("f4")


@pytest.mark.parametrize(
    ("text", "loss", "classes", "decided"),
    [
        ("3 -> 4", "cross_entropy", "abcd", lambda made: made.argmax(1)),
        ("3 -> 1 sigmoid", "bce", "ab", lambda made: made[:, 0] > 0.5),
        ("3 -> 1", "bce_logits", "ab", lambda made: made[:, 0] > 0),
        ("3 -> 1 sigmoid", "mse", "ab", lambda made: made[:, 0] > 0.5),
    ],
)
def test_a_confusion_matrix_counts_every_compared_sample_once(text, loss, classes, decided):
    points = points_of("", X, np.arange(90) % len(classes), classes=classes).with_held_out(0.5, 1)
    model, rows = SnapshotModel(cn.read(text), loss, 1), compared_rows(points)
    assert set(rows) == set(np.flatnonzero(points.held_out))
    found = confusion(model, model.weights(), points, points.x[rows])
    with torch.no_grad():
        said = decided(model.module(torch.from_numpy(points.x[rows]))).numpy().astype(int)
    wanted = np.zeros((len(classes), len(classes)), int)
    np.add.at(wanted, (points.y.reshape(-1)[rows].astype(int), said), 1)
    assert found.counts.tolist() == wanted.tolist() and found.counts.sum() == 45 and found.held_out


def test_without_held_out_samples_the_training_ones_are_compared_evenly():
    points = points_of("", np.zeros((5000, 3), "f4"), np.arange(5000) % 2, classes="ab")
    rows = compared_rows(points)
    assert len(rows) <= 2000 and set(np.diff(rows)) == {3} and rows[-1] > 4990


def parts_of(frame):
    size = int.from_bytes(frame[:4], "little")
    header, rest, parts = json.loads(frame[4 : 4 + size]), frame[4 + size :], []
    for length in header["parts"]:
        parts.append(rest[:length])
        rest = rest[length + -length % 4 :]
    return header, parts


@pytest.mark.parametrize("classes", ["", "abc"])
def test_a_frame_of_three_columns_shows_predictions_beside_the_targets(classes):
    state = FitState({})
    y = np.arange(90) % 3 if classes else X.sum(1)
    state.take(points_of("", X, y, classes=classes))
    network = cn.read("3 -> 5 tanh -> 3" if classes else "3 -> 5 tanh -> 1")
    state.put(state.begin(network, [FitMethod(str, {})]))
    header, parts = parts_of(frame_of(state, -1, "en"))
    shown = header["racers"][0]
    if classes:
        assert shown["kind"] == "confusion" and not shown["held_out"]
        assert np.frombuffer(parts[shown["picture"]], "i4").reshape(3, 3).sum(1).tolist() == [30, 30, 30]
    else:
        assert shown["kind"] == "values"
        with torch.no_grad():
            wanted = cn.build(network, seed=0)(torch.from_numpy(X)).numpy()[:, 0]
        np.testing.assert_allclose(np.frombuffer(parts[shown["picture"]], "f4"), wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("classes", ["", "abc"])
def test_the_picture_of_a_fit_to_three_columns_changes_with_its_weights(classes):
    state = FitState({})
    state.take(points_of("", X, np.arange(90) % 3 if classes else X.sum(1), classes=classes))
    network = cn.read("3 -> 5 tanh -> 3" if classes else "3 -> 5 tanh -> 1")
    pictures = []
    for seed in (0, 1):
        state.settings["fit_seed"] = seed
        state.put(state.begin(network, [FitMethod(str, {})]))
        pictures.append(moving_picture(state, "PNG"))
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize(
    ("classes", "text", "doubted", "suited"),
    [
        ("", "3 -> 2 relu -> 1 sigmoid", True, "3 -> 2 relu -> 1"),
        ("", "3 -> 2 relu -> 1", False, "3 -> 2 relu -> 1"),
        ("abc", "3 -> 3 sigmoid", True, "3 -> 3"),
        ("abc", "3 -> 3 log_softmax", False, "3 -> 3 log_softmax"),
        ("ab", "3 -> 1 sigmoid", False, "3 -> 1 sigmoid"),
        ("ab", "3 -> 1 tanh", True, "3 -> 1"),
    ],
)
def test_an_end_that_cannot_give_the_targets_is_doubted_and_mended(classes, text, doubted, suited):
    state = FitState({})
    state.take(
        points_of("", X, np.arange(90) % max(1, len(classes)) if classes else 5 * X.sum(1), classes=classes)
    )
    network = cn.read(text)
    assert bool(state.doubt(network)) == doubted
    assert state.suited(network) == cn.read(suited) and not state.doubt(state.suited(network))
