"""A barrier inside compiled code: a counter that each thread increments and polls."""

from __future__ import annotations

import sys
from typing import Any

from llvmlite import ir
from numba import types

from chalknet.engine.fused_cpu.scalars import intrinsic, scalar

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

_SPINS_BEFORE_YIELD = 500  # about 5 µs: after that the other thread may have no core
_yield_core = (lambda: 0) if sys.platform == "win32" else types.ExternalFunction("sched_yield", types.int32())


@intrinsic
def _incremented(context: Any, counter: Any, by: Any) -> Any:
    """Increment the first number of an int64 array atomically; return its previous value."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", place, args[1], "seq_cst")

    return types.int64(counter, types.int64), write


@intrinsic
def _pause(context: Any) -> Any:
    """Execute the processor's spin-wait hint."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if "86" in builder.module.triple.split("-")[0]:
            name, kind = "llvm.x86.sse2.pause", ir.FunctionType(ir.VoidType(), [])
            known = builder.module.globals.get(name)
            builder.call(known or ir.Function(builder.module, kind, name), [])
        return context.get_dummy_value()

    return types.void(), write


@intrinsic
def _read(context: Any, counter: Any) -> Any:
    """Return the first number of an int64 array by an atomic load."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.load_atomic(place, "acquire", 8)

    return types.int64(counter), write


@scalar
def barrier(counter, target):
    """Wait until all threads together have incremented the counter to the target."""
    _incremented(counter, 1)
    spins = 0
    while _read(counter) < target:
        _pause()
        spins += 1
        if spins > _SPINS_BEFORE_YIELD:
            _yield_core()
