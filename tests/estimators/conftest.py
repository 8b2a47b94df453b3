"""Tables to fit."""

import numpy as np
import pytest


def table(seed, rows=120, columns=4):
    """Return features, numbers and classes that depend on them."""
    drawn = np.random.default_rng(seed)
    x = drawn.normal(size=(rows, columns)) * [1, 30, 0.1, 5][:columns] + [0, 400, 0, -3][:columns]
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    numbers = 1000 + 50 * (z[:, 0] + np.tanh(z[:, 1]))
    return x, numbers, np.array(["low", "middle", "top"])[np.digitize(z[:, 0] + z[:, 2], [-0.6, 0.6])]


@pytest.fixture
def data():
    return table(0)
