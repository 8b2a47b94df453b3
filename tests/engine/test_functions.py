"""The functions that compiled formulas call, against numbers of forty digits and against torch."""

import ctypes
import math

import mpmath
import numpy as np
import pytest
import torch

from chalknet.network import FORMULA_FUNCTIONS

pytest.importorskip("numba")
from chalknet.engine.fused_cpu.functions import ERRORS, FUNCTIONS
from chalknet.engine.fused_cpu.loops import functions_unit
from chalknet.engine.fused_cpu.objects import address_in

DTYPES = [np.float32, np.float64]
_ONE_ARGUMENT = tuple(name for name in FUNCTIONS if name not in ("min", "max"))
FAR = 1000  # beyond, the result is 0, a limit or infinite


def values(name, x):
    """Return a function's values by the compiled loop of a formula that is nothing but the function."""
    address = address_in((functions_unit(_ONE_ARGUMENT, x.dtype.name),), f"only_{name}")
    loop = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_void_p] * 2, ctypes.c_int64, ctypes.c_void_p)(address)
    found = np.empty_like(x)
    loop(x.ctypes.data, found.ctypes.data, len(x), None)
    return found


def numbers_of_all_sizes(dtype, many, seed):
    """Return numbers of both signs and of all magnitudes, most of them where functions change."""
    draw, limits = np.random.default_rng(seed), np.finfo(dtype)
    smallest, largest = np.log2(np.array([limits.smallest_subnormal, limits.max], dtype=np.longdouble))
    sizes = [
        2 ** draw.uniform(float(smallest) + 1, float(largest) - 0.01, many),
        2 ** draw.uniform(-12, 3.5, many),
        draw.uniform(0, 12, many),
        np.abs(1 + draw.normal(size=many) * 0.3),
        draw.uniform(0, 120 if dtype == np.float32 else 760, many),
    ]
    x = np.concatenate(sizes)
    return np.concatenate([x, -x]).astype(dtype)


def error(name, x, found, dtype):
    """Return the error of a finite result in units in the last place; 0 where torch's test below looks."""
    limits = np.finfo(dtype)
    if not math.isfinite(found) or (name in ("exp", "expm1", "tanh", "erf") and abs(x) > FAR):
        return 0.0
    with mpmath.workdps(40):
        wanted = getattr(mpmath, name)(mpmath.mpf(x))
        exponent = limits.minexp if not wanted else max(math.frexp(float(wanted))[1] - 1, limits.minexp)
        return float(abs(mpmath.mpf(found) - wanted) / mpmath.mpf(2) ** (exponent - limits.nmant))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ERRORS)
def test_no_error_is_larger_than_the_stated_one(name, dtype):
    x = numbers_of_all_sizes(dtype, 60, seed=3)
    errors = [error(name, *pair, dtype) for pair in zip(x.tolist(), values(name, x).tolist(), strict=True)]
    assert np.count_nonzero(errors) > 30
    assert max(errors) <= ERRORS[name][DTYPES.index(dtype)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ERRORS)
def test_limits_infinities_and_no_number_are_torchs(name, dtype):
    payload = np.array([0x7FC00001, 0xFFC12345], dtype=np.uint32).view(np.float32)  # NaN of other bits
    edges = [0.0, -0.0, -1.0, -2.0, math.inf, -math.inf, math.nan, FAR, -FAR, 1e30, -1e30]
    x = np.concatenate([np.array(edges), payload, numbers_of_all_sizes(dtype, 2000, seed=4)]).astype(dtype)
    found, wanted = values(name, x), getattr(torch, name)(torch.from_numpy(x)).numpy()
    limit = ~np.isfinite(wanted) | (np.isin(wanted, (0, 1, -1)) & (~np.isfinite(x) | (np.abs(x) >= FAR)))
    assert limit.sum() > 3
    np.testing.assert_array_equal(found[limit], wanted[limit])
    assert np.isfinite(found[~limit]).all()


def test_every_function_of_formulas_is_compiled():
    assert set(FUNCTIONS) == set(FORMULA_FUNCTIONS) - {"pi"}
