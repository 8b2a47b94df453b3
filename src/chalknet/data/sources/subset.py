"""Some rows of a source: in a random order, or the share of them that is held out."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalknet.data.sources.array_source import ArraySource
from chalknet.data.sources.source import Provenance, Sample, Source, TakesFromAnother
from chalknet.errors import InvalidValue
from chalknet.lazy import torch


@dataclass(frozen=True, eq=False)
class SourceSubset(TakesFromAnother):
    """Some rows of another source, gathered as they are taken.

    Args:
        source: the source behind it.
        rows: its rows that belong to the subset, int32 or int64 `(n,)`.
        name: what messages and tables call the subset.
        held_out: samples kept out of the training.
        provenance: where it was loaded from.
    """

    source: Source
    rows: torch.Tensor = field(repr=False)
    name: str
    held_out: Source | None = None
    provenance: Provenance = field(default=Provenance(), repr=False)

    @property
    def x_shape(self) -> tuple[int, ...]:
        """Return the shape of one x."""
        return self.source.x_shape

    @property
    def y_shape(self) -> tuple[int, ...]:
        """Return the shape of one y."""
        return self.source.y_shape

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return these rows of the subset."""
        return self.source.take(self.rows[rows].long())


def split_source(source: Source, share: float) -> Source:
    """Return a source without a share of its rows, which become what it holds out.

    Raises:
        InvalidValue: for a share outside (0, 1).
    """
    rest, kept_out = (rows.long() for rows in split_rows(len(source), share))
    held_out = _subset(source, kept_out, f"{source.name} held out", None)
    return _subset(source, rest, source.name, held_out)


def split_rows(n: int, share: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the rows that are trained on and those held out, always the same ones, in ascending order.

    Raises:
        InvalidValue: for a share outside (0, 1).
    """
    if not 0 < share < 1 or n < 2:
        raise InvalidValue(
            where="held_out",
            got=f"the share {share:g} of {n} observations",
            wanted="a share between 0 and 1 of at least two observations",
            remedy="Say 0.2 to keep a fifth of the rows out of the training.",
        )
    count = min(max(round(n * share), 1), n - 1)
    order = permutation(n, seed=0)
    order[:count].numpy().sort()  # in place: a sort of torch's makes 8 bytes a row beside
    order[count:].numpy().sort()
    return order[count:], order[:count]


def _subset(source: Source, rows: torch.Tensor, name: str, held_out: Source | None) -> Source:
    if isinstance(source, ArraySource):
        return ArraySource(*source.take(rows), name=name, held_out=held_out, provenance=source.provenance)
    return SourceSubset(source, rows, name, held_out)


def permutation(n: int, seed: int) -> torch.Tensor:
    """Return 0 to n - 1 in the order that `torch.randperm` gives for a seed, int32 where that holds them.

    The numbers are the same ones in half the memory: 4 bytes a row, 8 from two thousand million rows on.
    """
    generator = torch.Generator().manual_seed(seed)
    dtype = torch.int32 if n < 2**31 else torch.int64
    return torch.randperm(n, generator=generator, dtype=dtype, device="cpu")


def folds_of(source: Source, folds: int, labels: torch.Tensor | None = None) -> tuple[Source, ...]:
    """Return a source so many times, each without another part of its rows, which it holds out.

    The parts are always the same ones: rows in a random order, dealt out like cards, so that their sizes
    differ by one at most.

    Args:
        source: the samples; what it holds out itself is left aside.
        folds: how many parts, at least 2.
        labels: a class for each row, of which each part gets its share; None for numbers.

    Raises:
        InvalidValue: for more parts than rows.
    """
    n = len(source)
    if not 2 <= folds <= n:
        raise InvalidValue(
            where="folds",
            got=f"{folds} of {n} observations",
            wanted="a whole number from 2 to the number of observations",
            remedy="Say folds=5 (--folds 5).",
        )
    order = permutation(n, seed=0)
    if labels is not None:
        order = order[torch.sort(labels[order.long()], stable=True).indices]
    part_of = torch.empty(n, dtype=torch.int64)
    part_of[order.long()] = torch.arange(n) % folds
    found = []
    for part in range(folds):
        inside = part_of == part
        rest, kept_out = (torch.nonzero(rows).reshape(-1) for rows in (~inside, inside))
        held_out = _subset(source, kept_out, f"{source.name}, part {part + 1} of {folds}", None)
        found.append(_subset(source, rest, source.name, held_out))
    return tuple(found)
