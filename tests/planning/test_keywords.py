"""The options of the verbs: typed, defaulted, laid over a recipe, and torch's own objects among them."""

from dataclasses import fields, replace
from typing import get_args

import pytest
import torch
from torch import nn
from torch.nn import functional

from chalknet.errors import InvalidValue, UnknownName
from chalknet.planning import (
    LOSSES,
    OPTIMIZERS,
    RECIPE_FIELDS,
    Recipe,
    RecipeKeywords,
    RunKeywords,
    RunOptions,
    check_options,
    keywords,
    optimizer_options,
    options_for,
    recipe_of,
)
from chalknet.units import DTYPES


def test_the_keywords_are_the_fields():
    assert set(RecipeKeywords.__annotations__) == {*RECIPE_FIELDS, *optimizer_options()}
    assert set(RunKeywords.__annotations__) == {field.name for field in fields(RunOptions)}


def test_the_literals_are_the_rows_of_the_tables():
    from chalknet.engine import ENGINES

    assert get_args(keywords.LossName) == tuple(LOSSES)
    assert get_args(keywords.OptimizerName) == tuple(OPTIMIZERS)
    assert get_args(keywords.DtypeName) == DTYPES
    assert set(get_args(keywords.EngineName)) == {"auto", *ENGINES}


def test_keywords_make_a_recipe_and_others_are_left_aside():
    made = recipe_of("fit", None, {"loss": "mse", "updates": 3, "momentum": 0.5, "device": "cpu"})
    assert made == Recipe(loss="mse", updates=3, optimizer_options={"momentum": 0.5})
    with pytest.raises(InvalidValue, match=r'fit: got no loss.*Say loss="mse"'):
        recipe_of("fit", None, {"updates": 3})
    with pytest.raises(InvalidValue, match="fit, recipe: got a dict; wanted a Recipe"):
        recipe_of("fit", {"loss": "mse"}, {})


def test_keywords_are_laid_over_a_recipe():
    recipe = Recipe(loss="mse", epochs=3, lr=0.2, shuffle=True, optimizer_options={"momentum": 0.5})
    assert recipe_of("fit", recipe, {}) == recipe
    other = recipe_of("fit", recipe, {"seed": 4, "weight_decay": 0.1})
    assert other == replace(recipe, seed=4, optimizer_options={"momentum": 0.5, "weight_decay": 0.1})


def test_another_budget_takes_the_place_of_the_recipes():
    recipe = Recipe(loss="mse", epochs=3)
    assert recipe_of("fit", recipe, {"updates": 9}).budget.unit == "updates"
    assert recipe_of("fit", recipe, {"updates": None}).budget.unit == "epochs"
    with pytest.raises(InvalidValue, match="exactly one"):
        recipe_of("fit", recipe, {"updates": 9, "samples": 4})


def test_another_optimizer_brings_its_own_rate_and_options():
    recipe = Recipe(loss="mse", updates=1, lr=0.7, optimizer_options={"momentum": 0.5})
    other = recipe_of("fit", recipe, {"optimizer": "adam"})
    assert (other.lr, other.optimizer_options) == (1e-3, {})
    assert recipe_of("fit", recipe, {"optimizer": "adam", "lr": 0.1}).lr == 0.1


def test_defaults_hold_where_nothing_is_said():
    defaults = {"loss": "mse", "optimizer": "adam", "updates": 1000}
    assert recipe_of("race", None, {"epochs": 2}, defaults).budget.unit == "epochs"
    assert recipe_of("race", None, {"loss": "l1"}, defaults).loss == "l1"
    assert recipe_of("race", Recipe(loss="l1", updates=1), {}, defaults).optimizer == "sgd"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (nn.BCELoss, "bce"),
        (nn.BCELoss(), "bce"),
        (nn.BCEWithLogitsLoss(), "bce_logits"),
        (functional.mse_loss, "mse"),
        (functional.binary_cross_entropy, "bce"),
        (nn.CrossEntropyLoss(), "cross_entropy"),
        (nn.HuberLoss(), "huber"),
        (nn.L1Loss(), "l1"),
    ],
    ids=lambda given: getattr(given, "__name__", str(given)),
)
def test_a_loss_of_torchs_is_its_row(given, name):
    made = Recipe(loss=given, updates=1)
    assert (made.loss, made.reduction) == (name, "mean")
    assert replace(Recipe(loss="l1", updates=1, seed=3), loss=given) == replace(made, seed=3)


def test_the_reduction_of_an_instance_is_taken():
    assert Recipe(loss=nn.BCELoss(reduction="sum"), updates=1).reduction == "sum"
    assert Recipe(loss="mse", updates=1, reduction=None).reduction == "mean"
    assert replace(Recipe(loss="mse", updates=1), loss=nn.BCELoss(reduction="sum")).reduction == "sum"
    with pytest.raises(UnknownName, match="reduction: got the unknown reduction 'none'"):
        Recipe(loss=nn.MSELoss(reduction="none"), updates=1)


class Own(nn.MSELoss):
    """A loss of somebody else's."""


