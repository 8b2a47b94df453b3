"""The choices over all kinds of facts: a recipe comes of them, each has a reason, what is given stays."""

import itertools

import pytest

from chalknet.planning import CHOICES, RECIPE_FIELDS, Recipe, RecipeFacts, default_recipe, optimizer_options
from chalknet.planning.default_recipe import LOSS_OF_TARGET, MOST_SAMPLES, RATES

ROWS = (1, 2, 19, 20, 150, 3_000, 100_000, 1_000_000, 30_000_000)


def facts(rows=500, target="numbers", **others):
    return RecipeFacts(rows, 8, 0, 0, target, "price is said so", **others)


@pytest.mark.parametrize("target", LOSS_OF_TARGET)
def test_of_all_facts_a_recipe_comes_whose_every_choice_has_a_reason(target):
    for rows, table, held_out, ending in itertools.product(
        ROWS, (True, False), ("", "the rows held out"), ("", "sigmoid", "log_softmax")
    ):
        chosen = default_recipe(facts(rows, target, table=table, held_out=held_out, ending=ending), {})
        fields = {name: chosen.values[name] for name in RECIPE_FIELDS if name in chosen.values}
        options = {name: chosen.values[name] for name in optimizer_options() if name in chosen.values}
        recipe = Recipe(**fields, optimizer_options=options)
        assert recipe.epochs * 0.8 * rows <= max(MOST_SAMPLES, rows)  # a fifth is held out at most
        assert 1 <= recipe.batch_size <= rows
        assert len(chosen.reasons) == len(chosen.values)
        assert all(reason.partition(": ")[2] for reason in chosen.reasons)
        assert recipe.patience is None or held_out or "held_out" in chosen.values


@pytest.mark.parametrize("optimizer", [*RATES, "rmsprop", "lbfgs"])
def test_the_learning_rate_follows_the_optimizer_and_lbfgs_takes_all_samples(optimizer):
    values = default_recipe(facts(), {"optimizer": optimizer}).values
    assert values.get("lr") == RATES.get(optimizer)
    assert ("batch_size" in values) == (optimizer != "lbfgs")
    assert "optimizer" not in values


def test_what_is_given_is_never_chosen_again():
    for choice in CHOICES:
        if choice.name == "loss":
            continue
        assert choice.name not in default_recipe(facts(), {choice.name: None}).values
    assert "epochs" not in default_recipe(facts(), {"seconds": 3}).values
    assert "l2" not in default_recipe(facts(), {"l1": 0.1}).values
