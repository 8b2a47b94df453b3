"""Rows that were held out and stand among the training rows all the same."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from chalknet.data import Source
from chalknet.training.diagnosis.baseline import rows_of

Array = npt.NDArray[Any]

_MOST_NUMBERS = 1 << 20  # of the training rows' x
_MOST_HELD_OUT = 512
_LARGEST_CHANCE = 0.01  # that a held-out row is among the training rows by chance


def share_of_duplicates(source: Source, held_out: Source) -> tuple[int, int]:
    """Return how many held-out rows, of how many that were looked at, are training rows too, x and y alike.

    None where rows take so few values that many are alike by chance.

    Args:
        source: the training samples.
        held_out: the held-out samples.
    """
    width = prod(source.x_shape or (1,))
    most = max(1, _MOST_NUMBERS // width)
    x, y = source.take(rows_of(source, most))
    aside, answers = held_out.take(rows_of(held_out, _MOST_HELD_OUT))
    flat, few = _rows(x, y), _rows(aside, answers)
    if _chance(few) * len(source) > _LARGEST_CHANCE:
        return 0, len(few)
    weights = np.random.default_rng(0).normal(size=flat.shape[1])
    keys, wanted = flat @ weights, few @ weights
    order = np.argsort(keys)
    place = np.clip(np.searchsorted(keys[order], wanted - _near(wanted)), 0, len(keys) - 1)
    alike = sum(_is_there(few[i], flat, order, int(at), keys, wanted[i]) for i, at in enumerate(place))
    return alike, len(few)


def _rows(x: torch.Tensor, y: torch.Tensor) -> Array:
    """Return x and y side by side, in float64."""
    sides = (x.reshape(len(x), -1), y.reshape(len(y), -1))
    return np.concatenate([side.double().numpy() for side in sides], axis=1)


def _near(values: Array) -> Array:
    found: Array = 1e-9 * (1 + np.abs(values))  # sums in another order differ
    return found


def _is_there(row: Array, rows: Array, order: Array, at: int, keys: Array, key: float) -> bool:
    """Return whether a row is among those whose key is as near as the same row's can be."""
    near = 1e-9 * (1 + abs(key))
    while at < len(order) and keys[order[at]] <= key + near:
        if np.array_equal(rows[order[at]], row):
            return True
        at += 1
    return False


def _chance(rows: Array) -> float:
    """Return how likely two rows are alike in every column, as if columns were independent."""
    chance = 1.0
    for column in rows.T:
        counts = np.unique(column, return_counts=True)[1]
        # of two different rows of these: without the row itself
        chance *= float((counts * (counts - 1)).sum() / max(1, len(rows) * (len(rows) - 1)))
        if chance == 0:
            break
    return chance
