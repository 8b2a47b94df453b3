"""What an engine is: can it run this plan, and if so, a session that advances by k updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn

from chalknet.data import Batches
from chalknet.engine.state import SessionState
from chalknet.network import Network
from chalknet.planning import Placement, Plan, Recipe


@dataclass(frozen=True)
class Advance:
    """What one advance did.

    Args:
        losses: the loss of each update, in order; numbers, never device tensors. A session may stop
            short after a loss that is no number.
        elapsed_s: training time of this advance, the device waited for.
    """

    losses: tuple[float, ...]
    elapsed_s: float


@dataclass(frozen=True)
class StartupCost:
    """What an engine lets one expect before it has been measured.

    Args:
        start_s: seconds until its first update; 0 once it has started in this process.
        once_s: seconds of compiling on top, spent once on this machine; 0 when they have been.
        times_as_fast: how many times as fast as `eager` on the same device it is at the least, in the cells
            that are published.
    """

    start_s: float = 0.0
    once_s: float = 0.0
    times_as_fast: float = 1.0


_WAKING_S = 2.0  # an assumption until it is measured: context and libraries of a GPU, once a process


def waking_s(device: str) -> float:
    """Return about how many seconds a device takes before its first work in this process."""
    awake = device == "cpu" or torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return 0.0 if awake else _WAKING_S


class Session(Protocol):
    """A fit under way: it alone holds the state that changes."""

    @property
    def module(self) -> nn.Module:
        """Return the module with the weights of the last whole update."""

    @property
    def compile_s(self) -> float:
        """Return the seconds spent compiling or loading what was compiled; no training time."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the session had to change on its way, a sentence each."""

    def advance(self, updates: int) -> Advance:
        """Make so many updates without coming back in between; the losses are fetched once."""

    def state(self) -> SessionState:
        """Return all that the next update depends on, as it stands after the last whole update."""

    def restore(self, state: SessionState) -> None:
        """Go on from a state, of this engine or another one; bit for bit as if it had never stopped."""


class Engine(Protocol):
    """A way to run a plan."""

    name: str
    streams: bool  # whether it asks its source for a batch at a time, and never for all samples

    def refusals(self, network: Network | None, recipe: Recipe, placement: Placement) -> tuple[str, ...]:
        """Return the reasons why this engine cannot run it; empty when it can."""

    def startup_cost(self, network: Network | None, recipe: Recipe, placement: Placement) -> StartupCost:
        """Return what starting costs now and what it promises, for a plan that it does not refuse."""

    def open(self, plan: Plan, batches: Batches, module: nn.Module | None) -> Session:
        """Return a session before its first update; without a module the plan's network is built."""
