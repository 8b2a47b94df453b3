"""How code is compiled here, and constants of the data's own type.

For a float32 z, numba computes `1 + z` in float64, which prevents vectorised code.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic as _intrinsic

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"

ELEMENTWISE = {"contract", "nsz"}  # no reordering: the exponential's remainder depends on it
SUMS = {"contract", "nsz", "reassoc"}

intrinsic: Any = _intrinsic

# Division by zero gives infinity, as in torch: a check would prevent vectorised code. Nothing is allocated,
# so reference counting is off: it cost 1 µs an update. Nothing is called from Python by numba: the
# wrappers took a sixth of the compile time.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
_BARE = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_njit: Any = njit
scalar: Any = _njit(fastmath=ELEMENTWISE, **_OPTIONS, **_BARE)
function: Any = _njit(
    fastmath=ELEMENTWISE, forceinline=True, **_OPTIONS, **_BARE
)  # called in a loop over numbers
part: Any = _njit(fastmath=SUMS, **_OPTIONS, **_BARE)
inlined: Any = _njit(inline="always", **_OPTIONS)  # where a call costs time, or an array is returned
kernel: Any = part


@intrinsic
def like(context: Any, value: Any, model: Any) -> Any:
    """Return the value as a number of the model's type."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.cast(builder, args[0], value, signature.return_type)

    return model(value, model), write


@intrinsic
def is_single(context: Any, model: Any) -> Any:
    """Return whether a number is a float32; a constant at compile time."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.get_constant(types.boolean, model == types.float32)

    return types.boolean(model), write


ROOM = 256  # numbers that a loop has beside its arrays


@intrinsic
def room(context: Any, model: Any) -> Any:
    """Return the address of `ROOM` numbers of the model's type, which live as long as the function runs."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number = context.get_data_type(model)
        block = cgutils.alloca_once(builder, ir.ArrayType(number, ROOM))
        return builder.bitcast(block, number.as_pointer())

    return types.CPointer(model)(model), write


@part
def fill(target, value):
    """Set all numbers of a stretch."""
    for i in range(len(target)):
        target[i] = value


@part
def copy(source, target):
    """Copy a stretch of numbers to another one of its length."""
    for i in range(len(target)):
        target[i] = source[i]
