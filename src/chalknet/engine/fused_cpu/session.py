"""A running fit by compiled calls: it holds the weights, and copies them to the module after each call."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
import torch
from torch import nn

from chalknet.data import Batches, Source
from chalknet.engine.eager import opened_module
from chalknet.engine.engine import Advance
from chalknet.engine.fused_cpu.loops import units_beside
from chalknet.engine.fused_cpu.names import Array
from chalknet.engine.fused_cpu.objects import loading, provide, symbols_of
from chalknet.engine.fused_cpu.optimizer_rows import COUNTS_STEPS, MULTIPLIES, SLOTS
from chalknet.engine.fused_cpu.samples import Flat, Samples, SamplesInMemory, StreamedSamples
from chalknet.engine.fused_cpu.schedules import (
    EVERY_UPDATE_ALIKE,
    PerUpdate,
    Schedule,
    Task,
    choose_schedule,
    evaluation_of,
    layout_of,
    make_store,
    units_of,
)
from chalknet.engine.fused_cpu.step_table import (
    ABSENT,
    BATCH_NORM,
    FIXED_NORM,
    averaging_of,
    owners_of,
    running_views,
    transposed_views,
    weight_views,
)
from chalknet.engine.modes import in_modes
from chalknet.engine.orders import Orders
from chalknet.engine.rates import Momenta, Rates, kept_slots
from chalknet.engine.state import SessionState, named, refill, weights_of
from chalknet.module import RandomStream
from chalknet.network import Network
from chalknet.planning import Plan, Recipe


class FusedSession:
    """One fit by compiled calls.

    Args:
        plan: what was decided; its network has steps with compiled code only.
        batches: the samples in their order; read from their source once, or where it streams block by block.
        module: the module whose weights are fitted, or None to build the plan's network.

    Attributes:
        module: holds the weights of the last whole update after each advance.
        compile_s: seconds spent loading compiled code, or compiling it.
        notes: what was wrong with it.
    """

    def __init__(self, plan: Plan, batches: Batches, module: nn.Module | None) -> None:
        assert plan.network is not None
        recipe, network = plan.recipe, plan.network
        if module is not None:
            network = in_modes(network, module)
            plan = replace(plan, network=network)
        dtype = getattr(torch, plan.placement.dtype)
        self._stream = RandomStream(recipe.seed)
        module = opened_module(plan, module, self._stream)
        self.module: nn.Module = module
        self._named = named(plan, module)
        self._lr, self._counts_steps = recipe.lr, recipe.optimizer in COUNTS_STEPS
        self._orders = Orders(batches, self._stream)
        self._flat = Flat(batches.source.name, network, recipe.loss_row, recipe.weighs, dtype)
        feed = StreamedSamples if batches.source.streams else SamplesInMemory
        self._feed = feed(batches, self._orders, self._flat)
        self.rates = Rates(plan)
        self._momenta = Momenta.of(recipe) if recipe.optimizer == MULTIPLIES else None
        self._taking = self._stream.for_updates(others=not batches.source.is_repeatable)
        self._target = -math.inf if recipe.target_loss is None else recipe.target_loss
        self._done = 0
        started = perf_counter()
        with loading() as notes:
            _provide(network, recipe, plan.placement.dtype)
            self._schedule = self._scheduled(plan, batches, self._feed.samples)
            self._schedule.run(np.empty(0, dtype=np.int64), 0, 0, np.empty(0))
        self.notes: tuple[str, ...] = tuple(notes)
        self.compile_s = perf_counter() - started

    def _scheduled(self, plan: Plan, batches: Batches, samples: Samples) -> Schedule:
        """Lay out the memory and fill it with the module's weights; return the compiled loop over it."""
        network, recipe, numbers = plan.network, plan.recipe, np.dtype(plan.placement.dtype)
        assert network is not None
        layout = layout_of(network, recipe, numbers, batches.size)
        self._owners = owners_of(self.module)
        _mark_frozen(layout.steps, self._owners)
        _mark_fixed(layout.steps, self.module)
        store = make_store(layout, recipe, numbers)
        self._views = _pairs(self._owners, weight_views(layout.steps, torch.from_numpy(store.values)))
        self._transposed = transposed_views(layout.steps, torch.from_numpy(store.transposed))
        running = running_views(layout.steps, torch.from_numpy(store.running))
        self._views += _pairs(averaging_of(self.module), running)
        self._read_weights()
        self._state_views = _state_views(
            plan.recipe.optimizer, self._named, self._owners, layout.steps, store.optimizer_state
        )
        threads = plan.placement.threads
        self._task = Task(network, recipe, layout, store, samples, batches, threads)
        return choose_schedule(self._task)

    def advance(self, updates: int) -> Advance:
        """Make this many updates, fewer when a loss is no number or reaches the target."""
        losses: list[float] = []
        started = perf_counter()
        while len(losses) < updates and (not losses or self._target < losses[-1] < math.inf):
            with self._taking():
                ahead = self._feed.ahead(self._done, updates - len(losses))
            room = np.empty(ahead.updates)
            each = self._per_update(ahead.updates)
            made = self._schedule.run(ahead.order, ahead.first, self._done, room, ahead.samples, each)
            losses += room[:made].tolist()
            self._done += made
        elapsed_s = perf_counter() - started
        self._write_weights()
        for norm in averaging_of(self.module):
            if norm.training and norm.num_batches_tracked is not None:
                norm.num_batches_tracked += len(losses)
        return Advance(tuple(losses), elapsed_s)

    def _per_update(self, updates: int) -> PerUpdate:
        """Return the numbers of the next updates that are not the same for all."""
        rates, products = EVERY_UPDATE_ALIKE
        if not self.rates.stay or self.rates.lr != self._lr:
            rates = self.rates.over(self._done, updates)
        if self._momenta is not None:
            products = self._momenta.over(self._done, updates)
        return PerUpdate(rates, products)

    def held_to(self, source: Source) -> Callable[[], float] | None:
        """Return what computes the mean loss over a source with the weights of now; None for a stream."""
        if source.streams or not source.is_repeatable:
            return None
        return evaluation_of(self._task, self._flat(source.take(slice(0, len(source)))))

    def state(self) -> SessionState:
        """Return everything that the next update depends on."""
        slots = kept_slots(self._state_views, self._done, self._counts_steps, self._momenta)
        return SessionState(
            updates=self._done,
            order=self._orders.order,
            weights=weights_of(self._named),
            slots=slots,
            random=self._stream.states,
        )

    def restore(self, state: SessionState) -> None:
        """Continue from a state, of this engine or another one."""
        self._named.load_state_dict(dict(state.weights))
        self._read_weights()
        refill(self._state_views, state.slots)
        self._stream.go_to(state.random)
        self._orders.go_to(state.updates, state.order)
        self._feed.go_to()
        self._done = state.updates

    def _read_weights(self) -> None:
        for parameter, view in self._views:
            _copy(parameter, view)
        for owner, target in zip(self._owners, self._transposed, strict=True):
            if target is not None:
                assert isinstance(owner.weight, torch.Tensor)
                _copy(owner.weight, target)

    def _write_weights(self) -> None:
        for parameter, view in self._views:
            _copy(view, parameter)


