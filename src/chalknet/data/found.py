"""From a file to rows as they stand, and from these to a source: split, learned, in memory or streamed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from chalknet.data.cache import Job, content_hash, converted
from chalknet.data.choice import Choice, choose, positions
from chalknet.data.csv_text import not_utf8
from chalknet.data.files import labels_beside
from chalknet.data.idx import looks_like_idx
from chalknet.data.mnist import user_cache
from chalknet.data.orders import drawn
from chalknet.data.preparation import Preparation
from chalknet.data.room import fits_in_memory
from chalknet.data.source import Loaded, Source
from chalknet.data.statistics import Names, fills_of, learn
from chalknet.data.stored import open_idx, open_npy
from chalknet.data.streamed import Raw, StreamedSource
from chalknet.data.tables import Column, Table, Wanted, not_a_number, open_table
from chalknet.errors import DataError, InvalidValue

_TEXTS = (".csv", ".tsv", ".tab", ".txt", ".data")
_COLUMNAR = (".parquet", ".pq", ".arrow", ".feather", ".ipc")
_PACKED = (".gz", ".bz2", ".xz")
_READABLE = ("number", "boolean", "empty")
_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class Place:
    """Where what is loaded is kept.

    Args:
        cache: the folder of converted tables; None for the user's own.
        in_memory: whether all of it is read into memory; None where a quarter of what is left holds it.
    """

    cache: Path | None = None
    in_memory: bool | None = None

    @property
    def folder(self) -> Path:
        """Return the folder of converted tables."""
        return self.cache or user_cache() / "tables"


@dataclass(frozen=True)
class Found:
    """Rows as they stand, before anything is learned of them.

    Args:
        raw: the rows.
        name: what messages call them.
        names: of the columns; None where x is no table of columns.
        contents: hashes of the files that they are in.
        checked: whether they are known to be finite where no gap is allowed.
    """

    raw: Raw
    name: str
    names: Names | None
    contents: tuple[str, ...] = field(default=())
    checked: bool = False


def is_table(path: Path) -> bool:
    """Return whether a file's name or its first bytes are those of a CSV, Parquet or Arrow file."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    if suffixes and suffixes[-1] in (*_TEXTS, *_COLUMNAR):
        return not looks_like_idx(path)
    with path.open("rb") as file:
        return file.read(6).startswith((b"PAR1", b"ARROW1"))


def find_table(path: Path, choice: Choice, place: Place, like: Preparation | None = None) -> Found:
    """Return the rows of a table, converted once.

    Args:
        path: the file.
        choice: which columns, and what becomes of words and gaps.
        place: where the conversion is kept.
        like: the columns that another file had, by their names; None for those of the choice.

    Raises:
        DataError: for words, dates, gaps that nothing was said about; with column, row and example.
    """
    table = open_table(path, choice.delimiter, choice.header)
    if like is None:
        x, y = wanted(table, choice)
    else:
        x, y = wanted_like(table, like), wanted_like(table, like, target=True)
    as_words: dict[str, tuple[str, ...]] = {c.name: () for c in (*x, *y) if c.dtype == "words"}
    names = Names(
        tuple(c.name for c in x), tuple(c.name for c in y), as_words, default_target=choice.y is None
    )
    filled = fills_of(choice, names) if like is None else [c.name for c in like.x if c.fill is not None]
    content = content_hash(path)
    found = converted(Job(table, x, y, frozenset(filled)), content, place.folder)
    words = {name: tuple(words) for name, words in found.ledger.words.items()}
    names = replace(names, words=words)
    raw = Raw(found.x, found.y, words=words)
    return Found(raw, path.name, names, (content,), checked=True)


def wanted(table: Table, choice: Choice) -> tuple[tuple[Wanted, ...], tuple[Wanted, ...]]:
    """Return the columns of x and of y that a choice means, refusing what is no number and not converted."""
    names = [column.name for column in table.columns]
    texts = [column.kind == "text" for column in table.columns]
    chosen = choose(choice, names, texts, table.path.name)
    sides = []
    for side, dtype in ((chosen.x, choice.dtype), (chosen.y, "float64")):
        for index in side:
            column = table.columns[index]
            if index not in chosen.words and column.kind not in _READABLE:
                raise _unreadable(column, table, target=side is chosen.y)
        sides.append(
            tuple(Wanted(i, _called(i, names), "words" if i in chosen.words else dtype) for i in side)
        )
    return sides[0], sides[1]


