"""From whatever holds data to a source: its format, its columns, the source."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any, Literal

from chalknet.data import formats, sources
from chalknet.data.columns import Columns, LoadOptions, Preparation
from chalknet.data.formats import DataTable, FileOptions, RawRows, named, standard_input
from chalknet.data.mnist import DATA_SETS
from chalknet.data.opened import Opened, source_of, with_held_out
from chalknet.data.origin import is_name, is_pair, is_pair_of_paths, is_path, with_provenance, with_reading
from chalknet.data.sources import Source
from chalknet.errors import FileProblem, InvalidValue, unknown_name
from chalknet.files import user_path
from chalknet.lazy import torch_data, torch_is_loaded

_NOTHING_SAID = FileOptions()


def load(
    data: object,
    *,
    x: Columns | None = None,
    y: Columns | None = None,
    one_hot: bool | Columns = False,
    embed: Columns | None = None,
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
    limits: Mapping[str, int] | None = None,
) -> Source:
    """Return the source of samples that `data` stands for.

    A table (CSV, Parquet, Arrow) is converted once into two .npy files in a cache, and is found there again
    by its content. What takes at most a quarter of the memory that is left is read into it; anything larger
    stays in its file, and batches are read as they are needed.

    Args:
        data: "mnist01" (digits 0 and 1, part of the package) or "mnist" (downloaded once); a pair (x, y) or
            a dict of arrays, tensors, lists; a table of named columns: a DataFrame of pandas or polars, an
            Arrow table, a dict of columns, a structured array; a dataset of torch's with numbered items
            (x, y), a part of one, or a `DataLoader` over one; a Source, or anything with `__len__` and
            `take(rows)`; or a path: a CSV, Parquet or Arrow file; a .npz with x and y, or with x_train,
            y_train, x_test, y_test; a .npy table; an IDX file of images with its labels beside it; a folder
            with the MNIST files. In a pair, either may be a path too. A name wins over a file of that name;
            write `./mnist` or a `Path` for the file.
        x: names or numbers of a table's columns that are features; None for all but the target.
        y: names or numbers of a table's columns that are the target; None for the last one.
        one_hot: columns of words, each of which becomes a column of 0 and 1 a word; True for all of text.
        embed: columns whose categories become one number each, counted from 0 in sorted order, in front of
            the other features: for a network that begins with `embed(city ? -> 8)`. A word that the training
            rows did not have is refused, or with unknown="missing" has a number of its own behind theirs.
        classes: whether the target's words become class numbers, in sorted order.
        fill: what takes the place of missing features: "mean", "median", a number, "auto" (the mean, or a
            category "missing" for words), or a dict by column.
        standardise: features brought to mean 0 and standard deviation 1; True for all numbers, "both" for
            the target too, or a list of columns, which may name the target. These, the fills and the
            categories are learned from the training rows alone.
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
        limits: how much is read of a file at most, where that is not enough: "columns" of a table (20,000),
            "row_bytes" of a text (64 MiB), "unpacked_bytes" of a packed file (128 MiB, or 50 times its size),
            "input_bytes" of standard input (4 GiB).

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
        decimal=decimal, missing=missing, x=x, y=y, one_hot=one_hot, embed=embed, classes=classes, fill=fill,
        standardise=standardise, drop=drop, unknown=unknown, dtype=dtype, cache=cache, in_memory=in_memory,
        limits=limits,
    )  # fmt: skip
    share = float(held_out) if isinstance(held_out, Real) else None
    opened = open_data(data, options)
    source = source_of(opened, options, share)
    if held_out is not None and share is None:
        beside = open_data(held_out, options, "held_out")
        source = with_held_out(source, source_of(beside, options, None, source.preparation, beside=True))
    named_data, named_aside = (... if standard_input.is_asked(each) else each for each in (data, held_out))
    return with_reading(with_provenance(source, opened, named_data, named_aside, options), options)


def load_like(data: object, preparation: Preparation | None, options: LoadOptions | None = None) -> Source:
    """Return data whose columns are treated as those of other rows were, where that is known."""
    options = options or LoadOptions()
    return source_of(open_data(data, options), options, None, preparation)


def open_data(data: object, options: FileOptions, where: str = "data") -> Opened:
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
    path = existing(data, options)
    if path.is_dir():
        return formats.open_folder(path, path.resolve().name)
    return formats.format_of(path).open(path, options)


def existing(data: str | os.PathLike[str], options: FileOptions = _NOTHING_SAID) -> Path:
    """Return the path of a file or folder that exists, or raise the error that names what there is."""
    if standard_input.is_asked(data):
        return standard_input.copied(options.limits)
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


def file_of(data: object, options: FileOptions = _NOTHING_SAID) -> Path | None:
    """Return the path of a file that is given by its path; None for anything else, a folder too."""
    if not is_path(data) or is_name(data):
        return None
    path = existing(data, options)
    return path if path.is_file() else None


def _open_pair(pair: Sequence[Any], options: FileOptions) -> RawRows | named.TablePair:
    """Return x and y, either of which may be a path; two .npy files of equal length are left in place."""
    name = user_path(pair[0]).name if is_path(pair[0]) else "data"
    if table := named.table_pair(pair[0], _side(pair[1], "y", options), name, options):
        return table
    if is_pair_of_paths(pair):
        x, y = (formats.open_npy(existing(side, options)) for side in pair)
        if x is not None and y is not None and len(x) == len(y):
            return RawRows(x, y, name, scale="bytes" if formats.is_bytes(x) else "")
    rows = formats.rows_of_arrays(_side(pair[0], "x", options), _side(pair[1], "y", options), name)
    scale = formats.scale_of(existing(pair[0], options)) if is_path(pair[0]) else ""
    return replace(rows, scale=scale) if scale else rows


def _side(value: object, side: Literal["x", "y"], options: FileOptions) -> object:
    return formats.side_of(existing(value, options), side, options) if is_path(value) else value


# What `load` takes, the first that fits; a row is added for another kind.
_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any, FileOptions], Opened]], ...] = (
    (is_name, lambda name, options: DATA_SETS[name.lower()]()),
    (is_path, open_path),
    (is_pair, _open_pair),
    (named.is_named, lambda data, options: named.table_of(data, options=options)),
    (
        lambda data: torch_is_loaded() and isinstance(data, torch_data.TensorDataset),
        lambda dataset, options: open_data(dataset.tensors, options),
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


def _no_data(data: object, where: str) -> InvalidValue:
    got = f"a {type(data).__name__} alone"
    if isinstance(data, tuple | list):
        got = f"{len(data)} things"
    elif isinstance(data, type):
        got = f"the class {data.__name__}"
    lazy = next((name for name in ("collect", "compute") if hasattr(data, name)), "")
    other = f"Compute it first: data.{lazy}()." if lazy else "Give x and y as a pair (x, y)."
    remedy = next((text for kind, text in _REMEDIES if isinstance(data, kind)), other)
    return InvalidValue(
        where=where,
        got=got,
        wanted="a pair (x, y), a dict with x and y, a DataFrame, a dataset, a path, a Source, or mnist01 or "
        "mnist",
        remedy=remedy.format(name=data.__name__ if isinstance(data, type) else ""),
    )
