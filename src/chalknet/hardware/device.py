"""The devices that torch can use on this machine, and the free memory of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from chalknet.errors import Refused, public, unknown_name
from chalknet.system import cores, main_memory, processor
from chalknet.tables import Cell, Table, Tabular, Value, facts
from chalknet.units import show_bytes

_OTHER_WORDS = {
    "gpu": "cuda",
    "nvidia": "cuda",
    "host": "cpu",
    "apple": "mps",
    "metal": "mps",
    "intel": "xpu",
}


@dataclass(frozen=True, repr=False)
class Device(Tabular):
    """One device that torch can compute on.

    Args:
        name: torch's word for it, such as "cpu" or "cuda:0".
        kind: "cpu", "cuda", "mps" or "xpu".
        hardware: the manufacturer's name.
        processors: cores of a CPU that this process may use; multiprocessors or the like of a GPU; None
            where torch does not report them.
        memory_total_bytes: its memory, or the limit set on this process if that is less.
        memory_free_bytes: what this process could still allocate.
        threads: CPU threads torch uses; None for another device.
        others_bytes: GPU memory that other processes hold; None for a CPU, or where it is not known (with the
            extra `gpu` the NVIDIA driver reports it).

    Example:
        >>> import chalknet as cn
        >>> cn.devices()[0].name
        'cpu'
    """

    name: str
    kind: str
    hardware: str
    processors: int | None
    memory_total_bytes: int
    memory_free_bytes: int
    threads: int | None = None
    others_bytes: int | None = None

    @property
    def table(self) -> Table:
        """Return the facts of the device by their names."""
        cells = zip(_COLUMNS, _cells(self), strict=True)
        return facts({name: cell for name, cell in cells if not isinstance(cell, Cell) or cell.text})


class DeviceList(Tabular, tuple[Device, ...]):
    """Some devices; printed, a table of them."""

    __slots__ = ()

    @property
    def table(self) -> Table:
        """Return a row for each device."""
        return Table(_COLUMNS, tuple(map(_cells, self)))


_COLUMNS = ("device", "hardware", "processors", "memory", "free", "threads", "other processes")


def _cells(device: Device) -> tuple[Value, ...]:
    return (
        device.name,
        device.hardware,
        device.processors,
        Cell(device.memory_total_bytes, show_bytes(device.memory_total_bytes)),
        Cell(device.memory_free_bytes, show_bytes(device.memory_free_bytes)),
        device.threads,
        Cell(device.others_bytes, _others(device)),
    )


def _others(device: Device) -> str:
    if device.others_bytes is not None:
        return f"hold {show_bytes(device.others_bytes)}"
    return "" if device.kind == "cpu" else "unknown"


@public()
def devices() -> DeviceList:
    """Return every device that torch can compute on here, the CPU first; printed, a table.

    Without the extra `gpu` (`pip install "chalknet[gpu]"`) CUDA itself is asked for the free memory of a GPU,
    which creates a context there and so takes some hundred MiB.

    Example:
        >>> import chalknet as cn
        >>> cn.devices()[0].name
        'cpu'
    """
    return DeviceList(device for find in _KINDS.values() for device in find())


def find_device(device: object) -> Device:
    """Return a device with what is free on it now.

    Args:
        device: its name, a `torch.device` or a Device.

    Raises:
        Refused: when it is not here, or holds no numbers.
    """
    name = checked_device(device)
    return next(device for device in _KINDS[torch.device(name).type]() if device.name == name)


def checked_device(name: object, *, computing: bool = True) -> str:
    """Return torch's full name of a device that is here: `cuda` becomes `cuda:0`.

    Args:
        name: torch's name, a `torch.device` or a Device.
        computing: whether it has to compute; otherwise `meta`, which holds shapes alone, is accepted.

    Raises:
        UnknownName: for a name that torch does not know.
        Refused: for a device that is not here, or that cannot compute.
    """
    asked = name.name if isinstance(name, Device) else str(name)
    try:
        device = torch.device(asked)
    except RuntimeError:
        word = asked.lower().partition(":")[0]
        meant = _OTHER_WORDS.get(word, "")
        problem = unknown_name("device", "device", asked, here(), {asked.lower(): meant} if meant else None)
        if meant and not _names(meant):
            problem.remedy = (
                f'{word} would be {meant} in torch, of which there is none here. Say device="cpu".'
            )
        raise problem from None
    if device.type == "meta" and not computing:
        return "meta"
    found = _names(device.type)
    index = device.index
    if index is None:
        index = _NUMBERED[device.type].current_device() if device.type in _NUMBERED and found else 0
    if device.type == "meta" or index >= len(found):
        raise _not_here(asked, device.type, len(found))
    return found[index]


def here() -> tuple[str, ...]:
    """Return the names of the devices that torch can compute on here, asking no driver for memory."""
    return tuple(name for kind in _KINDS for name in _names(kind))


def _not_here(asked: str, kind: str, count: int) -> Refused:
    no_numbers = "meta, which holds shapes and no numbers"
    why_none = "" if count or kind != "cuda" else _WITHOUT_CUDA
    return Refused(
        where="device",
        got=no_numbers if kind == "meta" else f"{asked} asked, {count or 'none'} there",
        wanted=f"one that is here and can compute: {', '.join(here())}",
        remedy=f'Leave it out, or say device="cpu".{why_none}',
    )


_WITHOUT_CUDA = (
    " If there is a GPU, this torch may be built without CUDA: `python -m torch.utils.collect_env`."
)
_NUMBERED: Mapping[str, Any] = {"cuda": torch.cuda, "xpu": torch.xpu}  # kinds of which there may be several


def _names(kind: str) -> tuple[str, ...]:
    if kind in _NUMBERED:
        count = _NUMBERED[kind].device_count() if _NUMBERED[kind].is_available() else 0
        return tuple(f"{kind}:{index}" for index in range(count))
    there = kind == "cpu" or (kind == "mps" and torch.backends.mps.is_available())
    return (kind,) if there else ()


def _cpu() -> Iterator[Device]:
    memory, threads = main_memory(), torch.get_num_threads()
    yield Device("cpu", "cpu", processor(), cores(), memory.total_bytes, memory.free_bytes, threads)


def _cuda() -> Iterator[Device]:
    for index, name in enumerate(_names("cuda")):
        facts = torch.cuda.get_device_properties(index)
        view = driver_view(index)
        free_bytes = torch.cuda.mem_get_info(index)[0] if view is None else view.free_bytes
        yield Device(
            name,
            "cuda",
            facts.name,
            facts.multi_processor_count,
            facts.total_memory,
            free_bytes,
            others_bytes=None if view is None else view.others_bytes,
        )


def _mps() -> Iterator[Device]:
    for name in _names("mps"):
        total_bytes = torch.mps.recommended_max_memory()
        free_bytes = max(0, total_bytes - torch.mps.driver_allocated_memory())
        yield Device(name, "mps", processor(), None, total_bytes, free_bytes)


def _xpu() -> Iterator[Device]:
    for index, name in enumerate(_names("xpu")):
        facts: Any = torch.xpu.get_device_properties(index)
        free_bytes = facts.total_memory - torch.xpu.memory_reserved(index)
        processors = getattr(facts, "max_compute_units", None)
        yield Device(name, "xpu", facts.name, processors, facts.total_memory, free_bytes)


@dataclass(frozen=True)
class DriverView:
    """A GPU's memory as its driver sees it, which needs no context there.

    Args:
        free_bytes: what nobody holds.
        used_bytes: what all processes hold together, contexts included.
        others_bytes: what other processes hold; None when the driver does not report it.
    """

    free_bytes: int
    used_bytes: int
    others_bytes: int | None


def driver_view(index: int) -> DriverView | None:
    """Return what the NVIDIA driver reports of a GPU, None without the extra `gpu` or the driver.

    Args:
        index: torch's; the driver may count the GPUs otherwise, so that it is asked for the GPU's identifier.
    """
    try:
        import pynvml as nvml
    except ImportError:
        return None
    uuid = str(getattr(torch.cuda.get_device_properties(index), "uuid", ""))
    try:
        nvml.nvmlInit()
        handle = nvml.nvmlDeviceGetHandleByUUID(uuid if "GPU" in uuid else f"GPU-{uuid}")
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        processes = [
            *nvml.nvmlDeviceGetComputeRunningProcesses(handle),
            *nvml.nvmlDeviceGetGraphicsRunningProcesses(handle),
        ]
    except nvml.NVMLError:  # no driver, or one that does not report it
        return None
    held = {process.pid: process.usedGpuMemory for process in processes if process.pid != os.getpid()}
    others = None if None in held.values() else sum(held.values())
    return DriverView(memory.free, memory.used, others)


_KINDS: Mapping[str, Callable[[], Iterator[Device]]] = {"cpu": _cpu, "cuda": _cuda, "mps": _mps, "xpu": _xpu}
