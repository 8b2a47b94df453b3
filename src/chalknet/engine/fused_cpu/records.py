"""What a kernel is called with: nested named tuples, packed into words of 64 bits at one address.

An array becomes two words, its address and its length; a number becomes one. The compiled entry of a kernel
unpacks them by the same rule.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np

from chalknet.engine.fused_cpu.names import Array


def pack(arguments: tuple[Any, ...]) -> bytes:
    """Return the words of a kernel's arguments; the arrays must live until the kernel has returned."""
    words: list[int | float] = []
    code: list[str] = ["="]
    for leaf in _leaves(arguments):
        if isinstance(leaf, np.ndarray):
            assert leaf.flags.c_contiguous and leaf.ndim == 1
            words += (leaf.ctypes.data, len(leaf))
            code.append("Qq")
        elif isinstance(leaf, float):
            words.append(leaf)
            code.append("d")
        else:
            words.append(leaf)
            code.append("q")
    return struct.pack("".join(code), *words)


def dtypes_in(arguments: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the types of the arrays among a kernel's arguments, in their order."""
    return tuple(name_of(leaf.dtype) for leaf in _leaves(arguments) if isinstance(leaf, np.ndarray))


def declared_dtypes(kinds: tuple[Any, ...], dtype: str, others: dict[str, str]) -> tuple[str, ...]:
    """Return the types of the arrays that a kernel's arguments are declared to have.

    Args:
        kinds: the arguments as they are annotated: a named tuple, an array or a number.
        dtype: the type of weights and data, which an array has that is annotated as `Array`.
        others: the type of a field that has another one in this kernel, by name.
    """
    return tuple(name for kind in kinds for name in _declared(kind, dtype, others, ""))


@cache
def fields_of(kind: Any) -> dict[str, Any]:
    """Return the annotated fields of a named tuple; empty for anything else."""
    is_record = isinstance(kind, type) and issubclass(kind, tuple)
    return get_type_hints(kind, include_extras=True) if is_record else {}


def _declared(kind: Any, dtype: str, others: dict[str, str], field: str) -> Iterator[str]:
    if fields := fields_of(kind):
        for name, part in fields.items():
            yield from _declared(part, dtype, others, name)
    elif kind == Array:
        yield others.get(field, dtype)
    elif get_origin(kind) is Annotated:
        yield others.get(field) or name_of(np.dtype(get_args(kind)[1]))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


@cache
def name_of(dtype: np.dtype[Any]) -> str:
    """Return the name of a type; of a record, the names of its fields and theirs."""
    if dtype.fields is None:
        return dtype.name
    return ",".join(f"{name}:{field[0].name}" for name, field in dtype.fields.items())
