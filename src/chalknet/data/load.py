"""From whatever holds data to a source: its format, its columns, the source."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any, Literal, TypeGuard, cast

from torch.utils.data import TensorDataset

from chalknet.data import formats, sources
from chalknet.data.columns import Columns, LoadOptions, Preparation, select_of_array
from chalknet.data.conversion import convert_table
from chalknet.data.formats import DataTable, FileOptions, RawRows
from chalknet.data.mnist import mnist, mnist01
from chalknet.data.sources import ArraySource, HasProvenance, Provenance, Source
from chalknet.errors import DataError, FileProblem, InvalidValue, unknown_name
from chalknet.files import user_path

DATA_SETS: Mapping[str, Callable[[], Source]] = {"mnist01": mnist01, "mnist": mnist}
Opened = DataTable | RawRows | Source


def load(
    data: object,
    *,
    x: Columns | None = None,
    y: Columns | None = None,
    one_hot: bool | Columns = False,
    classes: bool = False,
    fill: str | float | Mapping[str, str | float] | None = None,
    standardise: bool | Columns = False,
    held_out: object = None,
    dtype: str = "float32",
    delimiter: str | None = None,
    header: bool | None = None,
    encoding: str | None = None,
    comment: str | None = None,
    skip_rows: int | str | Sequence[int | str] = (),
    decimal: str | None = None,
    missing: str | Sequence[str] = (),
    drop: Columns | None = None,
    unknown: str = "refuse",
    cache: str | Path | None = None,
    in_memory: bool | None = None,
) -> Source:
    """Return the source of samples that `data` stands for.

    A table (CSV, Parquet, Arrow) is converted once into two .npy files in a cache, and is found there again
    by its content. What takes at most a quarter of the memory that is left is read into it; anything larger
    stays in its file, and batches are read as they are needed.

    Args:
        data: "mnist01" (digits 0 and 1, part of the package) or "mnist" (downloaded once); a pair (x, y) or
            a dict of arrays, tensors, lists; a dataset of torch's with numbered items (x, y), a part of one,
            or a `DataLoader` over one; a Source, or anything with `__len__` and `take(rows)`; or a path: a
            CSV, Parquet or Arrow file; a .npz with x and y, or with x_train,
            y_train, x_test, y_test; a .npy table; an IDX file of images with its labels beside it; a folder
            with the MNIST files. In a pair, either may be a path too. A name wins over a file of that name;
            write `./mnist` or a `Path` for the file.
        x: names or numbers of a table's columns that are features; None for all but the target.
        y: names or numbers of a table's columns that are the target; None for the last one.
        one_hot: columns of words, each of which becomes a column of 0 and 1 a word; True for all of text.
        classes: whether the target's words become class numbers, in sorted order.
        fill: what takes the place of missing features: "mean", "median", a number, "auto" (the mean, or a
            category "missing" for words), or a dict by column.
        standardise: features brought to mean 0 and standard deviation 1; True for all numbers, "both" for
            the target too. These, the fills and the categories are learned from the training rows alone.
        held_out: samples that are only evaluated: anything that `data` may be, or a share between 0 and 1
            of the rows, chosen at random but always the same ones, both parts in their old order. They
            take the place of those that `data` brings along.
        dtype: of a table's x: "float32" or "float64".
        delimiter: of a text; None to find out.
        header: whether a text's first row holds names; None to find out.
        encoding: of a text, such as "cp949"; None to find out.
        comment: what lines of a text begin with that are left out, such as "#".
        skip_rows: rows of a text that are left out: so many lines at its top, and rows of the kinds "units"
            (below the header), "headers" (the header again) and "totals" (at the end).
        decimal: of numbers in a text, "." or ","; None to find out for each column.
        missing: words that stand for a missing value, beside the usual ones.
        drop: names or numbers of a table's columns that are left out.
        unknown: what becomes of a word, or a gap, that the training rows did not have: "refuse", "missing",
            "most-frequent"; kept with the run, for predictions too.
        cache: the folder of converted tables; None for `chalknet/tables` in the user's cache folder.
        in_memory: whether all of it is read into memory; None where it takes a quarter of it at most.

    Raises:
        UnknownName: for a name that is neither a data set nor a path, a column that is not there.
        FileProblem: for a file that is missing or cannot be opened, a cache that cannot be written.
        DataError: for what cannot be fitted: unequal lengths, gaps, text, a damaged or unknown file.
        InvalidValue: for a share outside (0, 1), or something that holds no data.
        MissingPackage: for a table without pyarrow.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> source = cn.load((torch.arange(10.0), torch.arange(10.0)), held_out=0.3, standardise=True)
        >>> len(source), abs(source.take(slice(0, 7)).x.mean().item()) < 1e-6
        (7, True)
    """
    options = LoadOptions(
        delimiter=delimiter, header=header, encoding=encoding, comment=comment, skip_rows=skip_rows,
        decimal=decimal, missing=missing, x=x, y=y, one_hot=one_hot, classes=classes, fill=fill,
        standardise=standardise, drop=drop, unknown=unknown, dtype=dtype, cache=cache, in_memory=in_memory,
    )  # fmt: skip
    share = float(held_out) if isinstance(held_out, Real) else None
    opened = _opened(data, options)
    source = _source(opened, options, share)
    if held_out is not None and share is None:
        beside = _opened(held_out, options, "held_out")
        aside = _source(beside, options, None, source)
        source = source.replace(held_out=aside)
        if isinstance(source, HasProvenance) and aside.notes:
            notes = (*source.notes, *(f"held out: {note}" for note in aside.notes))
            source = source.replace(provenance=replace(source.provenance, notes=notes))
    return _with_provenance(source, opened, data, held_out, options)


def _source(
    opened: Opened, options: LoadOptions, share: float | None, training: Source | None = None
) -> Source:
    """Return the source of what was opened.

    Args:
        opened: a table, rows as they stand, or a source.
        options: what is asked.
        share: of the rows that are held out; None for none.
        training: the source that these rows are held out of, which says how their columns are prepared.
    """
    like = None if training is None else training.preparation
    if isinstance(opened, DataTable):
        rows = convert_table(opened, options, like)
    elif isinstance(opened, RawRows) and opened.y is None:
        rows = select_of_array(opened, options)
    elif options.selects and training is None:
        raise InvalidValue(
            where=opened.name,
            got="columns chosen of what is no table",
            wanted="a CSV, Parquet, Arrow or .npy table for x, y, one_hot and classes",
            remedy="Leave them out: x and y are given already.",
        )
    elif isinstance(opened, RawRows):
        rows = opened
    elif is_prepared(opened, like) if like else not options.changes:
        return opened if share is None else sources.split_source(opened, share)
    else:
        rows = _rows_of_source(opened)
    return sources.source_of_rows(rows, options, share, like)


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


def _rows_of_source(source: Source) -> RawRows:
    """Return the rows of a source in memory, and those that it holds out, to be prepared."""
    if not isinstance(source, ArraySource):
        raise InvalidValue(
            where=source.name,
            got="fill or standardise for a source that makes its own rows",
            wanted="arrays or a file",
            remedy="Let its take(rows) return the rows as they are to be.",
        )
    held_out = _rows_of_source(source.held_out) if isinstance(source.held_out, ArraySource) else None
    return RawRows(source.x.numpy(), source.y.numpy(), source.name, checked=True, held_out=held_out)


def _with_provenance(
    source: Source, opened: Opened, data: object, held_out: object, options: LoadOptions
) -> Source:
    """Return a source with the keywords that give it again, where there are any, and its fingerprint."""
    aside = float(held_out) if isinstance(held_out, Real) else _kept_name(held_out)
    name = _kept_name(data)
    if name is None or (held_out is not None and aside is None):
        return source
    keywords = {"data": name, **({} if aside is None else {"held_out": aside}), **options.keywords}
    if isinstance(opened, DataTable):
        contents: tuple[str, ...] = (opened.content_hash,)
    elif options.changes and not (isinstance(opened, RawRows) and isinstance(opened.x, formats.ArrayFile)):
        contents = ()  # as runs that earlier versions kept have it
    else:
        contents = _contents(name)
    asked = {name: value for name, value in keywords.items() if name not in ("data", "cache", "in_memory")}
    if source.held_out is not None and isinstance(aside, str | list):
        asked["held_out"] = source.held_out.fingerprint() or aside
    fingerprint = hashlib.sha256(json.dumps([contents, asked], sort_keys=True).encode()).hexdigest()
    provenance = Provenance(keywords, fingerprint, source.preparation, source.notes)
    return source.replace(provenance=provenance)


def _kept_name(data: object) -> str | list[str] | None:
    """Return a name or paths as JSON can hold them; None for what was given in memory."""
    if _is_pair_of_paths(data):
        return [str(user_path(side).resolve()) for side in data]
    if not _is_path(data):
        return None
    return str(data) if is_name(data) else str(user_path(data).resolve())


def _contents(name: str | list[str]) -> tuple[str, ...]:
    """Return hashes of the files behind a name or path; a data set's name stands for its checked content."""
    if isinstance(name, list):
        return tuple(content for side in name for content in _contents(side))
    if is_name(name):
        return (name.lower(),)
    path = Path(name)
    files: list[Any] = sorted(path.rglob("*ubyte*")) if path.is_dir() else [path]
    if path.is_file() and formats.format_of(path) is formats.IDX:
        files.append(formats.labels_beside(path))
    return tuple(formats.content_hash(file) for file in files if isinstance(file, Path) and file.is_file())


