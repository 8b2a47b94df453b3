"""What is in a source, as facts to print."""

from __future__ import annotations

from pathlib import Path

import torch

from chalknet.data.preparation import Preparation
from chalknet.data.source import Source, streams
from chalknet.data.survey import survey
from chalknet.units import show_count, show_value

_ROWS_AT_A_TIME = 8192
_NAMES_SHOWN = 20


def describe(source: Source | str | Path) -> dict[str, str]:
    """Return a source's facts: its name, how many observations, x and y with their ranges, held out.

    Of a source that was loaded from columns also which they are. Of the path of a table, whatever it holds:
    the kind of each column, its range, how many values are missing, and examples.

    Args:
        source: a source, or the path of a CSV, Parquet or Arrow file.

    Example:
        >>> from chalknet.data import load
        >>> describe(load(([0.0, 0.5, 1.0], [0, 1, 1])))["x"]
        '(n,1) float32, 0 to 1'
    """
    if isinstance(source, str | Path):
        return survey(Path(source).expanduser())
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
        **_columns(getattr(source, "preparation", None)),
        **({"in memory": "no: batches are read as they are needed"} if streams(source) else {}),
    }


def _columns(preparation: Preparation | None) -> dict[str, str]:
    if preparation is None:
        return {}
    chosen = " (the last column: none was named)" if preparation.default_target else ""
    classes = "" if preparation.y[0].words is None else f", classes {', '.join(preparation.y[0].words)}"
    names = preparation.names
    shown = ", ".join(names[:_NAMES_SHOWN]) + (
        f", ... ({len(names)} in all)" if len(names) > _NAMES_SHOWN else ""
    )
    return {
        "features": shown,
        "target": ", ".join(column.name for column in preparation.y) + chosen + classes,
    }


def _range_of(values: torch.Tensor) -> tuple[float, float]:
    return values.min().item(), values.max().item()


def _side(sample: torch.Tensor, ranges: list[tuple[float, float]]) -> str:
    shape = ",".join(["n", *map(str, sample.shape[1:])])
    least, most = min(low for low, _ in ranges), max(high for _, high in ranges)
    dtype = str(sample.dtype).removeprefix("torch.")
    return f"({shape}) {dtype}, {show_value(least)} to {show_value(most)}"
