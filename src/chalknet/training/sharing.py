"""Where each of several processes works, and what is otherwise when they share each update."""

from __future__ import annotations

from dataclasses import asdict, replace

import torch
from torch import nn

from chalknet.data import Batches
from chalknet.engine import ProcessGroup
from chalknet.errors import InvalidValue, Refused
from chalknet.network import Network
from chalknet.planning import Placement, Plan
from chalknet.system import cores
from chalknet.training.loop import Recording
from chalknet.units import show_count


def check_processes(asked: object) -> None:
    """Refuse what is no number of processes.

    Raises:
        InvalidValue: for anything but a whole number of at least 1.
    """
    if not isinstance(asked, int) or isinstance(asked, bool) or asked < 1:
        raise InvalidValue(
            where="processes",
            got=repr(asked),
            wanted="a whole number of at least 1",
            remedy="Say processes=2 (--processes 2) on a machine with two cores or devices.",
        )


def check_started(asked: int | None, group: ProcessGroup) -> None:
    """Refuse a number of processes that is not the number of those that run.

    Raises:
        InvalidValue: naming both, and how to start so many.
    """
    if asked is None:
        return
    check_processes(asked)
    if asked != group.size:
        raise InvalidValue(
            where="processes",
            got=f"{asked} for a fit that {'1 process makes' if group.size == 1 else f'{group.size} share'}",
            wanted="as many as were started",
            remedy=f"Start the script with torchrun --nproc-per-node {asked}, or let the command do it: "
            f"chalknet fit ... --processes {asked}.",
        )


def check_alike(plan: Plan, recording: Recording, group: ProcessGroup) -> None:
    """Refuse processes that were asked for different fits, which would wait for each other for ever.

    Raises:
        InvalidValue: in a process whose fit is not the first one's, naming what differs.
    """
    asked = asdict(plan.recipe) | asdict(plan.data) | asdict(replace(recording, on_progress=None))
    asked |= {
        "model": plan.model,
        "name": "",
        "engine": plan.engine,
    }  # a file may be elsewhere on each machine
    first = group.from_first(asked)
    others = [f"{name}={value!r}" for name, value in asked.items() if value != first[name]]

    def check() -> None:
        if others:
            raise InvalidValue(
                where="a fit in several processes",
                got=f"{', '.join(others)}, which is not what process 0 was given",
                wanted="the same fit in all of them",
                remedy="Call it in each process with the same arguments.",
            )

    group.all_or_none(check)


def shared(placement: Placement, processes: int, *, device: str, threads: int | None) -> Placement:
    """Return the placement of one process of several: a device and threads of its own.

    Args:
        placement: as one process alone would have it.
        processes: how many share each update.
        device: as it was asked for.
        threads: as they were asked for.

    Raises:
        Refused: for one GPU that all of them were given.
    """
    check_processes(processes)
    if processes == 1:
        return placement
    group = ProcessGroup.here()
    local = group.local_size if group.size > 1 else processes
    here = torch.device(placement.device)
    if here.type == "cuda":
        if torch.device(device if device != "auto" else "cuda").index is not None:
            raise Refused(
                where="device",
                got=f"{device!r} for each of {processes} processes",
                wanted="a GPU for each of them",
                remedy='Say device="cuda": each process takes its own.',
            )
        here = _own_gpu(group.local_rank, local)
    usable = cores()
    number = threads or max(1, usable // local)
    reason = f"{processes} processes share each update"
    if threads is None:
        reason += f": of {show_count(usable)} cores here, {local} processes have {number} each"
    reasons = placement.reasons
    if device == "auto" and here.type == "cpu" and torch.cuda.is_available():
        reasons = ('device cpu: several processes take their GPUs where device="cuda" says so',)
    return replace(
        placement, device=str(here), threads=number, processes=processes, reasons=(*reasons, reason)
    )


def differences(
    processes: int, batches: Batches, network: Network | None, module: nn.Module | None
) -> tuple[str, ...]:
    """Return what is otherwise with several processes than with one, a sentence each."""
    if processes == 1:
        return ()
    said = []
    if batches.size < processes:
        said.append(
            f"a batch of {batches.size} has a sample for {batches.size} of {processes} processes: "
            "the others compute nothing"
        )
    steps = network.steps if network is not None else module.modules() if module is not None else ()
    names = {type(step).__name__ for step in steps}
    if any("BatchNorm" in name and "Sync" not in name for name in names):
        said.append(
            "beware: batch normalisation takes mean and variance over each process's share of a batch, "
            "which is not what one process would compute"
        )
    if any("Dropout" in name for name in names):
        said.append("each process draws Dropout from numbers of its own: other masks than in one process")
    return tuple(said)


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
