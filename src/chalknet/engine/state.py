"""The state of a fit between two updates; every engine writes it and can continue from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from chalknet.module import flat
from chalknet.planning import Plan


@dataclass(frozen=True)
class SessionState:
    """Everything that the next update depends on, besides plan and data; tensors are copies on the CPU.

    Args:
        updates: updates made.
        order: what `Batches.draw_order` returned for the current epoch; None for the source's own order.
        weights: parameters and buffers under the names of `named`.
        slots: the optimizer's state of each parameter, under torch's names: `exp_avg`, `step`.
        random: states of the generators that orders and Dropout are drawn from, the CPU's first.
        micro_batch: the most samples at a time an update was split into, None where it was not split.
    """

    updates: int
    order: int | None
    weights: Mapping[str, torch.Tensor]
    slots: Mapping[str, Mapping[str, torch.Tensor]]
    random: tuple[torch.Tensor, ...]
    micro_batch: int | None = None


def named(plan: Plan, module: nn.Module) -> nn.Module:
    """Return the module whose parameter names are used: for a nested chain, the flat one."""
    return module if plan.network is None else flat(module)


def weights_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return copies on the CPU of a module's parameters and buffers."""
    return {name: copied(value) for name, value in module.state_dict().items()}


def copied(value: torch.Tensor) -> torch.Tensor:
    """Return a contiguous copy on the CPU that shares nothing with the value."""
    return value.detach().to("cpu", copy=True).contiguous()


def slots_of(optimizer: torch.optim.Optimizer, module: nn.Module) -> dict[str, dict[str, torch.Tensor]]:
    """Return copies of an optimizer's state of each parameter of a module."""
    return {
        name: {
            slot: copied(value)
            for slot, value in optimizer.state.get(parameter, {}).items()
            if isinstance(value, torch.Tensor)
        }
        for name, parameter in module.named_parameters()
    }


def fill_slots(
    optimizer: torch.optim.Optimizer, module: nn.Module, slots: Mapping[str, Mapping[str, torch.Tensor]]
) -> None:
    """Load an optimizer's state; `step` stays on the CPU, as torch keeps it."""
    for name, parameter in module.named_parameters():
        optimizer.state[parameter] = {
            slot: copied(value) if slot == "step" else copied(value).to(parameter.device)
            for slot, value in slots.get(name, {}).items()
        }


def refill(
    places: Mapping[str, Mapping[str, torch.Tensor]], slots: Mapping[str, Mapping[str, torch.Tensor]]
) -> None:
    """Copy the state of each parameter into existing tensors; where there is none they become zero."""
    for name, by_slot in places.items():
        kept = slots.get(name, {})
        for slot, place in by_slot.items():
            place.copy_(kept[slot]) if slot in kept else place.zero_()
