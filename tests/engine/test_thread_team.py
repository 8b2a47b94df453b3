"""The team on a fake clock: soon as many threads as are fastest, whatever else the cores do meanwhile."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from chalknet.engine.fused_cpu import thread_team


class Machine:
    """Makes updates on a clock of its own; `per_update_s(threads, now)` says how long one takes."""

    def __init__(self, per_update_s):
        self.now, self.per_update_s, self.calls = 0.0, per_update_s, []

    def make(self, threads, losses, made):
        for _ in losses:
            self.now += self.per_update_s(threads, self.now)
        self.calls.append((threads, made, len(losses)))
        return len(losses)


def took(per_update_s, updates, monkeypatch, advances=1):
    """Return the machine after some updates, made by a team of up to two threads."""
    monkeypatch.setattr(thread_team, "cores", lambda: 2)
    machine = Machine(per_update_s)
    one = thread_team.ThreadTeam(2, 2, lambda: machine.now)
    for _ in range(advances):
        assert one.make(machine.make, np.zeros(updates // advances)) == updates // advances
    return machine


@pytest.mark.parametrize("update_s", [5e-6, 2e-4, 3e-3])
@pytest.mark.parametrize("faster", [1, 2])
def test_nearly_all_updates_are_made_by_the_faster_number(update_s, faster, monkeypatch):
    updates = int(1 / update_s)
    machine = took(lambda threads, now: update_s * (1 if threads == faster else 2), updates, monkeypatch)
    assert machine.now < 1.07 * updates * update_s


def test_a_first_trial_while_another_program_had_the_core_is_soon_forgotten(monkeypatch):
    def per_update_s(threads, now):
        return {1: 3e-4, 2: 1.5e-4 if now > 0.008 else 6e-4}[threads]

    machine = took(per_update_s, 2000, monkeypatch)
    assert machine.now < 1.1 * 2000 * 1.5e-4
    assert machine.calls[-1][0] == 2


def test_a_core_that_is_lost_for_good_costs_one_stretch_and_short_trials(monkeypatch):
    def per_update_s(threads, now):
        return {1: 1e-5, 2: 6e-6 if now < 0.2 else 3e-4}[threads]

    machine = took(per_update_s, 200_000, monkeypatch)
    ideal_s = 0.2 + (200_000 - 0.2 / 6e-6) * 1e-5
    assert (
        machine.now < 1.1 * ideal_s + 50 * thread_team._STRETCH_S
    )  # two threads take 50 times as long as before
    assert machine.calls[-1][0] == 1


def test_an_update_longer_than_a_trial_is_seldom_made_by_the_slower_number(monkeypatch):
    machine = took(lambda threads, now: 0.2 / threads, 200, monkeypatch)
    assert sum(some for threads, _, some in machine.calls if threads == 1) <= 1 + 200 // 16


def test_a_few_long_updates_are_all_made_by_the_number_that_their_work_is_for(monkeypatch):
    machine = took(lambda threads, now: 0.05 / threads, 9, monkeypatch)
    assert {threads for threads, _, _ in machine.calls} == {2}


def test_one_long_update_that_was_delayed_does_not_change_the_number(monkeypatch):
    machine = took(lambda threads, now: 0.05 / threads * (4 if 1 < now < 1.03 else 1), 100, monkeypatch)
    behind = [(threads, some) for threads, made, some in machine.calls if made > 40]
    assert sum(some for threads, some in behind if threads == 1) <= 1 + 60 // 16


def test_a_core_that_is_lost_is_noticed_by_the_second_long_update(monkeypatch):
    machine = took(
        lambda threads, now: 0.05 / threads * (4 if now > 1 and threads == 2 else 1), 100, monkeypatch
    )
    assert machine.calls[-1][0] == 1
    assert machine.now < 1.15 * (1 + 0.05 * 62)


@pytest.mark.parametrize("first", [1, 2, 16])
@pytest.mark.parametrize("best", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("update_s", [1e-5, 1e-3, 1e-2])
def test_the_best_of_many_numbers_is_found_though_a_first_update_with_another_is_slow(
    update_s, best, first, monkeypatch
):
    monkeypatch.setattr(thread_team, "cores", lambda: 16)
    last = []

    def per_update_s(threads, now):
        cold = min(update_s, 1e-3) if last != [threads] else 0.0
        last[:] = [threads]
        return update_s * 1.4 ** abs(math.log2(threads / best)) + cold

    machine, updates = Machine(per_update_s), int(2 / update_s)
    team = thread_team.ThreadTeam(16, first, lambda: machine.now)
    team.make(machine.make, np.zeros(updates))
    late = [some for threads, made, some in machine.calls if threads == best and made > updates // 2]
    assert sum(late) > 0.4 * updates
    assert machine.now < 1.2 * updates * update_s


@given(st.lists(st.floats(1e-7, 1.0), min_size=2, max_size=2), st.integers(0, 3000), st.integers(1, 3))
def test_every_update_is_made_once_and_in_order(per_update_s, updates, advances):
    with pytest.MonkeyPatch.context() as patch:
        machine = took(lambda threads, now: per_update_s[threads - 1], updates * advances, patch, advances)
    places = []
    for _, made, some in machine.calls:
        places += range(made, made + some)
    assert places == list(range(updates)) * advances
