"""From rows as they stand to a source: split, prepared as their columns ask for, read or left in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from chalknet.data.columns import ColumnOptions, LoadedRows, Preparation, learn
from chalknet.data.formats import RawRows
from chalknet.data.sources.array_source import ArraySource
from chalknet.data.sources.checks import check_lengths, check_pair
from chalknet.data.sources.source import Provenance, Source
from chalknet.data.sources.streamed import StreamedSource
from chalknet.data.sources.subset import split_rows
from chalknet.system import fits_in_memory

_BLOCK_BYTES = 8 << 20


def source_of_rows(
    rows: LoadedRows,
    options: ColumnOptions,
    in_memory: bool | None,
    share: float | None,
    like: Preparation | None = None,
) -> Source:
    """Return the source of rows as they stand.

    Args:
        rows: the rows.
        options: what becomes of their columns.
        in_memory: whether they are read into memory; None where a quarter of what is left holds them.
        share: of the rows that are held out; None for those that the rows bring along.
        like: the preparation of other rows, which is applied to these; None to learn one.

    Raises:
        DataError: for values that cannot be fitted.
        ShapeMismatch: for other columns than those of `like`.
        InvalidValue: for a share outside (0, 1).
    """
    raw = rows.raw
    if raw.y is not None:
        check_lengths(raw.x, raw.y, raw.name)
    if raw.is_tensors and not rows.checked and options.fill is None:
        check_pair(torch.from_numpy(raw.x), torch.from_numpy(raw.y), raw.name)
    if like is not None and not rows.names.named:
        like.check_unnamed(prod(raw.x_shape), raw.name)
    training, kept_out = (None, None) if share is None else split_rows(len(raw), share)
    preparation = _preparation(rows, options, training) if like is None else like
    provenance = Provenance(preparation=preparation)
    held_out = None
    if kept_out is not None:
        held_out = StreamedSource(raw, f"{raw.name} held out", kept_out, None, provenance, strict=False)
    elif raw.held_out is not None:
        held_out = StreamedSource(raw.held_out, raw.held_out.name, None, None, provenance)
    source = StreamedSource(raw, raw.name, training, held_out, provenance)
    return _placed(source, rows.checked, in_memory)


def _preparation(
    rows: LoadedRows, options: ColumnOptions, training: torch.Tensor | None
) -> Preparation | None:
    """Return what is learned of the training rows; None where x stands as it is and columns have no names."""
    if not rows.names.named:
        if not options.changes:
            return None
        options = replace(
            options, dtype=str(rows.raw.x_dtype).removeprefix("torch.")
        )  # arrays keep their own
    count = len(rows.raw) if training is None else len(training)
    return learn(options, rows.names, _blocks(rows.raw, training), count)


def _placed(source: StreamedSource, checked: bool, in_memory: bool | None) -> Source:
    """Return a source in memory, or checked and left in its file."""
    raw, held_out = source.raw, source.held_out
    if raw.is_tensors and source.rows is None and source.preparation is None:  # nothing to copy
        beside = held_out.in_memory() if isinstance(held_out, StreamedSource) else None
        return ArraySource(raw.x, raw.y, source.name, beside, provenance=source.provenance)
    stays = not fits_in_memory(source.nbytes) if in_memory is None else not in_memory
    if not stays or isinstance(raw.x, np.ndarray):
        return source.in_memory()
    if not checked:
        source.check()
        if isinstance(held_out, StreamedSource):
            held_out.check()
    return source


def _blocks(raw: RawRows, rows: torch.Tensor | None) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Yield rows as they stand in blocks of a size that their shape alone decides: sums are then alike."""
    n = len(raw) if rows is None else len(rows)
    size = max(1, _BLOCK_BYTES // (4 * prod(raw.x_shape)))
    for first in range(0, n, size):
        numbers = (
            slice(first, min(first + size, n)) if rows is None else rows[first : first + size].long().numpy()
        )
        x, y = raw.read(numbers)
        yield x.numpy().reshape(len(x), -1), y
