"""Measure the memory that some code takes: before, after and peak, of the process and of each GPU."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from chalknet.errors import InvalidValue, public
from chalknet.hardware.device import driver_view
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


@public()
@contextmanager
def watch_memory() -> Iterator[MemoryUse]:
    """Measure the memory that the body of a `with` takes; the value it gives is filled when the body ends.

    On the CPU it is the resident memory of this process. Its peak is the kernel's own record where that can
    be reset (Linux), and elsewhere the maximum of 500 samples a second. On CUDA it is what tensors take, what
    torch's allocator holds, and what the driver counts beyond these: nearly all that a first small tensor
    costs is the context. Before there is a context, the driver's count needs the extra `gpu`
    (`pip install "chalknet[gpu]"`), since asking CUDA for it would create one.

    Example:
        >>> with watch_memory() as seen:
        ...     x = torch.ones(10_000_000)
        >>> seen.process.growth_bytes > 20_000_000
        True
    """
    seen = MemoryUse()
    gpus = range(torch.cuda.device_count() if torch.cuda.is_available() else 0)
    before = [_gpu_now(index) for index in gpus]
    for index in gpus:
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
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


def _gpu_now(index: int, figure: str = "current") -> dict[str, int | None]:
    """Return the memory of a GPU by what it is: of tensors, held by torch's allocator, and the driver's rest.

    Args:
        index: torch's.
        figure: "current" or "peak", as torch's statistics call it.
    """
    started = bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]
    statistics = torch.cuda.memory_stats(index) if started else {}
    used, held = _driver_used(index, started), statistics.get("reserved_bytes.all.current", 0)
    return {
        f"cuda:{index}, tensors": statistics.get(f"allocated_bytes.all.{figure}", 0),
        held_on(f"cuda:{index}"): statistics.get(f"reserved_bytes.all.{figure}", 0),
        f"cuda:{index}, context and others": None if used is None else used - held,
    }


def _driver_used(index: int, started: bool) -> int | None:
    view = driver_view(index)
    if view is not None:
        return view.used_bytes
    if not started:  # asking CUDA would create the context
        return None
    free_bytes, total_bytes = torch.cuda.mem_get_info(index)
    return total_bytes - free_bytes


def _gpu_taken(index: int, before: dict[str, int | None]) -> list[MemoryRow]:
    after, peak = _gpu_now(index), _gpu_now(index, "peak")
    return [
        MemoryRow(
            what, before[what], now, None if now is None else max(before[what] or 0, now, peak[what] or 0)
        )
        for what, now in after.items()
    ]
