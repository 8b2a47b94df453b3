"""What is recorded of a fit, where it is kept, and who is shown its progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

from chalknet.errors import InvalidValue, invalid
from chalknet.files import user_path
from chalknet.training.history import Progress
from chalknet.training.record.interval import Interval

_CHECKPOINT_EVERY = Interval(seconds=60.0)
_NUMBER = "a number of updates, at least 1"


@dataclass(frozen=True)
class RecordOptions:
    """What the caller asked to be recorded; checked when it is made.

    Args:
        evaluate_every: updates between two evaluations over whole data sets; None evaluates at the end
            only. The end is always evaluated.
        record_every: updates between two rows of the history; the last update is always recorded.
        progress: whether a bar is shown; None shows it in a terminal or a notebook.
        on_progress: called between stretches of updates, about ten times a second.
        out: the folder that the run is kept in; None keeps nothing.
        checkpoint_every: between two checkpoints, a number of updates or a time such as "30s"; a minute
            where `out` is given and this is not.
        overwrite: whether a run that was kept in `out` before may be replaced.
        log: "tensorboard:DIR", "mlflow:EXPERIMENT", or several of them.

    Raises:
        InvalidValue: for a number below 1, or checkpoints without a folder.
    """

    evaluate_every: int | None = None
    record_every: int = 1
    progress: bool | None = None
    on_progress: Callable[[Progress], None] | None = None
    out: str | Path | None = None
    checkpoint_every: int | str | Interval | None = None
    overwrite: bool = False
    log: str | Sequence[str] | None = ()

    def __post_init__(self) -> None:
        for name in ("evaluate_every", "record_every"):
            object.__setattr__(self, name, _updates(name, getattr(self, name)))
        if self.record_every is None:
            raise invalid("record_every", None, _NUMBER)
        if self.on_progress is not None and not callable(self.on_progress):
            raise invalid("on_progress", self.on_progress, "a function of one argument, a Progress")
        if self.out is not None:
            object.__setattr__(self, "out", user_path(self.out, "out"))
        for name in ("progress", "overwrite"):
            if not isinstance(getattr(self, name), bool | None):
                raise invalid(name, getattr(self, name), "True or False")
        logs = () if self.log is None else (self.log,) if isinstance(self.log, str) else self.log
        if not isinstance(logs, Sequence) or not all(isinstance(log, str) for log in logs):
            raise invalid("log", self.log, '"tensorboard:DIR", "mlflow:EXPERIMENT", or a list of them')
        object.__setattr__(self, "log", tuple(logs))
        object.__setattr__(self, "checkpoint_every", _interval(self.checkpoint_every, self.out))


def _updates(name: str, value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise invalid(name, value, _NUMBER)
    return int(value)


def _interval(every: int | str | Interval | None, out: object) -> Interval | None:
    if every is None:
        return None if out is None else _CHECKPOINT_EVERY
    if out is None:
        raise InvalidValue(
            where="checkpoint_every",
            got=f"{every!r} and no folder",
            wanted="a folder to keep the checkpoints in",
            remedy="Say out=FOLDER (--out FOLDER).",
        )
    return every if isinstance(every, Interval) else Interval.of(every, "checkpoint_every")
