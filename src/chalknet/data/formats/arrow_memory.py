"""Arrow's arrays to and from NumPy's, by their memory.

Arrow's own conversions of Python's and NumPy's values (`pa.array`, `pa.scalar`, `to_numpy`) import pandas
where it is installed, to know its words for gaps; that takes longer than to read a small table.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.formats.pyarrow_module import pyarrow


@lru_cache
def text(value: str) -> Any:
    """Return a text as a scalar of Arrow's."""
    return texts([value])[0]


def texts(values: Sequence[str]) -> Any:
    """Return texts as an array of Arrow's."""
    pa = pyarrow()
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))


def flags(values: npt.NDArray[np.bool_]) -> Any:
    """Return booleans, `(rows,)`, as an array of Arrow's."""
    pa = pyarrow()
    bits = pa.py_buffer(np.packbits(values, bitorder="little"))
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, bits])


def numpy_flags(values: Any) -> npt.NDArray[np.bool_]:
    """Return booleans of Arrow's, without null, as NumPy's, `(rows,)`."""
    return _bits(values.buffers()[1], values)


def numpy_numbers(values: Any, gap: float) -> npt.NDArray[Any]:
    """Return numbers of Arrow's as NumPy's, `(rows,)`, of the same type, with a number in place of null."""
    held = np.dtype(values.type.to_pandas_dtype())
    there, data = values.buffers()
    if data is None:
        return np.full(len(values), gap, held)
    numbers = np.frombuffer(data, held, len(values), values.offset * held.itemsize)
    return np.where(_bits(there, values), numbers, held.type(gap)) if values.null_count else numbers


def _bits(buffer: Any, values: Any) -> npt.NDArray[np.bool_]:
    """Return the bits of a buffer that belong to an array, which may be part of a longer one."""
    if not len(values):
        return np.zeros(0, bool)
    first = values.offset // 8
    packed = np.frombuffer(buffer, np.uint8)[first : (values.offset + len(values) + 7) // 8]
    return np.unpackbits(packed, bitorder="little")[values.offset - 8 * first :][: len(values)].view(bool)
