"""The eager engine: the loop that everyone writes in torch, and the oracle for all others."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import torch
from torch import nn

from chalknet.data import Batches, Sample
from chalknet.engine.engine import Progress
from chalknet.engine.torch_rows import loss_function, optimizer_over
from chalknet.module import RandomStream, build
from chalknet.network import Network
from chalknet.plan import Placement, Plan, Recipe


class Eager:
    """Run any module that torch can run, one update after another."""

    name = "eager"

    def refusals(self, network: Network | None, recipe: Recipe, placement: Placement) -> tuple[str, ...]:
        """Return nothing: whatever torch runs, this engine runs."""
        return ()

    def doubts(self, updates: int | None) -> tuple[str, ...]:
        """Return nothing: it starts at once."""
        return ()

    def open(self, plan: Plan, batches: Batches, module: nn.Module | None) -> EagerSession:
        """Return a session; its random numbers are those that follow `torch.manual_seed(seed)`."""
        device, dtype = torch.device(plan.placement.device), getattr(torch, plan.placement.dtype)
        stream = RandomStream(plan.recipe.seed, device)
        if module is None:
            if plan.network is None:
                raise ValueError("a plan without a network needs its module")
            with stream.active():  # the weights are drawn first, then the orders: as in the script
                module = build(plan.network).to(dtype)
        module.to(device)
        return EagerSession(module, plan.recipe, batches, stream, device)


class EagerSession:
    """One fit by the plain loop."""

    def __init__(
        self,
        module: nn.Module,
        recipe: Recipe,
        batches: Batches,
        stream: RandomStream,
        device: torch.device,
    ) -> None:
        self.module = module
        self.compile_s = 0.0
        self._loss = loss_function(recipe)
        self._optimizer = optimizer_over(module, recipe)
        self._stream = stream
        self._device = device
        self._samples = _endless(batches)

    def advance(self, updates: int) -> Progress:
        """Make so many updates, fewer when yhat is no number."""
        module, loss_of, optimizer, device = self.module, self._loss, self._optimizer, self._device
        parameters = list(module.parameters())
        on_cpu = device.type == "cpu"
        losses: list[float] = []
        waiting: list[torch.Tensor] = []  # losses still on the device, fetched once at the end
        with self._stream.active():
            started = perf_counter()
            for _ in range(updates):
                x, y = next(self._samples)
                if not on_cpu:
                    x, y = x.to(device), y.to(device)
                try:
                    loss = loss_of(module(x), y)
                except RuntimeError:
                    if _is_finite(module, x):
                        raise
                    losses.append(torch.nan)  # BCELoss refuses NaN instead of giving it
                    break
                loss.backward()
                optimizer.step()
                for parameter in parameters:  # what optimizer.zero_grad() does, in 6 % less time at S1
                    parameter.grad = None
                if on_cpu:
                    losses.append(loss.item())  # on the CPU there is nothing to wait for
                else:
                    waiting.append(loss.detach())
            if waiting:
                losses = [*torch.stack(waiting).tolist(), *losses]
            return Progress(tuple(losses), perf_counter() - started)


@torch.no_grad()
def _is_finite(module: nn.Module, x: torch.Tensor) -> bool:
    return bool(module(x).isfinite().all())


def _endless(batches: Batches) -> Iterator[Sample]:
    while True:
        yield from batches.epoch(batches.draw_order())
