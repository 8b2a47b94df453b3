"""The result of a race: a row for each contestant at each size, the leader at each size, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from chalknet.measure import Ceilings, Timing
from chalknet.racing.lead import Crossover, Times, lead_changes, leaders
from chalknet.tables import Cell, Shown, Table, Tabular, Value
from chalknet.training import Candidate, Chart, CostEstimate, Curve, plot_curves
from chalknet.units import show_count, show_seconds

_CEILINGS = {
    "overhead": "an empty update takes",
    "memory": "as fast as copying its arrays would take",
    "arithmetic": "at the rate of sgemm its arithmetic would take",
}


@dataclass(frozen=True, repr=False)
class RaceRow(Shown):
    """One contestant at one size.

    Args:
        width: the width of the hidden layers; None where the network's own are kept.
        batch_size: samples of an update.
        candidate: device, engine and threads.
        timing: seconds of an update, for each repeat; None when it was not timed.
        refused: why it was not timed; empty when it was.
        start_s: seconds from opening to the first update made, `compile_s` and `transfer_s` apart.
        compile_s: seconds of compiling or loading kernels.
        transfer_s: seconds that moving the samples of an update to the device takes; 0 on the CPU. On
            another device each update of `eager` includes them.
        least_s: lower bounds of the seconds of an update: "overhead" (an empty update, measured in the same
            race), "memory" and "arithmetic" (counts divided by the device's measured best rates).
        note: what the engine had to change while running.
    """

    width: int | None
    batch_size: int
    candidate: Candidate
    timing: Timing | None = None
    refused: str = ""
    start_s: float = 0.0
    compile_s: float = 0.0
    transfer_s: float = 0.0
    least_s: Mapping[str, float] | None = None
    note: str = ""

    @property
    def bound(self) -> str:
        """Return the largest lower bound: "overhead", "memory" or "arithmetic"; empty if unknown."""
        return max(self.least_s, key=self.least_s.__getitem__) if self.timing and self.least_s else ""

    def __str__(self) -> str:
        size = "" if self.width is None else f"width {show_count(self.width)}, "
        batch = f"{show_count(self.batch_size)} samples"
        return f"{size}{batch}: {self.candidate} {self.timing or self.refused}"

    def as_dict(self) -> dict[str, object]:
        """Return the row as plain numbers and words, for JSON."""
        timing = self.timing
        row = {**vars(self), **vars(self.candidate), "least_s": dict(self.least_s or {}), "bound": self.bound}
        del row["candidate"], row["timing"]
        return row | {
            "median_s": timing.median_s if timing else None,
            "band_s": list(timing.band) if timing else None,
            "elapsed_s": list(timing.elapsed_s) if timing else [],
        }


@dataclass(frozen=True, repr=False)
class Race(Tabular):
    """The times of an update, by size and contestant.

    Args:
        title: what was raced.
        axis: what is swept, "width" or "batch size".
        rows: a row for each contestant at each size.
        ceilings: the best rates of each device, by device and number of threads.
        machine: what it was measured on, and the versions.
        interrupted: whether it was stopped before its end.

    Example:
        >>> import chalknet as cn
        >>> race = cn.race("1 -> 8 relu -> 1", engines=["eager"], threads=[1], seconds=0.1)
        >>> race.rows[0].candidate.engine
        'eager'
    """

    title: str
    axis: str
    rows: tuple[RaceRow, ...]
    ceilings: Mapping[tuple[str, int], Ceilings]
    machine: str
    interrupted: bool = False

    @property
    def contestants(self) -> tuple[Candidate, ...]:
        """Return the candidates that were timed at some size, in the order of the table."""
        return tuple(dict.fromkeys(row.candidate for row in self.rows if row.timing))

    @property
    def sizes(self) -> tuple[tuple[int | None, int], ...]:
        """Return the width and the batch size of each point, in order."""
        return tuple(self._times)

    @cached_property
    def _times(self) -> Mapping[tuple[int | None, int], Times]:
        """Return the times at each size, in order."""
        found: dict[tuple[int | None, int], dict[Candidate, Timing]] = {}
        for row in self.rows:
            times = found.setdefault((row.width, row.batch_size), {})
            times |= {row.candidate: row.timing} if row.timing else {}
        return found

    @cached_property
    def crossovers(self) -> tuple[Crossover, ...]:
        """Return where the lead changes along the axis; where both are swept, for each batch size in turn."""
        groups: dict[object, list[tuple[int, Times]]] = {}
        for (width, batch_size), times in self._times.items():
            other, size = (batch_size, width or 0) if self.axis == "width" else (width, batch_size)
            groups.setdefault(other, []).append((size, times))
        return tuple(change for points in groups.values() for change in lead_changes(self.axis, points))

    @property
    def crossover(self) -> Crossover | None:
        """Return the first change of the lead; None when there is none."""
        return self.crossovers[0] if self.crossovers else None

    @property
    def why(self) -> str:
        """Return in a sentence what limits each device and engine at the ends of the sweep."""
        clauses = [_ends(list(rows), self._size) for rows in self._by_engine().values()]
        return "; ".join(clause for clause in clauses if clause)

    def plot(self) -> Chart:
        """Return the picture: seconds of an update over the size, both logarithmic, a band for the spread."""
        many = self.axis == "width" and len({row.batch_size for row in self.rows}) > 1
        curves: dict[str, Curve] = {}
        for row in self.rows:
            if row.timing:
                name = f"{row.candidate}, batch size {row.batch_size}" if many else str(row.candidate)
                curve = curves.setdefault(name, Curve([], [], [], []))
                curve.places.append(self._size(row))
                curve.values.append(row.timing.median_s)
                curve.lows.append(row.timing.band[0])
                curve.highs.append(row.timing.band[1])
        marks = [(change.at, f"{change.at:,.0f}") for change in self.crossovers if change.at]
        alt_text = f"Seconds of an update over the {self.axis}: {'; '.join(self._verdicts())}"
        return plot_curves(curves, (self.axis, "seconds of an update"), alt_text=alt_text, marks=marks)

    def as_dict(self) -> dict[str, object]:
        """Return everything as plain numbers and words, for JSON."""
        return {
            "title": self.title,
            "axis": self.axis,
            "machine": self.machine,
            "interrupted": self.interrupted,
            "ceilings": {_place(*place): vars(ceilings) for place, ceilings in self.ceilings.items()},
            "rows": [row.as_dict() for row in self.rows],
            "crossovers": [
                {"first": str(c.first), "then": str(c.then), "low": c.low, "high": c.high, "at": c.at}
                for c in self.crossovers
            ],
            "why": self.why,
        }

    @property
    def table(self) -> Table:
        """Return a row for each size: the time of each contestant in seconds, and who leads."""
        both = len({width for width, _ in self.sizes}) > 1 and len({size for _, size in self.sizes}) > 1
        columns = (self.axis, *(["batch size"] if both else []), *map(str, self.contestants), "leads")
        rows: list[tuple[Value, ...]] = []
        for (width, batch_size), times in self._times.items():
            size = batch_size if self.axis == "batch size" or width is None else width
            cells = [
                Cell(times[each].median_s, str(times[each])) if each in times else Cell(None, "-")
                for each in self.contestants
            ]
            rows.append((size, *([batch_size] if both else []), *cells, _lead(times)))
        return Table(columns, tuple(rows), self.title, tuple(self._notes()))

    def _notes(self) -> list[str]:
        ceilings = [f"{_place(*place)} {found}" for place, found in self.ceilings.items()]
        return [
            *(["interrupted: this is what was measured before"] if self.interrupted else []),
            *(f"lead: {verdict}" for verdict in self._verdicts()),
            *([f"why: {self.why}"] if self.why else []),
            *self._grouped("refused"),
            *self._grouped("note"),
            *([f"start: {self._starts()}"] if self.contestants else []),
            *([f"ceilings: {'; '.join(ceilings)}"] if ceilings else []),
            f"machine: {self.machine}",
        ]

    def _grouped(self, attribute: str) -> list[str]:
        """Return a line for each contestant and text, with the sizes where it applies."""
        sizes: dict[tuple[str, str], list[str]] = {}
        for row in self.rows:
            if text := getattr(row, attribute):
                sizes.setdefault((str(row.candidate), text), []).append(show_count(self._size(row)))
        return [
            f"{name}{'' if len(at) == len(self.sizes) else ' at ' + ', '.join(at)}: {text}"
            for (name, text), at in sizes.items()
        ]

    def _verdicts(self) -> list[str]:
        if self.crossovers:
            return [str(change) for change in self.crossovers]
        ahead = [leaders(times) for times in self._times.values() if times]
        names = " and ".join(str(each) for each in self.contestants if all(each in some for some in ahead))
        if not names:
            return ["nobody's"]
        return [f"{names} all along" + (", too close to call" if " and " in names else "")]

    def _starts(self) -> str:
        """Return the longest start of each device and engine, with compiling and transfers apart."""
        texts = []
        for name, rows in self._by_engine().items():
            row = max(rows, key=lambda row: row.start_s + row.compile_s)
            text = f"{name} {show_seconds(row.start_s)}"
            if row.compile_s > 1e-3:
                text += f" + {show_seconds(row.compile_s)} of compiling or loading"
            if row.transfer_s:
                text += f" + {show_seconds(row.transfer_s)} to move a batch"
            texts.append(text)
        return "; ".join(texts)

    def _by_engine(self) -> dict[str, list[RaceRow]]:
        groups: dict[str, list[RaceRow]] = {}
        for row in self.rows:
            if row.timing:
                groups.setdefault(f"{row.candidate.engine} on {row.candidate.device}", []).append(row)
        return groups

    def _size(self, row: RaceRow) -> int:
        return row.batch_size if self.axis == "batch size" or row.width is None else row.width


def _lead(times: Times) -> str:
    """Return the leader at a size, as a short text."""
    if not times:
        return ""
    first, *others = leaders(times)
    if not others:
        return str(first)
    if {(each.device, each.engine) for each in others} != {(first.device, first.engine)}:
        return "too close to call"
    threads = " or ".join(str(each.threads) for each in sorted((first, *others), key=lambda c: c.threads))
    return f"{first.engine}, {threads} threads"


def least_times(work: CostEstimate, ceilings: Ceilings, overhead_s: float) -> dict[str, float]:
    """Return the lower bounds of the seconds of an update, by each ceiling."""
    return {
        "overhead": overhead_s,
        "memory": work.bytes / ceilings.bytes_per_s,
        "arithmetic": work.flops / ceilings.flops_per_s,
    }


def _ends(rows: list[RaceRow], size_of: Callable[[RaceRow], int]) -> str:
    """Return what limits one device and engine at the smallest and at the largest size."""
    best = [
        min((row for row in rows if size_of(row) == size), key=lambda row: row.timing.median_s)  # type: ignore[union-attr]
        for size in sorted({size_of(row) for row in rows})
    ]
    first, last = best[0], best[-1]
    if not first.bound or not last.bound:
        return ""
    name = f"{first.candidate.engine} on {first.candidate.device}"
    low = f"{name} is {first.bound}-bound at {show_count(size_of(first))} ({_share(first)})"
    if first is last:
        return low
    again = "still " if first.bound == last.bound else ""
    return f"{low} and {again}{last.bound}-bound at {show_count(size_of(last))} ({_share(last)})"


def _share(row: RaceRow) -> str:
    assert row.timing is not None and row.least_s is not None
    least, found = show_seconds(row.least_s[row.bound]), show_seconds(row.timing.median_s)
    return f"{_CEILINGS[row.bound]} {least}, this one {found}"


def _place(device: str, threads: int) -> str:
    return f"{device} with {threads} thread{'s' * (threads != 1)}" if device == "cpu" else device
