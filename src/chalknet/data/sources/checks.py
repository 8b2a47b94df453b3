"""Whether x and y can be fitted at all: equal lengths, some rows, no NaN and no infinity."""

from __future__ import annotations

import math
from collections.abc import Sized

import torch

from chalknet.errors import DataError

_ROWS_NAMED = 5


def check_pair(x: torch.Tensor, y: torch.Tensor, name: str) -> None:
    """Raise a DataError when x and y do not belong together or hold NaN or infinity.

    Args:
        x: features `(n, ...)`.
        y: targets `(n, ...)`.
        name: what an error calls their source.
    """
    check_lengths(x, y, name)
    check_numbers(x, f"x of {name}")
    check_numbers(y, f"y of {name}")


def check_lengths(x: Sized, y: Sized, name: str) -> None:
    """Raise a DataError when x and y have different lengths."""
    if len(x) != len(y):
        raise DataError(
            where=name,
            got=f"{len(x)} rows of x and {len(y)} rows of y",
            wanted="one y for each x",
            remedy="The first axis of both counts the observations; check how they were cut or transposed.",
        )


def check_numbers(values: torch.Tensor, where: str, first_row: int = 0) -> None:
    """Raise a DataError when there are no values, or when a row holds NaN or infinity.

    Args:
        values: `(n, ...)`.
        where: what an error calls them.
        first_row: the number of the first row, for an error.
    """
    if not values.numel():
        raise DataError(
            where=where,
            got=f"the shape {tuple(values.shape)}, which holds nothing",
            wanted="at least one row and one column",
            remedy="Look at where the rows were selected or read.",
        )
    # A sum that is finite has no NaN and no infinity in it, and costs a third of isfinite.
    if not values.is_floating_point() or math.isfinite(values.sum()):
        return
    rows = (~values.isfinite()).reshape(len(values), -1).any(dim=1).nonzero().flatten().tolist()
    if not rows:
        return  # only the sum was too large
    place = (~values[rows[0]].isfinite()).nonzero()[0].tolist()
    named = ", ".join(str(first_row + row) for row in rows[:_ROWS_NAMED])
    raise DataError(
        where=f"{where}, row{'s' if len(rows) > 1 else ''} {named}"
        f"{', ...' if len(rows) > _ROWS_NAMED else ''} ({len(rows)} in all, counted from 0)",
        got=f"{values[(rows[0], *place)].item()}{_at(place)}",
        wanted="finite numbers",
        remedy="Drop these rows, or put numbers in their gaps.",
    )


def _at(place: list[int]) -> str:
    if len(place) > 1:
        return f" at {tuple(place)}"
    return f" in column {place[0]}" if place else ""
