"""Sources of the user's own, and the lecture's even and odd observations."""

import numpy as np
import pytest
import torch
from torch import nn

import chalknet as cn
from chalknet.data import load
from chalknet.data.sources.subset import SourceSubset
from chalknet.errors import DataError, InvalidValue

X = torch.linspace(-10, 10, 1000)
Y = 2 * X + torch.sin(50 * X)


class Lines:
    """The least that is a source: a length and rows."""

    def __len__(self):
        return len(X)

    def take(self, rows):
        return X[rows], Y[rows]


class EvenThenOdd:
    """The lecture's two halves (C2): of the rows asked for, only these are ever copied in."""

    def __init__(self):
        self.copied = []

    def __len__(self):
        return len(X)

    def take(self, rows):
        order = torch.cat([torch.arange(0, 1000, 2), torch.arange(1, 1000, 2)])[rows]
        self.copied.append(order)
        return X[order], Y[order]


def by_hand(updates, halves):
    """Copy one half in, compute yhat, loss, gradient, update, drop; then the other half."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    losses = []
    for update in range(updates):
        rows = halves[update % 2]
        x, y = X[rows].clone().reshape(-1, 1), Y[rows].clone().reshape(-1, 1)
        loss = nn.MSELoss()(net(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses, list(net.parameters())


def test_c2_even_and_odd_observations_in_turn_are_the_updates_made_by_hand():
    own = EvenThenOdd()
    options = {"loss": "mse", "lr": 0.01, "batch_size": 500, "updates": 40, "engine": "eager"}
    result = cn.fit(cn.read("1 -> 8 relu -> 1"), own, **options)
    losses, parameters = by_hand(40, [slice(0, None, 2), slice(1, None, 2)])
    assert list(result.history.loss) == losses
    assert all(map(torch.equal, result.module.parameters(), parameters))
    assert max(len(rows) for rows in own.copied) <= 1000
    as_part = SourceSubset(
        load((X, Y)), torch.cat([torch.arange(0, 1000, 2), torch.arange(1, 1000, 2)]), "halves"
    )
    assert cn.fit(cn.read("1 -> 8 relu -> 1"), as_part, **options).history.loss.tolist() == losses


def test_a_length_and_rows_are_enough_of_a_source():
    source = load(Lines(), held_out=0.2)
    assert (source.name, len(source), len(source.held_out)) == ("Lines", 800, 200)
    assert (source.x_shape, source.y_shape) == ((1,), ())
    options = {"loss": "mse", "updates": 5, "batch_size": 100, "shuffle": True, "engine": "eager"}
    assert cn.fit(cn.read("1 -> 1"), Lines(), **options).history.loss == (
        cn.fit(cn.read("1 -> 1"), (X, Y), **options).history.loss
    )


def test_lists_arrays_and_ints_are_taken_as_arrays_are():
    class Lists(Lines):
        name = "lists"

        def take(self, rows):
            numbers = np.arange(1000)[rows if isinstance(rows, slice) else rows.numpy()]
            return numbers.tolist(), (numbers % 3).tolist()

    source = load(Lists())
    sample = source.take(torch.tensor([5, 7]))
    assert source.name == "lists"
    assert (sample.x.tolist(), sample.y.tolist(), sample.y.dtype) == ([[5], [7]], [2, 1], torch.int64)


def test_a_source_streams_when_it_says_so_or_would_not_fit(monkeypatch):
    class Said(Lines):
        streams = True

    assert not load(Lines()).streams
    assert load(Said()).streams
    monkeypatch.setattr("chalknet.system.available_bytes", lambda: 1000)
    assert load(Lines()).streams


def test_rows_that_cannot_be_fitted_and_things_that_are_no_source_are_refused():
    class Text(Lines):
        def take(self, rows):
            return ["a"], ["b"]

    with pytest.raises(DataError, match="x of Text"):
        load(Text())
    for value in ({1, 2}, "nowhere.csv", 5, np.zeros((3, 2)), torch.zeros(3)):
        with pytest.raises((InvalidValue, OSError)):
            load(value)
