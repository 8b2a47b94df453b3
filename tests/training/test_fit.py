"""Fitting: budgets, outcomes, what is recorded, and what is refused before the first update."""

import os
import signal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import chalknet as cn
from chalknet.errors import DataError, InvalidValue, Refused, ShapeMismatch, UnknownName, Unsettled

LINE = cn.read("1 -> 1")
X = torch.linspace(-1, 1, 10)


def fit(network=LINE, data=(X, 2 * X), **options):
    return cn.fit(network, data, **{"loss": "mse", "lr": 0.1, **options})


def test_c1_every_hundredth_point_already_gives_the_line():
    x = torch.linspace(-10, 10, 100_000)
    y = 2 * x + torch.randn(100_000, generator=torch.Generator().manual_seed(0))
    slopes = []
    for every in (1, 100):
        result = cn.fit(LINE, (x[::every], y[::every]), loss="mse", lr=0.01, updates=200)
        slopes.append(result.module[0].weight.item())
    # the slope's standard error is noise / (spread of x * sqrt(n)): 0.0055 for n = 1000
    assert slopes == pytest.approx([2, 2], abs=4 * 0.0055)


@given(n=st.integers(1, 30), batch_size=st.one_of(st.none(), st.integers(1, 30)), epochs=st.integers(1, 4))
def test_c3_an_epoch_has_as_many_updates_as_batches(n, batch_size, epochs):
    batch_size = None if batch_size is None else min(batch_size, n)
    result = fit(data=(torch.randn(n), torch.randn(n)), batch_size=batch_size, epochs=epochs)
    per_epoch = -(-n // (batch_size or n))
    assert len(result.history) == epochs * per_epoch
    assert result.history.samples[-1] == epochs * n
    assert result.history.epochs[-1] == epochs


@pytest.mark.parametrize(("batch_size", "updates"), [(None, 1), (1, 10), (3, 4)])
def test_c3_ten_samples_make_one_ten_or_four_updates(batch_size, updates):
    assert list(fit(batch_size=batch_size, epochs=1).history.updates) == list(range(1, updates + 1))


def test_the_columns_of_the_history_are_what_was_seen():
    history = fit(batch_size=4, updates=5).history
    assert list(history.updates) == [1, 2, 3, 4, 5]
    assert list(history.samples) == [4, 8, 10, 14, 18]
    assert list(history.epochs) == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3, 5 / 3])
    assert list(history.seconds) == sorted(history.seconds)
    assert history.seconds[0] > 0


def test_a_budget_in_samples_ends_with_the_update_that_reaches_it():
    result = fit(batch_size=4, samples=11)
    assert (result.history.updates[-1], result.history.samples[-1]) == (4, 14)


def test_a_budget_in_seconds_is_used_up_and_hardly_more():
    result = fit(seconds=0.05)
    assert result.outcome is cn.Outcome.FINISHED
    assert result.plan.updates is None
    assert result.history.seconds[-1] >= 0.05
    assert len(result.history) > 10


def test_the_target_ends_the_fit_at_the_update_that_reaches_it():
    result = fit(updates=10_000, target_loss=1e-3)
    assert result.outcome is cn.Outcome.TARGET_REACHED
    assert result.history.loss[-1] <= 1e-3 < result.history.loss[-2]


def test_divergence_ends_the_fit_and_the_history_ends_with_its_update():
    result = fit(lr=1e6, updates=1000)
    assert result.outcome is cn.Outcome.DIVERGED
    assert not np.isfinite(result.history.loss[-1])
    assert np.isfinite(result.history.loss[:-1]).all()
    assert "diverged" in str(result)


def test_ctrl_c_ends_the_fit_after_a_whole_update_and_keeps_the_module():
    seen = []

    def interrupt(progress):
        seen.append(progress)
        if len(seen) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    result = fit(updates=10_000_000, on_progress=interrupt)
    assert result.outcome is cn.Outcome.INTERRUPTED
    assert len(result.history) < 10_000_000
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_raises():
    def interrupt(progress):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(updates=10_000_000, on_progress=interrupt)


