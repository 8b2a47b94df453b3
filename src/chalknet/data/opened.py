"""From what was opened to a source: which columns, prepared how, and like which other rows."""

from __future__ import annotations

from dataclasses import replace

from chalknet.data import formats, sources
from chalknet.data.columns import LoadOptions, Preparation, select_of_array, sides
from chalknet.data.conversion import convert_table
from chalknet.data.formats import ColumnNames, DataTable, RawRows, named
from chalknet.data.sources import ArraySource, HasProvenance, Source
from chalknet.errors import DataError, InvalidValue
from chalknet.units import is_number

Opened = DataTable | named.TablePair | RawRows | Source


def source_of(
    opened: Opened,
    options: LoadOptions,
    share: float | None,
    like: Preparation | None = None,
    *,
    beside: bool = False,
) -> Source:
    """Return the source of what was opened.

    Args:
        opened: a table, rows as they stand, or a source.
        options: what is asked.
        share: of the rows that are held out; None for none.
        like: how the columns of other rows were prepared, which is done to these.
        beside: whether these rows are held out of others.
    """
    if isinstance(opened, named.TablePair):
        opened, options = _as_table(opened, options, like)
    if isinstance(opened, DataTable):
        return _source_of_table(opened, options, share, like)
    if isinstance(opened, RawRows) and opened.y is None:
        rows = select_of_array(opened, options)
    elif options.selects and not beside:
        raise InvalidValue(
            where=opened.name,
            got="columns chosen of what is no table",
            wanted="a table (a file, a DataFrame) or a .npy table for x, y, one_hot and classes",
            remedy="Leave them out: x and y are given already.",
        )
    elif isinstance(opened, RawRows):
        rows = opened
    elif _stands(opened, options, like):
        return opened if share is None else sources.split_source(opened, share)
    else:
        rows = _rows_of_source(opened)
    return sources.source_of_rows(rows, options, share, like)


def _as_table(
    pair: named.TablePair, options: LoadOptions, like: Preparation | None
) -> tuple[DataTable, LoadOptions]:
    """Return a pair as one table, and the options that name its target."""
    if options.y is not None:
        raise InvalidValue(
            where="y",
            got="a target by name for a pair, whose second part is y",
            wanted="the table alone, or a pair without y=...",
            remedy="Give the table alone: cn.load(table, y=...).",
        )
    table = pair.table
    if like is not None and len(like.y) == len(pair.targets):  # y is y, whatever it is called
        columns = list(table.columns)
        for i, target in zip(pair.targets, like.y, strict=True):
            columns[i] = replace(columns[i], name=target.name)
        table = replace(table, columns=tuple(columns))
    return table, replace(options, y=pair.targets)


def _source_of_table(
    table: DataTable, options: LoadOptions, share: float | None, like: Preparation | None
) -> Source:
    """Return the source of a table; a target of words becomes classes."""
    if like is not None:
        return sources.source_of_rows(convert_table(table, options, like), options, share, like)
    _, targets = sides(options, table.columns, table.name)
    table, asked = table.judged(targets), options.classes
    target = table.columns[targets[0]]
    if len(targets) == 1 and target.kind == "text" and not asked:
        rows = convert_table(table, replace(options, classes=True))
        words = rows.names.words[rows.names.y[0]] if rows.names else ()
        if any(map(is_number, words)):
            rows = convert_table(table, options)  # which refuses the first word that is no number
        else:
            options = replace(options, classes=True)
            rows = replace(rows, notes=(*rows.notes, formats.classes_note(target.name, table.name, words)))
    else:
        rows = convert_table(table, options)
    source = sources.source_of_rows(rows, options, share)
    if (
        asked
        and target.kind in formats.NUMBER_KINDS
        and source.preparation
        and isinstance(source, HasProvenance)
    ):
        numeric = replace(source.preparation, numeric_classes=True)
        source = source.replace(provenance=replace(source.provenance, preparation=numeric))
    return source


def is_prepared(source: Source, preparation: Preparation) -> bool:
    """Return whether the columns of a source were prepared so already.

    Raises:
        DataError: for a source that was prepared in another way.
    """
    found = source.preparation
    if found is not None and found.x != preparation.x and not found.is_plain:
        raise DataError(
            where=source.name,
            got="a source whose columns were filled, standardised or coded by its own rows",
            wanted="rows as they stand, or prepared as the training rows were",
            remedy="Give the path of its file.",
        )
    return found is not None and found.x == preparation.x


def _stands(source: Source, options: LoadOptions, like: Preparation | None) -> bool:
    """Return whether a source is taken as it is: nothing is asked, or it is like the training rows."""
    if like is None:
        return not options.changes
    if not like.x:  # rows as they stand; only pixels may be on another scale
        alike = source.preparation is not None and source.preparation.scale == like.scale
        return alike or not like.scale or not isinstance(source, ArraySource)
    return is_prepared(source, like)


def _rows_of_source(source: Source) -> RawRows:
    """Return the rows of a source in memory, and those that it holds out, to be prepared."""
    if not isinstance(source, ArraySource):
        raise InvalidValue(
            where=source.name,
            got="fill or standardise for a source that makes its own rows",
            wanted="arrays or a file",
            remedy="Let its take(rows) return the rows as they are to be.",
        )
    found = source.preparation
    if found is not None and not found.is_plain:
        raise DataError(
            where=source.name,
            got="a source whose columns were filled, standardised or coded already",
            wanted="rows as they stand",
            remedy="Say all that is done to its columns in the one call that loads them.",
        )
    held_out = _rows_of_source(source.held_out) if isinstance(source.held_out, ArraySource) else None
    rows = RawRows(
        source.x.numpy(), source.y.numpy(), source.name, checked=True, held_out=held_out, notes=source.notes
    )
    if found is None:
        return rows
    labels = found.y[0].words if found.classes else None
    names = None
    if found.named and found.x:
        targets = tuple(column.name for column in found.y)
        words = {} if labels is None else {targets[0]: labels}
        names = ColumnNames(found.names, targets, words, default_target=found.default_target)
    return replace(rows, scale=found.scale, labels=labels, names=names)


def with_held_out(source: Source, held_out: Source) -> Source:
    """Return a source with the rows that it holds out, and a note where only these have names of columns.

    Raises:
        DataError: for words as the target of these rows alone.
    """
    then, now = source.preparation, held_out.preparation
    if now is not None and now.classes and not (then is not None and then.classes):
        raise DataError(
            where=f"y of {held_out.name}",
            got="words",
            wanted="numbers, as the training rows have them",
            remedy="Give the same kind of target in both.",
        )
    by_place = now is not None and now.named and now.x and not (then is not None and then.named and then.x)
    notes = (*held_out.notes, *((_BY_PLACE.format(", ".join(now.names)),) if now and by_place else ()))
    source = source.replace(held_out=held_out)
    if not notes or not isinstance(source, HasProvenance):
        return source
    every = tuple(dict.fromkeys((*source.notes, *notes)))
    return source.replace(provenance=replace(source.provenance, notes=every))


_BY_PLACE = "the training rows have no names of columns: those held out are taken by their place: {}"
