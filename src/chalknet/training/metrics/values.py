"""The metrics of a regression, in the target's own unit; several columns count alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chalknet.training.metrics.answers import Answers, Array, Score, Undefined, mean


def r2(answers: Answers) -> Score:
    """Return the share of the variance of y that is explained: 1 - sum (y - yhat)^2 / sum (y - mean)^2."""
    y, weights = answers.y, answers.weights
    if len(y) < 2:
        raise Undefined("one row has no variance")
    left = mean((y - answers.yhat) ** 2, weights)
    whole = mean((y - mean(y, weights)) ** 2, weights)
    constant = (y.max(axis=0) == y.min(axis=0)) | (whole == 0)
    by = _by_column(answers, np.where(constant, np.nan, 1 - left / np.where(constant, 1, whole)))
    if constant.any():
        column = "" if len(constant) == 1 else f" in column {list(by)[int(constant.argmax())]}"
        raise Undefined(
            f"every y{column} is {y[0, int(constant.argmax())]:g}, so there is nothing to explain"
        )
    return _score(by)


def mean_error(
    of: Callable[[Array], Any], last: Callable[[Array], Any] = np.asarray
) -> Callable[[Answers], Score]:
    """Return the metric of a mean over the rows.

    Args:
        of: of the differences y - yhat.
        last: of the mean of each column.
    """

    def error(answers: Answers) -> Score:
        found = last(np.asarray(mean(of(answers.y - answers.yhat), answers.weights)))
        return _score(_by_column(answers, found))

    return error


def largest_error(answers: Answers) -> Score:
    """Return the largest distance of yhat from y."""
    if not len(answers.y):
        raise Undefined("there are no rows")
    by = _by_column(answers, np.abs(answers.y - answers.yhat).max(axis=0))
    return Score(max(by.values()), by if len(by) > 1 else {})


def _by_column(answers: Answers, found: Array) -> Mapping[str, float]:
    count = answers.y.shape[1]
    names = answers.names if len(answers.names) == count else tuple(map(str, range(count)))
    return dict(zip(names, map(float, np.atleast_1d(found)), strict=True))


def _score(by: Mapping[str, float]) -> Score:
    """Return the mean of the columns, and the columns where there are several."""
    return Score(float(np.mean(list(by.values()))), by if len(by) > 1 else {})
