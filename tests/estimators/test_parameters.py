"""Parameters: every option of `fit` is one, what they are is what was given, wrong ones are answered."""

import inspect
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.base import clone

import chalknet as cn
from chalknet.estimators import fitting
from chalknet.training.run.fit import ColumnKeywords

ESTIMATORS = [cn.NetRegressor, cn.NetClassifier]
# Options of fit that scikit-learn has under other names, in `optimizer_options`, or in steps of its own.
ELSEWHERE = {"seed", "weight", "max_iter", "alpha", "recipe", *ColumnKeywords.__annotations__}
X = np.linspace(-1, 1, 24).reshape(12, 2)
Y = {cn.NetRegressor: X[:, 0] * 2, cn.NetClassifier: (X[:, 0] > 0).astype(int)}
HUGE = 10**40
WRONG = [None, "nonsense", -1, 0.5, float("nan"), HUGE, True, [], (1, 2, 3), {}, b"\0", object(), int,
         lambda x: x, torch.nn.Linear(3, 2), np.zeros((2, 2)), iter([1])]  # fmt: skip


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_option_of_fit_is_a_parameter(estimator):
    options = set(inspect.signature(cn.fit).parameters) - {"data"} - ELSEWHERE
    assert options - set(estimator().get_params()) <= {"class_weight"}
    assert estimator is cn.NetRegressor or "class_weight" in estimator().get_params()
    for name in estimator().get_params():
        assert (
            f"        {name}: " in estimator.__doc__
            or name in inspect.signature(cn.fit).parameters
            or (name == "optimizer_options")
        )


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_parameters_are_what_was_given_and_survive_a_clone(estimator):
    given = {
        "model": "? -> 3 tanh -> ?",
        "lr": 0.02,
        "l2": 0.1,
        "betas": (0.8, 0.9),
        "updates": 7,
        "seconds": None,
    }
    net = estimator(**given)
    again = clone(net).set_params(lr=0.5)
    assert given.items() <= net.get_params().items() and again.get_params() == {**net.get_params(), "lr": 0.5}
    assert repr(net).count("=") == 5  # those that differ from the defaults


@pytest.mark.parametrize(
    ("name", "meant"),
    [("seed", "random_state"), ("hidden_layer_sizes", "model"), ("learning_rate_init", "lr"),
     ("n_iter_no_change", "patience"), ("validation_fraction", "held_out"), ("batchsize", "batch_size")],
)  # fmt: skip
def test_names_of_others_are_answered_with_ours(name, meant):
    with pytest.raises(cn.UnknownName, match=rf"unknown option '{name}'.*{meant}\?"):
        cn.NetRegressor(**{name: 1})


def test_options_reach_the_fit():
    x, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60.0)
    rows = []
    net = cn.NetRegressor(
        "? -> 4 relu -> ?", optimizer="rmsprop", optimizer_options={"alpha": 0.9}, schedule="cosine",
        warmup=2, clip_norm=1.0, init="he", updates=30, batch_size=60, dtype="float64",
        on_progress=rows.append,
    ).fit(x, y)  # fmt: skip
    assert net._net.weights["0.weight"].dtype == np.float64
    assert net.n_iter_ == 30 and rows
    assert cn.NetRegressor(optimizer="lbfgs", epochs=5).fit(x, y).n_iter_ == 5


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_wrong_value_of_any_parameter_is_an_error_of_ours_or_a_fit(estimator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some values are names of folders
    skipped = {"seconds", "samples", "updates", "epochs", "processes", "threads"}  # 10**40 of them lasts
    tried, others = 0, []
    for name in estimator().get_params():
        for value in WRONG:
            if (name in skipped and value is HUGE) or (name == "on_progress" and callable(value)):
                continue
            budget = {} if name in skipped else {"epochs": 1}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    estimator(**{"model": "? -> 2 tanh -> ?", **budget, name: value}).fit(X, Y[estimator])
                except (cn.ChalknetError, ValueError):
                    pass
                except Exception as problem:
                    others.append((name, value, problem))
            tried += 1
    assert not [(name, type(value), problem) for name, value, problem in others]
    assert tried > 800


@pytest.mark.parametrize("rows", [60, 25_000])
@pytest.mark.parametrize("kind", ["values", "two", "several"])
def test_without_arguments_the_recipe_is_that_of_a_fit_by_default(kind, rows, monkeypatch):
    chance = np.random.default_rng(0)
    x = chance.normal(size=(rows, 3))
    y = {
        "values": x[:, 0],
        "two": (x[:, 0] > 0).astype(int),
        "several": np.searchsorted([-0.5, 0.5], x[:, 0]),
    }[kind]
    taken = []

    def stopped(model, source, recipe, run, **how):
        taken.append((model, recipe))
        raise cn.InvalidValue(where="here", got="", wanted="", remedy="")

    monkeypatch.setattr(fitting, "prepare", stopped)
    with pytest.raises(cn.InvalidValue):
        (cn.NetRegressor if kind == "values" else cn.NetClassifier)().fit(x, y)
    (model, recipe), plan = taken[0], cn.plan("auto", (x, y))
    assert recipe == replace(plan.recipe, seed=0)
    assert cn.write(model, "shorthand").split("->")[1:] == cn.write(plan.network, "shorthand").split("->")[1:]


def test_a_fit_of_a_length_that_is_given_has_that_length():
    x = np.random.default_rng(0).normal(size=(60, 2))
    net = cn.NetRegressor(epochs=40).fit(x, x[:, 0])
    assert net.n_iter_ == 40 and net.held_out_loss_curve_ == []
    net = cn.NetRegressor(epochs=40, early_stopping=True).fit(x, x[:, 0])
    assert net.held_out_loss_curve_
    assert cn.NetRegressor(early_stopping=False).fit(x, x[:, 0]).held_out_loss_curve_ == []
    with pytest.raises(cn.InvalidValue, match="early_stopping"):
        cn.NetRegressor(early_stopping="yes").fit(x, x[:, 0])
