"""The verb `race`: which contestant is fastest at which size, timed in turn within a given time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import torch

from chalknet.data import load
from chalknet.engine import ENGINES
from chalknet.errors import ChalknetError, InvalidValue, invalid, look_up, public
from chalknet.forms import ModelLike, read
from chalknet.hardware import checked_device
from chalknet.measure import Ceilings, measure_ceilings
from chalknet.network import Network
from chalknet.notation import write
from chalknet.planning import (
    Placement,
    Recipe,
    RecipeKeywords,
    RunOptions,
    check_options,
    recipe_of,
    with_options,
)
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


@public(network="model")
@with_options(RecipeKeywords)
def race(
    model: ModelLike | None = None,
    recipe: Recipe | None = None,
    *,
    data: object = None,
    widths: Sequence[int] | None = None,
    batch_sizes: Sequence[int | None] | None = None,
    devices: Sequence[str] | None = None,
    engines: Sequence[str] | None = None,
    threads: Sequence[int] | None = None,
    seconds: float = 45.0,
    on_row: Callable[[RaceRow], object] | None = None,
    **options: Any,
) -> Race:
    """Return the times of an update on each device, by each engine and with each number of threads.

    All contestants of a size are opened and warmed up and then timed in turn, the device waited for, by as
    many updates a call as the time allows; a figure is the median of at least three such calls. Starting,
    compiling and moving a batch to a device are measured apart. Ctrl-C keeps the sizes that are done.

    Args:
        model: whatever `read` takes, its weights drawn anew; None for the lecture's 1 -> width relu -> 1 at
            widths of 10 to 200,000.
        recipe: how it is trained; keywords such as loss=, optimizer= and lr= go before it. Without it mse and
            Adam unless the keywords say otherwise.
        data: whatever `load` takes; None makes 100 samples up, or as many as the largest batch needs.
        widths: replaces the widths of all hidden layers, one after another.
        batch_sizes: samples of an update, None for all of them.
        devices: None for the CPU and the first GPU.
        engines: None for all.
        threads: CPU threads torch may use. None for torch's number; with the CPU alone for 1, 2, 4, ... up
            to it.
        seconds: for the whole race; compiling, and some seconds for the machine's ceilings, come on top. The
            smallest size is timed in any case.
        on_row: called with each row as it is found.
        **options: of a Recipe, as in `fit`.

    Raises:
        InvalidValue: for widths without a hidden layer, or what is no size, number of threads or model.
        UnknownName: for an engine or an option that is in no table.
        Refused: for a device that is not here, or that computes nothing (`meta`).
        OutOfMemory: for samples or a network larger than the memory.

    Example:
        >>> import chalknet as cn
        >>> race = cn.race("1 -> 8 relu -> 1", engines=["eager"], threads=[1], seconds=0.1)
        >>> [(row.candidate.engine, row.timing is not None) for row in race.rows]
        [('eager', True)]
    """
    check_options("race", options, (*RecipeKeywords.__annotations__, *_OWN_OPTIONS))
    asked = recipe_of("race", recipe, options, _LECTURE)
    if model is None:
        model, widths = lecture_network(), LECTURE_WIDTHS if widths is None else widths
    network = read(model)
    if not _is_positive(seconds):
        raise invalid("seconds", seconds, "a number above 0", "Leave it out for 45.")
    if on_row is not None and not callable(on_row):
        raise invalid("on_row", on_row, "a function of one row", "Leave it out.")
    all_widths, all_sizes = _numbers("widths", widths), _numbers("batch_sizes", batch_sizes, or_none=True)
    candidates = _candidates(devices, engines, threads)
    source = None if data is None else load(data)
    if source is None and all_sizes == (None,):
        all_sizes = (asked.batch_size,)
    points = points_of(network, asked, source, all_widths, all_sizes)
    axis = "width" if widths is not None and (batch_sizes is None or len(all_widths) > 1) else "batch size"
    running = _RunningRace(candidates=candidates, points=points, seconds=float(seconds), on_row=on_row)
    return running.run(_title(network, asked, points[0], axis), axis)


_OWN_OPTIONS = ("data", "widths", "batch_sizes", "devices", "engines", "threads", "seconds", "on_row")
_LARGEST = {"widths": 10**12, "batch_sizes": 10**12, "threads": 1024}


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e12


def _listed(where: str, values: object) -> tuple[Any, ...]:
    """Return the entries of an argument that takes several; a single text is one entry."""
    if isinstance(values, str):
        return (values,)
    if not isinstance(values, Iterable):
        raise invalid(where, values, "a list", f"Say {where}=[...], or leave it out.")
    if not (entries := tuple(values)):
        raise InvalidValue(where=where, got="none", wanted="at least one", remedy=f"Leave {where} out.")
    return entries


def _numbers(where: str, values: object, *, or_none: bool = False) -> tuple[Any, ...]:
    """Return whole numbers, each once; `(None,)` where none are given.

    Args:
        where: the argument's name.
        values: the argument.
        or_none: whether None may be among them.
    """
    if values is None:
        return (None,)
    found, most = _listed(where, values), _LARGEST[where]
    for each in found:
        if not (or_none and each is None) and not _is_count(each, most):
            remedy = f"Say {where}=[10, 100, 1000] (--{where.replace('_', '-')} 10,100,1000)."
            raise invalid(where, each, f"whole numbers of at least 1 and at most {most:,}", remedy)
    return tuple(dict.fromkeys(found))


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _candidates(devices: object, engines: object, threads: object) -> tuple[Candidate, ...]:
    gpu = ["cuda:0"] if torch.cuda.is_available() else []
    listed = ["cpu", *gpu] if devices is None else _listed("devices", devices)
    places = list(dict.fromkeys(checked_device(device) for device in listed))
    names = list(ENGINES)[::-1] if engines is None else list(_listed("engines", engines))
    for name in names:
        look_up(ENGINES, name, "engines", "engine")
    default = torch.get_num_threads()
    counts = _numbers("threads", threads)
    if threads is None:
        powers = {1 << power for power in range(default.bit_length())}
        counts = (default,) if len(places) > 1 else tuple(sorted({*powers, default}))
    return tuple(
        Candidate(place, name, count)
        for place in places
        for name in dict.fromkeys(names)
        for count in (counts if place == "cpu" else (default,))
    )


def _title(network: Network, recipe: Recipe, point: Point, axis: str) -> str:
    samples = "" if axis == "batch size" else f", {show_count(point.batch_size)} samples"
    shown = network if point.width is None or axis != "width" else with_width(network, "width")
    return f"seconds of an update: {write(shown, 'arrows')}; {recipe.loss}, {recipe.optimizer}{samples}"


@dataclass
class _RunningRace:
    """A race while it runs.

    Args:
        candidates: what is timed.
        points: the sizes, in order.
        seconds: the time for all of them.
        on_row: called with each row.
        clock: returns seconds, ascending.
        rows: what has been timed.
        ceilings: of each device and number of threads.
    """

    candidates: tuple[Candidate, ...]
    points: list[Point]
    seconds: float
    on_row: Callable[[RaceRow], object] | None = None
    clock: Callable[[], float] = perf_counter
    rows: list[RaceRow] = field(default_factory=list)
    ceilings: dict[tuple[str, int], Ceilings] = field(default_factory=dict)

    def run(self, title: str, axis: str) -> Race:
        """Time every point; Ctrl-C ends the race with the rows so far, and is raised where there are none."""
        for candidate in self.candidates:  # a device that is not here is an error, not a row
            self._prepared(self.points[0], replace(candidate, engine="eager"))
        interrupted = False
        try:
            overheads = self._measure_overheads()
            began = self.clock()
            for index, point in enumerate(self.points):
                to_do = self.points[index:]
                left_s = self._left_s(began) / len(to_do)
                kept_s = sum(self._least_s(each, *self.candidates) for each in to_do[1:]) / len(to_do)
                self._run_point(point, began, max(left_s - kept_s, left_s / 4), overheads)
        except KeyboardInterrupt:
            if not any(row.timing for row in self.rows):
                raise
            interrupted = True
        return Race(title, axis, tuple(self.rows), dict(self.ceilings), machine_and_versions(), interrupted)

    def _measure_overheads(self) -> dict[Candidate, float]:
        """Measure the ceilings, and an empty update of each candidate; kernels are compiled here."""
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
            needed_s, left_s = self._least_s(point, candidate), max(0.0, self._left_s(began))
            if self.rows and needed_s > left_s:  # the first size is always timed
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
        row = RaceRow(point.width, point.batch_size, candidate, least_s=least_s, **vars(timed))
        self.rows.append(row)
        if self.on_row is not None:
            self.on_row(row)

    def _entries(self, point: Point) -> tuple[dict[Candidate, PreparedFit], dict[Candidate, str]]:
        """Return the plans of the candidates that can run a point, and why the others cannot."""
        entries: dict[Candidate, PreparedFit] = {}
        refused: dict[Candidate, str] = {}
        for candidate in self.candidates:
            try:
                entries[candidate] = self._prepared(point, candidate)
            except ChalknetError as problem:  # eager at the smallest size was checked before
                refused[candidate] = problem.got
        return entries, refused

    def _prepared(self, point: Point, candidate: Candidate) -> PreparedFit:
        run = RunOptions(device=candidate.device, engine=candidate.engine, threads=candidate.threads)
        return prepare(point.network, point.source, point.recipe, run)

    def _least_s(self, point: Point, *candidates: Candidate) -> float:
        """Return a lower bound of the seconds that timing a point takes."""
        return _UPDATES_OF_A_POINT * sum(self._expected_s(point, candidate) for candidate in candidates)

    def _expected_s(self, point: Point, candidate: Candidate) -> float:
        """Return an estimate of the seconds of an update: from the last size, or for `eager` from counts."""
        for row in reversed(self.rows):
            if row.candidate == candidate and row.timing:
                size = row.width, row.batch_size
                before = next(each for each in self.points if (each.width, each.batch_size) == size)
                return row.timing.median_s * max(1.0, _usual_s(point) / _usual_s(before))
        return _usual_s(point) if (candidate.engine, candidate.device) == ("eager", "cpu") else 0.0

    def _left_s(self, began: float) -> float:
        return self.seconds - (self.clock() - began)


def _usual_s(point: Point) -> float:
    return usual_update_s(point.network, point.batch_size, point.recipe, Placement("cpu", "float32", 1))
