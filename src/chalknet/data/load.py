"""Anything that holds data -> a source."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any, cast

import torch
from torch.utils.data import TensorDataset

from chalknet.data.arrays import as_features
from chalknet.data.check import check_numbers
from chalknet.data.files import read_file, read_folder, read_mapping, read_side
from chalknet.data.mnist import mnist, mnist01
from chalknet.data.source import ArraySource, Part, Source
from chalknet.errors import FileProblem, InvalidValue, unknown_name

DATA_SETS: Mapping[str, Callable[[], Source]] = {"mnist01": mnist01, "mnist": mnist}


def load(data: object, *, held_out: object = None) -> Source:
    """Return the source of samples that `data` stands for.

    Args:
        data: "mnist01" (digits 0 and 1, part of the package) or "mnist" (downloaded once); a pair (x, y) or
            a dict of arrays, tensors, lists; a `TensorDataset`; a Source; or a path: a .npz with x and y,
            or with x_train, y_train, x_test, y_test; a .npy table whose last column is y; an IDX file of
            images with its labels beside it; a folder with the MNIST files. In a pair, either may be a
            path too. A name wins over a file of that name; write `./mnist` or a `Path` for the file.
        held_out: samples that are only evaluated: anything that `data` may be, or a share between 0 and 1
            of the rows, chosen at random but always the same ones, both parts in their old order. They
            take the place of those that `data` brings along.

    Raises:
        UnknownName: for a name that is neither a data set nor a path.
        FileProblem: for a file that is missing or cannot be opened.
        DataError: for what cannot be fitted: unequal lengths, NaN, text, a damaged or unknown file.
        InvalidValue: for a share outside (0, 1), or something that holds no data.

    Example:
        >>> import torch
        >>> source = load((torch.arange(10.0), torch.arange(10.0)), held_out=0.3)
        >>> len(source), len(source.held_out)
        (7, 3)
    """
    source = _source_of(data)
    if held_out is None:
        return source
    if isinstance(held_out, Real):
        return _split(source, float(held_out))
    return _part(source, torch.arange(len(source)), source.name, _source_of(held_out))


def features(data: object) -> torch.Tensor:
    """Return x alone, `(n, ...)`: of an array, a file of features, or whatever else `load` takes.

    A .npy file is x as a whole here. Targets, where there are any, are left aside.
    """
    if isinstance(data, str | os.PathLike) and not _is_name(data):
        path = _existing(Path(data).expanduser())
        if path.is_file():
            data = read_side(path, "x")
    if isinstance(data, str | os.PathLike | tuple | Mapping | TensorDataset | Source):
        source = _source_of(data)
        return source.take(slice(0, len(source))).x
    x = as_features(data, "x")
    check_numbers(x, "x")
    return x


def _source_of(data: object) -> Source:
    for kind, read in _KINDS:
        if isinstance(data, kind):
            return read(data)
    raise _no_data(data)


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
    n = len(source)
    if not 0 < share < 1 or n < 2:
        raise InvalidValue(
            where="held_out",
            got=f"the share {share:g} of {n} observations",
            wanted="a share between 0 and 1 of at least two observations",
            remedy="Say 0.2 to keep a fifth of the rows out of the training.",
        )
    count = min(max(round(n * share), 1), n - 1)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(0), device="cpu")
    kept_out, rest = order[:count].sort().values, order[count:].sort().values
    held_out = _part(source, kept_out, f"{source.name} held out", None)
    return _part(source, rest, source.name, held_out)


def _part(source: Source, rows: torch.Tensor, name: str, held_out: Source | None) -> Source:
    if isinstance(source, ArraySource):
        return ArraySource(*source.take(rows), name=name, held_out=held_out)
    return Part(source, rows, name, held_out)
