"""What only a CUDA device can do: record what is done on it, and do that again without Python.

Everything else of this engine runs anywhere; its tests put a recorder of their own in this one's place.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from time import perf_counter
from typing import Protocol

import torch


class Recorder(Protocol):
    """Rehearses acts, and records them so that they can be replayed."""

    def rehearse(self, act: Callable[[], None], *, watched: bool = False) -> float:
        """Do it apart from all else and return the seconds it took.

        Args:
            act: what is to be recorded later.
            watched: whether it is an error that Python waits for the device.
        """

    def record(self, act: Callable[[], None]) -> Callable[[], None]:
        """Record it and return what replays it; whatever it changes is then undefined."""

    def free_bytes(self) -> int:
        """Return the bytes of the device's memory that are free."""


class CudaRecorder:
    """Captures CUDA graphs.

    Its graphs share one pool of memory: what lives on between two replays lies outside of it, so that they
    can be replayed in any order.

    Args:
        device: a CUDA device; the present one when it has no number.
    """

    def __init__(self, device: torch.device) -> None:
        index = torch.cuda.current_device() if device.index is None else device.index
        self._device = torch.device("cuda", index)
        with torch.cuda.device(self._device):
            # warm-up and capture on one stream: cuBLAS keeps a workspace for each, made at its first use
            self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            self._pool = torch.cuda.graph_pool_handle()

    def rehearse(self, act: Callable[[], None], *, watched: bool = False) -> float:
        """Do it on the stream of the captures and return the seconds it took."""
        with torch.cuda.device(self._device):
            torch.cuda.synchronize()
            started = perf_counter()
            with torch.cuda.stream(self._stream), _waiting_is_an_error() if watched else nullcontext():
                act()
            torch.cuda.synchronize()
            return perf_counter() - started

    def record(self, act: Callable[[], None]) -> Callable[[], None]:
        """Capture it as a CUDA graph."""
        graph = torch.cuda.CUDAGraph()
        first: list[Exception] = []
        try:
            # the stream is entered apart: torch.cuda.graph does not leave it when a capture fails
            with (
                torch.cuda.device(self._device),
                _nothing_collected(),
                self._mended_on_failure(),
                torch.cuda.stream(self._stream),
                torch.cuda.graph(graph, pool=self._pool, stream=self._stream),
            ):
                try:
                    act()
                except Exception as problem:
                    first.append(problem)
                    raise
        except RuntimeError:
            if first:  # the end of a capture that failed complains once more, and says less
                raise first[0] from None
            raise
        return graph.replay

    def free_bytes(self) -> int:
        """Return what the device has free, and what torch holds of it without using it."""
        free, _ = torch.cuda.mem_get_info(self._device)
        unused = torch.cuda.memory_reserved(self._device) - torch.cuda.memory_allocated(self._device)
        return free + unused

    @contextmanager
    def _mended_on_failure(self) -> Iterator[None]:
        """Undo what a capture that fails leaves behind in torch.

        The default generator would go on believing that it is captured ("Offset increment outside graph
        capture encountered unexpectedly"), and the allocator that it serves a capture.
        """
        generator = torch.cuda.default_generators[self._device.index]
        untouched = generator.clone_state()
        try:
            yield
        except BaseException:
            generator.graphsafe_set_state(untouched)
            with suppress(RuntimeError):  # it says so when it no longer believes that
                torch._C._cuda_endAllocateToPool(self._device.index, self._pool)
            raise


@contextmanager
def _waiting_is_an_error() -> Iterator[None]:
    """Let torch refuse to wait for the device: a capture would fail there, and leave more behind."""
    before = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Synchronization debug mode")  # is a prototype, it says
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep Python from collecting garbage: a graph among it must not be destroyed during a capture."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
