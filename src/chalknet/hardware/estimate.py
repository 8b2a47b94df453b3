"""How much memory an update needs, and what for, before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import nn

from chalknet.hardware.device import find_device
from chalknet.hardware.fused import fused_needs
from chalknet.hardware.heap import keeps_holes
from chalknet.hardware.trace import Traced, Work, trace
from chalknet.module import network_of
from chalknet.network import Network
from chalknet.planning import Plan, Recipe
from chalknet.units import show_bytes, show_count

# What CUDA keeps for a process before its first tensor: kernels, queues, a workspace of cuBLAS. 261 MiB on
# the RTX 3090 of the lecture, more on larger GPUs. An assumption, as long as it is not measured on the GPU.
CUDA_CONTEXT_BYTES = 320 << 20
_MANY_AT_ONCE = ("cuda", "xpu")  # where torch's optimizers improve all weights in one go


@dataclass(frozen=True)
class Verdict:
    """Whether something fits into the memory of a device; true when it does.

    Args:
        device: the device's name.
        needed_bytes: what is needed.
        free_bytes: what is free there now.
    """

    device: str
    needed_bytes: int
    free_bytes: int

    def __bool__(self) -> bool:
        return self.needed_bytes <= self.free_bytes

    def __str__(self) -> str:
        fits = "fits" if self else "does not fit"
        needed, free = show_bytes(self.needed_bytes), show_bytes(self.free_bytes)
        return f"{fits}: {needed} needed, {free} free on {self.device}"


@dataclass(frozen=True)
class MemoryEstimate:
    """What an update needs, line by line; printed, a table.

    It comes on top of what Python, torch and compiled kernels take themselves.

    Args:
        title: what was asked, in a line.
        device: where it is to run.
        weights_bytes: parameters and buffers; with `fused_cpu` also the kernels' copies.
        gradients_bytes: of the parameters.
        optimizer_bytes: the optimizer's state.
        activations_bytes: what the way forth keeps for the way back: with `eager` every hidden value of
            every sample, with `fused_cpu` nothing.
        batch_bytes: x and y of an update.
        temporary_bytes: what comes and goes while the rest is there, and on the CPU the holes that it leaves
            in the heap.
        apart_bytes: what is never there together and so is needed once only: it is taken off the sum.
        context_bytes: what CUDA itself takes, assumed; 0 elsewhere.
    """

    title: str
    device: str
    weights_bytes: int
    gradients_bytes: int
    optimizer_bytes: int
    activations_bytes: int
    batch_bytes: int
    temporary_bytes: int
    apart_bytes: int = 0
    context_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """Return the most that is needed at once."""
        return sum(int(getattr(self, name)) for name in _LINES) - self.apart_bytes

    def fits(self, device: str | torch.device | None = None) -> Verdict:
        """Return whether it fits into what is free on a device now, with both numbers.

        Args:
            device: which; None for the one the estimate is for.

        Raises:
            Refused: for a device that is not here.
        """
        found = find_device(str(device or self.device))
        return Verdict(found.name, self.total_bytes, found.memory_free_bytes)

    def __str__(self) -> str:
        rows = [(word, getattr(self, name)) for name, word in _LINES.items()]
        shown = [(word, show_bytes(size)) for word, size in rows if size or word in _ALWAYS]
        if self.apart_bytes:
            shown.append(("never at once", f"-{show_bytes(self.apart_bytes)}"))
        shown.append(("total", show_bytes(self.total_bytes)))
        width = max(len(size) for _, size in shown)
        return "\n".join([self.title, *(f"{word:<18} {size:>{width}}" for word, size in shown)])


_LINES = {
    "weights_bytes": "weights",
    "gradients_bytes": "gradients",
    "optimizer_bytes": "optimizer state",
    "activations_bytes": "activations",
    "batch_bytes": "batch",
    "temporary_bytes": "temporary",
    "context_bytes": "CUDA context",
}
_ALWAYS = tuple(_LINES.values())[:5]


@dataclass(frozen=True)
class Ask:
    """What an estimate is asked for.

    Args:
        model: a Network, or any module.
        recipe: its loss and optimizer.
        rows: samples an update.
        observations: samples in the data, for the evaluations.
        input_shape: shape of one sample.
        device: a device's full name; "meta" counts as none in particular.
        engine: the engine's name.
        dtype: torch's word for the numbers.
        threads: CPU threads.
        in_pieces: whether an update is summed over several such numbers of samples.
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


