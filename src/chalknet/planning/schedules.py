"""The schedules of the learning rate, one row each: a formula of the update's number and the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalknet.errors import InvalidValue, unknown_name
from chalknet.network import name_of_row
from chalknet.planning.spelled import RowSetting, name_and_words, settings_of, spelled


@dataclass(frozen=True)
class RateSchedule:
    """One schedule: which learning rate an update has.

    Args:
        name: the name used everywhere in chalknet.
        aliases: other spellings read as this one.
        torch_class: the class of `torch.optim.lr_scheduler` with these values.
        formula: the rate as a Python expression in `t` (updates made since the warm-up), `lr`, `length` (the
            updates of the fit without its warm-up), the settings, and cos, pi, floor, minimum, maximum and
            where of numpy.
        settings: the numbers that it takes, in their order; one that is left out and has no default is the
            length.
        by_evaluations: whether the rate depends on what the evaluations find.
    """

    name: str
    aliases: tuple[str, ...]
    torch_class: str
    formula: str
    settings: Mapping[str, RowSetting] = field(default_factory=dict)
    by_evaluations: bool = False


_OVER = RowSetting(None, 1, whole=True)
_FALL = "{low} + ({high} - {low}) * (1 + cos(pi * {part})) / 2"
_RISES, _ENDS = "maximum(rise * over - 1, 1e-9)", "maximum(over - rise * over, 1e-9)"
_ROWS = (
    RateSchedule(
        "step",
        ("step_lr",),
        "StepLR",
        "lr * factor ** floor(t / every)",
        {"every": RowSetting(None, 1, whole=True, needed=True), "factor": RowSetting(0.1, 0, 1e6, open=True)},
    ),
    RateSchedule(
        "cosine",
        ("cosine_annealing", "cosine_annealing_lr"),
        "CosineAnnealingLR",
        _FALL.format(low="to", high="lr", part="minimum(t / over, 1)"),
        {"to": RowSetting(0.0), "over": _OVER},
    ),
    RateSchedule(
        "one_cycle",
        ("one_cycle_lr",),
        "OneCycleLR",
        f"where(t <= rise * over - 1, {_FALL.format(low='lr', high='lr / first', part=f't / {_RISES}')}, "
        + _FALL.format(
            low="lr / first / last", high="lr", part=f"minimum((t - rise * over + 1) / {_ENDS}, 1)"
        )
        + ")",
        {
            "rise": RowSetting(0.3, 0, 1, open=True),
            "first": RowSetting(25.0, 0, open=True),
            "last": RowSetting(1e4, 0, open=True),
            "over": _OVER,
        },
    ),
    RateSchedule(
        "plateau",
        ("reduce_lr_on_plateau",),
        "ReduceLROnPlateau",
        "lr",
        {
            "factor": RowSetting(0.1, 0, 1, open=True),
            "patience": RowSetting(10, 0, whole=True),
            "threshold": RowSetting(1e-4),
            "cooldown": RowSetting(0, 0, whole=True),
            "to": RowSetting(0.0),
        },
        by_evaluations=True,
    ),
)

SCHEDULES: Mapping[str, RateSchedule] = {row.name: row for row in _ROWS}


@dataclass(frozen=True)
class ChosenSchedule:
    """A row of the table with the settings that were written.

    Args:
        row: of the table.
        given: the settings that were written.
    """

    row: RateSchedule
    given: Mapping[str, float]

    def __str__(self) -> str:
        return spelled(self.row.name, self.given, self.row.settings)

    def values(self, length: float) -> dict[str, float]:
        """Return all settings; those that nobody told are the length."""
        own = {name: self.given.get(name, setting.default) for name, setting in self.row.settings.items()}
        return {name: length if value is None else value for name, value in own.items()}

    @property
    def needs_length(self) -> bool:
        """Return whether it has to be known beforehand how many updates there are."""
        return any(
            setting.default is None and name not in self.given for name, setting in self.row.settings.items()
        )


def schedule_of(text: object) -> ChosenSchedule:
    """Return the schedule that a text names, such as `cosine` or `step(every=100, factor=0.5)`.

    Raises:
        UnknownName: for a schedule or a setting that does not exist.
        InvalidValue: for a setting that it cannot have.
    """
    words, inner = name_and_words(text) if isinstance(text, str) else (text, "")
    name = name_of_row(SCHEDULES.values(), words) if isinstance(words, str) else None
    if name is None:
        raise unknown_name("schedule", "schedule", words, SCHEDULES)
    row = SCHEDULES[name]
    return ChosenSchedule(row, settings_of(name, inner, row.settings))


def check_length(chosen: ChosenSchedule, seconds: float | None) -> None:
    """Refuse a schedule over the whole fit where nobody knows how many updates it will have.

    Raises:
        InvalidValue: naming what to write.
    """
    if seconds is not None and chosen.needs_length:
        raise InvalidValue(
            where="schedule",
            got=f"{chosen} and a budget of {seconds:g} seconds",
            wanted="a number of updates, over which it runs",
            remedy=f"Write {chosen.row.name}(over=1000), or say updates=1000 instead of seconds.",
        )
