"""How the samples get to their places, and that the stand-in for the device is as strict as it says."""

import pytest
import torch
from tests.engine.graph_fits import NETWORKS, arrays, opened
from tests.engine.strict_recorder import StrictRecorder
from torch import nn

import chalknet as cn
from chalknet.data import Sample
from chalknet.planning import Recipe

pytestmark = pytest.mark.usefixtures("one_thread")


class Asked:
    """A source that notes how many rows were taken at a time."""

    name, held_out, is_repeatable = "asked", None, True

    def __init__(self, n):
        self._x, self._y = torch.arange(n, dtype=torch.float64).reshape(-1, 1), torch.zeros(n, 2).double()
        self.x_shape, self.y_shape, self.taken = (1,), (2,), []

    def __len__(self):
        return len(self._x)

    def take(self, rows):
        x = self._x[rows]
        self.taken.append((len(x), isinstance(rows, slice)))
        return Sample(x, self._y[rows])


@pytest.mark.parametrize("shuffle", [False, True])
def test_data_too_large_for_the_device_comes_in_blocks_and_in_order_as_slices(shuffle):
    source = Asked(4_000)
    recipe = Recipe("mse", lr=1e-9, batch_size=10, shuffle=shuffle, updates=400)
    recorder = StrictRecorder(per_update_s=1e-6, free_bytes=1000)
    session = opened("graph", cn.read("1 -> 2"), recipe, source=source, recorder=recorder)
    del source.taken[:]
    session.advance(200)
    assert max(rows for rows, _ in source.taken) == 320  # 32 updates of ten
    assert len(source.taken) == recorder.replays + 1  # and the first update, which is made without a graph
    assert all(as_slice is not shuffle or rows == 1 for rows, as_slice in source.taken)


def test_data_that_has_room_on_the_device_is_taken_once():
    source = Asked(4_000)
    recipe = Recipe("mse", lr=1e-9, batch_size=10, shuffle=True, updates=400)
    session = opened("graph", cn.read("1 -> 2"), recipe, source=source)
    seen = sum(rows for rows, _ in source.taken)
    session.advance(200)
    assert sum(rows for rows, _ in source.taken) == seen <= 4_000 + 5


def test_gradient_descent_in_order_copies_nothing_before_an_update():
    source = Asked(50)
    session = opened("graph", cn.read("1 -> 2"), Recipe("mse", lr=1e-9, updates=400), source=source)
    x, _ = next(iter(session._buffer.batches((50,))))
    assert [batch.x.data_ptr() for batch in session._buffer.batches((50, 50, 50))] == [x.data_ptr()] * 3


def test_the_strict_recorder_sees_a_step_counted_in_python():
    """Adam without `capturable` reads the number of the step: a graph would repeat the first."""
    module = nn.Linear(3, 2).double()
    x, y = arrays("mse")
    optimizer = torch.optim.Adam(module.parameters(), foreach=False)

    def update():
        nn.functional.mse_loss(module(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()

    update()
    with pytest.raises(RuntimeError, match="not permitted"):
        StrictRecorder().record(update)


@pytest.mark.parametrize("change", ["weights", "lr", "slots"])
def test_the_strict_recorder_sees_what_a_replay_would_not_follow(change):
    recorder = StrictRecorder(per_update_s=1e-6)
    recipe = Recipe("mse", "adam", updates=400)
    session = opened("graph", cn.read(NETWORKS[0]), recipe, recorder=recorder)
    session.advance(40)
    optimizer = session._updates.optimizer
    if change == "weights":
        session.module[0].weight.data = session.module[0].weight.data.clone()
    elif change == "lr":
        optimizer.param_groups[0]["lr"] = 0.5
    else:
        slots = optimizer.state[session.module[0].weight]
        slots["exp_avg"] = slots["exp_avg"].clone()
    with pytest.raises(AssertionError, match="a replay would need"):
        session.advance(1)


def test_the_strict_recorder_changes_no_number_at_a_capture():
    place = torch.zeros(3)
    replay = StrictRecorder().record(lambda: place.add_(1))
    assert place.tolist() == [0, 0, 0]
    replay()
    assert place.tolist() == [1, 1, 1]
