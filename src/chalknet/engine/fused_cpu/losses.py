"""The loss of class numbers as compiled code; the losses of single values are the table's own formulas."""

from __future__ import annotations

import math

from chalknet.engine.fused_cpu.scalars import exponential, like, scalar

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

CROSS_ENTROPY = 0  # stands in the place of an address


@scalar
def cross_entropy(yhat, label, g, scale):
    """Return the loss of one sample with its class number; g becomes its gradient."""
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
