"""Sources of the user's own: whatever has a length and hands out rows."""

from __future__ import annotations

from typing import Protocol

import torch

from chalknet.data.arrays import as_features, as_targets
from chalknet.data.check import check_pair
from chalknet.data.room import fits_in_memory
from chalknet.data.source import Sample, Source, reads_ahead


class OwnSource:
    """A class of the user's own that has `__len__` and `take(rows)`, with all else that a source tells.

    Args:
        own: `take` is given a slice of step 1 or int64 row numbers, and returns x and y of equal length:
            tensors, arrays or lists. What else it has of `name`, `held_out`, `streams` and `reads_ahead`
            counts; the rest is found out.

    Raises:
        DataError: for x and y of its first row that cannot be fitted.
    """

    def __init__(self, own: Takes) -> None:
        self._own = own
        self.name: str = getattr(own, "name", type(own).__name__)
        self.held_out: Source | None = getattr(own, "held_out", None)
        first = self.take(slice(0, 1))
        check_pair(first.x, first.y, self.name)
        self.x_shape, self.y_shape = tuple(first.x.shape[1:]), tuple(first.y.shape[1:])
        needed = len(self) * sum(side.nbytes for side in first)
        self.streams: bool = getattr(own, "streams", not fits_in_memory(needed))
        self.reads_ahead: bool = reads_ahead(own)

    def __len__(self) -> int:
        return len(self._own)

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return these rows as tensors."""
        x, y = self._own.take(rows)
        return Sample(as_features(x, f"x of {self.name}"), as_targets(y, f"y of {self.name}"))


class Takes(Protocol):
    """The least that a source of the user's own has."""

    def __len__(self) -> int: ...

    def take(self, rows: torch.Tensor | slice) -> tuple[object, object]:
        """Return x and y of these rows."""


def is_own(value: object) -> bool:
    """Return whether a value is a source of the user's own, and no array or table of another library."""
    return (
        callable(getattr(value, "take", None))
        and hasattr(value, "__len__")
        and not hasattr(value, "__array__")
    )
