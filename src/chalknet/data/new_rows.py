"""New rows for a kept fit: their columns found by name, and treated as the training rows were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chalknet.data.cache import Job, Ledger, numbers_of
from chalknet.data.found import wanted_like
from chalknet.data.preparation import Preparation
from chalknet.data.source import Source
from chalknet.data.tables import open_table
from chalknet.errors import DataError, ShapeMismatch


def prepared_blocks(path: Path, preparation: Preparation) -> Iterator[torch.Tensor]:
    """Yield x of a table's rows `(some, width)`; nothing of it is kept in the cache.

    Args:
        path: a CSV, Parquet or Arrow file with the columns of the training rows, in any order; others, the
            target among them, are left aside.
        preparation: that of the training rows.

    Raises:
        UnknownName: for a column that is missing, a category that the training rows did not have.
        DataError: for gaps that nothing fills, for text.
    """
    table = open_table(path)
    filled = frozenset(column.name for column in preparation.x if column.fill is not None)
    job, ledger = Job(table, wanted_like(table, preparation), (), filled), Ledger()
    for block in table.blocks(job.x, 0):
        x, _ = numbers_of(job, block, ledger)
        yield torch.from_numpy(preparation.apply(x, ledger.words))
        ledger.rows += block.rows


def prepared_columns(columns: Mapping[str, Any], preparation: Preparation) -> torch.Tensor:
    """Return x of named columns `(n,)`: numbers, or words where the training rows had words."""
    words, raw = {}, []
    for column in preparation.x:
        values = np.asarray(columns[column.name]).reshape(-1)
        if column.words is not None:
            different, values = np.unique(values.astype(str), return_inverse=True)
            words[column.name] = tuple(different.tolist())
        raw.append(values.astype(np.float64))
    return torch.from_numpy(preparation.apply(np.stack(raw, axis=1), words))


def as_prepared(
    source: Source, blocks: Iterator[torch.Tensor], preparation: Preparation
) -> Iterator[torch.Tensor]:
    """Yield x of a source's blocks, treated as the training rows were where it is not yet.

    Raises:
        DataError: for a source that was treated in another way.
    """
    own: Preparation | None = getattr(source, "preparation", None)
    if own is not None and own.x == preparation.x:
        yield from blocks
    elif own is None or own.is_plain:
        yield from (prepared_rows(x, preparation) for x in blocks)
    else:
        raise DataError(
            where=source.name,
            got="a source whose columns were filled, standardised or coded by its own rows",
            wanted="rows as they stand, or treated as the training rows were",
            remedy="Give the path of its file.",
        )


def prepared_rows(x: torch.Tensor, preparation: Preparation) -> torch.Tensor:
    """Return x of rows that hold the training rows' columns in their order, `(n, columns)`.

    Raises:
        ShapeMismatch: for another number of columns.
    """
    columns = prod(x.shape[1:])
    if columns != len(preparation.x) or any(column.words is not None for column in preparation.x):
        raise ShapeMismatch(
            where="predict",
            got=f"{columns} numbers a row without names",
            wanted=f"the columns {', '.join(preparation.names[:20])}",
            remedy="Give a CSV or Parquet file with these columns, or a dict of them.",
        )
    prepared = torch.from_numpy(preparation.apply(x.reshape(len(x), -1).numpy()))
    return prepared.reshape(x.shape)
