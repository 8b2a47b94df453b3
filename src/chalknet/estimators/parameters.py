"""The parameters of an estimator: those of `fit` by their names, and what "auto" stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, replace
from functools import cache
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar

from chalknet.errors import invalid
from chalknet.planning import (
    BUDGET_UNITS,
    OPTIMIZERS,
    OTHER_NAMES,
    RECIPE_FIELDS,
    Recipe,
    RunOptions,
    check_options,
    optimizer_options,
)
from chalknet.training import RecordOptions

AUTO = "auto"

# What "auto" stands for: the same for all data.
CHOSEN: Mapping[str, Any] = {
    "model": "? -> 64 relu -> ?",
    "batch_size": 32,
    "epochs": 200,
    "patience": 10,
    "held_out": 0.1,
}

# Options of `fit` that are not parameters: `random_state` and `sample_weight` stand for two, classes weigh
# nothing in a regression, and two options of optimizers have names that mean other things everywhere in
# scikit-learn (the length of the fit, a penalty): they are given in `optimizer_options`.
_ELSEWHERE = ("seed", "weight", "class_weight", "max_iter", "alpha")

# What scikit-learn and others call them, beside the names that every verb knows.
_MEANT = {
    **OTHER_NAMES,
    "max_iter": "epochs", "hidden_layer_sizes": "model", "module": "model", "network": "model",
    "seed": "random_state", "validation_fraction": "held_out", "max_epochs": "epochs",
    "standardize": "standardise", "weight": "sample_weight of fit(X, y)", "alpha": "l2",
}  # fmt: skip


def _of_fit() -> dict[str, Any]:
    """Return the options of `fit` with their defaults."""
    found = {
        field.name: None if field.default is MISSING else field.default
        for value in (Recipe, RunOptions, RecordOptions)
        for field in fields(value)
    }
    return {**found, **_NOT_SAID, "progress": False}


_NOT_SAID = dict.fromkeys(optimizer_options())  # torch's defaults


Init = TypeVar("Init", bound=Callable[..., None])


def with_options_of_fit(init: Init) -> Init:
    """Show each option of `fit` in the signature of `__init__`, where scikit-learn looks for parameters."""
    own = [each for each in signature(init).parameters.values() if each.kind is not Parameter.VAR_KEYWORD]
    names = {each.name for each in own}
    others = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default)
        for name, default in _of_fit().items()
        if name not in names and name not in _ELSEWHERE
    ]
    init.__signature__ = Signature([*own, *others])  # type: ignore[attr-defined]
    return init


@cache
def parameters_of(estimator: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the parameters of an estimator with their defaults."""
    return {name: each.default for name, each in signature(estimator).parameters.items()}


def check_names(estimator: type, given: Mapping[str, Any]) -> None:
    """Refuse a parameter that an estimator does not have, offering the nearest one.

    Raises:
        UnknownName: naming it and the estimator.
    """
    check_options(estimator.__name__, given, parameters_of(estimator), _MEANT)


def recipe_of_parameters(values: Mapping[str, Any], loss: str, seed: int, rows: int) -> Recipe:
    """Return the recipe that an estimator's parameters say, with "auto" settled.

    Args:
        values: of the parameters.
        loss: what is to become small.
        seed: drawn by `random_state`.
        rows: that are fitted.

    Raises:
        ChalknetError: for a value that no recipe can have.
    """
    own = {name: values[name] for name in RECIPE_FIELDS if name in values}
    if own["epochs"] == AUTO:
        others = any(own[unit] is not None for unit in BUDGET_UNITS if unit != "epochs")
        own["epochs"] = None if others else CHOSEN["epochs"]
    if own["batch_size"] == AUTO:
        row = OPTIMIZERS.get(own["optimizer"]) if isinstance(own["optimizer"], str) else None
        own["batch_size"] = None if row is not None and row.whole_batch else CHOSEN["batch_size"]
    if values["early_stopping"] and own["patience"] is None:
        own["patience"] = CHOSEN["patience"]
    given = values["optimizer_options"]
    if given is not None and not (
        isinstance(given, Mapping) and all(isinstance(name, str) for name in given)
    ):
        raise invalid("optimizer_options", given, "a dict of the optimizer's own options by name")
    options = {name: values[name] for name in _NOT_SAID if values.get(name) is not None} | dict(given or {})
    recipe = Recipe(**{**own, "loss": loss, "seed": seed}, optimizer_options=options)
    if recipe.batch_size is not None and recipe.batch_size > rows:  # folds of a search may be small
        recipe = replace(recipe, batch_size=rows)
    return recipe
