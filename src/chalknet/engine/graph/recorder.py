"""What only a CUDA device can do: capture work on it, and replay the work without Python.

The rest of this engine runs anywhere; the tests use a recorder of their own.
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
    """Runs work for warm-up, and captures it for replays."""

    def rehearse(self, act: Callable[[], None], *, watched: bool = False) -> float:
        """Run it alone and return the seconds it took.

        Args:
            act: the work that is to be captured later.
            watched: whether waiting for the device is an error.
        """

    def record(self, act: Callable[[], None]) -> Callable[[], None]:
        """Capture it and return what replays it; the tensors that it writes are undefined until then."""

    def free_bytes(self) -> int:
        """Return the free bytes of the device's memory."""


class CudaRecorder:
    """Captures CUDA graphs.

    The graphs share one memory pool. What outlives a replay is outside of the pool, so that the graphs can be
    replayed in any order.

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
        """Run it on the stream of the captures and return the seconds it took."""
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
                _no_garbage_collection(),
                self._restored_on_failure(),
                torch.cuda.stream(self._stream),
                # thread_local: what other threads do with the device meanwhile does not fail the capture
                torch.cuda.graph(
                    graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"
                ),
            ):
                try:
                    act()
                except Exception as problem:
                    first.append(problem)
                    raise
        except RuntimeError:
            if first:  # ending a failed capture raises a second error, with less in it
                raise first[0] from None
            raise
        return graph.replay

    def free_bytes(self) -> int:
        """Return the device's free memory, plus what torch has reserved and does not use."""
        free, _ = torch.cuda.mem_get_info(self._device)
        unused = torch.cuda.memory_reserved(self._device) - torch.cuda.memory_allocated(self._device)
        return free + unused

    @contextmanager
    def _restored_on_failure(self) -> Iterator[None]:
        """Undo what a failed capture leaves behind in torch.

        Otherwise the default generator stays in its capturing state ("Offset increment outside graph capture
        encountered unexpectedly"), and so does the allocator.
        """
        generator = torch.cuda.default_generators[self._device.index]
        untouched = generator.clone_state()
        try:
            yield
        except BaseException:
            generator.graphsafe_set_state(untouched)
            with suppress(RuntimeError):  # raised when it no longer is
                torch._C._cuda_endAllocateToPool(self._device.index, self._pool)
            raise


@contextmanager
def _waiting_is_an_error() -> Iterator[None]:
    """Make waiting for the device an error: a capture would fail there, and leave more to undo."""
    before = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Synchronization debug mode")  # a warning that it is a prototype
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Turn garbage collection off: no graph may be destroyed during a capture."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
