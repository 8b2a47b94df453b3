"""A recipe is checked when it is made."""

import numpy as np
import pytest

from chalknet.errors import InvalidValue, UnknownName
from chalknet.planning import Budget, Recipe, method


def test_the_learning_rate_left_out_is_torchs_default_of_the_optimizer():
    assert Recipe(loss="mse", updates=1).lr == 1e-3
    assert Recipe(loss="mse", optimizer="rmsprop", updates=1).lr == 1e-2


@pytest.mark.parametrize("unit", ["updates", "epochs", "samples", "seconds"])
def test_the_one_budget_given_is_the_budget(unit):
    assert Recipe(loss="mse", **{unit: 7}).budget == Budget(unit, 7)


def test_names_are_read_as_torch_and_the_field_spell_them():
    recipe = Recipe(loss="BCEWithLogitsLoss", optimizer="AdamW", updates=1)
    assert (recipe.loss, recipe.optimizer) == ("bce_logits", "adamw")
    assert Recipe(loss="MAE", updates=1).loss == "l1"


def test_integers_of_numpy_are_integers():
    recipe = Recipe(loss="mse", batch_size=np.int64(3), updates=np.int32(5), seed=np.uint8(1))
    assert [type(value) for value in (recipe.batch_size, recipe.updates, recipe.seed)] == [int, int, int]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"updates": 0}, "updates: got 0; wanted a whole number of at least 1"),
        ({"updates": 1.5}, r"updates: got 1\.5; wanted a whole number"),
        ({"updates": True}, "updates: got True"),
        ({"seconds": float("nan")}, "seconds: got nan; wanted a number above 0"),
        ({}, "got no budget; wanted exactly one of updates, epochs, samples, seconds"),
        ({"updates": 1, "epochs": 2}, "got updates=1 and epochs=2; wanted exactly one"),
        ({"updates": 1, "batch_size": 0}, "batch_size: got 0; wanted a whole number of at least 1, or None"),
        ({"updates": 1, "batch_size": "all"}, "batch_size: got 'all'"),
        ({"updates": 1, "lr": -1.0}, "lr: got -1.0; wanted a finite learning rate"),
        ({"updates": 1, "lr": float("inf")}, "lr: got inf"),
        ({"updates": 1, "seed": 0.5}, "seed: got 0.5; wanted a whole number"),
        ({"updates": 1, "seed": 2**64}, "seed: got 18446744073709551616"),
        ({"updates": 1, "optimizer_options": {"nesterov": True}}, "wanted a momentum above 0"),
        ({"updates": 1, "optimizer_options": {"momentum": -0.1}}, "momentum: got -0.1"),
        ({"updates": 1, "optimizer": "adam", "optimizer_options": {"betas": 0.9}}, "a pair of numbers"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(asked, words):
    with pytest.raises(InvalidValue, match=words):
        Recipe(loss="mse", **asked)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"loss": "bec"}, r"unknown loss 'bec'.*Did you mean bce\?"),
        ({"loss": "mse", "optimizer": "adma"}, r"unknown optimizer 'adma'.*Did you mean adam"),
        ({"loss": "mse", "reduction": "man"}, r"unknown reduction 'man'.*Did you mean mean\?"),
        ({"loss": "mse", "optimizer_options": {"momentm": 0.9}}, r"'momentm'.*Did you mean momentum\?"),
        ({"loss": "mse", "optimizer_options": {"updatse": 9}}, r"'updatse'.*Did you mean updates"),
        ({"loss": "mse", "optimizer_options": {"max_iter": 9}}, r"'max_iter'.*Did you mean updates"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(asked, words):
    with pytest.raises(UnknownName, match=words):
        Recipe(updates=1, **asked)


def test_c4_the_names_of_the_methods_today_and_once():
    assert (method(None, 10).name, method(None, 10).once) == ("gradient descent", "batch gradient descent")
    assert method(10, 10) == method(None, 10)
    assert (method(1, 10).name, method(1, 10).once) == (
        "SGD with batch size 1",
        "stochastic gradient descent",
    )
    mini = method(3, 10)
    assert (mini.name, mini.once) == ("SGD with batch size 3", "mini-batch stochastic gradient descent")
