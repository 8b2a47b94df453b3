"""Reading ahead: the same items in the same order, from a thread that ends."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.data.batches import read_ahead, read_ahead_where_it_pays


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
    clock = {"wall": 0.0, "busy": 0.0}
    monkeypatch.setattr("chalknet.data.batches.perf_counter", lambda: clock["wall"])
    monkeypatch.setattr("chalknet.data.batches.thread_time", lambda: clock["busy"])
    names = []

    def draw(waits):
        for wait in waits:
            clock["wall"] += 0.01
            clock["busy"] += 0.001 if wait else 0.01
            names.append(threading.current_thread().name)
            yield wait

    assert list(read_ahead_where_it_pays(draw([0, 1, 0, 1, 0]), spare_cpu=False)) == [0, 1, 0, 1, 0]
    assert set(names) == {"MainThread"}
    names.clear()
    assert list(read_ahead_where_it_pays(draw([0, 1, 1, 0, 0]), spare_cpu=False)) == [0, 1, 1, 0, 0]
    assert names == ["MainThread"] * 3 + ["chalknet-read-ahead"] * 2
