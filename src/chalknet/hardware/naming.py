"""The user's names for tensors, found in the variables of frames, by path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from types import FrameType, FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import nn

_DEEPEST = 4  # containers and objects inside one another
_MOST_THINGS = 20_000  # the most values within one variable that are searched
_MOST_IN_ALL = 100_000  # and within all variables of all frames, the user's own first
_ATOMS = (ModuleType, FunctionType, MethodType, type, str, bytes, int, float, complex, torch.dtype)


@dataclass(frozen=True)
class Owner:
    """A module or optimizer with the name that the user gave it."""

    name: str
    thing: nn.Module | torch.optim.Optimizer


@dataclass(frozen=True)
class NamedTensor:
    """What the user calls a tensor, and how it can be moved.

    Args:
        name: such as `x`, `batch["x"]`, `net.2.weight` or `optimizer's exp_avg of net.2.weight`; or the
            expression that gave it.
        owner: the module or optimizer to move, which holds it or into which it was passed; None for a free
            tensor.
        moves: whether the owner's `.to` moves it: a parameter or a buffer.
        module: for an optimizer's state, the name of the module that owns the parameter.
        code: whether the name is an expression, not a variable.
        place: its device, such as "cuda:0"; empty until it took part in a failed operation.
    """

    name: str
    owner: Owner | None = None
    moves: bool = True
    module: str = "net"
    code: bool = False
    place: str = ""


@dataclass
class _Budget:
    """How many more values are searched."""

    left: int


@dataclass
class TensorNames:
    """The names of all tensors in some frames, and of the inputs of modules; the first name found is kept."""

    tensors: dict[int, NamedTensor] = field(default_factory=dict)
    inputs: dict[int, NamedTensor] = field(default_factory=dict)  # by the module
    _budget: _Budget = field(default_factory=lambda: _Budget(_MOST_IN_ALL))

    def add_frames(self, frames: Iterable[FrameType]) -> None:
        """Add the names of these frames; earlier frames take precedence."""
        optimizers = [owner for frame in frames for owner in self._add(variables(frame))]
        for owner in optimizers:  # after the parameters have names
            self._add_optimizer(owner)

    def _add(self, found: Mapping[str, Any]) -> list[Owner]:
        things = [pair for name, value in found.items() for pair in _spread(name, value, self._budget)]
        things.sort(key=lambda pair: pair[0].count(".") + pair[0].count("["))  # the simplest name first
        modules = [Owner(name, thing) for name, thing in things if isinstance(thing, nn.Module)]
        # the whole network goes first, before a layer that some loop variable holds
        for owner in sorted(modules, key=lambda owner: -sum(1 for _ in _module(owner).modules())):
            self.add_module(owner)
        for name, thing in things:
            if isinstance(thing, torch.Tensor):
                self._add_tensor(thing, NamedTensor(name))
        return [Owner(name, thing) for name, thing in things if isinstance(thing, torch.optim.Optimizer)]

    def add_module(self, owner: Owner) -> None:
        """Add the names of everything in a module."""
        for path, child in _module(owner).named_modules():
            whole = f"{owner.name}.{path}" if path else owner.name
            self.inputs.setdefault(id(child), NamedTensor(f"the input of {whole}", owner))
            for name, tensor in [*child._parameters.items(), *child._buffers.items()]:
                if tensor is not None:
                    self._add_tensor(tensor, NamedTensor(f"{whole}.{name}", owner))
            for name, value in vars(child).items():
                if not name.startswith("_"):
                    for inner, thing in _spread(f"{whole}.{name}", value, self._budget):
                        if isinstance(thing, torch.Tensor):  # a plain attribute, which `.to` does not move
                            self._add_tensor(thing, NamedTensor(inner, owner, moves=False))

    def _add_optimizer(self, owner: Owner) -> None:
        assert isinstance(owner.thing, torch.optim.Optimizer)
        for parameter, state in owner.thing.state.items():
            known = self.tensors.get(id(parameter))
            of = known.name if known else "a parameter"
            module = known.owner.name if known and known.owner else "net"
            for key, value in state.items():
                if isinstance(value, torch.Tensor):
                    self._add_tensor(
                        value, NamedTensor(f"{owner.name}'s {key} of {of}", owner, module=module)
                    )
        for number, group in enumerate(owner.thing.param_groups):
            for place, parameter in enumerate(group["params"]):
                name = f'{owner.name}.param_groups[{number}]["params"][{place}]'
                self._add_tensor(parameter, NamedTensor(name, owner))

    def _add_tensor(self, tensor: torch.Tensor, named: NamedTensor) -> None:
        self.tensors.setdefault(id(tensor), named)
        if tensor.is_leaf and tensor.grad is not None:
            self.tensors.setdefault(id(tensor.grad), replace(named, name=f"{named.name}.grad"))


def variables(frame: FrameType) -> dict[str, Any]:
    """Return the variables of a frame: its locals, and the globals that its code uses."""
    found = dict(frame.f_locals)
    for name in frame.f_code.co_names:
        if name not in found and name in frame.f_globals:
            found[name] = frame.f_globals[name]
    return {name: value for name, value in found.items() if name.isidentifier()}


def tensors_in(value: object) -> Iterator[torch.Tensor]:
    """Yield every tensor that a value is or holds: parameters, buffers, an optimizer's state."""
    for _, thing in _spread("", value):
        if isinstance(thing, torch.Tensor):
            yield thing
        elif isinstance(thing, nn.Module):
            yield from thing.parameters()
            yield from thing.buffers()
        elif isinstance(thing, torch.optim.Optimizer):
            for state in thing.state.values():
                yield from (part for part in state.values() if isinstance(part, torch.Tensor))


def _spread(name: str, value: object, budget: _Budget | None = None) -> Iterator[tuple[str, Any]]:
    """Yield the tensors, modules and optimizers in a value, each with its path, breadth first.

    Args:
        name: its path.
        value: the value; of what it holds, a limited number is searched.
        budget: that of several values together.
    """
    budget = budget or _Budget(_MOST_THINGS)
    waiting = [(name, value, 0)]
    seen: set[int] = set()
    for path, thing, depth in waiting:  # the list grows during the loop
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, torch.Tensor | nn.Module | torch.optim.Optimizer):
            yield path, thing
        elif depth < _DEEPEST:
            room = max(0, min(_MOST_THINGS - len(waiting), budget.left))
            parts = [(inner, part, depth + 1) for inner, part in islice(_parts(path, thing), room)]
            budget.left -= len(parts)
            waiting += parts


def _parts(path: str, thing: object) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, _ATOMS) or thing is None:
        return
    if isinstance(thing, Mapping):
        yield from ((f"{path}[{_key(key)}]", value) for key, value in list(thing.items()))
    elif isinstance(thing, tuple) and hasattr(thing, "_fields"):
        yield from ((f"{path}.{name}", getattr(thing, name)) for name in thing._fields)
    elif isinstance(thing, list | tuple):
        yield from ((f"{path}[{index}]", value) for index, value in enumerate(thing))
    else:
        try:
            own = vars(thing)
        except TypeError:
            return
        yield from ((f"{path}.{name}", part) for name, part in list(own.items()) if isinstance(name, str))


def _key(key: object) -> str:
    return f'"{key}"' if isinstance(key, str) else repr(key)


def _module(owner: Owner) -> nn.Module:
    assert isinstance(owner.thing, nn.Module)
    return owner.thing
