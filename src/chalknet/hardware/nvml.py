"""What the NVIDIA driver says of a GPU's memory without making a context there: the extra `gpu`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DriverView:
    """A GPU's memory as its driver sees it.

    Args:
        total_bytes: all of it.
        free_bytes: what nobody holds.
        used_bytes: what all processes hold together, contexts included.
        others_bytes: what other processes hold, as far as the driver tells; None when it does not.
    """

    total_bytes: int
    free_bytes: int
    used_bytes: int
    others_bytes: int | None


def driver_view(uuid: str) -> DriverView | None:
    """Return what the driver knows of the GPU with this identifier, None without the package or the driver.

    Args:
        uuid: as torch gives it, with or without `GPU-` before it; `CUDA_VISIBLE_DEVICES` may have given
            the GPUs other numbers.
    """
    try:
        import pynvml as nvml
    except ImportError:
        return None
    try:
        nvml.nvmlInit()
        handle = nvml.nvmlDeviceGetHandleByUUID(
            uuid if "-GPU" in uuid or uuid[:3] == "GPU" else f"GPU-{uuid}"
        )
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        return DriverView(memory.total, memory.free, memory.used, _others(nvml, handle))
    except nvml.NVMLError:  # no driver, or one that does not tell
        return None


def _others(nvml: Any, handle: Any) -> int | None:
    processes = [
        *nvml.nvmlDeviceGetComputeRunningProcesses(handle),
        *nvml.nvmlDeviceGetGraphicsRunningProcesses(handle),
    ]
    by_process = {process.pid: process.usedGpuMemory for process in processes if process.pid != os.getpid()}
    if None in by_process.values():
        return None
    return int(sum(by_process.values()))