class OwnAdam(torch.optim.Adam):
    """An optimizer of somebody else's."""


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (nn.CrossEntropyLoss(weight=torch.ones(2)), "callable:CrossEntropyLoss"),
        (nn.CrossEntropyLoss(label_smoothing=0.1), "callable:CrossEntropyLoss"),
        (nn.BCEWithLogitsLoss(pos_weight=torch.ones(1)), "callable:BCEWithLogitsLoss"),
        (Own(), "callable:Own"),
        (nn.CTCLoss(), "callable:CTCLoss"),
        (lambda yhat, y: yhat, "callable:<lambda>"),
    ],
)
def test_a_callable_that_equals_no_row_is_kept_as_it_is(given, name):
    made = Recipe(loss=given, updates=1)
    assert made.loss == name and made.loss_row.function is given
    assert replace(made, seed=3).loss_row.function is given
    row = made.loss_row
    known = {"CrossEntropyLoss": ("class", "accuracy"), "BCEWithLogitsLoss": ("probability", "accuracy")}
    assert (row.target, row.metric) == known.get(name.removeprefix("callable:"), ("any", "error"))


@pytest.mark.parametrize(("given", "words"), [(Own, "unknown loss"), (3, "unknown loss '3'")])
def test_a_loss_that_is_no_row_and_no_callable_is_refused(given, words):
    with pytest.raises((InvalidValue, UnknownName), match=words):
        Recipe(loss=given, updates=1)


def test_settings_of_a_loss_are_written_in_brackets_and_taken_from_torchs_instance():
    assert Recipe(loss="pinball(0.9)", updates=1).loss == "pinball(q=0.9)"
    assert Recipe(loss="pinball(q = 0.5)", updates=1).loss == "pinball"
    assert Recipe(loss="Quantile(.25)", updates=1).loss_row.options == {"q": 0.25}
    assert Recipe(loss=nn.HuberLoss(delta=2.0), updates=1).loss == "huber(delta=2)"
    made = Recipe(loss="focal(3)", updates=1)
    assert Recipe(loss=made.loss, updates=1) == made


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("pinball(1)", "q=1; wanted a finite number between 0 and 1"),
        ("pinball(q=nan)", "q=nan"),
        ("pinball(0.1, q=0.2)", "got q twice"),
        ("pinball(0.1, 0.2)", "unknown setting"),
        ("pinball(r=0.2)", "unknown setting 'r'"),
        ("mse(2)", "unknown setting"),
        ("focal(gamma=)", "gamma="),
        ("pinball(", "unknown loss"),
    ],
)
def test_a_setting_that_a_loss_cannot_have_is_refused_by_name(given, words):
    with pytest.raises((InvalidValue, UnknownName), match=words):
        Recipe(loss=given, updates=1)


def parameters():
    return [nn.Parameter(torch.zeros(1))]


def test_an_optimizer_of_torchs_is_its_row_with_its_settings():
    assert Recipe(loss="mse", updates=1, optimizer=torch.optim.Adam).lr == 1e-3
    made = Recipe(loss="mse", updates=1, optimizer=torch.optim.Adam(parameters(), lr=0.1, betas=(0.5, 0.9)))
    assert (made.optimizer, made.lr, made.optimizer_options["betas"]) == ("adam", 0.1, (0.5, 0.9))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: torch.optim.Adam([{"params": parameters()}, {"params": parameters()}]), "2 groups"),
        (lambda: torch.optim.SGD(parameters(), lr=0.1, maximize=True), "maximize=True"),
        (lambda: torch.optim.Adadelta(parameters()), "unknown optimizer 'Adadelta'"),
        (lambda: OwnAdam(parameters()), "unknown optimizer"),
        (lambda: OwnAdam, "unknown optimizer"),
    ],
)
def test_an_optimizer_that_equals_no_row_is_refused(make, words):
    with pytest.raises((InvalidValue, UnknownName), match=words):
        Recipe(loss="mse", updates=1, optimizer=make())


def test_the_rate_beside_an_instance_with_another_one_is_refused():
    with pytest.raises(InvalidValue, match=r"lr: got 0\.2 beside an instance"):
        Recipe(loss="mse", updates=1, lr=0.2, optimizer=torch.optim.SGD(parameters(), lr=0.1))


def test_run_options_are_checked_when_they_are_made():
    made = RunOptions(device=torch.device("cpu"), dtype=torch.float64, threads=2)
    assert (made.dtype, made.threads, made.any_device, RunOptions().any_device) == ("float64", 2, False, True)
    with pytest.raises(UnknownName, match=r"'float23'.*Did you mean float32"):
        RunOptions(dtype="float23")
    for name in ("threads", "micro_batch", "processes"):
        for wrong in (0, -1, 1.5, True, "2", 2**31):
            with pytest.raises(InvalidValue, match=f"{name}: got {wrong!r}"):
                RunOptions(**{name: wrong})


def test_the_options_of_a_value_are_its_fields_alone():
    assert options_for(RunOptions, {"device": "cpu", "loss": "mse"}) == {"device": "cpu"}


def test_an_unknown_option_offers_the_nearest_or_what_other_libraries_call_it():
    check_options("fit", ["lr"], ["lr", "updates"])
    for given, meant in (("upadtes", "updates"), ("learning_rate", "lr"), ("max_iter", "updates")):
        with pytest.raises(UnknownName, match=f"Did you mean {meant}"):
            check_options("fit", [given], ["lr", "updates"])
