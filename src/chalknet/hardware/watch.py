"""What a piece of code really took: memory before, after and at the most, of the process and of each GPU."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from chalknet.hardware.nvml import driver_view
from chalknet.system import recorded_peak_bytes, reset_peak, resident_bytes
from chalknet.units import show_bytes

_EVERY_S = 0.002


@dataclass(frozen=True)
class Taken:
    """One kind of memory over a piece of code; a number that nobody could tell is None.

    Args:
        what: such as "process, resident" or "cuda:0, tensors".
        before_bytes: as the code began.
        after_bytes: as it ended.
        peak_bytes: the most in between.
    """

    what: str
    before_bytes: int | None
    after_bytes: int | None
    peak_bytes: int | None

    @property
    def growth_bytes(self) -> int | None:
        """Return how much more than before there was at the most."""
        if self.before_bytes is None or self.peak_bytes is None:
            return None
        return self.peak_bytes - self.before_bytes


@dataclass
class Watch:
    """What was seen; filled as the watched code ends, and printed as a table.

    Args:
        rows: the process first, then for each CUDA GPU its tensors, what torch's allocator holds for them,
            and what the driver counts beyond: the context, and other processes.
    """

    rows: tuple[Taken, ...] = field(default=())

    @property
    def process(self) -> Taken:
        """Return the resident memory of the process."""
        return self.rows[0]

    def __str__(self) -> str:
        if not self.rows:
            return "still watching"
        heads = ("memory", "before", "after", "peak", "grew by")
        cells = [heads, *map(_cells, self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def _cells(taken: Taken) -> tuple[str, ...]:
    sizes = (taken.before_bytes, taken.after_bytes, taken.peak_bytes, taken.growth_bytes)
    return (taken.what, *("unknown" if size is None else show_bytes(size) for size in sizes))


@contextmanager
def watch() -> Iterator[Watch]:
    """Watch the memory that the body takes; what it yields says it once the body has ended.

    On the CPU it is the resident memory of this process. Its peak is the kernel's own record where that can
    be begun anew (Linux), and elsewhere the most that was seen, 500 times a second. On CUDA it is what
    tensors take, what torch's allocator holds, and what the driver counts beyond these: nearly all of
    what a first small tensor costs is the context. Before there is a context, only the extra `gpu`
    (`pip install "chalknet[gpu]"`) can tell the latter without making one.

    Example:
        >>> with watch() as seen:
        ...     x = torch.ones(10_000_000)
        >>> seen.process.growth_bytes > 20_000_000
        True
    """
    seen = Watch()
    gpus = range(torch.cuda.device_count() if torch.cuda.is_available() else 0)
    before = [_gpu_now(index) for index in gpus]
    for index in gpus:
        if _started():
            torch.cuda.reset_peak_memory_stats(index)
    process = _Sampler()
    try:
        yield seen
    finally:
        taken = [process.stop()]
        for index in gpus:
            taken += _gpu_taken(index, before[index])
        seen.rows = tuple(taken)


class _Sampler:
    """Looks at the resident memory of this process again and again, in a thread of its own."""

    def __init__(self) -> None:
        self._before = self._most = resident_bytes()
        self._kernel_knows = reset_peak()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="chalknet memory watch", daemon=True)
        self._thread.start()

    def stop(self) -> Taken:
        after = resident_bytes()
        self._ended.set()
        self._thread.join()
        recorded = recorded_peak_bytes() if self._kernel_knows else 0
        return Taken("process, resident", self._before, after, max(self._most, after, recorded))

    def _look(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self._most = max(self._most, resident_bytes())


def held_on(device: str) -> str:
    """Return the name of the row that says what torch's allocator holds on a GPU."""
    return f"{device}, held for tensors"


@dataclass(frozen=True)
class _Gpu:
    """A GPU's memory now: of tensors, held by torch's allocator, and beyond it by the driver's count."""

    tensors: int
    held: int
    beyond: int | None


def _gpu_now(index: int) -> _Gpu:
    started = _started()
    tensors = torch.cuda.memory_allocated(index) if started else 0
    held = torch.cuda.memory_reserved(index) if started else 0
    used = _driver_used(index, started)
    return _Gpu(tensors, held, None if used is None else used - held)


def _started() -> bool:
    """Return whether this process has its contexts on the GPUs already."""
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def _driver_used(index: int, started: bool) -> int | None:
    view = driver_view(str(getattr(torch.cuda.get_device_properties(index), "uuid", "")))
    if view is not None:
        return view.used_bytes
    if not started:  # asking CUDA would make the very context that is to be seen
        return None
    free_bytes, total_bytes = torch.cuda.mem_get_info(index)
    return total_bytes - free_bytes


def _gpu_taken(index: int, before: _Gpu) -> list[Taken]:
    after = _gpu_now(index)
    started = _started()
    tensors = torch.cuda.max_memory_allocated(index) if started else 0
    held = torch.cuda.max_memory_reserved(index) if started else 0
    beyond = None if after.beyond is None else max(after.beyond, before.beyond or 0)
    return [
        Taken(f"cuda:{index}, tensors", before.tensors, after.tensors, tensors),
        Taken(held_on(f"cuda:{index}"), before.held, after.held, held),
        Taken(f"cuda:{index}, context and others", before.beyond, after.beyond, beyond),
    ]
