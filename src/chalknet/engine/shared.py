"""An update that several processes share, by torch's DDP."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from chalknet.data import MicroBatch
from chalknet.engine.group import ProcessGroup
from chalknet.engine.orders import BatchCursor
from chalknet.engine.torch_rows import MicroBatchLoss
from chalknet.errors import Refused
from chalknet.module import RandomStream
from chalknet.planning import Plan


class SharedUpdate:
    """One process's share of each update: its rows, gradients that are averaged, Dropout of its own.

    The order of the samples is drawn from the session's stream, which is the same in all processes. Dropout's
    masks follow from (seed, process, update) alone: a checkpoint need not hold them, and any number of
    processes can continue from it.

    Args:
        plan: what was decided.
        module: on its device; it receives the first process's weights.
        group: the processes.
    """

    def __init__(self, plan: Plan, module: nn.Module, group: ProcessGroup) -> None:
        device = torch.device(plan.placement.device)
        self._group, self._module, self._seed = group, module, plan.recipe.seed
        self._noise = RandomStream(plan.recipe.seed, device)
        self._loss = MicroBatchLoss(plan.recipe, shards=group.size, on_device=device.type != "cpu")
        self._ddp = DistributedDataParallel(
            module,
            device_ids=[device] if device.type == "cuda" else None,
            find_unused_parameters=_leaves_some_unused(plan, module),
        )

    def active(self) -> AbstractContextManager[None]:
        """Return a context in which random numbers come from this process's own stream."""
        return self._noise.lent()

    def micro_batches(self, cursor: BatchCursor, stream: RandomStream) -> Iterator[MicroBatch]:
        """Yield the micro-batches of this process; the last one's backward pass averages the gradients."""
        with stream.lent():
            micro_batches = cursor.next()
        self._noise.begin(_mixed(self._seed, self._group.rank, cursor.updates))
        micro_batch = next(micro_batches)
        for after in micro_batches:
            with self._ddp.no_sync():
                yield micro_batch
            micro_batch = after
        yield micro_batch

    def loss(self, x: torch.Tensor, y: torch.Tensor, of: int) -> torch.Tensor:
        """Return the loss of a micro-batch `(rows, ...)` of an update of so many samples.

        Every process must take part in every update, even without rows or when yhat is no number.
        """
        if not len(y):
            return self._of_no_rows(x)
        yhat: torch.Tensor = self._ddp(x)
        try:
            loss: torch.Tensor = self._loss(yhat, y, of)
        except RuntimeError:  # BCELoss raises for NaN instead of returning it
            if yhat.isfinite().all():
                raise
            loss = yhat.sum() * torch.nan
        return loss

    def agree(self, losses: list[float], elapsed_s: float) -> tuple[tuple[float, ...], float]:
        """Return the losses of the whole updates and the first process's time, the same in all processes."""
        for buffer in self._module.buffers():
            dist.broadcast(buffer, src=0)
        *sums, elapsed_s = self._group.total([*losses, elapsed_s if self._group.leads else 0.0])
        return tuple(loss / self._group.size for loss in sums), elapsed_s

    def out_of_memory(self) -> Refused:
        """Return the error for memory that ran out here; the others cannot retry the update."""
        return Refused(
            where="an update's share",
            got="no memory left for it",
            wanted="a share that fits",
            remedy="Compute it in pieces: micro_batch=256 (--micro-batch 256), or less.",
        )

    def _of_no_rows(self, x: torch.Tensor) -> torch.Tensor:
        """Return a loss of 0, computed from a row of zeros: many modules cannot map an empty batch."""
        with _evaluating(self._module):  # so that the row changes no running mean
            yhat: torch.Tensor = self._ddp(x.new_zeros(1, *x.shape[1:]))
        return yhat.sum() * 0.0


def _leaves_some_unused(plan: Plan, module: nn.Module) -> bool:
    """Return whether some parameters do not affect yhat; in a chain of steps all of them do."""
    if plan.network is not None:
        return False
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    with _evaluating(module):
        dtype = torch.int64 if plan.data.whole_numbers else None
        yhat = module(parameters[0].new_zeros(1, *map(int, plan.data.x_shape), dtype=dtype))
    gradients = torch.autograd.grad(yhat.sum(), parameters, allow_unused=True)
    return any(gradient is None for gradient in gradients)


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    modes = {child: child.training for child in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for child, training in modes.items():
            child.training = training


def _mixed(seed: int, rank: int, update: int) -> int:
    """Return a seed for (seed, process, update) that no other is likely to share."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {rank} {update}".encode(), digest_size=8).digest()) >> 1
