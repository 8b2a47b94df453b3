"""One fit of a search: its key, how it is made, and what is stored of it."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from threading import Event
from typing import Any

from chalknet.differences import identity_of
from chalknet.errors import ChalknetError
from chalknet.network import Network
from chalknet.planning import Recipe
from chalknet.searching.criterion import Criterion
from chalknet.training import Checkpoint, LeanFit, Outcome, PreparedFit, fit_lean, with_seed

FAILED, PAUSED = "failed", "paused"
_ENDS = {Outcome.FINISHED: "finished", Outcome.TARGET_REACHED: "target reached",
    Outcome.STOPPED_EARLY: "stopped early", Outcome.DIVERGED: "diverged",
}  # fmt: skip


@dataclass(frozen=True)
class Member:
    """A fit of a search, or a part of one.

    Args:
        key: identifies it by network, recipe, seed, part of the data, length and metric.
        seed: of its weights, sample orders and Dropout.
        fold: the held-out part of the data, counted from 0; None if there is only one.
        score: the metric over the held-out samples; NaN if it could not be computed.
        loss: of the last update.
        updates: made since the beginning.
        seconds: of training since the beginning.
        ended: finished, target reached, stopped early, diverged, failed; paused while others continue.
        reason: why it diverged or failed, or has no score.
    """

    key: str
    seed: int
    fold: int | None
    score: float
    loss: float
    updates: int
    seconds: float
    ended: str
    reason: str = ""

    @property
    def went_wrong(self) -> bool:
        """Return whether it diverged or failed."""
        return self.ended in (_ENDS[Outcome.DIVERGED], FAILED)

    def line(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps({name: _json(value) for name, value in asdict(self).items()})

    @classmethod
    def read(cls, line: str) -> Member | None:
        """Return the member of a line; None for an incomplete line."""
        try:
            found = json.loads(line)
            numbers = {name: math.nan if found[name] is None else float(found[name]) for name in _NUMBERS}
            return cls(**{**found, **numbers})
        except (ValueError, TypeError, KeyError):
            return None


_NUMBERS = ("score", "loss", "seconds")


def _json(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True)
class Job:
    """A fit to make.

    Args:
        key: of the member.
        prepared: the plan and the data, independent of the seed.
        criterion: the metric.
        seed: of the fit.
        fold: see `Member`.
        until: the number of updates after which it pauses; None to run to its end.
        checkpoint: where it continues; None to begin.
    """

    key: str
    prepared: PreparedFit = field(repr=False)
    criterion: Criterion
    seed: int
    fold: int | None
    until: int | None = None
    checkpoint: Checkpoint | None = None

    def run(self, stop: Event | None = None) -> tuple[Member, Checkpoint | None] | None:
        """Return the member, with a checkpoint if it paused; None if it was stopped.

        Args:
            stop: once set, the fit ends after an update; None to stop on signals.
        """
        prepared = with_seed(self.prepared, self.seed)
        try:
            found = fit_lean(
                prepared,
                metrics=self.criterion.asked,
                until=self.until,
                checkpoint=self.checkpoint,
                ending=stop,
            )
        except ChalknetError as problem:
            return self._failed(str(problem)), None
        except Exception as problem:  # in the user's loss or metric: the other fits continue
            text = (str(problem).strip().splitlines() or [""])[0]
            return self._failed(f"{type(problem).__name__}: {text}"), None
        if found.outcome is Outcome.INTERRUPTED and found.checkpoint is None:
            return None
        if found.checkpoint is not None and found.checkpoint.state.updates != self.until:
            return None
        return self._member(found), found.checkpoint

    def _failed(self, reason: str) -> Member:
        nan = math.nan
        return Member(self.key, self.seed, self.fold, nan, nan, 0, 0.0, FAILED, reason)

    def _member(self, found: LeanFit) -> Member:
        history, score, reason = found.history, math.nan, ""
        if found.outcome is Outcome.DIVERGED:
            reason = found.notes[-1]
        else:
            score = self.criterion.value(found.evaluation)
        if math.isnan(score) and not reason:
            told = [text for name, text in history.reasons.items() if "held-out" in name]
            reason = f"{self.criterion.name} {(told or ['could not be computed'])[0]}"
        return Member(
            self.key, self.seed, self.fold, score, history.loss[-1], history.updates[-1],
            history.seconds[-1], _ENDS.get(found.outcome, PAUSED), reason,
        )  # fmt: skip


def key_of(network: Network, recipe: Recipe, *others: object) -> str:
    """Return the key of a fit: the same for the same network, however it was written.

    Args:
        network: with all widths set.
        recipe: with the seed.
        *others: whatever else the fit depends on.
    """
    known = (identity_of(network), sorted(asdict(recipe).items()), others)
    return hashlib.sha256(repr(known).encode()).hexdigest()[:24]
