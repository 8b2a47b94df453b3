"""How many threads work on a fit's shares: measured as it goes, since other programs use the cores too.

The shares are fixed by the plan and the sums are taken share by share, so that the numbers do not depend on
how many threads did the work. No measurement is believed for long: torch's own threads wait busily for some
8 ms after each of its larger operations, and a trial of two threads among them says nothing of later.
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
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.004, 0.25  # until the number that was slower is tried again
_TRIALS_APART = 16  # at the least, in trials: where an update lasts longer than a trial should
_STRETCH_S = 0.016  # between two looks at the clock: threads that lose a core need 30 times as long


class ThreadTeam:
    """Makes updates with as many threads as are fastest now.

    Args:
        shares: the shares of each update; never more threads than these, nor than cores at hand.
        clock: seconds that only go up.
    """

    def __init__(self, shares: int, clock: Callable[[], float] = perf_counter) -> None:
        self._most, self._clock = min(shares, cores()), clock
        self._per_update_s: dict[int, float] = {}
        self._best = self._most
        self._warm_s = 0.0  # an update of the first stretch
        self._worked_s = 0.0  # since the slower number was measured
        self._wait_s = _FIRST_WAIT_S

    def make(self, updates: Callable[[int, Array, int], int], losses: Array) -> int:
        """Fill the losses stretch by stretch, up to the first that is no number; return how many.

        Args:
            updates: makes updates with so many threads, into these losses, after so many made before.
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
        """Return with how many threads to go on, and for how many updates."""
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
        if not self._warm_s:  # memory is touched for the first time: no measure of anything
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
    """Run the work in so many threads, this one among them; return what this one returned."""
    others = [threading.Thread(target=work, args=(thread,), daemon=True) for thread in range(1, threads)]
    for other in others:
        other.start()
    made = work(0)
    for other in others:
        other.join()
    return made
