"""The eager engine: the loop that everyone writes in torch, and the oracle for all others."""

from __future__ import annotations

import re
from dataclasses import replace
from time import perf_counter

import torch
from torch import nn

from chalknet.data import Batches, Shard, Source
from chalknet.engine.engine import Advance, StartupCost, initialise_s
from chalknet.engine.group import ProcessGroup
from chalknet.engine.orders import BatchCursor
from chalknet.engine.rates import Rates
from chalknet.engine.shared import SharedUpdate
from chalknet.engine.state import SessionState, fill_slots, named, slots_of, weights_of
from chalknet.engine.torch_rows import (
    MicroBatchLoss,
    clip_gradients,
    optimizer_over,
    penalised,
    penalty_of,
)
from chalknet.errors import Refused
from chalknet.module import RandomStream, batch_statistics, build
from chalknet.network import Network
from chalknet.planning import INITIALISATIONS, OWN, Initialisation, Placement, Plan, Recipe

_NO_MEMORY = re.compile(r"can't allocate memory|out of memory|Unable to allocate|bad_alloc", re.IGNORECASE)


class Eager:
    """Run any module that torch can run, one update after another."""

    name = "eager"
    stops_at_target = False

    def refusals(self, network: Network | None, recipe: Recipe, placement: Placement) -> tuple[str, ...]:
        """Return no reasons: this engine runs whatever torch runs."""
        return ()

    def startup_cost(self, network: Network | None, recipe: Recipe, placement: Placement) -> StartupCost:
        """Return no cost on the CPU; a GPU is initialised once in each process."""
        return StartupCost(start_s=initialise_s(placement.device))

    def open(self, plan: Plan, batches: Batches, module: nn.Module | None) -> EagerSession:
        """Return a session; its random numbers are those after `torch.manual_seed(seed)`."""
        stream = RandomStream(plan.recipe.seed, torch.device(plan.placement.device))
        module = opened_module(plan, module, stream)
        group = ProcessGroup.here() if plan.placement.processes > 1 else ProcessGroup()
        return EagerSession(plan, batches, stream, module, group)


def is_out_of_memory(problem: BaseException) -> bool:
    """Return whether torch, Python or numpy had no more memory; torch often says so in a RuntimeError."""
    return isinstance(problem, MemoryError | torch.OutOfMemoryError) or bool(_NO_MEMORY.search(str(problem)))


def opened_module(plan: Plan, module: nn.Module | None, stream: RandomStream) -> nn.Module:
    """Return the module on the plan's device; without one the plan's network is built.

    The weights are drawn first, then the orders: as in the script.
    """
    if module is None:
        if plan.network is None:
            raise ValueError("a plan without a network needs its module")
        module = build(plan.network, stream=stream)
        if plan.recipe.init is not None:
            initialise(module, plan.network, INITIALISATIONS[plan.recipe.init], stream.generator)
        module = module.to(getattr(torch, plan.placement.dtype))
    return module.to(torch.device(plan.placement.device))


def initialise(module: nn.Module, network: Network, how: Initialisation, generator: torch.Generator) -> None:
    """Draw the weights of a network's linear maps in another way than torch's constructors do.

    Weights that the network carries stay as they are.
    """
    with torch.no_grad():
        for name, layer in module.named_modules():
            if not isinstance(layer, nn.Linear):
                continue
            if f"{name}.weight" not in network.weights:
                draw = getattr(nn.init, how.torch_class)
                drawn = {} if how.torch_class == "zeros_" else {"generator": generator}
                draw(layer.weight, **how.options, **drawn)
            if layer.bias is not None and f"{name}.bias" not in network.weights:
                nn.init.zeros_(layer.bias)


