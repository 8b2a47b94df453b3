"""Targets that are words: class numbers, and the words that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import DataError
from chalknet.lazy import torch, torch_is_loaded

_SHOWN = 10


@dataclass(frozen=True)
class Labels:
    """Class numbers and their words.

    Args:
        numbers: for each row the number of its word, `(n,)`.
        words: the different words, sorted.
    """

    numbers: npt.NDArray[np.int64]
    words: tuple[str, ...]


def classes_note(target: str, name: str, words: Sequence[str]) -> str:
    """Return the sentence that says that a target's words are taken as classes."""
    words = sorted(words)
    more = f", ... ({len(words)} in all)" if len(words) > _SHOWN else ""
    return f"the target {target!r} of {name} is words, its classes: {', '.join(words[:_SHOWN])}{more}"


def labels_of(y: Any, where: str) -> Labels | None:
    """Return a target of words as labels: a list of str, an array or a series of them; None for any other.

    Args:
        y: the target.
        where: what an error calls it.

    Raises:
        DataError: for a gap among the words, or several words a row.
    """
    if isinstance(y, str | bytes) or (torch_is_loaded() and isinstance(y, torch.Tensor)):
        return None
    if isinstance(y, list | tuple) and not any(isinstance(entry, str) for entry in y[:100]):
        return None
    try:
        array = np.asarray(y, dtype=object if isinstance(y, list | tuple) else None)
    except Exception:  # __array__ is code of another library; what it is no use for is said elsewhere
        return None
    if array.dtype.kind not in "UTO" or not array.size:
        return None
    entries = array.reshape(-1).tolist()
    gaps = [row for row, entry in enumerate(entries) if not isinstance(entry, str)]
    if len(gaps) == len(entries) or not all(_is_gap(entries[row]) for row in gaps):
        return None
    if gaps or len(entries) != len(array):
        row = f", row {gaps[0]} (counted from 0)" if gaps else ""
        raise DataError(
            where=where + row,
            got="a missing value" if gaps else f"words in the shape {array.shape}",
            wanted="one word in every row",
            remedy="Leave these rows out: a target is not made up." if gaps else "Give one column of words.",
        )
    words, numbers = np.unique(np.array(entries), return_inverse=True)
    return Labels(numbers.astype(np.int64), tuple(words.tolist()))


def _is_gap(entry: Any) -> bool:
    """Return whether a value is None, NaN, or the NA of pandas."""
    return entry is None or type(entry).__name__ == "NAType" or (isinstance(entry, float) and entry != entry)
