"""The functions that compiled formulas call: their largest errors, and what each activation takes for one number."""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from benchmarks.sections import Asked, Found, table
from chalknet.engine.fused_cpu import loops
from chalknet.engine.fused_cpu.functions import ERRORS
from chalknet.engine.fused_cpu.objects import address_in
from chalknet.network import ACTIVATIONS, Activation

_DTYPES = ("float32", "float64")
_NUMBERS, _CALLS, _ROUNDS = 4096, 8, 40  # of a timed loop: its numbers stay in the first cache


def measured(asked: Asked) -> Found:
    """Measure the errors on numbers of all magnitudes, and time the loops of the activations."""
    many = 20 if asked.quick else 2000
    errors = {name: [_largest_error(name, dtype, many) for dtype in _DTYPES] for name in ERRORS}
    steps = [Activation(row.name) for row in ACTIVATIONS.values() if row.settled and row.elementwise]
    times = {step.kind: [_times(step, dtype) for dtype in _DTYPES] for step in steps}
    error_rows = [
        f"| `{name}` | {single:.2f} (stated {ERRORS[name][0]:g}) | {double:.2f} (stated {ERRORS[name][1]:g}) |"
        for name, (single, double) in errors.items()
    ]
    time_rows = [
        f"| {name} | {' | '.join(f'{ns:.2f}' for dtype in by_dtype for ns in dtype)} |"
        for name, by_dtype in times.items()
    ]
    heads = [f"{what}, {dtype}" for dtype in _DTYPES for what in ("h", "h and its derivative", "gradient")]
    lines = [
        f"The largest error in units in the last place on {10 * many:,} numbers of all magnitudes, against",
        "numbers of forty digits.",
        *table("function", *_DTYPES, rows=error_rows),
        "",
        "Nanoseconds for one number on one thread, the best of several calls.",
        *table("activation", *heads, rows=time_rows),
    ]
    return Found(lines, {"errors": errors, "ns": times})


def _largest_error(name: str, dtype: str, many: int) -> float:
    limits, draw = np.finfo(dtype), np.random.default_rng(1)
    low, high = limits.minexp - limits.nmant, limits.maxexp
    sizes = (2.0 ** draw.uniform(low + 1, high - 1, many), 2.0 ** draw.uniform(-12, 3.5, 3 * many))
    x = np.concatenate([*sizes, draw.uniform(0, 12, many)])
    x = np.concatenate([x, -x]).astype(dtype)
    found = np.empty_like(x)
    address = address_in((loops.functions_unit(tuple(ERRORS), dtype),), f"only_{name}")
    _callable(address, 2)(x.ctypes.data, found.ctypes.data, len(x), None)
    return max(_error(name, *pair, limits) for pair in zip(x.tolist(), found.tolist(), strict=True))


def _error(name: str, x: float, found: float, limits: Any) -> float:
    if not math.isfinite(found) or (abs(x) > 1000 and name not in ("log", "log1p", "sqrt")):
        return 0.0
    with mpmath.workdps(40):
        wanted = getattr(mpmath, name)(mpmath.mpf(x))
        exponent = limits.minexp if not wanted else max(math.frexp(float(wanted))[1] - 1, limits.minexp)
        return float(abs(mpmath.mpf(found) - wanted) / mpmath.mpf(2) ** (int(exponent) - limits.nmant))


def _times(step: Activation, dtype: str) -> list[float]:
    """Return the nanoseconds of h, of h with its derivative, and of the gradient's way back."""
    z = np.random.default_rng(0).normal(size=_NUMBERS).astype(dtype)
    h, g = np.empty_like(z), np.ones_like(z)
    options = loops.options_address(step)
    forward, both, backward = (
        _callable(address(step, dtype), arrays)
        for address, arrays in (
            (loops.forward_address, 2),
            (loops.derivative_address, 2),
            (loops.backward_address, 3),
        )
    )
    places = [array.ctypes.data for array in (z, h, g)]
    calls = (
        lambda: forward(*places[:2], _NUMBERS, options),
        lambda: both(places[2], places[1], _NUMBERS, options),  # overwrites its z, which the next call reads
        lambda: backward(*places, _NUMBERS, options),
    )
    return [_best(call, g) for call in calls]


def _callable(address: int, arrays: int) -> Callable[..., float]:
    kinds = [*[ctypes.c_void_p] * arrays, ctypes.c_int64, ctypes.c_void_p]
    return ctypes.CFUNCTYPE(ctypes.c_double, *kinds)(address)


def _best(call: Callable[[], object], changed: Any) -> float:
    """Return the nanoseconds of a number in the fastest call; what calls change is set to 1 before each."""
    taken = []
    for _ in range(_CALLS * _ROUNDS):
        changed[:] = 1
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return min(taken) / _NUMBERS * 1e9
