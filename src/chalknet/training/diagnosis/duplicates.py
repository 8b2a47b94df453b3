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
_MOST_COLUMNS = 64  # that are asked how many values they have


def share_of_duplicates(source: Source, held_out: Source) -> tuple[int, int]:
    """Return how many held-out rows, of how many that were looked at, are training rows too, x and y alike.

    It is 0 where rows take so few values that many are alike by chance.

    Args:
        source: the training samples.
        held_out: the held-out samples.
    """
    most = max(1, _MOST_NUMBERS // prod(source.x_shape or (1,)))
    rows, answers = (_flat(side) for side in source.take(rows_of(source, most)))
    aside, true = (_flat(side) for side in held_out.take(rows_of(held_out, _MOST_HELD_OUT)))
    chance, column = _chance(aside, true)
    if chance * len(source) > _LARGEST_CHANCE:
        return 0, len(aside)
    # rows that are alike are so in the column of most values too, which few others are
    wanted = np.unique(aside[:, column])
    place = np.searchsorted(wanted, rows[:, column]).clip(max=len(wanted) - 1)
    near = np.flatnonzero(wanted[place] == rows[:, column])
    there = set(_contents(rows[near], answers[near]))
    return sum(content in there for content in _contents(aside, true)), len(aside)


def _contents(rows: Array, answers: Array) -> list[bytes]:
    """Return x and y of each row as bytes, in which -0 is 0."""
    return [x.tobytes() + y.tobytes() for x, y in zip(rows + 0, answers + 0, strict=True)]


def _flat(values: torch.Tensor) -> Array:
    found: Array = values.reshape(len(values), -1).cpu().numpy()
    return found


def _chance(rows: Array, answers: Array) -> tuple[float, int]:
    """Return how likely two rows are alike, as if columns were independent, and the column of most values."""
    chance, fewest, chosen = _alike(answers[:, 0]), 2.0, 0
    for column in range(min(rows.shape[1], _MOST_COLUMNS)):
        found = _alike(rows[:, column])
        chance, fewest, chosen = chance * found, min(fewest, found), column if found < fewest else chosen
        if found < 1e-6:
            break
    return chance, chosen


def _alike(column: Array) -> float:
    """Return which share of the pairs of two rows have the same number."""
    ordered = np.sort(column)
    ends = np.flatnonzero(np.diff(ordered))
    counts = np.diff(np.concatenate([[-1], ends, [len(ordered) - 1]]))
    return float((counts * (counts - 1.0)).sum() / max(1, len(column) * (len(column) - 1)))
