"""Reading ahead: the same items in the same order, from a thread that ends."""

import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.data.batches import read_ahead, read_ahead_where_it_pays
from chalknet.system import times_waited


@given(st.lists(st.integers()), st.integers(1, 4))
def test_items_come_in_their_order(items, depth):
    assert list(read_ahead(iter(items), depth)) == items
    assert list(read_ahead_where_it_pays(iter(items), spare_cpu=True)) == items
    assert list(read_ahead_where_it_pays(iter(items), spare_cpu=False)) == items
    assert threading.active_count() == 1 or "chalknet-read-ahead" not in {
        t.name for t in threading.enumerate()
    }


def test_items_are_drawn_by_another_thread_and_no_further_ahead_than_asked():
    drawn, room = [], threading.Semaphore(0)

    def draw():
        for number in range(10):
            drawn.append((number, threading.current_thread().name))
            room.release()
            yield number

    items = read_ahead(draw(), depth=2)
    assert next(items) == 0
    room.acquire(), room.acquire()
    assert len(drawn) <= 2  # the one in hand still holds its place
    assert next(items) == 1
    room.acquire()
    assert len(drawn) == 3
    assert {name for _, name in drawn} == {"chalknet-read-ahead"}
    items.close()


@pytest.mark.parametrize("problem", [ValueError, KeyboardInterrupt, MemoryError])
def test_what_drawing_raises_comes_after_the_items_before_it(problem):
    def draw():
        yield 1
        yield 2
        raise problem("here")

    got = []
    with pytest.raises(problem, match="here"):
        for item in read_ahead(draw()):
            got.append(item)
    assert got == [1, 2]


def test_the_thread_ends_when_nobody_wants_more():
    def endless():
        while True:
            yield 0

    items = read_ahead(endless())
    next(items)
    assert "chalknet-read-ahead" in {thread.name for thread in threading.enumerate()}
    items.close()
    assert "chalknet-read-ahead" not in {thread.name for thread in threading.enumerate()}


def test_a_thread_is_started_once_drawing_waits(monkeypatch):
    clock = {"wall": 0.0, "busy": 0.0, "waits": 0}
    monkeypatch.setattr("chalknet.data.batches.perf_counter", lambda: clock["wall"])
    monkeypatch.setattr("chalknet.data.batches.thread_time", lambda: clock["busy"])
    monkeypatch.setattr("chalknet.data.batches.times_waited", lambda: clock["waits"])
    names = []

    def draw(kinds):
        for kind in kinds:
            clock["wall"] += 0.01
            clock["busy"] += 0.01 if kind == "computes" else 0.001
            clock["waits"] += kind == "waits"
            names.append(threading.current_thread().name)
            yield kind

    for kinds in (["computes", "waits"] * 3, ["robbed"] * 6):  # another process took the CPU meanwhile
        assert list(read_ahead_where_it_pays(draw(kinds), spare_cpu=False)) == kinds
        assert set(names) == {"MainThread"}
        names.clear()
    kinds = ["computes", "waits", "waits", "computes", "computes"]
    assert list(read_ahead_where_it_pays(draw(kinds), spare_cpu=False)) == kinds
    assert names == ["MainThread"] * 3 + ["chalknet-read-ahead"] * 2


def test_a_thread_that_sleeps_has_waited_and_one_that_computes_has_not():
    before = times_waited()
    time.sleep(0.001)
    assert times_waited() > before
    if sys.platform == "linux":
        assert min(_waits_of_computing() for _ in range(20)) == 0


def _waits_of_computing():
    before = times_waited()
    sum(range(1000))
    return times_waited() - before
