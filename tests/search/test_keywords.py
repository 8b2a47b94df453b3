"""Every keyword of a search reaches its fits and its data as that of `fit` does, or is refused."""

import inspect

import pytest

import chalknet as cn
from chalknet.searching.search import _OWN

ROWS = [
    "size;city;age;price",
    "# measured in May",
    *(
        f"{i % 7},5;{'BAC'[i % 3]};{'-9' if i % 5 == 4 else i % 5};{2 * (i % 7) + i % 3},25"
        for i in range(40)
    ),
]
BASE = {
    "delimiter": ";", "decimal": ",", "comment": "#", "one_hot": True, "loss": "mse", "batch_size": 8,
    "updates": 6, "held_out": 0.25, "engine": "fused_cpu", "threads": 1,
}  # fmt: skip
# Keyword -> a value that changes what a fit does, or what it is refused for; several: each of them.
CHANGED = {
    "x": ["size", "age"], "y": "size", "one_hot": False, "embed": "city", "classes": True, "fill": 2.0,
    "standardise": "both", "drop": ["age"], "unknown": "missing", "delimiter": ",", "header": False,
    "encoding": "utf-16", "comment": "+", "skip_rows": 3, "decimal": ".", "missing": "-9", "cache": "{out}",
    "in_memory": False, "limits": {"rows": 3},
    "loss": "l1", "optimizer": "adam", "lr": 0.01, "batch_size": 4, "updates": 9, "epochs": 2, "samples": 30,
    "seconds": 1e-9, "shuffle": True, "drop_last": True, "reduction": "sum", "seed": 3, "target_loss": 1e9,
    "schedule": "cosine", "warmup": 3, "clip_norm": 0.01, "clip_value": 0.01, "class_weight": "balanced",
    "weight": "age", "l1": 0.1, "l2": 0.1, "init": "he", "patience": 1, "min_delta": 0.5,
    "watch": "train_loss", "device": "cuda:99", "engine": "eager", "dtype": "float64", "threads": 2,
    "micro_batch": 3, "processes": 2, "strict": True,
    "momentum": 0.9, "dampening": 0.5, "nesterov": True, "betas": (0.5, 0.9), "amsgrad": True, "alpha": 0.5,
    "centered": True, "eps": 0.1, "weight_decay": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.1,
    "momentum_decay": 0.1, "decoupled_weight_decay": True, "max_iter": 2, "max_eval": 2,
    "tolerance_grad": 1.0, "tolerance_change": 1.0, "history_size": 2, "line_search_fn": "strong_wolfe",
}  # fmt: skip
# What some need beside them.
BESIDE = [
    (("warmup",), {"updates": 6}),
    (("min_delta", "watch"), {"patience": 1}),
    (("embed",), {"one_hot": False}),
    (("classes",), {"y": "size"}),
    (("class_weight",), {"y": "city", "classes": True, "loss": "cross_entropy", "one_hot": False}),
    (("dampening", "nesterov"), {"momentum": 0.9}),
    (("fill",), {"missing": "-9", "unknown": "missing"}),
    (("missing",), {"fill": "mean"}),
    (("epochs", "samples", "seconds"), {"updates": None}),
    (("betas", "amsgrad", "eps"), {"optimizer": "adam"}),
    (("weight_decay",), {"optimizer": "adamw"}),
    (("alpha", "centered"), {"optimizer": "rmsprop"}),
    (("lr_decay", "initial_accumulator_value"), {"optimizer": "adagrad"}),
    (("momentum_decay", "decoupled_weight_decay"), {"optimizer": "nadam"}),
    (
        ("max_iter", "max_eval", "tolerance_grad", "tolerance_change", "history_size", "line_search_fn"),
        {"optimizer": "lbfgs", "batch_size": None, "engine": "auto"},
    ),
]
SAME_FIT = {
    "cache",
    "in_memory",
    "encoding",
    "threads",
    "strict",
    "target_loss",
}  # which do not change numbers


def outcome(verb, *given, **asked):
    """Return what a verb gives, or its error."""
    try:
        return verb(*given, **asked)
    except cn.ChalknetError as refused:
        return refused


def facts(result):
    """Return what a fit was and did; the kind of its error where it was refused."""
    if isinstance(result, cn.ChalknetError):
        return type(result)
    plan = result.plan
    where = (plan.engine, plan.placement.threads, plan.placement.dtype, plan.placement.micro_batch)
    return list(result.history.loss), plan.recipe, plan.network, where, result.preparation


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("\n".join(ROWS) + "\n", encoding="utf-8")
    return path


def test_the_table_has_every_keyword_of_a_search_which_are_some_of_those_of_fit():
    assert set(CHANGED) == set(inspect.signature(cn.search).parameters) - set(_OWN)
    assert set(CHANGED) < set(inspect.signature(cn.fit).parameters)


@pytest.mark.parametrize("name", CHANGED)
def test_a_keyword_gives_the_fit_that_it_gives_to_fit_or_is_refused(name, table, tmp_path):
    asked = {**BASE, **next((more for names, more in BESIDE if name in names), {})}
    value = tmp_path / "kept" if CHANGED[name] == "{out}" else CHANGED[name]
    model = "embed(? -> 2) & x(n,?) -> 3 tanh -> ?" if name == "embed" else "? -> 3 tanh -> ?"
    plain = outcome(cn.fit, model, table, **asked)
    fitted = outcome(cn.fit, model, table, **{**asked, name: value})
    assert name in SAME_FIT or facts(fitted) != facts(plain)  # the value is one that matters
    found = outcome(cn.search, model, table, **{**asked, name: value})
    if isinstance(fitted, cn.ChalknetError) or isinstance(found, cn.ChalknetError):
        assert isinstance(found, cn.ChalknetError)
        return
    assert facts(found.best) == facts(fitted)
    assert found.rows[0].mean == pytest.approx(fitted.evaluation.held_out_loss, rel=1e-12)
    assert name != "cache" or any(value.iterdir())


def test_another_preparation_of_the_same_file_is_not_taken_for_fits_that_have_ended(table, tmp_path):
    out = tmp_path / "searched"
    made = [
        cn.search("? -> 3 tanh -> ?", table, out=out, **{**BASE, **more}).fits
        for more in ({}, {}, {"standardise": True}, {"fill": 5.0, "missing": "-9"}, {"standardise": True})
    ]
    assert made == [1, 0, 1, 1, 0]


def test_metrics_of_fit_are_refused_with_the_name_that_a_search_has(table):
    with pytest.raises(cn.UnknownName, match="Did you mean metric"):
        cn.search("? -> 3 -> ?", table, **BASE, metrics=["r2"])


def test_a_column_that_the_network_embeds_is_numbered(table):
    given = {"data": table, **BASE, "one_hot": False}
    found = cn.search("embed(city ? -> w) & x(n,?) -> ?", over={"w": [1, 2]}, **given)
    fitted = cn.fit(f"embed(city ? -> {found.rows[0].values['w']}) & x(n,?) -> ?", **given)
    assert facts(found.best) == facts(fitted)


def test_networks_that_embed_different_columns_are_refused(table):
    models = ["embed(city ? -> 2) & x(n,?) -> ?", "? -> 3 -> ?"]
    with pytest.raises(cn.InvalidValue, match="networks that embed city, and none"):
        cn.search(models, table, **BASE)
