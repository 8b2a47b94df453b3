"""What is otherwise where several processes share each update: devices, threads, and what is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import torch

from chalknet.engine import ProcessGroup
from chalknet.errors import Refused
from chalknet.planning import Placement, RunOptions
from chalknet.system import cores
from chalknet.units import show_count


def share_of(placement: Placement, options: RunOptions) -> Placement:
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
            got = f"{asked!r} for each of {processes} processes"
            raise _too_few_gpus(got, 'Say device="cuda": each process takes its own.')
        gpus = torch.cuda.device_count()
        if gpus < local:
            got = f"{gpus} GPU{'s' if gpus != 1 else ''} for {local} processes on this machine"
            raise _too_few_gpus(got, f'Start {gpus} processes here, or say device="cpu".')
        here = torch.device("cuda", group.local_rank)
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


def differences_of_shares(
    processes: int, batch_size: int, layers: Iterable[object]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is otherwise with several processes than with one: reasons, and notes of another update.

    Args:
        processes: how many share each update.
        batch_size: samples of an update.
        layers: the steps of a network or the submodules of a module.
    """
    names = {type(layer).__name__ for layer in layers}
    if processes == 1:
        return (), ()
    reasons, notes = [], []
    if batch_size < processes:
        reasons.append(
            f"a batch of {batch_size} has a sample for {batch_size} of {processes} processes: "
            "the others compute nothing"
        )
    if any("Dropout" in name for name in names):
        reasons.append("each process draws Dropout from numbers of its own: other masks than in one process")
    if any("BatchNorm" in name and "Sync" not in name for name in names):
        notes.append(
            "batch normalisation takes mean and variance over each process's share of a batch, "
            "which is not what one process would compute"
        )
    return tuple(reasons), tuple(notes)


def _too_few_gpus(got: str, remedy: str) -> Refused:
    return Refused(where="device", got=got, wanted="a GPU for each of them", remedy=remedy)
