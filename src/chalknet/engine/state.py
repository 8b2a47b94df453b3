"""The state of a fit between two updates; every engine writes it and can continue from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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


ON_CPU = ("step", "mu_product")  # single numbers that torch keeps on the CPU
_LIST, _NUMBER = "list:", "number:"  # what the name of a slot begins with that is no tensor in torch
_COUNTS = ("n_iter", "func_evals")


def slots_of(optimizer: torch.optim.Optimizer, module: nn.Module) -> dict[str, dict[str, torch.Tensor]]:
    """Return copies of an optimizer's state of each parameter of a module."""
    return {
        name: dict(_slots(optimizer.state.get(parameter, {})))
        for name, parameter in module.named_parameters()
    }


def _slots(state: Mapping[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the state of a parameter as tensors; L-BFGS keeps numbers and lists of tensors too."""
    for slot, value in state.items():
        if isinstance(value, torch.Tensor):
            yield slot, copied(value)
        elif isinstance(value, int | float):
            yield f"{_NUMBER}{slot}", torch.tensor(value, dtype=torch.float64)
        elif isinstance(value, list) and value and all(isinstance(each, torch.Tensor) for each in value):
            yield f"{_LIST}{slot}", copied(torch.stack(value))


def fill_slots(
    optimizer: torch.optim.Optimizer, module: nn.Module, slots: Mapping[str, Mapping[str, torch.Tensor]]
) -> None:
    """Load an optimizer's state; `step` stays on the CPU, as torch keeps it."""
    for name, parameter in module.named_parameters():
        optimizer.state[parameter] = dict(
            _from_slot(slot, value, parameter.device) for slot, value in slots.get(name, {}).items()
        )
        if name in slots and any(slot.startswith(_NUMBER) for slot in slots[name]):
            for own in ("old_dirs", "old_stps", "ro"):
                optimizer.state[parameter].setdefault(own, [])


def _from_slot(slot: str, value: torch.Tensor, device: torch.device) -> tuple[str, Any]:
    if slot.startswith(_NUMBER):
        name = slot.removeprefix(_NUMBER)
        return name, int(value) if name in _COUNTS else float(value)
    here = copied(value) if slot in ON_CPU else copied(value).to(device)
    if slot.startswith(_LIST):
        return slot.removeprefix(_LIST), [each.clone() for each in here]
    return slot, here


def refill(
    places: Mapping[str, Mapping[str, torch.Tensor]], slots: Mapping[str, Mapping[str, torch.Tensor]]
) -> None:
    """Copy the state of each parameter into existing tensors; where there is none they become zero."""
    for name, by_slot in places.items():
        kept = slots.get(name, {})
        for slot, place in by_slot.items():
            place.copy_(kept[slot]) if slot in kept else place.zero_()
