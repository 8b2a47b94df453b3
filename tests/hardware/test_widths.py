"""The widths `?` at the ends of a network are those of the data."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import chalknet as cn

FIT = {"updates": 1, "engine": "eager", "threads": 1}


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), st.integers(2, 5), st.booleans())
def test_the_first_is_the_features_and_the_last_the_classes(features, classes, words):
    y = [number % classes for number in range(2 * classes)]
    x = torch.zeros(len(y), features)
    y = [f"class {number}" for number in y] if words else y
    network = cn.fit("? -> 4 relu -> ?", (x, y), loss="cross_entropy", **FIT).plan.network
    assert network == cn.read(f"{features} -> 4 relu -> {classes}")


@pytest.mark.parametrize(
    ("text", "y", "loss", "wanted"),
    [
        ("? -> ?", torch.rand(6), "mse", "3 -> 1"),
        ("? -> ?", torch.rand(6, 4), "mse", "3 -> 4"),
        ("? -> 2 tanh -> ? sigmoid", [0, 1] * 3, "bce", "3 -> 2 tanh -> 1 sigmoid"),
        ("? -> ?", list("ababab"), "bce_logits", "3 -> 1"),
        ("3 -> ?", [0, 0, 0, 0, 0, 0], "cross_entropy", "3 -> 2"),
        ("? -> 5 -> 2", torch.rand(6, 2), "l1", "3 -> 5 -> 2"),
        ("X(n,?) -l1-> u1(n,?) = yhat", torch.rand(6), "mse", "3 -> 1"),
    ],
)
def test_every_loss_says_how_many_outputs_there_are(text, y, loss, wanted):
    plan = cn.plan(text, (torch.rand(6, 3), y), loss=loss, **FIT)
    assert plan.network == cn.read(wanted)
    assert plan.model == cn.write(wanted, "arrows")


def test_the_width_is_that_after_the_preparation(tmp_path):
    table = {"city": list("abcabc"), "size": [1.0, 2, 3, 4, 5, 6], "kind": list("uvuvuv")}
    result = cn.fit("? -> ?", cn.load(table, one_hot=True), loss="cross_entropy", **FIT, out=tmp_path / "run")
    assert result.plan.network == cn.read(tmp_path / "run") == cn.read("4 -> 2")


def test_a_class_that_only_held_out_rows_have_is_counted():
    data = (torch.rand(4, 2), [0, 1, 0, 1])
    plan = cn.plan("? -> ?", data, held_out=(torch.rand(1, 2), [4]), loss="cross_entropy", **FIT)
    assert plan.network == cn.read("2 -> 5")


def test_compare_race_and_the_largest_batch_take_the_widths_of_their_data():
    data = (torch.rand(8, 3), torch.rand(8))
    comparison = cn.compare("? -> 2 relu -> ?", data, {"all": {}}, loss="mse", **FIT)
    assert comparison.results["all"].plan.network == cn.read("3 -> 2 relu -> 1")
    race = cn.race(
        "? -> 2 relu -> ?",
        data=data,
        loss="mse",
        engines=["eager"],
        devices=["cpu"],
        threads=[1],
        seconds=0.01,
    )
    assert race.rows
    assert cn.memory.largest_batch("? -> ?", data, limit_bytes=2**20).peak_bytes <= 2**20


@pytest.mark.parametrize("notation", ["arrows", "shorthand", "json", "latex", "latex-layers", "svg"])
@pytest.mark.parametrize(
    "text", ["? -> 64 relu -> ?", "? -> ?", "? -> 3 ? -> ? sigmoid", "28x28 flatten -> ?"]
)
def test_a_width_that_is_not_known_is_written_and_read_back(notation, text):
    assert cn.read(cn.write(text, notation)) == cn.read(text)


class Rows:
    """A source of one's own, whose targets are not all read before the fit."""

    def __len__(self):
        return 6

    def take(self, rows):
        return torch.zeros(6, 2)[rows], torch.tensor([0, 1, 2] * 2)[rows]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: cn.fit("? -> ? relu -> 1", (np.zeros((3, 2)), [0, 1, 0]), loss="mse", **FIT),
            "in its middle",
        ),
        (lambda: cn.fit("? -> ?", Rows(), loss="cross_entropy", **FIT), "Write it in the place of the last"),
        (lambda: cn.build("? -> 3"), "takes the widths .* from the data"),
        (lambda: cn.memory("? -> 3", batch_size=2), "nobody has named"),
        (lambda: cn.write("3 -> ?", "torch"), "nobody has named"),
        (lambda: cn.read("? -> ?").bind(**{"?": 3}), "unknown symbol"),
    ],
)
def test_a_width_that_cannot_be_known_is_refused(call, said):
    with pytest.raises(cn.ChalknetError, match=said):
        call()


def test_counts_over_a_width_that_is_not_known_are_none():
    assert cn.count("? -> 3").parameters is None
