"""Which runs of updates are captured, and which of them is replayed next."""

from __future__ import annotations

from chalknet.data import Batches
from chalknet.planning import Plan

Program = tuple[int, ...]
"""The samples of each of some updates in a row."""

LARGEST_PROGRAM = 32  # updates: launching a replay then costs a thirtieth of itself an update
_REPLAY_S = 0.01  # updates that the loop makes in this time: longer replays are not bound by their launch
_SHARE = 8  # at most one eighth of a fit is captured as one program


def longest_that_pays(plan: Plan, per_update_s: float, room: int) -> int:
    """Return how many updates are worth capturing as one program.

    Args:
        plan: how many updates there will be, and whether they may be made more than one at a time.
        per_update_s: seconds that an update takes when it is not captured.
        room: most updates whose samples there is room for.
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
        """Return the longest program that makes the very updates that come next.

        Args:
            done: updates made.
            left: updates to be made at the most, at least 1.
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
