"""Memory, cores and forks, as this process may use them; whether it is a notebook's; when a Ctrl-C counts."""

from __future__ import annotations

import ctypes
import itertools
import math
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType

_ROOT = Path("/")
_PARTS_IN_MEMORY = 4
_BURST_S = 1.0
_UNLIMITED = 1 << 60  # cgroup v1 writes a number near 2**63 for "no limit"
# What counts against a limit and is given back on demand: pages of files that nobody needs just now.
_RECLAIMABLE = ("inactive_file", "total_inactive_file")


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config


@dataclass(frozen=True)
class MainMemory:
    """Main memory as this process may use it.

    Args:
        total_bytes: what is installed, or the smallest limit set on this process if that is less.
        free_bytes: what this process could still take, without swap.
    """

    total_bytes: int
    free_bytes: int


def main_memory(root: Path = _ROOT) -> MainMemory:
    """Return main memory under every limit set on this process: its cgroups, RLIMIT_AS and RLIMIT_DATA.

    Args:
        root: where `proc` and `sys` are found.
    """
    import psutil  # reading and drawing go without it

    machine = psutil.virtual_memory()
    bounds = [MainMemory(machine.total, machine.available), *_cgroup_bounds(root), *_process_bounds()]
    return MainMemory(
        min(bound.total_bytes for bound in bounds), max(0, min(bound.free_bytes for bound in bounds))
    )


def available_bytes() -> int:
    """Return the least of what the machine, the control groups and the process's limits leave."""
    return main_memory().free_bytes


def fits_in_memory(needed_bytes: int) -> bool:
    """Return whether so many bytes take at most a quarter of the memory that is left to this process."""
    return needed_bytes * _PARTS_IN_MEMORY <= available_bytes()


def cores() -> int:
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def times_waited() -> int:
    """Return how often this thread gave its CPU away to wait: for a disk, a network, another thread.

    What another process took by force is not counted. Where the system does not count, every call gives more.
    """
    try:
        import resource

        return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
    except (ImportError, AttributeError):
        return next(_CALLS)


_CALLS = itertools.count()


class ForkSafeLock:
    """A lock that a thread may take again while it holds it, and that is free in a process forked off.

    A fork waits for the thread that holds the lock: what the lock protects is then whole in the child too.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        if hasattr(os, "register_at_fork"):
            free = self._lock.release
            os.register_at_fork(before=self._lock.acquire, after_in_parent=free, after_in_child=free)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


@dataclass
class Burst:
    """Ctrl-C that is pressed again within a second, or held down, counts once, whatever handles it.

    Args:
        began: when the first one came.
    """

    began: float = -math.inf

    def repeats(self) -> bool:
        """Return whether a Ctrl-C that came now is a repetition; otherwise it begins the next second."""
        now = time.monotonic()
        repeated = now - self.began < _BURST_S
        if not repeated:
            self.began = now
        return repeated


BURST = Burst()


@cache
def processor() -> str:
    """Return what the processor is called."""
    lines = _lines(Path("/proc/cpuinfo"))
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def signal_children(number: int) -> int:
    """Send a signal to the processes that this one started, and return how many there are."""
    import psutil

    children = psutil.Process().children()
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.send_signal(number)
    return len(children)


def resident_bytes() -> int:
    """Return the main memory that this process holds now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def reset_peak() -> bool:
    """Reset the kernel's record of this process's peak memory; return whether it could be reset."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def recorded_peak_bytes() -> int:
    """Return the kernel's record of the most memory this process held, 0 where there is none."""
    return _number_in(Path("/proc/self/status"), "VmHWM:") * 1024


def return_free_memory() -> None:
    """Return memory that the C library keeps for later to the system, where the library can do that."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def _process_bounds() -> Iterator[MainMemory]:
    if sys.platform == "win32":
        return
    import resource

    import psutil

    held = psutil.Process().memory_info()
    data = getattr(held, "data", held.rss)
    for kind, used in ((resource.RLIMIT_AS, held.vms), (resource.RLIMIT_DATA, data)):
        limit, _ = resource.getrlimit(kind)
        if limit not in (resource.RLIM_INFINITY, -1):
            yield MainMemory(limit, limit - used)


def _cgroup_bounds(root: Path) -> Iterator[MainMemory]:
    """Yield the limits of the cgroups of this process and of those above them, version 1 and 2."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _bounds_along(root / "sys/fs/cgroup", path, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            yield from _bounds_along(root / "sys/fs/cgroup/memory", path, *names)


def _bounds_along(top: Path, path: str, limit_name: str, usage_name: str) -> Iterator[MainMemory]:
    parts = [part for part in path.split("/") if part not in ("", "..")]
    for depth in range(len(parts), -1, -1):  # a container may show its own group as the top
        group = top.joinpath(*parts[:depth])
        limit = _whole(group / limit_name, _UNLIMITED)
        if limit < _UNLIMITED:
            used = _whole(group / usage_name, 0)
            spare = max(_number_in(group / "memory.stat", name) for name in _RECLAIMABLE)
            yield MainMemory(limit, limit - max(0, used - spare))


def _whole(path: Path, otherwise: int) -> int:
    """Return the number in a file; another one where there is no such file, or the word max in it."""
    return next((int(line) for line in _lines(path)[:1] if line.strip().isdigit()), otherwise)


def _number_in(path: Path, name: str) -> int:
    """Return the number behind a name in a file of names and numbers, 0 where it is not there."""
    return next((int(line.split()[1]) for line in _lines(path) if line.split()[:1] == [name]), 0)


def _lines(path: Path) -> list[str]:
    """Return the lines of a file of the system's, none where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
