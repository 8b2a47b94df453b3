"""x alone, of whatever holds features: prepared as the training rows of a kept fit were."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.blocks import Conversion, ConversionState, numbers_of
from chalknet.data.columns import Preparation, PreparedColumn, columns_like
from chalknet.data.formats import (
    DataTable,
    FileOptions,
    TableColumn,
    Words,
    feature_array,
    format_of,
    named,
    scale_of,
    side_of,
)
from chalknet.data.load import file_of, load
from chalknet.data.opened import is_prepared
from chalknet.data.sources import Source, check_array, is_dataset, is_user_source, scaled_like
from chalknet.errors import UnknownName, unknown_name
from chalknet.lazy import torch

Array = npt.NDArray[Any]

_BLOCK_BYTES = 32 << 20
_NAMES_SHOWN = 20
_LOADED = (str, os.PathLike, tuple, Mapping, Source)  # kinds of data that `load` takes with targets


@dataclass
class FeatureReading:
    """How features are read, and what was found on the way.

    Args:
        preparation: what is done to them: that of the training rows; None for rows as they stand.
        options: how the text of a file is read.
        notes: what was assumed, a sentence each.
        width: how many features the training rows had; None where that is not known.
        replaced: for each column how many words and gaps were replaced that the training rows did not have.
    """

    preparation: Preparation | None = None
    options: FileOptions = field(default_factory=FileOptions)
    width: int | None = None
    notes: dict[str, None] = field(default_factory=dict)
    replaced: Counter[str] = field(default_factory=Counter)

    def note(self, sentence: str) -> None:
        """Keep a sentence, once."""
        self.notes[sentence] = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the training rows' columns; none where they had no names."""
        found = self.preparation
        return found.names if found is not None and found.named else ()


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
    return torch.from_numpy(np.concatenate(list(feature_blocks(data, FeatureReading(preparation)))))


def feature_blocks(data: object, reading: FeatureReading) -> Iterator[Array]:
    """Yield x alone as arrays, some MB at a time where it stays in a file; `features` gives it whole."""
    table = _table_of(data, reading)
    if table is not None:
        yield from _blocks_of_table(table, reading)
        return
    scale = ""
    if (path := file_of(data, reading.options)) and format_of(path).side is not None:
        data, scale = side_of(path, "x", reading.options), scale_of(path)
    if _holds_rows(data):
        yield from _blocks_of_source(load(data, **vars(reading.options)), reading)
        return
    x, found = feature_array(data, "x")
    yield _prepared(x, scale or found, reading)


def texts_of(data: object, names: Sequence[str], options: FileOptions) -> dict[str, list[str]]:
    """Return columns of a file or another table by their names, as they are written.

    Raises:
        UnknownName: for a column that is not there; for data without names.
    """
    table = _table_of(data, FeatureReading(options=options))
    there = [] if table is None else [column.name for column in table.columns]
    for name in names:
        if name not in there:
            raise unknown_name("keep", "column", name, there or ("none: x has no names",))
    if table is None:
        return {}
    found: dict[str, list[str]] = {name: [] for name in names}
    columns = [TableColumn(there.index(name), name, "words") for name in names]
    for block in table.blocks(columns, 0):
        for name, values in zip(names, block.columns, strict=True):
            assert isinstance(values, Words)
            words = [*values.words, ""]  # -1 is a gap
            found[name] += [words[number] for number in values.numbers]
    return found


def _table_of(data: object, reading: FeatureReading) -> DataTable | None:
    """Return what has columns with names as a table; None for anything else."""
    if path := file_of(data, reading.options):
        file_format = format_of(path)
        table = file_format.open(path, reading.options) if file_format.side is None else None
        return table if isinstance(table, DataTable) else None
    is_table = isinstance(data, Mapping) and bool(reading.names) and set(reading.names) <= set(data)
    return named.table_of(data, "x", reading.options) if is_table or named.is_named(data) else None


def _holds_rows(data: object) -> bool:
    return isinstance(data, _LOADED) or is_user_source(data) or is_dataset(data)


def _blocks_of_table(table: DataTable, reading: FeatureReading) -> Iterator[Array]:
    """Yield x of a table's rows `(some, width)`, whatever other columns it has; the cache is not used."""
    preparation = reading.preparation
    if preparation is None or not reading.names:
        preparation = _by_place(table, reading)
    else:
        _check_names(table, preparation)
    columns = columns_like(table, preparation.x, preparation.dtype)
    conversion, state = Conversion(table, columns, (), frozenset(preparation.imputed)), ConversionState()
    for block in table.blocks(columns, 0):
        x, _ = numbers_of(conversion, block, state)
        if preparation is reading.preparation:
            yield preparation.apply(x, state.words, replaced=reading.replaced)
        else:
            yield _prepared(x, "", reading)
        state.rows += block.rows


