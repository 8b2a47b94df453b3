"""How many rows an evaluation maps at a time, which bounds its memory."""

from __future__ import annotations

from torch import nn

_ROWS, _VALUES = 8192, 1 << 25  # so many rows, and of a wide layer so many values at a time


def evaluation_rows(module: nn.Module) -> int:
    """Return the number of rows that are mapped at a time."""
    widths = [layer.out_features for layer in module.modules() if isinstance(layer, nn.Linear)]
    return max(1, min(_ROWS, _VALUES // max(widths, default=1)))