def wanted_like(table: Table, like: Preparation, *, target: bool = False) -> tuple[Wanted, ...]:
    """Return the columns of a table that another one had under these names, wherever they stand.

    Raises:
        UnknownName: for a column that is missing.
    """
    names = [column.name for column in table.columns]
    columns = like.y if target else like.x
    found = positions([column.name for column in columns], names, f"the columns of {table.path.name}")
    for index, column in zip(found, columns, strict=True):
        if column.words is None and table.columns[index].kind not in _READABLE:
            raise _unreadable(table.columns[index], table, target=target)
    return tuple(
        Wanted(i, column.name, "words" if column.words is not None else "float64" if target else like.dtype)
        for i, column in zip(found, columns, strict=True)
    )


def find_npy(path: Path, choice: Choice) -> Found | None:
    """Return a table in a .npy file as it stands; None where it has to be read as a whole."""
    stored = open_npy(path)
    if stored is None or len(stored.shape) != 2 or stored.shape[1] < 2 or not len(stored):
        return None
    names = tuple(map(str, range(stored.shape[1])))
    chosen = choose(choice, names, [False] * len(names), path.name)
    raw = Raw(stored, None, chosen.x, chosen.y)
    called = Names(
        tuple(names[i] for i in chosen.x),
        tuple(names[i] for i in chosen.y),
        named=False,
        default_target=choice.y is None,
    )
    return Found(raw, path.name, called, (content_hash(path),))


def find_pair(x: Path, y: Path) -> Found | None:
    """Return x and y of two .npy files as they stand; None where they have to be read as a whole."""
    if {x.suffix.lower(), y.suffix.lower()} != {".npy"}:
        return None
    sides = open_npy(x), open_npy(y)
    if sides[0] is None or sides[1] is None or len(sides[0]) != len(sides[1]) or not len(sides[0]):
        return None
    raw = Raw(sides[0], sides[1])
    return Found(raw, x.name, _places(sides[0].shape, sides[1].shape), (content_hash(x), content_hash(y)))


def find_images(path: Path, place: Place) -> Found | None:
    """Return IDX images with their labels as they stand; None where they are to be read as a whole."""
    labels = labels_beside(path) if looks_like_idx(path) else None
    if not isinstance(labels, Path):
        return None
    sides = open_idx(path), open_idx(labels)
    if sides[0] is None or sides[1] is None or len(sides[0]) != len(sides[1]) or not len(sides[0]):
        return None
    if place.in_memory or (place.in_memory is None and fits_in_memory(4 * prod(sides[0].shape))):
        return None
    raw = Raw(sides[0], sides[1], divisor=255 if sides[0].dtype == np.uint8 else 1)
    names = _places(sides[0].shape, sides[1].shape)
    return Found(raw, path.name, names, (content_hash(path), content_hash(labels)))


def find_arrays(x: torch.Tensor, y: torch.Tensor, name: str) -> Found:
    """Return the rows of arrays in memory as they stand."""
    return Found(Raw(x.numpy(), y.numpy()), name, _places(x.shape, y.shape), checked=True)


def source_of(
    found: Found, choice: Choice, place: Place, share: float | None, like: Preparation | None = None
) -> Source:
    """Return the source of rows as they stand: split, learned from the training rows, read or left.

    Args:
        found: the rows.
        choice: what becomes of them.
        place: whether they are read into memory.
        share: of the rows that are held out; None for none.
        like: the preparation of other rows, which is applied to these; None to learn one.
    """
    training, kept_out = (None, None) if share is None else split(len(found.raw), share)
    named = found.names is not None and (found.names.named or choice.changes)
    preparation = like
    if like is None and named:
        assert found.names is not None
        rows = len(found.raw) if training is None else len(training)
        if not found.names.named:  # arrays keep their own dtype
            choice = replace(choice, dtype=str(found.raw.x_dtype).removeprefix("torch."))
        preparation = learn(choice, found.names, _blocks(found.raw, training), rows)
    loaded = Loaded(preparation=preparation)
    held_out = None
    if kept_out is not None:
        held_out = StreamedSource(found.raw, f"{found.name} held out", kept_out, None, loaded, strict=False)
    source = StreamedSource(found.raw, found.name, training, held_out, loaded)
    stay = not fits_in_memory(source.nbytes) if place.in_memory is None else not place.in_memory
    if not stay or isinstance(found.raw.x, np.ndarray):
        return source.in_memory()
    if not found.checked:
        source.check()
        if held_out is not None:
            held_out.check()
    return source


