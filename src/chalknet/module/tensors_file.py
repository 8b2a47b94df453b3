"""Named tensors as a safetensors file: no pickle, readable anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from chalknet.files import open_regular
from chalknet.module.build import build
from chalknet.network import Network
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
    path = Path(str(where))
    header_bytes = int.from_bytes(content[:8], "little")
    if header_bytes > _LARGEST_HEADER_BYTES:
        raise damaged(path, ValueError(f"a header of {header_bytes:,} bytes"))
    try:
        tensors: dict[str, torch.Tensor] = load(content)
    except (SafetensorError, LookupError, RuntimeError, TypeError, ValueError) as problem:
        raise damaged(path, ValueError(str(problem).partition("\n")[0])) from problem
    return tensors


def expected_weights(network: Network, dtype: str) -> Mapping[str, torch.Tensor]:
    """Return the parameters and buffers of a network as tensors without memory.

    Raises:
        ValueError: for a network whose parameters no machine can hold.
    """
    try:
        with torch.device("meta"):
            module = build(network).to(getattr(torch, dtype))
    except (AttributeError, RuntimeError, TypeError, OverflowError) as problem:
        raise ValueError(f"no network that can be built: {problem}") from problem
    weights: Mapping[str, torch.Tensor] = module.state_dict()
    return weights


def most_bytes(weights: Mapping[str, torch.Tensor]) -> int:
    """Return the largest size of a file that holds these tensors."""
    return _SLACK_BYTES + sum(tensor.nbytes + 1024 for tensor in weights.values())


def check_weights(found: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]) -> None:
    """Raise unless tensors have the names, shapes and dtypes of others.

    Raises:
        ValueError: naming the first that differs.
    """
    for name in dict.fromkeys((*expected, *found)):
        if name not in found or name not in expected:
            raise ValueError(f"{'no' if name in expected else 'an unknown'} tensor {name!r}")
        ours, theirs = expected[name], found[name]
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            raise ValueError(
                f"{name!r} is {tuple(theirs.shape)} of {theirs.dtype}, "
                f"not {tuple(ours.shape)} of {ours.dtype}"
            )