def _copy(source: torch.Tensor, target: torch.Tensor) -> None:
    """Copy by numpy: torch's own threads spin for 7 ms behind a copy, on the cores that the updates need."""
    np.copyto(target.detach().numpy(), source.detach().numpy())


def _provide(network: Network, recipe: Recipe, dtype: str) -> None:
    """Load all code that a fit calls; what has to be compiled is compiled together."""
    kernel, loops = units_of(network, recipe, dtype)
    provide((kernel, loops))
    provide(units_beside(network, recipe.loss_row, dtype, symbols_of(loops)))


def _pairs(
    owners: Sequence[nn.Module], views: list[dict[str, torch.Tensor]]
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return each tensor of some modules with its view of a vector."""
    return [
        (getattr(owner, name), view)
        for owner, by_name in zip(owners, views, strict=True)
        for name, view in by_name.items()
    ]


def _state_views(
    optimizer: str, named_as: nn.Module, owners: Sequence[nn.Module], steps: Array, arrays: tuple[Array, ...]
) -> dict[str, dict[str, torch.Tensor]]:
    """Return views of each trained parameter's optimizer state, under torch's names."""
    names: dict[torch.Tensor, str] = {parameter: name for name, parameter in named_as.named_parameters()}
    found: dict[str, dict[str, torch.Tensor]] = {
        name: {} for parameter, name in names.items() if parameter.requires_grad
    }
    for slot, array in zip(SLOTS[optimizer], arrays, strict=True):
        if len(array):
            for parameter, view in _pairs(owners, weight_views(steps, torch.from_numpy(array))):
                if parameter.requires_grad:
                    found[names[parameter]][slot] = view
    return found


def _mark_frozen(steps: Array, owners: Sequence[nn.Module]) -> None:
    places = np.flatnonzero(steps["weight_at"] != ABSENT)
    for index, owner in zip(places, owners, strict=True):
        trained = {name: own.requires_grad for name, own in owner.named_parameters(recurse=False)}
        steps["train_weight"][index] = trained["weight"]
        steps["train_bias"][index] = trained.get("bias", False)


def _mark_fixed(steps: Array, module: nn.Module) -> None:
    """Let a BatchNorm in evaluation mode take its running averages."""
    places = np.flatnonzero(steps["kind"] == BATCH_NORM)
    for index, norm in zip(places, averaging_of(module), strict=True):
        steps["kind"][index] = BATCH_NORM if norm.training else FIXED_NORM
