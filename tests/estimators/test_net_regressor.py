"""NetRegressor: numbers in their own unit, one or several a row."""

import pickle
import signal
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPRegressor

import chalknet as cn

from .conftest import table


def test_the_default_fits_unscaled_numbers_in_their_own_unit(data):
    x, y, _ = data
    net = cn.NetRegressor().fit(x, y)
    assert net.score(x, y) > 0.95
    assert abs(net.predict(x).mean() - y.mean()) < 5
    assert cross_val_score(cn.NetRegressor(), x, y, cv=3).mean() > 0.9


def test_without_scaling_and_shuffling_the_weights_are_those_of_fit(data):
    """Bit for bit: an estimator is no second way of fitting."""
    x, y, _ = data
    x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)
    y = (y / 1000).astype(np.float32)
    recipe = {"loss": "mse", "optimizer": "adam", "lr": 0.01, "batch_size": 16, "epochs": 3, "shuffle": False}
    recipe["l2"] = 0.0
    net = cn.NetRegressor(
        "? -> 8 relu -> ?", **recipe, standardise=False, standardise_y=False, random_state=7
    ).fit(x, y)
    result = cn.fit("4 -> 8 relu -> 1", (x, y), **recipe, seed=7)
    for ours, theirs in zip(net.module_.parameters(), result.module.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert net.loss_curve_ == pytest.approx(np.reshape(result.history.loss, (3, -1)).mean(axis=1), rel=1e-12)


def test_a_fit_twice_gives_the_same_bits_and_another_seed_others(data):
    x, y, _ = data
    first, again = (cn.NetRegressor(epochs=3).fit(x, y).predict(x) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, cn.NetRegressor(epochs=3, random_state=1).fit(x, y).predict(x))
    drawn = [cn.NetRegressor(epochs=3, random_state=np.random.RandomState(5)).fit(x, y) for _ in range(2)]
    assert np.array_equal(drawn[0].predict(x), drawn[1].predict(x))


@pytest.mark.parametrize("how", ["pickle", "joblib"])
def test_what_was_kept_predicts_the_same_bits(how, data, tmp_path):
    x, y, _ = data
    net = cn.NetRegressor("? -> 8 tanh -> 4 relu -> ?", epochs=2).fit(x, y)
    if how == "pickle":
        again = pickle.loads(pickle.dumps(net))
    else:
        joblib.dump(net, tmp_path / "net.joblib")
        again = joblib.load(tmp_path / "net.joblib")
    assert np.array_equal(again.predict(x), net.predict(x))
    assert again.loss_curve_ == net.loss_curve_


@pytest.mark.parametrize("targets", [1, 2, 5])
def test_shapes_and_dtypes_are_those_of_mlp_regressor(targets):
    x, y, _ = table(3)
    y = np.column_stack([y * (k + 1) for k in range(targets)])
    y = y[:, 0] if targets == 1 else y
    net = cn.NetRegressor(epochs=40, lr=0.01).fit(x.astype(np.float32), y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = MLPRegressor(max_iter=3).fit(x, y)
    assert net.predict(x[:7]).shape == theirs.predict(x[:7]).shape
    assert net.predict(x).dtype == theirs.predict(x).dtype == np.float64
    assert net.n_outputs_ == theirs.n_outputs_
    assert net.score(x, y) > 0.8


def test_a_data_frame_names_the_features_and_is_held_to_them(data):
    x, y, _ = data
    frame = pd.DataFrame(x, columns=["a", "b", "c", "d"])
    net = cn.NetRegressor(epochs=2).fit(frame, pd.Series(y))
    assert net.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="feature names"):
        net.predict(frame[["b", "a", "c", "d"]])
    with pytest.raises(ValueError, match="expecting 4 features"):
        cn.NetRegressor(epochs=1).fit(x, y).predict(x[:, :3])


def test_a_sparse_matrix_is_fitted_as_its_array(data):
    x, y, _ = data
    x = np.where(x > np.median(x, axis=0), x, 0)
    dense, sparse = (cn.NetRegressor(epochs=2).fit(each, y) for each in (x, scipy.sparse.csr_array(x)))
    assert np.array_equal(dense.predict(x), sparse.predict(scipy.sparse.csr_array(x)))


def test_early_stopping_takes_the_best_weights_and_says_how_it_went(data):
    x, y, _ = data
    net = cn.NetRegressor(lr=0.05, epochs=2000, early_stopping=True, patience=3).fit(x, y)
    assert net.n_iter_ < 2000 and net.n_iter_ == len(net.loss_curve_)
    curve = net.held_out_loss_curve_
    assert min(curve) == min(curve[-5:]) < curve[0]


def test_rows_that_were_given_are_held_out_and_scaled_as_the_training_rows(data):
    x, y, _ = data
    net = cn.NetRegressor(epochs=50, patience=5, held_out=(x[:30], y[:30])).fit(x[30:], y[30:])
    truth = (y[:30] - y[30:].mean()) / y[30:].std()
    yhat = (net.predict(x[:30]) - y[30:].mean()) / y[30:].std()
    assert min(net.held_out_loss_curve_) == pytest.approx(np.mean((truth - yhat) ** 2), rel=1e-4)


def test_warm_start_goes_on_and_a_new_fit_begins_anew(data):
    x, y, _ = data
    net = cn.NetRegressor(epochs=2, warm_start=True).fit(x, y)
    first = net.loss_
    assert net.fit(x, y).loss_ < first
    assert net.set_params(warm_start=False).fit(x, y).loss_ == first


def test_warm_start_refuses_other_features(data):
    x, y, _ = data
    net = cn.NetRegressor(epochs=1, warm_start=True).fit(x, y)
    with pytest.raises(cn.InvalidValue, match=r"3 features, where the fit before had 4.*warm_start=False"):
        net.fit(x[:, :3], y)


def test_partial_fit_is_the_epochs_of_a_fit_with_the_optimizer_kept(data):
    """Without shuffling k calls make the updates of k epochs, Adam's moments included."""
    x, y, _ = data
    whole = cn.NetRegressor("? -> 8 relu -> ?", epochs=4, batch_size=16, shuffle=False, l2=0.0).fit(x, y)
    parts = cn.NetRegressor("? -> 8 relu -> ?", batch_size=16, shuffle=False)
    for _ in range(4):
        parts.partial_fit(x, y)
    assert np.array_equal(whole.predict(x), parts.predict(x))
    assert parts.n_iter_ == 4 and parts.loss_curve_ == whole.loss_curve_


def test_partial_fit_takes_chunks_of_any_length_and_survives_a_pickle():
    x, y, _ = table(1, rows=400)
    net, kept = cn.NetRegressor(lr=0.01), cn.NetRegressor(lr=0.01)
    for _ in range(12):
        for rows in (slice(0, 150), slice(150, 151), slice(151, 400)):
            net.partial_fit(x[rows], y[rows])
            kept = pickle.loads(pickle.dumps(kept)).partial_fit(x[rows], y[rows])
    assert net.score(x, y) > 0.9
    assert np.array_equal(net.predict(x), kept.predict(x))


def test_partial_fit_is_not_there_beside_parameters_that_it_cannot_have():
    assert hasattr(cn.NetRegressor(), "partial_fit")
    for option in ({"early_stopping": True}, {"held_out": 0.1}, {"schedule": "cosine"}, {"patience": 3}):
        assert not hasattr(cn.NetRegressor(**option), "partial_fit")


@pytest.mark.parametrize(
    "loss", ["l1", "huber(0.5)", "pinball(0.5)", "gaussian_nll", torch.nn.SmoothL1Loss()]
)
def test_other_losses_predict_in_the_unit_of_the_target(loss, data):
    x, y, _ = data
    scaled = loss if isinstance(loss, str) else None
    net = cn.NetRegressor(loss=loss, lr=0.01, l2=0.0, standardise_y=bool(scaled), engine="auto")
    target = y if scaled else y / 1000
    assert net.fit(x, target).score(x, target) > 0.6


def test_poisson_predicts_counts_and_refuses_negative_ones(data):
    x, y, _ = data
    counts = np.random.default_rng(0).poisson(np.exp((y - 1000) / 60))
    net = cn.NetRegressor(loss="poisson", lr=0.01).fit(x, counts)
    assert (net.predict(x) > 0).all() and net.score(x, counts) > 0.3
    with pytest.raises(cn.DataError, match="at least 0"):
        net.fit(x, counts - 5)


def test_a_loss_of_classes_is_refused_with_a_way_out(data):
    x, y, _ = data
    with pytest.raises(cn.InvalidValue, match=r"bce for numbers.*NetClassifier"):
        cn.NetRegressor(loss="bce").fit(x, y)


def test_a_module_is_copied_and_fitted(data):
    x, y, _ = data
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.LayerNorm(8), torch.nn.Linear(8, 1))
    before = [each.clone() for each in module.parameters()]
    net = cn.NetRegressor(module, epochs=30, lr=0.01).fit(x, y)
    assert all(map(torch.equal, before, module.parameters()))
    assert net.score(x, y) > 0.8 and pickle.loads(pickle.dumps(net)).score(x, y) == net.score(x, y)


