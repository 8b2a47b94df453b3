"""A successive halving: who goes on is what a simulation by single fits says, and weights go on exactly."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.search.material import DATA, MODEL, RECIPE

import chalknet as cn


def simulated(settings_, seeds, factor, updates):
    """Return the settings in the order of a halving by hand, each with its updates and mean."""

    def mean(setting, some):
        width, lr = setting
        own = {**RECIPE, "lr": lr, "updates": some}
        losses = [
            cn.fit(MODEL.replace("width", str(width)), DATA, held_out=0.2, seed=seed, threads=1, **own)
            for seed in seeds
        ]
        return float(np.mean([each.evaluation.held_out_loss for each in losses]))

    rungs = math.ceil(round(math.log(len(settings_), factor), 9)) if len(settings_) > 1 else 0
    alive, behind = list(settings_), []
    for rung in range(rungs + 1):
        some = max(1, updates // factor ** (rungs - rung))
        ordered = sorted(((mean(each, some), some, each) for each in alive), key=lambda each: each[0])
        going = len(alive) if rung == rungs else math.ceil(len(alive) / factor)
        behind = [*ordered[going:], *behind]
        alive = [each for *_, each in ordered[:going]]
        if rung == rungs:
            return [*ordered, *behind]
    return None


@settings(max_examples=8)
@given(
    widths=st.lists(st.integers(1, 8), min_size=1, max_size=4, unique=True),
    rates=st.lists(st.sampled_from([0.001, 0.01, 0.1]), min_size=1, max_size=3, unique=True),
    factor=st.integers(2, 4),
    seeds=st.integers(1, 2),
)
def test_a_halving_is_the_one_by_hand(widths, rates, factor, seeds):
    over = {"width": widths, "lr": rates, "seed": range(seeds)}
    found = cn.search(MODEL, DATA, over, **RECIPE, how="halving", factor=factor)
    wanted = simulated([(w, r) for w in widths for r in rates], range(seeds), factor, RECIPE["updates"])
    assert [(row.values["width"], row.values["lr"], row.updates) for row in found.rows] == [
        (*setting, some) for _, some, setting in wanted
    ]
    for row, (mean, *_) in zip(found.rows, wanted, strict=True):
        assert row.mean == pytest.approx(mean, rel=1e-12)


def test_fits_go_on_and_do_not_begin_again(monkeypatch):
    from chalknet.engine.fused_cpu.session import FusedSession

    made = []
    advance = FusedSession.advance

    def counted(self, updates):
        made.append(updates)
        return advance(self, updates)

    monkeypatch.setattr(FusedSession, "advance", counted)
    over = {"width": range(1, 10)}
    found = cn.search(MODEL, DATA, over, **{**RECIPE, "updates": 90}, how="halving", n_jobs=1)
    best = 90  # of the best one, which is fitted again
    assert sum(made) - best == 9 * 10 + 3 * (30 - 10) + 1 * (90 - 30)
    assert [row.ended for row in found.rows].count("left out") == 8


def test_a_schedule_is_that_of_the_whole_budget():
    own = {**RECIPE, "schedule": "cosine", "updates": 60}
    found = cn.search(MODEL, DATA, {"width": [2, 4, 8]}, **own, how="halving")
    width = found.rows[0].values["width"]
    run = cn.fit(MODEL.replace("width", str(width)), DATA, held_out=0.2, threads=1, **own)
    assert found.rows[0].mean == run.evaluation.held_out_loss


def test_one_that_diverges_in_a_short_fit_does_not_go_on():
    own = {**RECIPE, "optimizer": "sgd", "updates": 60}
    found = cn.search(MODEL, DATA, {"width": [4], "lr": [1e30, 1e29, 0.01]}, **own, how="halving")
    assert [row.ended for row in found.rows] == ["finished", "diverged", "diverged"]
    nothing = cn.search(MODEL, DATA, {"width": [4], "lr": [1e30, 1e29]}, **own, how="halving")
    assert nothing.best is None and len(nothing.rows) == 2


def test_a_budget_in_seconds_is_refused():
    own = {**RECIPE, "updates": None, "seconds": 1.0}
    with pytest.raises(cn.InvalidValue, match="updates=1000"):
        cn.search(MODEL, DATA, {"width": [2, 4]}, **own, how="halving")
