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
        self._loss = loss_function(recipe)
        self._optimizer = optimizer_over(module, recipe)
        self._stream = stream
        self._device = device
        self._samples = _endless(batches)

    def advance(self, updates: int) -> Progress:
        """Make so many updates, fewer when yhat is no number; the losses are fetched once, at the end."""
        module, loss_of, optimizer, device = self.module, self._loss, self._optimizer, self._device
        on_cpu = device.type == "cpu"
        losses = []
        with self._stream.active():
            started = perf_counter()
            for _ in range(updates):
                x, y = next(self._samples)
                if not on_cpu:
                    x, y = x.to(device), y.to(device)
                yhat = module(x)
                try:
                    loss = loss_of(yhat, y)
                except RuntimeError:
                    if yhat.isfinite().all():
                        raise
                    losses.append(yhat.new_tensor(torch.nan))  # BCELoss refuses NaN instead of giving it
                    break
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                losses.append(loss.detach())
            values = torch.stack(losses).tolist()  # waits for the device: the time below is true
            return Progress(tuple(values), perf_counter() - started)


def _endless(batches: Batches) -> Iterator[Sample]:
    while True:
        yield from batches.epoch(batches.draw_order())
