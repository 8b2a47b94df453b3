"""What an update keeps in memory: one is made on `meta`, where tensors have shapes and take no room.

Every operation that torch runs on the way is seen, so that what is alive together is counted and not guessed,
for any module and any optimizer.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from chalknet.engine import loss_function, optimizer_over
from chalknet.errors import Refused
from chalknet.hardware.heap import Heap
from chalknet.hardware.rows import evaluation_rows
from chalknet.module import build
from chalknet.network import Network
from chalknet.planning import Recipe

_META = torch.device("meta")
_UPDATES = 2  # an optimizer's state is there from the end of the first one on


@dataclass(frozen=True)
class Traced:
    """Bytes that an update of the plain loop keeps.

    Args:
        weights: parameters and buffers.
        gradients: of the parameters.
        optimizer: its state.
        activations: what the way forth keeps for the way back.
        batch: x and y.
        peak: the most that is held at once, all of these among it.
        evaluation: the most that is held at once while the module maps without gradients.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    batch: int
    peak: int
    evaluation: int


@dataclass(frozen=True)
class Work:
    """What an update is made of.

    Args:
        recipe: its loss and optimizer.
        x_shape: shape of one sample of x.
        rows: samples in the batch.
        observations: samples in the data, which an evaluation maps some at a time.
        dtype: of weights and data.
        in_pieces: whether an update is summed over several such batches.
        many_at_once: whether the optimizer improves all weights in one go, as torch does on a GPU.
        holes: whether memory is held as glibc's heap holds it, rather than what is alive.
    """

    recipe: Recipe
    x_shape: tuple[int, ...]
    rows: int
    observations: int
    dtype: torch.dtype
    in_pieces: bool
    many_at_once: bool
    holes: bool


def trace(model: Network | nn.Module, work: Work) -> Traced:
    """Return what an update keeps, without making it.

    Raises:
        Refused: for a module that cannot be followed without values.
    """
    module = _on_meta(model, work.dtype)
    with _followed(module, (work.rows, *work.x_shape)):
        return _traced(module, work)


@contextmanager
def _followed(module: nn.Module, shape: tuple[int, ...]) -> Iterator[None]:
    try:
        with torch.random.fork_rng(devices=[]):  # a module may draw numbers of its own on the way
            yield
    except (RuntimeError, NotImplementedError, ValueError, IndexError, TypeError) as problem:
        raise Refused(
            where=f"memory of {type(module).__name__}",
            got=f"an error for x of shape {shape}: {str(problem).splitlines()[0]}",
            wanted="a module that can be followed by its shapes alone",
            remedy="Give input_shape=, the shape of one sample; one that looks at values can be measured: "
            "with cn.memory.watch() as seen: ...",
        ) from problem


def mapped_shape(model: Network | nn.Module, x_shape: tuple[int, ...], dtype: torch.dtype) -> tuple[int, ...]:
    """Return the shape of yhat for one sample.

    Raises:
        Refused: for a module that cannot be followed without values.
    """
    if isinstance(model, Network):
        return tuple(int(size) for size in model.output_shape)
    module = _on_meta(model, dtype)
    with _followed(module, (2, *x_shape)), torch.no_grad():
        yhat: torch.Tensor = module(torch.empty((2, *x_shape), dtype=dtype, device=_META))
    return tuple(yhat.shape[1:])


def _traced(module: nn.Module, work: Work) -> Traced:
    loss_of, alive = loss_function(work.recipe), _Alive(work.holes)
    optimizer = optimizer_over(module, work.recipe)
    for group in optimizer.param_groups:
        group["foreach"] = work.many_at_once
    x, y = _batch(module, work, work.rows)
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    with alive:
        alive.hold([*module.parameters(), *module.buffers(), x, y])
        fixed, kept = alive.bytes, 0
        for _ in range(_UPDATES):
            for _ in range(1 + work.in_pieces):
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
        fixed - batch, gradients, state, kept, batch, alive.peak_bytes, _evaluated(module, work) + state
    )


def _evaluated(module: nn.Module, work: Work) -> int:
    alive = _Alive(work.holes)
    loss_of = loss_function(work.recipe, reduction="none")
    x, y = _batch(module, work, min(work.observations, evaluation_rows(module)))
    with alive, torch.no_grad():
        alive.hold([*module.parameters(), *module.buffers(), x, y])
        loss_of(module.eval()(x), y).double()
    module.train()
    return alive.peak_bytes


class _Alive(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of all storages that are alive, views of one storage once."""

    def __init__(self, holes: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = self.peak_bytes = 0
        self._heap = Heap() if holes else None
        self._held: set[int] = set()

    def hold(self, tensors: Iterable[object]) -> None:
        for tensor in tensors:
            if isinstance(tensor, torch.Tensor) and tensor.device == _META:
                self._hold(tensor.untyped_storage())

    def _hold(self, storage: torch.UntypedStorage) -> None:
        key, size, heap = id(storage), storage.nbytes(), self._heap
        if key in self._held:
            return
        self._held.add(key)
        self.bytes += size
        if heap is not None:
            heap.take(key, size)
        self.peak_bytes = max(self.peak_bytes, self.bytes if heap is None else heap.held_bytes)

        def let_go() -> None:
            self._held.discard(key)
            self.bytes -= size
            if heap is not None:
                heap.give_back(key)

        weakref.finalize(storage, let_go).atexit = False

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        self.hold(tree_leaves(result))
        return result


def _on_meta(model: Network | nn.Module, dtype: torch.dtype) -> nn.Module:
    """Return the module with shapes in the place of its numbers; nothing of it is copied."""
    if isinstance(model, Network):
        with torch.device(_META):
            return build(_without_weights(model)).to(dtype).train()
    stand_ins: dict[int, Any] = {}
    for child in model.modules():
        for held in (child._parameters, child._buffers, vars(child)):
            for tensor in held.values():
                if isinstance(tensor, torch.Tensor) and id(tensor) not in stand_ins:
                    stand_ins[id(tensor)] = _stand_in(tensor)
    module = copy.deepcopy(model, stand_ins).train()
    own = next(module.parameters()).dtype
    return module if own == dtype else module.to(dtype)


def _without_weights(network: Network) -> Network:
    return Network(network.input_shape, network.steps, network.name)


def _stand_in(tensor: torch.Tensor) -> torch.Tensor:
    shape = torch.empty_like(tensor, device=_META)
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(shape, requires_grad=tensor.requires_grad)
    return shape


def _batch(module: nn.Module, work: Work, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.empty((rows, *work.x_shape), dtype=work.dtype, device=_META)
    with torch.no_grad():
        yhat = module(x)
    if work.recipe.loss_row.target == "class":
        return x, torch.empty((rows, *yhat.shape[2:]), dtype=torch.int64, device=_META)
    return x, torch.empty_like(yhat)


def _sum(tensors: Iterable[Any]) -> int:
    return sum(tensor.nbytes for tensor in tensors if isinstance(tensor, torch.Tensor))
