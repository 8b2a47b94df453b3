"""Measure the memory that some code takes: before, after and peak, of the process and of each GPU."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from chalknet.errors import InvalidValue
from chalknet.hardware.nvml import driver_view
from chalknet.system import recorded_peak_bytes, reset_peak, resident_bytes
from chalknet.tables import Cell, Table, Tabular, Value, facts
from chalknet.units import show_bytes

_EVERY_S = 0.002


@dataclass(frozen=True)
class MemoryRow:
    """One kind of memory while some code ran; None for a number that is not available.

    Args:
        what: such as "process, resident" or "cuda:0, tensors".
        before_bytes: when the code began.
        after_bytes: when it ended.
        peak_bytes: the maximum in between.
    """

    what: str
    before_bytes: int | None
    after_bytes: int | None
    peak_bytes: int | None

    @property
    def growth_bytes(self) -> int | None:
        """Return the peak minus what there was before."""
        if self.before_bytes is None or self.peak_bytes is None:
            return None
        return self.peak_bytes - self.before_bytes


@dataclass(repr=False)
class MemoryUse(Tabular):
    """What was measured; filled when the watched code ends, and printed as a table.

    Args:
        rows: the process first, then for each CUDA GPU its tensors, what torch's allocator holds for them,
            and what the driver counts beyond: the context, and other processes.
    """

    rows: tuple[MemoryRow, ...] = field(default=())

    @property
    def process(self) -> MemoryRow:
        """Return the resident memory of the process.

        Raises:
            InvalidValue: before the watched code has ended.
        """
        if not self.rows:
            raise InvalidValue(
                where="memory.watch",
                got="a question before the watched code has ended",
                wanted="the `with` block to be over",
                remedy="Ask behind the block.",
            )
        return self.rows[0]

    @property
    def table(self) -> Table:
        """Return a row for each kind of memory."""
        columns = ("memory", "before", "after", "peak", "grew by")
        return Table(columns, tuple(map(_cells, self.rows))) if self.rows else facts({}, "still watching")


def _cells(row: MemoryRow) -> tuple[Value, ...]:
    sizes = (row.before_bytes, row.after_bytes, row.peak_bytes, row.growth_bytes)
    return row.what, *(Cell(size, "unknown" if size is None else show_bytes(size)) for size in sizes)


@contextmanager
def watch() -> Iterator[MemoryUse]:
    """Measure the memory that the body of a `with` takes; the value it gives is filled when the body ends.

    On the CPU it is the resident memory of this process. Its peak is the kernel's own record where that can
    be reset (Linux), and elsewhere the maximum of 500 samples a second. On CUDA it is what tensors take, what
    torch's allocator holds, and what the driver counts beyond these: nearly all that a first small tensor
    costs is the context. Before there is a context, the driver's count needs the extra `gpu`
    (`pip install "chalknet[gpu]"`), since asking CUDA for it would create one.

    Example:
        >>> with watch() as seen:
        ...     x = torch.ones(10_000_000)
        >>> seen.process.growth_bytes > 20_000_000
        True
    """
    seen = MemoryUse()
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
    """Samples the resident memory of this process in a thread of its own."""

    def __init__(self) -> None:
        self._before = self._most = resident_bytes()
        self._kernel_records = reset_peak()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="chalknet memory watch", daemon=True)
        self._thread.start()

    def stop(self) -> MemoryRow:
        after = resident_bytes()
        self._ended.set()
        self._thread.join()
        recorded = recorded_peak_bytes() if self._kernel_records else 0
        return MemoryRow("process, resident", self._before, after, max(self._most, after, recorded))

    def _sample(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self._most = max(self._most, resident_bytes())


def held_on(device: str) -> str:
    """Return the name of the row of what torch's allocator holds on a GPU."""
    return f"{device}, held for tensors"


@dataclass(frozen=True)
class _Gpu:
    """A GPU's memory now: of tensors, held by torch's allocator, and beyond that by the driver's count."""

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
    """Return whether this process has CUDA contexts already."""
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def _driver_used(index: int, started: bool) -> int | None:
    view = driver_view(str(getattr(torch.cuda.get_device_properties(index), "uuid", "")))
    if view is not None:
        return view.used_bytes
    if not started:  # asking CUDA would create the context
        return None
    free_bytes, total_bytes = torch.cuda.mem_get_info(index)
    return total_bytes - free_bytes


def _gpu_taken(index: int, before: _Gpu) -> list[MemoryRow]:
    after = _gpu_now(index)
    started = _started()
    tensors = torch.cuda.max_memory_allocated(index) if started else 0
    held = torch.cuda.max_memory_reserved(index) if started else 0
    beyond = None if after.beyond is None else max(after.beyond, before.beyond or 0)
    return [
        MemoryRow(f"cuda:{index}, tensors", before.tensors, after.tensors, tensors),
        MemoryRow(held_on(f"cuda:{index}"), before.held, after.held, held),
        MemoryRow(f"cuda:{index}, context and others", before.beyond, after.beyond, beyond),
    ]
