"""The result of a search: a table, the best fit, and ensembles."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chalknet.errors import InvalidValue, whole_number
from chalknet.files import user_path, write_output
from chalknet.searching.criterion import Criterion
from chalknet.searching.ensemble import Ensemble
from chalknet.searching.journal import read_facts
from chalknet.searching.member import PAUSED, Member
from chalknet.tables import Cell, Shown, Table, Tabular, Value
from chalknet.training import FitResult, data_frame, load_run
from chalknet.units import one_line, show_count, show_seconds, show_value


@dataclass(frozen=True, repr=False)
class SearchRow(Shown):
    """One setting of a search, over its seeds and parts of the data.

    Args:
        values: the chosen values, by name.
        rank: 1 for the best; settings with equal means share a rank.
        mean: of the metric, over all fits; NaN if it could not be computed for one of them.
        deviation: the standard deviation of the metric (`numpy.std`); NaN likewise.
        fits: the number of fits.
        seconds: of training, all fits together.
        updates: the most that one of its fits made; fewer than others if halving dropped the setting.
        ended: how the fits ended.
        reason: why one diverged, failed or has no score.
    """

    values: Mapping[str, Any]
    rank: int
    mean: float
    deviation: float
    fits: int
    seconds: float
    updates: int
    ended: str
    reason: str = ""


@dataclass(frozen=True)
class ScoredConfiguration:
    """A setting and its fits, before it has a rank.

    Args:
        values: the chosen values, by name.
        members: its fits, as far as they got.
        rung: the number of rounds of halving it survived; 0 without halving.
        place: the index of the setting in the search.
    """

    values: Mapping[str, Any]
    members: Sequence[Member]
    rung: int = 0
    place: int = 0

    @property
    def mean(self) -> float:
        """Return the mean of the metric."""
        return sum(member.score for member in self.members) / len(self.members)

    @property
    def deviation(self) -> float:
        """Return its standard deviation."""
        mean = self.mean
        return math.sqrt(sum((member.score - mean) ** 2 for member in self.members) / len(self.members))

    def order(self, criterion: Criterion) -> tuple[float, ...]:
        """Return a sort key: smaller ranks better.

        Settings without a failed fit come first, then those with a score; among them those that survived more
        rounds of halving.
        """
        wrong = sum(member.went_wrong for member in self.members)
        if wrong or math.isnan(self.mean):
            return (math.inf, wrong / len(self.members), 0.0)
        return (0.0, -self.rung, criterion.order(self.mean))


def ranked(scores: Sequence[ScoredConfiguration], criterion: Criterion) -> list[SearchRow]:
    """Return a row for each setting, the best one first."""
    ordered = sorted(scores, key=lambda each: each.order(criterion))
    rows: list[SearchRow] = []
    for place, each in enumerate(ordered, start=1):
        like_before = place > 1 and each.order(criterion) == ordered[place - 2].order(criterion)
        ends = list(dict.fromkeys(member.ended for member in each.members))
        reasons = list(dict.fromkeys(member.reason for member in each.members if member.reason))
        rows.append(
            SearchRow(
                values=each.values,
                rank=rows[-1].rank if like_before else place,
                mean=each.mean,
                deviation=each.deviation,
                fits=len(each.members),
                seconds=sum(member.seconds for member in each.members),
                updates=max(member.updates for member in each.members),
                ended=", ".join(
                    _counted(each.members, end) if len(ends) > 1 else end for end in ends
                ).replace(PAUSED, "left out"),
                reason="; ".join(reasons),
            )
        )
    return rows


def _counted(members: Sequence[Member], end: str) -> str:
    return f"{sum(member.ended == end for member in members)} {end}"


@dataclass(frozen=True, repr=False)
class SearchResult(Tabular):
    """The result of a search.

    Args:
        rows: a row for each setting, the best one first.
        metric: the metric by which they are ranked.
        higher: whether higher is better.
        best: the best setting, fitted again and kept; None after Ctrl-C, or if no fit has a score.
        seconds: the time of the search.
        fits: the number of fits made in this process.
        interrupted: whether Ctrl-C ended it; if a folder was given, the same call continues it.
        notes: what may not be as intended, one sentence each.
        refit: returns the fit of the setting and seed at an index, 0 for the best one.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> found = cn.search("? -> 1", (x, 2 * x), over={"lr": [1e-3, 0.5]}, loss="mse", updates=50)
        >>> found.rows[0].values
        {'lr': 0.5}
    """

    rows: tuple[SearchRow, ...]
    metric: str
    higher: bool
    best: FitResult | None = None
    seconds: float = 0.0
    fits: int = 0
    interrupted: bool = False
    notes: tuple[str, ...] = ()
    refit: Callable[[int], FitResult] | None = field(default=None, compare=False)

    @property
    def table(self) -> Table:
        """Return a row for each setting."""
        names = list(dict.fromkeys(name for row in self.rows for name in row.values))
        several = any(row.fits > 1 for row in self.rows)
        reasons = any(row.reason for row in self.rows)
        heads = ["rank", *names, f"held-out {self.metric}", *(["fits"] if several else []), "updates",
            "training time", "ended", *(["because"] if reasons else []),
        ]  # fmt: skip
        rows = []
        for row in self.rows:
            cells: list[Value] = [row.rank, *(_cell(row.values.get(name)) for name in names), _score(row)]
            cells += [row.fits] if several else []
            cells += [row.updates, Cell(row.seconds, show_seconds(row.seconds)), row.ended]
            rows.append((*cells, *((row.reason,) if reasons else ())))
        better = "more" if self.higher else "less"
        settings = f"{show_count(len(rows))} setting{'s' * (len(rows) != 1)}"
        title = f"{settings}, ranked by the held-out {self.metric} ({better} is better)"
        return Table(tuple(heads), tuple(rows), title, tuple(f"note: {note}" for note in self.notes))

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the table as columns by name; None where a setting has no value."""
        names = list(dict.fromkeys(name for row in self.rows for name in row.values))
        columns: dict[str, list[Any]] = {"rank": [row.rank for row in self.rows]}
        columns |= {name: [row.values.get(name) for row in self.rows] for name in names}
        columns[self.metric] = [_finite(row.mean) for row in self.rows]
        columns["deviation"] = [_finite(row.deviation) for row in self.rows]
        for name in ("fits", "updates", "seconds", "ended", "reason"):
            columns[name] = [getattr(row, name) for row in self.rows]
        return columns

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` with a row for each setting.

        Raises:
            MissingPackage: without pandas.
        """
        return data_frame(self.to_dict(), "SearchResult.to_pandas")

    def to_csv(self, path: str | Path | None = None) -> str:
        """Return the table as CSV with a header, and write it where a path is given.

        Args:
            path: of the file; None to write none.

        Raises:
            FileProblem: if it cannot be written.
        """
        columns = self.to_dict()
        text = io.StringIO(newline="")
        rows = zip(*columns.values(), strict=True)
        csv.writer(text, lineterminator="\n").writerows([list(columns), *rows])
        if path is not None:
            write_output(user_path(path), text.getvalue().encode())
        return text.getvalue()

    def ensemble(self, m: int = 5) -> Ensemble:
        """Return an ensemble of the best `m` fits; it predicts their mean and their spread.

        These are the fits of the best setting, the best seed first, then those of the second one, and so on.
        A fit that was not kept is made again, with the same results.

        Args:
            m: the number of fits.

        Raises:
            InvalidValue: if there are fewer.

        Example:
            >>> import torch
            >>> import chalknet as cn
            >>> x = torch.linspace(-1, 1, 50)
            >>> over = {"seed": range(3)}
            >>> found = cn.search("? -> 1", (x, 2 * x), over=over, loss="mse", lr=0.5, updates=100)
            >>> sorted(found.ensemble(3).predict([[0.5]]).columns)
            ['yhat', 'yhat spread']
        """
        whole_number("m", m, "Say ensemble(5).")
        if self.refit is None:
            raise _too_few(m, 0)
        runs = []
        for place in range(m):
            try:
                runs.append(self.best if place == 0 and self.best is not None else self.refit(place))
            except IndexError:
                raise _too_few(m, place) from None
        return Ensemble(tuple(runs))

    def __repr__(self) -> str:
        first = f", the best {_score(self.rows[0]).text}" if self.rows else ""
        return one_line(f"SearchResult({show_count(len(self.rows))} settings by {self.metric}{first})")

    def facts(self) -> dict[str, Any]:
        """Return it as a dict for JSON."""
        return {
            "metric": self.metric, "higher": self.higher, "seconds": self.seconds,
            "interrupted": self.interrupted, "notes": list(self.notes),
            "rows": [{**vars(row), "mean": _finite(row.mean), "deviation": _finite(row.deviation),
                      "values": {name: _json(value) for name, value in row.values.items()}}
                     for row in self.rows],
        }  # fmt: skip

    @classmethod
    def load(cls, path: str | Path) -> SearchResult:
        """Load a search from its folder: the table, the best fit, and the ensemble of the kept fits.

        Args:
            path: the folder of a finished search.

        Raises:
            FileProblem: if there is no finished search in the folder.
        """
        folder = user_path(path)
        facts = read_facts(folder)
        names = list(facts["kept"])

        def refit(place: int) -> FitResult:
            return load_run(folder / names[place])

        best = refit(0) if names else None
        return replace(cls._of_facts(facts), best=best, refit=refit)

    @classmethod
    def _of_facts(cls, facts: Mapping[str, Any]) -> SearchResult:
        """Return the result for the dict made by `facts`."""
        rows = tuple(
            SearchRow(
                **{
                    **row,
                    **{name: math.nan if row[name] is None else row[name] for name in ("mean", "deviation")},
                }
            )
            for row in facts["rows"]
        )
        plain = {name: facts[name] for name in ("metric", "higher", "seconds", "interrupted")}
        return cls(rows, **plain, notes=tuple(facts["notes"]))


def _too_few(m: int, there: int) -> InvalidValue:
    return InvalidValue(
        where="ensemble",
        got=f"m={m}, of {there} fits that can be had",
        wanted="at most as many as there are",
        remedy="Search over more seeds, over={'seed': range(5)}; in a folder keep more: keep=5 (--keep 5).",
    )


def _score(row: SearchRow) -> Cell:
    if math.isnan(row.mean):
        return Cell(None, "")
    beside = f" ± {show_value(row.deviation)}" if row.fits > 1 else ""
    return Cell(row.mean, f"{show_value(row.mean)}{beside}")


def _cell(value: Any) -> Value:
    if isinstance(value, float):
        return Cell(value, f"{value:.4g}")
    return value if isinstance(value, str | int | bool) or value is None else Cell(_json(value), str(value))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _json(value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
        return value
    except (TypeError, ValueError):
        return str(value)