def estimate(ask: Ask) -> MemoryEstimate:
    """Return what an update needs: the peak of one that is followed by its shapes alone.

    Raises:
        Refused: for a module that cannot be followed so.
    """
    kind = torch.device(ask.device).type
    dtype: torch.dtype = getattr(torch, ask.dtype)
    work = Work(
        recipe=ask.recipe,
        x_shape=ask.input_shape,
        rows=ask.rows,
        observations=ask.observations,
        dtype=dtype,
        in_pieces=ask.in_pieces,
        many_at_once=kind in _MANY_AT_ONCE,
        holes=kind == "cpu" and keeps_holes(),
    )
    lines = _ENGINES.get(ask.engine, _plain)(ask, trace(ask.model, work))
    return replace(lines, context_bytes=CUDA_CONTEXT_BYTES if kind == "cuda" else 0)


def _plain(ask: Ask, traced: Traced) -> MemoryEstimate:
    named = traced.weights + traced.gradients + traced.optimizer + traced.activations + traced.batch
    peak = max(traced.peak, traced.evaluation)
    return MemoryEstimate(
        title=_title(ask),
        device=ask.device,
        weights_bytes=traced.weights,
        gradients_bytes=traced.gradients,
        optimizer_bytes=traced.optimizer,
        activations_bytes=traced.activations,
        batch_bytes=traced.batch,
        temporary_bytes=max(0, peak - named),
        apart_bytes=max(0, named - peak),
    )


def _fused_cpu(ask: Ask, traced: Traced) -> MemoryEstimate:
    network = network_of(ask.model)
    if network is None:  # the engine refuses it, and this is what another one needs
        return _plain(ask, traced)
    itemsize = getattr(torch, ask.dtype).itemsize
    needs = fused_needs(network, ask.recipe, ask.rows, ask.threads, itemsize)
    evaluation = traced.evaluation - traced.weights - traced.optimizer - traced.batch
    return MemoryEstimate(
        title=_title(ask),
        device=ask.device,
        weights_bytes=traced.weights + needs.copies,
        gradients_bytes=needs.gradients,
        optimizer_bytes=needs.optimizer,
        activations_bytes=0,
        batch_bytes=traced.batch,
        temporary_bytes=needs.arenas + max(0, evaluation),
    )


_ENGINES: Mapping[str, Callable[[Ask, Traced], MemoryEstimate]] = {"eager": _plain, "fused_cpu": _fused_cpu}


def ask_of(plan: Plan) -> Ask:
    """Return what an update of a plan of a Network asks for."""
    whole = min(plan.recipe.batch_size or plan.data.observations, plan.data.observations)
    whole = -(-whole // plan.placement.processes)  # each process has its share
    where, model = plan.placement, plan.network
    assert model is not None
    return Ask(
        model=model,
        recipe=plan.recipe,
        rows=min(whole, where.micro_batch or whole),
        observations=plan.data.observations,
        input_shape=tuple(int(size) for size in plan.data.x_shape),
        device=where.device,
        engine=plan.engine,
        dtype=where.dtype,
        threads=where.threads,
        in_pieces=(where.micro_batch or whole) < whole,
    )


def _title(ask: Ask) -> str:
    name = ask.model.name if isinstance(ask.model, Network) else type(ask.model).__name__
    return (
        f"{name}, {ask.recipe.loss}, {ask.recipe.optimizer}, {show_count(ask.rows)} samples an update, "
        f"{ask.engine} on {ask.device}, {ask.dtype}"
    )