def split(n: int, share: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the rows that are trained on and those held out, always the same ones, in ascending order."""
    if not 0 < share < 1 or n < 2:
        raise InvalidValue(
            where="held_out",
            got=f"the share {share:g} of {n} observations",
            wanted="a share between 0 and 1 of at least two observations",
            remedy="Say 0.2 to keep a fifth of the rows out of the training.",
        )
    count = min(max(round(n * share), 1), n - 1)
    return drawn(n, count, seed=0)


def fingerprint(contents: tuple[str, ...], keywords: Mapping[str, object], held_out: str | None) -> str:
    """Return a hash of files' contents and of what was asked of them, wherever the files are."""
    asked = {name: value for name, value in keywords.items() if name not in ("data", "cache", "in_memory")}
    if held_out is not None:
        asked["held_out"] = held_out
    return hashlib.sha256(json.dumps([contents, asked], sort_keys=True).encode()).hexdigest()


def _blocks(raw: Raw, rows: torch.Tensor | None) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Yield rows as they stand in blocks of a size that their shape alone decides: sums are then alike."""
    n = len(raw) if rows is None else len(rows)
    size = max(1, _BLOCK_BYTES // (4 * prod(raw.x_shape)))
    for first in range(0, n, size):
        numbers = (
            slice(first, min(first + size, n)) if rows is None else rows[first : first + size].long().numpy()
        )
        x, y = raw.read(numbers)
        yield x.numpy().reshape(len(x), -1), y


def _places(x_shape: tuple[int, ...], y_shape: tuple[int, ...]) -> Names:
    """Return the numbers of the columns as their names; those of y go on after those of x."""
    columns, targets = prod(x_shape[1:]), prod(y_shape[1:])
    return Names(
        tuple(map(str, range(columns))), tuple(map(str, range(columns, columns + targets))), named=False
    )


def _called(index: int, names: list[str]) -> str:
    return names[index] if names.count(names[index]) == 1 else f"{names[index]} (column {index})"


def _unreadable(column: Column, table: Table, *, target: bool) -> DataError:
    """Return the error for a column that holds no numbers, with the first value that is none."""
    where = f"column {column.name!r} of {table.path.name}"
    what = "text" if column.kind == "text" else f"values of the kind {column.kind}"
    number = Wanted([each.name for each in table.columns].index(column.name), column.name, "words")
    if column.kind == "binary" and table.reading:
        return not_utf8(table.path, 0)
    row, example = 0, next(iter(column.examples), "")
    if column.kind == "text":
        row, example = _first_word(table, number, example)
        return _told(not_a_number(f"{where}, row {row} (counted from 0)", example, column.name), target, what)
    remedy = (
        "Name another target with y=... (--y), or turn it into numbers first."
        if target
        else f"Make categories of it, one_hot=[{column.name!r}], or leave it out of x."
        if column.kind == "date"
        else "Leave it out of x, or make columns of numbers of it."
    )
    return DataError(where=where, got=f"{what}, such as {example!r}", wanted="numbers", remedy=remedy)


def _told(error: DataError, target: bool, what: str) -> DataError:
    """Return the error for a word, with the remedy for a target where it is one."""
    remedy = error.remedy
    if target and "one_hot" in remedy:
        remedy = "If these are classes, say classes=True (--classes); else name another target: y=... (--y)."
    return DataError(where=error.where, got=f"{error.got}, {what}", wanted="numbers", remedy=remedy)


def _first_word(table: Table, column: Wanted, example: str) -> tuple[int, str]:
    """Return the first row of a column whose value is no number, and the value."""
    block = next(table.blocks([column], 0))
    words: Any = block.columns[0]
    for row, number in enumerate(words.numbers.tolist()):
        if number >= 0 and not _is_number(words.words[number]):
            return row, words.words[number]
    return 0, example


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
