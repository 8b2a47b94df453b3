"""Explain a failed allocation: how much was requested, how much is free, what to do."""

from __future__ import annotations

import re
from dataclasses import replace
from math import prod

import torch

from chalknet.engine import is_out_of_memory
from chalknet.errors import ChalknetError, OutOfMemory
from chalknet.hardware.device import find_device
from chalknet.hardware.estimate import Verdict, estimate, update_of
from chalknet.hardware.trace import UpdateSpec
from chalknet.network import Network
from chalknet.planning import Plan
from chalknet.units import show_bytes, show_count

# A fit that needs less than this starts without checking what is free.
_WORTH_ASKING_BYTES = 256 << 20
_ASKED = re.compile(r"allocate ([\d.]+) (?:([KMGTP]?)i?B|bytes)\b")
_DEVICE = re.compile(r"\b(?:GPU|CUDA device) (\d+)")
_COPIES = 8
_IN_PIECES = ("eager",)  # engines that can sum an update over smaller batches
_PREFIXES = " KMGTP"


def shortage(problem: Exception, plan: Plan | None = None) -> OutOfMemory | None:
    """Return the explanation of an error about memory, None for any other error.

    Args:
        problem: torch's, Python's or numpy's error.
        plan: of the fit that failed, for what an update needs in all.
    """
    message = str(problem)
    if not is_out_of_memory(problem):
        return None
    device = plan.placement.device if plan is not None else _device_of(problem, message)
    asked = _asked_bytes(message)
    got = f"{show_bytes(asked)} asked for at once" if asked else "an allocation that failed"
    needed = ""
    if plan is not None and plan.network is not None:
        needed_bytes = estimate(update_of(plan)).total_bytes
        needed = f" ({show_bytes(needed_bytes)} needed for an update in all)"
    return _out_of_memory(device, f"{got}{needed}, {_free(device)}", plan)


def _out_of_memory(device: str, got: str, plan: Plan | None) -> OutOfMemory:
    return OutOfMemory(
        where=f"memory of {device}", got=got, wanted="as much as that free", remedy=_remedy(plan)
    )


def within_memory(plan: Plan) -> Plan:
    """Return the plan, its updates summed over smaller batches where whole ones do not fit.

    On the CPU it has to be checked before: the system kills a process that uses too much memory. A plan of a
    module that no Network describes is returned unchanged: only running it shows what it needs.

    Raises:
        OutOfMemory: where that does not fit either: what is needed, what is free, and what to do.
    """
    if plan.network is None:
        return plan
    most = _at_most(plan, plan.network)
    if most < _WORTH_ASKING_BYTES or most <= find_device(plan.placement.device).memory_free_bytes:
        return plan
    update = update_of(plan)
    verdict = _verdict(update)
    if verdict:
        return plan
    needed, free = show_bytes(verdict.needed_bytes), show_bytes(verdict.free_bytes)
    rows = update.rows
    while plan.engine in _IN_PIECES and rows > 1:
        rows = -(-rows // 2)
        if _verdict(replace(update, rows=rows, in_pieces=True)):
            why = (
                f"an update needs {needed} and {free} are free: it is summed over at most "
                f"{show_count(rows)} samples at a time, which is the same update"
            )
            placement = replace(plan.placement, micro_batch=rows)
            return replace(plan, placement=placement, reasons=(*plan.reasons, why))
    raise _out_of_memory(verdict.device, f"{needed} needed for an update, {free} free", plan)


def _verdict(update: UpdateSpec) -> Verdict:
    """Return whether an update fits; data already in the CPU's memory is not counted again."""
    needs, there = estimate(update), update.device == "cpu" and not update.recipe.shuffle
    needed_bytes = needs.total_bytes - (needs.batch_bytes if there else 0)
    return replace(needs.fits(), needed_bytes=needed_bytes)


def _at_most(plan: Plan, network: Network) -> int:
    """Return an upper bound of what an update needs with any engine: eight copies of everything."""
    rows = min(plan.placement.micro_batch or plan.data.observations, plan.data.observations)
    inputs = rows * prod(int(size) for size in plan.data.x_shape)
    counted = inputs + sum(
        (visit.step.parameters(visit.input_shape) or 0)
        + rows * prod(int(size) for size in visit.output_shape)
        for visit in network.walk()
    )
    itemsize: int = getattr(torch, plan.placement.dtype).itemsize
    return _COPIES * itemsize * counted


def _free(device: str) -> str:
    try:
        return f"{show_bytes(find_device(device).memory_free_bytes)} free now"
    except (ChalknetError, RuntimeError):
        return "how much is free cannot be told"


def _remedy(plan: Plan | None) -> str:
    if plan is None:
        return "Take fewer rows at a time, or let go of what is no longer needed (del, and leave the frame)."
    rows = min(plan.recipe.batch_size or plan.data.observations, plan.data.observations)
    if plan.engine not in _IN_PIECES and rows > 1:
        way = f'a smaller batch_size than {show_count(rows)}, or engine="{_IN_PIECES[0]}"'
    else:
        way = "a narrower network, or another device"
    return f"Take {way}; cn.memory(network, recipe) says what takes how much."


def _device_of(problem: Exception, message: str) -> str:
    if not isinstance(problem, torch.OutOfMemoryError):
        return "mps" if "MPS" in message else "cpu"
    found = _DEVICE.search(message)
    return f"cuda:{found[1]}" if found else "cuda"


def _asked_bytes(message: str) -> int | None:
    found = _ASKED.search(message)
    return int(float(found[1]) * 1024 ** _PREFIXES.index(found[2] or " ")) if found else None
