"""A fit between two updates, in a form that every engine writes and every engine can go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from chalknet.module import flat
from chalknet.planning import Plan


@dataclass(frozen=True)
class SessionState:
    """All that the next update depends on, beside the plan and the data; tensors are copies on the CPU.

    Args:
        updates: updates made.
        order: what `Batches.draw_order` gave for the epoch under way; None for the source's own order.
        weights: parameters and buffers under the names of `named`.
        slots: what the optimizer keeps of each parameter, under torch's names for it: `exp_avg`, `step`.
        random: states of the generators that orders and Dropout are drawn from, the CPU's first.
        micro_batch: samples at a time into which an update was cut, None where it was taken whole.
    """

    updates: int
    order: int | None
    weights: Mapping[str, torch.Tensor]
    slots: Mapping[str, Mapping[str, torch.Tensor]]
    random: tuple[torch.Tensor, ...]
    micro_batch: int | None = None


def named(plan: Plan, module: nn.Module) -> nn.Module:
    """Return the module whose names the weights go under: of a chain, however nested, the flat one."""
    return module if plan.network is None else flat(module)


def weights_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return copies on the CPU of a module's parameters and buffers."""
    return {name: copied(value) for name, value in module.state_dict().items()}


def copied(value: torch.Tensor) -> torch.Tensor:
    """Return a contiguous copy on the CPU that shares nothing with the value."""
    return value.detach().to("cpu", copy=True).contiguous()


def slots_of(optimizer: torch.optim.Optimizer, module: nn.Module) -> dict[str, dict[str, torch.Tensor]]:
    """Return copies of what an optimizer keeps of each of a module's parameters."""
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
    """Give an optimizer what another one kept of them; `step` stays on the CPU, as torch has it."""
    for name, parameter in module.named_parameters():
        optimizer.state[parameter] = {
            slot: copied(value) if slot == "step" else copied(value).to(parameter.device)
            for slot, value in slots.get(name, {}).items()
        }


def refill(
    places: Mapping[str, Mapping[str, torch.Tensor]], slots: Mapping[str, Mapping[str, torch.Tensor]]
) -> None:
    """Copy what was kept of each parameter into places that stay where they are; without it they are zero."""
    for name, by_slot in places.items():
        kept = slots.get(name, {})
        for slot, place in by_slot.items():
            place.copy_(kept[slot]) if slot in kept else place.zero_()
