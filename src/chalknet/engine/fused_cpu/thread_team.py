"""How many threads make a fit's updates: measured, since other programs use the cores too.

The shape fixes the pieces of an update and all sums: the numbers are the same for any number of threads.
Measurements are repeated: a machine that is shared now may be quiet later.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from time import perf_counter

from chalknet.engine.fused_cpu.names import Array
from chalknet.system import cores

_WARM_UP = 8  # updates before the first measurement; one where they are long
_TRIAL_S = 0.001  # a measurement lasts about so long
_LONG_TRIAL_S = 0.008  # of more threads: beside other programs they have cores of their own for moments alone
_WORTH = 1.15  # fewer threads that take so many times as long are preferred: they wait less for each other
_SETTLE_S = (
    0.004  # a shorter update is slow at first, while other cores hold the numbers: one is not measured
)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.004, 0.25  # until another number of threads is measured again
_TRIALS_APART = 16  # at least, in trials: for updates longer than a trial
_FIRST_APART = 4  # before fewer threads are tried for the first time; they are taken to lose what they lack
_STRETCH_S = 0.016  # between two time measurements: threads that lose a core take 30 times as long
_MOST_FITS_THREADS = 4096  # of all fits of a process: those of one fit wait for each other


class ThreadTeam:
    """Makes updates with the number of threads that is fastest now: 1, 2, 4, ... or as many as are of use.

    Args:
        most: threads that are of use; fewer where fewer cores are available.
        first: threads to begin with, as far as there are so many.
        clock: a monotonic clock in seconds.
    """

    def __init__(self, most: int, first: int, clock: Callable[[], float] = perf_counter) -> None:
        most, self._clock = min(most, cores()), clock
        self._sizes = [size for power in range(most.bit_length()) if (size := 1 << power) < most] + [most]
        self._per_update_s: dict[int, float] = {}  # by the place among the sizes
        self._best = max(place for place, size in enumerate(self._sizes) if size <= max(1, first))
        self._downwards = self._best == len(self._sizes) - 1  # the next one to try has fewer threads
        self._settled = self._best  # what the numbers that updates change are near to
        self._cold = _WARM_UP  # updates until the first measurement
        self._warm_s = 0.0  # one of them
        self._before_s = math.inf  # an update of the best number, at the measurement before
        self._worked_s = 0.0  # since another number was measured
        self._wait_s = _FIRST_WAIT_S

    def make(
        self, updates: Callable[[int, Array, int], int], losses: Array, target: float = -math.inf
    ) -> int:
        """Fill in the losses in several calls, up to no number or the target; return how many.

        Args:
            updates: makes updates: number of threads, losses to fill in, updates made before.
            losses: one number for each update.
            target: a loss at which the updates end.
        """
        made = 0
        while made < len(losses) or not len(losses):
            place, some = self._next(len(losses) - made)
            started = self._clock()
            more = updates(self._sizes[place], losses[made : made + some], made)
            self._note(place, more, self._clock() - started)
            made += more
            if not more or not target < losses[made - 1] < math.inf:
                break
        return made

    def _next(self, left: int) -> tuple[int, int]:
        """Return the number of threads to continue with, by its place, and for how many updates."""
        if len(self._sizes) == 1 or not left:
            return 0, left
        if self._cold:
            return self._best, min(left, 1 if self._cold == _WARM_UP else self._cold)
        if self._best not in self._per_update_s:
            return self._best, _updates(_TRIAL_S, self._warm_s, left)
        other = self._other()
        best_s, least_s = self._per_update_s[self._best], self._least_s(other)
        other_s, apart = self._per_update_s.get(other), _TRIALS_APART
        if other_s is None and self._is_tried_at_once(other, best_s):
            return self._trial(other, best_s, left)
        if other_s is None:
            other_s, apart = best_s * self._sizes[self._best] / self._sizes[other], _FIRST_APART
        if self._worked_s >= max(self._wait_s, apart * (_trial_s(other_s, least_s) - least_s)):
            return self._trial(other, other_s, left)
        return self._best, _updates(min(self._wait_s, _STRETCH_S), best_s, left)

    def _is_tried_at_once(self, place: int, best_s: float) -> bool:
        """Return whether a number is worth trying without delay: fewer threads lose much of a long update."""
        return place > self._best or len(self._per_update_s) > 1 or best_s < _SETTLE_S

    def _trial(self, place: int, per_update_s: float, left: int) -> tuple[int, int]:
        """Return what comes next of a trial: an update to settle where they are short, or those measured."""
        if per_update_s >= _SETTLE_S:
            self._settled = place
        updates = _trial_updates(per_update_s, self._least_s(place))
        return place, 1 if self._settled != place else min(left, updates)

    def _least_s(self, place: int) -> float:
        """Return how long a trial is to last at least."""
        return _LONG_TRIAL_S if place > self._best else _TRIAL_S

    def _note(self, place: int, made: int, elapsed_s: float) -> None:
        if not made or len(self._sizes) == 1:
            return
        update_s = elapsed_s / made
        if self._cold:  # memory is touched for the first time, so the time means nothing
            self._warm_s, self._cold = update_s, self._cold - made if update_s < _SETTLE_S else 0
            return
        if place not in (self._best, self._settled):
            self._settled = place
            return
        self._per_update_s[place] = update_s
        # A long update may be one that another program delayed: the last two are to agree.
        if place == self._best and update_s >= _SETTLE_S:
            self._per_update_s[place] = min(update_s, self._before_s)
        if place == self._best:
            self._before_s = update_s
            self._worked_s += elapsed_s
        else:
            self._downwards = not self._downwards
            self._worked_s, self._wait_s = 0.0, min(2 * self._wait_s, _LONGEST_WAIT_S)
        enough_s = _WORTH * min(self._per_update_s.values())
        fastest = min(place for place, update_s in self._per_update_s.items() if update_s <= enough_s)
        if fastest != self._best:
            self._downwards = fastest < self._best
            self._best, self._worked_s, self._wait_s, self._before_s = fastest, 0.0, _FIRST_WAIT_S, math.inf
        self._settled = self._best

    def _other(self) -> int:
        """Return the next number of threads to try: half or twice as many as the best, in turn."""
        other = self._best - 1 if self._downwards else self._best + 1
        return other if 0 <= other < len(self._sizes) else self._best + (1 if self._downwards else -1)


def _trial_updates(per_update_s: float, least_s: float) -> int:
    return max(2 if per_update_s < _SETTLE_S else 1, int(least_s / per_update_s))


def _trial_s(per_update_s: float, least_s: float) -> float:
    """Return how long a trial lasts: with one update before it where updates are short."""
    return per_update_s * (_trial_updates(per_update_s, least_s) + (per_update_s < _SETTLE_S))


def _updates(wanted_s: float, per_update_s: float, left: int) -> int:
    return min(left, max(1, int(wanted_s / per_update_s)))


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """Return the threads of a process: those of the one that it was forked from do not live here."""
    return ThreadPoolExecutor(_MOST_FITS_THREADS, thread_name_prefix="chalknet")


def run_together(threads: int, work: Callable[[int], int]) -> int:
    """Run the work in this many threads, this one included; return this one's result."""
    others = [_pool(os.getpid()).submit(work, thread) for thread in range(1, threads)]
    made = work(0)
    for other in others:
        other.result()
    return made
