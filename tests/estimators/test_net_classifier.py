"""NetClassifier: classes of any kind, their probabilities, labels."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, roc_auc_score

import chalknet as cn

from .conftest import table

KINDS = {
    "words": lambda numbers: np.array(["no", "yes", "maybe so"])[numbers],
    "objects": lambda numbers: np.array(["no", "yes", "maybe so"], dtype=object)[numbers],
    "numbers": lambda numbers: np.array([-7, 40, 3])[numbers],
    "fractions": lambda numbers: np.array([1.0, 2.0, 5.0])[numbers],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [2, 3])
def test_classes_come_back_as_they_were_given(kind, classes):
    x, _, words = table(2)
    y = KINDS[kind](np.unique(words, return_inverse=True)[1] % classes)
    net = cn.NetClassifier(epochs=60, lr=0.01).fit(x, y)
    assert net.classes_.tolist() == sorted(set(y.tolist()))
    assert net.predict(x).dtype == np.unique(y).dtype and net.score(x, y) > 0.8
    probabilities = net.predict_proba(x)
    assert probabilities.shape == (len(x), classes)
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-9
    assert (net.classes_[probabilities.argmax(axis=1)] == net.predict(x)).mean() > 0.99  # ties at a half
    decided = net.decision_function(x)
    order = probabilities[:, 1] if classes == 2 else probabilities.argmax(axis=1)
    assert (
        np.array_equal(np.argsort(decided, kind="stable"), np.argsort(order, kind="stable"))
        if classes == 2
        else np.array_equal(decided.argmax(axis=1), order)
    )
    assert np.allclose(np.exp(net.predict_log_proba(x)), probabilities)
    assert log_loss(y, probabilities, labels=net.classes_) < 0.6


@pytest.mark.parametrize(
    ("model", "loss"),
    [
        ("? -> 8 relu -> ?", "bce_logits"),
        ("? -> 8 relu -> ? sigmoid", "bce"),
        ("? -> 8 relu -> 2", "cross_entropy"),
        ("? -> 8 relu -> 2 softmax", "cross_entropy"),
        ("? -> 8 relu -> 2 log_softmax", "nll"),
    ],
)
def test_every_ending_of_two_classes_gives_its_loss_and_probabilities(model, loss, data):
    x, y, _ = data
    net = cn.NetClassifier(model, epochs=60, lr=0.01).fit(x, y > 1000)
    assert net._net.loss.name == loss
    assert net.score(x, y > 1000) > 0.9 and roc_auc_score(y > 1000, net.predict_proba(x)[:, 1]) > 0.95
    assert ((net.decision_function(x) > 0) == net.predict(x)).all()


def test_a_softmax_at_the_end_is_fitted_once_and_said(data):
    x, _, y = data
    net, plain = (cn.NetClassifier(f"? -> 8 relu -> ?{end}", epochs=5).fit(x, y) for end in (" softmax", ""))
    assert np.array_equal(net.predict_proba(x), plain.predict_proba(x))
    assert net.notes_ == (
        "the softmax at the end of the network is part of the loss: network_ is without it",
    )


def test_labels_are_predicted_each_on_its_own(data):
    x, y, words = data
    labels = np.column_stack([y > 1000, words == "top", np.ones(len(x))]).astype(int)
    net = cn.NetClassifier(epochs=80, lr=0.01, l2=0.0).fit(x, labels)
    assert net.predict(x).shape == labels.shape and net.predict_proba(x).shape == labels.shape
    assert (net.predict(x) == labels).mean() > 0.95
    assert ((net.decision_function(x) > 0) == net.predict(x)).all()


def test_class_weights_move_the_decision(data):
    x, y, _ = data
    rare = y > np.quantile(y, 0.9)
    x = x + np.random.default_rng(0).normal(size=x.shape) * x.std(axis=0)
    shares = [
        cn.NetClassifier("? -> ?", class_weight=weight).fit(x, rare).predict(x).mean()
        for weight in (None, "balanced", {True: 30.0})
    ]
    assert shares[0] < shares[1] < shares[2]
    with pytest.raises(cn.InvalidValue, match="the class 'maybe'"):
        cn.NetClassifier(class_weight={"maybe": 2}).fit(x, rare)


def test_partial_fit_knows_classes_that_come_later(data):
    x, _, y = data
    order = np.argsort(y, kind="stable")  # the first chunk has one class alone
    net = cn.NetClassifier(lr=0.01)
    for _ in range(60):
        for rows in np.array_split(order, 3):
            net.partial_fit(x[rows], y[rows], classes=["low", "middle", "top"])
    assert net.classes_.tolist() == ["low", "middle", "top"] and net.predict_proba(x).shape == (len(x), 3)
    with pytest.raises(cn.DataError, match="the class other; wanted one of the classes known before: low"):
        net.partial_fit(x[:2], ["other", "low"])


def test_one_class_and_regression_targets_are_refused(data):
    x, y, _ = data
    with pytest.raises(cn.DataError, match="1 class alone, 5"):
        cn.NetClassifier().fit(x, np.full(len(x), 5))
    with pytest.raises(ValueError, match="continuous"):
        cn.NetClassifier().fit(x, y)


def test_a_network_of_other_outputs_is_told_in_a_sentence(data):
    x, _, y = data
    with pytest.raises(cn.ShapeMismatch, match=r"2 outputs for 3 classes; wanted 3. Write \?"):
        cn.NetClassifier("? -> 8 relu -> 2").fit(x, y)
    with pytest.raises(cn.InvalidValue, match="bce_logits, which is of two classes, for 3 classes"):
        cn.NetClassifier(loss="bce_logits").fit(x, y)
    with pytest.raises(cn.InvalidValue, match="mse for classes"):
        cn.NetClassifier(loss="mse").fit(x, y)


def own_loss(yhat, y):
    """Cross-entropy, written by hand."""
    return torch.logsumexp(yhat, dim=1) - yhat[torch.arange(len(y)), y]


@pytest.mark.parametrize(
    "loss", [own_loss, torch.nn.CrossEntropyLoss(label_smoothing=0.1), "focal_cross_entropy"]
)
def test_functions_and_losses_of_torch_are_fitted(loss, data):
    x, _, y = data
    net = cn.NetClassifier("? -> 8 relu -> ?", loss=loss, epochs=40, lr=0.01).fit(x, y)
    assert net.score(x, y) > 0.8 and np.allclose(net.predict_proba(x).sum(axis=1), 1)
    assert pickle.loads(pickle.dumps(net)).score(x, y) == net.score(x, y)


def test_early_stopping_holds_out_of_each_class(data):
    x, _, y = data
    net = cn.NetClassifier(early_stopping=True, lr=0.01).fit(x, y)
    assert net.score(x, y) > 0.8 and len(net.held_out_loss_curve_) > 1


def test_a_run_that_is_kept_predicts_the_words(data, tmp_path):
    x, _, y = data
    net = cn.NetClassifier(epochs=20, out=tmp_path / "run").fit(x, y)
    kept = cn.predict(tmp_path / "run", x.astype(np.float32))
    assert (kept.classes == net.predict(x)).mean() > 0.98
    assert np.asarray(kept.probabilities) == pytest.approx(net.predict_proba(x), abs=1e-4)


def test_what_may_not_be_as_meant_is_a_warning(data):
    x, _, y = data
    with pytest.warns(ConvergenceWarning, match="Dropout is the last step"):
        cn.NetClassifier("? -> 8 relu -> ? -> dropout(0.2)", epochs=1).fit(x, y)
