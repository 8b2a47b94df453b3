"""What the kernels call by an address: the formulas of activations and losses, compiled as loops."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from chalknet.engine.fused_cpu.functions import FUNCTIONS
from chalknet.engine.fused_cpu.object_file import Loop
from chalknet.engine.fused_cpu.scalars import ROOM, intrinsic, like, part, room, scalar

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"


@intrinsic
def call_at(context, address, *arguments):
    """Call a loop by its address; an array is passed as the address of its first number."""

    def write(context, builder, signature, args):
        values = cgutils.unpack_tuple(builder, args[1])
        for index, kind in enumerate(arguments):
            if isinstance(kind, types.Array):
                values[index] = context.make_array(kind)(context, builder, values[index]).data
        function = ir.FunctionType(ir.DoubleType(), [value.type for value in values])
        return builder.call(builder.inttoptr(args[0], function.as_pointer()), values)

    return types.float64(types.int64, types.Tuple(arguments)), write


_WHOLE_VECTORS = 64  # numbers: a loop over a multiple of them has no rest


@part
def piece_of_row(number, most, width, stride):
    """Return where the number of rows filled up to a stride is, and how many from it on lie side by side."""
    row, column = number // width, number % width
    left = most if stride == width or width - column > most else width - column
    return row * stride + column, left


@part
def gather_rows(values, target, first, count, width, stride):
    """Copy so many numbers, from the first on, of rows that are filled up to a stride."""
    done = 0
    while done < count:
        at, some = piece_of_row(first + done, count - done, width, stride)
        for i in range(some):
            target[done + i] = values[at + i]
        done += some


@part
def scatter_rows(values, target, first, count, width, stride):
    """Copy so many numbers to rows that are filled up to a stride, from the first number of them on."""
    done = 0
    while done < count:
        at, some = piece_of_row(first + done, count - done, width, stride)
        for i in range(some):
            target[at + i] = values[done + i]
        done += some


@part
def fill_up(ys, y_room, yhat_room, first, count):
    """Copy so many targets, the first sample repeated up to whole vectors; return how many there are then."""
    for i in range(count):
        y_room[i] = ys[first + i]
    filled = (count + _WHOLE_VECTORS - 1) // _WHOLE_VECTORS * _WHOLE_VECTORS
    for i in range(count, filled):
        y_room[i], yhat_room[i] = y_room[0], yhat_room[0]
    return filled


@part
def weigh(values, gradients, weights, first, count, each):
    """Multiply losses and gradients by the weights of their samples, each of so many numbers."""
    for i in range(count):
        weight = weights[(first + i) // each]
        values[i] *= weight
        gradients[i] *= weight


@part
def sum_of(values, count):
    """Return the sum of so many numbers in float64."""
    total = 0.0
    for i in range(count):
        total += values[i]
    return total


def compile_loop(loop: Loop) -> Any:
    """Return numba's result of compiling a loop."""
    namespace: dict[str, Any] = {"__name__": __name__, **_BESIDE_LOOPS, **FUNCTIONS}
    exec(compile(loop.text, __file__, "exec"), namespace)
    number = types.float32 if loop.dtype == "float32" else types.float64
    kinds = {
        "array": types.CPointer(number),
        "number": number,
        "int": types.int64,
        "options": types.CPointer(types.float64),
    }
    signature = tuple(kinds[argument] for argument in loop.arguments)
    compiled = scalar(namespace[loop.name])
    compiled.compile(signature)
    return compiled.overloads[signature]


_BESIDE_LOOPS: dict[str, Any] = {
    "like": like, "room": room, "ROOM": ROOM, "gather_rows": gather_rows, "scatter_rows": scatter_rows,
    "fill_up": fill_up, "sum_of": sum_of, "weigh": weigh,
}  # fmt: skip
