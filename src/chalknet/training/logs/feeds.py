"""The history sent to other programs while the fit goes on, which never waits for them."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from time import monotonic
from typing import Any, Protocol

from chalknet.errors import MissingPackage, invalid, unknown_name
from chalknet.planning import Plan
from chalknet.training.evaluation import Evaluation
from chalknet.training.history import History, Outcome
from chalknet.units import show_count

_EVERY_S = 5.0
_ROWS_AT_A_TIME = 1000
# Writing a row takes about 50 µs in TensorBoard's format and 90 µs in MLflow's, and takes them from the fit
# where Python does both: at most so many rows each time are a tenth of it. At the end nothing is held up.
_MOST_ROWS, _MOST_ROWS_AT_THE_END = 10_000, 100_000
_PATIENCE_S = 20.0  # at the end, for a server that does not answer
_CLOSING_S = 2.0  # after an error, which is to be shown at once

# kind -> the file that writes it, and the package it takes.
_KINDS = {
    "tensorboard": ("chalknet.training.logs.tensorboard_log", "tensorboard"),
    "mlflow": ("chalknet.training.logs.mlflow_log", "mlflow"),
}


@dataclass(frozen=True)
class Rows:
    """Some rows of a history, written in one go.

    Args:
        end: the first row of the history after them.
        metric: what the evaluations measure.
        updates: updates made, a value a row.
        seconds: training time, a value a row.
        loss: the update's loss, a value a row.
        evaluations: the evaluations of the same time.
    """

    end: int
    metric: str
    updates: Sequence[int] = ()
    seconds: Sequence[float] = ()
    loss: Sequence[float] = ()
    evaluations: Sequence[Evaluation] = ()

    def values(self) -> Iterator[tuple[str, int, float, float]]:
        """Yield name, updates, seconds and value of each number."""
        for updates, seconds, loss in zip(self.updates, self.seconds, self.loss, strict=True):
            yield "loss", updates, seconds, loss
        for evaluation in self.evaluations:
            for name in ("train", "held_out"):
                value = getattr(evaluation, name)
                if value is not None and value == value:
                    yield f"{name}_{self.metric}", evaluation.updates, evaluation.seconds, value
            for name, value in evaluation.metrics.items():
                if math.isfinite(value):
                    yield name, evaluation.updates, evaluation.seconds, value


class Log(Protocol):
    """One run in another program."""

    @property
    def key(self) -> str:
        """Return the key by which the run is found again."""

    def write(self, rows: Rows) -> None:
        """Write some rows, later than those before."""

    def close(self, outcome: Outcome | None) -> None:
        """Write how the fit ended; None when an error ended it."""


def check_logs(asked: Iterable[str]) -> None:
    """Refuse a log that cannot be written here.

    Args:
        asked: "tensorboard:DIR" or "mlflow:EXPERIMENT", each.

    Raises:
        InvalidValue: for anything else.
        MissingPackage: when the package is not installed, with the install line.
    """
    for one in asked:
        kind, _, place = one.partition(":")
        if kind not in _KINDS:
            raise unknown_name("log", "kind of log", kind, _KINDS)
        if not place:
            wanted = f"{kind}:{'DIR' if kind == 'tensorboard' else 'EXPERIMENT'}"
            raise invalid("log", one, wanted, f"Say log=['{kind}:first'] (--log {kind}:first).")
        _module_of(kind)


def facts(plan: Plan) -> dict[str, str | int | float | bool]:
    """Return the settings of a plan as the parameters of a run: a name and a plain value each."""
    recipe, placement = plan.recipe, plan.placement
    values: dict[str, Any] = {
        "model": plan.model,
        "data": plan.data.name,
        "observations": plan.data.observations,
        **{name: vars(recipe)[name] for name in _RECIPE},
        **recipe.optimizer_options,
        "batch_size": recipe.batch_size or plan.data.observations,
        recipe.budget.unit: recipe.budget.amount,
        "engine": plan.engine,
        **{name: vars(placement)[name] for name in ("device", "dtype", "threads", "processes")},
    }
    return {
        name: value if isinstance(value, str | int | float) else str(value) for name, value in values.items()
    }


_RECIPE = ("loss", "reduction", "optimizer", "lr", "shuffle", "drop_last", "seed")


@dataclass
class LogFeed:
    """Sends a growing history to one log, every few seconds, in a thread of its own.

    Args:
        name: the log as it was asked for.
        log: where the rows go.
        row: the first row that is not written yet.
        evaluation: the first evaluation that is not written yet.
    """

    name: str
    log: Log
    row: int = 0
    evaluation: int = 0
    _left_out: int = 0
    _problem: Exception | None = None
    _last_s: float = field(default_factory=monotonic)
    _thread: threading.Thread = field(default_factory=threading.Thread)

    def see(self, history: History) -> None:
        """Write the new rows, if the last writing is done and long enough ago."""
        if monotonic() - self._last_s >= _EVERY_S and not self._thread.is_alive():
            self._last_s = monotonic()
            self._start(partial(self._write, self._new(history, _MOST_ROWS)))

    def end(self, history: History, outcome: Outcome) -> tuple[str, ...]:
        """Write the remaining rows and the outcome; return a sentence about what could not be written."""
        until = monotonic() + _PATIENCE_S
        if self._is_done_by(until):
            self._start(partial(self._write, self._new(history, _MOST_ROWS_AT_THE_END), outcome))
        is_done = self._is_done_by(until)
        if self._problem is not None or not is_done:
            why = f"{type(self._problem).__name__}: {self._problem}" if self._problem else "no answer so far"
            missing, all_rows = show_count(len(history) - self.row), show_count(len(history))
            what = f"{missing} of {all_rows} rows, and how the fit ended, were not written"
            return (f"log {self.name}: {what} ({why.strip().splitlines()[0]})",)
        if self._left_out:
            what = f"{show_count(self._left_out)} of {show_count(len(history))} rows were left out, evenly"
            return (f"log {self.name}: {what}, to keep up with the fit",)
        return ()

    def give_up(self) -> None:
        """Close the log as it is, after an error that ended the fit."""
        if not self._thread.is_alive():
            self._start(partial(self.log.close, None))
            self._thread.join(_CLOSING_S)

    def _is_done_by(self, until: float) -> bool:
        if self._thread.is_alive():
            self._thread.join(max(0.0, until - monotonic()))
        return not self._thread.is_alive()

    def _start(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except Exception as problem:  # whatever another program does, the fit goes on
                self._problem = problem

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def _write(self, parts: Sequence[Rows], outcome: Outcome | None = None) -> None:
        for rows in parts:
            self.log.write(rows)
            self._left_out += rows.end - self.row - len(rows.updates)
            self.row, self.evaluation = rows.end, self.evaluation + len(rows.evaluations)
        if outcome is not None:
            self.log.close(outcome)
        self._problem = None

    def _new(self, history: History, most: int) -> tuple[Rows, ...]:
        """Return copies of the new rows, at most so many, as the history goes on growing meanwhile."""
        step = max(1, -(-(len(history) - self.row) // most))
        chosen = range(self.row, len(history))[::-1][::step][::-1]  # the last one is among them
        parts = []
        for first in range(0, len(chosen), _ROWS_AT_A_TIME):
            some = chosen[first : first + _ROWS_AT_A_TIME]
            updates = [history.updates[row] for row in some]
            seconds, loss = ([column[row] for row in some] for column in (history.seconds, history.loss))
            parts.append(Rows(some[-1] + 1, history.metric, updates, seconds, loss))
        evaluations = history.evaluations[self.evaluation :]
        return (*parts, Rows(len(history), history.metric, evaluations=evaluations))


@contextmanager
def open_feeds(
    plan: Plan, keys: Mapping[str, str | None], start: History | None = None
) -> Iterator[tuple[LogFeed, ...]]:
    """Yield the feeds of the logs asked for; an error of the body closes them as they are.

    Args:
        plan: what was decided, which is written first.
        keys: the key of each log's run; None for a new one.
        start: the history of the fit so far, where it goes on.

    Raises:
        ChalknetError: when a log cannot be begun.
    """
    rows, evaluations = (len(start), len(start.evaluations)) if start else (0, 0)
    updates = start.updates[-1] if start and rows else 0
    feeds = []
    for name, key in keys.items():
        kind, _, place = name.partition(":")
        log = _module_of(kind).begin(place, plan, key, updates)
        feeds.append(LogFeed(name, log, rows, evaluations))
    try:
        yield tuple(feeds)
    except BaseException:
        for feed in feeds:
            with suppress(Exception):
                feed.give_up()
        raise


def _module_of(kind: str) -> Any:
    path, package = _KINDS[kind]
    try:
        return import_module(path)
    except ImportError as problem:
        raise MissingPackage(
            where=f"log {kind}",
            got=f"no package {package} that can be imported ({problem})",
            wanted=f"{package}, which writes it",
            remedy=f'Install it: pip install "chalknet[{kind}]".',
        ) from problem
