"""Predictions beside the targets, for points of three columns and more: values, or a confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from chalknet.studio.features import Array
from chalknet.studio.points import Points
from chalknet.studio.regions import SnapshotModel

_MOST_COMPARED = 2_000  # samples, evenly spaced


class Confusion(NamedTuple):
    """How often samples of each class were predicted to be of each class.

    Args:
        counts: `(classes, classes)` of int32: a row a true class, a column a predicted one.
        held_out: whether the samples are the held-out ones; else the training ones.
    """

    counts: Array
    held_out: bool


def compared_rows(points: Points) -> Array:
    """Return the rows that a confusion matrix counts: held-out ones if there are any, evenly spaced."""
    rows = np.flatnonzero(points.held_out)
    rows = rows if len(rows) else np.arange(len(points.x))
    return np.asarray(rows[:: -(-len(rows) // _MOST_COMPARED)])


def confusion(model: SnapshotModel, weights: Mapping[str, Array], points: Points, inputs: Array) -> Confusion:
    """Return the confusion matrix of a moment over the compared rows.

    Args:
        model: maps the inputs.
        weights: of the moment.
        points: with classes.
        inputs: of the network, for the compared rows.
    """
    size = max(2, len(points.classes))
    true = points.y.reshape(len(points.y))[compared_rows(points)].astype(np.int64)
    cells = true * size + model.classes(weights, inputs)
    counts = np.bincount(cells, minlength=size * size).reshape(size, size)
    return Confusion(counts.astype(np.int32), bool(points.held_out.any()))
