"""Rows: their order does not matter, whole weights are copies, scales are scikit-learn's."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

import chalknet as cn
from chalknet.estimators.samples import FitRows, scaled_columns

from .conftest import table


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("early", [False, True])
def test_order_and_copies_change_no_bit(seed, early):
    drawn = np.random.default_rng(seed)
    x, y, words = table(seed, rows=60)
    x[::7] = x[0]
    x[:, 1] = np.round(x[:, 1] / 10)
    counts = drawn.integers(0, 4, len(x)).astype(float)
    moved = drawn.permutation(len(x))
    repeated = drawn.permutation(np.repeat(np.arange(len(x)), counts.astype(int)))
    for estimator, target in ((cn.NetRegressor, y), (cn.NetClassifier, words)):
        net = estimator("? -> 4 relu -> ?", epochs=4, early_stopping=early)
        predict = "predict" if estimator is cn.NetRegressor else "predict_proba"

        def answers(rows, weight=None, net=net, target=target, predict=predict):
            return getattr(net.fit(x[rows], target[rows], sample_weight=weight), predict)(x)

        plain = answers(np.arange(len(x)))
        assert np.array_equal(plain, answers(moved))
        assert np.array_equal(plain, answers(moved, np.ones(len(x))))
        assert np.array_equal(answers(moved, counts[moved]), answers(repeated))


def test_without_shuffling_the_order_is_kept():
    x, y, _ = table(0)
    net = cn.NetRegressor(shuffle=False, epochs=2)
    assert not np.array_equal(net.fit(x, y).predict(x), net.fit(x[::-1], y[::-1]).predict(x))


@pytest.mark.parametrize("factor", [0.37, 12.5])
def test_weights_that_are_no_counts_matter_by_their_ratio_alone(factor):
    x, y, _ = table(4)
    weight = np.where(y > np.median(y), 1.5, 0.25)
    one, other = (
        cn.NetRegressor("? -> ?", epochs=150, lr=0.01, batch_size=None)
        .fit(x, y, sample_weight=each)
        .predict(x)
        for each in (weight, weight * factor)
    )
    assert one == pytest.approx(other, rel=1e-3)
    heavy = y > np.median(y)
    plain = cn.NetRegressor("? -> ?", epochs=150, lr=0.01, batch_size=None).fit(x, y).predict(x)
    assert np.abs(one - y)[heavy].mean() < np.abs(plain - y)[heavy].mean()


@pytest.mark.parametrize("seed", range(20))
def test_columns_are_scaled_as_standard_scaler_does(seed):
    drawn = np.random.default_rng(seed)
    x = (
        drawn.normal(size=(drawn.integers(1, 40), 3)) * 10.0 ** drawn.integers(-8, 9, 3)
        + drawn.normal() * 1e3
    )
    x[:, 2] = drawn.normal() * 1e6  # constant
    columns = scaled_columns(x, ["a", "b", "c"], scaled=True)
    theirs = StandardScaler().fit(x)
    assert [each.mean for each in columns] == pytest.approx(theirs.mean_, rel=1e-9)
    assert [each.std for each in columns] == pytest.approx(theirs.scale_, rel=1e-6)


def test_rows_that_are_alike_never_lie_on_both_sides_of_the_split():
    from chalknet.estimators.fitting import FitRequest, _split
    from chalknet.estimators.task import TargetTask

    for seed in range(20):
        drawn = np.random.default_rng(seed)
        x = drawn.integers(0, 3, (80, 2)).astype(float)
        request = FitRequest("NetRegressor", {}, TargetTask("values", 1), ["a", "b"])
        training, held_out = _split(request, FitRows(x, x[:, :1]), 0.3, seed)
        assert len(training) + len(held_out) == 80 and len(held_out)
        assert not {*map(tuple, training.x.tolist())} & {*map(tuple, held_out.x.tolist())}


def test_weights_without_any_weight_and_below_zero_are_refused():
    x, y, _ = table(0)
    with pytest.raises(ValueError, match="non-zero"):
        cn.NetRegressor().fit(x, y, sample_weight=np.zeros(len(x)))
    with pytest.raises(ValueError, match="Negative"):
        cn.NetRegressor().fit(x, y, sample_weight=-np.ones(len(x)))
