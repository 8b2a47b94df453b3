"""What an update needs beyond the plain loop when several processes share it: torch's own DDP."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from chalknet.data import Piece
from chalknet.engine.course import Course
from chalknet.engine.group import Group
from chalknet.engine.torch_rows import PieceLoss
from chalknet.errors import Refused
from chalknet.module import RandomStream
from chalknet.plan import Plan


class SharedUpdate:
    """One process's share of each update: its rows, gradients that are averaged, Dropout of its own.

    The order of the samples is drawn from the session's stream, which stands alike in all processes. What
    else is drawn, Dropout's masks, follows from (seed, process, update) alone: nothing of it has to be kept
    with a checkpoint, and any number of processes can go on from it.

    Args:
        plan: what was decided.
        module: on its device; it gets the first process's weights.
        group: the processes.
    """

    def __init__(self, plan: Plan, module: nn.Module, group: Group) -> None:
        device = torch.device(plan.placement.device)
        self._group, self._module, self._seed = group, module, plan.recipe.seed
        self._noise = RandomStream(plan.recipe.seed, device)
        self._loss = PieceLoss(plan.recipe, lanes=group.size)
        self._is_told = False
        self._ddp = DistributedDataParallel(
            module,
            device_ids=[device] if device.type == "cuda" else None,
            find_unused_parameters=plan.network is None,  # any module may leave some unused
        )

    def active(self) -> AbstractContextManager[None]:
        """Let the body draw from this process's own numbers."""
        return self._noise.active()

    def pieces(self, course: Course, stream: RandomStream) -> Iterator[Piece]:
        """Yield the pieces of this process's rows; the backward of the last one averages the gradients."""
        with stream.active():
            pieces = course.next()
        self._noise.begin(_mixed(self._seed, self._group.rank, course.updates))
        piece = next(pieces)
        for after in pieces:
            with self._ddp.no_sync():
                yield piece
            piece = after
        yield piece

    def loss(self, x: torch.Tensor, y: torch.Tensor, of: int) -> torch.Tensor:
        """Return the loss of a piece `(rows, ...)` of an update of so many samples.

        Every process has to take part in every update, with no rows and with a yhat that is no number too.
        """
        if not len(y):
            return self._of_no_rows(x)
        yhat = self._forward(x)
        try:
            loss: torch.Tensor = self._loss(yhat, y, of)
        except RuntimeError:  # BCELoss refuses NaN instead of giving it
            if yhat.isfinite().all():
                raise
            loss = yhat.sum() * torch.nan
        return loss

    def agree(self, losses: list[float], elapsed_s: float) -> tuple[tuple[float, ...], float]:
        """Return the losses of the whole updates and the first process's time, alike in all processes."""
        for buffer in self._module.buffers():
            dist.broadcast(buffer, src=0)
        *sums, elapsed_s = self._group.total([*losses, elapsed_s if self._group.leads else 0.0])
        return tuple(loss / self._group.size for loss in sums), elapsed_s

    def out_of_memory(self) -> Refused:
        """Return the error for memory that ran out here, while the others are in the midst of the update."""
        return Refused(
            where="an update's share",
            got="no memory left for it",
            wanted="a share that fits",
            remedy="Compute it in pieces: micro_batch=256 (--micro-batch 256), or less.",
        )

    def _forward(self, x: torch.Tensor) -> torch.Tensor:
        with nullcontext() if self._is_told else warnings.catch_warnings():
            if not self._is_told:  # torch says once where no parameter is unused
                warnings.filterwarnings("ignore", ".*find_unused_parameters")
            yhat: torch.Tensor = self._ddp(x)
        self._is_told = True
        return yhat

    def _of_no_rows(self, x: torch.Tensor) -> torch.Tensor:
        """Return a loss that adds nothing: of a row of zeros, as many modules cannot map no rows at all."""
        modes = {child: child.training for child in self._module.modules()}
        self._module.eval()  # so that no running mean takes notice of the row
        try:
            yhat = self._forward(x.new_zeros(1, *x.shape[1:]))
        finally:
            for child, training in modes.items():
                child.training = training
        return yhat.sum() * 0.0


def _mixed(seed: int, rank: int, update: int) -> int:
    """Return a seed that no other (seed, process, update) is likely to have."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {rank} {update}".encode(), digest_size=8).digest()) >> 1
