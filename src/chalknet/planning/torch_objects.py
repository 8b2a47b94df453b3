"""Losses and optimizers given as torch's own classes, functions and instances, where they equal a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType
from typing import Any, Protocol, cast

from chalknet.errors import InvalidValue, unknown_name
from chalknet.planning.losses import LOSSES, OwnLoss, loss_name, settled_loss
from chalknet.planning.optimizers import OPTIMIZERS
from chalknet.planning.spelled import name_and_words


class TorchOptimizer(Protocol):
    """An instance of a `torch.optim` optimizer, whose settings are taken and whose tensors are not."""

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]


def loss_of(loss: object) -> tuple[str, str | None]:
    """Return the name of a loss given as such, as an object of torch's or a callable, and its reduction.

    An instance of torch's with settings that no row has, such as class weights, and any other function
    `(yhat, y)` is kept as it is.

    Raises:
        UnknownName: for a name or class without a row.
        InvalidValue: for a setting that a row cannot have.
    """
    spelling = _spelling(loss)
    name = spelling if isinstance(loss, OwnLoss) else loss_name(name_and_words(spelling)[0])
    if isinstance(loss, str):
        return (loss if isinstance(loss, OwnLoss) else settled_loss(spelling)), None
    if callable(loss) and not isinstance(loss, type) and (name is None or not _is_torchs(loss)):
        return OwnLoss.of(loss), None
    if name is None:
        raise unknown_name("loss", "loss", spelling, LOSSES)
    if not _is_instance(loss):
        return name, None
    assert callable(loss)
    settings = _loss_settings(loss)
    reduction = str(settings.pop("reduction"))
    plain, row = _loss_settings(type(loss)()), LOSSES[name]
    others = {
        key: value for key, value in settings.items() if value is not plain[key] and value != plain[key]
    }
    if set(others) - set(row.settings):
        return OwnLoss.of(loss), reduction
    return settled_loss(f"{name}({', '.join(f'{key}={value}' for key, value in others.items())})"), reduction


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


def _is_torchs(given: object) -> bool:
    """Return whether a function or an instance is one of torch's own."""
    return (getattr(given, "__module__", None) or type(given).__module__).startswith("torch")


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
