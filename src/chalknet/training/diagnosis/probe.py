"""What a linear map of the same rows explains, as a measure of what there is to be found in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from chalknet.planning import Loss

Array = npt.NDArray[Any]

_MOST_FEATURES = 128
_ROWS_A_FEATURE = 5
_RIDGE = 1e-3


def quality_of(yhat: torch.Tensor, y: torch.Tensor, loss: Loss) -> float | None:
    """Return R² of values, or of classes the accuracy above that of the most frequent one.

    Args:
        yhat: what a module gives, `(n, ...)`.
        y: the targets as the loss takes them.
        loss: the row of the loss.

    Returns:
        None where yhat is not read as values or classes.
    """
    if loss.target == "class":
        return _above_chance(yhat.argmax(dim=1).numpy(), y.numpy())
    if loss.target == "probability":
        threshold = 0.0 if loss.decision == "above 0" else 0.5
        return _above_chance((yhat > threshold).numpy(), (y > 0.5).numpy()) if yhat[0].numel() == 1 else None
    if loss.target != "real" or yhat.shape != y.shape:
        return None
    return _explained(yhat.double().numpy(), y.double().numpy())


def linear_quality(x: Array, y: torch.Tensor, loss: Loss) -> float | None:
    """Return the same of a linear map of x, found by least squares; None where x has too many features.

    R² is adjusted for the number of features: of rows that hold nothing it is about 0.

    Args:
        x: features `(n, features)`.
        y: the targets as the loss takes them.
        loss: the row of the loss.
    """
    std = x.std(axis=0)
    x = x[:, std > 0]
    n, p = x.shape
    if not 0 < p <= _MOST_FEATURES or n < _ROWS_A_FEATURE * p + 10:
        return None
    x = (x - x.mean(axis=0)) / std[std > 0]
    if loss.target == "real":
        target = y.double().numpy().reshape(n, -1)
        r2 = _explained(_fitted(x, target), target)
        return None if r2 is None else 1 - (1 - r2) * (n - 1) / (n - p - 1)
    numbers = (y.long() if loss.target == "class" else (y > 0.5).long()).reshape(n, -1).numpy()
    if numbers.shape[1] > 1:
        return None
    wanted = np.eye(int(numbers.max()) + 1)[numbers[:, 0]]
    return _above_chance(_fitted(x, wanted).argmax(axis=1), numbers[:, 0])


def _fitted(x: Array, target: Array) -> Array:
    """Return the least-squares fit of targets `(n, outputs)` by standardised features."""
    middle = target.mean(axis=0)
    square = x.T @ x + _RIDGE * len(x) * np.eye(x.shape[1])
    found: Array = x @ np.linalg.solve(square, x.T @ (target - middle)) + middle
    return found


def _explained(yhat: Array, y: Array) -> float | None:
    whole = ((y - y.mean(axis=0)) ** 2).sum()
    return float(1 - ((y - yhat) ** 2).sum() / whole) if whole > 0 else None


def _above_chance(said: Array, true: Array) -> float | None:
    """Return 0 for what the most frequent class gives, 1 for all right."""
    numbers = true.reshape(-1).astype(np.int64)
    chance = np.bincount(numbers).max() / len(numbers)
    if chance == 1:
        return None
    return float(((said.reshape(-1) == numbers).mean() - chance) / (1 - chance))
