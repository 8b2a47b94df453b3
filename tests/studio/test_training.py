"""A fit that is played, paused and stepped: the numbers of `cn.fit`, bounded memory, no thread left."""

import threading

import numpy as np
import pytest
import torch

import chalknet as cn
from chalknet.studio.history import Snapshot, SnapshotEvaluation, Trace
from chalknet.studio.points import DrawOptions, draw_points
from chalknet.studio.training import FitSetting, LiveFit, Turns

POINTS = draw_points("xor", DrawOptions(60, 0.0))
NET = cn.read("2 -> 4 tanh -> 1 sigmoid")
OPTIONS = {"batch_size": 7, "lr": 0.1}


def setting(**options):
    return FitSetting(
        NET, (POINTS.x[:50], POINTS.y[:50]), (POINTS.x[50:], POINTS.y[50:]), "bce", 3, {**OPTIONS, **options}
    )


@pytest.fixture
def live():
    begun = []

    def begin(*words, **named):
        begun.append(LiveFit(*words, **named))
        return begun[-1]

    yield begin
    threads = [fit._thread for fit in begun if fit._thread]
    for fit in begun:
        fit.close()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_a_fit_in_pieces_has_the_numbers_of_one_in_one_go(live):
    fit = live(setting())
    for until in (1, 2, 9, 40):
        fit.go_to(until)
        fit.wait()
        assert fit.trace.last.updates == until
    whole = cn.fit(NET, setting().train, loss="bce", seed=3, updates=40, **OPTIONS)
    assert fit.trace.last.loss == whole.history.loss[-1]
    for name, value in whole.module.state_dict().items():
        assert np.array_equal(fit.trace.last.weights[name], value.numpy())
    assert fit.trace.last.evaluation.train == pytest.approx(whole.evaluation.train)


def test_before_the_first_update_the_weights_are_those_of_the_fit(live):
    fit = live(setting())
    built = cn.build(NET, seed=3).state_dict()
    assert all(
        torch.equal(torch.from_numpy(fit.trace.at(0).weights[name]), value) for name, value in built.items()
    )
    assert fit._thread is None


def test_a_pause_stops_it_and_it_goes_on_from_there(live):
    fit = live(setting())
    fit.go_to(10**9)
    while fit.trace.last.updates < 100:
        threading.Event().wait(0.001)
    fit.pause()
    fit.wait()
    stood = fit.trace.last.updates
    fit.go_to(stood + 5)
    fit.wait()
    assert fit.trace.last.updates >= stood + 5 and not fit.is_running


def test_an_earlier_moment_is_given_back_with_its_weights(live):
    fit = live(setting())
    for until in (5, 10, 15):
        fit.go_to(until)
        fit.wait()
    assert fit.trace.at(12).updates == 10
    assert any(
        (fit.trace.at(0).weights[name] != fit.trace.last.weights[name]).any()
        for name in fit.trace.last.weights
    )


def test_a_fit_that_diverges_says_so(live):
    fit = live(FitSetting(cn.read("2 -> 1"), (POINTS.x, POINTS.y), None, "mse", 1, {"lr": 1e9}))
    fit.go_to(10_000)
    fit.wait()
    assert "smaller learning rate" in fit.problem and not fit.is_running


def test_what_the_face_refuses_is_told(live):
    fit = live(setting(momentum=-1))
    fit.go_to(5)
    fit.wait()
    assert "momentum" in fit.problem and fit.trace.last.updates == 0


def test_racers_take_turns_and_see_their_own_batches(live):
    turns = Turns()
    fits = [live(setting(batch_size=size), turns) for size in (None, 7, 1)]
    for fit in fits:
        fit.go_to(50)
    for fit in fits:
        fit.wait()
    assert [fit.trace.last.updates for fit in fits] == [50, 50, 50]
    assert [fit.trace.last.samples for fit in fits] == [2500, 6 * 50 + 14, 50]
    assert [fit.setting.updates_per_epoch for fit in fits] == [1, 8, 50]


def test_a_closed_racer_does_not_keep_the_others_waiting(live):
    turns = Turns()
    first, second = live(setting(), turns), live(setting(), turns)
    first.go_to(10**9)
    second.go_to(10**9)
    first.close()
    second.go_to(200)
    second.wait()
    assert second.trace.last.updates >= 200


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_trace_keeps_a_bounded_number_of_moments_evenly(step):
    weights = {"w": np.zeros(1)}
    trace = Trace(Snapshot(0, 0, 0.0, 1.0, SnapshotEvaluation(), weights))
    for updates in range(step, 5000 * step, step):
        trace.add(Snapshot(updates, updates, 0.0, 1.0, SnapshotEvaluation(), weights))
    kept = [moment.updates for moment in trace.moments]
    assert kept[0] == 0 and kept[-1] == trace.last.updates == 4999 * step
    assert 150 <= len(kept) <= 402 and max(np.diff(kept)) <= 0.02 * kept[-1]


def test_large_networks_have_fewer_moments():
    weights = {"w": np.zeros(1 << 20)}  # 8 MiB
    trace = Trace(Snapshot(0, 0, 0.0, 1.0, SnapshotEvaluation(), weights))
    for updates in range(1, 100):
        trace.add(Snapshot(updates, updates, 0.0, 1.0, SnapshotEvaluation(), weights))
    assert len(trace.moments) <= 14


def test_a_slow_fit_is_paused_at_once(live):
    fit = live(setting())
    fit.go_to(10**6, rate=0.01)
    fit.wait(0.2)
    assert fit.trace.last.updates <= 1 and fit.is_running
    fit.pause()
    fit.wait()
    assert fit.trace.last.updates <= 1 and not fit.is_running
    fit.set_rate(0)
    fit.go_to(20)
    fit.wait()
    assert fit.trace.last.updates == 20
