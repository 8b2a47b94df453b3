"""The memory of an update, found by running it on `meta`, where tensors have shapes and take no memory.

Every operation of torch is seen, so the bytes that are live at the same time are counted rather than guessed,
for any module and any optimizer.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from chalknet.engine import loss_function, optimizer_over
from chalknet.errors import ChalknetError, Refused
from chalknet.hardware.allocator_model import AllocatorModel, keeps_holes
from chalknet.module import RandomStream, build, default_generators_kept, draws_from_default
from chalknet.network import Network
from chalknet.planning import Recipe

_META = torch.device("meta")
_ERRORS = (RuntimeError, NotImplementedError, ValueError, IndexError, TypeError, OverflowError)
_FOREACH = ("cuda", "xpu")  # where torch's optimizers update all weights in one call
_ROWS, _VALUES = (
    8192,
    1 << 25,
)  # mapped at a time in an evaluation: so many rows, of a wide layer so many values
_UPDATES = 2  # an optimizer's state exists from the end of the first one on


@dataclass(frozen=True)
class Traced:
    """The bytes of an update of the plain loop.

    Args:
        weights: parameters and buffers.
        gradients: of the parameters.
        optimizer: its state.
        activations: what the forward pass keeps for the backward pass.
        batch: x and y.
        peak: the most that is held at once, all of these included.
        evaluation: the most that is held at once while the module is evaluated without gradients.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    batch: int
    peak: int
    evaluation: int


@dataclass(frozen=True)
class UpdateSpec:
    """The update whose memory is asked for.

    Args:
        model: a Network, or any module.
        recipe: its loss and optimizer.
        rows: samples in a batch.
        observations: samples in the data, some of which an evaluation maps at a time.
        input_shape: shape of one sample.
        device: a device's full name; "meta" stands for no particular one.
        engine: the engine's name.
        dtype: torch's name of the dtype of weights and data.
        threads: CPU threads.
        in_pieces: whether an update is summed over several such batches.
    """

    model: Network | nn.Module
    recipe: Recipe
    rows: int
    observations: int
    input_shape: tuple[int, ...]
    device: str
    engine: str
    dtype: str
    threads: int
    in_pieces: bool = False

    @property
    def torch_dtype(self) -> torch.dtype:
        """Return torch's dtype of that name."""
        dtype: torch.dtype = getattr(torch, self.dtype)
        return dtype

    @property
    def kind(self) -> str:
        """Return the kind of the device, such as "cpu" or "cuda"."""
        return torch.device(self.device).type


def trace(update: UpdateSpec) -> Traced:
    """Return what an update keeps in memory, without computing it.

    Raises:
        Refused: for a module that cannot be followed without values.
    """
    module = _on_meta(update.model, update.torch_dtype)
    with followed(module, (update.rows, *update.input_shape)):
        return _traced(module, update)


@contextmanager
def followed(model: Network | nn.Module, shape: tuple[int, ...]) -> Iterator[None]:
    """Run a body in which a module maps x of a shape; an error of torch's in it becomes a Refused.

    The caller's random numbers are left as they were.
    """
    draws = isinstance(model, nn.Module) and draws_from_default(model)
    try:
        with default_generators_kept() if draws else nullcontext():
            yield
    except ChalknetError:
        raise
    except _ERRORS as problem:
        raise Refused(
            where=f"memory of {type(model).__name__}",
            got=f"an error for x of shape {shape}: {str(problem).splitlines()[0]}",
            wanted="a module that can be followed by its shapes alone",
            remedy="Give input_shape=, the shape of one sample; one that looks at values can be measured: "
            "with cn.memory.watch() as seen: ...",
        ) from problem


def mapped_shape(update: UpdateSpec) -> tuple[int, ...]:
    """Return the shape of yhat for one sample.

    Raises:
        Refused: for a module that cannot map such a sample.
    """
    if isinstance(update.model, Network):
        return tuple(int(size) for size in update.model.output_shape)
    try:
        return _mapped(_on_meta(update.model, update.torch_dtype), update, _META)
    except Refused:  # a module that looks at values is given some
        device = next((parameter.device for parameter in update.model.parameters()), None)
        return _mapped(copy.deepcopy(update.model), update, device)


def _mapped(module: nn.Module, update: UpdateSpec, device: torch.device | None) -> tuple[int, ...]:
    shape = (2, *update.input_shape)
    x = torch.rand(shape, dtype=update.torch_dtype, generator=torch.Generator()).to(device)
    with followed(module, shape), torch.no_grad():
        yhat: torch.Tensor = module.eval()(x)
    return tuple(yhat.shape[1:])


