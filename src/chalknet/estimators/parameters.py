"""The parameters of an estimator: those of `fit`, by name, and the values for "auto"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, replace
from functools import cache
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar

import numpy as np

from chalknet.errors import invalid
from chalknet.planning import (
    AUTO,
    BUDGET_UNITS,
    HELD_OUT_SHARE,
    OTHER_NAMES,
    RECIPE_FIELDS,
    SMALLEST_BATCH,
    Recipe,
    RecipeFacts,
    RunOptions,
    check_options,
    default_recipe,
    optimizer_options,
)
from chalknet.training import RecordOptions

# Parameters whose "auto" is taken from the default recipe for the rows, in its order.
_CHOSEN = ("model", "l2", "batch_size", "epochs")

# Options of `fit` that are not parameters: `random_state` and `sample_weight` replace two, a regression has
# no class weights, and the names of two optimizer options mean other things everywhere in scikit-learn (the
# length of the fit, a penalty): these are passed in `optimizer_options`.
_ELSEWHERE = ("seed", "weight", "class_weight", "max_iter", "alpha")

# The names in scikit-learn and others, besides those that every verb knows.
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
    """Add each option of `fit` to the signature of `__init__`, where scikit-learn looks for parameters."""
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
        UnknownName: names it and the estimator.
    """
    check_options(estimator.__name__, given, parameters_of(estimator), _MEANT)


def is_auto(value: object) -> bool:
    """Return whether the value of a parameter is "auto"."""
    return isinstance(value, str) and value == AUTO


def with_defaults(values: Mapping[str, Any], target: str, rows: int, width: int) -> dict[str, Any]:
    """Return the parameters, with each "auto" replaced by the choice of `fit`'s default recipe.

    Args:
        values: of the parameters.
        target: the default recipe's name for such a target: numbers, two classes, classes, questions.
        rows: the number fitted or held out, each counted by its weight.
        width: the number of features.
    """
    if not is_auto(values["early_stopping"]) and not isinstance(values["early_stopping"], bool | np.bool_):
        raise invalid("early_stopping", values["early_stopping"], '"auto", True or False')
    given = _given(values)
    pair = isinstance(values["held_out"], tuple | list)
    facts = RecipeFacts(
        rows, width, 0, 0, target, "", table=False, as_it_stands="standardise is a parameter of its own",
        held_out="the rows given as held_out" if pair else "",
    )  # fmt: skip
    chosen = {"l2": 0.0, **default_recipe(facts, given).values}
    settled = {name: chosen.get(name) for name in _CHOSEN if is_auto(values[name])}
    watched = {name: given.get(name, chosen.get(name)) for name in ("held_out", "patience")}
    return {**values, **settled, **watched}


def of_unknown_rows(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that `partial_fit` uses for "auto": it does not know how many rows will follow."""
    fixed = {"l2": 0.0, "batch_size": SMALLEST_BATCH, "early_stopping": False}
    length = {**dict.fromkeys(BUDGET_UNITS), "epochs": 1}
    return {name: value for name, value in fixed.items() if is_auto(values[name])} | length


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choices that the parameters fix, by the names of the default recipe."""
    units = {unit: values[unit] for unit in BUDGET_UNITS}
    said = {
        **units,
        **{name: values.get(name) for name in (*_CHOSEN, "l1", "weight_decay", "held_out", "patience")},
    }
    given = {name: value for name, value in said.items() if value and not is_auto(value)}
    if not is_auto(values["l2"]):
        given["l2"] = values["l2"]
    if not is_auto(values["batch_size"]):  # the recipe refuses values that are not numbers
        given["batch_size"] = values["batch_size"] if isinstance(values["batch_size"], int) else None
    stops = values["early_stopping"]
    if is_auto(stops):  # a given length is kept
        stops = not any(unit in given for unit in BUDGET_UNITS)
    if not stops:
        given.setdefault("held_out", None)
        given.setdefault("patience", None)
    elif not is_auto(values["early_stopping"]):
        given.setdefault("held_out", HELD_OUT_SHARE)  # even with few rows
    return {**given, "loss": "", "optimizer": values["optimizer"], "reduction": values["reduction"]}


def recipe_of_parameters(values: Mapping[str, Any], loss: str, seed: int, rows: int) -> Recipe:
    """Return the recipe for an estimator's parameters, once nothing is "auto".

    Args:
        values: of the parameters.
        loss: the loss to minimise.
        seed: drawn by `random_state`.
        rows: the number of fitted rows.

    Raises:
        ChalknetError: for a value that a recipe does not allow.
    """
    own = {name: values[name] for name in RECIPE_FIELDS if name in values}
    given = values["optimizer_options"]
    if given is not None and not (
        isinstance(given, Mapping) and all(isinstance(name, str) for name in given)
    ):
        raise invalid("optimizer_options", given, "a dict of the optimizer's own options by name")
    options = {name: values[name] for name in _NOT_SAID if values.get(name) is not None} | dict(given or {})
    recipe = Recipe(**{**own, "loss": loss, "seed": seed}, optimizer_options=options)
    if recipe.batch_size is not None and recipe.batch_size > rows:  # a fold of a search may be small
        recipe = replace(recipe, batch_size=rows)
    return recipe
