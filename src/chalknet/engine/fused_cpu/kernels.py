"""The kernels as Python calls them: by the address of their object code, without numba."""

from __future__ import annotations

import ctypes
import zlib
from dataclasses import dataclass, field
from typing import Any

from chalknet.engine.fused_cpu.memory import Fit, Room, Turn
from chalknet.engine.fused_cpu.object_file import Unit
from chalknet.engine.fused_cpu.phases import PieceTable
from chalknet.engine.fused_cpu.records import declared_dtypes, dtypes_in, pack
from chalknet.engine.fused_cpu.step_table import Steps

_ENTRY = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_char_p)  # a call releases the lock of the interpreter


@dataclass(frozen=True)
class Kernel:
    """A compiled function of nested named tuples that returns a whole number.

    Args:
        name: of the function.
        module: the module of it.
        arguments: as they are annotated.
        others: the types of arrays that are others in this kernel than the annotated ones, by field; "" for
            the type of weights and data.
    """

    name: str
    module: str
    arguments: tuple[Any, ...]
    others: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: Any) -> int:
        """Call the code for the types of these arrays; the first call loads it, or has it compiled."""
        entry = _entry(self.unit_of(dtypes_in(arguments)))
        returned = int(entry(pack(arguments)))
        if returned < 0:
            raise RuntimeError(f"the compiled loop {self.name} has failed")
        return returned

    def unit(self, dtype: str) -> Unit:
        """Return the kernel for weights and data of a type, as the fits call it."""
        others = {name: other or dtype for name, other in self.others.items()}
        return self.unit_of(declared_dtypes(self.arguments, dtype, others))

    def unit_of(self, dtypes: tuple[str, ...]) -> Unit:
        """Return the kernel for given types of its arrays."""
        return Unit(f"{self.name}-{zlib.crc32(' '.join(dtypes).encode()):08x}", self.name, dtypes)


def _entry(unit: Unit) -> Any:
    from chalknet.engine.fused_cpu.objects import address_in  # what compiles a kernel needs nothing of it

    found = _ENTRIES.get(unit)
    if found is None:
        found = _ENTRIES[unit] = _ENTRY(address_in((unit,), unit.kernel))
    return found


_ENTRIES: dict[Unit, Any] = {}

run_blocks = Kernel("run_blocks", "blocks", (Steps, Room, Fit, Turn), {"parts": ""})
run_updates = Kernel("run_updates", "updates", (PieceTable, Fit, Turn))
KERNELS = {kernel.name: kernel for kernel in (run_blocks, run_updates)}
