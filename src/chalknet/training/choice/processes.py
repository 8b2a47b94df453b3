"""Where each of several processes works, and what is otherwise when they share each update."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import torch

from chalknet.engine import ProcessGroup
from chalknet.errors import Refused
from chalknet.planning import Placement, RunOptions
from chalknet.system import cores
from chalknet.units import show_count


def shared(placement: Placement, options: RunOptions) -> Placement:
    """Return the placement of one process of several: a device and threads of its own.

    Args:
        placement: as one process alone would have it.
        options: as they were asked for; they say how many processes share each update.

    Raises:
        Refused: for one GPU that all of them were given.
    """
    processes = options.processes or 1
    if processes == 1:
        return placement
    asked = None if options.any_device else str(options.device)
    group = ProcessGroup.here()
    local = group.local_size if group.size > 1 else processes
    here = torch.device(placement.device)
    if here.type == "cuda":
        if asked is not None and torch.device(asked).index is not None:
            raise Refused(
                where="device",
                got=f"{asked!r} for each of {processes} processes",
                wanted="a GPU for each of them",
                remedy='Say device="cuda": each process takes its own.',
            )
        here = _own_gpu(group.local_rank, local)
    usable = cores()
    threads = options.threads or max(1, usable // local)
    reason = f"{processes} processes share each update"
    if options.threads is None:
        reason += f": of {show_count(usable)} cores here, {local} processes have {threads} each"
    reasons = placement.reasons
    if asked is None and here.type == "cpu" and torch.cuda.is_available():
        reasons = ('device cpu: several processes take their GPUs where device="cuda" says so',)
    return replace(
        placement, device=str(here), threads=threads, processes=processes, reasons=(*reasons, reason)
    )


def differences(processes: int, batch_size: int, layers: Iterable[object]) -> tuple[str, ...]:
    """Return what is otherwise with several processes than with one, a sentence each.

    Args:
        processes: how many share each update.
        batch_size: samples of an update.
        layers: the steps of a network or the submodules of a module.
    """
    names = {type(layer).__name__ for layer in layers}
    sentences = {
        f"a batch of {batch_size} has a sample for {batch_size} of {processes} processes: "
        "the others compute nothing": batch_size < processes,
        "beware: batch normalisation takes mean and variance over each process's share of a batch, "
        "which is not what one process would compute": any(
            "BatchNorm" in name and "Sync" not in name for name in names
        ),
        "each process draws Dropout from numbers of its own: other masks than in one process": any(
            "Dropout" in name for name in names
        ),
    }
    return tuple(sentence for sentence, holds in sentences.items() if holds and processes > 1)


def _own_gpu(local_rank: int, local: int) -> torch.device:
    here = torch.cuda.device_count()
    if here < local:
        raise Refused(
            where="device",
            got=f"{here} GPU{'s' if here != 1 else ''} for {local} processes on this machine",
            wanted="a GPU for each of them",
            remedy=f'Start {here} processes here, or say device="cpu".',
        )
    return torch.device("cuda", local_rank)
