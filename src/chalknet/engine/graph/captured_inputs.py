"""What a CUDA graph captures once and a replay would not repeat: everything that Python does in an update."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from chalknet.engine.engine import refused
from chalknet.errors import Refused
from chalknet.module import MODULE_HOOKS, TENSOR_HOOKS

_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_PLAIN = (bool, int, float, str, bytes, type(None))


def refuse_hooks(module: nn.Module) -> None:
    """Raise Refused for a module with hooks: Python would call them once, during the capture."""
    for path, part in module.named_modules():
        if any(getattr(part, name, None) for name in MODULE_HOOKS):
            raise refusal(f"a hook on {path or type(part).__name__}, which would be called only once")
    for path, parameter in module.named_parameters():
        if any(getattr(parameter, name, None) for name in TENSOR_HOOKS):
            raise refusal(f"a hook on the parameter {path}, which would be called only once")


class CapturedInputs:
    """A snapshot of everything but the numbers in a module's tensors, to find changes later.

    Args:
        module: as it is before an update.
        device: where it computes; a graph repeats only this device's random numbers.
    """

    def __init__(self, module: nn.Module, device: torch.device) -> None:
        self._module, self._device = module, device
        # torch's own modules draw on the device alone: what changes these states is another thread
        self._may_draw = any(type(part).__module__.split(".")[0] != "torch" for part in module.modules())
        self._seen = dict(self._items())

    def refuse_changes(self) -> None:
        """Raise Refused when an update changed anything that a replay would not."""
        for what, value in self._items():
            if what not in self._seen or not _same(self._seen[what], value):
                raise refusal(what)

    def _items(self) -> Iterator[tuple[str, object]]:
        if self._may_draw:
            yield "an update that draws random numbers of Python's", random.getstate()
            yield "an update that draws random numbers of numpy's", str(np.random.get_state())
            if self._device.type != "cpu":
                drawn = torch.default_generator.get_state()
                yield "an update that draws random numbers on the CPU", drawn.numpy().tobytes()
        for path, part in self._module.named_modules():
            for name, value in vars(part).items():
                if name not in _OF_EVERY_MODULE:
                    shown = f"{path}.{name}".lstrip(".")
                    yield f"an update that changes {shown}, a value of Python's", _marked(value)
        for kind in ("parameter", "buffer"):
            for path, tensor in getattr(self._module, f"named_{kind}s")():
                words = f"an update that puts a new tensor in the place of the {kind} {path}"
                yield words, (tensor, tensor.detach())  # the second keeps the memory from being reused


@contextmanager
def put_back(module: nn.Module) -> Iterator[None]:
    """Restore the numbers in a module's tensors after the body, and after an error its Python attributes too.

    Without an error those stay: the graphs read a tensor that a first update has set up.
    """
    tensors = [*module.parameters(), *module.buffers()]
    numbers = [tensor.detach().to("cpu", copy=True) for tensor in tensors]
    held = [(part, dict(vars(part)), dict(part._buffers)) for part in module.modules()]
    drawn, drawn_of_numpy = random.getstate(), np.random.get_state()
    try:
        yield
    except BaseException:
        for part, values, buffers in held:
            vars(part).update(values)
            part._buffers.update(buffers)
        random.setstate(drawn)
        np.random.set_state(drawn_of_numpy)
        raise
    finally:
        with torch.no_grad():
            for tensor, before in zip(tensors, numbers, strict=True):
                tensor.copy_(before)
        for parameter in module.parameters():
            parameter.grad = None


def refusal(got: str) -> Refused:
    """Return the error for something that a graph would not repeat."""
    wanted = "a module whose updates are all work for the device: a graph repeats nothing else"
    remedy = 'Change tensors in place (`running.copy_(...)`), or say engine="eager".'
    return refused("graph", got, wanted, remedy)


def _marked(value: object) -> object:
    return (value, len(value)) if isinstance(value, list | dict | set) else value


def _same(before: object, now: object) -> bool:
    if isinstance(before, torch.Tensor) and isinstance(now, torch.Tensor):
        return before is now or (before.data_ptr() == now.data_ptr() and before.shape == now.shape)
    if isinstance(before, tuple) and isinstance(now, tuple) and len(before) == len(now):
        return all(map(_same, before, now))
    if isinstance(before, _PLAIN) and isinstance(now, _PLAIN):
        return before is now or before == now
    return before is now