def _traced(module: nn.Module, update: UpdateSpec) -> Traced:
    loss_of, alive = loss_function(update.recipe), _LiveStorages(update.kind)
    optimizer = optimizer_over(module, update.recipe)
    for group in optimizer.param_groups:
        group["foreach"] = update.kind in _FOREACH
    x, y = _batch(module, update, update.rows)
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    with alive:
        alive.hold([*module.parameters(), *module.buffers(), x, y])
        fixed, kept = alive.bytes, 0
        for _ in range(_UPDATES):
            for _ in range(1 + update.in_pieces):
                before = alive.bytes
                loss = loss_of(module(x), y)
                kept = alive.bytes - before
                loss.backward()
            gradients = _sum(parameter.grad for parameter in parameters if parameter.grad is not None)
            optimizer.step()
            for parameter in parameters:
                parameter.grad = None
    state = _sum(tree_leaves([list(values.values()) for values in optimizer.state.values()]))
    batch = _sum([x, y])
    return Traced(
        fixed - batch, gradients, state, kept, batch, alive.peak_bytes, _evaluated(module, update) + state
    )


def evaluation_rows(module: nn.Module) -> int:
    """Return the number of rows that an evaluation maps at a time, which bounds its memory."""
    widths = [layer.out_features for layer in module.modules() if isinstance(layer, nn.Linear)]
    return max(1, min(_ROWS, _VALUES // max(widths, default=1)))


def _evaluated(module: nn.Module, update: UpdateSpec) -> int:
    alive = _LiveStorages(update.kind)
    loss_of = loss_function(update.recipe, reduction="none")
    x, y = _batch(module, update, min(update.observations, evaluation_rows(module)))
    with alive, torch.no_grad():
        alive.hold([*module.parameters(), *module.buffers(), x, y])
        loss_of(module.eval()(x), y).double()
    module.train()
    return alive.peak_bytes


class _LiveStorages(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of all live storages; views of one storage count once."""

    def __init__(self, kind: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = self.peak_bytes = 0
        self._allocator = AllocatorModel() if kind == "cpu" and keeps_holes() else None
        self._held: set[int] = set()

    def hold(self, tensors: Iterable[object]) -> None:
        for tensor in tensors:
            if isinstance(tensor, torch.Tensor) and tensor.device == _META:
                self._hold(tensor.untyped_storage())

    def _hold(self, storage: torch.UntypedStorage) -> None:
        key, size, allocator = id(storage), storage.nbytes(), self._allocator
        if key in self._held:
            return
        self._held.add(key)
        self.bytes += size
        if allocator is not None:
            allocator.allocate(key, size)
        self.peak_bytes = max(self.peak_bytes, self.bytes if allocator is None else allocator.held_bytes)

        def release() -> None:
            self._held.discard(key)
            self.bytes -= size
            if allocator is not None:
                allocator.free(key)

        weakref.finalize(storage, release).atexit = False

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        self.hold(tree_leaves(result))
        return result


def _on_meta(model: Network | nn.Module, dtype: torch.dtype) -> nn.Module:
    """Return the module with its tensors replaced by shapes on `meta`; no values are copied."""
    if isinstance(model, Network):
        with torch.device(_META):
            return build(replace(model, weights={}), stream=RandomStream(0)).to(dtype).train()
    stand_ins: dict[int, Any] = {}
    for child in model.modules():
        for held in (child._parameters, child._buffers, vars(child)):
            for tensor in held.values():
                if isinstance(tensor, torch.Tensor) and id(tensor) not in stand_ins:
                    stand_ins[id(tensor)] = _stand_in(tensor)
    module = copy.deepcopy(model, stand_ins).train()
    own = {parameter.dtype for parameter in module.parameters()}
    return module if own <= {dtype} else module.to(dtype)


def _stand_in(tensor: torch.Tensor) -> torch.Tensor:
    shape = torch.empty_like(tensor, device=_META)
    return nn.Parameter(shape, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else shape


def _batch(module: nn.Module, update: UpdateSpec, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.empty((rows, *update.input_shape), dtype=update.torch_dtype, device=_META)
    with torch.no_grad():
        yhat = module(x)
    if update.recipe.loss_row.target == "class":
        return x, torch.empty((rows, *yhat.shape[2:]), dtype=torch.int64, device=_META)
    outputs = update.recipe.loss_row.outputs
    return x, torch.empty_like(yhat[..., : yhat.shape[-1] // outputs] if outputs > 1 else yhat)


def _sum(tensors: Iterable[Any]) -> int:
    return sum(tensor.nbytes for tensor in tensors if isinstance(tensor, torch.Tensor))
