"""Every metric against scikit-learn's: ties, one class, constant targets, many classes, columns, weights."""

import functools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import chalknet as cn
from chalknet.training.metrics.answers import Answers
from chalknet.training.metrics.asked import asked_metrics, flattened, scores
from chalknet.training.metrics.table import METRICS, metrics_for

sklearn = pytest.importorskip("sklearn.metrics")
pytestmark = pytest.mark.filterwarnings("ignore::Warning")  # scikit-learn's, of what is not defined
EXACT = {"rel": 1e-9, "abs": 1e-12}  # sums in another order


def found_by(answers, name):
    return scores(answers, asked_metrics([name]))[name]


@st.composite
def values(draw):
    """Return answers of a regression: few different numbers, so that ties and constant columns are there."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows, columns, kinds = draw(st.integers(1, 30)), draw(st.integers(1, 3)), draw(st.integers(1, 40))
    scale = 10.0 ** draw(st.integers(-6, 6))
    y, yhat = scale * generator.integers(0, kinds, (2, rows, columns)).astype(float)
    weights = generator.uniform(0.1, 3, rows) if draw(st.booleans()) else None
    return Answers("values", y, yhat, weights=weights)


@st.composite
def classes(draw):
    """Return answers of classes: coarse probabilities with ties; classes that y lacks, or that none is."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows, count = draw(st.integers(1, 40)), draw(st.integers(2, 5))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    coarse = generator.integers(0, draw(st.integers(1, 6)), (rows, count)) + generator.integers(
        0, 2, (rows, 1)
    )
    odds = (coarse + 0.01) / (coarse + 0.01).sum(axis=1, keepdims=True)
    y = generator.integers(0, draw(st.integers(1, count)), rows)
    weights = generator.uniform(0.1, 3, rows) if draw(st.booleans()) else None
    names = tuple("abcde"[:count])
    return Answers("classes", y, odds.argmax(axis=1), odds.astype(dtype), names, weights)


OF_VALUES = {
    "mae": sklearn.mean_absolute_error,
    "mse": sklearn.mean_squared_error,
    "rmse": sklearn.root_mean_squared_error,
}


@settings(max_examples=150, deadline=None)
@given(values())
def test_metrics_of_numbers_are_those_of_scikit_learn(answers):
    for name, oracle in OF_VALUES.items():
        wanted = oracle(answers.y, answers.yhat, sample_weight=answers.weights)
        assert found_by(answers, name).value == pytest.approx(wanted, **EXACT)
        by = oracle(answers.y, answers.yhat, sample_weight=answers.weights, multioutput="raw_values")
        if len(by) > 1:
            assert list(found_by(answers, name).by.values()) == pytest.approx(list(by), **EXACT)
    largest = max(sklearn.max_error(*pair) for pair in zip(answers.y.T, answers.yhat.T, strict=True))
    assert found_by(answers, "max_error").value == pytest.approx(largest, **EXACT)


@settings(max_examples=150, deadline=None)
@given(values())
def test_r2_is_that_of_scikit_learn_where_y_varies_and_says_so_where_not(answers):
    found = found_by(answers, "r2")
    if len(answers.y) < 2 or (answers.y == answers.y[0]).all(axis=0).any():
        assert math.isnan(found.value) and ("one row" in found.reason or "every y" in found.reason)
        return
    wanted = sklearn.r2_score(answers.y, answers.yhat, sample_weight=answers.weights)
    assert found.value == pytest.approx(wanted, **EXACT)


@settings(max_examples=120, deadline=None)
@given(classes())
def test_metrics_of_classes_are_those_of_scikit_learn(answers):
    y, yhat, odds, weights = answers.y, answers.yhat, answers.probabilities, answers.weights
    numbers = range(odds.shape[1])
    assert found_by(answers, "accuracy").value == pytest.approx(
        sklearn.accuracy_score(y, yhat, sample_weight=weights), **EXACT
    )
    assert found_by(answers, "balanced_accuracy").value == pytest.approx(
        sklearn.balanced_accuracy_score(y, yhat, sample_weight=weights), **EXACT
    )
    assert found_by(answers, "log_loss").value == pytest.approx(
        sklearn.log_loss(y, odds, labels=numbers, sample_weight=weights), rel=1e-5
    )  # float32 probabilities do not sum to 1 to the last bit, and scikit-learn may scale them
    table = sklearn.confusion_matrix(y, yhat, labels=numbers, sample_weight=weights)
    assert list(found_by(answers, "confusion").by.values()) == pytest.approx(list(table.ravel()), **EXACT)
    for name in ("precision", "recall", "f1"):
        _check_by_class(answers, name, getattr(sklearn, f"{name}_score"))


