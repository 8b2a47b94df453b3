"""The public verb: who is fastest at which size, measured in turn within a given time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import torch

from chalknet.data import Source, load
from chalknet.engine import ENGINES
from chalknet.errors import ChalknetError, InvalidValue, unknown_name
from chalknet.hardware import checked_device
from chalknet.measure import Ceilings, measure_ceilings
from chalknet.module import require_settled
from chalknet.network import Network
from chalknet.notation import write
from chalknet.planning import Placement, Recipe, RunOptions
from chalknet.racing.contest import LEAST_REPEATS, Timed, time_point
from chalknet.racing.field import LECTURE_WIDTHS, Point, empty_point, lecture_network, points_of, with_width
from chalknet.racing.result import Race, RaceRow, least_times
from chalknet.training import (
    Candidate,
    PreparedFit,
    estimate_cost,
    machine_and_versions,
    prepare,
    using_threads,
    usual_update_s,
)
from chalknet.units import show_count, show_seconds

_LECTURE = {"loss": "mse", "optimizer": "adam", "updates": 1000}
_UPDATES_OF_A_POINT = LEAST_REPEATS + 2  # two of them warm up


def race(
    network: Network | None = None,
    recipe: Recipe | None = None,
    *,
    data: object = None,
    widths: Sequence[int] | None = None,
    batch_sizes: Sequence[int | None] | None = None,
    devices: Sequence[str] | None = None,
    engines: Sequence[str] | None = None,
    threads: Sequence[int] | None = None,
    seconds: float = 45.0,
    on_row: Callable[[RaceRow], None] | None = None,
    **options: Any,
) -> Race:
    """Return the times of an update on each device, by each engine and with each number of threads.

    All contestants of a size are opened and warmed up and then timed in turn, the device waited for, by as
    many updates a call as the time allows; a figure is the median of at least three such calls. Starting,
    compiling and moving a batch to a device are measured apart. Ctrl-C keeps the sizes that are done.

    Args:
        network: what is trained; None for the lecture's 1 -> width relu -> 1 at widths of 10 to 200,000.
        recipe: how; its options may be given as keywords instead, as in `fit`: loss, optimizer, lr, ...;
            mse and Adam unless said otherwise.
        data: whatever `load` takes; None makes 100 samples up, or as many as the largest batch wants.
        widths: replaces the widths of all hidden layers, one after another.
        batch_sizes: samples of an update, None for all of them.
        devices: None for the CPU and the first GPU.
        engines: None for all.
        threads: CPU threads torch may use. None for torch's number; with the CPU alone for 1, 2, 4, ... up
            to it.
        seconds: for the whole race; compiling, and some seconds for the machine's ceilings, come on top. The
            smallest size is timed in any case.
        on_row: called with each row as it is found.
        **options: of a Recipe, in place of one.

    Raises:
        InvalidValue: for widths without a hidden layer, a size that is none, an option that is none.
        UnknownName: for an engine or an option that is in no table.
        Refused: for a device that is not here, or that computes nothing (`meta`).

    Example:
        >>> import chalknet as cn
        >>> found = cn.race(cn.read("1 -> 8 relu -> 1"), engines=["eager"], threads=[1], seconds=0.1)
        >>> found.rows[0].timing.median_s > 0
        True
    """
    asked = _recipe(recipe, options)
    if network is None:
        network, widths = lecture_network(), LECTURE_WIDTHS if widths is None else widths
    _check_seconds(seconds)
    swept = _sizes(widths, "widths"), _sizes(batch_sizes, "batch_sizes", all_of_them=True)
    course = _Course(
        candidates=_candidates(devices, engines, threads),
        points=_points(network, asked, data, swept),
        seconds=seconds,
        on_row=on_row,
    )
    axis = "width" if widths is not None and (batch_sizes is None or len(swept[0]) > 1) else "batch size"
    return course.run(_title(network, asked, course.points[0], axis), axis)


def _recipe(recipe: Recipe | None, options: dict[str, Any]) -> Recipe:
    if recipe is None:
        names = [name for name in Recipe.__dataclass_fields__ if name != "optimizer_options"]
        own = {name: value for name, value in options.items() if name not in names}
        given = {name: value for name, value in options.items() if name in names}
        return Recipe(**{**_LECTURE, **given}, optimizer_options=own)
    if options:
        raise InvalidValue(
            where="race",
            got=f"a recipe and {', '.join(options)} beside it",
            wanted="one or the other",
            remedy="Put the options into the recipe.",
        )
    return recipe


def _check_seconds(seconds: object) -> None:
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 < seconds < float("inf"):
        raise InvalidValue(
            where="seconds", got=repr(seconds), wanted="a number above 0", remedy="Leave it out for 45."
        )


def _sizes(sizes: Iterable[int | None] | None, where: str, *, all_of_them: bool = False) -> tuple[Any, ...]:
    found = (None,) if sizes is None else tuple(dict.fromkeys(sizes))
    for size in found:
        whole = isinstance(size, int) and not isinstance(size, bool) and size >= 1
        if not whole and not (size is None and (sizes is None or all_of_them)):
            raise _no_size(where, repr(size))
    if not found:
        raise _no_size(where, "none")
    return tuple(sorted(found, key=lambda size: (size is None, size or 0)))


def _no_size(where: str, got: str) -> InvalidValue:
    return InvalidValue(
        where=where,
        got=got,
        wanted="whole numbers of at least 1",
        remedy=f"Say {where}=[10, 100, 1000] (--{where.replace('_', '-')} 10,100,1000).",
    )


def _points(
    network: Network, recipe: Recipe, data: object, swept: tuple[tuple[Any, ...], tuple[Any, ...]]
) -> list[Point]:
    widths, batch_sizes = swept
    if network.symbols and widths == (None,):
        require_settled(network)
    source: Source | None = None if data is None else load(data)
    if data is None and batch_sizes == (None,):
        batch_sizes = (recipe.batch_size,)
    points = points_of(network, recipe, source, widths, batch_sizes)
    return sorted(points, key=lambda point: (point.batch_size, point.width or 0))


def _candidates(
    devices: Sequence[str] | None, engines: Sequence[str] | None, threads: Sequence[int] | None
) -> tuple[Candidate, ...]:
    gpu = ["cuda:0"] if torch.cuda.is_available() else []
    places = ["cpu", *gpu] if devices is None else [checked_device(device) for device in devices]
    names = list(ENGINES)[::-1] if engines is None else list(engines)
    for name in names:
        if name not in ENGINES:
            raise unknown_name("engines", "engine", name, ENGINES)
    home = torch.get_num_threads()
    counts = list(threads or ([home] if len(places) > 1 else _doubling(home)))
    return tuple(
        Candidate(place, name, count)
        for place in places
        for name in names
        for count in (counts if place == "cpu" else [home])
    )


def _doubling(most: int) -> list[int]:
    """Return 1, 2, 4, ... and the largest."""
    return sorted({*(1 << power for power in range(most.bit_length())), most})


def _title(network: Network, recipe: Recipe, point: Point, axis: str) -> str:
    samples = "" if axis == "batch size" else f", {show_count(point.batch_size)} samples"
    shown = network if point.width is None or axis != "width" else with_width(network, "width")
    return f"seconds of an update: {write(shown, 'arrows')}; {recipe.loss}, {recipe.optimizer}{samples}"


@dataclass
class _Course:
    """A race under way.

    Args:
        candidates: who runs.
        points: where, in order.
        seconds: for all of it.
        on_row: is told each row.
        clock: seconds that only go up.
    """

    candidates: tuple[Candidate, ...]
    points: list[Point]
    seconds: float
    on_row: Callable[[RaceRow], None] | None = None
    clock: Callable[[], float] = perf_counter
    rows: list[RaceRow] = field(default_factory=list)
    ceilings: dict[tuple[str, int], Ceilings] = field(default_factory=dict)

    def run(self, title: str, axis: str) -> Race:
        """Time every point; Ctrl-C ends it with what is measured, and is raised when that is nothing."""
        for candidate in self.candidates:  # a device that is not here is no row but an error
            self._prepared(self.points[0], replace(candidate, engine="eager"))
        interrupted = False
        try:
            overheads = self._measure_overheads()
            began = self.clock()
            for index, point in enumerate(self.points):
                later = self.points[index + 1 :]
                left_s = self._left_s(began) / (1 + len(later))
                kept_s = sum(self._least_s(each, self.candidates) for each in later) / (1 + len(later))
                self._run_point(point, began, max(left_s - kept_s, left_s / 4), overheads)
        except KeyboardInterrupt:
            if not any(row.timing for row in self.rows):
                raise
            interrupted = True
        return Race(title, axis, tuple(self.rows), dict(self.ceilings), machine_and_versions(), interrupted)

    def _measure_overheads(self) -> dict[Candidate, float]:
        """Measure the ceilings, and an empty update by everyone; compiling happens here."""
        for candidate in self.candidates:
            place = candidate.device, candidate.threads
            if place not in self.ceilings:
                with using_threads(candidate.threads):
                    self.ceilings[place] = measure_ceilings(candidate.device, repeats=3)
        empty = empty_point(self.points[0])
        entries, _ = self._entries(empty)
        found = time_point(entries, None, self.seconds / (4 * len(self.points)), self.clock)
        return {candidate: timed.timing.median_s for candidate, timed in found.items() if timed.timing}

    def _run_point(
        self, point: Point, began: float, seconds: float, overheads: dict[Candidate, float]
    ) -> None:
        entries, refused = self._entries(point)
        for candidate in list(entries):
            needed_s, left_s = self._least_s(point, [candidate]), max(0.0, self._left_s(began))
            if self.rows and needed_s > left_s:  # the first size is timed in any case
                del entries[candidate]
                refused[candidate] = (
                    f"not timed: {_UPDATES_OF_A_POINT} updates take about {show_seconds(needed_s)}, "
                    f"the race has {show_seconds(left_s)} left"
                )
        found = {candidate: Timed(refused=reason) for candidate, reason in refused.items()}
        found |= time_point(entries, point.module, seconds, self.clock)
        self.seconds += sum(timed.compile_s for timed in found.values())
        for candidate in self.candidates:
            self._add(point, candidate, found[candidate], overheads.get(candidate))

    def _add(self, point: Point, candidate: Candidate, timed: Timed, overhead_s: float | None) -> None:
        least_s = None
        if overhead_s is not None:
            placement = Placement(candidate.device, "float32", candidate.threads)
            work = estimate_cost(point.network, point.batch_size, point.recipe, placement, candidate.engine)
            least_s = least_times(work, self.ceilings[candidate.device, candidate.threads], overhead_s)
        row = RaceRow(
            point.width, point.batch_size, candidate, timed.timing, timed.refused,
            timed.start_s, timed.compile_s, timed.transfer_s, least_s, timed.note,
        )  # fmt: skip
        self.rows.append(row)
        if self.on_row is not None:
            self.on_row(row)

    def _entries(self, point: Point) -> tuple[dict[Candidate, PreparedFit], dict[Candidate, str]]:
        """Return the plans of those that run a point, and why others do not."""
        entries: dict[Candidate, PreparedFit] = {}
        refused: dict[Candidate, str] = {}
        for candidate in self.candidates:
            try:
                entries[candidate] = self._prepared(point, candidate)
            except ChalknetError as problem:  # the smallest size by eager is known to be in order
                refused[candidate] = problem.got
        return entries, refused

    def _prepared(self, point: Point, candidate: Candidate) -> PreparedFit:
        run = RunOptions(device=candidate.device, engine=candidate.engine, threads=candidate.threads)
        return prepare(point.network, point.source, point.recipe, run)

    def _least_s(self, point: Point, candidates: Iterable[Candidate]) -> float:
        """Return about the seconds in which a point is timed at the least."""
        return _UPDATES_OF_A_POINT * sum(self._expected_s(point, candidate) for candidate in candidates)

    def _expected_s(self, point: Point, candidate: Candidate) -> float:
        """Return about the seconds of an update: from the size before, else from the counts for `eager`."""
        for row in reversed(self.rows):
            if row.candidate == candidate and row.timing:
                before = next(each for each in self.points if each.size == (row.width, row.batch_size))
                return row.timing.median_s * max(1.0, _usual_s(point) / _usual_s(before))
        return _usual_s(point) if (candidate.engine, candidate.device) == ("eager", "cpu") else 0.0

    def _left_s(self, began: float) -> float:
        return self.seconds - (self.clock() - began)


def _usual_s(point: Point) -> float:
    return usual_update_s(point.network, point.batch_size, point.recipe, Placement("cpu", "float32", 1))
