"""Which modules are fitted and evaluated now: weights and modes are one for all threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from chalknet.errors import Refused
from chalknet.module import draws_from_default
from chalknet.system import ForkSafeLock

_LOCK = ForkSafeLock()
_FITTED: dict[int, int] = {}  # id of what a fit changes -> the thread that fits it


@dataclass
class _Evaluated:
    """A submodule in evaluation mode: how many evaluate it, and the mode to put back."""

    mode: bool
    users: int = 0


_EVALUATED: dict[int, _Evaluated] = {}  # by the submodule's id


@contextmanager
def fitting(model: object) -> Iterator[None]:
    """Keep a module for one fit; do nothing for a Network, of which each fit builds a module of its own.

    Raises:
        Refused: for a module, or one that shares parameters with it, that is fitted or evaluated already.
    """
    if not isinstance(model, nn.Module):
        yield
        return
    changed = _changed_by_a_fit(model)
    with _LOCK:
        _refuse_fitted(model, changed)
        if any(id(child) in _EVALUATED for child in model.modules()):
            raise _refusal(model, "another thread is evaluating")
        _FITTED.update(dict.fromkeys(changed, threading.get_ident()))
    try:
        yield
    finally:
        with _LOCK:
            for key in changed:
                del _FITTED[key]


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Run the body with every submodule in evaluation mode and without gradients, then put all back.

    Several threads may do so at once: the last one puts the modes back.

    Raises:
        Refused: for a module that another thread is fitting.
    """
    children = list(module.modules())
    with _LOCK:
        _refuse_fitted(module, _changed_by_a_fit(module), by_others=True)
        for child in children:
            _EVALUATED.setdefault(id(child), _Evaluated(child.training)).users += 1
        module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        with _LOCK:
            for child in children:
                evaluated = _EVALUATED[id(child)]
                evaluated.users -= 1
                if not evaluated.users:
                    child.training = _EVALUATED.pop(id(child)).mode


def _changed_by_a_fit(module: nn.Module) -> list[int]:
    """Return the ids of what a fit of a module changes or must have alone; activations may be shared."""
    drawing = (child for child in module.modules() if draws_from_default(child, on_cpu=False))
    return list({id(each) for each in (module, *module.parameters(), *module.buffers(), *drawing)})


def _refuse_fitted(module: nn.Module, changed: list[int], *, by_others: bool = False) -> None:
    threads = {_FITTED[key] for key in changed if key in _FITTED}
    here = threading.get_ident()
    if threads - {here}:
        raise _refusal(module, "another thread is fitting")
    if threads and not by_others:
        raise _refusal(module, "a fit further up in this thread is fitting")


def _refusal(module: nn.Module, what: str) -> Refused:
    return Refused(
        where=f"module {type(module).__name__}",
        got=f"a module that {what} now, or one that shares parameters with it",
        wanted="a module that nothing else uses during the fit",
        remedy="Give each fit a module of its own, copy.deepcopy(module), or wait until the other has ended.",
    )
