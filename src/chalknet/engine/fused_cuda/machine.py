"""What compiles and launches kernels: a CUDA device, or the emulator of the tests."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Protocol

from chalknet.engine.fused_cuda.schedules import Launch, Limits

Kernel = Callable[[ctypes.Structure], None]


class Machine(Protocol):
    """Compiles and launches.

    Attributes:
        limits: of the device.
        emulator: source that stands in the place of the hardware; empty for a real one.
        meet: how the blocks of every launch meet; None to choose by the shape.
    """

    limits: Limits
    emulator: str
    meet: int | None

    def kernel(self, source: str, launch: Launch) -> Kernel:
        """Return what launches the kernel `updates` of a source."""
