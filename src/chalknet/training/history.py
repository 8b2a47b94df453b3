"""What happened during a fit: one row an update, and one a whole-data evaluation."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from chalknet.tables import Table, Tabular


class Outcome(Enum):
    """How a fit ended, as a sentence."""

    FINISHED = "finished: the whole budget was used"
    TARGET_REACHED = "target reached: the loss came down to the target"
    DIVERGED = "diverged: the loss became infinite or no number"
    INTERRUPTED = "interrupted: stopped by the user after a whole update"

    def __str__(self) -> str:
        return self.value

    @property
    def ended(self) -> bool:
        """Return whether nothing is left to do: the budget was used, or the target reached."""
        return self in (Outcome.FINISHED, Outcome.TARGET_REACHED)


@dataclass(frozen=True)
class Evaluation:
    """The metric over whole data sets, after an update.

    Args:
        updates: updates made before it.
        samples: samples seen before it.
        seconds: training time before it; the evaluation's own time is not counted.
        train: the metric over all training samples, Dropout off.
        held_out: the same over the held-out samples; None when there are none.
    """

    updates: int
    samples: int
    seconds: float
    train: float
    held_out: float | None


class History(Tabular):
    """Append-only columns of equal length, a row for every recorded update.

    `updates`, `samples` and `epochs` count what was seen up to and with this update; `seconds` is the
    training time up to it, measured over stretches of updates and spread evenly within a stretch;
    `loss` is the update's loss over its own samples, before the weights changed. `evaluations` holds
    the metric ("accuracy" or "error", see `metric`) over whole data sets.

    Args:
        metric: what the evaluations measure.
    """

    def __init__(self, metric: str) -> None:
        self.metric = metric
        self._updates, self._samples = array("q"), array("q")
        self._epochs, self._seconds, self._loss = array("d"), array("d"), array("d")
        self._evaluations: list[Evaluation] = []

    @property
    def updates(self) -> Sequence[int]:
        """Return the number of updates made, a value a row."""
        return self._updates

    @property
    def samples(self) -> Sequence[int]:
        """Return the number of samples seen, a value a row."""
        return self._samples

    @property
    def epochs(self) -> Sequence[float]:
        """Return the number of epochs done, with its fraction, a value a row."""
        return self._epochs

    @property
    def seconds(self) -> Sequence[float]:
        """Return the training time in seconds, a value a row."""
        return self._seconds

    @property
    def loss(self) -> Sequence[float]:
        """Return the loss of each recorded update."""
        return self._loss

    @property
    def evaluations(self) -> Sequence[Evaluation]:
        """Return the evaluations over whole data sets, in order."""
        return tuple(self._evaluations)

    @property
    def table(self) -> Table:
        """Return a row for every recorded update."""
        columns = ("updates", "samples", "epochs", "seconds", "loss")
        values = (self._updates, self._samples, self._epochs, self._seconds, self._loss)
        return Table(columns, tuple(zip(*values, strict=True)))

    def __len__(self) -> int:
        return len(self._loss)

    def append(self, updates: int, samples: int, epochs: float, seconds: float, loss: float) -> None:
        """Add the row of one update."""
        self._updates.append(updates)
        self._samples.append(samples)
        self._epochs.append(epochs)
        self._seconds.append(seconds)
        self._loss.append(loss)

    def append_evaluation(self, evaluation: Evaluation) -> None:
        """Add one evaluation."""
        self._evaluations.append(evaluation)
