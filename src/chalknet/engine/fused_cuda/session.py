"""A running fit by launches: tensors on the device, and the call that tells a kernel where they are."""

from __future__ import annotations

import ctypes
import math
from dataclasses import replace
from math import prod
from time import perf_counter

import numpy as np
import torch
from torch import nn

from chalknet.data import Batches
from chalknet.engine.eager import opened_module
from chalknet.engine.engine import Advance
from chalknet.engine.fused_cpu.names import CLASS_LOSS
from chalknet.engine.fused_cpu.optimizer_rows import (
    BETA1,
    BETA2,
    COUNTS_STEPS,
    DAMPENING,
    DECAY,
    EPS,
    LR,
    MOMENTUM,
    SLOTS,
    numbers_of,
    slots_of,
)  # fmt: skip
from chalknet.engine.fused_cuda.hidden import hidden_schedule
from chalknet.engine.fused_cuda.machine import Machine
from chalknet.engine.fused_cuda.schedules import KernelPlan, chain_schedule
from chalknet.engine.fused_cuda.source import text_of
from chalknet.engine.fused_cuda.stages import LINEAR, stages_of
from chalknet.engine.orders import Orders, Rows
from chalknet.engine.state import SessionState, copied, named, refill, weights_of
from chalknet.errors import ShapeMismatch
from chalknet.module import RandomStream, flat
from chalknet.network import Dropout, Network, numbers
from chalknet.planning import Plan

_POINTERS = "x y order weights first second third work parts losses counter made rates".split()
_COUNTS = "ahead updates done samples batch per_epoch epoch_samples seed".split()
_NUMBERS = "decay momentum dampening beta1 beta2 eps shrink target".split()
_MOST_UPDATES = 1 << 18  # of a launch: room for their losses and step sizes


class KernelCall(ctypes.Structure):
    """What a kernel is called with; `call.cuh` has the same fields."""

    _fields_ = [
        *((name, ctypes.c_uint64) for name in _POINTERS),
        *((name, ctypes.c_int64) for name in _COUNTS),
        *((name, ctypes.c_double) for name in _NUMBERS),
    ]


