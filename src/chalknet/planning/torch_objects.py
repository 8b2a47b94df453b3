"""Losses and optimizers given as torch's own classes, functions and instances, where they equal a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType
from typing import Any, Protocol, cast

from chalknet.errors import InvalidValue, unknown_name
from chalknet.planning.losses import LOSSES, loss_name
from chalknet.planning.optimizers import OPTIMIZERS


class TorchOptimizer(Protocol):
    """An instance of a `torch.optim` optimizer, whose settings are taken and whose tensors are not."""

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]


def loss_of(loss: object) -> tuple[str, str | None]:
    """Return the name of a loss given as such or as an object of torch's, and the reduction of an instance.

    Raises:
        UnknownName: for a name or class without a row.
        InvalidValue: for an instance with settings that no row has, such as class weights.
    """
    spelling = _spelling(loss)
    name = loss_name(spelling)
    if name is None:
        raise unknown_name("loss", "loss", spelling, LOSSES)
    if not _is_instance(loss):
        return name, None
    settings = _loss_settings(loss)
    reduction = str(settings.pop("reduction"))
    plain = _loss_settings(type(loss)())
    others = {
        key: value for key, value in settings.items() if value is not plain[key] and value != plain[key]
    }
    if others:
        raise InvalidValue(
            where="loss",
            got=f"{spelling} with {', '.join(f'{key}={value}' for key, value in others.items())}",
            wanted=f"{spelling} as torch makes it without arguments, or with a reduction",
            remedy=f'Write loss="{name}", or fit your module with the loss inside it in a loop of your own.',
        )
    return name, reduction


def optimizer_of(optimizer: object) -> tuple[str, dict[str, Any]]:
    """Return the name of an optimizer given so or as torch's class or instance, and an instance's settings.

    Raises:
        UnknownName: for a name or class without a row.
        InvalidValue: for an instance with settings that no row has, or several groups of parameters.
    """
    spelling = _spelling(optimizer)
    name = spelling.strip().lower().replace("_", "")
    if name not in OPTIMIZERS:
        raise unknown_name("optimizer", "optimizer", spelling, OPTIMIZERS)
    if not _is_instance(optimizer):
        return name, {}
    given = cast(TorchOptimizer, optimizer)
    own = ("lr", *OPTIMIZERS[name].options)
    others = _torch_only_settings(given, own)
    if others:
        raise InvalidValue(
            where="optimizer",
            got=f"{spelling} with {', '.join(others)}",
            wanted=f"one group of parameters and the options {', '.join(own)}",
            remedy=f'Write optimizer="{name}" and its options as keywords.',
        )
    return name, {key: given.defaults[key] for key in own}


def _spelling(given: object) -> str:
    """Return the name that a class, a function or an instance of torch's goes by; anything else as text."""
    if isinstance(given, type | FunctionType | BuiltinFunctionType):
        return given.__name__ if (given.__module__ or "").startswith("torch") else repr(given)
    return type(given).__name__ if type(given).__module__.startswith("torch") else str(given)


def _is_instance(given: object) -> bool:
    return not isinstance(given, str | type | FunctionType | BuiltinFunctionType)


def _loss_settings(loss: object) -> dict[str, Any]:
    """Return the arguments that an instance of a loss was made with; tensors (weights) are buffers there."""
    attributes: dict[str, Any] = vars(loss)
    settings = {key: value for key, value in attributes.items() if not key.startswith("_")}
    settings.pop("training")
    return {**settings, **attributes["_buffers"]}


def _torch_only_settings(optimizer: TorchOptimizer, known: Iterable[str]) -> list[str]:
    make = cast(Callable[..., TorchOptimizer], type(optimizer))
    plain = make(optimizer.param_groups[0]["params"]).defaults
    settings = {key: value for key, value in optimizer.defaults.items() if key not in known}
    others = [f"{key}={value}" for key, value in settings.items() if value != plain[key]]
    if len(optimizer.param_groups) > 1:
        others.append(f"{len(optimizer.param_groups)} groups of parameters")
    return others
