"""Which sequences of updates are captured, and which is replayed next."""

from __future__ import annotations

from chalknet.data import Batches
from chalknet.planning import Plan

Program = tuple[int, ...]
"""The number of samples of each of some consecutive updates."""

LARGEST_PROGRAM = 32  # updates: a launch then costs each update a thirty-second of it
_REPLAY_S = 0.01  # replays longer than this are not limited by their launch
_SHARE = 8  # a program has at most an eighth of a fit's updates


def longest_that_pays(plan: Plan, per_update_s: float, room: int) -> int:
    """Return how many updates are worth capturing as one program.

    Args:
        plan: how many updates there will be, and whether several may be made at a time.
        per_update_s: seconds that an update takes when it is not captured.
        room: the most updates whose samples fit into the buffer.
    """
    most = [LARGEST_PROGRAM, room, int(_REPLAY_S / per_update_s)]
    if plan.updates is not None:
        most.append(plan.updates // _SHARE)
    if plan.recipe.target_loss is not None:
        most.append(1)  # the loop then asks for one update at a time
    return max(1, min(most))


class Programs:
    """The programs of a fit: an update of each length that an epoch has, and one of many updates.

    Args:
        batches: the samples in their order.
        most: updates of the longest program.

    Attributes:
        all: every program, the longest first.
    """

    def __init__(self, batches: Batches, most: int) -> None:
        whole, short = batches.size, batches.samples_per_epoch % batches.size
        self._per_epoch = batches.updates_per_epoch
        self._whole, self._last = whole, short or whole
        self.all: tuple[Program, ...] = tuple(
            sorted({self._long(most), (whole,), (self._last,)}, key=lambda p: (-len(p), -p[0]))
        )

    def next(self, done: int, left: int) -> Program:
        """Return the longest program whose updates are the next ones.

        Args:
            done: updates made.
            left: the most updates to make, at least 1.
        """
        return next(
            program
            for program in self.all
            if len(program) <= left and program == self._ahead(done, len(program))
        )

    def _long(self, most: int) -> Program:
        if self._last == self._whole:
            return (self._whole,) * most
        if self._per_epoch <= most:  # whole epochs, the short batch in its place
            return self._ahead(0, self._per_epoch * (most // self._per_epoch))
        in_a_row = self._per_epoch - 1
        return (self._whole,) * (in_a_row // -(-in_a_row // most))  # shares that leave few for single replays

    def _ahead(self, done: int, updates: int) -> Program:
        return tuple(
            self._last if (done + index + 1) % self._per_epoch == 0 else self._whole
            for index in range(updates)
        )