def _by_place(table: DataTable, reading: FeatureReading) -> Preparation:
    """Return the features of a table for a fit that knows no names; the last column may be the target."""
    names = [column.name for column in table.columns]
    target = len(names) == reading.width + 1 if reading.width else table.path is not None
    chosen, rest = (names[:-1], names[-1]) if target and len(names) > 1 else (names, "")
    aside = f"; the last one, {rest}, is taken as the target" if rest else ""
    reading.note(_BY_PLACE.format(table.name, _listed(chosen)) + aside)
    return Preparation(tuple(map(PreparedColumn, chosen)), ())


def _check_names(table: DataTable, preparation: Preparation) -> None:
    """Raise an UnknownName for columns that a table lacks, naming those it has instead."""
    there = [column.name for column in table.columns]
    missing = [name for name in preparation.names if name not in there]
    if not missing:
        return
    others = [name for name in there if name not in preparation.names]
    error = unknown_name(f"the columns of {table.name}", "column", missing[0], others or there)
    near = error.remedy if error.remedy.startswith("Did") else ""
    read = "".join(f", read with {name}={value!r}" for name, value in preparation.reading.items())
    raise UnknownName(
        where=f"the columns of {table.name}{read}",
        got=f"no {_listed(missing)}" + (f", but {_listed(others)}" if others else ""),
        wanted=f"the columns of the fit: {_listed(preparation.names)}",
        remedy=near or "Rename its columns as the fit had them, or add those that are missing.",
    )


def _blocks_of_source(source: Source, reading: FeatureReading) -> Iterator[Array]:
    """Yield x of a source's rows; of one that was prepared as the training rows were, as it is."""
    preparation, found = reading.preparation, source.preparation
    rows = max(1, _BLOCK_BYTES // (8 * prod(source.x_shape)))
    blocks = (_array(source.take(slice(at, at + rows)).x) for at in range(0, len(source), rows))
    if found is not None and found.named and found.x and not reading.names:
        reading.note(_BY_PLACE.format(source.name, _listed(found.names)))
    if preparation is not None and preparation.x and is_prepared(source, preparation):
        yield from blocks
        return
    order = _order(source, reading)
    for x in blocks:
        yield _prepared(
            x if order is None else np.ascontiguousarray(x[:, order]),
            found.scale if found else "",
            reading,
            order,
        )


def _array(x: torch.Tensor) -> Array:
    """Return a tensor as an array; numpy has no bfloat16."""
    return (x.float() if x.dtype == torch.bfloat16 else x).detach().numpy()


def _order(source: Source, reading: FeatureReading) -> list[int] | None:
    """Return where the training rows' columns stand in a source with names; None where it has none."""
    found = source.preparation
    if not reading.names or found is None or not found.named or not found.x:
        return None
    missing = [name for name in reading.names if name not in found.names]
    if missing:
        raise unknown_name(f"the columns of {source.name}", "column", missing[0], found.names)
    return [found.names.index(name) for name in reading.names]


def _prepared(x: Array, scale: str, reading: FeatureReading, order: list[int] | None = None) -> Array:
    """Return x of rows `(n, columns)` that hold the training rows' columns in their order.

    Args:
        x: as it was found.
        scale: what its numbers are.
        reading: what is done to it.
        order: where columns with names stood; None where x has no names.
    """
    preparation = reading.preparation
    if preparation is None:
        check_array(x, "x")
        return x
    preparation.check_unnamed(prod(x.shape[1:]), "predict")
    if reading.names and order is None:
        reading.note(f"x has no names of columns: they are taken as {_listed(reading.names)}, in this order")
    x = scaled_like(x, scale, preparation.scale, "x", reading.notes)
    if preparation.x:
        x = preparation.apply(x.reshape(len(x), -1), replaced=reading.replaced).reshape(x.shape)
    check_array(x, "x")
    return x


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    return f"{shown}, ... ({len(names)} in all)" if len(names) > _NAMES_SHOWN else shown


_BY_PLACE = "the fit had no names of columns: those of {} are taken by their place: {}"
