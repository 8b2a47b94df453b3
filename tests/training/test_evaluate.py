"""A fit judged by rows whose targets are known, in the unit and the words of the data."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch

import chalknet as cn
from chalknet.cli.main import main

sklearn = pytest.importorskip("sklearn.metrics")

GENERATOR = np.random.default_rng(4)
FIT = {"optimizer": "adam", "lr": 0.01, "batch_size": 32, "shuffle": True, "epochs": 20, "threads": 1}


def frame(rows):
    """Return a table with words, gaps and a target of words and one of numbers."""
    city = np.array(["Oslo", "Rome", "Bonn"])[GENERATOR.integers(0, 3, rows)]
    size = GENERATOR.uniform(30, 150, rows)
    price = 20 * size + 500 * (city == "Rome") + 30 * GENERATOR.normal(size=rows)
    dear = np.where(price > 2200, "dear", np.where(price > 1400, "fair", "cheap"))
    size[::17] = np.nan
    return pd.DataFrame({"city": city, "size": size, "price": price, "class": dear})


OLD, NEW = frame(300), frame(80)
OPTIONS = {"one_hot": True, "fill": "mean"}


def prices():
    source = cn.load(OLD, x=["city", "size"], y="price", standardise="both", held_out=0.2, **OPTIONS)
    return cn.fit("? -> 16 relu -> ?", source, loss="mse", metrics=["r2", "mae"], **FIT)


def kinds(**more):
    source = cn.load(OLD, x=["city", "size"], y="class", standardise=True, held_out=0.2, **OPTIONS)
    return cn.fit("? -> 16 relu -> ?", source, loss="cross_entropy", **FIT, **more)


def test_new_rows_in_another_order_are_judged_in_the_unit_of_the_target():
    result = prices()
    turned = NEW[["price", "size", "class", "city"]]
    found = cn.evaluate(result, turned)
    yhat = np.asarray(cn.predict(result, turned)).reshape(-1)
    assert found["mae"] == pytest.approx(sklearn.mean_absolute_error(NEW.price, yhat), rel=1e-4)
    assert found["r2"] == pytest.approx(sklearn.r2_score(NEW.price, yhat), rel=1e-4)
    assert found["rmse"] == pytest.approx(sklearn.root_mean_squared_error(NEW.price, yhat), rel=1e-4)
    assert any("column size: 5 of 80 values missing" in note for note in found.notes)
    assert "metric" in str(found) and found.rows == 80 and found.to_dict()["metrics"]["mae"] == found["mae"]


def test_classes_are_judged_in_the_words_of_the_data():
    result = kinds()
    found = cn.evaluate(result, NEW)
    said = cn.predict(result, NEW)
    assert found["accuracy"] == pytest.approx(sklearn.accuracy_score(NEW["class"], said.classes))
    by = sklearn.recall_score(NEW["class"], said.classes, average=None, labels=list(said.names))
    assert list(found.scores["recall"].by.values()) == pytest.approx(list(by))
    assert found["auc"] == pytest.approx(
        sklearn.roc_auc_score(NEW["class"], said.probabilities, multi_class="ovr"), rel=1e-6
    )
    table = sklearn.confusion_matrix(NEW["class"], said.classes, labels=list(said.names))
    counts = [[cell.value for cell in row[2:]] for row in found.table.rows if row[0].startswith("rows of")]
    assert counts == table.tolist()


def test_a_kept_run_is_judged_as_the_fit_is_by_file_and_by_command(tmp_path, capsys, monkeypatch):
    result = kinds(out=tmp_path / "run")
    NEW.to_csv(tmp_path / "new.csv", index=False)
    found = cn.evaluate(tmp_path / "run", tmp_path / "new.csv")
    assert found.values == pytest.approx(cn.evaluate(result, NEW).values, rel=1e-5)
    words = [
        "evaluate",
        str(tmp_path / "run"),
        "--data",
        str(tmp_path / "new.csv"),
        "--metrics",
        "f1,ece",
        "--json",
    ]
    monkeypatch.setattr("sys.argv", ["chalknet", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    said = json.loads(capsys.readouterr().out)
    assert list(said["metrics"]) == ["f1", "ece"] and said["metrics"]["f1"] == pytest.approx(
        found["f1"], rel=1e-5
    )


def test_a_fit_is_judged_by_what_it_held_out_and_the_history_has_the_same_numbers():
    result = prices()
    last = result.evaluation.metrics
    assert cn.evaluate(result)["mae"] == pytest.approx(last["held_out_mae"])
    trained = cn.evaluate(result, result.source.replace(held_out=None))
    assert trained["r2"] == pytest.approx(last["train_r2"])
    assert trained["mse"] / np.var(OLD.price) == pytest.approx(result.evaluation.train, rel=0.1)


def test_rows_may_weigh_differently():
    result = prices()
    heavy = NEW.assign(weight=np.arange(80.0))
    yhat = np.asarray(cn.predict(result, NEW)).reshape(-1)
    wanted = sklearn.mean_absolute_error(NEW.price, yhat, sample_weight=np.arange(80.0))
    assert cn.evaluate(result, heavy, "mae", weight="weight")["mae"] == pytest.approx(wanted, rel=1e-4)
    assert cn.evaluate(result, NEW, "mae", weight=np.arange(80.0))["mae"] == pytest.approx(wanted, rel=1e-4)
    for wrong in ("nothing", [1, 2], -np.ones(80), "city"):
        with pytest.raises(cn.ChalknetError):
            cn.evaluate(result, heavy, "mae", weight=wrong)


def test_what_cannot_be_judged_is_refused(tmp_path):
    result = prices()
    with pytest.raises(cn.UnknownName, match="price"):
        cn.evaluate(result, NEW.drop(columns="price"))
    with pytest.raises(cn.InvalidValue, match="judges classes"):
        cn.evaluate(result, NEW, "accuracy")
    with pytest.raises(cn.InvalidValue, match=r"Give what cn\.fit returned"):
        cn.evaluate(result.module, NEW)
    result = kinds(out=tmp_path / "run")
    with pytest.raises(cn.InvalidValue, match="Give data"):
        cn.evaluate(cn.load_run(tmp_path / "run"))
    with pytest.raises(cn.DataError, match="'huge'"):
        cn.evaluate(result, NEW.assign(**{"class": "huge"}))
    with pytest.raises(cn.DataError, match="'Lima'"):
        cn.evaluate(result, NEW.assign(city="Lima"))
    assert cn.evaluate(result, NEW.assign(city="Lima"), unknown="missing").rows == 80


# --- metrics in a fit: recorded, kept, resumed, named where they cannot be computed


X = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).float()


SPLIT = cn.load((X, Y), held_out=0.25)


def mine(y_true, y_pred):
    return float(len(y_true))


def test_metrics_are_in_the_history_its_files_and_a_fit_that_goes_on(tmp_path):
    options = {
        "loss": "bce",
        "lr": 0.5,
        "updates": 30,
        "evaluate_every": 10,
        "engine": "eager",
    }
    whole = cn.fit("3 -> 1 sigmoid", SPLIT, metrics=["auc", "f1", mine], out=tmp_path / "a", **options)
    history = whole.history
    assert history.metric_names[:1] == ("train_auc",) and history.to_dict()["held_out_mine"][-1] == 15.0
    assert len(history.table.columns) == len(history.to_dict())
    again = cn.load_run(tmp_path / "a").history
    assert [e.metrics for e in again.evaluations] == [e.metrics for e in history.evaluations]
    part = {**options, "updates": 20}
    cn.fit("3 -> 1 sigmoid", SPLIT, metrics=["auc", "f1", mine], out=tmp_path / "b", **part)
    longer = cn.resume(tmp_path / "b", updates=30, metrics=["auc", "f1", mine], data=SPLIT)
    assert [e.metrics for e in longer.history.evaluations] == [e.metrics for e in history.evaluations]
    lost = cn.resume(tmp_path / "b", updates=40, data=SPLIT)
    assert (
        math.isnan(lost.evaluation.metrics["held_out_mine"]) and lost.evaluation.metrics["held_out_auc"] > 0
    )
    assert any(
        "mine of the held-out samples could not be computed: a function is not kept" in n for n in lost.notes
    )


def test_a_metric_that_cannot_be_computed_says_so_and_the_fit_goes_on():
    y = Y.clone()
    held_out = (X[:10], torch.ones(10))
    options = {"loss": "bce_logits", "lr": 0.5, "updates": 20, "held_out": held_out, "engine": "eager"}

    def fails(y_true, y_pred):
        raise ZeroDivisionError("no")

    result = cn.fit("3 -> 1", (X, y), metrics=["auc", fails], **options)
    assert result.outcome is cn.Outcome.FINISHED and math.isnan(result.evaluation.metrics["held_out_auc"])
    assert result.evaluation.metrics["train_auc"] > 0.9
    assert "metric auc of the held-out samples could not be computed: every row is of class 1" in result.notes
    assert any(
        "fails of the training samples could not be computed: ZeroDivisionError: no" in n
        for n in result.notes
    )


def test_metrics_do_not_change_the_fit():
    options = {"loss": "bce_logits", "lr": 0.5, "updates": 30, "evaluate_every": 7, "engine": "eager"}
    plain, asked = (cn.fit("3 -> 1", (X, Y), metrics=each, **options) for each in (None, ["auc", "ece"]))
    assert list(plain.history.loss) == list(asked.history.loss)
    assert [e.train for e in plain.history.evaluations] == [e.train for e in asked.history.evaluations]


@pytest.mark.parametrize("asked", ["r2", ["mae", "auc"], "nothing", 3, {"a": 3}])
def test_metrics_that_a_fit_cannot_have_are_refused_before_its_first_update(asked, tmp_path):
    with pytest.raises(cn.ChalknetError, match=r"metric"):
        cn.fit("3 -> 1", (X, Y), loss="bce_logits", updates=5, metrics=asked, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("model", "loss", "y"),
    [
        ("3 -> 1 sigmoid", "bce", Y),
        ("3 -> 1", "bce_logits", Y),
        ("3 -> 2", "cross_entropy", Y.long()),
        ("3 -> 2 log_softmax", "cross_entropy", Y.long()),
        ("3 -> 2 sigmoid", "bce", torch.stack([Y, 1 - Y], 1)),
    ],
)
def test_the_accuracy_among_the_metrics_is_that_of_the_evaluation(model, loss, y):
    result = cn.fit(model, (X, y), loss=loss, lr=0.5, updates=20, metrics="accuracy", engine="eager")
    assert result.evaluation.metrics["train_accuracy"] == pytest.approx(result.evaluation.train)
    assert cn.evaluate(result)["accuracy"] == pytest.approx(result.evaluation.train)


@pytest.mark.parametrize("loss", ["mse", "l1"])
def test_the_error_of_the_evaluation_is_the_metric_of_that_name(loss):
    result = cn.fit(
        "3 -> 1", (X, X[:, :1]), loss=loss, lr=0.1, updates=20, metrics=["mse", "mae"], engine="eager"
    )
    name = {"mse": "mse", "l1": "mae"}[loss]
    assert result.evaluation.metrics[f"train_{name}"] == pytest.approx(result.evaluation.train, rel=1e-5)
