"""Named tensors as a safetensors file: no pickle, readable anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from chalknet.errors import FileProblem


def tensors_to_bytes(tensors: Mapping[str, torch.Tensor]) -> bytes:
    """Return the content of a safetensors file with these tensors, wherever they are."""
    apart = {  # tied weights share memory, which the format does not know
        name: value.detach().to("cpu", copy=True).contiguous() for name, value in tensors.items()
    }
    content: bytes = save(apart)
    return content


def tensors_from_bytes(content: bytes, where: object) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file's content.

    Args:
        content: the file, whole.
        where: what an error calls it.

    Raises:
        FileProblem: when it is damaged.
    """
    try:
        tensors: dict[str, torch.Tensor] = load(content)
    except SafetensorError as problem:
        raise _damaged(where, str(problem).splitlines()[0]) from problem
    return tensors


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file.

    Raises:
        FileProblem: when it is not there or damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise _damaged(path, problem.strerror or str(problem)) from problem
    return tensors_from_bytes(content, path)


def _damaged(where: object, got: str) -> FileProblem:
    return FileProblem(
        where=str(where),
        got=got,
        wanted="the file as it was kept",
        remedy="It or its folder is damaged or was edited: fit again, or restore it.",
    )
