"""A search: its members are fits, its table is right, the best one is kept, what goes wrong is told."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import max_error, median_absolute_error, r2_score
from sklearn.model_selection import StratifiedKFold
from tests.search.material import CLASSES, DATA, MODEL, RECIPE, X, Y, scores_of, without_times

import chalknet as cn
from chalknet.data import folds_of


def fitted(values, seed, data=DATA, held_out=0.2, **more):
    own = {**RECIPE, **{name: value for name, value in values.items() if name != "width"}, **more}
    model = MODEL.replace("width", str(values.get("width", 4)))
    return cn.fit(model, data, held_out=held_out, seed=seed, threads=1, **own)


@settings(max_examples=12)
@given(
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    rates=st.lists(st.sampled_from([0.003, 0.01, 0.1, 0.1]), min_size=1, max_size=3),
    sizes=st.lists(st.sampled_from([None, 16, 72]), min_size=1, max_size=2),
    seeds=st.lists(st.integers(0, 9), min_size=1, max_size=3),
    n_jobs=st.sampled_from([1, 2, 5]),
)
def test_every_member_is_a_fit_and_the_table_is_numpys(widths, rates, sizes, seeds, n_jobs):
    members = []
    over = {"width": widths, "lr": rates, "batch_size": sizes, "seed": seeds}
    found = cn.search(
        MODEL, DATA, over, **RECIPE, n_jobs=n_jobs, on_member=lambda member, *_: members.append(member)
    )
    settings_ = {(w, r, b) for w in widths for r in rates for b in sizes}
    different = {(w, r, 72 if b is None else b) for w, r, b in settings_}
    assert {tuple(row.values.values()) for row in found.rows} <= settings_
    assert len(different) <= len(found.rows) <= len(settings_)
    assert len(members) == len({member.key for member in members}) == len(found.rows) * len(set(seeds))
    for row in found.rows:
        scores = [fitted(row.values, seed).evaluation.held_out_loss for seed in dict.fromkeys(seeds)]
        assert row.mean == pytest.approx(np.mean(scores), rel=1e-12)
        assert row.deviation == pytest.approx(np.std(scores), rel=1e-9, abs=1e-12)
    means = [row.mean for row in found.rows]
    assert means == sorted(means)
    assert [row.rank for row in found.rows] == [1 + sum(other < mean for other in means) for mean in means]


def test_the_best_one_is_the_fit_of_the_best_setting_and_seed():
    found = cn.search(MODEL, DATA, {"width": [2, 8], "seed": range(4)}, **RECIPE, metric="r2")
    runs = [fitted(found.rows[0].values, seed, metrics="r2") for seed in range(4)]
    best = max(runs, key=lambda run: run.evaluation.metrics["held_out_r2"])
    assert list(found.best.history.loss) == list(best.history.loss)
    assert found.best.plan.recipe.seed == best.plan.recipe.seed


def test_one_recipe_alone_is_a_search_too():
    found = cn.search("? -> 1", DATA, **RECIPE)
    assert len(found.rows) == 1 and dict(found.rows[0].values) == {}


def test_fields_of_the_recipe_are_searched_whatever_they_are():
    over = {
        "optimizer": ["sgd", "adam"], "schedule": [None, "cosine"], "l2": [0.0, 0.1], "init": ["he", None],
    }  # fmt: skip
    found = cn.search("? -> 4 tanh -> ?", DATA, over, **RECIPE)
    assert len(found.rows) == 16 and all(row.ended == "finished" for row in found.rows)


def test_options_of_an_optimizer_and_open_activations_are_searched():
    over = {"momentum": [0.0, 0.9], "activation": ["relu", "tanh"]}
    found = cn.search("? -> 4 ? -> 4 ? -> ?", DATA, over, loss="mse", lr=0.01, updates=20)
    assert len(found.rows) == 4 and "tanh" in str(found)


def test_the_same_network_is_not_run_twice_however_it_is_written():
    models = {
        "formula": "3 -> 4 relu -> 1",
        "code": "nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Identity(), nn.Linear(4, 1))",
        "open": "? -> 4 relu -> ?",
        "other": "3 -> 4 tanh -> 1",
    }
    found = cn.search(models, DATA, **RECIPE)
    assert [row.values["model"] for row in found.rows if row.values["model"] != "other"] == ["formula"]
    assert found.fits == 2 and any("not run twice" in note for note in found.notes)


def test_a_width_of_one_model_alone_leaves_the_others_as_they_are():
    found = cn.search([MODEL, "? -> 4 tanh -> ?"], DATA, {"width": [2, 4]}, **RECIPE)
    assert len(found.rows) == 3
    assert sum("width" in row.values for row in found.rows) == 2


def test_a_member_that_diverges_is_ranked_last_with_its_reason():
    found = cn.search(MODEL, DATA, {"width": [4], "lr": [1e30, 0.01, 1e-5]}, **{**RECIPE, "optimizer": "sgd"})
    assert [row.values["lr"] for row in found.rows] == [0.01, 1e-5, 1e30]
    last = found.rows[-1]
    assert last.ended == "diverged" and math.isnan(last.mean) and "lr" in last.reason
    assert found.best.plan.recipe.lr == 0.01 and "because" in str(found)


def test_a_setting_with_one_seed_that_diverged_is_behind_all_that_have_none():
    from chalknet.searching.criterion import Criterion
    from chalknet.searching.member import Member
    from chalknet.searching.result import ScoredConfiguration, ranked

    def of(*scores):
        return [
            Member("k", seed, None, score, 1.0, 5, 1.0, "diverged" if math.isnan(score) else "finished")
            for seed, score in enumerate(scores)
        ]

    scored = [
        ScoredConfiguration({"a": n}, of(*s))
        for n, s in enumerate([(0.1, math.nan), (5.0, 6.0), (math.nan,) * 2])
    ]
    assert [row.values["a"] for row in ranked(scored, Criterion("loss", False))] == [1, 0, 2]
    assert ranked(scored, Criterion("loss", False))[1].ended == "1 finished, 1 diverged"


def test_a_metric_that_cannot_be_computed_says_so_and_the_search_goes_on():
    y = CLASSES[1].copy()
    held_out = (X[:9], np.ones(9, dtype=np.int64))
    own = {"held_out": held_out, "loss": "cross_entropy", "updates": 9, "metric": "auc"}
    found = cn.search("? -> 2", (X, y), {"lr": [0.1, 0.01]}, **own)
    assert all(math.isnan(row.mean) and row.ended == "finished" for row in found.rows)
    assert all("auc could not be computed" in row.reason for row in found.rows)
    assert found.best is None


def test_a_loss_that_raises_is_a_reason_and_no_end():
    def loss(yhat, y):
        if yhat.shape[0] == 16:
            raise RuntimeError("sixteen")
        return (yhat - y) ** 2

    own = {**RECIPE, "loss": loss}
    found = cn.search("? -> 2 relu -> ?", DATA, {"batch_size": [16, 24]}, **own)
    assert [row.ended for row in found.rows] == ["finished", "failed"]
    assert "sixteen" in found.rows[1].reason


@pytest.mark.parametrize(
    ("metric", "higher", "best"),
    [(r2_score, None, max), (max_error, None, min), ({"mine": median_absolute_error}, False, min)],
)
def test_functions_are_metrics(metric, higher, best):
    found = cn.search(
        MODEL, DATA, {"width": [1, 8], "lr": [0.1, 1e-4]}, **RECIPE, metric=metric, higher=higher
    )
    means = [row.mean for row in found.rows]
    assert means[0] == best(means)


def test_folds_hold_each_row_out_once_and_classes_evenly():
    source = cn.load(CLASSES)
    parts = folds_of(source, 4, source.y)
    held = np.concatenate([part.held_out.x.numpy() for part in parts])
    assert sorted(map(tuple, held)) == sorted(map(tuple, X))
    theirs = StratifiedKFold(4)
    wanted = sorted(np.bincount(CLASSES[1][test])[0] for _, test in theirs.split(X, CLASSES[1]))
    assert sorted(int((part.held_out.y == 0).sum()) for part in parts) == wanted
    assert all(len(part) + len(part.held_out) == len(X) for part in parts)


def test_cross_validation_is_the_mean_over_the_parts():
    found = cn.search(MODEL, DATA, {"width": [3]}, **RECIPE, folds=5, metric="mae")
    scores = []
    for part in folds_of(cn.load(DATA), 5):
        run = fitted({"width": 3}, 0, part, None, metrics="mae")
        scores.append(run.evaluation.metrics["held_out_mae"])
    assert found.rows[0].mean == pytest.approx(np.mean(scores), rel=1e-12)
    assert found.rows[0].deviation == pytest.approx(np.std(scores), rel=1e-9)
    assert found.best.plan.data.observations == len(X)  # fitted again to all rows


def test_a_random_search_is_seeded_and_draws_what_it_says():
    over = {"width": "whole(2, 5)", "lr": "log(1e-3, 0.1)", "l2": "uniform(0, 0.5)", "init": ["he", None]}
    first, again, other = (
        cn.search(MODEL, DATA, over, **RECIPE, how="random", draws=9, draw_seed=seed) for seed in (1, 1, 2)
    )
    assert without_times(first) == without_times(again) != without_times(other)
    assert len(first.rows) == len(scores_of(first)) == 9
    for row in first.rows:
        assert row.values["width"] in (2, 3, 4, 5)
        assert 1e-3 <= row.values["lr"] <= 0.1 and 0 <= row.values["l2"] <= 0.5


def test_a_random_search_of_more_than_there_is_tries_all_and_says_so():
    found = cn.search(MODEL, DATA, {"width": [2, 3]}, **RECIPE, how="random", draws=9)
    assert len(found.rows) == 2 and any("different settings" in note for note in found.notes)


def test_without_held_out_rows_a_fifth_is_and_a_note_says_so():
    found = cn.search("? -> 1", DATA, **RECIPE)
    assert any("a fifth" in note for note in found.notes)
    own = (X[:70], Y[:70])
    assert not cn.search("? -> 1", own, held_out=(X[70:], Y[70:]), **RECIPE).notes


def test_the_table_is_a_dict_a_frame_and_csv(tmp_path):
    found = cn.search(MODEL, DATA, {"width": [2, 4], "seed": range(2)}, **RECIPE)
    frame = found.to_pandas()
    assert list(frame.columns) == [
        "rank", "width", "loss", "deviation", "fits", "updates", "seconds", "ended", "reason",
    ]  # fmt: skip
    assert frame["loss"].tolist() == [row.mean for row in found.rows] == found.to_dict()["loss"]
    text = found.to_csv(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text() == text and len(text.splitlines()) == 3
    assert "±" in str(found) and "<table" in found._repr_html_()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"over": {"widht": [1]}}, cn.UnknownName, "Did you mean width"),
        ({"over": {"learning_rate": [1]}}, cn.UnknownName, "Did you mean lr"),
        ({"over": {"lr": []}}, cn.InvalidValue, "at least one value"),
        ({"over": {"lr": "log(0, 1)"}}, cn.InvalidValue, "logarithm"),
        ({"over": {"width": [1], "lr": "uniform(0, 1)"}}, cn.InvalidValue, 'how="random"'),
        ({"over": {"width": [1], "lr": [-1]}}, cn.InvalidValue, "learning rate"),
        ({"over": {"width": [0]}}, cn.InvalidValue, "0"),
        ({"over": {}}, cn.InvalidValue, r"the width width.*over=\{\"width\""),
        ({"over": {"width": [1]}, "metric": "rr2"}, cn.UnknownName, "Did you mean r2"),
        ({"over": {"width": [1]}, "metric": "auc"}, cn.InvalidValue, "r2"),
        ({"over": {"width": [1]}, "metric": len}, cn.InvalidValue, "higher=True"),
        ({"over": {"width": [1], "loss": ["mse", "l1"]}}, cn.InvalidValue, "metric='mae'"),
        ({"over": {"width": [1]}, "how": "gird"}, cn.UnknownName, "Did you mean grid"),
        ({"over": {"width": [1]}, "how": "random"}, cn.InvalidValue, "draws=20"),
        ({"over": {"width": [1]}, "draws": 3}, cn.InvalidValue, "random"),
        ({"over": {"width": [1]}, "folds": 1}, cn.InvalidValue, "folds=5"),
        ({"over": {"width": [1]}, "processes": 2}, cn.InvalidValue, "n_jobs"),
        ({"over": {"width": range(1, 10**6)}}, cn.InvalidValue, "100,000"),
        ({"over": {"width": [1]}, "n_jobs": 0}, cn.InvalidValue, "at least 1"),
        ({"over": {"width": [1], "batch_size": [1000]}}, cn.InvalidValue, "from 1 to"),
    ],
)
def test_a_mistake_is_found_before_the_first_fit(options, error, words):
    members = []
    with pytest.raises(error, match=words):
        cn.search(MODEL, DATA, **{**RECIPE, **options}, on_member=lambda *each: members.append(each))
    assert not members


def test_a_module_is_refused_since_its_weights_are_not_drawn_anew():
    import torch

    with pytest.raises(cn.InvalidValue, match=r"cn\.read"):
        cn.search(torch.nn.Linear(3, 1), DATA, **RECIPE)