def test_evaluations_come_at_their_interval_and_at_the_end():
    result = fit(batch_size=3, updates=10, evaluate_every=4, held_out=(X, 2 * X))
    assert [evaluation.updates for evaluation in result.history.evaluations] == [4, 8, 10]
    assert [evaluation.samples for evaluation in result.history.evaluations] == [10, 20, 26]
    last = result.evaluation
    assert last.train == pytest.approx(
        nn.MSELoss()(result.module(X.reshape(-1, 1)), 2 * X.reshape(-1, 1)).item()
    )
    assert last.held_out == last.train


def test_an_accuracy_is_the_share_that_is_right_with_dropout_off():
    x, y = torch.randn(200, 4), torch.randint(0, 3, (200,))
    network = cn.read("4 -> 16 relu dropout(0.5) -> 3")
    result = cn.fit(network, (x, y), loss="cross_entropy", optimizer="adam", updates=20)
    with torch.no_grad():
        right = (result.module.eval()(x).argmax(1) == y).float().mean().item()
    assert result.evaluation.train == pytest.approx(right)
    assert result.history.metric == "accuracy"


@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
def test_an_evaluation_leaves_every_submodule_in_its_mode(engine):
    net = nn.Sequential(nn.Linear(1, 3), nn.Dropout(), nn.Linear(3, 1))
    net[1].eval()
    result = fit(net, updates=2, evaluate_every=1, engine=engine)
    assert [module.training for module in result.module.modules()] == [True, True, False, True]


def test_recording_every_third_update_keeps_the_last_one():
    history = fit(updates=10, record_every=3).history
    assert list(history.updates) == [3, 6, 9, 10]


def test_held_out_as_a_share_is_kept_out_of_the_training():
    result = fit(updates=1, held_out=0.2)
    assert (result.plan.data.observations, result.plan.data.held_out) == (8, 2)


def test_a_module_that_no_network_describes_is_fitted_as_it_is():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, x):
            return x * self.weight

    module = Twice()
    result = fit(module, updates=200)
    assert result.module is module
    assert module.weight.item() == pytest.approx(2, abs=1e-3)
    assert result.plan.network is None


def test_y_of_one_axis_is_read_as_a_column_and_the_plan_says_so():
    plan = cn.plan(LINE, (X, 2 * X), cn.Recipe(loss="mse", updates=1))
    assert "y (n) is read as the column (n,1)" in plan.reasons


def test_images_are_read_row_by_row_for_a_network_of_features():
    plan = cn.plan(cn.read("16 -> 1"), (torch.rand(5, 4, 4), torch.rand(5)), cn.Recipe(loss="mse", updates=1))
    assert any("(4, 4) is read row by row as 16 features" in reason for reason in plan.reasons)


def test_a_network_that_squashes_twice_is_told_so():
    data = (torch.rand(5, 2), torch.tensor([0, 1, 0, 1, 1]))
    plan = cn.plan(cn.read("2 -> 2 softmax"), data, cn.Recipe(loss="cross_entropy", updates=1))
    assert any("already ends with softmax" in note for note in plan.notes)


def test_printing_the_plan_says_everything_that_was_decided():
    recipe = cn.Recipe(loss="bce", updates=700, batch_size=2048, seed=1)
    text = str(cn.plan(cn.read("784 -> 32 relu -> 1 sigmoid"), "mnist01", recipe))
    for words in (
        "X(n,784) -l1-> u1(n,32)",
        "12,665 observations, 2,115 held out",
        "bce, the mean over an update's samples",
        "sgd, lr=0.001",
        "SGD with batch size 2048 (once: mini-batch stochastic gradient descent), in order",
        "700 updates, 7 an epoch: 100 epochs",
        "fused_cpu on cpu, float32",
        'for the script\'s numbers to the last bit say engine="eager"',
    ):
        assert words in text


