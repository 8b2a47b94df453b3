"""Whether a session can go on from a kept state: its weights, its optimizer's state, its random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import torch

from chalknet.engine import ON_CPU, SessionState, optimizer_class
from chalknet.module import check_weights, expected_weights
from chalknet.planning import Plan, Recipe


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
        if not plan.recipe.optimizer_row.whole_batch:  # which keeps what it likes, for all weights together
            _check_slots(state, plan, expected)
    if not state.random or any(each.dtype != torch.uint8 or each.ndim != 1 for each in state.random):
        raise ValueError("its random numbers are none")
    torch.Generator().set_state(state.random[0])  # raises for what is none of its states


def _check_slots(state: SessionState, plan: Plan, expected: Mapping[str, torch.Tensor]) -> None:
    slots = _slots(plan.recipe.optimizer, tuple(sorted(plan.recipe.optimizer_options.items())))
    for name, by_slot in state.slots.items():
        if name not in expected or (by_slot and set(by_slot) != slots):
            raise ValueError(f"{name!r} has {', '.join(by_slot)} of another optimizer")
        for slot, value in by_slot.items():
            if not _is_slot(slot, value, expected[name]):
                raise ValueError(f"{slot!r} of {name!r} is {tuple(value.shape)} of {value.dtype}")


def _is_slot(slot: str, value: torch.Tensor, weight: torch.Tensor) -> bool:
    """Return whether an optimizer keeps this of a weight: `step` is a count, all else is as the weight."""
    if slot in ON_CPU:
        least = float(value) > 0 or slot != "step"
        return value.is_floating_point() and value.ndim == 0 and least and float(value) < float("inf")
    return value.shape == weight.shape and value.dtype == weight.dtype


@cache
def _slots(optimizer: str, options: tuple[tuple[str, Any], ...]) -> frozenset[str]:
    """Return what torch's optimizer keeps of a parameter after its first update."""
    row = Recipe("mse", optimizer, dict(options), updates=1).optimizer_row
    parameter = torch.nn.Parameter(torch.zeros(1))
    updating = optimizer_class(row)([parameter], **dict(options))
    parameter.grad = torch.zeros(1)
    updating.step()
    return frozenset(
        slot for slot, value in updating.state[parameter].items() if isinstance(value, torch.Tensor)
    )
