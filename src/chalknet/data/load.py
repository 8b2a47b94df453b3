"""Anything that holds data -> a source."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from numbers import Real
from pathlib import Path
from typing import Any, TypeGuard, cast

import torch
from torch.utils.data import TensorDataset

from chalknet.data.arrays import as_features, as_targets
from chalknet.data.cache import content_hash
from chalknet.data.check import check_numbers
from chalknet.data.choice import Choice, Columns
from chalknet.data.files import labels_beside, read_file, read_folder, read_mapping, read_side
from chalknet.data.found import (
    Found,
    Place,
    find_arrays,
    find_images,
    find_npy,
    find_pair,
    find_table,
    fingerprint,
    is_table,
    source_of,
    split,
)
from chalknet.data.idx import looks_like_idx
from chalknet.data.mnist import mnist, mnist01
from chalknet.data.new_rows import as_prepared, prepared_blocks, prepared_columns, prepared_rows
from chalknet.data.own import OwnSource, is_own
from chalknet.data.preparation import Preparation
from chalknet.data.source import ArraySource, Loaded, Part, Source
from chalknet.errors import FileProblem, InvalidValue, unknown_name

_BLOCK_BYTES = 32 << 20
DATA_SETS: Mapping[str, Callable[[], Source]] = {"mnist01": mnist01, "mnist": mnist}


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
    cache: str | Path | None = None,
    in_memory: bool | None = None,
) -> Source:
    """Return the source of samples that `data` stands for.

    A table (CSV, Parquet, Arrow) is converted once into two .npy files in a cache, and is found there again
    by its content. What takes at most a quarter of the memory that is left is read into it; anything larger
    stays in its file, and batches are read as they are needed.

    Args:
        data: "mnist01" (digits 0 and 1, part of the package) or "mnist" (downloaded once); a pair (x, y) or
            a dict of arrays, tensors, lists; a `TensorDataset`; a Source, or anything with `__len__` and
            `take(rows)`; or a path: a CSV, Parquet or Arrow file; a .npz with x and y, or with x_train,
            y_train, x_test, y_test; a .npy table; an IDX file of images with its labels beside it; a folder
            with the MNIST files. In a pair, either may be a path too. A name wins over a file of that name;
            write `./mnist` or a `Path` for the file.
        x: names or numbers of a table's columns that are features; None for all but the target.
        y: names or numbers of a table's columns that are the target; None for the last one.
        one_hot: columns of words, each of which becomes a column of 0 and 1 a word; True for all of text.
        classes: whether the target's words become class numbers, in sorted order.
        fill: what takes the place of missing features: "mean", "median", a number, or a dict by column.
        standardise: features brought to mean 0 and standard deviation 1; True for all numbers, "both" for
            the target too. These, the fills and the categories are learned from the training rows alone.
        held_out: samples that are only evaluated: anything that `data` may be, or a share between 0 and 1
            of the rows, chosen at random but always the same ones, both parts in their old order. They
            take the place of those that `data` brings along.
        dtype: of a table's x: "float32" or "float64".
        delimiter: of a text; None to find out.
        header: whether a text's first row holds names; None to find out.
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
        >>> source = load((torch.arange(10.0), torch.arange(10.0)), held_out=0.3, standardise=True)
        >>> len(source), len(source.held_out), abs(source.x.mean().item()) < 1e-6
        (7, 3, True)
    """
    choice = Choice(x, y, one_hot, classes, fill, standardise, dtype, delimiter, header)
    place = Place(None if cache is None else Path(cache).expanduser(), in_memory)
    share = float(held_out) if isinstance(held_out, Real) else None
    found = _found(data, choice, place)
    if isinstance(found, Found):
        source = source_of(found, choice, place, share)
    else:
        source = found if share is None else _split(found, share)
    if held_out is not None and share is None:
        source = _replaced(source, held_out=_beside(held_out, source, choice, place))
    return _with_origin(source, found, _keywords(data, held_out, choice, place))


def features(data: object, preparation: Preparation | None = None) -> torch.Tensor:
    """Return x alone, `(n, ...)`: of an array, a file of features, or whatever else `load` takes.

    A .npy file is x as a whole here. Targets, where there are any, are left aside.

    Args:
        data: the features.
        preparation: what is done to them: that of the training rows.
    """
    return torch.cat(list(feature_blocks(data, preparation)))


def feature_blocks(data: object, preparation: Preparation | None = None) -> Iterator[torch.Tensor]:
    """Yield x alone, some MB at a time where it stays in a file; as `features` gives it in one piece."""
    if isinstance(data, str | os.PathLike) and not _is_name(data):
        path = _existing(Path(data).expanduser())
        if path.is_file() and is_table(path) and preparation is not None and preparation.named:
            yield from prepared_blocks(path, preparation)
            return
        if path.is_file() and not is_table(path):
            data = read_side(path, "x")
    if isinstance(data, Mapping) and preparation is not None and set(preparation.names) <= set(data):
        yield prepared_columns(data, preparation)
        return
    if isinstance(data, str | os.PathLike | tuple | Mapping | TensorDataset | Source) or is_own(data):
        source = load(data)
        rows = max(1, _BLOCK_BYTES // (8 * prod(source.x_shape)))
        blocks = (source.take(slice(at, at + rows)).x for at in range(0, len(source), rows))
        yield from blocks if preparation is None else as_prepared(source, blocks, preparation)
        return
    x = as_features(data, "x")
    if preparation is not None:
        x = prepared_rows(x, preparation)
    check_numbers(x, "x")
    yield x


def _found(data: object, choice: Choice, place: Place, like: Preparation | None = None) -> Found | Source:
    """Return rows as they stand where more may be made of them, else a source."""
    if isinstance(data, str | os.PathLike) and not _is_name(data):
        path = _existing(Path(data).expanduser())
        if path.is_file() and is_table(path):
            return find_table(path, choice, place, like)
        if path.suffix.lower() == ".npy" and (found := find_npy(path, choice)):
            return found
        if path.is_file() and (found := find_images(path, place)):
            return found
    if (
        isinstance(data, tuple | list)
        and len(data) == 2
        and all(isinstance(s, str | os.PathLike) for s in data)
    ):
        sides = [_existing(Path(side).expanduser()) for side in data]
        if not any(map(is_table, sides)) and (found := find_pair(*sides)):
            return found
    if isinstance(data, tuple | list) and len(data) == 2 and choice.fill is not None:
        return find_arrays(as_features(data[0], "x of data"), as_targets(data[1], "y of data"), "data")
    source = _source_of(data)
    if choice.x is not None or choice.y is not None or choice.one_hot or choice.classes:
        raise InvalidValue(
            where=source.name,
            got="columns chosen of what is no table",
            wanted="a CSV, Parquet, Arrow or .npy table for x, y, one_hot and classes",
            remedy="Leave them out: x and y are given already.",
        )
    if not choice.changes and like is None:
        return source
    if not isinstance(source, ArraySource):
        raise InvalidValue(
            where=source.name,
            got="fill or standardise for a source that makes its own rows",
            wanted="arrays or a file",
            remedy="Let its take(rows) hand out the rows as they are to be.",
        )
    return find_arrays(source.x, source.y, source.name)


def _beside(held_out: object, source: Source, choice: Choice, place: Place) -> Source:
    """Return samples held out, treated as the training rows were."""
    like = getattr(source, "preparation", None)
    found = _found(
        held_out, choice if like is None or like.named else Choice(dtype=choice.dtype), place, like
    )
    return source_of(found, choice, place, None, like) if isinstance(found, Found) else found


def _keywords(data: object, held_out: object, choice: Choice, place: Place) -> dict[str, object] | None:
    """Return the keywords of `load` as JSON can hold them; None for what was handed over in memory."""
    aside = float(held_out) if isinstance(held_out, Real) else _kept_name(held_out)
    sides = {"data": _kept_name(data), "held_out": aside}
    if sides["data"] is None or (held_out is not None and sides["held_out"] is None):
        return None
    places = {"cache": place.cache and str(place.cache.resolve()), "in_memory": place.in_memory}
    given = {name: value for name, value in {**sides, **places}.items() if value is not None}
    return {**given, **choice.keywords}


def _kept_name(data: object) -> object:
    if isinstance(data, str | os.PathLike):
        return str(data) if _is_name(data) else str(Path(data).expanduser().resolve())
    if (
        isinstance(data, tuple | list)
        and len(data) == 2
        and all(isinstance(s, str | os.PathLike) for s in data)
    ):
        return [str(Path(side).expanduser().resolve()) for side in data]
    return None


def _with_origin(source: Source, found: Found | Source, keywords: dict[str, object] | None) -> Source:
    if keywords is None or not hasattr(source, "loaded"):
        return source
    contents = found.contents if isinstance(found, Found) else _contents(keywords["data"])
    tell = getattr(source.held_out, "fingerprint", None)
    beside = tell() if tell and isinstance(keywords.get("held_out"), str | list) else None
    mark = fingerprint(contents, keywords, beside)
    return _replaced(source, loaded=Loaded(keywords, mark, source.loaded.preparation))


def _contents(data: object) -> tuple[str, ...]:
    """Return hashes of the files behind a name or path; a data set's name stands for its checked content."""
    if isinstance(data, list):
        return tuple(content for side in data for content in _contents(side))
    if _is_name(data):
        return (str(data).lower(),)
    path = Path(str(data))
    beside = labels_beside(path) if path.is_file() and looks_like_idx(path) else None
    files = sorted(path.rglob("*ubyte*")) if path.is_dir() else [path, *([beside] if beside else [])]
    return tuple(content_hash(file) for file in files if isinstance(file, Path) and file.is_file())


