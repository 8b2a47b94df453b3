"""The largest batch that fits: only a size that really ran is returned."""

from __future__ import annotations

import copy
import gc
from dataclasses import dataclass, replace

import torch
from torch import nn

from chalknet.data import ArraySource, Batches
from chalknet.engine import ENGINES
from chalknet.errors import OutOfMemory, Refused
from chalknet.hardware.device import find_device
from chalknet.hardware.estimate import estimate
from chalknet.hardware.shortage import shortage
from chalknet.hardware.trace import UpdateSpec, followed, mapped_shape
from chalknet.hardware.watch import MemoryUse, held_on, watch_memory
from chalknet.module import network_of
from chalknet.planning import DataFacts, Placement, Plan, recipe_of
from chalknet.system import resident_bytes, return_free_memory
from chalknet.tables import Shown
from chalknet.units import show_bytes, show_count

_OF_FREE = 0.9  # of what is free now, when no limit is given
_FINE = 64  # the search ends when the next size would be larger by less than one part in so many
_UPDATES = 2  # the optimizer's state is there from the end of the first one on


@dataclass(frozen=True)
class Try:
    """One batch size that was tried.

    Args:
        batch_size: samples an update.
        predicted_bytes: what it takes by the estimate.
        peak_bytes: what it took; None when it was not run (too large by the estimate) or failed.
    """

    batch_size: int
    predicted_bytes: int
    peak_bytes: int | None


@dataclass(frozen=True, repr=False)
class LargestBatch(Shown):
    """The largest batch that ran within the limit.

    Args:
        batch_size: samples an update; updates of this size were made.
        peak_bytes: what they took.
        limit_bytes: the limit.
        device: where they ran.
        tries: every size that was tried, in order.
    """

    batch_size: int
    peak_bytes: int
    limit_bytes: int
    device: str
    tries: tuple[Try, ...]

    def __int__(self) -> int:
        return self.batch_size

    def __str__(self) -> str:
        ran = sum(each.peak_bytes is not None for each in self.tries)
        return (
            f"{show_count(self.batch_size)} samples an update took {show_bytes(self.peak_bytes)} of "
            f"{show_bytes(self.limit_bytes)} on {self.device}; {ran} sizes were run"
        )


def find_largest(update: UpdateSpec, at_most: int, limit_bytes: int | None) -> LargestBatch:
    """Return the largest batch whose updates really ran within a limit, to one part in 64.

    A size is run only when its estimate (for a module that has none, the last size that ran, scaled up) is
    within the limit, so that the search never exhausts the machine's memory.

    Args:
        update: what is run; its number of rows is ignored.
        at_most: the largest size to try.
        limit_bytes: what an update may take; None for nine tenths of what is free now.

    Raises:
        OutOfMemory: when not even one sample fits.
    """
    limit = limit_bytes or int(_OF_FREE * find_device(update.device).memory_free_bytes)
    search = _Search(update, limit)
    if not search.runs(at_most):
        low, high = search.doubled(at_most)
        while low and high - low > max(1, low // _FINE):
            middle = (low + high) // 2
            low, high = (middle, high) if search.runs(middle) else (low, middle)
    best = max(
        (each for each in search.tries if search.fits(each)), key=lambda each: each.batch_size, default=None
    )
    if best is None or best.peak_bytes is None:
        least = min(each.predicted_bytes for each in search.tries)
        raise OutOfMemory(
            where=f"memory of {update.device}",
            got=f"{show_bytes(least)} needed for one sample an update",
            wanted=f"at most {show_bytes(limit)}",
            remedy="Take a narrower network, or another device.",
        )
    return LargestBatch(best.batch_size, best.peak_bytes, limit, update.device, tuple(search.tries))


class _Search:
    """Runs batch sizes within a limit and records each."""

    def __init__(self, update: UpdateSpec, limit_bytes: int) -> None:
        self._update, self._limit = update, limit_bytes
        self._yhat_shape = mapped_shape(update)
        self.tries: list[Try] = []
        self._begun_bytes = 0
        if self._predicted(1) <= limit_bytes:
            self._ran(1)  # what torch loads on its first update is not the batch's
        return_free_memory()
        self._begun_bytes = resident_bytes()

    def fits(self, tried: Try) -> bool:
        return tried.peak_bytes is not None and tried.peak_bytes <= self._limit

    def runs(self, rows: int) -> bool:
        """Run this size if its estimate allows, and return whether it stayed within the limit."""
        predicted = self._predicted(rows)
        peak = self._ran(rows) if predicted <= self._limit else None
        self.tries.append(Try(rows, predicted, peak))
        return self.fits(self.tries[-1])

    def doubled(self, at_most: int) -> tuple[int, int]:
        """Return a size that ran, 0 when none did, and a larger one that did not; powers of two.

        It starts where an update should take a quarter of the limit; smaller sizes tell nothing.
        """
        size = 1
        while 2 * size < at_most and self._predicted(2 * size) <= self._limit // 4:
            size *= 2
        while not self.runs(size):
            if size == 1:
                return 0, 1
            size //= 2
        while size < at_most and self.runs(min(2 * size, at_most)):
            size = min(2 * size, at_most)
        return size, min(2 * size, at_most)

    def _predicted(self, rows: int) -> int:
        try:
            return estimate(replace(self._update, rows=rows, observations=rows)).total_bytes
        except Refused:  # assume memory in proportion to the rows
            ran = [(each.batch_size, each.peak_bytes) for each in self.tries if each.peak_bytes is not None]
            most, took = max(ran, default=(1, 0 if rows == 1 else self._limit))
            return took * rows // most

    def _ran(self, rows: int) -> int | None:
        gc.collect()  # or else what earlier sizes left behind would count for this one
        return_free_memory()
        model = self._update.model
        with followed(model, (rows, *self._update.input_shape)):
            try:
                x, y = self._samples(rows)
                with watch_memory() as seen:
                    session = ENGINES[self._update.engine].open(
                        self._plan(rows),
                        Batches(ArraySource(x, y)),
                        copy.deepcopy(model) if isinstance(model, nn.Module) else None,
                    )
                    session.advance(_UPDATES)
            except (RuntimeError, MemoryError) as problem:
                if shortage(problem) is None:
                    raise
                return None
        if session.notes:  # memory ran out, and the engine split the batch
            return None
        return self._peak(seen, x.nbytes + y.nbytes)

    def _peak(self, seen: MemoryUse, batch_bytes: int) -> int:
        held = [row for row in seen.rows if row.what == held_on(self._update.device)]
        if held:
            return held[0].growth_bytes or 0
        return (seen.process.peak_bytes or 0) - self._begun_bytes + batch_bytes

    def _samples(self, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
        dtype, drawn = self._update.torch_dtype, torch.Generator()
        x = torch.rand(rows, *self._update.input_shape, dtype=dtype, generator=drawn)
        if self._update.recipe.loss_row.target == "class":
            classes = self._yhat_shape[0]
            return x, torch.randint(classes, (rows, *self._yhat_shape[1:]), generator=drawn)
        return x, torch.rand(rows, *self._yhat_shape, dtype=dtype, generator=drawn)

    def _plan(self, rows: int) -> Plan:
        update = self._update
        own = {"updates": _UPDATES, "batch_size": None, "shuffle": False, "target_loss": None}
        recipe = recipe_of("memory.largest_batch", update.recipe, own)
        data = DataFacts("samples made up", rows, update.input_shape, self._yhat_shape)
        where = Placement(update.device, update.dtype, update.threads)
        return Plan(network_of(update.model), "", recipe, data, where, update.engine, _UPDATES, 1)
