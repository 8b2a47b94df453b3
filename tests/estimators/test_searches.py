"""Estimators at work in scikit-learn's searches and pipelines, in threads and in processes."""

import warnings

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed, parallel_backend
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import BaggingRegressor, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_predict, cross_val_score
from sklearn.multioutput import RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import chalknet as cn

from .conftest import table

GRID = {"model": ["? -> 4 relu -> ?", "? -> 8 tanh -> ?"], "lr": [1e-3, 1e-2]}


def fitted_predictions(seed):
    x, y, _ = table(seed)
    return cn.NetRegressor("? -> 6 relu -> ?", epochs=5, random_state=seed).fit(x, y).predict(x)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_fits_in_threads_and_in_processes_give_the_bits_of_one_after_another(backend):
    alone = [fitted_predictions(seed) for seed in range(8)]
    together = Parallel(n_jobs=2, backend=backend)(delayed(fitted_predictions)(seed) for seed in range(8))
    assert all(map(np.array_equal, alone, together))


@pytest.mark.slow
def test_a_grid_search_is_the_same_in_threads(data):
    x, y, _ = data
    search = GridSearchCV(cn.NetRegressor(epochs=20), GRID, cv=3)
    alone = search.fit(x, y).cv_results_["mean_test_score"]
    assert (
        search.best_params_ == {"lr": 1e-2, "model": "? -> 8 tanh -> ?"} or search.best_params_["lr"] == 1e-2
    )
    with parallel_backend("threading", n_jobs=2):
        assert np.array_equal(search.fit(x, y).cv_results_["mean_test_score"], alone)
    assert search.predict(x).shape == y.shape


def test_a_member_that_diverges_is_scored_nan_and_ranked_last(data):
    x, y, _ = data
    grid = {"lr": [1e30, 1e-2], "optimizer": ["sgd"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, of fits that failed
        search = GridSearchCV(cn.NetRegressor(epochs=20), grid, cv=2).fit(x, y)
    assert search.cv_results_["rank_test_score"].tolist() == [2, 1]


def test_a_random_search_over_classes_scores_by_probabilities(data):
    x, _, y = data
    search = RandomizedSearchCV(
        cn.NetClassifier(epochs=30), {"lr": [1e-3, 1e-2, 3e-2]}, n_iter=2, cv=2, scoring="neg_log_loss",
        random_state=0,
    ).fit(x, y)  # fmt: skip
    assert search.best_score_ > -0.6


def test_a_table_of_words_and_gaps_goes_through_a_pipeline():
    x, y, words = table(5)
    frame = pd.DataFrame(x, columns=list("abcd")).assign(word=words)
    frame.loc[::9, "a"] = np.nan
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), list("abcd")), (OneHotEncoder(), ["word"])
    )
    pipe = make_pipeline(columns, cn.NetRegressor(lr=0.01, epochs=100))
    assert cross_val_score(pipe, frame, y, cv=3).mean() > 0.6
    assert pipe.set_params(netregressor__epochs=5).fit(frame, y).predict(frame).shape == y.shape


def test_frames_between_the_steps_name_the_features():
    x, _, y = table(5)
    frame = pd.DataFrame(x, columns=list("abcd"))
    pipe = make_pipeline(ColumnTransformer([("s", StandardScaler(), list("ab"))]), cn.NetClassifier(epochs=5))
    pipe.set_output(transform="pandas").fit(frame, y)
    assert pipe[-1].feature_names_in_.tolist() == ["s__a", "s__b"]


def test_ensembles_importances_and_chains_take_the_estimators(data):
    x, y, words = data
    net = cn.NetRegressor("? -> 8 relu -> ?", epochs=40, lr=0.01)
    assert BaggingRegressor(net, n_estimators=3, random_state=0).fit(x, y).score(x, y) > 0.8
    found = permutation_importance(net.fit(x, y), x, y, n_repeats=2, random_state=0).importances_mean
    assert found[:2].min() > found[2:].max()
    both = RegressorChain(net).fit(x, np.column_stack([y, -y]))
    assert both.score(x, np.column_stack([y, -y])) > 0.8
    vote = VotingClassifier(
        [
            ("net", cn.NetClassifier(epochs=30, lr=0.01)),
            ("lr", make_pipeline(StandardScaler(), LogisticRegression())),
        ],
        voting="soft",
    )
    assert vote.fit(x, words).score(x, words) > 0.8
    assert cross_val_predict(net, x, y, cv=3).shape == y.shape


def test_optuna_tunes_an_estimator(data):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    x, y, _ = data

    def objective(trial):
        net = cn.NetRegressor(
            f"? -> {trial.suggest_int('width', 2, 16)} relu -> ?",
            lr=trial.suggest_float("lr", 1e-3, 1e-1, log=True), epochs=20,
        )  # fmt: skip
        return cross_val_score(net, x, y, cv=2).mean()

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=6)
    assert study.best_value > 0.7
