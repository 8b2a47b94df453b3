"""Whether a module can be fitted in the batches of a fit: tried on copies before the first update."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import islice

import torch
from torch import nn

from chalknet.data import Batches
from chalknet.errors import ChalknetError, Refused
from chalknet.module import RandomStream, batch_statistics
from chalknet.planning import Placement, Recipe
from chalknet.training.choice.fitted_model import first_line, forward
from chalknet.units import show_count

_ROWS = 8  # that are mapped whole and in halves
_RELATIVE, _ABSOLUTE = 1e-3, 1e-5  # kernels for another number of rows differ in the last bits alone


@dataclass(frozen=True)
class Rehearsal:
    """A module before its first update, with the batches that it will get.

    Args:
        module: that no Network describes; it is not touched.
        batches: the samples in their order.
        recipe: how long the fit is.
        placement: how an update is cut.
        dtype: in which the module takes x.
    """

    module: nn.Module
    batches: Batches
    recipe: Recipe
    placement: Placement
    dtype: torch.dtype

    def check(self) -> str:
        """Return what looks across the samples of a batch, or an empty text.

        Raises:
            Refused: for a batch that is cut into pieces which are another update, or one that the module
                cannot map in training because it has a single sample.
        """
        across = self._across()
        most = self.placement.micro_batch
        if across and most is not None and most < self.batches.size:
            raise in_pieces(
                f"{show_count(most)} samples of {show_count(self.batches.size)} at a time", across
            )
        pieces = self._pieces(self.batches.size) - {0}
        least = min(pieces)
        if least == 1 or least < min(_ROWS, max(pieces)):
            problem = self._problem_of(least)
            if problem and not self._problem_of(max(2, *pieces)):
                raise self._too_small(least, problem)
        return across

    def _across(self) -> str:
        names = batch_statistics(self.module)
        if names:
            return f"module {names[0]}, which takes mean and variance over a batch"
        cut = self.placement.micro_batch is not None or self.batches.source.streams
        return (
            "the module, whose result for a sample depends on the others" if cut and self._differs() else ""
        )

    def _pieces(self, size: int) -> set[int]:
        """Return how many samples are mapped at once, in whole batches of a size and in the last one."""
        n, processes = len(self.batches.source), self.placement.processes
        sizes = {size} if self.batches.drop_last or n >= size else set()
        per_epoch = n // size if self.batches.drop_last else -(-n // size)
        updates = self.recipe.updates
        if not self.batches.drop_last and n % size and (updates is None or updates >= per_epoch):
            sizes.add(n % size)
        shares = {share for each in sizes for share in _shares(each, processes)}
        most = self.placement.micro_batch
        return (
            shares
            if most is None
            else {piece for share in shares for piece in (min(share, most), share % most)}
        )

    def _problem_of(self, rows: int) -> str:
        """Return why the module cannot map so few samples in training mode, or an empty text."""
        try:
            yhat = self._mapped(slice(0, rows), self.recipe.seed)
        except ChalknetError as problem:
            return first_line(problem.__cause__ or problem)
        return "" if yhat is None or bool(yhat.isfinite().all()) else "yhat is no number"

    def _differs(self) -> bool:
        """Return whether a batch is mapped otherwise than its halves, in training but for Dropout."""
        rows = min(_ROWS, len(self.batches.source))
        half, seed = rows // 2, self.recipe.seed
        if not half:
            return False
        try:
            parts = [
                self._mapped(slice(*ends), seed, quiet=True) for ends in ((0, rows), (0, half), (half, rows))
            ]
            again = self._mapped(slice(0, rows), seed + 1, quiet=True)
        except ChalknetError:
            return False  # what it is, the first update shows
        whole, first, second = parts
        if whole is None or first is None or second is None or again is None:
            return False
        if not torch.equal(whole, again):
            return False  # random by itself: halves cannot be told from other numbers
        return not torch.allclose(whole, torch.cat([first, second]), rtol=_RELATIVE, atol=_ABSOLUTE)

    def _mapped(self, rows: slice, seed: int, *, quiet: bool = False) -> torch.Tensor | None:
        """Return yhat of some rows by a copy of the module in its own modes; None where none can be made."""
        try:
            module = copy.deepcopy(self.module)
        except Exception:  # what a user's module holds may refuse to be copied, in any way
            return None
        for layer in module.modules():
            if quiet and isinstance(layer, nn.modules.dropout._DropoutNd):
                layer.eval()
        device = next(module.parameters()).device
        x = self.batches.source.take(rows).x.to(device, self.dtype)
        with RandomStream(seed, device).lent(), torch.no_grad():
            return forward(module, x)

    def _too_small(self, least: int, problem: str) -> Refused:
        size, n, processes = self.batches.size, len(self.batches.source), self.placement.processes
        names = batch_statistics(self.module)
        last = not self.batches.drop_last and n % size and least in _shares(n % size, processes)
        got = f"a last batch of {n % size} of {show_count(n)} samples" if last else f"batches of {size}"
        shared = f", shared by {processes} processes" if processes > 1 else ""
        ways = ["drop_last=True (--drop-last), which leaves the last batch out"] if last else []
        larger = (each for each in range(size + 1, n + 1) if min(self._pieces(each) - {0}) > least)
        ways += [f"batch_size={each} (--batch-size {each})" for each in islice(larger, 1)]
        return Refused(
            where=f"module {names[0]}" if names else f"module {type(self.module).__name__}",
            got=f"{got}{shared}, too few to be mapped in training: {problem}",
            wanted="batches that the module can map",
            remedy=f"Take {', or '.join(ways or ['more samples'])}.",
        )


def in_pieces(cut: str, across: str) -> Refused:
    """Return the error for an update whose pieces do not add up to it.

    Args:
        cut: how it is cut.
        across: what looks across the samples of a batch.
    """
    return Refused(
        where="micro_batch",
        got=f"{cut} for {across}: the pieces would not add up to the same update",
        wanted="whole batches",
        remedy="Leave micro_batch out; where memory does not suffice, take a smaller batch_size.",
    )


def _shares(rows: int, processes: int) -> set[int]:
    """Return how many rows of a batch the processes have."""
    return {rows // processes, -(-rows // processes)}