def _check_by_class(answers, name, oracle):
    y, yhat = answers.y, answers.yhat
    numbers = range(answers.probabilities.shape[1])
    by = oracle(y, yhat, labels=numbers, average=None, sample_weight=answers.weights)
    there = np.union1d(y, yhat)
    found = found_by(answers, name)
    if len(numbers) == 2 and 1 not in there:
        assert math.isnan(found.value) and "no row is of class b" in found.reason
        return
    for i in numbers:
        if i in there:
            assert found.by[answers.names[i]] == pytest.approx(by[i], **EXACT)
        else:
            assert math.isnan(found.by[answers.names[i]])
    macro = oracle(y, yhat, average="macro", sample_weight=answers.weights)
    wanted = macro if len(numbers) > 2 else by[1]
    assert found.value == pytest.approx(wanted, **EXACT)


@settings(max_examples=120, deadline=None)
@given(classes())
def test_auc_is_that_of_scikit_learn_and_says_which_class_is_missing(answers):
    y, odds = answers.y, answers.probabilities
    found = found_by(answers, "auc")
    missing = [answers.names[i] for i in range(odds.shape[1]) if i not in y]
    if missing or len(set(y)) == 1:
        assert math.isnan(found.value) and "row is of class" in found.reason
        return
    if odds.shape[1] == 2:
        wanted = sklearn.roc_auc_score(y, odds[:, 1], sample_weight=answers.weights)
    else:
        single = [
            sklearn.roc_auc_score(y == i, odds[:, i], sample_weight=answers.weights)
            for i in range(odds.shape[1])
        ]
        wanted = np.mean(single)
    assert found.value == pytest.approx(wanted, **EXACT)


@settings(max_examples=100, deadline=None)
@given(classes())
def test_the_calibration_error_is_that_of_its_definition(answers):
    sure = answers.probabilities.max(axis=1).astype(float)
    weights = np.ones(len(sure)) if answers.weights is None else answers.weights
    wanted = 0.0
    for low in range(15):
        chosen = (sure > low / 15) & (sure <= (low + 1) / 15)
        if chosen.any():
            right = np.average(answers.y[chosen] == answers.yhat[chosen], weights=weights[chosen])
            wanted += weights[chosen].sum() * abs(right - np.average(sure[chosen], weights=weights[chosen]))
    assert found_by(answers, "ece").value == pytest.approx(wanted / weights.sum(), **EXACT)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 30), st.integers(2, 4))
def test_several_questions_are_judged_each_on_its_own(seed, rows, outputs):
    generator = np.random.default_rng(seed)
    odds = generator.uniform(0, 1, (rows, outputs))
    y = generator.integers(0, 2, (rows, outputs))
    answers = Answers("labels", y, (odds > 0.5).astype(int), odds, tuple("abcd"[:outputs]))
    assert found_by(answers, "accuracy").value == pytest.approx((y == (odds > 0.5)).mean())
    if all(len(set(column)) == 2 for column in y.T):
        assert found_by(answers, "auc").value == pytest.approx(sklearn.roc_auc_score(y, odds), **EXACT)
        assert found_by(answers, "f1").value == pytest.approx(
            sklearn.f1_score(y, odds > 0.5, average="macro"), **EXACT
        )
    assert "confusion" not in [row.name for row in metrics_for("labels")]


@given(values() | classes())
@settings(max_examples=50, deadline=None)
def test_every_metric_of_the_task_gives_a_number_or_says_why_not(answers):
    found = scores(answers, asked_metrics([row.name for row in metrics_for(answers.task)]))
    for score in found.values():
        assert math.isfinite(score.value) or score.reason
    assert len(dict(flattened(found))) == len(list(flattened(found)))


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_found_by_the_name_of_scikit_learn_and_its_own(name):
    row = METRICS[name]
    for spelling in (name, *row.aliases, name.upper(), name.replace("_", "-"), name.replace("_", " ")):
        assert asked_metrics([spelling])[0].name == name


# --- functions and objects of other libraries


BINARY = Answers(
    "classes", np.array([0, 1, 1, 0, 1]), np.array([0, 1, 0, 0, 1]),
    np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3], [0.4, 0.6]]), ("no", "yes"),
)  # fmt: skip
THREE = Answers(
    "classes", np.array([0, 1, 2, 1]), np.array([0, 1, 1, 1]),
    np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.5, 0.4], [0.3, 0.4, 0.3]]), ("a", "b", "c"),
)  # fmt: skip
NUMBERS = Answers("values", np.array([[1.0], [2.0], [4.0]]), np.array([[1.0], [3.0], [3.0]]), names=("y",))


@pytest.mark.parametrize("answers", [BINARY, THREE], ids=["two", "three"])
@pytest.mark.parametrize(
    ("function", "ours"),
    [
        (sklearn.accuracy_score, "accuracy"),
        (sklearn.balanced_accuracy_score, "balanced_accuracy"),
        (sklearn.log_loss, "log_loss"),
        (sklearn.roc_auc_score, "auc"),
        (sklearn.f1_score, "f1"),
        (sklearn.precision_score, "precision"),
        (sklearn.recall_score, "recall"),
    ],
)
def test_functions_of_scikit_learn_get_classes_or_probabilities_as_they_want_them(answers, function, ours):
    (metric,) = asked_metrics(function)
    assert metric.name == function.__name__
    assert scores(answers, [metric])[metric.name].value == pytest.approx(
        found_by(answers, ours).value, **EXACT
    )


