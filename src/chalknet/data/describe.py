"""What is in a source, as facts to print."""

from __future__ import annotations

import torch

from chalknet.data.source import Source
from chalknet.units import show_count, show_value

_ROWS_AT_A_TIME = 8192


def describe(source: Source) -> dict[str, str]:
    """Return a source's facts: its name, how many observations, x and y with their ranges, held out.

    Example:
        >>> from chalknet.data import load
        >>> describe(load(([0.0, 0.5, 1.0], [0, 1, 1])))["x"]
        '(n,1) float32, 0 to 1'
    """
    n = len(source)
    blocks = (slice(first, min(first + _ROWS_AT_A_TIME, n)) for first in range(0, n, _ROWS_AT_A_TIME))
    ranges = [tuple(map(_range_of, source.take(rows))) for rows in blocks]
    first = source.take(slice(0, 1))
    return {
        "name": source.name,
        "observations": show_count(n),
        "x": _side(first.x, [x for x, _ in ranges]),
        "y": _side(first.y, [y for _, y in ranges]),
        "held out": "none" if source.held_out is None else show_count(len(source.held_out)),
    }


def _range_of(values: torch.Tensor) -> tuple[float, float]:
    return values.min().item(), values.max().item()


def _side(sample: torch.Tensor, ranges: list[tuple[float, float]]) -> str:
    shape = ",".join(["n", *map(str, sample.shape[1:])])
    least, most = min(low for low, _ in ranges), max(high for _, high in ranges)
    dtype = str(sample.dtype).removeprefix("torch.")
    return f"({shape}) {dtype}, {show_value(least)} to {show_value(most)}"
