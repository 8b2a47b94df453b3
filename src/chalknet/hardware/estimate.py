"""How much memory an update needs, and for what, before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch

from chalknet.engine import fused_needs
from chalknet.hardware.context import cuda_context
from chalknet.hardware.device import Device, find_device
from chalknet.hardware.trace import Traced, UpdateSpec, trace
from chalknet.module import network_of
from chalknet.network import Network, numbers
from chalknet.planning import Plan
from chalknet.tables import Cell, Table, Tabular, facts
from chalknet.units import show_bytes, show_count


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


@dataclass(frozen=True, repr=False)
class MemoryEstimate(Tabular):
    """What an update needs, line by line; printed, a table.

    The memory of Python, torch and compiled kernels themselves is not included.

    Args:
        title: what was asked, in a line.
        device: where it runs.
        weights_bytes: parameters and buffers; with `fused_cpu` also the kernels' copies.
        gradients_bytes: of the parameters.
        optimizer_bytes: the optimizer's state.
        activations_bytes: what the forward pass keeps for the backward pass: with `eager` every hidden value
            of every sample, with `fused_cpu` nothing.
        batch_bytes: x and y of an update.
        temporary_bytes: what is allocated and freed during the update, and on the CPU the holes that it
            leaves in the heap.
        apart_bytes: lines above that never exist at the same time; subtracted from their sum.
        context_bytes: what CUDA itself takes for a process; 0 elsewhere.
        notes: what was assumed, a sentence each.

    Example:
        >>> import chalknet as cn
        >>> estimate = cn.memory("1000 -> 1000 -> 1", optimizer="adam", batch_size=10)
        >>> estimate.total_bytes > 4 * 4 * 1000 * 1000  # weights, gradients, and two of Adam each
        True
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
    notes: tuple[str, ...] = ()

    @property
    def total_bytes(self) -> int:
        """Return the most that is needed at once."""
        return sum(int(getattr(self, name)) for name in _LINES) - self.apart_bytes

    def fits(self, device: str | torch.device | Device | None = None) -> Verdict:
        """Return whether it fits into what is free on a device now, with both numbers.

        Args:
            device: which; None for the one the estimate is for.

        Raises:
            Refused: for a device that is not here.
        """
        found = find_device(self.device if device is None else device)
        return Verdict(found.name, self.total_bytes, found.memory_free_bytes)

    @property
    def table(self) -> Table:
        """Return the lines by their names, and their total."""
        sizes = {name: int(getattr(self, field)) for field, name in _LINES.items()}
        sizes = {name: size for name, size in sizes.items() if size or name in _ALWAYS}
        apart = {"never at once": -self.apart_bytes} if self.apart_bytes else {}
        lines = {**sizes, **apart, "total": self.total_bytes}
        return facts(
            {name: Cell(size, show_bytes(size)) for name, size in lines.items()}, self.title, self.notes
        )


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


def estimate(update: UpdateSpec, *, measure: bool = False) -> MemoryEstimate:
    """Return what an update needs: the peak of one that is followed by its shapes alone.

    Args:
        update: the update.
        measure: whether what CUDA takes is measured where that was not done before, in some seconds.

    Raises:
        Refused: for a module that cannot be followed so.
    """
    rows = _ENGINES.get(update.engine, _plain)(update, trace(update))
    if update.kind != "cuda":
        return rows
    context = cuda_context(update.device, measure=measure)
    notes = () if context.is_measured else ("CUDA context: what an H100 takes; not measured here",)
    return replace(rows, context_bytes=context.size_bytes, notes=notes)


def _plain(update: UpdateSpec, traced: Traced) -> MemoryEstimate:
    named = traced.weights + traced.gradients + traced.optimizer + traced.activations + traced.batch
    peak = max(traced.peak, traced.evaluation)
    return MemoryEstimate(
        title=_title(update),
        device=update.device,
        weights_bytes=traced.weights,
        gradients_bytes=traced.gradients,
        optimizer_bytes=traced.optimizer,
        activations_bytes=traced.activations,
        batch_bytes=traced.batch,
        temporary_bytes=max(0, peak - named),
        apart_bytes=max(0, named - peak),
    )


def _fused_cpu(update: UpdateSpec, traced: Traced) -> MemoryEstimate:
    network, plain = network_of(update.model), _plain(update, traced)
    if network is None:  # the engine refuses it; this is what another one needs
        return plain
    itemsize = update.torch_dtype.itemsize
    needs = fused_needs(network, update.recipe, update.rows, update.threads, itemsize)
    evaluation = traced.evaluation - traced.weights - traced.optimizer - traced.batch
    return replace(
        plain,
        weights_bytes=traced.weights + needs.copies,
        gradients_bytes=needs.gradients,
        optimizer_bytes=needs.optimizer,
        activations_bytes=0,
        temporary_bytes=needs.arenas + max(0, evaluation),
        apart_bytes=0,
    )


# Engines that need something else than the plain loop.
_ENGINES: Mapping[str, Callable[[UpdateSpec, Traced], MemoryEstimate]] = {"fused_cpu": _fused_cpu}


def update_of(plan: Plan) -> UpdateSpec:
    """Return the update of a plan whose model is a Network."""
    whole = min(plan.recipe.batch_size or plan.data.observations, plan.data.observations)
    whole = -(-whole // plan.placement.processes)  # each process computes its share
    where, model = plan.placement, plan.network
    assert model is not None
    return UpdateSpec(
        model=model,
        recipe=plan.recipe,
        rows=min(whole, where.micro_batch or whole),
        observations=plan.data.observations,
        input_shape=numbers(plan.data.x_shape),
        device=where.device,
        engine=plan.engine,
        dtype=where.dtype,
        threads=where.threads,
        in_pieces=(where.micro_batch or whole) < whole,
    )


def _title(update: UpdateSpec) -> str:
    name = update.model.name if isinstance(update.model, Network) else type(update.model).__name__
    fitted = f"{name}, {update.recipe.loss}, {update.recipe.optimizer}"
    where = f"{update.engine} on {update.device}, {update.dtype}"
    return f"{fitted}, {show_count(update.rows)} samples an update, {where}"
