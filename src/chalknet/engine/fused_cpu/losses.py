"""The losses as compiled code: one row each, the loss of one value and its slope in yhat.

Source: `chalknet.planning.LOSSES`; the guards against log(0) and 1/0 are torch's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chalknet.engine.fused_cpu.scalars import exponential, like, scalar, sigmoid_of

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"


@scalar
def mse(p, y):
    return (p - y) * (p - y)


@scalar
def mse_slope(p, y):
    return like(2.0, p) * (p - y)


@scalar
def l1(p, y):
    return -(p - y) if p < y else p - y


@scalar
def l1_slope(p, y):
    above = like(1.0, p) if p > y else like(0.0, p)
    return like(-1.0, p) if p < y else above


@scalar
def huber(p, y):
    away = l1(p, y)
    return away - like(0.5, p) if away > like(1.0, p) else like(0.5, p) * away * away


@scalar
def huber_slope(p, y):
    away = p - y
    away = like(1.0, p) if away > like(1.0, p) else away
    return like(-1.0, p) if away < like(-1.0, p) else away


@scalar
def _log_from_minus_100(value, model):
    return like(-100.0, model) if value < like(-100.0, model) else value


@scalar
def bce(p, y):
    log_p = _log_from_minus_100(like(math.log(p), p), p)
    log_rest = _log_from_minus_100(like(math.log1p(-p), p), p)
    return (y - like(1.0, p)) * log_rest - y * log_p


@scalar
def bce_slope(p, y):
    spread = (like(1.0, p) - p) * p
    least = like(1e-12, p)
    return (p - y) / (least if spread < least else spread)


@scalar
def bce_logits(z, y):
    size = -z if z < like(0.0, z) else z
    below = -z if z < like(0.0, z) else like(0.0, z)
    return (like(1.0, z) - y) * z + below + like(math.log1p(exponential(-size)), z)


@scalar
def bce_logits_slope(z, y):
    return sigmoid_of(z) - y


ROWS: dict[str, tuple[Any, Any]] = {
    "mse": (mse, mse_slope),
    "l1": (l1, l1_slope),
    "huber": (huber, huber_slope),
    "bce": (bce, bce_slope),
    "bce_logits": (bce_logits, bce_logits_slope),
}
CROSS_ENTROPY = len(ROWS)  # no loss of single values: `cross_entropy` below
CODES = {name: code for code, name in enumerate((*ROWS, "cross_entropy"))}


def _link(code: int, value: Any, slope: Any, otherwise: Any) -> Callable[..., float]:
    @scalar
    def compare(wanted, yhat, y, g, width, stride, scale):
        if wanted != code:
            return otherwise(wanted, yhat, y, g, width, stride, scale)
        total = 0.0
        for line in range(len(y) // width):
            for i in range(width):
                at = line * stride + i
                total += value(yhat[at], y[line * width + i])
                g[at] = scale * slope(yhat[at], y[line * width + i])
        return total

    return compare  # type: ignore[no-any-return]


@scalar
def _no_loss(wanted, yhat, y, g, width, stride, scale):
    return 0.0


def _chained() -> Any:
    compare: Any = _no_loss
    for code, (value, slope) in reversed(list(enumerate(ROWS.values()))):
        compare = _link(code, value, slope, compare)
    return compare


compare = _chained()


@scalar
def cross_entropy(yhat, label, g, scale):
    """Return the loss of one sample with its class number; g becomes its slope."""
    highest = yhat[0]
    for i in range(len(yhat)):
        highest = yhat[i] if yhat[i] > highest else highest
    total = like(0.0, highest)
    for i in range(len(yhat)):
        g[i] = exponential(yhat[i] - highest)
        total += g[i]
    for i in range(len(yhat)):
        g[i] = scale * (g[i] / total)
    g[label] -= scale
    return math.log(total) + highest - yhat[label]