def is_name(data: object) -> bool:
    """Return whether a value is the name of a data set."""
    return isinstance(data, str) and data.lower() in DATA_SETS


def _is_path(data: object) -> TypeGuard[str | os.PathLike[str]]:
    return isinstance(data, str | os.PathLike)


def _is_pair(data: object) -> bool:
    return isinstance(data, tuple | list) and len(data) == 2


def _is_pair_of_paths(data: object) -> TypeGuard[Sequence[str | os.PathLike[str]]]:
    return _is_pair(data) and all(map(_is_path, cast(Sequence[object], data)))


def _opened(data: object, options: FileOptions, where: str = "data") -> Opened:
    """Return what a value holds: a table, rows as they stand, or a source.

    Args:
        data: the value.
        options: how files are read.
        where: what an error calls the value.
    """
    for matches, open_ in _KINDS:
        if matches(data):
            return open_(data, options)
    raise _no_data(data, where)


def open_path(data: str | os.PathLike[str], options: FileOptions) -> DataTable | RawRows:
    """Return what a file or a folder holds, by its format."""
    path = existing(data)
    if path.is_dir():
        return formats.open_folder(path, path.resolve().name)
    return formats.format_of(path).open(path, options)


def existing(data: str | os.PathLike[str]) -> Path:
    """Return the path of a file or folder that exists, or raise the error that names what there is."""
    path = Path(data)
    with suppress(ValueError, OSError):  # a text that no path can be: with a zero byte, or too long
        path = user_path(data)
        if path.exists():
            return path
    if len(path.parts) < 2 and not path.suffix:
        raise unknown_name("data", "data set", str(data), (*DATA_SETS, "a file or folder that exists"))
    raise FileProblem(
        where=str(path),
        got="no such file or folder",
        wanted=f"a path that exists, or {' or '.join(DATA_SETS)}",
        remedy=f"It was looked for from {Path.cwd()}.",
    )


