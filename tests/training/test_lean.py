"""The updates of a fit alone: the numbers of `fit`, from one preparation, in pieces, in threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
import torch

import chalknet as cn
from chalknet.planning import RunOptions
from chalknet.training import fit_lean, load_for, prepare, with_seed

RANDOM = np.random.default_rng(3)
X = RANDOM.standard_normal((70, 3)).astype(np.float32)
Y = (X[:, :1] - X[:, 1:2] ** 2).astype(np.float32)
NET = "3 -> 6 relu -> 1"
PLAIN = {"loss": "mse", "batch_size": 16, "updates": 40, "shuffle": True, "seed": 5}
RECIPES = {
    "sgd with momentum": {"momentum": 0.9, "lr": 0.01},
    "all samples, adam": {"optimizer": "adam", "batch_size": None, "shuffle": False},
    "one cycle": {"optimizer": "adam", "schedule": "one_cycle", "lr": 0.05},
    "clipped, penalised": {"clip_norm": 0.5, "l2": 0.01, "lr": 0.1},
    "patience": {"optimizer": "adam", "lr": 0.2, "patience": 2, "epochs": 60, "updates": None},
    "plateau": {"lr": 0.2, "schedule": "plateau(patience=1)", "epochs": 60, "updates": None},
    "target": {"optimizer": "adam", "lr": 0.1, "target_loss": 0.5, "updates": 400},
    "nadam": {"optimizer": "nadam", "lr": 0.01},
}


def prepared(recipe, engine="auto", net=NET):
    options = RunOptions(threads=1, engine=engine)
    source = load_for(options, (X, Y), 0.2)
    return prepare(cn.read(net), source, cn.Recipe(**recipe), options)


def recipe_of(name):
    own = {**PLAIN, **RECIPES[name]}
    momentum = {"momentum": own.pop("momentum")} if "momentum" in own else {}
    return {**own, "optimizer_options": momentum}


def check_alike(lean, whole):
    assert lean.outcome is whole.outcome
    assert list(lean.history.loss) == list(whole.history.loss)
    assert lean.evaluation.values[3:] == whole.evaluation.values[3:]
    for ours, theirs in zip(lean.module.parameters(), whole.module.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("engine", ["fused_cpu", "eager"])
@pytest.mark.parametrize("name", RECIPES)
def test_a_lean_fit_has_the_numbers_of_a_fit(name, engine):
    own = recipe_of(name)
    whole = cn.fit(NET, (X, Y), recipe=cn.Recipe(**own), held_out=0.2, engine=engine, threads=1)
    check_alike(fit_lean(prepared(own, engine)), whole)


@pytest.mark.parametrize("engine", ["fused_cpu", "eager"])
@pytest.mark.parametrize("name", RECIPES)
def test_a_fit_that_pauses_goes_on_as_if_it_had_not(name, engine):
    made = prepared(recipe_of(name), engine)
    whole = fit_lean(made)
    updates = len(whole.history)
    for stops in ((1,), (updates // 2,), (3, 5, updates - 1)):
        checkpoint = None
        for stop in sorted({min(max(1, stop), updates - 1) for stop in stops}):
            paused = fit_lean(made, until=stop, checkpoint=checkpoint)
            checkpoint = paused.checkpoint
            assert checkpoint is not None and checkpoint.state.updates == stop == len(paused.history)
        check_alike(fit_lean(made, checkpoint=checkpoint), whole)
        check_alike(fit_lean(made, checkpoint=checkpoint), whole)  # the checkpoint was not changed


def test_a_pause_behind_the_end_is_none():
    found = fit_lean(prepared(PLAIN), until=40)
    assert found.outcome is cn.Outcome.FINISHED and found.checkpoint is None
    assert fit_lean(prepared(PLAIN), until=99).outcome is cn.Outcome.FINISHED


def test_dropout_draws_the_same_numbers_after_a_pause():
    made = prepared(PLAIN, net="3 -> 6 relu dropout 0.5 -> 1")
    paused = fit_lean(made, until=17)
    check_alike(fit_lean(made, checkpoint=paused.checkpoint), fit_lean(made))


def test_threads_share_what_was_prepared():
    made = prepared(PLAIN)
    alone = [fit_lean(with_seed(made, seed)) for seed in range(8)]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda seed: fit_lean(with_seed(made, seed)), range(8)))
    assert len({each.history.loss[-1] for each in alone}) == 8
    for ours, theirs in zip(together, alone, strict=True):
        check_alike(ours, theirs)


def test_an_event_stops_a_fit_after_an_update():
    ending = Event()
    ending.set()
    found = fit_lean(prepared(PLAIN | {"updates": 10**9}), ending=ending)
    assert found.outcome is cn.Outcome.INTERRUPTED and found.checkpoint is None
    assert len(found.history) >= 1


def test_the_metrics_that_were_asked_for_are_those_of_a_fit():
    made = prepared(PLAIN)
    whole = cn.fit(
        NET,
        (X, Y),
        recipe=cn.Recipe(**PLAIN),
        held_out=0.2,
        metrics=["r2", "mae"],
        engine="fused_cpu",
        threads=1,
    )
    assert fit_lean(made, metrics=["r2", "mae"]).evaluation.metrics == whole.evaluation.metrics
    with pytest.raises(cn.InvalidValue, match="auc"):
        fit_lean(made, metrics=["auc"])