REFUSED = [
    ({"batch_size": 11, "updates": 1}, InvalidValue, "11.*10"),
    ({"data": (X, X[:9]), "updates": 1}, DataError, "10.*9"),
    ({"data": (torch.tensor([1.0, float("nan"), 3.0]), torch.ones(3)), "updates": 1}, DataError, r"row.*1"),
    ({"data": (X.reshape(5, 2), X[:5]), "updates": 1}, ShapeMismatch, r"\(n,2\).*wanted \(n,1\)"),
    (
        {"data": (X, torch.rand(10, 3)), "updates": 1},
        ShapeMismatch,
        r"\(n,3\).*wanted \(n,1\), the shape of yhat",
    ),
    ({"network": cn.read("m -> 1"), "updates": 1}, Unsettled, "symbolic width m"),
    ({"network": cn.read("1 relu"), "updates": 1}, InvalidValue, "no step with trainable parameters"),
    (
        {"network": cn.read("1 -> 1"), "loss": "bce", "updates": 1},
        InvalidValue,
        "ends with a linear map.*-sig->",
    ),
    ({"engine": "egaer", "updates": 1}, UnknownName, "Did you mean eager"),
    ({"device": "cuda:99", "updates": 1}, Refused, "cuda:99 asked, .* there; wanted one that is here"),
    ({"device": "gpu", "updates": 1}, UnknownName, "'gpu'"),
    ({"device": "meta", "updates": 1}, Refused, "can compute"),
    ({"dtype": "float23", "updates": 1}, UnknownName, "Did you mean float32"),
    ({"threads": 0, "updates": 1}, InvalidValue, "threads: got 0"),
    ({"evaluate_every": 0, "updates": 1}, InvalidValue, "evaluate_every: got 0"),
    ({"updatse": 3}, UnknownName, "Did you mean updates"),
    ({"network": nn.ReLU(), "updates": 1}, InvalidValue, "no parameters"),
    ({"network": nn.Linear(3, 1), "updates": 1}, ShapeMismatch, r"\(n,1\).*wanted \(n,3\)"),
]


@pytest.mark.parametrize(("asked", "kind", "words"), REFUSED, ids=lambda value: None)
def test_what_cannot_be_fitted_is_refused_before_the_first_update(asked, kind, words):
    with pytest.raises(kind, match=words):
        fit(**asked)


def test_labels_outside_0_and_1_are_refused_with_their_rows():
    y = torch.tensor([0.0, 1, 2, 1, -1])
    with pytest.raises(
        DataError, match=r"rows 2, 4 \(2 in all\): got 2; wanted labels between 0 and 1 for bce"
    ):
        cn.fit(cn.read("1 -> 1 sigmoid"), (torch.rand(5), y), loss="bce", updates=1)


def test_class_numbers_beyond_the_outputs_are_refused_with_their_rows():
    network = cn.read("1 -> 3")
    with pytest.raises(DataError, match=r"row 1 .*got 3; wanted class numbers, whole and from 0 to 2"):
        cn.fit(network, (torch.rand(3), torch.tensor([0, 3, 2])), loss="cross_entropy", updates=1)
    with pytest.raises(DataError, match=r"got 0\.5"):
        cn.fit(network, (torch.rand(2), torch.tensor([0.5, 1])), loss="cross_entropy", updates=1)


def test_a_matrix_of_ones_for_cross_entropy_asks_for_class_numbers():
    with pytest.raises(ShapeMismatch, match=r"y\.argmax\(1\)"):
        cn.fit(cn.read("1 -> 3"), (torch.rand(3), torch.eye(3)), loss="cross_entropy", updates=1)


def test_a_source_of_the_users_own_is_fitted_like_arrays():
    from chalknet.data import Sample

    class Squares:
        name, held_out, x_shape, y_shape = "squares", None, (1,), ()

        def __len__(self):
            return 10

        def take(self, rows):
            x = torch.arange(10.0)[rows] / 10
            return Sample(x.reshape(-1, 1), x**2)

    x = torch.arange(10.0) / 10
    options = {"batch_size": 3, "shuffle": True, "epochs": 4}
    assert list(fit(data=Squares(), **options).history.loss) == list(
        fit(data=(x, x**2), engine="eager", **options).history.loss
    )