class EagerSession:
    """One fit by the plain loop.

    Args:
        plan: what was decided.
        batches: the samples in their order.
        stream: what orders and Dropout are drawn from.
        module: on its device.
        group: the processes that share each update.
    """

    def __init__(
        self, plan: Plan, batches: Batches, stream: RandomStream, module: nn.Module, group: ProcessGroup
    ) -> None:
        self.module = module
        self.compile_s = 0.0
        self.notes: tuple[str, ...] = ()
        self._named = named(plan, module)
        self._parameters = list(module.parameters())  # collecting them in each update took 5 % of it at S1
        self._loss = MicroBatchLoss(plan.recipe, on_device=plan.placement.device != "cpu")
        self._optimizer = optimizer_over(module, plan.recipe)
        self.rates, self._rate = Rates(plan), plan.recipe.lr
        self._recipe, self._penalised = plan.recipe, penalised(self._parameters)
        self._stream = stream
        self._device = torch.device(plan.placement.device)
        self._cursor = BatchCursor(batches, Shard(plan.placement.micro_batch, group.rank, group.size), stream)
        self._shared = SharedUpdate(plan, module, group) if group.size > 1 else None
        own_source = batches.source.is_repeatable
        self._drawing = stream.for_updates(module, self._loss.module, others=not own_source)

    def advance(self, updates: int) -> Advance:
        """Make this many updates, fewer when yhat is no number."""
        on_cpu = self._device.type == "cpu"
        losses: list[float] = []
        waiting: list[torch.Tensor] = []  # losses still on the device, fetched once at the end
        with self._shared.active() if self._shared else self._drawing():
            started = perf_counter()
            for _ in range(updates):
                loss = self._update()
                if loss is None:
                    losses.append(torch.nan)
                    break
                if on_cpu:
                    losses.append(loss.item())  # on the CPU there is nothing to wait for
                else:
                    waiting.append(loss)
            if waiting:
                losses = [*torch.stack(waiting).tolist(), *losses]
            elapsed_s = perf_counter() - started
        if self._shared:
            return Advance(*self._shared.agree(losses, elapsed_s))
        return Advance(tuple(losses), elapsed_s)

    def held_to(self, source: Source) -> None:
        """Return None: torch itself evaluates here."""

    def state(self) -> SessionState:
        """Return everything that the next update depends on."""
        return SessionState(
            updates=self._cursor.updates,
            order=self._cursor.order,
            weights=weights_of(self._named),
            slots=slots_of(self._optimizer, self._named),
            random=self._stream.states,
            micro_batch=self._cursor.shard.micro_batch,
        )

    def restore(self, state: SessionState) -> None:
        """Continue from a state, of this engine or another one."""
        self._named.load_state_dict(dict(state.weights))
        fill_slots(self._optimizer, self._named, state.slots)
        self._stream.go_to(state.random)
        self._cursor.shard = replace(self._cursor.shard, micro_batch=state.micro_batch)
        self._cursor.go_to(state.updates, state.order)

    def _update(self) -> torch.Tensor | None:
        """Make one update and return its loss; None when yhat is no number and the loss refuses it."""
        while True:
            try:
                return self._attempt()
            except (RuntimeError, MemoryError) as problem:
                if not is_out_of_memory(problem):
                    raise
                if self._shared:
                    raise self._shared.out_of_memory() from problem
                smaller = self._smaller_micro_batch(problem)
            self._use_smaller(smaller)  # outside the handler: the error's frames hold the memory

    def _attempt(self) -> torch.Tensor | None:
        if self._recipe.optimizer_row.whole_batch:
            return self._attempt_by_closure()
        total = self._gradients()
        if total is not None:
            self._set_rate()
            self._optimizer.step()
            self._drop_gradients()
            self._cursor.updates += 1
        return total

    def _gradients(self) -> torch.Tensor | None:
        """Compute the gradients of the next update; return its loss, None when yhat is no number."""
        shared, cursor, device = self._shared, self._cursor, self._device
        on_cpu = device.type == "cpu"
        total: torch.Tensor | None = None
        for x, y, of in shared.micro_batches(cursor, self._stream) if shared else cursor.next():
            if not on_cpu:
                x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)  # waits unless pinned
            loss = shared.loss(x, y, of) if shared else self._loss_of(x, y, of)
            if loss is None:
                return None
            penalty = penalty_of(self._penalised, self._recipe) if total is None else None
            if penalty is not None:
                loss = loss + penalty
            loss.backward()  # type: ignore[no-untyped-call]
            total = loss.detach() if total is None else total + loss.detach()
        if self._recipe.alters_gradients:
            clip_gradients(self._parameters, self._recipe)
        return total

    def _attempt_by_closure(self) -> torch.Tensor | None:
        """Make an update that maps its samples several times; its loss is that before it."""
        first: list[torch.Tensor | None] = []

        def closure() -> torch.Tensor:
            self._drop_gradients()
            if first:
                self._cursor.again()
            loss = self._gradients()
            first.append(loss)
            return torch.tensor(torch.nan) if loss is None else loss

        self._set_rate()
        self._optimizer.step(closure)  # type: ignore[arg-type]  # what LBFGS takes is a tensor
        self._drop_gradients()
        self._cursor.updates += 1
        return first[0]

    def _set_rate(self) -> None:
        if not self.rates.stay or self.rates.lr != self._rate:
            self._rate = self.rates.of(self._cursor.updates)
            for group in self._optimizer.param_groups:
                group["lr"] = self._rate

    def _loss_of(self, x: torch.Tensor, y: torch.Tensor, of: int) -> torch.Tensor | None:
        yhat = self.module(x)
        try:
            return self._loss(yhat, y, of)
        except RuntimeError as problem:
            if is_out_of_memory(problem) or yhat.isfinite().all():
                raise
            return None  # BCELoss raises for NaN instead of returning it

    def _drop_gradients(self) -> None:
        for parameter in self._parameters:  # optimizer.zero_grad() takes 6 % of an update at S1
            parameter.grad = None

    def _smaller_micro_batch(self, problem: Exception) -> int:
        now = self._cursor.shard.micro_batch or self._cursor.batches.size
        if now == 1 or self._recipe.optimizer_row.whole_batch or self._recipe.loss.startswith(OWN):
            raise problem
        if names := batch_statistics(self.module):
            raise Refused(
                where="memory for an update",
                got=f"none left for the {now:,} samples whose mean and variance module {names[0]} takes",
                wanted="whole batches that fit: pieces would be another update",
                remedy=f"Take a smaller batch_size, such as {-(-now // 2)}.",
            ) from problem
        return -(-now // 2)

    def _use_smaller(self, most: int) -> None:
        self._drop_gradients()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self._cursor.shard = replace(self._cursor.shard, micro_batch=most)
        self._cursor.again()
        self.notes = (
            f"memory ran out: each update is summed over at most {most:,} samples at a time, "
            "which is the same update",
        )
