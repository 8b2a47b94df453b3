"""x alone, of whatever holds features: prepared as the training rows of a kept fit were."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import numpy as np
import torch

from chalknet.data.blocks import Conversion, ConversionState, numbers_of
from chalknet.data.columns import Preparation, columns_like
from chalknet.data.formats import as_features, format_of, side_of
from chalknet.data.load import file_of, is_prepared, load
from chalknet.data.sources import Source, check_numbers, is_dataset, is_user_source

_BLOCK_BYTES = 32 << 20
_LOADED = (str, os.PathLike, tuple, Mapping, Source)  # kinds of data that `load` takes with targets


def features(data: object, preparation: Preparation | None = None) -> torch.Tensor:
    """Return x alone, `(n, ...)`: of an array, a file of features, or whatever else `load` takes.

    A .npy file is x as a whole here. Targets, where there are any, are left aside.

    Args:
        data: the features.
        preparation: what is done to them: that of the training rows.

    Raises:
        UnknownName: for a column that is missing, a category that the training rows did not have.
        ShapeMismatch: for another number of columns than the training rows had.
        DataError: for gaps that nothing fills, for text, for rows prepared in another way.
    """
    return torch.cat(list(feature_blocks(data, preparation)))


def feature_blocks(data: object, preparation: Preparation | None = None) -> Iterator[torch.Tensor]:
    """Yield x alone, some MB at a time where it stays in a file; as `features` gives it in one piece."""
    if path := file_of(data):
        file_format = format_of(path)
        if file_format.side is not None:
            data = side_of(path, "x")
        elif preparation is not None and preparation.named:
            yield from _prepared_blocks(file_format.open(path, preparation.file_options), preparation)
            return
    if isinstance(data, Mapping) and preparation is not None and set(preparation.names) <= set(data):
        yield _prepared_columns(data, preparation)
    elif isinstance(data, _LOADED) or is_user_source(data) or is_dataset(data):
        source = load(data)
        rows = max(1, _BLOCK_BYTES // (8 * prod(source.x_shape)))
        blocks = (source.take(slice(at, at + rows)).x for at in range(0, len(source), rows))
        if preparation is None or is_prepared(source, preparation):
            yield from blocks
        else:
            yield from (_prepared_rows(x, preparation) for x in blocks)
    else:
        x = as_features(data, "x")
        if preparation is not None:
            x = _prepared_rows(x, preparation)
        check_numbers(x, "x")
        yield x


def _prepared_blocks(table: Any, preparation: Preparation) -> Iterator[torch.Tensor]:
    """Yield x of a table's rows `(some, width)`, whatever other columns it has; the cache is not used."""
    columns = columns_like(table, preparation.x, preparation.dtype)
    conversion, state = Conversion(table, columns, (), frozenset(preparation.imputed)), ConversionState()
    for block in table.blocks(columns, 0):
        x, _ = numbers_of(conversion, block, state)
        yield torch.from_numpy(preparation.apply(x, state.words))
        state.rows += block.rows


def _prepared_columns(columns: Mapping[str, Any], preparation: Preparation) -> torch.Tensor:
    """Return x of named columns `(n,)`: numbers, or words where the training rows had words."""
    words, raw = {}, []
    for column in preparation.x:
        values = np.asarray(columns[column.name]).reshape(-1)
        if column.words is not None:
            different, values = np.unique(values.astype(str), return_inverse=True)
            words[column.name] = tuple(different.tolist())
        raw.append(values.astype(np.float64))
    return torch.from_numpy(preparation.apply(np.stack(raw, axis=1), words))


def _prepared_rows(x: torch.Tensor, preparation: Preparation) -> torch.Tensor:
    """Return x of rows `(n, columns)` that hold the training rows' columns in their order."""
    preparation.check_unnamed(prod(x.shape[1:]), "predict")
    prepared = torch.from_numpy(preparation.apply(x.reshape(len(x), -1).numpy()))
    return prepared.reshape(x.shape)
