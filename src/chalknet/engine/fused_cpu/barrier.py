"""What threads share inside compiled code: counters that are changed atomically, and waiting."""

from __future__ import annotations

import sys
from typing import Any

from llvmlite import ir
from numba import types

from chalknet.engine.fused_cpu.scalars import intrinsic, scalar

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

_SPINS = 1000  # about 50 µs at the most: after that a thread that waits sleeps
_SLEEP_US = 20
_sleep = (
    (lambda us: 0) if sys.platform == "win32" else types.ExternalFunction("usleep", types.int32(types.uint32))
)


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    data = context.make_array(signature.args[0])(context, builder, args[0]).data
    return builder.gep(data, [args[1]])


@intrinsic
def add(context: Any, counter: Any, at: Any, by: Any) -> Any:
    """Add to a number of an int64 array atomically; return its previous value."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", _place(context, builder, signature, args), args[2], "seq_cst")

    return types.int64(counter, types.int64, types.int64), write


@intrinsic
def read(context: Any, counter: Any, at: Any) -> Any:
    """Return a number of an int64 array by an atomic load."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_place(context, builder, signature, args), "acquire", 8)

    return types.int64(counter, types.int64), write


@intrinsic
def take(context: Any, counter: Any, at: Any, expected: Any) -> Any:
    """Increment a number of an int64 array if it still is the expected one; return whether it was."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place, more = _place(context, builder, signature, args), builder.add(args[2], args[2].type(1))
        result = builder.cmpxchg(place, args[2], more, "seq_cst", "seq_cst")
        return builder.extract_value(result, 1)

    return types.boolean(counter, types.int64, types.int64), write


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


@scalar
def wait(spins):
    """Wait a moment, asleep once it has lasted long; return how often this one has waited."""
    if spins < _SPINS:
        _pause()
    else:
        _sleep(_SLEEP_US)  # type: ignore[call-overload]
    return spins + 1


@scalar
def barrier(counter, target):
    """Wait until all threads together have incremented the first counter to the target."""
    add(counter, 0, 1)
    spins = 0
    while read(counter, 0) < target:
        spins = wait(spins)
