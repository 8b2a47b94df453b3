"""A running fit by launches: tensors on the device, and the call that tells a kernel where they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

import torch
from torch import nn

from chalknet.data import Batches, Source
from chalknet.engine.eager import opened_module
from chalknet.engine.engine import Advance
from chalknet.engine.fused_cpu.optimizer_rows import (
    BETA1,
    BETA2,
    COUNTS_STEPS,
    DAMPENING,
    EPS,
    MOMENTUM,
    MULTIPLIES,
    numbers_of,
    slots_of,
)
from chalknet.engine.fused_cpu.samples import Ahead, Flat, SamplesInMemory, StreamedSamples
from chalknet.engine.fused_cpu.step_table import averaging_of
from chalknet.engine.fused_cuda.call import KernelCall
from chalknet.engine.fused_cuda.hidden import hidden_schedule
from chalknet.engine.fused_cuda.machine import Machine
from chalknet.engine.fused_cuda.memory import DeviceSamples, LaunchMemory
from chalknet.engine.fused_cuda.optimizers import decay_of_gradient, numbers_of_updates
from chalknet.engine.fused_cuda.schedules import KernelPlan, chain_schedule
from chalknet.engine.fused_cuda.source import text_of
from chalknet.engine.fused_cuda.stages import Stage, in_evaluation, stages_of
from chalknet.engine.fused_cuda.vectors import Vectors, trained_of
from chalknet.engine.modes import in_modes
from chalknet.engine.orders import Orders
from chalknet.engine.rates import Momenta, Rates, kept_slots
from chalknet.engine.state import SessionState, named, refill, weights_of
from chalknet.module import RandomStream
from chalknet.network import numbers
from chalknet.planning import Plan, Recipe

_MOST_UPDATES = 1 << 18  # of a launch: room for their losses and step sizes


class FusedCudaSession:
    """One fit by launches of one kernel.

    Args:
        plan: what was decided; its network has stages only.
        batches: the samples in their order; read from their source once, or where it streams block by block.
        module: the module whose weights are fitted, or None to build the plan's network.
        machine: compiles and launches.

    Attributes:
        module: holds the weights of the last whole update after each advance.
        rates: the learning rates.
        compile_s: seconds spent compiling or loading the kernel, and copying the data.
        notes: none.
        schedule: how an update is spread over the device.
    """

    def __init__(self, plan: Plan, batches: Batches, module: nn.Module | None, machine: Machine) -> None:
        assert plan.network is not None
        network, recipe = plan.network, plan.recipe
        if module is not None:
            network = in_modes(network, module)
            plan = replace(plan, network=network)
        dtype = getattr(torch, plan.placement.dtype)
        self._like = torch.empty(0, dtype=dtype, device=torch.device(plan.placement.device))
        self._stream = RandomStream(recipe.seed, self._like.device)
        self.module: nn.Module = opened_module(plan, module, self._stream)
        self._named = named(plan, self.module)
        self.notes: tuple[str, ...] = ()
        self.rates = Rates(plan)
        self._momenta = Momenta.of(recipe) if recipe.optimizer == MULTIPLIES else None
        self._recipe, self._batches, self._orders = recipe, batches, Orders(batches, self._stream)
        self._taking = self._stream.for_updates(others=not batches.source.is_repeatable)
        self._done = 0
        started = perf_counter()
        feed = StreamedSamples if batches.source.streams else SamplesInMemory
        flat_samples = Flat(batches.source.name, network, recipe.loss_row, recipe.weighs, dtype)
        self._feed = feed(batches, self._orders, flat_samples)
        self._samples = DeviceSamples(self._feed.samples, self._like)
        stages = in_evaluation(stages_of(network), self.module)
        rows = min(batches.size, len(batches.source))
        self.schedule = schedule_of(stages, rows, dtype.itemsize, recipe, machine)
        self._vectors = Vectors(self.schedule, stages, self.module, self._named, recipe, self._like)
        self._vectors.read()
        self._memory = LaunchMemory(self.schedule, batches.size, self._like)
        trained = trained_of(stages, self.module)
        moves = batches.shuffle or batches.updates_per_epoch > 1
        source = text_of(
            self.schedule, stages, recipe, plan.placement.dtype, numbers(network.output_shape)[-1], trained,
            batches.shuffle, moves, machine.emulator,
        )  # fmt: skip
        self._kernel = machine.kernel(source, self.schedule.launch)
        self.compile_s = perf_counter() - started

    def advance(self, updates: int) -> Advance:
        """Make this many updates, fewer when a loss is no number or reaches the target."""
        losses: list[float] = []
        target = -math.inf if self._recipe.target_loss is None else self._recipe.target_loss
        started = perf_counter()
        while len(losses) < updates and (not losses or target < losses[-1] < math.inf):
            with self._taking():
                ahead = self._feed.ahead(self._done, min(updates - len(losses), _MOST_UPDATES))
            losses += self._launch(ahead, target)
        elapsed_s = perf_counter() - started
        self._vectors.write()
        for norm in averaging_of(self.module):
            if norm.training and norm.num_batches_tracked is not None:
                norm.num_batches_tracked += len(losses)
        return Advance(tuple(losses), elapsed_s)

    def _launch(self, ahead: Ahead, target: float) -> list[float]:
        """Make the updates that lie ahead in one launch; return their losses."""
        recipe, batches, memory, updates = self._recipe, self._batches, self._memory, ahead.updates
        if ahead.samples is not None and ahead.samples is not self._samples.taken:
            self._samples = DeviceSamples(ahead.samples, self._like)
        one_more = numbers_of_updates(recipe, self.rates, self._momenta, self._done, updates + 1)
        rates = torch.from_numpy(one_more).to(self._like)
        order, losses, vectors = memory.order_of(ahead.order), memory.losses_of(updates), self._vectors
        memory.counter.zero_()
        tensors = (
            *self._samples.tensors, order, vectors.weights, *vectors.kept, vectors.averages,
            memory.work, memory.parts, memory.sums, losses, memory.counter, memory.made, rates,
        )  # fmt: skip
        if ahead.samples is None:
            epoch = len(batches.source), batches.size, batches.updates_per_epoch, batches.samples_per_epoch
        else:  # some batches, which are computed as an epoch of their own
            n = self._samples.count
            epoch = n, batches.size, -(-n // batches.size), n
        o = numbers_of(recipe)
        self._kernel(
            KernelCall(
                *(tensor.data_ptr() for tensor in tensors),
                *(ahead.first, updates, self._done, *epoch, recipe.seed % 2**63),
                *(decay_of_gradient(recipe), o[MOMENTUM], o[DAMPENING], o[BETA1], o[BETA2], o[EPS], target),
                *(recipe.clip_norm or 0.0, recipe.clip_value or 0.0, recipe.l1, recipe.l2),
            )
        )
        made = int(memory.made.item())  # waits for the device
        self._done += made
        found: list[float] = losses[:made].tolist()
        return found

    def held_to(self, source: Source) -> Callable[[], float] | None:
        """Return None: torch itself evaluates, on the device."""

    def state(self) -> SessionState:
        """Return everything that the next update depends on."""
        slots = kept_slots(
            self._vectors.slots, self._done, self._recipe.optimizer in COUNTS_STEPS, self._momenta
        )
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
        self._vectors.read()
        refill(self._vectors.slots, state.slots)
        self._stream.go_to(state.random)
        self._orders.go_to(state.updates, state.order)
        self._feed.go_to()
        self._done = state.updates


def schedule_of(
    stages: list[Stage], rows: int, itemsize: int, recipe: Recipe, machine: Machine
) -> KernelPlan:
    """Return how an update is spread over a device.

    What is done to gradients takes all of them at once, which the schedule by hidden units never has.
    """
    task = stages, rows, itemsize, sum(slots_of(recipe)), machine.limits, machine.meet
    alters = bool(recipe.clip_norm or recipe.l1 or recipe.l2)
    return (None if alters else hidden_schedule(*task)) or chain_schedule(*task, alters=alters)
