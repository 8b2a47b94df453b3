"""What is recorded of a fit and how often, where it is kept, and who is shown its progress."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path

from chalknet.errors import InvalidValue, invalid
from chalknet.files import user_path
from chalknet.planning import Plan
from chalknet.training.history import Progress
from chalknet.training.metrics.asked import AskedMetric, asked_metrics

_UNITS = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0}
_TIME = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Interval:
    """Exactly one of the two is given.

    Args:
        updates: updates between two times.
        seconds: seconds on the clock between two times.
    """

    updates: int | None = None
    seconds: float | None = None

    @classmethod
    def of(cls, value: object, name: str) -> Interval:
        """Return what `200`, `"200"`, `"30s"`, `"5min"` or `"1h"` say.

        Args:
            value: a number of updates, or a text of a number with its unit.
            name: what an error calls it.

        Raises:
            InvalidValue: for anything else, or nothing above zero.

        Example:
            >>> Interval.of("30s", "checkpoint_every")
            Interval(updates=None, seconds=30.0)
        """
        text = str(value).strip()
        if (isinstance(value, Integral) and not isinstance(value, bool)) or text.isdecimal():
            if int(text) > 0:
                return cls(updates=int(text))
        elif isinstance(value, str) and (found := _TIME.fullmatch(text)):
            number, unit = float(found[1]), found[2].lower()
            if unit in _UNITS and 0 < number < math.inf:
                return cls(seconds=number * _UNITS[unit])
        seconds = f", or {str(value)!r} with an s behind it" if isinstance(value, Real) else ""
        raise invalid(
            name,
            value,
            "a whole number of updates above 0, or a time such as '30s', '5min', '1h'",
            f"Say {name}=200{seconds}, or {name}='30s'.",
        )

    def __str__(self) -> str:
        return str(self.updates) if self.updates is not None else f"{self.seconds:g}s"


@dataclass(frozen=True)
class RecordOptions:
    """What the caller asked to be recorded; checked when it is made.

    Args:
        evaluate_every: updates between two evaluations over whole data sets; None evaluates at the end
            only. The end is always evaluated.
        record_every: updates between two rows of the history; the last update is always recorded.
        progress: whether a bar, in a notebook a curve, is shown; None shows it in a terminal or a notebook.
        on_plan: called with the plan, before the first update.
        on_progress: called between stretches of updates, about ten times a second.
        out: the folder that the run is kept in; None keeps nothing.
        checkpoint_every: between two checkpoints, a number of updates or a time such as "30s"; a minute
            where `out` is given and this is not.
        overwrite: whether a run that was kept in `out` before may be replaced.
        log: "tensorboard:DIR", "mlflow:EXPERIMENT", or several of them.
        metrics: what the evaluations compute beside the accuracy or the mean loss: names, functions, a list
            of these, or a dict of names and functions.

    Raises:
        UnknownName: for a metric that does not exist.
        InvalidValue: for a number below 1, or checkpoints without a folder.
    """

    evaluate_every: int | None = None
    record_every: int = 1
    progress: bool | None = None
    on_progress: Callable[[Progress], object] | None = None
    on_plan: Callable[[Plan], None] | None = None
    out: str | Path | None = None
    checkpoint_every: int | str | Interval | None = None
    overwrite: bool = False
    log: str | Sequence[str] | None = ()
    metrics: object = ()

    def __post_init__(self) -> None:
        logs = () if self.log is None else (self.log,) if isinstance(self.log, str) else self.log
        for name in ("progress", "overwrite"):
            if not isinstance(getattr(self, name), bool | None):
                raise invalid(name, getattr(self, name), "True or False")
        if self.on_progress is not None and not callable(self.on_progress):
            raise invalid("on_progress", self.on_progress, "a function of one argument, a Progress")
        if self.on_plan is not None and not callable(self.on_plan):
            raise invalid("on_plan", self.on_plan, "a function of one argument, a Plan")
        if not isinstance(logs, Sequence) or not all(isinstance(log, str) for log in logs):
            raise invalid("log", self.log, '"tensorboard:DIR", "mlflow:EXPERIMENT", or a list of them')
        every = self.evaluate_every
        settings = {
            "evaluate_every": None if every is None else _updates("evaluate_every", every),
            "record_every": _updates("record_every", self.record_every),
            "out": None if self.out is None else user_path(self.out, "out"),
            "log": tuple(logs),
            "checkpoint_every": _interval(self.checkpoint_every, self.out),
            "metrics": () if self.metrics is None else asked_metrics(self.metrics),
        }
        for name, value in settings.items():
            object.__setattr__(self, name, value)

    @property
    def asked(self) -> tuple[AskedMetric, ...]:
        """Return the metrics that were asked for."""
        return self.metrics  # type: ignore[return-value]  # as it was made


def _updates(name: str, value: object) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise invalid(name, value, "a number of updates, at least 1")
    return int(value)


def _interval(every: int | str | Interval | None, out: object) -> Interval | None:
    if every is None:
        return None if out is None else Interval(seconds=60.0)
    if out is None:
        raise InvalidValue(
            where="checkpoint_every",
            got=f"{every!r} and no folder",
            wanted="a folder to keep the checkpoints in",
            remedy="Say out=FOLDER (--out FOLDER).",
        )
    return every if isinstance(every, Interval) else Interval.of(every, "checkpoint_every")
