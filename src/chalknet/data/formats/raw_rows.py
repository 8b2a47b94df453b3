"""Rows as they stand in files, or in anything that holds numbers, before anything is done to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.formats.array_file import Array, ArrayFile
from chalknet.data.formats.labels import labels_of
from chalknet.errors import DataError
from chalknet.lazy import torch, torch_data, torch_is_loaded
from chalknet.units import is_number

_KEPT = ("float32", "float64")
_WIDE = ("int32", "int64")  # whole numbers with more digits than float32 holds
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


@dataclass(frozen=True)
class ColumnNames:
    """What the columns of x and y are called, and what the numbers of their words stand for.

    Args:
        x: the features.
        y: the target's columns.
        words: for each column of words, in the order of their numbers.
        named: whether these are names, or only numbers of columns.
        default_target: whether y is the last column because none was named.
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    named: bool = True
    default_target: bool = False


@dataclass(frozen=True, eq=False)
class RawRows:
    """x and y as they stand in files or arrays, row by row.

    Args:
        x: `(n, ...)`; all columns where y is among them.
        y: `(n, ...)`; None where it is among the columns of x.
        name: what messages call the rows.
        x_columns: which columns of x are features; None for all.
        y_columns: which columns of x are the target, where there is no y.
        scale: how bytes of x are taken: "divided" for pixels over 255, "bytes" as they stand; else empty.
        labels: the words that y's class numbers stand for; None for a target of numbers.
        names: of the columns; None where only their numbers tell them apart.
        checked: whether they are known to be finite where no gap is allowed.
        held_out: rows that the same file or dict keeps out of the training.
        notes: what was assumed in reading them, a sentence each.
    """

    x: ArrayFile | Array
    y: ArrayFile | Array | None
    name: str
    x_columns: tuple[int, ...] | None = None
    y_columns: tuple[int, ...] = ()
    scale: str = ""
    labels: tuple[str, ...] | None = None
    names: ColumnNames | None = None
    checked: bool = False
    held_out: RawRows | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x)

    @property
    def x_shape(self) -> tuple[int, ...]:
        """Return the shape of one x as it stands; `(1,)` for a single number."""
        return (self.x.shape[1:] or (1,)) if self.x_columns is None else (len(self.x_columns),)

    @property
    def y_shape(self) -> tuple[int, ...]:
        """Return the shape of one y."""
        if self.y is not None:
            return self.y.shape[1:]
        return () if len(self.y_columns) == 1 else (len(self.y_columns),)

    @property
    def x_dtype(self) -> torch.dtype:
        """Return the dtype x has once it is taken: float64, or else float32."""
        return torch.float64 if self.x.dtype.newbyteorder("=") == np.float64 else torch.float32

    @property
    def is_tensors(self) -> bool:
        """Return whether x and y are arrays in memory that a source can take as they are."""
        return isinstance(self.x, np.ndarray) and isinstance(self.y, np.ndarray)

    def read(
        self, rows: slice | npt.NDArray[np.int64], *, pinned: bool = False, exact: bool = False
    ) -> tuple[torch.Tensor, Array]:
        """Return x `(k, ...)`, aligned as torch aligns, and y `(k, ...)` as it stands.

        Args:
            rows: their numbers.
            pinned: whether x is put where a GPU can fetch it from while it computes.
            exact: whether x has all its digits, whole numbers of 32 bits and more in float64; else x_dtype.
        """
        wide = exact and self.x.dtype.kind in "iu" and self.x.dtype.itemsize >= 4
        x_dtype = torch.float64 if wide else self.x_dtype
        count = len(range(*rows.indices(len(self)))) if isinstance(rows, slice) else len(rows)
        straight = self.x_columns is None and self.x.dtype in (np.float32, np.float64)
        tensor = torch.empty((count, *self.x_shape), dtype=x_dtype, pin_memory=pinned)
        x = tensor.numpy()
        found = _rows(self.x, rows, x.reshape(count, *self.x.shape[1:]) if straight else None)
        if not straight:
            x[...] = (found if self.x_columns is None else found[:, list(self.x_columns)]).reshape(x.shape)
            if self.scale == "divided" and self.x.dtype == np.uint8:
                x /= 255
        if self.y is not None:
            return tensor, _rows(self.y, rows, None)
        y = found[:, list(self.y_columns)]
        return tensor, y[:, 0].copy() if len(self.y_columns) == 1 else y


