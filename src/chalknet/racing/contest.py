"""Time the contestants at one size: opened, warmed up, then timed in turn."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite

from torch import nn

from chalknet.engine import ENGINES, Session
from chalknet.errors import ChalknetError
from chalknet.measure import Timing, measure, synchronise
from chalknet.training import Candidate, PreparedFit, using_threads
from chalknet.units import show_count

LEAST_REPEATS = 3
_MOST_REPEATS = 7
_SHORTEST_CALL_S, _LONGEST_CALL_S = 0.01, 0.2  # long enough that the cost of a call does not count
_WARM_S = 0.01  # of updates before the first timed call
_REST_S = 0.02  # before each call: idle threads of the previous contestant spin for some 10 ms


@dataclass(frozen=True)
class Timed:
    """The measurements of one contestant at one size: see `RaceRow`."""

    timing: Timing | None = None
    refused: str = ""
    start_s: float = 0.0
    compile_s: float = 0.0
    transfer_s: float = 0.0
    note: str = ""


class Runner:
    """One contestant, opened and ready to be timed.

    Args:
        prepared: its plan and the samples.
        module: a copy of it is trained; None builds the plan's network.
        clock: returns seconds, ascending.

    Attributes:
        update_s: the approximate seconds of an update, from the warm-up.
        start_s: seconds from opening to the first update made, without compiling.
        failed: why it cannot go on; empty while it can.
    """

    def __init__(self, prepared: PreparedFit, module: nn.Module | None, clock: Callable[[], float]) -> None:
        self.update_s = self.start_s = self.compile_s = self.transfer_s = 0.0
        self.failed = ""
        self.updates = 1
        self._prepared, self._clock, self._done = prepared, clock, 0
        self._session: Session | None = None
        self._guarded(lambda: self._open(copy.deepcopy(module)))

    def __call__(self) -> None:
        """Make the updates of one timed call."""
        self._guarded(lambda: self._advance(self.updates))

    @property
    def note(self) -> str:
        """Return what the engine had to change while running."""
        return "; ".join(self._session.notes) if self._session is not None else ""

    def _open(self, module: nn.Module | None) -> None:
        plan, began = self._prepared.plan, self._clock()
        self._session = ENGINES[plan.engine].open(plan, self._prepared.batches, module)
        self._seconds_of(1)
        self.compile_s = self._session.compile_s
        opened_s = self._clock() - began
        self.update_s = self._seconds_of(1)
        self.start_s = max(0.0, opened_s - self.compile_s - self.update_s)
        if self.update_s < _WARM_S:
            self.update_s = self._seconds_of(int(_WARM_S / self.update_s) + 1)
        if plan.placement.device != "cpu":
            self.transfer_s = self._transfer_s(plan.placement.device)

    def _transfer_s(self, device: str) -> float:
        """Return the seconds that moving the samples of an update to the device takes."""
        batches = self._prepared.batches
        x, y = batches.source.take(slice(0, batches.size))
        moved = {"batch": lambda: (x.to(device), y.to(device))}
        return measure(moved, repeats=5, clock=self._clock)["batch"].median_s

    def _seconds_of(self, updates: int) -> float:
        """Return the seconds of an update, from making so many."""
        began = self._clock()
        self._advance(updates)
        synchronise()
        return max(1e-9, (self._clock() - began) / updates)

    def _advance(self, updates: int) -> None:
        assert self._session is not None
        losses = self._session.advance(updates).losses
        self._done += len(losses)
        if not isfinite(losses[-1]):
            raise RuntimeError(
                f"the loss was no number after {show_count(self._done)} updates, and those are not computed "
                "at the usual speed: give a lower lr"
            )

    def _guarded(self, work: Callable[[], None]) -> None:
        if self.failed:
            return
        try:
            with using_threads(self._prepared.plan.placement.threads):
                work()
        except (RuntimeError, MemoryError, OverflowError, ChalknetError) as problem:
            self.failed = (str(problem) or type(problem).__name__).splitlines()[0]


def time_point(
    entries: Mapping[Candidate, PreparedFit],
    module: nn.Module | None,
    seconds: float,
    clock: Callable[[], float],
) -> dict[Candidate, Timed]:
    """Return the time of an update of each contestant, timed in turn within about `seconds`.

    Args:
        entries: the contestants and their plans.
        module: each contestant trains a copy of it.
        seconds: for all of them, opening not counted; at least three repeats are made whatever they take.
        clock: returns seconds, ascending.
    """
    runners = {candidate: Runner(prepared, module, clock) for candidate, prepared in entries.items()}
    running = {str(candidate): runner for candidate, runner in runners.items() if not runner.failed}
    times: dict[str, Timing] = {}
    if running:
        slowest_s = sum(runner.update_s for runner in running.values())
        repeats = max(LEAST_REPEATS, min(_MOST_REPEATS, int(seconds / slowest_s)))
        call_s = min(_LONGEST_CALL_S, max(_SHORTEST_CALL_S, seconds / (repeats * len(running))))
        for runner in running.values():
            runner.updates = max(1, int(call_s / runner.update_s))
        times = measure(running, repeats=repeats, warm_up=0, rest_s=_REST_S, clock=clock)
    return {candidate: _timed(runner, times.get(str(candidate))) for candidate, runner in runners.items()}


def _timed(runner: Runner, times: Timing | None) -> Timed:
    if runner.failed or times is None:
        return Timed(refused=runner.failed)
    timing = Timing(tuple(taken / runner.updates for taken in times.elapsed_s))
    return Timed(timing, "", runner.start_s, runner.compile_s, runner.transfer_s, runner.note)
