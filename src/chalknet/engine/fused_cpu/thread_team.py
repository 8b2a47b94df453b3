"""How many threads work on a fit's shards: measured during the fit, since other programs use the cores too.

The plan fixes the shards and the sums are taken shard by shard, so that the results do not depend on the
number of threads. Measurements are repeated: torch's own threads spin for some 8 ms after each of its larger
operations, and a measurement meanwhile does not hold later.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from time import perf_counter

from chalknet.engine.fused_cpu.names import Array
from chalknet.system import cores

_WARM_UP = 8  # updates before the first measurement
_TRIAL_S = 0.001  # a measurement lasts about so long
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.004, 0.25  # until the slower number of threads is measured again
_TRIALS_APART = 16  # at least, in trials: for updates longer than a trial
_STRETCH_S = 0.016  # between two time measurements: threads that lose a core take 30 times as long


class ThreadTeam:
    """Makes updates with the number of threads that is fastest now.

    Args:
        shares: the shards of each update; threads are at most as many as these and as the available cores.
        clock: a monotonic clock in seconds.
    """

    def __init__(self, shares: int, clock: Callable[[], float] = perf_counter) -> None:
        self._most, self._clock = min(shares, cores()), clock
        self._per_update_s: dict[int, float] = {}
        self._best = self._most
        self._warm_s = 0.0  # an update of the first stretch
        self._worked_s = 0.0  # since the slower number was measured
        self._wait_s = _FIRST_WAIT_S

    def make(self, updates: Callable[[int, Array, int], int], losses: Array) -> int:
        """Fill in the losses in several calls, up to the first that is no number; return how many.

        Args:
            updates: makes updates: number of threads, losses to fill in, updates made before.
            losses: one number for each update.
        """
        made = 0
        while made < len(losses) or not len(losses):
            threads, some = self._next(len(losses) - made)
            started = self._clock()
            more = updates(threads, losses[made : made + some], made)
            self._note(threads, more, self._clock() - started)
            made += more
            if not more or not math.isfinite(losses[made - 1]):
                break
        return made

    def _next(self, left: int) -> tuple[int, int]:
        """Return the number of threads to continue with, and for how many updates."""
        if self._most == 1 or not left:
            return 1, left
        if not self._warm_s:
            return self._most, min(left, _WARM_UP)
        for threads in (self._most, 1):
            if threads not in self._per_update_s:
                return threads, _updates(_TRIAL_S, self._warm_s, left)
        slower = self._per_update_s[self._other()]
        if self._worked_s >= max(self._wait_s, _TRIALS_APART * (slower - _TRIAL_S)):
            return self._other(), _updates(_TRIAL_S, slower, left)
        return self._best, _updates(min(self._wait_s, _STRETCH_S), self._per_update_s[self._best], left)

    def _note(self, threads: int, made: int, elapsed_s: float) -> None:
        if not made or self._most == 1:
            return
        if not self._warm_s:  # memory is touched for the first time, so the time means nothing
            self._warm_s = elapsed_s / made
            return
        self._per_update_s[threads] = elapsed_s / made
        if len(self._per_update_s) == 1:
            return
        if threads == self._best:
            self._worked_s += elapsed_s
        else:
            self._worked_s, self._wait_s = 0.0, min(2 * self._wait_s, _LONGEST_WAIT_S)
        if self._per_update_s[self._other()] < self._per_update_s[self._best]:
            self._best, self._worked_s, self._wait_s = self._other(), 0.0, _FIRST_WAIT_S

    def _other(self) -> int:
        return 1 if self._best == self._most else self._most


def _updates(wanted_s: float, per_update_s: float, left: int) -> int:
    return min(left, max(1, int(wanted_s / per_update_s)))


def run_together(threads: int, work: Callable[[int], int]) -> int:
    """Run the work in this many threads, this one included; return this one's result."""
    others = [threading.Thread(target=work, args=(thread,), daemon=True) for thread in range(1, threads)]
    for other in others:
        other.start()
    made = work(0)
    for other in others:
        other.join()
    return made