class FusedCudaSession:
    """One fit by launches of one kernel.

    Args:
        plan: what was decided; its network has stages only.
        batches: the samples in their order; they are read from their source once.
        module: the module whose weights are fitted, or None to build the plan's network.
        machine: compiles and launches.

    Attributes:
        module: holds the weights of the last whole update after each advance.
        compile_s: seconds spent compiling or loading the kernel, and copying the data.
        notes: none.
        schedule: how an update is spread over the device.
    """

    def __init__(self, plan: Plan, batches: Batches, module: nn.Module | None, machine: Machine) -> None:
        assert plan.network is not None
        network, recipe = plan.network, plan.recipe
        if module is not None:
            network = _in_modes(network, module)
            plan = replace(plan, network=network)
        self._device, self._dtype = torch.device(plan.placement.device), getattr(torch, plan.placement.dtype)
        self._stream = RandomStream(recipe.seed, self._device)
        self.module: nn.Module = opened_module(plan, module, self._stream)
        self._named = named(plan, self.module)
        self.notes: tuple[str, ...] = ()
        self._recipe, self._batches, self._orders = recipe, batches, Orders(batches, self._stream)
        self._done = 0
        started = perf_counter()
        self._data = _samples(batches, network, recipe.loss, self._dtype, self._device)
        self._stages = stages_of(network)
        self.schedule = self._scheduled(machine)
        self._lay_out(self.schedule)
        self._kernel = machine.kernel(self._source(machine.emulator), self.schedule.launch)
        self.compile_s = perf_counter() - started

    def _scheduled(self, machine: Machine) -> KernelPlan:
        rows = min(self._batches.size, len(self._batches.source))
        task = self._stages, rows, self._dtype.itemsize, sum(slots_of(self._recipe))
        found = hidden_schedule(*task, machine.limits, machine.meet)
        return found or chain_schedule(*task, machine.limits, machine.meet)

    def _source(self, emulator: str) -> str:
        linears = iter(_linears_of(self.module))
        trained = []
        for stage in self._stages:
            linear = next(linears) if stage.kind == LINEAR else None
            trained.append(
                (False, False)
                if linear is None
                else (linear.weight.requires_grad, linear.bias is not None and linear.bias.requires_grad)
            )
        ordered = self._batches.shuffle
        moves = ordered or self._batches.updates_per_epoch > 1
        dtype = str(self._dtype).removeprefix("torch.")
        return text_of(self.schedule, self._stages, self._recipe, dtype, trained, ordered, moves, emulator)

    def _lay_out(self, schedule: KernelPlan) -> None:
        """Make the memory of the fit, and fill it with the module's weights."""

        def zeros(numbers: int, dtype: torch.dtype = self._dtype) -> torch.Tensor:
            return torch.zeros(max(numbers, 1), dtype=dtype, device=self._device)

        self._weights = zeros(schedule.weights)
        self._state = [zeros(schedule.weights if used else 0) for used in slots_of(self._recipe)]
        self._work = zeros(schedule.work)
        self._parts = zeros(-(-self._batches.size // schedule.constants["TILE_ROWS"]), torch.float64)
        self._losses, self._rates = zeros(0, torch.float64), zeros(0, torch.float64)
        self._counter, self._made = zeros(1, torch.int32), zeros(1, torch.int64)
        self._order: tuple[Rows, torch.Tensor] = (np.empty(0, dtype=np.int64), zeros(1, torch.int32))
        linears = _linears_of(self.module)
        places = [at for at, stage in zip(schedule.weights_at, self._stages, strict=True) if stage.weights]
        self._views = _pairs(linears, places, self._weights)
        self._read_weights()
        names: dict[torch.Tensor, str] = {
            parameter: name for name, parameter in self._named.named_parameters()
        }
        self._state_views: dict[str, dict[str, torch.Tensor]] = {
            name: {} for parameter, name in names.items() if parameter.requires_grad
        }
        used = slots_of(self._recipe)
        for slot, vector, is_used in zip(SLOTS[self._recipe.optimizer], self._state, used, strict=True):
            for parameter, view in _pairs(linears, places, vector) if is_used else ():
                if parameter.requires_grad:
                    self._state_views[names[parameter]][slot] = view

    def advance(self, updates: int) -> Advance:
        """Make this many updates, fewer when a loss is no number or reaches the target."""
        losses: list[float] = []
        target = -math.inf if self._recipe.target_loss is None else self._recipe.target_loss
        started = perf_counter()
        while len(losses) < updates and (not losses or target < losses[-1] < math.inf):
            wanted = min(updates - len(losses), _MOST_UPDATES)
            order, ahead, some = self._orders.ahead(self._done, wanted)
            losses += self._launch(order, ahead, some, target)
        elapsed_s = perf_counter() - started
        self._write_weights()
        return Advance(tuple(losses), elapsed_s)

    def _launch(self, order: Rows, ahead: int, updates: int, target: float) -> list[float]:
        if order is not self._order[0]:
            self._order = order, torch.from_numpy(order).to(torch.int32).to(self._device)
        if len(self._losses) < updates:
            self._losses = torch.zeros(updates, dtype=torch.float64, device=self._device)
        rates = torch.from_numpy(self._rates_of(updates)).to(self._dtype).to(self._device)
        self._counter.zero_()
        o, batches = numbers_of(self._recipe), self._batches
        x, y = self._data
        tensors = (
            x, y, self._order[1], self._weights, *self._state, self._work, self._parts, self._losses,
            self._counter, self._made, rates,
        )  # fmt: skip
        counts = (
            ahead, updates, self._done, len(batches.source), batches.size, batches.updates_per_epoch,
            batches.samples_per_epoch, self._recipe.seed % 2**63,
        )  # fmt: skip
        rule = (o[DECAY], o[MOMENTUM], o[DAMPENING], o[BETA1], o[BETA2], o[EPS], 1 - o[LR] * o[DECAY], target)
        self._kernel(KernelCall(*(tensor.data_ptr() for tensor in tensors), *counts, *rule))
        made = int(self._made.item())  # waits for the device
        self._done += made
        found: list[float] = self._losses[:made].tolist()
        return found

    def _rates_of(self, updates: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """Return the step size of each update and of one more, and the factor of the root of the squares."""
        o, number = numbers_of(self._recipe), np.arange(self._done + 1, self._done + updates + 2.0)
        rates = np.empty((updates + 1, 2))
        if self._recipe.optimizer in ("adam", "adamw"):
            rates[:, 0] = o[LR] / (1 - o[BETA1] ** number)
            rates[:, 1] = 1 / np.sqrt(1 - o[BETA2] ** number)
        else:
            rates[:] = o[LR], 1.0
        return rates

    def state(self) -> SessionState:
        """Return everything that the next update depends on."""
        slots = {
            name: {slot: copied(view) for slot, view in by.items()} for name, by in self._state_views.items()
        }
        if self._done and self._recipe.optimizer in COUNTS_STEPS:
            slots = {name: {**by, "step": torch.tensor(float(self._done))} for name, by in slots.items()}
        return SessionState(
            updates=self._done,
            order=self._orders.order,
            weights=weights_of(self._named),
            slots=slots if self._done else {},
            random=self._stream.states,
        )

    def restore(self, state: SessionState) -> None:
        """Continue from a state, of this engine or another one."""
        self._named.load_state_dict(dict(state.weights))
        self._read_weights()
        refill(self._state_views, state.slots)
        self._stream.go_to(state.random)
        self._orders.go_to(state.updates, state.order)
        self._done = state.updates

    @torch.no_grad()
    def _read_weights(self) -> None:
        for parameter, view in self._views:
            view.copy_(parameter)

    @torch.no_grad()
    def _write_weights(self) -> None:
        for parameter, view in self._views:
            parameter.copy_(view)


def _linears_of(module: nn.Module) -> list[nn.Linear]:
    return [child for child in module.modules() if isinstance(child, nn.Linear)]


def _pairs(
    linears: list[nn.Linear], places: list[int], vector: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return each parameter with its view of a vector: `(inputs, outputs)`, the bias behind it."""
    pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
    for linear, at in zip(linears, places, strict=True):
        outputs, inputs = linear.weight.shape
        end = at + inputs * outputs
        pairs.append((linear.weight, vector[at:end].view(inputs, outputs).t()))
        if linear.bias is not None:
            pairs.append((linear.bias, vector[end : end + outputs]))
    return pairs


def _in_modes(network: Network, module: nn.Module) -> Network:
    """Return the network of a module; a Dropout in evaluation mode drops nothing."""
    drops = (leaf.training for leaf in flat(module) if isinstance(leaf, nn.Dropout))
    steps = [replace(s, p=s.p * next(drops)) if isinstance(s, Dropout) else s for s in network.steps]
    return replace(network, steps=tuple(steps))


def _samples(
    batches: Batches, network: Network, loss: str, dtype: torch.dtype, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return all samples on the device, as flat rows."""
    n, name = len(batches.source), batches.source.name
    x, y = batches.source.take(slice(0, n))
    features, outputs = prod(numbers(network.input_shape)), prod(numbers(network.output_shape))
    if x.numel() != n * features:
        raise ShapeMismatch(
            where=f"x of {name}",
            got=f"{x.numel() // n} numbers a sample",
            wanted=f"{features}, which the network takes",
            remedy="Give other columns.",
        )
    if loss != CLASS_LOSS and y.numel() != n * outputs:
        raise ShapeMismatch(
            where=f"y of {name}",
            got=f"{y.numel() // n} numbers a sample",
            wanted=f"{outputs}, as many as yhat has",
            remedy="Let the network end in as many features as y has.",
        )
    y_dtype = torch.int64 if loss == CLASS_LOSS else dtype
    x = x.to(device, dtype).contiguous()
    x = x if x.data_ptr() % 16 == 0 else x.clone()  # wide copies begin at multiples of sixteen bytes
    return x, y.to(device, y_dtype).contiguous()
