"""Named tensors as a safetensors file: no pickle, readable anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
from safetensors import SafetensorError, numpy

from chalknet.errors import FileProblem
from chalknet.files import open_regular, read_regular
from chalknet.lazy import torch

_MARK = "chalknet run"  # the key of the file's metadata that says which run it belongs to
_LARGEST_HEADER_BYTES = 100_000_000  # as the format itself has it


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

    try:
        tensors: dict[str, torch.Tensor] = load(content)
    except SafetensorError as problem:
        raise _damaged(where, str(problem).splitlines()[0]) from problem
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


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file.

    Raises:
        FileProblem: when it is not there or damaged.
    """
    try:
        content = read_regular(path)
    except FileProblem:
        raise
    except OSError as problem:
        raise _damaged(path, problem.strerror or str(problem)) from problem
    return tensors_from_bytes(content, path)


def _damaged(where: object, got: str) -> FileProblem:
    return FileProblem(
        where=str(where),
        got=got,
        wanted="the file as it was kept",
        remedy="It is damaged or was edited: restore it from a copy, or fit again in another folder.",
    )