def _replaced(source: Source, **changes: Any) -> Source:
    if hasattr(source, "replace"):
        return cast(Source, source.replace(**changes))
    return Part(source, torch.arange(len(source)), source.name, changes["held_out"])


def _source_of(data: object) -> Source:
    for kind, read in _KINDS:
        if isinstance(data, kind):
            return read(data)
    if is_own(data):
        return OwnSource(cast(Any, data))
    raise _no_data(data)


def _is_pair_of_paths(data: object) -> TypeGuard[Sequence[str | os.PathLike[str]]]:
    several = isinstance(data, tuple | list) and len(data) == 2
    return several and all(isinstance(side, str | os.PathLike) for side in data)  # type: ignore[attr-defined]


def _is_name(data: object) -> bool:
    return isinstance(data, str) and data.lower() in DATA_SETS


def _of_name_or_path(data: str | os.PathLike[str]) -> Source:
    if isinstance(data, str) and _is_name(data):
        return DATA_SETS[data.lower()]()
    path = _existing(Path(data).expanduser())
    return read_folder(path, path.resolve().name) if path.is_dir() else read_file(path)


def _existing(path: Path) -> Path:
    if path.exists():
        return path
    if len(path.parts) < 2 and not path.suffix:
        raise unknown_name("data", "data set", str(path), (*DATA_SETS, "a file or folder that exists"))
    raise FileProblem(
        where=str(path),
        got="no such file or folder",
        wanted=f"a path that exists, or {' or '.join(DATA_SETS)}",
        remedy=f"It was looked for from {Path.cwd()}.",
    )


