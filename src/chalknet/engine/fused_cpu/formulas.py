"""What the kernels call by an address, and the compiling of the formulas of activations and losses."""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from chalknet.engine.fused_cpu.functions import FUNCTIONS, exponential
from chalknet.engine.fused_cpu.object_file import Loop
from chalknet.engine.fused_cpu.scalars import intrinsic, like, part, scalar

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


@part
def cross_entropy(yhat, label, g, scale):
    """Return the loss of one sample with its class number; g becomes its gradient."""
    highest = yhat[0]
    for i in range(len(yhat)):
        highest = yhat[i] if yhat[i] > highest else highest
    total = like(0.0, highest)
    for i in range(len(yhat)):
        g[i] = exponential(yhat[i] - highest)
    for i in range(len(yhat)):
        total += g[i]
    for i in range(len(yhat)):
        g[i] = scale * (g[i] / total)
    g[label] -= scale
    return math.log(total) + highest - yhat[label]


def compile_loop(loop: Loop) -> Any:
    """Return numba's result of compiling a loop."""
    namespace: dict[str, Any] = {"__name__": __name__, "like": like, **FUNCTIONS}
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
