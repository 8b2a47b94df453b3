"""What a fit gives back: its module, its outcome and its history, a row an update and each evaluation."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module
from numbers import Integral
from typing import Any, NamedTuple, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from chalknet.data import Preparation, Source
from chalknet.errors import MissingPackage, invalid
from chalknet.lang import translated
from chalknet.lazy import torch
from chalknet.module import Fitted
from chalknet.planning import Plan
from chalknet.tables import Shown, Table, Tabular
from chalknet.training.evaluation import Baseline, Evaluation, best_evaluation, watched
from chalknet.units import one_line, show_count, show_seconds, show_share, show_value

Rows: TypeAlias = npt.NDArray[Any]


class Outcome(Enum):
    """How a fit ended, as a sentence.

    Example:
        >>> import chalknet as cn
        >>> cn.Outcome.FINISHED.ended, cn.Outcome.DIVERGED.ended
        (True, False)
    """

    FINISHED = "finished: the whole budget was used"
    TARGET_REACHED = "target reached: the loss came down to the target"
    DIVERGED = "diverged: the loss or a weight became infinite or no number"
    STOPPED_EARLY = "stopped early: no evaluation was better for as long as was asked"
    INTERRUPTED = "interrupted: stopped by the user after a whole update"

    def __str__(self) -> str:
        return self.value

    @property
    def ended(self) -> bool:
        """Return whether nothing is left to do: budget used, target reached, or nothing better to come."""
        return self in (Outcome.FINISHED, Outcome.TARGET_REACHED, Outcome.STOPPED_EARLY)


@dataclass(frozen=True, repr=False)
class Progress(Shown):
    """Where a fit stands, as `on_progress` is called with it.

    What `on_progress` returns is ignored, but for that of `after` and `stop`.

    Args:
        updates: updates made.
        of_updates: updates in the budget; None when the budget is in seconds.
        samples: samples seen.
        seconds: training time so far.
        of_seconds: seconds in the budget; None when it is not in seconds.
        loss: the loss of the last update.
        evaluation: the last evaluation, None before the first.
        module: the module with the weights of now, which the next update changes: copy what is to be kept.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> losses: list[float] = []
        >>> data = (x, 2 * x)
        >>> _ = cn.fit("1 -> 1", data, loss="mse", updates=5, on_progress=lambda p: losses.append(p.loss))
        >>> len(losses) > 0
        True
    """

    updates: int
    of_updates: int | None
    samples: int
    seconds: float
    of_seconds: float | None
    loss: float
    evaluation: Evaluation | None
    module: torch.nn.Module | None = field(default=None, repr=False, compare=False)

    def after(self, updates: int) -> NextCall:
        """Return what `on_progress` returns to be called again after at most so many updates.

        Args:
            updates: from 1 on; the numbers of the fit do not depend on it.

        Raises:
            InvalidValue: for less than 1.

        Example:
            >>> import torch
            >>> import chalknet as cn
            >>> x, seen = torch.linspace(-1, 1, 50), list[int]()
            >>> def see(progress: cn.Progress) -> object:
            ...     seen.append(progress.updates)
            ...     return progress.after(10) if len(seen) < 4 else progress.stop()
            >>> cn.fit("1 -> 1", (x, 2 * x), loss="mse", updates=500, on_progress=see).outcome.ended
            False
            >>> seen[:4]
            [1, 11, 21, 31]
        """
        if not isinstance(updates, Integral) or isinstance(updates, bool) or updates < 1:
            raise invalid("Progress.after", updates, "a whole number from 1 on")
        return NextCall(int(updates))

    def stop(self) -> NextCall:
        """Return what `on_progress` returns to end the fit here, as Ctrl-C would."""
        return NextCall(0)


@dataclass(frozen=True)
class NextCall:
    """When `on_progress` wants to be called again.

    Args:
        updates: after at most so many of them; 0 ends the fit.
    """

    updates: int


class HistoryRow(NamedTuple):
    """One recorded update: see `History`.

    Args:
        updates: updates made.
        samples: samples seen.
        epochs: epochs done, with their fraction.
        seconds: training time.
        loss: the update's loss.
        train: the metric over all training samples; NaN where it was not evaluated after this update.
        held_out: the same over the held-out samples.
    """

    updates: int
    samples: int
    epochs: float
    seconds: float
    loss: float
    train: float = math.nan
    held_out: float = math.nan


class History(Tabular, Sequence[HistoryRow]):
    """What happened during a fit: append-only columns of equal length, a row for every recorded update.

    The columns are arrays, to be read and not written to. `updates`, `samples` and `epochs` count what was
    seen up to and with this update; `seconds` is the training time up to it, measured over stretches of
    updates and spread evenly within a stretch; `loss` is the update's loss over its own samples, before the
    weights changed. `evaluations` holds the metric ("accuracy" or "error", see `metric`) over whole data
    sets.

    It is a sequence of rows (`HistoryRow`), so that `pandas.DataFrame(history)` works. Rows have the metric
    in `train` and `held_out`, NaN after updates that were not evaluated; an evaluation after an update that
    was not recorded (`record_every`) is in `evaluations` alone.

    Args:
        metric: what the evaluations measure.

    Example:
        >>> import chalknet as cn
        >>> history = cn.History("error")
        >>> history.append(1, 32, 0.5, 0.01, 0.25)
        >>> history[0].loss, list(history.loss)
        (0.25, [0.25])
    """

    def __init__(self, metric: str) -> None:
        self.metric = metric
        self.updates, self.samples = array("q"), array("q")
        self.epochs, self.seconds, self.loss = array("d"), array("d"), array("d")
        self._evaluations: dict[int, Evaluation] = {}  # by updates
        self.reasons: dict[str, str] = {}  # metric -> why it could not be computed, or what was assumed

    @property
    def columns(self) -> Mapping[str, Sequence[float]]:
        """Return the columns of what is recorded of each update, by their names."""
        return {name: getattr(self, name) for name in HistoryRow._fields[:5]}

    @property
    def evaluations(self) -> Sequence[Evaluation]:
        """Return the evaluations over whole data sets, in order."""
        return tuple(self._evaluations.values())

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Return the names of all metrics of the evaluations that were asked for: `train_mae`, ..."""
        return tuple(dict.fromkeys(name for each in self.evaluations for name in each.metrics))

    @property
    def table(self) -> Table:
        """Return a row for every recorded update; with the metrics that were asked for, where there are."""
        columns: dict[str, Sequence[Any]] = dict(self.columns)
        if self.metric_names:
            columns = {name: [_cell(value) for value in column] for name, column in self.to_dict().items()}
        return Table(tuple(columns), tuple(zip(*columns.values(), strict=True)))

    def append(self, updates: int, samples: int, epochs: float, seconds: float, loss: float) -> None:
        """Add the row of one update."""
        self.updates.append(updates)
        self.samples.append(samples)
        self.epochs.append(epochs)
        self.seconds.append(seconds)
        self.loss.append(loss)

    def extend(self, updates: Rows, samples: Rows, epochs: Rows, seconds: Rows, loss: Rows) -> None:
        """Add the rows of some updates, an array for each column, all `(rows,)`."""
        for column, rows in zip(
            self.columns.values(), (updates, samples, epochs, seconds, loss), strict=True
        ):
            assert isinstance(column, array)
            column.frombytes(np.asarray(rows, np.dtype(column.typecode)).tobytes())

    def append_evaluation(self, evaluation: Evaluation) -> None:
        """Add one evaluation."""
        self._evaluations[evaluation.updates] = evaluation

    def to_dict(self) -> dict[str, list[float]]:
        """Return the columns by their names, `train`, `held_out` and the metrics asked for among them."""
        found = [self._evaluations.get(updates) for updates in self.updates]
        both = [(math.nan, math.nan) if each is None else each.values[3:5] for each in found]
        return {
            **{name: list(column) for name, column in self.columns.items()},
            "train": [train for train, _ in both],
            "held_out": [held_out for _, held_out in both],
            **{
                name: [math.nan if each is None else each.metrics.get(name, math.nan) for each in found]
                for name in self.metric_names
            },
        }

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` with a row for every recorded update, and the columns of `to_dict`.

        Raises:
            MissingPackage: without pandas.
        """
        return data_frame(self.to_dict(), "History.to_pandas")

    def __len__(self) -> int:
        return len(self.loss)

    @overload
    def __getitem__(self, row: int) -> HistoryRow: ...

    @overload
    def __getitem__(self, row: slice) -> list[HistoryRow]: ...

    def __getitem__(self, row: int | slice) -> HistoryRow | list[HistoryRow]:
        if isinstance(row, slice):
            return [self[index] for index in range(*row.indices(len(self)))]
        recorded = [column[row] for column in self.columns.values()]
        evaluation = self._evaluations.get(self.updates[row])
        both = (math.nan, math.nan) if evaluation is None else evaluation.values[3:5]
        return HistoryRow._make([*recorded, *both])

    def __repr__(self) -> str:
        last = (
            f", loss {show_value(self.loss[-1])} after {show_count(self.updates[-1])} updates" if self else ""
        )
        evaluated = f"{show_count(len(self._evaluations))} evaluations of the {self.metric}"
        return one_line(f"History({show_count(len(self))} rows, {evaluated}{last})")


def _cell(value: float) -> float | None:
    return None if isinstance(value, float) and math.isnan(value) else value


def data_frame(columns: Mapping[str, Any], where: str) -> Any:
    """Return columns as a `pandas.DataFrame`.

    Args:
        columns: by their names.
        where: what asks for it.

    Raises:
        MissingPackage: without pandas.
    """
    try:
        pandas: Any = import_module("pandas")
    except ImportError as problem:
        raise MissingPackage(
            where=where,
            got="no package pandas",
            wanted="pandas, which makes a DataFrame",
            remedy="Install it: pip install pandas.",
        ) from problem
    return pandas.DataFrame(columns)


@dataclass(frozen=True, repr=False)
class FitResult(Shown, Fitted):
    """A fitted module and how it came about.

    Args:
        plan: what was decided before the first update.
        module: a plain `nn.Sequential`, or the user's own module, fitted in place; go on with it as with
            any torch module.
        history: a row for every recorded update, and the evaluations.
        outcome: how the fit ended.
        compile_s: seconds that compiling or loading kernels took; no training time.
        preparation: what turned the columns of a file into x and y; None where they were taken as they are.
        baseline: the trivial predictor, beside which the result is to be seen; None where it is not known.
        diagnosis: what went wrong, a sentence each with what to do; the last of the notes.
        source: the data that was fitted, with what it holds out; None for a fit that was loaded.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit("1 -> 1", (x, 2 * x), loss="mse", updates=5)
        >>> result.outcome is cn.Outcome.FINISHED, result.history.updates[-1]
        (True, 5)
    """

    plan: Plan
    module: torch.nn.Module
    history: History
    outcome: Outcome
    compile_s: float = 0.0
    preparation: Preparation | None = None
    baseline: Baseline | None = None
    diagnosis: tuple[str, ...] = ()
    source: Source | None = field(default=None, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "source": None}  # the data stay in the process that has them

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what may not be as it was meant, or did not go as it was asked, a sentence each."""
        return tuple(dict.fromkeys((*self.plan.notes, *self.diagnosis)))

    @property
    def evaluation(self) -> Evaluation:
        """Return the evaluation of the module as it is: after the last update, or the best one."""
        return self.best or self.history.evaluations[-1]

    @property
    def best(self) -> Evaluation | None:
        """Return the evaluation whose weights the module has, of a fit with `patience`; None of others."""
        recipe = self.plan.recipe
        if recipe.patience is None or self.outcome is Outcome.DIVERGED:
            return None
        return best_evaluation(self.history.evaluations, recipe, self.history.metric)

    def __str__(self) -> str:
        history, evaluations = self.history, self.history.evaluations
        lines = [str(self.outcome)]
        if history:
            compiled = (
                f", after {show_seconds(self.compile_s)} of compiling or loading" if self.compile_s else ""
            )
            lines.append(
                f"{show_count(history.updates[-1])} updates, {show_count(history.samples[-1])} samples, "
                f"{show_seconds(history.seconds[-1])} of training by {self.plan.engine}{compiled}"
            )
            lines.append(f"loss {show_value(history.loss[-1])}")
        if history and evaluations:
            last = self.evaluation
            beside = f", {translated(history.metric)} {self._beside(last)}"
            lines[-1] = f"{translated(lines[-1])}{beside}"
            lines += self._metric_lines(last)
        if self.best is not None:
            watch = self.plan.recipe.watch
            lines.append(
                f"weights of update {show_count(self.best.updates)}, the best of "
                f"{show_count(len(evaluations))} evaluations: {watch} {show_value(watched(self.best, watch))}"
            )
        if self.baseline is not None and evaluations:
            lines.append(
                f"the trivial predictor, which says {self.baseline.says}: {history.metric} "
                f"{self._beside(self.baseline)}"
            )
        return "\n".join(map(translated, [*lines, *(f"note: {note}" for note in self.notes)]))

    def _beside(self, found: Evaluation | Baseline) -> str:
        show = show_share if self.history.metric == "accuracy" else show_value
        held_out = "" if found.held_out is None else translated(f", held out {show(found.held_out)}")
        return show(found.train) + held_out

    def _metric_lines(self, last: Evaluation) -> list[str]:
        """Return a line with the metrics that were asked for; those of single classes are in the history."""
        whole = [name for name in last.metrics if name.startswith("train_") and not name.endswith(")")]
        found = []
        for name in (each.removeprefix("train_") for each in whole):
            held_out = last.metrics.get(f"held_out_{name}")
            beside = "" if held_out is None else translated(f", held out {show_value(held_out)}")
            found.append(f"{name} {show_value(last.metrics[f'train_{name}'])}{beside}")
        return ["; ".join(found)] if found else []