def test_a_fit_that_diverges_is_an_error_with_a_smaller_rate(data):
    x, y, _ = data
    with pytest.raises(cn.Refused, match=r"no number after .* updates.*smaller learning rate than lr=1e\+30"):
        cn.NetRegressor(lr=1e30, optimizer="sgd").fit(x, y)


def test_ctrl_c_keeps_what_was_fitted_and_ends_a_search_too(data):
    x, y, _ = data
    sent = []

    def press(progress):
        if not sent:  # a second one would end the fit at once
            sent.append(signal.raise_signal(signal.SIGINT))

    net = cn.NetRegressor(epochs=10**7, on_progress=press)
    with pytest.raises(KeyboardInterrupt):
        net.fit(x, y)
    assert net.n_iter_ < 10**7 and np.isfinite(net.predict(x)).all()
    sent.clear()
    with pytest.raises(KeyboardInterrupt):
        GridSearchCV(net, {"lr": [1e-3, 1e-2]}, cv=2).fit(x, y)


def test_a_run_that_is_kept_predicts_in_the_unit_of_the_target(data, tmp_path):
    x, y, _ = data
    net = cn.NetRegressor(epochs=5, out=tmp_path / "run").fit(x, y)
    kept = cn.predict(tmp_path / "run", x.astype(np.float32))
    assert np.asarray(kept.values).ravel() == pytest.approx(net.predict(x), rel=1e-4)


def test_diagnose_warns_of_what_went_wrong(data):
    x, y, _ = data
    with pytest.warns(ConvergenceWarning, match="still falling"):
        net = cn.NetRegressor(epochs=3, diagnose=True).fit(x, y)
    assert any("still falling" in note for note in net.notes_)
    assert cn.NetRegressor(epochs=3).fit(x, y).notes_ == ()


def test_a_column_of_targets_is_taken_with_a_warning_and_no_fit_is_said(data):
    x, y, _ = data
    with pytest.warns(DataConversionWarning, match="column-vector"):
        net = cn.NetRegressor(epochs=1).fit(x, y[:, None])
    assert net.predict(x).shape == y.shape
    with pytest.raises(NotFittedError):
        cn.NetRegressor().predict(x)


def test_constant_and_huge_columns_do_no_harm(data):
    x, y, _ = data
    x = np.column_stack([x, np.full(len(x), 1e9), np.arange(len(x)) * 1e-12, np.full(len(x), 0.1)])
    assert cn.NetRegressor().fit(x, y).score(x, y) > 0.9
