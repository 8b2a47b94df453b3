"""Whether x and y can be fitted at all: equal lengths, some rows, no NaN and no infinity."""

from __future__ import annotations

import math
from collections.abc import Sized

import numpy as np
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
    if values.is_floating_point() and not math.isfinite(values.sum()):
        _check_rows(
            values.flatten(1) if values.dim() > 1 else values.unsqueeze(1), values.shape[1:], where, first_row
        )


def _check_rows(table: torch.Tensor, shape: torch.Size, where: str, first_row: int) -> None:
    wrong = ~table.isfinite()
    rows = wrong.any(dim=1).nonzero().flatten()
    if not len(rows):
        return  # only the sum was too large
    first = int(rows[0])
    column = int(wrong[first].int().argmax())
    place = tuple(int(index) for index in np.unravel_index(column, shape)) if shape else ()
    named = ", ".join(str(first_row + int(row)) for row in rows[:_ROWS_NAMED])
    raise DataError(
        where=f"{where}, row{'s' if len(rows) > 1 else ''} {named}"
        f"{', ...' if len(rows) > _ROWS_NAMED else ''} ({len(rows)} in all, counted from 0)",
        got=f"{table[first, column].item()}" + _in_column(place),
        wanted="finite numbers",
        remedy="Drop these rows, or put numbers in their gaps.",
    )


def _in_column(place: tuple[int, ...]) -> str:
    if not place:
        return ""
    return f" in column {place[0]}" if len(place) == 1 else f" at {place}"
