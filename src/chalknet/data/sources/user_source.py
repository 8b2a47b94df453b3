"""Sources that users write: whatever has a length and returns rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, Protocol, TypeGuard

from chalknet.data.formats import as_features, as_targets
from chalknet.data.sources.array_source import check_pair
from chalknet.data.sources.source import HasProvenance, Provenance, Sample, Source
from chalknet.errors import DataError
from chalknet.lazy import torch
from chalknet.system import fits_in_memory


class TakesRows(Protocol):
    """The least that a user's class has."""

    def __len__(self) -> int: ...

    def take(self, rows: torch.Tensor | slice) -> tuple[object, object]:
        """Return x and y of these rows, of equal length: tensors, arrays or lists.

        Args:
            rows: a slice of step 1 or int64 row numbers.
        """


@dataclass(frozen=True, eq=False)
class UserSource(HasProvenance):
    """A user's object with the members of a `Source` that it lacks.

    Args:
        wrapped: the user's object.
        name: what messages and tables call it.
        x_shape: of one x.
        y_shape: of one y.
        held_out: samples kept out of the training.
        streams: whether it is more than should be taken at once.
        reads_ahead: whether another thread may call its `take`.
        provenance: where it comes from.
    """

    wrapped: TakesRows
    name: str
    x_shape: tuple[int, ...]
    y_shape: tuple[int, ...]
    held_out: Source | None
    streams: bool
    reads_ahead: bool
    provenance: Provenance

    is_repeatable = False

    def __len__(self) -> int:
        return len(self.wrapped)

    def take(self, rows: torch.Tensor | slice) -> Sample:
        """Return these rows as tensors."""
        return _taken(self.wrapped, rows, self.name)


def is_user_source(value: object) -> TypeGuard[TakesRows]:
    """Return whether a value has a length and `take`, and is no class, array or table of another library."""
    takes = callable(getattr(value, "take", None)) and hasattr(value, "__len__")
    return takes and not hasattr(value, "__array__") and not isinstance(value, type)


def user_source(wrapped: TakesRows, load: Callable[[object], Source]) -> UserSource:
    """Return a user's object as a source; its optional members are looked up here and nowhere else.

    Args:
        wrapped: the user's object; its first row is taken where it has no x_shape and y_shape.
        load: makes a source of what it holds out.

    Raises:
        DataError: for x and y of its first row that cannot be fitted.
    """
    members: Any = wrapped
    name = str(getattr(members, "name", type(wrapped).__name__))
    x_shape, y_shape = getattr(members, "x_shape", None), getattr(members, "y_shape", None)
    if x_shape is None or y_shape is None:
        x, y = _taken(wrapped, slice(0, 1), name)
        check_pair(x, y, name)
        x_shape, y_shape = x.shape[1:], y.shape[1:]
    fits = fits_in_memory(8 * len(wrapped) * (prod(x_shape) + prod(y_shape)))
    held_out, fingerprint = getattr(members, "held_out", None), getattr(members, "fingerprint", None)
    return UserSource(
        wrapped,
        name,
        tuple(x_shape),
        tuple(y_shape),
        None if held_out is None else load(held_out),
        bool(getattr(members, "streams", not fits)),
        bool(getattr(members, "reads_ahead", False)),
        Provenance(getattr(members, "origin", None), fingerprint() if callable(fingerprint) else None),
    )


def _taken(wrapped: TakesRows, rows: torch.Tensor | slice, name: str) -> Sample:
    pair = wrapped.take(rows)
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise DataError(
            where=f"take of {name}",
            got=f"a {type(pair).__name__}",
            wanted="a pair: x and y of the rows asked for",
            remedy="End take(rows) with: return x[rows], y[rows].",
        )
    return Sample(as_features(pair[0], f"x of {name}"), as_targets(pair[1], f"y of {name}"))