def file_of(data: object) -> Path | None:
    """Return the path of a file that is given by its path; None for anything else, a folder too."""
    return path if _is_path(data) and not is_name(data) and (path := existing(data)).is_file() else None


def _open_pair(pair: Sequence[object], options: FileOptions) -> RawRows:
    """Return x and y, either of which may be a path; two .npy files of equal length are left in place."""
    name = user_path(pair[0]).name if _is_path(pair[0]) else "data"
    if _is_pair_of_paths(pair):
        x, y = (formats.open_npy(existing(side)) for side in pair)
        if x is not None and y is not None and len(x) == len(y):
            return RawRows(x, y, name)
    return formats.rows_of_arrays(_side(pair[0], "x"), _side(pair[1], "y"), name)


def _side(value: object, side: Literal["x", "y"]) -> object:
    return formats.side_of(existing(value), side) if _is_path(value) else value


# What `load` takes, the first that fits; a row is added for another kind.
_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any, FileOptions], Opened]], ...] = (
    (is_name, lambda name, options: DATA_SETS[name.lower()]()),
    (_is_path, open_path),
    (_is_pair, _open_pair),
    (
        lambda data: isinstance(data, TensorDataset),
        lambda dataset, options: _opened(dataset.tensors, options),
    ),
    (lambda data: isinstance(data, Mapping), lambda arrays, options: formats.rows_of_mapping(arrays, "data")),
    (lambda data: isinstance(data, Source), lambda source, options: source),
    (sources.is_user_source, lambda data, options: sources.user_source(data, load)),
    (sources.is_dataset, lambda data, options: sources.open_dataset(data, load)),
)


# The type of what is often given in place of data -> what to write; the first row that fits.
_REMEDIES: tuple[tuple[Any, str], ...] = (
    (tuple | list, "Give (x, y), and the rest as held_out=(x, y)."),
    (type, "Give an object of the class, such as {name}()."),
    (bytes | bytearray, "Write them to a file and give its path."),
    (Iterator, "Collect x and y first, and give them as a pair."),
)
_FRAME = "Give its columns as arrays: cn.load((df[columns].to_numpy(), df[target].to_numpy()))."


def _no_data(data: object, where: str) -> InvalidValue:
    got = f"a {type(data).__name__} alone"
    if isinstance(data, tuple | list):
        got = f"{len(data)} things"
    elif isinstance(data, type):
        got = f"the class {data.__name__}"
    other = _FRAME if type(data).__name__ == "DataFrame" else "Give x and y as a pair (x, y)."
    remedy = next((text for kind, text in _REMEDIES if isinstance(data, kind)), other)
    return InvalidValue(
        where=where,
        got=got,
        wanted="a pair (x, y), a dict with x and y, a dataset, a path, a Source, or mnist01 or mnist",
        remedy=remedy.format(name=data.__name__ if isinstance(data, type) else ""),
    )
