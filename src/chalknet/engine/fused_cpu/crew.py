"""How many threads work on a fit's shares: measured as it goes, since other programs use the cores too.

The shares are fixed by the plan and the sums are taken share by share, so that the numbers do not depend on
how many threads did the work.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from time import perf_counter

from chalknet.engine.fused_cpu.names import Array

_TRIAL_S = 0.004  # a measurement lasts about so long
_WARM_UP = 16  # updates before the first measurement
_STRETCH_S = 0.25  # between two measurements of the number that was slower


class Crew:
    """Makes updates with as many threads as are fastest now.

    Args:
        shares: the shares of each update; never more threads than these, nor than cores at hand.
    """

    def __init__(self, shares: int) -> None:
        self._most = min(shares, _cores())
        self._per_update_s: dict[int, float] = {}
        self._warm_s = 0.0  # an update of the first stretch
        self._worked_s = 0.0  # since the slower number was measured

    def make(self, updates: Callable[[int, Array, int], int], losses: Array) -> int:
        """Fill the losses stretch by stretch, up to the first that is no number; return how many.

        Args:
            updates: makes updates with so many threads, into these losses, after so many made before.
            losses: one number for each update.
        """
        made = 0
        while made < len(losses) or not len(losses):
            threads, some = self._next(len(losses) - made)
            started = perf_counter()
            more = updates(threads, losses[made : made + some], made)
            self._note(threads, more, perf_counter() - started)
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
                return threads, min(left, max(1, int(_TRIAL_S / self._warm_s)))
        best, other = sorted((self._most, 1), key=self._per_update_s.__getitem__)
        per_update_s = self._per_update_s[best]
        if self._worked_s > _STRETCH_S:
            self._worked_s = 0.0
            return other, min(left, max(1, int(_TRIAL_S / self._per_update_s[other])))
        return best, min(left, max(1, int((_STRETCH_S / 2) / per_update_s)))

    def _note(self, threads: int, made: int, elapsed_s: float) -> None:
        if not made or self._most == 1:
            return
        if not self._warm_s:  # memory is touched for the first time: no measure of anything
            self._warm_s = elapsed_s / made
            return
        self._per_update_s[threads] = elapsed_s / made
        self._worked_s += elapsed_s


def run_together(threads: int, work: Callable[[int], int]) -> int:
    """Run the work in so many threads, this one among them; return what this one returned."""
    others = [threading.Thread(target=work, args=(thread,), daemon=True) for thread in range(1, threads)]
    for other in others:
        other.start()
    made = work(0)
    for other in others:
        other.join()
    return made


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
