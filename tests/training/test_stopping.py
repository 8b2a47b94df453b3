"""Fits that go by what is evaluated: they stop, give the best weights, and go on bit for bit."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

import chalknet as cn
from chalknet.planning import Recipe
from chalknet.training.evaluation import Evaluation, watched
from chalknet.training.run.stopping import Watcher

NOISE = torch.Generator().manual_seed(7)
X = torch.randn(60, 4, generator=NOISE)
Y = X[:, :1] + torch.randn(60, 1, generator=NOISE)
OVERFITS = {
    "loss": "mse", "optimizer": "adam", "lr": 0.02, "batch_size": 10, "shuffle": True, "held_out": 0.4,
    "updates": 3000, "threads": 1,
}  # fmt: skip
NET = "4 -> 32 tanh -> 1"


@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
def test_a_fit_that_overfits_stops_and_gives_the_best_weights(engine):
    result = cn.fit(NET, (X, Y), **OVERFITS, patience=5, engine=engine)
    evaluations = result.history.evaluations
    assert result.outcome is cn.Outcome.STOPPED_EARLY and result.history.updates[-1] < 3000
    values = [each.held_out_loss for each in evaluations]
    assert result.best.held_out_loss == min(values) and values.index(min(values)) == len(values) - 6
    source = cn.load((X, Y), held_out=0.4).held_out
    yhat = torch.from_numpy(np.asarray(cn.predict(result, source.x)))
    assert ((yhat - source.y) ** 2).mean().item() == pytest.approx(min(values), rel=1e-5)
    assert result.evaluation is evaluations[len(values) - 6]
    assert not math.isnan(result.evaluation.train)
    assert f"weights of update {result.best.updates}, the best of" in str(result)


def test_the_compiled_loop_stops_where_the_plain_one_does():
    fits = [
        cn.fit(NET, (X, Y), **OVERFITS, patience=4, min_delta=1e-3, dtype="float64", engine=engine)
        for engine in ("eager", "fused_cpu")
    ]
    eager, fused = fits
    assert list(fused.history.updates) == list(eager.history.updates)
    ours, theirs = ([each.held_out_loss for each in fit.history.evaluations] for fit in (fused, eager))
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    for a, b in zip(fused.module.parameters(), eager.module.parameters(), strict=True):
        np.testing.assert_allclose(a.detach(), b.detach(), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(
    ("net", "loss", "more"),
    [
        ("4 -> 100 relu -> 1", "mse", {}),
        ("4 -> 8 relu dropout(0.5) -> 1", "huber(0.5)", {}),
        ("4 -> 6 tanh -> 3", "cross_entropy", {"class_weight": [1, 2, 3]}),
        ("4 -> 70 tanh -> 2", "gaussian_nll", {}),
        ("3 -> 6 tanh -> 5 relu -> 1", "mse", {"weight": 0}),
    ],
)
@pytest.mark.parametrize("watch", ["held_out_loss", "train_loss"])
def test_what_the_compiled_loop_finds_is_what_torch_evaluates(net, loss, more, watch):
    y = torch.arange(60) % 3 if loss == "cross_entropy" else Y
    x = X.abs()
    asked = {"loss": loss, "lr": 0.01, "updates": 100, "patience": 9, "watch": watch, **more}
    result = cn.fit(net, (x, y), held_out=0.4, dtype="float64", engine="fused_cpu", **asked)
    last = result.history.evaluations[-1]
    again = cn.fit(
        net, (x, y), held_out=0.4, dtype="float64", engine="fused_cpu", **asked, evaluate_every=100
    )
    found = [watched(each, watch) for each in (result.history.evaluations[0], again.history.evaluations[0])]
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    assert last.updates == 100


def stopped(updates=400, **asked):
    return cn.fit(NET, (X, Y), **{**OVERFITS, "updates": updates, "record_every": 1, **asked}, progress=False)


@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
@pytest.mark.parametrize("cut", [30, 155, 240])
@pytest.mark.parametrize(
    "more",
    [
        {"patience": 3},
        {"patience": 3, "optimizer": "nadam", "schedule": "one_cycle(over=400)", "warmup": 20},
        {"schedule": "plateau(patience=0, factor=0.5)", "optimizer": "adagrad"},
        {"patience": 2, "schedule": "plateau(patience=1)", "clip_norm": 0.5, "l1": 1e-3, "optimizer": "lion",
         "lr": 1e-3},
        {"patience": 2, "evaluate_every": 20, "watch": "train_loss"},
    ],
    ids=lambda more: " ".join(more),
)  # fmt: skip
def test_a_fit_that_goes_on_is_the_straight_run_to_the_last_bit(engine, cut, more, tmp_path):
    more = {**more, "engine": engine}
    straight = stopped(**more)
    first = stopped(cut, **more, out=tmp_path / "run", checkpoint_every=max(1, cut // 2))
    data = cn.load((X, Y), held_out=0.4)
    result = cn.resume(tmp_path / "run", data=data, updates=400, progress=False)
    assert list(result.history.loss) == list(straight.history.loss)
    assert result.outcome is (straight.outcome if first.outcome is not straight.outcome else first.outcome)
    for ours, theirs in zip(result.module.parameters(), straight.module.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    kept = cn.load_run(tmp_path / "run")
    same = {"seconds": 0.0}  # the history has those of the update
    assert (kept.best and replace(kept.best, **same)) == (result.best and replace(result.best, **same))
    for ours, theirs in zip(kept.module.parameters(), straight.module.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@given(
    values=st.lists(st.floats(0, 2) | st.sampled_from([0.5, 0.1]), min_size=1, max_size=60),
    factor=st.sampled_from([0.5, 0.1]),
    patience=st.integers(0, 4),
    threshold=st.sampled_from([0.0, 1e-4, 0.2]),
    cooldown=st.integers(0, 3),
    to=st.sampled_from([0.0, 1e-3]),
    accuracy=st.booleans(),
)
def test_a_plateau_is_torchs(values, factor, patience, threshold, cooldown, to, accuracy):
    text = (
        f"plateau(factor={factor}, patience={patience}, threshold={threshold}, cooldown={cooldown}, to={to})"
    )
    recipe = Recipe("mse", updates=9, lr=0.3, schedule=text, watch="held_out")
    watcher = Watcher(recipe, "accuracy" if accuracy else "error")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = lr_scheduler.ReduceLROnPlateau(
        optimizer, "max" if accuracy else "min", factor, patience, threshold, cooldown=cooldown, min_lr=to
    )
    for value in values:
        watcher.see(Evaluation(1, 1, 0.0, 0.0, value))
        scheduler.step(value)
        assert watcher.lr == optimizer.param_groups[0]["lr"]


@given(
    values=st.lists(st.floats(0, 1) | st.just(math.nan), min_size=1, max_size=40),
    patience=st.integers(1, 4),
    min_delta=st.sampled_from([0.0, 0.1]),
)
def test_it_stops_after_so_many_evaluations_without_a_better_one(values, patience, min_delta):
    watcher = Watcher(Recipe("mse", updates=9, patience=patience, min_delta=min_delta), "error")
    best, waited = math.inf, 0
    for number, value in enumerate(values):
        watcher.see(Evaluation(number, 1, 0.0, 0.0, None, held_out_loss=value))
        if not math.isnan(value):
            better = value < best - min_delta or best == math.inf
            best, waited = (value, 0) if better else (best, waited + 1)
        assert watcher.stops == (waited >= patience)
    assert watcher.passed_over == sum(map(math.isnan, values))


def test_a_value_that_cannot_be_computed_is_passed_over_and_told(monkeypatch):
    from chalknet.training.run import judging

    real = judging.evaluate

    def without_held_out(module, source, *others):
        found = real(module, source, *others)
        return found if len(source) == 36 else found._replace(loss=math.nan, metric=math.nan)

    monkeypatch.setattr(judging, "evaluate", without_held_out)
    result = cn.fit(NET, (X, Y), **{**OVERFITS, "updates": 200}, patience=1, engine="eager")
    assert result.outcome is cn.Outcome.FINISHED
    assert any("held_out_loss could not be computed at 2 evaluations" in note for note in result.notes)
    assert len(result.history) == 200 and result.best is None


def test_held_out_samples_are_asked_for_where_they_are_watched():
    with pytest.raises(cn.InvalidValue, match=r"patience: got data without held-out.*Say held_out=0.2"):
        cn.fit(NET, (X, Y), loss="mse", updates=9, patience=3)
    cn.fit(NET, (X, Y), loss="mse", updates=9, patience=3, held_out=0.2)
    cn.fit(NET, (X, Y), loss="mse", updates=9, patience=3, watch="train_loss")


def test_a_watched_accuracy_is_better_the_higher_it_is():
    y = (X[:, :1] > 0).float()
    result = cn.fit(
        "4 -> 4 tanh -> 1", (X, y), loss="bce_logits", lr=0.5, updates=400, held_out=0.4, patience=3,
        watch="held_out", engine="fused_cpu",
    )  # fmt: skip
    assert result.best.held_out == max(each.held_out for each in result.history.evaluations)


LINEAR = (torch.rand(60, 2, generator=torch.Generator().manual_seed(3)), torch.rand(60, 1) + 1)


@pytest.mark.parametrize(
    ("watch", "best"), [("held_out_mae", min), ("train_r2", max), ("held_out_rmse", min)]
)
def test_a_metric_that_was_asked_for_is_watched_and_the_others_are_computed_for_the_best_alone(watch, best):
    names = [watch.removeprefix("held_out_").removeprefix("train_"), "max_error"]
    result = cn.fit(
        "2 -> 3 tanh -> 1", LINEAR, loss="mse", optimizer="adam", lr=0.05, updates=1000, held_out=0.3,
        patience=2, watch=watch, metrics=names, engine="eager",
    )  # fmt: skip
    found = [each.metrics[watch] for each in result.history.evaluations]
    assert result.best.metrics[watch] == best(found)
    assert set(result.best.metrics) == {f"{part}_{name}" for part in ("train", "held_out") for name in names}
    light = [each for each in result.history.evaluations if each is not result.best]
    assert light and all(set(each.metrics) == {watch} for each in light[:-1])


@pytest.mark.parametrize("watch", ["held_out_r2", "held_out_mine", "held_out_los"])
def test_a_watched_value_that_the_evaluations_do_not_have_is_refused(watch):
    def mine(y_true, y_pred):
        return 0.0

    with pytest.raises(cn.InvalidValue, match=rf"watch: got '{watch}'.*held_out_mae. Watch one"):
        cn.fit(
            "2 -> 1", LINEAR, loss="mse", updates=9, held_out=0.3, patience=2, watch=watch,
            metrics=["mae", mine],
        )  # fmt: skip


def test_a_plateau_ends_with_an_evaluation_of_all_samples():
    result = cn.fit(
        "2 -> 1", LINEAR, loss="mse", lr=0.1, updates=100, held_out=0.3, schedule="plateau", metrics="mae"
    )
    assert math.isfinite(result.evaluation.train) and "train_mae" in result.evaluation.metrics
