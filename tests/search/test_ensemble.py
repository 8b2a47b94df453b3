"""An ensemble: the mean and the spread of what its fits say, in the order of the ranks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.search.material import CLASSES, DATA, MODEL, RECIPE, X

import chalknet as cn

LOSSES = {"bce_logits": CLASSES, "cross_entropy": CLASSES, "words": (X, np.where(CLASSES[1], "up", "down"))}


@settings(max_examples=6)
@given(m=st.integers(1, 6), metric=st.sampled_from(["r2", "mae"]))
def test_an_ensemble_is_the_mean_and_the_spread_of_the_best(m, metric):
    members = []
    found = cn.search(
        MODEL, DATA, {"width": [2, 5], "seed": range(3)}, **RECIPE, metric=metric,
        on_member=lambda member, *_: members.append(member),
    )  # fmt: skip
    together = found.ensemble(m)
    best = sorted(members, key=lambda each: -each.score if metric == "r2" else each.score)
    first_three = [row.values["width"] for row in found.rows for _ in range(3)][:m]
    assert [run.plan.network.steps[0].out_features for run in together.runs] == first_three
    if m <= 3:
        of_best = [each.seed for each in best if each.key.startswith(best_key(found, members))]
        assert [run.plan.recipe.seed for run in together.runs] == of_best[:m]
    each = np.stack([cn.predict(run, X).values for run in together.runs])
    said = together.predict(X)
    assert np.allclose(said.values, each.mean(axis=0)) and np.allclose(
        said.spread, each.std(axis=0), atol=1e-7
    )
    assert list(said.columns) == ["yhat", "yhat spread"]


def best_key(found, members):
    """Return what the keys of the best setting's fits begin with."""
    means = {}
    for member in members:
        means.setdefault(member.key[:24], []).append(member.score)
    return next(key for key, scores in means.items() if np.mean(scores) == pytest.approx(found.rows[0].mean))


@pytest.mark.parametrize("loss", LOSSES)
def test_classes_are_those_of_the_mean_probabilities(loss):
    outputs = 1 if loss == "bce_logits" else 2
    own = {**RECIPE, "loss": "cross_entropy" if loss == "words" else loss}
    found = cn.search(f"? -> 4 relu -> {outputs}", LOSSES[loss], {"seed": range(3)}, **own, metric="accuracy")
    said = found.ensemble(3).predict(X)
    each = np.stack([one.probabilities for one in said.each])
    assert np.allclose(said.probabilities, each.mean(axis=0), atol=1e-7)
    assert np.allclose(said.spread, each.std(axis=0), atol=1e-7)
    names = np.array(said.each[0].names)
    assert [str(each) for each in said.classes] == names[said.probabilities.argmax(axis=1)].tolist()
    assert said.classes.dtype == said.each[0].classes.dtype
    first, second = names
    wanted = ["class", f"p({first})", f"p({first}) spread", f"p({second})", f"p({second}) spread"]
    assert list(said.columns) == wanted
    assert len(said.to_pandas()) == len(said) == len(X) and said.table.columns == tuple(wanted)


def test_several_questions_a_row_are_answered_one_by_one():
    y = np.stack([X[:, 0] > 0, X[:, 1] > 0], axis=1).astype(np.float32)
    found = cn.search("? -> 4 relu -> 2", (X, y), {"seed": range(2)}, **{**RECIPE, "loss": "bce_logits"})
    said = found.ensemble(2).predict(X)
    assert said.classes.tolist() == (said.probabilities > 0.5).astype(int).tolist()


def test_columns_that_are_kept_stand_before_the_others():
    frame = {"a": X[:, 0], "b": X[:, 1], "y": DATA[1][:, 0]}
    found = cn.search("? -> 1", cn.load(frame, y="y"), {"seed": range(2)}, **RECIPE)
    new = {"id": [1, 2], "a": [0.0, 1.0], "b": [0.0, 1.0]}
    assert list(found.ensemble(2).predict(new, keep="id").columns) == ["id", "y", "y spread"]


def test_more_fits_than_there_are_are_refused():
    found = cn.search("? -> 1", DATA, {"seed": range(2)}, **RECIPE)
    with pytest.raises(cn.InvalidValue, match="of 2 fits"):
        found.ensemble(3)
    with pytest.raises(cn.InvalidValue, match="at least 1"):
        found.ensemble(0)
