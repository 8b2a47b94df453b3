"""The metrics of classes: of the class that is named, and of the probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chalknet.training.metrics.answers import Answers, Array, Score, Undefined, mean

BINS = 15  # of equal width; C. Guo et al., On Calibration of Modern Neural Networks (2017)
Formula = Callable[[Answers], Score]


def of_each_question(metric: Formula) -> Formula:
    """Return a metric that is the mean over the outputs where each of them is a question of its own."""

    def judged(answers: Answers) -> Score:
        if answers.task != "labels":
            return metric(answers)
        by = {}
        for name, question in answers.questions():
            try:
                by[name] = metric(question).value
            except Undefined as problem:
                raise Undefined(f"of output {name}: {problem}") from problem
        return Score(float(np.mean(list(by.values()))), by)

    return judged


def confusion_matrix(answers: Answers) -> Array:
    """Return how many rows of each class (a row of the matrix) are said to be of each class (a column)."""
    count = answers.odds.shape[1]
    cells = np.asarray(answers.y, np.int64) * count + np.asarray(answers.yhat, np.int64)
    found: Array = np.bincount(cells, answers.weights, count * count).reshape(count, count)
    return found


def confusion(answers: Answers) -> Score:
    """Return the share of wrong rows, and the number of rows of each pair of classes."""
    found = confusion_matrix(answers)
    pairs = {
        f"{_name(answers, i)} as {_name(answers, j)}": float(found[i, j])
        for i in range(len(found))
        for j in range(len(found))
    }
    return Score(float(1 - found.trace() / found.sum()), pairs)


@of_each_question
def accuracy(answers: Answers) -> Score:
    """Return the share of rows whose class is right."""
    return Score(float(mean(answers.y == answers.yhat, answers.weights)))


@of_each_question
def balanced_accuracy(answers: Answers) -> Score:
    """Return the mean of the recall over the classes that y has."""
    found = confusion_matrix(answers)
    support = found.sum(axis=1)
    there = support > 0
    if not there.any():
        raise Undefined("there are no rows")
    return Score(float(np.mean(found.diagonal()[there] / support[there])))


@dataclass(frozen=True)
class _Ratio:
    """A metric of each class: right ones of it, by how many there are of it in y, in yhat, or in both.

    Args:
        name: of the metric.
        y: whether those in y count.
        yhat: whether those in yhat count.
    """

    name: str
    y: bool
    yhat: bool

    def __call__(self, answers: Answers) -> Score:
        """Return the ratio of the second of two classes, else the mean over the classes that are there."""
        found = confusion_matrix(answers)
        support, said, right = found.sum(axis=1), found.sum(axis=0), found.diagonal()
        parts = int(self.y) + int(self.yhat)
        whole = (support if self.y else 0) + (said if self.yhat else np.zeros(len(found)))
        ratio = np.divide(parts * right, whole, out=np.zeros(len(found)), where=whole > 0)
        there = (support > 0) | (said > 0)
        if not there.any():
            raise Undefined("there are no rows")
        by = {_name(answers, i): float(ratio[i]) if there[i] else np.nan for i in range(len(found))}
        empty = [_name(answers, i) for i in np.flatnonzero(there & (whole == 0)).tolist()]
        lack = "y" if self.y else "the answers"
        reason = f"no row of {lack} is of class {', '.join(empty)}: its {self.name} counts as 0"
        if len(found) == 2 and not there[1]:
            raise Undefined(f"no row is of class {_name(answers, 1)}, and none is said to be")
        value = ratio[1] if len(found) == 2 else ratio[there].mean()
        return Score(float(value), by, reason if empty else "")


precision = of_each_question(_Ratio("precision", y=False, yhat=True))
recall = of_each_question(_Ratio("recall", y=True, yhat=False))
f1 = of_each_question(_Ratio("f1", y=True, yhat=True))


@of_each_question
def log_loss(answers: Answers) -> Score:
    """Return the mean of -log of the probability of the true class."""
    odds = answers.odds
    smallest = np.finfo(odds.dtype).eps
    found = np.clip(odds[np.arange(len(odds)), answers.y], smallest, 1 - smallest)
    return Score(float(mean(-np.log(found), answers.weights)))


@of_each_question
def auc(answers: Answers) -> Score:
    """Return the area under the ROC curve; of more than two classes, the mean of each against the others."""
    odds, y = answers.odds, answers.y
    chosen = [1] if odds.shape[1] == 2 else range(odds.shape[1])
    by = {}
    for i in chosen:
        area = area_under_roc(y == i, odds[:, i], answers.weights)
        if area is None:
            every = "no" if not (y == i).any() else "every"
            raise Undefined(f"{every} row is of class {_name(answers, i)}")
        by[_name(answers, i)] = area
    return Score(float(np.mean(list(by.values()))), by if len(by) > 1 else {})


def area_under_roc(positive: Array, scores: Array, weights: Array | None) -> float | None:
    """Return how often a positive row has a larger score than a negative one; equal scores count half.

    Args:
        positive: whether each row is positive.
        scores: a number a row.
        weights: a number a row, or None.

    Returns:
        None where all rows that count are of one kind.
    """
    weights = np.ones(len(scores)) if weights is None else weights
    distinct, place = np.unique(scores, return_inverse=True)
    up = np.bincount(place, weights * positive, len(distinct))
    down = np.bincount(place, weights * ~positive, len(distinct))
    if not up.sum() * down.sum() > 0:
        return None
    below = down.cumsum() - down
    return float((up * (below + down / 2)).sum() / (up.sum() * down.sum()))


@dataclass(frozen=True)
class Calibration:
    """Rows sorted by how sure the network is, in bins of equal width.

    Args:
        sure: the mean probability of each bin that has rows.
        right: the share of rows in it that are so.
        weight: how many rows it has.
    """

    sure: Array
    right: Array
    weight: Array


def calibration_of(sure: Array, right: Array, weights: Array | None, bins: int = BINS) -> Calibration:
    """Return probabilities and shares, bin by bin.

    Args:
        sure: a probability a row.
        right: whether it came to be, a row.
        weights: a number a row, or None.
        bins: how many; each includes its upper end.
    """
    weights = np.ones(len(sure)) if weights is None else weights
    place = np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)
    weight, sums, rights = (
        np.bincount(place, each, bins) for each in (weights, weights * sure, weights * right)
    )
    there = weight > 0
    return Calibration(sums[there] / weight[there], rights[there] / weight[there], weight[there])


@of_each_question
def calibration_error(answers: Answers) -> Score:
    """Return by how much the probability of the class that is named differs from how often it is right."""
    if not len(answers.y):
        raise Undefined("there are no rows")
    sure = answers.odds.max(axis=1).astype(np.float64)
    found = calibration_of(sure, answers.yhat == answers.y, answers.weights)
    return Score(float((found.weight * np.abs(found.sure - found.right)).sum() / found.weight.sum()))


def _name(answers: Answers, number: int) -> str:
    return answers.names[number] if number < len(answers.names) else str(number)
