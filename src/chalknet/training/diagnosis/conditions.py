"""When a fit shows each of the things that go wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chalknet.training.diagnosis.duplicates import share_of_duplicates
from chalknet.training.diagnosis.evidence import Array, FitEvidence, SeenRows

_UNLIKE = 100.0  # sizes of features, the largest by the smallest
_LARGE = 20.0  # of features and targets, beside weights of size 1
_SORTED = 0.2  # changes of the target from row to row, beside those of a random order
_FOLLOWS = 1.3  # times the loss that its last updates had, where a fit follows the rows it saw last
_JUMP = 3.0  # times the loss at the start
_ABOVE = 1.05
_FAR = 15.0  # how far weights go, by their size, where the learning rate is too large
_DEAD, _SATURATED = 0.5, 0.6
_GAIN = 0.03  # of the trivial predictor's loss, over a quarter of a fit
_SLOW = 5.0  # times the updates that were made
_FEW_UPDATES = 100
_STILL = 0.15  # how far weights go, by their size, where the learning rate is too small
_GAP = 0.15  # of the trivial predictor's loss
_SURE = 2.5  # standard errors
_TREND = 2.0
_BEST = 0.9  # times the held-out error at the end, from which an earlier end is worth naming
_LEAST_ROWS = 5  # of a class
_LEAST_DUPLICATES, _LEAST_SHARE = 3, 0.02


def unscaled(evidence: FitEvidence) -> bool:
    """Return whether the fit fails and its features are of unlike scales, or large."""
    x = evidence.seen.x
    varied = x.std(axis=0) > 0
    if evidence.prepared.plan.data.whole_numbers or not varied.any():
        return False
    sizes = np.abs(x[:, varied]).max(axis=0)
    return bool(sizes.max() > min(_LARGE, _UNLIKE * sizes.min()) and sizes.max() > 1) and evidence.fails


def large_targets(evidence: FitEvidence) -> bool:
    """Return whether the fit fails, or is far from its end, and its targets are large."""
    row, y = evidence.plan.recipe.loss_row, evidence.seen.y.double()
    if row.target != "real" or float(y.abs().max()) < _LARGE:
        return False
    return evidence.fails or (evidence.skill < 0.9 and falling(evidence) > 0)


def sorted_rows(evidence: FitEvidence) -> bool:
    """Return whether the fit fails and its rows, which were not shuffled, stand sorted by their target."""
    recipe = evidence.plan.recipe
    if (
        recipe.shuffle
        or evidence.whole_batches
        or evidence.seen.y.reshape(len(evidence.seen.x), -1).shape[1] > 1
    ):
        return False
    y = evidence.seen.y.reshape(-1).double().numpy()
    if recipe.loss_row.target == "real":
        whole = float(((y - y.mean()) ** 2).mean())
        steps = float((np.diff(y) ** 2).mean()) / 2 if whole else whole
    else:
        shares = np.bincount(y.astype(np.int64)) / len(y)
        whole, steps = float(1 - (shares**2).sum()), float((np.diff(y) != 0).mean())
    is_sorted = whole > 0 and steps < _SORTED * whole
    if not is_sorted:
        return False
    lately = float(evidence.losses[-max(1, evidence.plan.updates_per_epoch) :].mean())
    follows = float(evidence.seen.losses.mean()) > _FOLLOWS * lately and evidence.skill < 0.9
    return follows or evidence.fails or evidence.skill < 0.5 or bool(forgotten(evidence))


def jumps(evidence: FitEvidence) -> bool:
    """Return whether the loss ended above its start, or jumped in a fit that did not come far."""
    losses, start = evidence.losses, evidence.start
    width = 1 if evidence.whole_batches else max(1, min(len(losses) // 20, 50))
    means = np.convolve(losses, np.ones(width) / width, "valid")
    noise = 0.0 if evidence.whole_batches else float(losses.std() / np.sqrt(width))
    if (
        evidence.end > _ABOVE * start
        and evidence.end - start > noise
        and evidence.end > _ABOVE * evidence.trivial
    ):
        return True
    far = evidence.fails or evidence.skill < 0.5
    if means.max() > _JUMP * max(start, evidence.trivial) and far:
        return True
    if far and (evidence.moved or 0.0) > _FAR:
        return True
    if not evidence.whole_batches:
        return False
    last = losses[-max(8, len(losses) // 4) :]
    up = np.diff(last) > 0.02 * last[:-1]
    return bool(
        up.mean() > 0.2 and evidence.skill < 0.95 and np.abs(np.diff(last)).mean() > 0.05 * last.mean()
    )


def layer_that_is(state: str, evidence: FitEvidence) -> tuple[int, float]:
    """Return the number, from 1, of the layer that is dead or saturated in a fit that fails, and its share.

    The number is 0 where there is none.
    """
    least = {"dead": _DEAD, "saturated": _SATURATED}[state]
    shares = [getattr(layer, state) for layer in evidence.seen.layers]
    if not shares:
        return 0, 0.0
    worst = int(np.argmax(shares))
    if shares[worst] < least:
        return 0, 0.0
    fails = evidence.fails or evidence.skill < 0.5 or (state == "saturated" and falling(evidence) > 0)
    return (worst + 1, shares[worst]) if fails else (0, 0.0)


def unused_rate(evidence: FitEvidence) -> bool:
    """Return whether a fit that fails hardly moved its weights, in updates enough to do so."""
    if not evidence.fails or evidence.updates < _FEW_UPDATES or evidence.end > _ABOVE * evidence.start:
        return False
    if evidence.moved is not None:
        return evidence.moved < _STILL
    return falling(evidence) > _SLOW


def falling(evidence: FitEvidence) -> float:
    """Return how many times the updates it would take at this pace; 0 where the loss has come down."""
    quarters = evidence.quarters
    gain = float(quarters[2] - quarters[3])
    short = evidence.updates < _FEW_UPDATES and evidence.fails and evidence.end < evidence.start
    left = evidence.skill < 0.9 and float(evidence.seen.losses.mean()) > 0
    steady = gain >= _least_gain(evidence) and quarters[3] <= quarters[:3].min() and _falls(evidence.losses)
    if not (left and (steady or short)):
        return 0.0
    if evidence.held_out is not None and overfits(evidence):
        return 0.0
    target = (1 - max(0.5, evidence.linear or 0.0)) * evidence.trivial
    return max(1.0, (float(quarters[3]) - target) / (4 * max(gain, _least_gain(evidence))))


def _falls(losses: Array) -> bool:
    """Return whether losses go down by more than their scatter explains, of long fits in the second half."""
    half = losses[len(losses) // 2 if len(losses) >= _FEW_UPDATES else 0 :]
    place = np.arange(len(half)) - (len(half) - 1) / 2
    slope = float((place * half).sum() / (place**2).sum())
    scatter = half - half.mean() - slope * place
    error = float(np.sqrt((scatter**2).sum() / max(1, len(half) - 2) / (place**2).sum()))
    return slope < -_TREND * error


def _least_gain(evidence: FitEvidence) -> float:
    least = _GAIN * evidence.trivial
    return least / 4 if evidence.fails else least


def learned_nothing(evidence: FitEvidence) -> bool:
    """Return whether a fit explains far less than a linear map of the same rows does."""
    quality, linear = evidence.quality, evidence.linear
    if quality is None or linear is None or linear < 0.2:
        return False
    return quality < linear - 0.25 or (evidence.skill < 0.1 and quality < linear - 0.1)


def overfits(evidence: FitEvidence) -> bool:
    """Return whether held-out rows have a clearly larger loss than training rows, or one that rose again."""
    last = evidence.history.evaluations[-1]
    if evidence.plan.recipe.patience is not None:
        return False  # its weights are those with the least held-out loss
    if evidence.prepared.held_out is None or last.held_out is None or not evidence.trivial > 0:
        return False
    if evidence.history.metric == "error" and last.held_out - last.train < _GAP / 2 * evidence.trivial:
        return False  # which the evaluation over all rows says, without a look at some
    if evidence.held_out is None:
        return False
    train, held_out = evidence.seen.losses, evidence.held_out.losses
    gap = float(held_out.mean() - train.mean())
    error = float(np.hypot(_error(held_out), _error(train)))
    is_so = gap > _GAP * evidence.trivial and gap > _SURE * error and held_out.mean() > 2 * train.mean()
    return bool(is_so)


def _error(values: Array) -> float:
    return float(values.std() / np.sqrt(len(values)))


def forgotten(evidence: FitEvidence) -> list[int]:
    """Return the classes that rows have and the fit never predicts."""
    seen, row = evidence.seen, evidence.plan.recipe.loss_row
    said = _said(seen, row.target, row.decision)
    if said is None:
        return []
    count = np.bincount(seen.y.reshape(-1).long().numpy())
    return [number for number in np.flatnonzero(count >= _LEAST_ROWS).tolist() if number not in said]


def _said(seen: SeenRows, target: str, decision: str) -> set[int] | None:
    """Return the classes that are predicted; None for anything but one class a row."""
    if target == "class":
        return set(seen.yhat.argmax(dim=1).reshape(-1).tolist())
    if target == "probability" and seen.yhat[0].numel() == 1:
        return set((seen.yhat > (0.0 if decision == "above 0" else 0.5)).long().reshape(-1).tolist())
    return None


def rare(evidence: FitEvidence, numbers: Sequence[int]) -> bool:
    """Return whether classes have much fewer rows than the others."""
    if not numbers:
        return False
    count = np.bincount(evidence.seen.y.reshape(-1).long().numpy())
    there = int((count > 0).sum())
    return bool(max(count[number] for number in numbers) < 0.6 * count.sum() / there)


def duplicates(evidence: FitEvidence) -> tuple[int, int]:
    """Return how many held-out rows are training rows too, of how many; 0 where it is too few to say."""
    held_out, source = evidence.prepared.held_out, evidence.prepared.batches.source
    if held_out is None:
        return 0, 0
    alike, looked_at = share_of_duplicates(source, held_out)
    enough = alike >= _LEAST_DUPLICATES and alike >= _LEAST_SHARE * looked_at
    return (alike, looked_at) if enough else (0, looked_at)