def _of_pair(pair: tuple[object, ...] | list[object]) -> Source:
    if len(pair) != 2:
        raise _no_data(pair)
    x, y = pair
    name = "data"
    if isinstance(x, str | os.PathLike):
        name = Path(x).name
        x = read_side(_existing(Path(x).expanduser()), "x")
    if isinstance(y, str | os.PathLike):
        y = read_side(_existing(Path(y).expanduser()), "y")
    return ArraySource(x, y, name)


def _of_dataset(dataset: TensorDataset) -> Source:
    return _of_pair(dataset.tensors)


def _of_mapping(arrays: Mapping[str, Any]) -> Source:
    return read_mapping(arrays, "data")


# What `load` takes, the first that fits; a row is added for another kind.
_KINDS: tuple[tuple[Any, Callable[[Any], Source]], ...] = (
    (str | os.PathLike, _of_name_or_path),
    (tuple | list, _of_pair),
    (TensorDataset, _of_dataset),
    (Mapping, _of_mapping),
    (Source, lambda source: cast(Source, source)),
)


def _no_data(data: object) -> InvalidValue:
    several = isinstance(data, tuple | list)
    return InvalidValue(
        where="data",
        got=f"{len(data)} things" if isinstance(data, tuple | list) else f"a {type(data).__name__} alone",
        wanted="a pair (x, y), a dict with x and y, a TensorDataset, a path, a Source, or mnist01 or mnist",
        remedy="Give (x, y), and the rest as held_out=(x, y)."
        if several
        else "Give x and y as a pair. Of a DataLoader give loader.dataset; batches are made here.",
    )


def _split(source: Source, share: float) -> Source:
    rest, kept_out = (rows.long() for rows in split(len(source), share))
    held_out = _part(source, kept_out, f"{source.name} held out", None)
    return _part(source, rest, source.name, held_out)


def _part(source: Source, rows: torch.Tensor, name: str, held_out: Source | None) -> Source:
    if isinstance(source, ArraySource):
        return ArraySource(*source.take(rows), name=name, held_out=held_out, loaded=source.loaded)
    return Part(source, rows, name, held_out)
