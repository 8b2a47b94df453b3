"""The weights that a network has: their names, shapes and dtypes, and whether others are like them."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from chalknet.module.sequential import build
from chalknet.network import Network


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
