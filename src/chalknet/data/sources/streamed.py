"""From rows as they stand to a source: split, prepared as their columns ask for, read or left in the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np

from chalknet.data.blocks import ConversionState, digit_notes, note_digits
from chalknet.data.columns import LoadOptions, Preparation, PreparedColumn, learn, sorted_words
from chalknet.data.formats import ColumnNames, RawRows, as_targets, classes_note
from chalknet.data.sources.array_source import ArraySource, check_lengths, check_numbers, check_pair
from chalknet.data.sources.scale import pixel_note, scale_of, scaled_like
from chalknet.data.sources.source import HasProvenance, Provenance, Sample, Source
from chalknet.data.sources.subset import split_rows
from chalknet.errors import DataError
from chalknet.lazy import torch
from chalknet.system import fits_in_memory

_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True, eq=False)
class StreamedSource(HasProvenance):
    """Observations that stay where they are: a batch is read and prepared when it is taken.

    Args:
        raw: the rows as they stand.
        name: what messages and tables call it.
        rows: those that belong to the source, int32 or int64 `(n,)`; None for all.
        held_out: samples kept out of the training.
        provenance: where it was loaded from.
        pinned: whether batches are put where a GPU can fetch them from while it computes.
        exact: whether x has all its digits, to learn from; else it has the dtype of x.
    """

    raw: RawRows = field(repr=False)
    name: str
    rows: torch.Tensor | None = field(default=None, repr=False)
    held_out: Source | None = None
    provenance: Provenance = field(default=Provenance(), repr=False)
    pinned: bool = False
    exact: bool = False

    streams = True
    reads_ahead = True
    is_repeatable = True

    @property
    def x_shape(self) -> tuple[int, ...]:
        """Return the shape of one x."""
        found = self.preparation
        if found is None or not found.x or found.width == prod(self.raw.x_shape):
            return self.raw.x_shape
        return (found.width,)

    @property
    def y_shape(self) -> tuple[int, ...]:
        """Return the shape of one y."""
        return self.raw.y_shape

    @property
    def nbytes(self) -> int:
        """Return the bytes that all of it would take in memory."""
        x_dtype = self.raw.x_dtype if self.preparation is None else getattr(torch, self.preparation.dtype)
        row = prod(self.x_shape) * x_dtype.itemsize + 8 * prod(self.y_shape)
        return len(self) * row + (self.held_out.nbytes if isinstance(self.held_out, StreamedSource) else 0)

    def __len__(self) -> int:
        return len(self.raw) if self.rows is None else len(self.rows)

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return these rows, read in one go."""
        if self.rows is not None:
            rows = self.rows[rows].long()
        numbers = rows if isinstance(rows, slice) else rows.numpy()
        exact = self.exact or (self.preparation is not None and not self.preparation.is_plain)
        x, y = self.raw.read(numbers, pinned=self.pinned, exact=exact)
        if self.preparation is not None:
            words = _words(self.raw)
            y = self.preparation.apply_target(y, words)
        if self.preparation is not None and self.preparation.x and not self._is_prepared(x):
            flat = x.numpy().reshape(len(x), -1)
            made = self.preparation.apply(flat, words, owned=True)
            x = x if made is flat else torch.from_numpy(made)
        return Sample(x.reshape(len(x), *self.x_shape), as_targets(y, f"y of {self.name}"))

    def _is_prepared(self, x: torch.Tensor) -> bool:
        """Return whether x as it stands is as it is prepared: known to have no gaps, and taken as it is."""
        found = self.preparation
        assert found is not None
        plain = found.is_plain and found.may_not_refuse and self.raw.checked
        return plain and x.dtype == getattr(torch, found.dtype)

    def blocks(self, row_values: int | None = None) -> Iterator[tuple[int, Sample]]:
        """Yield all rows in their order, some MB at a time, each block with the number of its first row.

        Args:
            row_values: how many numbers of a row decide the size of a block; None for those of x and y.
        """
        rows = max(1, _BLOCK_BYTES // (4 * (row_values or prod(self.x_shape) + prod(self.y_shape))))
        for first in range(0, len(self), rows):
            yield first, self.take(slice(first, first + rows))

    def replaced(self) -> Counter[str]:
        """Return by column how many values became something else because the training rows lack their like.

        Raises:
            DataError: where they are refused.
        """
        counts = Counter[str]()
        preparation, rows = self.preparation, self.rows
        if preparation is None or not preparation.x or preparation.may_not_refuse:
            return counts
        words = _words(self.raw)
        size = max(1, _BLOCK_BYTES // (8 * prod(self.raw.x_shape)))
        for first in range(0, len(self), size):
            part = slice(first, first + size)
            x, _ = self.raw.read(part if rows is None else rows[part].long().numpy())
            preparation.apply(x.numpy().reshape(len(x), -1), words, replaced=counts)
        return counts

    def check(self) -> None:
        """Raise a DataError where a row, or one that is held out, holds NaN or infinity."""
        for first, sample in self.blocks():
            check_numbers(sample.x, f"x of {self.name}", first)
            check_numbers(sample.y, f"y of {self.name}", first)
        if isinstance(self.held_out, StreamedSource):
            self.held_out.check()

    def in_memory(self) -> ArraySource:
        """Return the same samples in memory; arrays that stand there as they are are not copied."""
        held_out = self.held_out.in_memory() if isinstance(self.held_out, StreamedSource) else self.held_out
        found = self.preparation
        if self.raw.is_tensors and self.rows is None and (found is None or not found.x):
            assert isinstance(self.raw.y, np.ndarray)
            targets = self.raw.y
            if found is not None and found.classes:
                targets = found.apply_target(targets, _words(self.raw))
            return ArraySource(self.raw.x, targets, self.name, held_out, provenance=self.provenance)
        first = self.take(slice(0, 1))
        x, y = (torch.empty((len(self), *side.shape[1:]), dtype=side.dtype) for side in first)
        for start, sample in self.blocks():
            for whole, part in zip((x, y), sample, strict=True):
                whole[start : start + len(part)] = part
        return ArraySource(x, y, self.name, held_out, provenance=self.provenance)


def target_blocks(source: Source) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield a source's targets, each block with its first row's number; none of any other kind of source.

    What it costs to take all rows of a user's source is unknown, so they are not taken before the fit.
    """
    if isinstance(source, ArraySource):
        yield 0, source.y
    elif isinstance(source, StreamedSource):
        for first, sample in source.blocks():
            yield first, sample.y


def source_of_rows(
    raw: RawRows,
    options: LoadOptions,
    share: float | None,
    like: Preparation | None = None,
) -> Source:
    """Return the source of rows as they stand.

    Args:
        raw: the rows.
        options: what becomes of their columns, and whether they are read into memory.
        share: of the rows that are held out; None for those that the rows bring along.
        like: the preparation of other rows, which is applied to these; None to learn one.

    Raises:
        DataError: for values that cannot be fitted.
        ShapeMismatch: for other columns than those of `like`.
        InvalidValue: for a share outside (0, 1).
    """
    if raw.y is not None:
        check_lengths(raw.x, raw.y, raw.name)
    if raw.is_tensors and not raw.checked and options.fill is None:
        check_pair(torch.from_numpy(raw.x), torch.from_numpy(raw.y), raw.name)
    notes = dict.fromkeys(raw.notes)
    if like is not None:
        raw = _as_in_training(raw, like, notes)
    training, kept_out = (None, None) if share is None else split_rows(len(raw), share)
    plain = StreamedSource(raw, raw.name, training)
    preparation = _preparation(plain, options, notes) if like is None else like
    notes |= dict.fromkeys(_digit_notes(raw, raw.names or _numbered(raw), preparation))
    provenance = Provenance(preparation=preparation, notes=tuple(notes))
    held_out = None
    if kept_out is not None:
        held_out = StreamedSource(raw, f"{raw.name} held out", kept_out, None, provenance)
    elif raw.held_out is not None:
        beside = raw.held_out if preparation is None else _as_in_training(raw.held_out, preparation, notes)
        held_out = StreamedSource(beside, beside.name, None, None, provenance)
    aside = plain if like is not None else held_out
    if aside is not None:
        counts = replace(aside, provenance=provenance).replaced()
        notes |= dict.fromkeys(_replaced_notes(counts, preparation))
        provenance = replace(provenance, notes=tuple(notes))
    source = replace(plain, held_out=held_out, provenance=provenance)
    in_memory = options.in_memory
    if isinstance(raw.x, np.ndarray) or (fits_in_memory(source.nbytes) if in_memory is None else in_memory):
        return source.in_memory()
    if not raw.checked:
        source.check()
    return source


def _digit_notes(raw: RawRows, names: ColumnNames, preparation: Preparation | None) -> list[str]:
    """Return a sentence for each column of whole numbers in memory that float32 does not tell apart."""
    if raw.checked or not isinstance(raw.x, np.ndarray) or raw.x.dtype.kind not in "iu":
        return []
    if preparation is not None and preparation.needs_digits:
        return []
    state = ConversionState()
    for name, column in zip(names.x, raw.x.reshape(len(raw.x), -1).T, strict=False):
        note_digits(name, column.astype(np.float64), state)
    return digit_notes(state, (), {"": "x in float64, or standardise=True,"})


def _replaced_notes(counts: Counter[str], preparation: Preparation | None) -> list[str]:
    unknown = "" if preparation is None else preparation.unknown
    return [
        f"column {name}: {count:,} held-out values that the training rows lack, treated as {unknown!r} says"
        for name, count in counts.items()
    ]


def _numbered(raw: RawRows) -> ColumnNames:
    """Return the numbers of columns as their names; those of y go on after those of x."""
    features, targets = prod(raw.x_shape), prod(raw.y_shape)
    numbers = tuple(map(str, range(features + targets)))
    words = {} if raw.labels is None else {numbers[-1]: raw.labels}
    return ColumnNames(numbers[:features], numbers[features:], words, named=False)


def _words(raw: RawRows) -> Mapping[str, tuple[str, ...]] | None:
    """Return the words that the numbers of columns stand for."""
    if raw.names is None and raw.labels is None:
        return None
    return (raw.names or _numbered(raw)).words


def _as_in_training(raw: RawRows, like: Preparation, notes: dict[str, None]) -> RawRows:
    """Return rows that are not trained on with x on the scale of the training rows.

    Raises:
        ShapeMismatch: for other columns.
        DataError: for pixels on another scale, words where the training rows had none, or the reverse.
    """
    if raw.names is None or not raw.names.named:
        like.check_unnamed(prod(raw.x_shape), raw.name)
        if like.named and like.x:
            notes[_BY_PLACE.format(raw.name, ", ".join(like.names[:_NAMES_SHOWN]))] = None
    if raw.labels is not None and not like.classes:
        raise DataError(
            where=f"y of {raw.name}",
            got=f"words such as {raw.labels[0]!r}",
            wanted="numbers, as the training rows have them",
            remedy="Give y as numbers, or words in the training rows too.",
        )
    if raw.scale == "bytes" and like.scale == "divided" and not raw.is_tensors:
        return replace(raw, scale="divided")
    if not isinstance(raw.x, np.ndarray):
        return raw
    x = scaled_like(raw.x, raw.scale, like.scale, f"x of {raw.name}", notes)
    return raw if x is raw.x else replace(raw, x=x, scale=like.scale)


_BY_PLACE = "{} has no names of columns: they are taken as {}, in this order"
_NAMES_SHOWN = 20


def _preparation(source: StreamedSource, options: LoadOptions, notes: dict[str, None]) -> Preparation | None:
    """Return what is learned of the training rows; None where there is nothing to know of them."""
    raw = source.raw
    names, dtype = raw.names or _numbered(raw), str(raw.x_dtype).removeprefix("torch.")
    if raw.labels is not None:
        options = replace(options, classes=True)
        notes[classes_note("y", raw.name, raw.labels)] = None
    scale = raw.scale
    whole = raw.x if raw.names is None and isinstance(raw.x, np.ndarray) else None
    if whole is not None and whole.size and not scale:
        scale = scale_of(whole)
    if scale != "divided" and not options.standardise and len(source):
        head = source.take(slice(0, _LOOKED_AT)).x.numpy() if whole is None else whole
        if head.size and (note := pixel_note(head, scale, raw.name)):
            notes[note] = None
    if not names.named:
        plain = options.fill is None and not options.standardise
        if plain and not scale and not options.classes:
            return None
        if plain:
            words = names.words if options.classes else {}
            y = tuple(PreparedColumn(name, words=sorted_words(words[name])) for name in names.y if words)
            return Preparation((), y, dtype, False, options.classes, scale=scale)
        options = replace(options, dtype=dtype)  # arrays keep their own
    # The size of a block is that of x alone: sums, and so what is learned, depend on it.
    blocks = replace(source, exact=True).blocks(prod(source.x_shape))
    rows = ((x.numpy().reshape(len(x), -1), y.numpy()) for _, (x, y) in blocks)
    return replace(learn(options, names, rows, len(source)), scale=scale)


_LOOKED_AT = 1000  # rows of a file in which pixels are looked for
