"""What this process may still take of the machine: memory within its limits, CPUs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_UNKNOWN_BYTES = 4 << 30  # what is assumed where the system tells nothing
_PARTS_IN_MEMORY = 4


def fits_in_memory(needed_bytes: int) -> bool:
    """Return whether so many bytes take at most a quarter of the memory that is left."""
    return needed_bytes * _PARTS_IN_MEMORY <= available_bytes()


def cpus() -> int:
    """Return how many CPUs this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_bytes() -> int:
    """Return the least of what the machine, the control groups and the process's limits leave."""
    return max(0, min([*_of_machine(), *_of_groups(), *_of_limits()], default=_UNKNOWN_BYTES))


def _of_machine() -> Iterator[int]:
    fields = _fields(Path("/proc/meminfo"))
    if "MemAvailable:" in fields:
        yield fields["MemAvailable:"] * 1024


def _of_groups() -> Iterator[int]:
    """Yield what is left of the limit of each control group around this process, version 2 and 1."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
            _, kinds, own = line.split(":", 2)
            if kinds and "memory" not in kinds.split(","):
                continue
            root = Path("/sys/fs/cgroup", "memory" if kinds else "")
            limit, usage = (
                ("memory.limit_in_bytes", "memory.usage_in_bytes")
                if kinds
                else ("memory.max", "memory.current")
            )
            place = root / own.strip("/")
            for folder in (place, *place.parents):
                if (folder / limit).is_file():
                    yield from _left(folder, limit, usage)
                if folder == root:
                    break


def _left(folder: Path, limit: str, usage: str) -> Iterator[int]:
    with suppress(OSError, ValueError):  # "max" is no number and no limit
        most, used = (int((folder / name).read_text(encoding="ascii")) for name in (limit, usage))
        cached = _fields(folder / "memory.stat")
        yield most - used + cached.get("inactive_file", cached.get("total_inactive_file", 0))


def _of_limits() -> Iterator[int]:
    """Yield what is left of the limits on address space and on data, as `ulimit -v` and `-d` set them."""
    with suppress(ImportError):
        import resource  # not on Windows

        used = _fields(Path("/proc/self/status"))
        for limit, name in ((resource.RLIMIT_AS, "VmSize:"), (resource.RLIMIT_DATA, "VmData:")):
            most, _ = resource.getrlimit(limit)
            if most != resource.RLIM_INFINITY:
                yield most - used.get(name, 0) * 1024


def _fields(path: Path) -> dict[str, int]:
    fields = {}
    with suppress(OSError):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, *values = line.split()
            if values and values[0].isdigit():
                fields[name] = int(values[0])
    return fields
