"""What the columns of x and y are called, and rows with such names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from chalknet.data.formats import RawRows


@dataclass(frozen=True)
class ColumnNames:
    """What the columns of x and y are called, and what the numbers of their words stand for.

    Args:
        x: the features.
        y: the target's columns.
        words: for each column of words, in the order of their numbers.
        named: whether these are names, or only numbers of columns.
        default_target: whether y is the last column because none was named.
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    named: bool = True
    default_target: bool = False


@dataclass(frozen=True)
class LoadedRows:
    """Rows as they stand, before anything is learned of them.

    Args:
        raw: the rows.
        names: of their columns.
        checked: whether they are known to be finite where no gap is allowed.
    """

    raw: RawRows
    names: ColumnNames
    checked: bool = False


def numbered(raw: RawRows, *, checked: bool = False) -> LoadedRows:
    """Return rows with the numbers of their columns as names; those of y go on after those of x."""
    features, targets = prod(raw.x_shape), prod(raw.y_shape)
    x, y = range(features), range(features, features + targets)
    return LoadedRows(raw, ColumnNames(tuple(map(str, x)), tuple(map(str, y)), named=False), checked)