def rows_of_arrays(x: object, y: object, name: str, held_out: RawRows | None = None) -> RawRows:
    """Return the rows of anything that holds numbers, neither copied nor checked for NaN; y may be words.

    Raises:
        DataError: for what holds no real numbers in rows of equal shape.
    """
    labels = labels_of(y, f"y of {name}")
    features = _as_kept(x, f"x of {name}", (*_KEPT, *_WIDE)).numpy()
    targets = as_targets(labels.numbers if labels else y, f"y of {name}").numpy()
    scale, words = "bytes" if is_bytes(x) else "", labels.words if labels else None
    return RawRows(features, targets, name, scale=scale, labels=words, held_out=held_out)


def is_bytes(x: object) -> bool:
    """Return whether x holds bytes, 0 to 255, as pixels do."""
    return name_of(getattr(x, "dtype", "")) == "uint8"


def name_of(dtype: object) -> str:
    """Return the name of a dtype, the same for numpy's and torch's."""
    return str(dtype).removeprefix("torch.")


def _rows(values: ArrayFile | Array, rows: slice | npt.NDArray[np.int64], out: Array | None) -> Array:
    if isinstance(values, ArrayFile):
        return values.read(rows, out)
    found = values[rows]
    if out is None:
        return np.array(found)
    out[...] = found
    return out


def as_features(value: object, where: str) -> torch.Tensor:
    """Return x as float32 or float64 `(n, ...)`, contiguous; `(n,)` becomes `(n, 1)`.

    Whole numbers become float64 where float32 would not tell them apart.

    Args:
        value: a tensor, an array, a list, anything with `__array__`.
        where: what an error calls it.
    """
    return _as_kept(value, where, _KEPT)


def feature_array(value: object, where: str) -> tuple[Array, str]:
    """Return x as `as_features` does, as an array, and "bytes" where it held bytes, else an empty text.

    An array takes torch only where torch is there already.
    """
    scale = "bytes" if is_bytes(value) else ""
    if torch_is_loaded() or not isinstance(value, np.ndarray):
        return as_features(value, where).numpy(), scale
    x = as_numbers(value, where)
    if x.ndim == 0:
        raise _no_numbers(where, "a single value")
    if x.dtype.name not in _KEPT:
        wide = x.dtype.name in _WIDE and bool(x.size) and (x.min() < -(2**24) or x.max() > 2**24)
        x = x.astype(np.float64 if wide else np.float32)
    return x[:, np.newaxis] if x.ndim == 1 else x, scale


def _as_kept(value: object, where: str, dtypes: tuple[str, ...]) -> torch.Tensor:
    """Return x in its own dtype where that is one of these; else as float32, or float64."""
    x = _as_tensor(value, where)
    if name_of(x.dtype) not in dtypes:
        x = x.double() if _is_beyond_float32(x) else x.float()
    return (x.unsqueeze(1) if x.dim() == 1 else x).contiguous()


def _is_beyond_float32(x: torch.Tensor) -> bool:
    """Return whether there are whole numbers that float32 does not tell apart."""
    if name_of(x.dtype) not in _WIDE or not x.numel():
        return False
    low, high = x.aminmax()
    return bool(low < -(2**24)) or bool(high > 2**24)


def as_targets(value: object, where: str) -> torch.Tensor:
    """Return y as int64 (whole numbers, bools), float32 or float64, contiguous, in its own shape.

    Args:
        value: a tensor, an array, a list, anything with `__array__`.
        where: what an error calls it.
    """
    y = _as_tensor(value, where)
    if not y.is_floating_point():
        y = y.long()
    elif name_of(y.dtype) not in _KEPT:
        y = y.float()
    return y.contiguous()


def _as_tensor(value: object, where: str) -> torch.Tensor:
    if isinstance(value, list | tuple) and value and all(isinstance(row, torch.Tensor) for row in value):
        value = _stacked(value, where)
    if isinstance(
        value, torch_data.Dataset | torch_data.DataLoader
    ):  # numpy would ask some of them for rows without end
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
