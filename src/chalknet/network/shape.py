"""The shape of one sample: whole numbers, or symbols that stand for numbers not yet known."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from math import prod
from typing import TypeAlias

from chalknet.errors import InvalidValue, shown

Size: TypeAlias = int | str
Shape: TypeAlias = tuple[Size, ...]
UNKNOWN_WIDTH = "?"
"""The width that nobody has named: at the ends of a network it is taken from the data."""
_LARGEST = 2**63 - 1  # what torch counts to


def as_size(value: object, where: str) -> Size:
    """Return a positive whole number, a symbol such as `m`, or `?`.

    Raises:
        InvalidValue: for anything else, naming `where` it stands.
    """
    if isinstance(value, str) and (value.isidentifier() or value == UNKNOWN_WIDTH):
        return value
    try:
        size = 0 if isinstance(value, bool | str) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        size = 0
    if not 1 <= size <= _LARGEST:
        raise InvalidValue(
            where=where,
            got=f"the size {shown(value)}",
            wanted="a whole number of at least 1"
            + (f" and at most {_LARGEST:,}" if size > 1 else "")
            + ", or a symbol such as 'm'",
            remedy="Write how many features there are.",
        )
    return size


def as_shape(value: object, where: str) -> Shape:
    """Return the shape of one sample, the batch axis left out: `784` -> `(784,)`.

    Raises:
        InvalidValue: when it is empty or holds something that is no size.
    """
    entries = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    if not entries:
        raise InvalidValue(
            where=where,
            got="an empty shape",
            wanted="at least one size, such as (784,)",
            remedy="A single number per sample has the shape (1,).",
        )
    return tuple(as_size(entry, where) for entry in entries)


def one_row(where: str, shape: Shape) -> Shape:
    """Return the shape of samples that are rows of features.

    Raises:
        InvalidValue: for samples of several axes, naming what takes none of them.
    """
    if len(shape) == 1:
        return shape
    raise InvalidValue(
        where=where,
        got=f"samples of the shape {shape}",
        wanted="features in one row",
        remedy="Put a flatten before it: 28x28 flatten -> ...",
    )


def numbers(shape: tuple[Size | None, ...]) -> tuple[int, ...]:
    """Return the sizes of a shape that are numbers; all of them once every symbol is bound."""
    return tuple(size for size in shape if isinstance(size, int))


def size_of(shape: tuple[Size | None, ...]) -> int | None:
    """Return the number of values in one sample, or None while a size is a symbol or not known."""
    known = numbers(shape)
    return prod(known) if len(known) == len(shape) else None


def show_shape(shape: Shape, batch: str = "n") -> str:
    """Return the shape as it is chalked under a state, the batch first: `(n,784)`."""
    return f"({','.join([batch, *map(str, shape)])})"
