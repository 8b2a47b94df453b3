"""Named tensors as a safetensors file: no pickle, readable anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
from safetensors import SafetensorError, numpy

from chalknet.files import open_regular
from chalknet.lazy import torch
from chalknet.seal import damaged

_MARK = "chalknet run"  # the key of the file's metadata that says which run it belongs to
_LARGEST_HEADER_BYTES = 16 << 20  # names and shapes of 100,000 tensors
_SLACK_BYTES = 1 << 20  # of a file beside its tensors: names, shapes and the mark of its run


def tensors_to_bytes(tensors: Mapping[str, torch.Tensor], run: str = "") -> bytes:
    """Return the content of a safetensors file with these tensors, wherever they are.

    Args:
        tensors: by their names.
        run: the run that the file belongs to, which `run_of_tensors` finds again; "" for none.
    """
    from safetensors.torch import save  # brings torch, as does its load

    apart = {  # tied weights share memory, which the format does not know
        name: value.detach().to("cpu", copy=True).contiguous() for name, value in tensors.items()
    }
    content: bytes = save(apart, metadata={_MARK: run} if run else None)
    return content


def run_of_tensors(path: Path) -> str | None:
    """Return the run that a safetensors file belongs to, "" for none; None for a file of another kind.

    Only the beginning of the file is read.
    """
    try:
        with open_regular(path) as file:
            size = int.from_bytes(file.read(8), "little")
            if not 2 <= size <= _LARGEST_HEADER_BYTES:
                return None
            header = json.loads(file.read(size))
        run = header.get("__metadata__", {}).get(_MARK, "")
    except (OSError, ValueError, RecursionError, AttributeError):
        return None
    return run if isinstance(run, str) else None


def tensors_from_bytes(content: bytes, where: object) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file's content.

    Args:
        content: the file, whole.
        where: what an error calls it.

    Raises:
        FileProblem: when it is damaged.
    """
    from safetensors.torch import load

    path = Path(str(where))
    header_bytes = int.from_bytes(content[:8], "little")
    if header_bytes > _LARGEST_HEADER_BYTES:
        raise damaged(path, ValueError(f"a header of {header_bytes:,} bytes"))
    try:
        tensors: dict[str, torch.Tensor] = load(content)
    except (SafetensorError, LookupError, RuntimeError, TypeError, ValueError) as problem:
        raise damaged(path, ValueError(str(problem).partition("\n")[0])) from problem
    return tensors


def arrays_from_bytes(content: bytes) -> dict[str, npt.NDArray[Any]] | None:
    """Return the tensors of a safetensors file's content as arrays, without torch.

    None for a file that is damaged, which `tensors_from_bytes` reports, or holds a dtype that numpy lacks.
    """
    try:
        arrays: dict[str, npt.NDArray[Any]] = numpy.load(content)
    except (SafetensorError, KeyError, TypeError, ValueError):
        return None
    return arrays


def most_bytes(sizes: Iterable[int]) -> int:
    """Return the largest size of a file that holds tensors of these sizes in bytes."""
    return _SLACK_BYTES + sum(size + 1024 for size in sizes)
