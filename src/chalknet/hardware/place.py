"""Put tensors, modules, optimizers and containers of them on one device."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from chalknet.errors import InvalidValue, Refused, public
from chalknet.hardware.device import Device, checked_device
from chalknet.network import Network


@runtime_checkable
class _Movable(Protocol):
    """Something that `.to(device)` copies to a device."""

    def to(self, device: torch.device) -> Any: ...


@public()
def place(device: str | torch.device | Device, *things: Any) -> Any:
    """Return the things on a device, in the same shape: one thing as itself, several as a tuple.

    A tensor is copied: the original stays where it was. A module is moved in place, and so is an optimizer
    with its state (momenta, running means); its module has to be there already or be among the things.
    Lists, tuples, named tuples and dicts are copied with their contents placed; numbers, texts and None in
    them are unchanged.

    As with `tensor.to`, a tensor that is already there is not copied.

    Args:
        device: where to: "cpu", "cuda", "cuda:1", "meta", a `torch.device` or a Device of `devices()`.
        things: tensors, modules, optimizers, lists, tuples, dicts, and anything with a `to` of its own.

    Raises:
        Refused: for a device that is not here, or a module on `meta`, which has no values to move.
        InvalidValue: for a thing that has no place, such as a numpy array.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> net, x = torch.nn.Linear(1, 1), torch.ones(3, 1)
        >>> placed_net, placed_x = cn.place("meta", net, x)
        >>> placed_net is net, placed_x.device.type, x.device.type
        (True, 'meta', 'cpu')
    """
    name = checked_device(device, computing=False)
    placed = _Mover(name).everything(things)
    return placed[0] if len(placed) == 1 else placed


class _Mover:
    """Puts things on one device, modules before the optimizers of their parameters."""

    def __init__(self, device: str) -> None:
        self._device = torch.device(device)
        self._replaced: dict[int, torch.Tensor] = {}  # by the id of the parameter that was replaced
        self._optimizers: list[torch.optim.Optimizer] = []

    def everything(self, things: tuple[Any, ...]) -> tuple[Any, ...]:
        placed = tuple(self._put(thing, f"thing {place}", top=True) for place, thing in enumerate(things, 1))
        for optimizer in self._optimizers:
            self._optimizer(optimizer)
        return placed

    def _put(self, thing: Any, where: str, top: bool = False) -> Any:
        if isinstance(thing, nn.Module):
            return self._module(thing)
        if isinstance(thing, torch.optim.Optimizer):
            self._optimizers.append(thing)
            return thing
        if isinstance(thing, _Movable) and not isinstance(thing, type):  # a tensor, a PackedSequence, ...
            made = f'Make it anew: torch.empty_like(x, device="{self._device}"), and fill it.'
            return self._moved(thing, where, made)
        if isinstance(thing, Mapping):
            items = {key: self._put(value, f"{where}[{key!r}]") for key, value in thing.items()}
            return _like_mapping(thing, items)
        if isinstance(thing, list | tuple):
            parts = [self._put(part, f"{where}[{index}]") for index, part in enumerate(thing)]
            return type(thing)(*parts) if hasattr(thing, "_fields") else type(thing)(parts)
        if top or hasattr(thing, "__array__"):
            raise _no_place(thing, where)
        return thing

    def _module(self, module: nn.Module) -> nn.Module:
        before = dict(module.named_parameters(remove_duplicate=False))
        emptied = f'Say module.to_empty(device="{self._device}") and load weights, or build it there.'
        self._moved(module, f"module {type(module).__name__}", emptied)
        for name, parameter in module.named_parameters(remove_duplicate=False):
            if parameter is not before[name]:  # torch replaces what it cannot change in place
                self._replaced[id(before[name])] = parameter
        return module

    def _moved(self, thing: Any, where: str, remedy: str) -> Any:
        try:
            return thing.to(self._device)
        except NotImplementedError as problem:
            wanted = f"numbers that can be put on {self._device}"
            got = "shapes without numbers, on meta"
            raise Refused(where=where, got=got, wanted=wanted, remedy=remedy) from problem

    def _optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        for group in optimizer.param_groups:
            group["params"] = [self._replaced.get(id(old), old) for old in group["params"]]
            left = next((each.device for each in group["params"] if each.device != self._device), None)
            if left is not None:
                raise InvalidValue(
                    where=f"optimizer {type(optimizer).__name__}",
                    got=f"parameters on {left}",
                    wanted=f"the module they belong to on {self._device}",
                    remedy=f'Place both in one call: place("{self._device}", net, optimizer).',
                )
        for old in list(optimizer.state):
            state = optimizer.state.pop(old)
            optimizer.state[self._replaced.get(id(old), old)] = {
                name: self._put(value, f"state {name}") if _follows(name, optimizer) else value
                for name, value in state.items()
            }


def _like_mapping(thing: Mapping[Any, Any], items: dict[Any, Any]) -> Any:
    if type(thing) is dict:
        return items
    placed: Any = copy.copy(thing)  # keeps what a subclass has besides its items, such as a factory
    for key, value in items.items():
        placed[key] = value
    return placed


def _follows(name: str, optimizer: torch.optim.Optimizer) -> bool:
    """Return whether a value of an optimizer's state belongs on the device of its parameter.

    The count of steps stays on the CPU unless the optimizer's kernels read it on the device.
    """
    on_device = any(group.get("capturable") or group.get("fused") for group in optimizer.param_groups)
    return name != "step" or on_device


def _no_place(thing: object, where: str) -> InvalidValue:
    remedy = "Leave it out."
    if hasattr(thing, "__array__"):
        remedy = "Make it a tensor: torch.as_tensor(x)."
    elif isinstance(thing, Network):
        remedy = "Build a network first: cn.build(network)."
    return InvalidValue(
        where=f"place, {where}",
        got=f"a {type(thing).__name__}, which has no device",
        wanted="a tensor, a module, an optimizer, or a list, tuple or dict of them",
        remedy=remedy,
    )
