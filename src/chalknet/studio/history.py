"""The history of a fit of any length: a bounded number of moments with their weights."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import nan
from typing import NamedTuple

from chalknet.studio.features import Array

_BYTES = 24 << 20  # of the weights of all moments of a fit
_FEWEST, _MOST = 12, 400


class SnapshotEvaluation(NamedTuple):
    """How good the weights are over whole data sets; NaN if not computed.

    Args:
        train_loss: the mean loss over all training samples.
        held_out_loss: the same over the held-out samples.
        train: the accuracy over the training samples.
        held_out: the same over the held-out samples.
    """

    train_loss: float = nan
    held_out_loss: float = nan
    train: float = nan
    held_out: float = nan


class Snapshot(NamedTuple):
    """A fit after a whole update.

    Args:
        updates: the number made.
        samples: the number seen.
        seconds: of training.
        loss: of the last update, over its own batch; NaN before the first one.
        evaluation: the evaluation over whole data sets.
        weights: by their names; copies, never changed.
    """

    updates: int
    samples: int
    seconds: float
    loss: float
    evaluation: SnapshotEvaluation
    weights: Mapping[str, Array]


class Trace:
    """A bounded number of moments of a fit in order, evenly thinned; the first and the last are always kept.

    Only one thread may add; any thread may read.

    Args:
        first: the moment before the first update.

    Example:
        >>> from chalknet.studio.history import SnapshotEvaluation, Snapshot, Trace
        >>> moments = [Snapshot(n, n, 0.0, 1.0, SnapshotEvaluation(), {}) for n in range(0, 3001, 5)]
        >>> trace = Trace(moments[0])
        >>> for moment in moments[1:]:
        ...     trace.add(moment)
        >>> trace.last.updates, trace.at(1503).updates <= 1503, len(trace.moments) <= 401
        (3000, True, True)
    """

    def __init__(self, first: Snapshot) -> None:
        size = sum(weight.nbytes for weight in first.weights.values()) or 1
        self._most = max(_FEWEST, min(_MOST, _BYTES // size))
        self._kept = [first]
        self._apart = 1
        self.last = first

    @property
    def moments(self) -> Sequence[Snapshot]:
        """Return the kept moments, including the last one."""
        kept, last = self._kept, self.last
        return [*kept, last] if last.updates > kept[-1].updates else list(kept)

    def add(self, moment: Snapshot) -> None:
        """Add a moment after the last one."""
        self.last = moment
        if moment.updates - self._kept[-1].updates < self._apart:
            return
        kept = [*self._kept, moment]
        if len(kept) > self._most:
            self._apart = max(1, 2 * moment.updates // self._most)
            kept = _apart(kept, self._apart)
        self._kept = kept

    def at(self, updates: int) -> Snapshot:
        """Return the latest kept moment with at most this many updates."""
        moments = self.moments
        return moments[max(0, bisect_right(moments, updates, key=lambda moment: moment.updates) - 1)]


def _apart(moments: Sequence[Snapshot], updates: int) -> list[Snapshot]:
    """Return moments at least this many updates apart, beginning with the first one."""
    kept = [moments[0]]
    for moment in moments[1:]:
        if moment.updates - kept[-1].updates >= updates:
            kept.append(moment)
    return kept
