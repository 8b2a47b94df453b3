"""The whole training loop in one compiled call on the CPU; its code is loaded when a session opens."""

from chalknet.engine.fused_cpu import names
from chalknet.engine.fused_cpu.engine import FusedCpu

__all__ = ["FusedCpu", "names"]
