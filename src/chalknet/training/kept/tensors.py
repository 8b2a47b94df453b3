"""Whether kept tensors are those of a network: by name, shape and dtype, before anything is allocated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import torch

from chalknet.engine import SessionState
from chalknet.module import build, class_named
from chalknet.network import Network
from chalknet.planning import Plan, Recipe


def expected_weights(network: Network, dtype: str) -> Mapping[str, torch.Tensor]:
    """Return the parameters and buffers of a network as tensors without memory.

    Raises:
        ValueError: for a network whose parameters no machine can hold.
    """
    try:
        with torch.device("meta"):
            module = build(network).to(getattr(torch, dtype))
    except (RuntimeError, TypeError, OverflowError) as problem:
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


def check_state(state: SessionState, plan: Plan) -> None:
    """Raise unless a session of a plan can go on from a state.

    Raises:
        ValueError: for weights of another network, an optimizer's state of another optimizer, random numbers
            that no generator has.
    """
    if state.updates < 1 or (state.micro_batch is not None and state.micro_batch < 1):
        raise ValueError(f"updates is {state.updates}, micro_batch {state.micro_batch}")
    if plan.network is not None:
        expected = expected_weights(plan.network, plan.placement.dtype)
        check_weights(state.weights, expected)
        slots = _slots(plan.recipe.optimizer, tuple(sorted(plan.recipe.optimizer_options.items())))
        for name, by_slot in state.slots.items():
            if name not in expected or (by_slot and set(by_slot) != slots):
                raise ValueError(f"{name!r} has {', '.join(by_slot)} of another optimizer")
            for slot, value in by_slot.items():
                if not _is_slot(slot, value, expected[name]):
                    raise ValueError(f"{slot!r} of {name!r} is {tuple(value.shape)} of {value.dtype}")
    if not state.random or any(each.dtype != torch.uint8 or each.ndim != 1 for each in state.random):
        raise ValueError("its random numbers are none")
    torch.Generator().set_state(state.random[0])  # raises for what is none of its states


def _is_slot(slot: str, value: torch.Tensor, weight: torch.Tensor) -> bool:
    """Return whether an optimizer keeps this of a weight: `step` is a count, all else is as the weight."""
    if slot == "step":
        return value.is_floating_point() and value.ndim == 0 and 0 < float(value) < float("inf")
    return value.shape == weight.shape and value.dtype == weight.dtype


@cache
def _slots(optimizer: str, options: tuple[tuple[str, Any], ...]) -> frozenset[str]:
    """Return what torch's optimizer keeps of a parameter after its first update."""
    row = Recipe("mse", optimizer, dict(options), updates=1).optimizer_row
    parameter = torch.nn.Parameter(torch.zeros(1))
    made: Any = class_named(f"torch.optim.{row.torch_class}")
    updating = made([parameter], **dict(options))
    parameter.grad = torch.zeros(1)
    updating.step()
    return frozenset(
        slot for slot, value in updating.state[parameter].items() if isinstance(value, torch.Tensor)
    )
