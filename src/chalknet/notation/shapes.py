"""Shapes as they are written under a state: `(n,784)`, `(784)`, `28x28`, `n×784`."""

from __future__ import annotations

import re
from math import prod

from chalknet.network import Size
from chalknet.notation.tokens import Sizes, SourceText, Span

BATCH_NAMES = ("n", "N", "batch")
LARGEST_SIZE_DIGITS = 15

_AXES = re.compile(r"\s*×\s*|\s+x\s+|(?<=[0-9])x(?=[0-9])")
_FACTORS = re.compile(r"\s*[*·]\s*")
_REMEDY = "Write the batch first, then the features, such as (n,784)."


def read_sizes(source: SourceText, inside: Span, span: Span) -> Sizes:
    """Return the shape written at `inside`; `span` is the same with its brackets.

    The first of several entries is the batch, as in `(n,784)`; a single one is the number of features.

    Raises:
        NotationError: for an entry that is no size, and for the batch alone.
    """
    rows = [_axes(source, row) for row in _rows(source.text, inside)]
    first, *rest = rows
    if not rest and len(first) > 1 and isinstance(first[0], str):  # n×784
        first, rest = first[:1], [first[1:]]
    if not rest:
        if first[0] in BATCH_NAMES and len(first) == 1:
            raise source.refuse(
                span,
                got=f"the batch {first[0]} alone",
                wanted="the number of features too",
                remedy=f"A single number per observation has the shape ({first[0]},1).",
            )
        return Sizes(None, first, span)
    if len(first) > 1:
        raise source.refuse(span, got="a batch of several axes", wanted="one batch axis", remedy=_REMEDY)
    return Sizes(str(first[0]), tuple(size for row in rest for size in row), span)


def _rows(text: str, inside: Span) -> list[Span]:
    rows, start = [], inside.start
    for piece in text[inside.start : inside.end].split(","):
        rows.append(Span(start, start + len(piece)))
        start += len(piece) + 1
    last = rows[-1]
    return rows[:-1] if len(rows) > 1 and not text[last.start : last.end].strip() else rows  # (784,)


def _axes(source: SourceText, row: Span) -> tuple[Size, ...]:
    return tuple(_size(source, entry, row) for entry in _AXES.split(source.text[row.start : row.end].strip()))


def _size(source: SourceText, entry: str, row: Span) -> Size:
    if entry.isidentifier():
        return entry
    factors = _FACTORS.split(entry)
    if all(re.fullmatch(rf"[0-9]{{1,{LARGEST_SIZE_DIGITS}}}", factor) for factor in factors):
        size = prod(map(int, factors))
        if 0 < size < 10**LARGEST_SIZE_DIGITS:
            return size
    raise source.refuse(
        row,
        got=f"the size {entry!r}" if entry else "an empty entry in a shape",
        wanted="a whole number of at least 1, or a symbol such as m",
        remedy=_REMEDY,
    )