def test_functions_of_scikit_learn_for_numbers_and_partial_ones():
    assert found_by(NUMBERS, "r2").value == pytest.approx(
        scores(NUMBERS, asked_metrics(sklearn.r2_score))["r2_score"].value
    )
    (metric,) = asked_metrics(functools.partial(sklearn.f1_score, average=None))
    found = scores(THREE, [metric])["f1_score"]
    assert found.by == pytest.approx(found_by(THREE, "f1").by)
    (metric,) = asked_metrics(functools.partial(sklearn.roc_auc_score, multi_class="ovo"))
    assert math.isfinite(scores(THREE, [metric])["roc_auc_score"].value)


class Updated:
    """An object as torchmetrics has them: predictions first, tensors, a state that is reset."""

    def __init__(self):
        self.resets, self.seen = 0, []

    def reset(self):
        self.resets, self.seen = self.resets + 1, []

    def update(self, preds, target):
        assert isinstance(preds, torch.Tensor) and isinstance(target, torch.Tensor)
        self.seen.append((preds, target))

    def compute(self):
        ((preds, target),) = self.seen
        return (preds.round().long() == target).double().mean()

    def __call__(self, preds, target):
        raise AssertionError("update and compute are called")


def test_an_object_with_update_and_compute_gets_probabilities_and_is_reset():
    metric = Updated()
    (asked,) = asked_metrics([metric])
    assert asked.name == "Updated"
    assert scores(BINARY, [asked])["Updated"].value == pytest.approx(0.8)
    assert metric.resets == 2 and metric.seen == []


def preds_first(preds, target):
    assert isinstance(preds, torch.Tensor)
    return (preds - target).abs().mean()


def predicted_first(y_pred, y_true):
    return float(y_pred[0] - y_true[0])


def of_probabilities(y_true, y_proba):
    return float(y_proba.sum())


def several(y_true, y_pred):
    return {"one": 1.0, "two": 2.0}


def fails(y_true, y_pred):
    raise RuntimeError("not today\nnor tomorrow")


def test_functions_of_the_users_own():
    assert scores(NUMBERS, asked_metrics(preds_first))["preds_first"].value == pytest.approx(2 / 3)
    assert scores(NUMBERS, asked_metrics(predicted_first))["predicted_first"].value == 0.0
    assert scores(BINARY, asked_metrics(of_probabilities))["of_probabilities"].value == pytest.approx(2.2)
    assert scores(NUMBERS, asked_metrics(several))["several"].by == {"one": 1.0, "two": 2.0}
    found = scores(NUMBERS, asked_metrics({"mine": fails}))["mine"]
    assert math.isnan(found.value) and found.reason == "RuntimeError: not today"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("r3", "wanted one of r2, mae"),
        (["acuracy"], "Did you mean accuracy"),
        (["r2", "r2"], "two metrics called r2"),
        ({"": "r2"}, "a name for each"),
        (3, "names such as"),
        ([3], "names such as"),
        (int, "names such as"),
    ],
)
def test_what_is_no_metric_is_refused(asked, words):
    with pytest.raises(cn.ChalknetError, match=words):
        asked_metrics(asked)


@pytest.mark.parametrize(("loss", "outputs"), [("poisson", 1), ("gaussian_nll", 2)])
def test_metrics_are_in_the_unit_of_y_where_the_network_gives_a_rate_or_a_variance(loss, outputs):
    torch.manual_seed(2)
    x, y = torch.rand(40, 2), torch.randint(0, 5, (40, 1)).float()
    result = cn.fit(f"2 -> {outputs}", (x, y), loss=loss, lr=0.1, updates=30, metrics="mae")
    found = np.abs(np.asarray(cn.predict(result, x).values).reshape(-1) - y.numpy().reshape(-1)).mean()
    assert result.evaluation.metrics["train_mae"] == pytest.approx(found, rel=1e-5)
    assert cn.evaluate(result, metrics="mae")["mae"] == pytest.approx(found, rel=1e-5)
    assert result.baseline is not None and result.evaluation.train < result.baseline.train + 0.5


def test_weights_of_samples_are_no_targets_of_metrics():
    torch.manual_seed(2)
    x, y = torch.rand(40, 3) + 0.1, torch.rand(40, 1)
    result = cn.fit("2 -> 1", (x, y), loss="mse", lr=0.1, updates=30, metrics="mae", weight=2)
    found = (result.module(x[:, :2]) - y).abs().mean().item()
    assert result.evaluation.metrics["train_mae"] == pytest.approx(found, rel=1e-5)
    assert cn.evaluate(result, metrics="mae")["mae"] == pytest.approx(found, rel=1e-5)
