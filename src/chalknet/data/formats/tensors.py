"""Anything that holds numbers, as torch tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, Dataset

from chalknet.errors import DataError
from chalknet.units import is_number

_KEPT = (torch.float32, torch.float64)
# Kinds of numpy's dtypes that hold no real numbers.
_NOT_NUMBERS = {
    "U": "text",
    "S": "text",
    "T": "text",
    "O": "Python objects",
    "c": "complex numbers",
    "M": "dates",
    "m": "time spans",
    "V": "records with named columns",
}


def as_features(value: object, where: str) -> torch.Tensor:
    """Return x as float32 or float64 `(n, ...)`, contiguous; `(n,)` becomes `(n, 1)`.

    Args:
        value: a tensor, an array, a list, anything with `__array__`.
        where: what an error calls it.
    """
    x = _as_tensor(value, where)
    x = x if x.dtype in _KEPT else x.float()
    return (x.unsqueeze(1) if x.dim() == 1 else x).contiguous()


def as_targets(value: object, where: str) -> torch.Tensor:
    """Return y as int64 (whole numbers, bools), float32 or float64, contiguous, in its own shape.

    Args:
        value: a tensor, an array, a list, anything with `__array__`.
        where: what an error calls it.
    """
    y = _as_tensor(value, where)
    if not y.is_floating_point():
        y = y.long()
    elif y.dtype not in _KEPT:
        y = y.float()
    return y.contiguous()


def _as_tensor(value: object, where: str) -> torch.Tensor:
    if isinstance(value, list | tuple) and value and all(isinstance(row, torch.Tensor) for row in value):
        value = _stacked(value, where)
    if isinstance(value, Dataset | DataLoader):  # numpy would ask some of them for rows without end
        raise _no_numbers(where, f"a {type(value).__name__}, which is no array")
    if isinstance(value, torch.Tensor):
        if value.is_meta:
            raise _no_numbers(where, "a tensor on meta, which has a shape and no numbers")
        tensor = value.detach().to_dense().cpu()
    else:
        tensor = torch.from_numpy(as_numbers(value, where))
        if isinstance(value, list | tuple) and tensor.is_floating_point():
            tensor = tensor.to(torch.get_default_dtype())  # as torch.tensor reads a list
    if tensor.is_complex():
        raise _no_numbers(where, "complex numbers")
    if tensor.dim() == 0:
        raise _no_numbers(where, "a single value")
    return tensor


def _stacked(rows: list[torch.Tensor] | tuple[torch.Tensor, ...], where: str) -> torch.Tensor:
    try:
        return torch.stack(tuple(rows))
    except RuntimeError as problem:
        raise _no_numbers(where, "rows of unlike shapes or devices") from problem


def as_numbers(value: object, where: str) -> npt.NDArray[Any]:
    """Return the array in an order, byte order and dtype that torch can take without a warning."""
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O":  # numbers of unlike types, or rows that are arrays themselves
            array = np.asarray(array.tolist())
    except (ValueError, TypeError, RuntimeError) as problem:  # what __array__ may raise, ragged lists
        raise _no_numbers(where, f"no regular array ({str(problem).splitlines()[0]})") from problem
    if np.ma.is_masked(value):
        raise _no_numbers(where, "masked values")
    kind = array.dtype.kind
    if kind not in "biuf":
        raise _no_numbers(where, _NOT_NUMBERS.get(kind, str(array.dtype)) + _such_as(array))
    dtype = array.dtype.newbyteorder("=")
    if kind == "u" and dtype.itemsize > 1:
        dtype = np.dtype(np.int64)
    elif kind == "f" and dtype.itemsize > 8:
        dtype = np.dtype(np.float64)
    if min(array.strides, default=0) < 0:  # numpy calls a single reversed row contiguous, torch does not
        array = array.copy()
    return np.require(array, dtype, ["C", "W"])


def _such_as(array: npt.NDArray[Any]) -> str:
    if array.dtype.kind not in "OUST":
        return ""
    strange = [repr(entry) for entry in array.flatten().tolist() if not is_number(entry)][:1]
    return f" such as {strange[0]:.40}" if strange else ""


def _no_numbers(where: str, got: str) -> DataError:
    return DataError(
        where=where,
        got=got,
        wanted="real numbers in rows of equal shape",
        remedy="Turn words into numbers (classes 0, 1, ...), leave other columns out, fill the gaps.",
    )
