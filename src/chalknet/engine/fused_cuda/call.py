"""What a launch is called with: the addresses and numbers of `struct Call` in `call.cuh`, field by field."""

from __future__ import annotations

import ctypes

POINTERS = (
    "x y sample_weights order weights first second third averages work parts sums losses counter made rates"
).split()
COUNTS = "ahead updates done samples batch per_epoch epoch_samples seed".split()
NUMBERS = "decay momentum dampening beta1 beta2 eps target clip_norm clip_value l1 l2".split()


class KernelCall(ctypes.Structure):
    """What a kernel is called with."""

    _fields_ = [
        *((name, ctypes.c_uint64) for name in POINTERS),
        *((name, ctypes.c_int64) for name in COUNTS),
        *((name, ctypes.c_double) for name in NUMBERS),
    ]
